package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// Params of one measured run; the JSON field names are those of peers.json's
// scenarios and of the result files.
type Params struct {
	Kind    string  `json:"kind"` // fanout, echo, idle, ramp, slow, rooms
	N       int     `json:"n"`
	Size    int     `json:"size,omitempty"`
	Window  int     `json:"window,omitempty"` // closed loop: events in flight
	Rate    float64 `json:"rate,omitempty"`   // open loop: events per second
	Dur     float64 `json:"dur,omitempty"`    // seconds measured
	Warm    float64 `json:"warm,omitempty"`
	Slow    int     `json:"slow,omitempty"`
	Rooms   int     `json:"rooms,omitempty"`
	Par     int     `json:"par,omitempty"` // connects under way at once
	Poll    bool    `json:"poll,omitempty"`
	Upgrade bool    `json:"upgrade,omitempty"` // begin with long-polling
	CPUs    string  `json:"cpus,omitempty"`    // CPUs of the server
	Sources int     `json:"sources,omitempty"`
	Sleepy  bool    `json:"sleepy,omitempty"` // sleep in epoll_wait: the generator shares its CPU
}

// Result of one run.
type Result struct {
	Peer     string             `json:"peer"`
	Scenario string             `json:"scenario"`
	Run      int                `json:"run"`
	Err      string             `json:"err,omitempty"`
	M        map[string]float64 `json:"m,omitempty"`
	Note     string             `json:"note,omitempty"`
	Params   Params             `json:"params"`
}

// ringSize bounds the events under way; an open loop that gets further ahead of the
// server skips events and says so.
const ringSize = 4096

// slot is an event under way.
type slot struct {
	seq  uint32
	left int
	ts   int64
	body []byte
}

// load is a run: it plays the scenario and checks every event at every client.
type load struct {
	l    *Loop
	p    Params
	pid  int
	data []byte

	// fan-out
	slots     []slot
	seq       uint32 // last published
	oldest    uint32 // oldest one not complete
	delivered uint64
	completed uint64
	lost      uint64
	disorder  uint64
	corrupt   uint64
	hist      Hist
	measuring bool
	stopPub   bool
	active    int
	skipped   uint64

	// slow consumers
	slowSeen   bool // from when they stop
	slowGaps   uint64
	slowClosed int

	// rooms
	rooms    []roomState
	freeRoom int
	inflight int

	bad        string // the first message that was not as expected
	acks       uint64
	unexpected int
	ending     bool
}

// roomState is one room and its event under way.
type roomState struct {
	seq     uint32
	left    int
	ts      int64
	members []*Conn
}

// Ready is a client that has connected: the first event it may expect is number 1.
func (d *load) Ready(c *Conn) { c.next = 1 }

// Closed counts a client that is gone before the scenario ends.
func (d *load) Closed(c *Conn, _ error) {
	if d.ending {
		return
	}
	if c.paused || d.isSlow(c) {
		d.slowClosed++
		d.l.firstErr = nil
		return
	}
	d.unexpected++
}

// Where the generator's own objects carry what is checked.
var (
	seqKey  = []byte(`"seq":`)
	roomKey = []byte(`"room":"room-`)
)

// parseSeq returns an event's number, and whether its data is whole.
func (d *load) parseSeq(body []byte) (uint32, bool) {
	i := bytes.Index(body, seqKey)
	if i < 0 {
		return 0, false
	}
	return uint32(parseUint(body[i+len(seqKey):])), bytes.Contains(body, d.data)
}

// Event is a relayed event at one client. Nearly always it is the next one and, byte for
// byte, what the first receiver got; the rest is looked at closely.
func (d *load) Event(c *Conn, body []byte) {
	if d.p.Kind == "rooms" {
		d.roomEvent(c, body)
		return
	}
	seq := c.next
	s := &d.slots[seq%ringSize]
	if s.seq != seq || !bytes.Equal(s.body, body) {
		var counts bool
		if seq, counts = d.examine(c, body); !counts {
			return
		}
		s = &d.slots[seq%ringSize]
	}
	c.next = seq + 1
	if d.isSlow(c) {
		return
	}
	d.delivered++
	if d.measuring {
		d.hist.Add(d.l.now - s.ts)
	}
	if s.left--; s.left == 0 {
		d.complete()
	}
}

// examine finds out which event a body is, and whether it counts as delivered.
func (d *load) examine(c *Conn, body []byte) (seq uint32, counts bool) {
	seq, whole := d.parseSeq(body)
	if !whole {
		d.wrong(c, body)
		return 0, false
	}
	if d.isSlow(c) {
		if seq != c.next {
			d.slowGaps++
		}
		c.next = seq + 1
		return 0, false
	}
	s := &d.slots[seq%ringSize]
	if seq < c.next || seq > d.seq || s.seq != seq {
		d.disorder++
		return 0, false
	}
	d.lost += uint64(seq - c.next)
	if len(s.body) == 0 {
		s.body = append(s.body, body...)
	}
	return seq, true
}

// complete: all clients have got an event.
func (d *load) complete() {
	d.completed++
	for d.oldest <= d.seq && d.slots[d.oldest%ringSize].left == 0 {
		d.oldest++
	}
	if d.p.Window > 0 && !d.stopPub {
		d.publish(d.l.Now())
	}
}

// isSlow reports whether a client is one of those that stopped reading.
func (d *load) isSlow(c *Conn) bool {
	return d.slowSeen && c.idx >= 1 && c.idx <= d.p.Slow
}

// wrong counts a body that is not what was sent, and keeps the first.
func (d *load) wrong(c *Conn, body []byte) {
	d.corrupt++
	if d.bad == "" {
		d.bad = fmt.Sprintf("; first, at client %d (room %d): %.300q", c.idx, c.room, body)
	}
}

// publish sends the next event, which was due at ts, unless the ring is full.
func (d *load) publish(ts int64) {
	if d.seq-d.oldest >= ringSize-2 && d.seq >= d.oldest {
		d.skipped++
		return
	}
	d.seq++
	s := &d.slots[d.seq%ringSize]
	s.seq, s.left, s.ts, s.body = d.seq, d.active, ts, s.body[:0]
	d.l.proto.Publish(d.l, d.l.all[0], d.obj(d.seq, ts, -1))
}

// obj is the argument of an event; a room below zero is none.
func (d *load) obj(seq uint32, ts int64, room int) []byte {
	b := make([]byte, 0, len(d.data)+64)
	b = append(b, '{')
	if room >= 0 {
		b = append(strconv.AppendInt(append(b, `"room":"room-`...), int64(room), 10), `",`...)
	}
	b = strconv.AppendUint(append(b, `"seq":`...), uint64(seq), 10)
	b = strconv.AppendInt(append(b, `,"ts":`...), ts, 10)
	b = append(append(b, `,"data":"`...), d.data...)
	return append(b, `"}`...)
}

// Ack is the answer to a call.
func (d *load) Ack(c *Conn, id uint32, body []byte) {
	d.acks++
	if d.p.Kind != "echo" {
		return
	}
	if id != c.next || !bytes.Contains(body, d.data) {
		d.wrong(c, body)
		return
	}
	if d.measuring {
		d.hist.Add(d.l.now - c.t0)
	}
	c.next++
	if d.stopPub {
		d.inflight--
		return
	}
	d.echo(c)
}

// echo makes the next call of a client.
func (d *load) echo(c *Conn) {
	c.t0 = d.l.Now()
	d.l.proto.Echo(d.l, c, c.next, d.obj(c.next, c.t0, -1))
}

// roomEvent is Event for rooms: one event at a time is under way in each.
func (d *load) roomEvent(c *Conn, body []byte) {
	i := bytes.Index(body, roomKey)
	seq, whole := d.parseSeq(body)
	if i < 0 || !whole || int(parseUint(body[i+len(roomKey):])) != c.room {
		d.wrong(c, body)
		return
	}
	r := &d.rooms[c.room]
	if seq != c.next || seq != r.seq {
		d.disorder++
	}
	c.next = seq + 1
	d.delivered++
	if d.measuring {
		d.hist.Add(d.l.now - r.ts)
	}
	if r.left--; r.left == 0 {
		d.completed++
		d.inflight--
		if !d.stopPub {
			d.nextRoom()
		}
	}
}

// nextRoom publishes to the next room that has nothing under way.
func (d *load) nextRoom() {
	for range d.rooms {
		k := d.freeRoom
		d.freeRoom = (d.freeRoom + 1) % len(d.rooms)
		r := &d.rooms[k]
		if r.left > 0 {
			continue
		}
		r.seq++
		r.left = len(r.members)
		r.ts = d.l.Now()
		d.inflight++
		d.l.proto.PublishRoom(d.l, r.members[0], k, d.obj(r.seq, r.ts, k))
		return
	}
}
