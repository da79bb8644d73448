package main

import (
	"fmt"
	"time"
)

// Limits on waiting for the server, so that a run that hangs becomes an error.
const (
	firstLimit   = 10 * time.Second
	connectLimit = 60 * time.Second
	drainLimit   = 5.0 // seconds
)

// settle is how long a server is left alone before its size without load is taken.
const settle = 300 * time.Millisecond

// run executes one scenario against the server at addr, whose process is pid, and returns
// what was measured.
func run(addr, protoName string, p Params, pid int) (map[string]float64, error) {
	d, err := newLoad(addr, protoName, p, pid)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	before, err := d.connect(out)
	if err != nil {
		return nil, err
	}
	if p.Kind == "ramp" {
		noise(out, before, d.mark())
		return out, nil
	}
	scenario, known := map[string]func(map[string]float64) error{
		"idle":   func(out map[string]float64) error { return d.idle(out, before) },
		"fanout": d.fanout,
		"echo":   d.echoRun,
		"slow":   d.slowRun,
		"rooms":  d.roomsRun,
	}[p.Kind]
	if !known {
		return nil, fmt.Errorf("unknown kind %q", p.Kind)
	}
	err = scenario(out)
	d.ending = true
	for _, c := range d.l.all {
		d.l.Close(c, nil)
	}
	if err != nil {
		return out, err
	}
	return out, d.complaint()
}

func newLoad(addr, protoName string, p Params, pid int) (*load, error) {
	switch {
	case p.Poll:
		protoName = "sio-poll"
	case p.Upgrade:
		protoName = "sio-up"
	}
	proto, err := newProto(protoName)
	if err != nil {
		return nil, err
	}
	l, err := NewLoop(addr, proto, p.Sources)
	if err != nil {
		return nil, err
	}
	if p.Par == 0 {
		p.Par = 64
	}
	d := &load{l: l, p: p, pid: pid, data: filler(max(p.Size, 8)), slots: make([]slot, ringSize), oldest: 1, active: p.N}
	l.h, l.slow = d, p.Slow
	return d, nil
}

// filler is text that does not compress and needs no escape in JSON, the same each time.
func filler(n int) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	data := make([]byte, n)
	x := uint32(2463534242)
	for i := range data {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		data[i] = letters[x&63]
	}
	return data
}

// connect brings all clients up and returns the mark before all but the first: that one
// comes alone, so that the server is warm and its size without load is known.
func (d *load) connect(out map[string]float64) (mark, error) {
	if err := d.l.ConnectAll(0, 1, 1, firstLimit); err != nil {
		return mark{}, err
	}
	if d.p.Kind == "idle" || d.p.Kind == "ramp" {
		time.Sleep(settle)
	}
	before := d.mark()
	d.l.busy = d.p.Kind != "idle" && !d.p.Sleepy
	if err := d.l.ConnectAll(1, d.p.N, d.p.Par, connectLimit); err != nil {
		return mark{}, err
	}
	after := d.mark()
	out["ramp_s"] = after.t - before.t
	out["conn_per_s"] = float64(d.p.N-1) / (after.t - before.t)
	if d.pid > 0 {
		out["conn_cpu_us"] = (after.cpu - before.cpu) / float64(d.p.N-1) * 1e6
	}
	return before, nil
}

// complaint is what makes a run an error instead of a number.
func (d *load) complaint() error {
	if d.unexpected > 0 {
		return fmt.Errorf("%d clients were closed; first: %w", d.unexpected, d.l.firstErr)
	}
	if d.corrupt+d.disorder+d.lost > 0 {
		return fmt.Errorf("lost %d, out of order %d, wrong %d%s", d.lost, d.disorder, d.corrupt, d.bad)
	}
	return nil
}

// spin lets the loop run for dur seconds, or until a client is lost.
func (d *load) spin(dur float64, each func()) {
	end := d.l.Now() + int64(dur*1e9)
	for d.l.Now() < end && d.unexpected == 0 {
		if each != nil {
			each()
		}
		d.l.Step(time.Millisecond)
	}
}

// idle measures the size of connections that do nothing.
func (d *load) idle(out map[string]float64, m0 mark) error {
	d.spin(2, nil)
	m := d.mark()
	if d.pid > 0 {
		out["rss_mb"] = m.rss
		out["rss_per_conn"] = (m.rss - m0.rss) * (1 << 20) / float64(d.p.N-1)
	}
	p0 := d.l.pings
	d.spin(d.p.Dur, nil)
	e := d.mark()
	if d.pid > 0 {
		out["rss2_per_conn"] = (e.rss - m0.rss) * (1 << 20) / float64(d.p.N-1)
		out["cpu_pct"] = (e.cpu - m.cpu) / (e.t - m.t) * 100
	}
	noise(out, m, e)
	out["pings"] = float64(d.l.pings - p0)
	if out["pings"] > 0 && d.pid > 0 {
		out["cpu_us_per_ping"] = (e.cpu - m.cpu) * 1e6 / out["pings"]
	}
	return nil
}

// drain waits for the events under way; what is missing then is lost.
func (d *load) drain(limit float64) {
	end := d.l.Now() + int64(limit*1e9)
	for d.oldest <= d.seq && d.l.Now() < end && d.unexpected == 0 {
		d.l.Step(time.Millisecond)
	}
	for s := d.oldest; s <= d.seq; s++ {
		d.lost += uint64(max(0, d.slots[s%ringSize].left))
	}
}

// pacer publishes on an open-loop schedule: an event is as late as the time it
// was due at, not the time it was sent at.
func (d *load) pacer() func() {
	gap := 1e9 / d.p.Rate
	t0 := d.l.Now()
	k := 0
	return func() {
		for due := t0 + int64(float64(k)*gap); due <= d.l.Now(); due = t0 + int64(float64(k)*gap) {
			d.publish(due)
			k++
		}
	}
}

// measure lets the load warm up, then counts; afterwards nothing new is published.
func (d *load) measure(each func()) (begin, end mark) {
	d.spin(d.p.Warm, each)
	begin = d.mark()
	d.measuring = true
	d.spin(d.p.Dur, each)
	d.measuring = false
	d.stopPub = true
	return begin, d.mark()
}

// drainCalls waits for what is still under way; the rest is lost.
func (d *load) drainCalls() {
	end := d.l.Now() + int64(drainLimit*1e9)
	for d.inflight > 0 && d.l.Now() < end {
		d.l.Step(time.Millisecond)
	}
	d.lost += uint64(d.inflight)
}

// fanout publishes to all clients, in a closed loop or at a rate.
func (d *load) fanout(out map[string]float64) error {
	var each func()
	if d.p.Rate > 0 {
		each = d.pacer()
	} else {
		for range d.p.Window {
			d.publish(d.l.Now())
		}
	}
	a, b := d.measure(each)
	d.rates(out, a, b)
	d.quantiles(out)
	d.drain(drainLimit)
	out["backlog"] = float64(d.skipped)
	return nil
}

// echoRun keeps one call of each client under way.
func (d *load) echoRun(out map[string]float64) error {
	for _, c := range d.l.all {
		d.inflight++
		d.echo(c)
	}
	a, b := d.measure(nil)
	a.delivered, b.delivered = a.acks, b.acks
	d.rates(out, a, b)
	delete(out, "events_per_s")
	out["acks_per_s"] = out["deliveries_per_s"]
	delete(out, "deliveries_per_s")
	d.quantiles(out)
	d.drainCalls()
	return nil
}

// roomsRun publishes to one room after the other.
func (d *load) roomsRun(out map[string]float64) error {
	if err := d.join(); err != nil {
		return err
	}
	for range d.p.Window {
		d.nextRoom()
	}
	a, b := d.measure(nil)
	d.rates(out, a, b)
	d.quantiles(out)
	d.drainCalls()
	return nil
}

// join spreads the clients over the rooms.
func (d *load) join() error {
	d.rooms = make([]roomState, d.p.Rooms)
	for i, c := range d.l.all {
		c.room = i % d.p.Rooms
		r := &d.rooms[c.room]
		r.members = append(r.members, c)
		d.l.proto.Join(d.l, c, 1, c.room)
		if i%256 == 255 {
			d.l.Step(0)
		}
	}
	end := d.l.Now() + int64(connectLimit)
	for d.acks < uint64(d.p.N) && d.l.Now() < end && d.unexpected == 0 {
		d.l.Step(time.Millisecond)
	}
	if d.acks < uint64(d.p.N) {
		return fmt.Errorf("%d of %d joins were answered", d.acks, d.p.N)
	}
	return nil
}

// slowRun: first all clients read, then Slow of them stop.
func (d *load) slowRun(out map[string]float64) error {
	each := d.pacer()
	d.spin(1, each)
	d.measuring = true
	d.spin(3, each)
	d.measuring = false
	d.drain(3)
	out["base_p50_us"] = float64(d.hist.Quantile(0.5)) / 1e3
	out["base_p99_us"] = float64(d.hist.Quantile(0.99)) / 1e3
	out["base_max_us"] = float64(d.hist.max) / 1e3
	d.hist = Hist{}
	d.slowSeen = true
	for i := 1; i <= d.p.Slow; i++ {
		d.l.Pause(d.l.all[i])
	}
	d.active = d.p.N - d.p.Slow
	each = d.pacer()
	a := d.mark()
	first := d.seq
	d.measuring = true
	d.spin(d.p.Dur, each)
	d.measuring = false
	b := d.mark()
	d.rates(out, a, b)
	d.quantiles(out)
	// Others that got nothing for the rest of the run are not lost yet.
	d.drain(5)
	out["slow_mb_sent"] = float64(d.seq-first) * float64(d.p.Size) / (1 << 20)
	if d.pid > 0 {
		out["rss_growth_mb"] = b.rss - a.rss
		out["rss_end_mb"] = b.rss
	}
	d.wakeSlow(out)
	return nil
}

// wakeSlow lets the slow clients read again and tells what became of them.
func (d *load) wakeSlow(out map[string]float64) {
	out["slow_closed_before"] = float64(d.slowClosed)
	last := d.seq
	for i := 1; i <= d.p.Slow; i++ {
		d.l.Resume(d.l.all[i])
	}
	d.spin(3, nil)
	caughtUp := 0
	for i := 1; i <= d.p.Slow; i++ {
		if c := d.l.all[i]; c.st == stReady && c.next == last+1 {
			caughtUp++
		}
	}
	out["slow_caught_up"] = float64(caughtUp)
	out["slow_closed"] = float64(d.slowClosed)
	out["slow_gaps"] = float64(d.slowGaps)
}
