package hub

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// shard is one fan-out loop and the clients it serves. Everything that is sent to a
// client goes through its shard, in order; what waits there leaves together, one write a
// client.
type shard struct {
	index int
	max   int
	wake  chan struct{}

	mu      sync.Mutex // guards what follows; never held while writing
	room    sync.Cond  // pending has become shorter
	pending []delivery
	busy    bool // a round is under way
	stopped bool

	// The loop's own.
	round   uint64
	touched []*member
	joined  joined
}

// delivery is a packet on its way to a shard's clients.
type delivery struct {
	packet *socketio.Outgoing
	groups []*group
	single []*member // of this shard or another
	except *audience
	tally  *tally
	seq    uint64  // the event's number in the history; 0 for none
	opens  *member // the one the packet tells that it is connected
	missed []*past // what it gets with that, in the same write
}

// audience is who is left out.
type audience struct {
	groups []*group
	single []*member
}

// tally counts the receivers of a publish, and tells when every shard has counted.
type tally struct {
	count   atomic.Int64
	waiting atomic.Int32
	done    chan struct{}
}

func (t *tally) add(n int) {
	t.count.Add(int64(n))
	if t.waiting.Add(-1) == 0 {
		close(t.done)
	}
}

func newShard(index, max int) *shard {
	s := &shard{index: index, max: max, wake: make(chan struct{}, 1)}
	s.room.L = &s.mu
	return s
}

// await waits while too many deliveries are queued: whoever publishes faster than clients
// can be written to is slowed down.
func (s *shard) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending) >= s.max && !s.stopped {
		s.room.Wait()
	}
}

// push queues a delivery for the shard's clients.
func (s *shard) push(d delivery) {
	s.mu.Lock()
	stopped := s.stopped
	if !stopped {
		s.pending = append(s.pending, d)
	}
	s.mu.Unlock()
	if !stopped {
		s.signal()
	} else if d.tally != nil {
		d.tally.add(0)
	}
}

// send sends to one client: at once when nothing is on its way, else in turn.
func (s *shard) send(m *member, o *socketio.Outgoing) {
	s.mu.Lock()
	if len(s.pending) == 0 && !s.busy {
		s.mu.Unlock()
		m.conn.Send(o)
		return
	}
	s.mu.Unlock()
	s.await()
	s.push(delivery{packet: o, single: []*member{m}})
}

func (s *shard) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// stop ends the loop; what is queued is dropped with the clients it was for.
func (s *shard) stop() {
	s.mu.Lock()
	s.stopped = true
	s.room.Broadcast()
	s.mu.Unlock()
	s.signal()
}

// run is the loop: take all that waits, deliver it, again.
func (s *shard) run() {
	var batch []delivery
	for range s.wake {
		for {
			var stopped bool
			batch, stopped = s.take(batch)
			if len(batch) > 0 {
				s.deliver(batch)
				continue
			}
			if stopped {
				return
			}
			break
		}
	}
}

// roundBytes bounds what one round joins to one write: beyond that joining saves
// nothing, and a client's backlog should not grow by much more than it can take.
const roundBytes = 256 << 10

// take takes the next round's deliveries: all that waits, up to roundBytes.
func (s *shard) take(empty []delivery) (batch []delivery, stopped bool) {
	clear(empty) // so that what was delivered can be collected
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for size := 0; n < len(s.pending) && size < roundBytes; n++ {
		size += s.pending[n].packet.Size()
	}
	if n == len(s.pending) {
		batch, s.pending = s.pending, empty[:0]
	} else {
		batch = append(empty[:0], s.pending[:n]...)
		s.pending = slices.Delete(s.pending, 0, n)
	}
	s.busy = n > 0
	if s.busy {
		s.room.Broadcast()
	}
	return batch, s.stopped
}

// deliver is one round: it collects each client's packets, then writes them.
func (s *shard) deliver(batch []delivery) {
	for i := range batch {
		n := s.collect(&batch[i])
		if t := batch[i].tally; t != nil {
			t.add(n)
		}
	}
	for i, m := range s.touched {
		s.touched[i] = nil
		sent := m.conn.Session().Send(s.joined.batch(m.out, m.conn.Parser()))
		if sent && m.last > 0 {
			m.got.Store(m.last)
		}
		m.out, m.last = s.keep(m.out), 0
	}
	s.touched = s.touched[:0]
	s.joined = joined{}
}

// keepPackets bounds the capacity a client keeps for its next round: an idle one should
// cost nothing to speak of.
const keepPackets = 4

func (s *shard) keep(out []*socketio.Outgoing) []*socketio.Outgoing {
	if cap(out) > keepPackets {
		return nil
	}
	clear(out)
	return out[:0]
}

// collect adds a packet to its receivers' rounds and returns how many there are. A
// member that was seen already, or is left out, carries the round's number.
func (s *shard) collect(d *delivery) int {
	s.round++
	if d.opens != nil {
		d.opens.open = true
		s.add(d.opens, d.packet, 0)
		for _, p := range d.missed {
			s.add(d.opens, p.packet, p.seq)
		}
		return 1
	}
	if d.except != nil {
		s.each(d.except.groups, d.except.single, func(*member) {})
	}
	n := 0
	s.each(d.groups, d.single, func(m *member) {
		if m.open {
			s.add(m, d.packet, d.seq)
			n++
		}
	})
	return n
}

// add puts a packet into a member's round.
func (s *shard) add(m *member, packet *socketio.Outgoing, seq uint64) {
	if len(m.out) == 0 {
		s.touched = append(s.touched, m)
	}
	m.out = append(m.out, packet)
	m.last = max(m.last, seq)
}

// each visits the shard's members of groups and single, each once a round.
func (s *shard) each(groups []*group, single []*member, visit func(*member)) {
	for _, m := range single {
		if m.shard == s && m.round != s.round {
			m.round = s.round
			visit(m)
		}
	}
	for _, g := range groups {
		s.eachIn(&g.parts[s.index], visit)
	}
}

func (s *shard) eachIn(p *part, visit func(*member)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, seat := range p.seats {
		if m := seat.member; m.round != s.round {
			m.round = s.round
			visit(m)
		}
	}
}

// joined remembers the last joined batch of a round: neighbours mostly get the same.
type joined struct {
	packets []*socketio.Outgoing
	parser  socketio.Parser
	last    *engineio.Batch
}

func (j *joined) batch(packets []*socketio.Outgoing, parser socketio.Parser) *engineio.Batch {
	if len(packets) == 1 {
		return packets[0].Batch(parser)
	}
	if j.last == nil || j.parser != parser || !slices.Equal(j.packets, packets) {
		*j = joined{slices.Clone(packets), parser, socketio.Join(packets, parser)}
	}
	return j.last
}
