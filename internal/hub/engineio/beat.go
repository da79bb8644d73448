package engineio

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var errNoPong = errors.New("no heartbeat answered in time")

// beat is what a session's heartbeat remembers. Times are nanoseconds since the server
// began.
type beat struct {
	heard  atomic.Bool  // something came since the last ping
	lastly atomic.Int64 // revision 3: when the client's last ping came

	// Guarded by the wheel's mutex.
	slot, pos int32 // where in the wheel; pos counts from 1, 0 means nowhere
	waiting   bool  // revision 4: a ping is out
	deadline  int64 // when its answer must have come
	next      int64 // when the next is due
	due       int64 // when to look at the session again
	expires   int64 // CloseAfter; 0 means never
	reason    Reason
}

func (b *beat) touch(now int64) { b.lastly.Store(now) }

// wheelSlots divides the shorter of interval and timeout, so a heartbeat is at most that
// part of it late.
const wheelSlots = 64

// wheel looks after the heartbeats of all sessions with one timer. A session sits in the
// slot of the time it is due; one that is due later than a turn is put off.
type wheel struct {
	srv  *Server
	tick time.Duration
	wake chan struct{} // the first session has come

	mu    sync.Mutex // guards the slots and every session's place
	slots [wheelSlots][]*Session
	count int
	at    int64 // the tick that was served last
}

func newWheel(srv *Server) *wheel {
	// A turn of the wheel covers a whole period, and a beat is never more than a
	// hundredth of a second early or late for the suites' short periods.
	tick := min(srv.opts.PingInterval, srv.opts.PingTimeout) / (wheelSlots - 2)
	return &wheel{srv: srv, tick: max(tick, time.Millisecond), wake: make(chan struct{}, 1)}
}

// add begins a session's heartbeats.
func (w *wheel) add(s *Session) {
	now := w.srv.now()
	s.beat.touch(now)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(s, now+int64(w.first(s)))
	w.count++
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *wheel) first(s *Session) time.Duration {
	if s.rev == 3 {
		return w.srv.opts.PingInterval + w.srv.opts.PingTimeout
	}
	return w.srv.opts.PingInterval
}

// put places a session where it is due; with w.mu held.
func (w *wheel) put(s *Session, due int64) {
	s.beat.due = due
	if e := s.beat.expires; e != 0 {
		due = min(due, e)
	}
	ticks := min(max((due+int64(w.tick)-1)/int64(w.tick)-w.at, 1), wheelSlots-1)
	s.beat.slot = int32((w.at + ticks) % wheelSlots)
	slot := &w.slots[s.beat.slot]
	*slot = append(*slot, s)
	s.beat.pos = int32(len(*slot))
}

// take removes a session from its place; with w.mu held.
func (w *wheel) take(s *Session) bool {
	if s.beat.pos == 0 {
		return false
	}
	slot := &w.slots[s.beat.slot]
	last := len(*slot) - 1
	moved := (*slot)[last]
	(*slot)[s.beat.pos-1] = moved
	moved.beat.pos = s.beat.pos
	(*slot)[last] = nil
	*slot = (*slot)[:last]
	s.beat.pos = 0
	return true
}

// remove ends a session's heartbeats.
func (w *wheel) remove(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.take(s) {
		w.count--
	}
}

// expire closes a session after d; zero cancels.
func (w *wheel) expire(s *Session, d time.Duration, reason Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.beat.expires, s.beat.reason = 0, reason
	if d > 0 {
		s.beat.expires = w.srv.now() + int64(d)
	}
	if w.take(s) {
		w.put(s, s.beat.due)
	}
}

// run turns the wheel until ctx is done. Without sessions it sleeps.
func (w *wheel) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-w.wake:
		}
		if !w.turn(done) {
			return
		}
	}
}

// turn runs until there are no sessions (true) or done is closed (false).
func (w *wheel) turn(done <-chan struct{}) bool {
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return false
		case <-ticker.C:
		}
		w.srv.settle(w.srv.now())
		if w.advance(w.srv.now()) {
			return true
		}
	}
}

// verdict is what the wheel decided about a session.
type verdict struct {
	s      *Session
	reason Reason // "" sends a ping
}

// advance serves every slot up to now and reports whether the wheel is empty.
func (w *wheel) advance(now int64) (empty bool) {
	w.mu.Lock()
	var verdicts []verdict
	to := now / int64(w.tick)
	w.at = max(w.at, to-wheelSlots)
	for w.at < to {
		w.at++
		verdicts = w.serve(w.at%wheelSlots, now, verdicts)
	}
	empty = w.count == 0
	w.mu.Unlock()
	for _, v := range verdicts {
		if v.reason == "" {
			v.s.Send(w.srv.ping)
			continue
		}
		if v.reason == PingTimeout {
			v.s.expire()
			continue
		}
		v.s.Close(v.reason)
	}
	return empty
}

// serve decides about the sessions of one slot; with w.mu held.
func (w *wheel) serve(slot, now int64, verdicts []verdict) []verdict {
	sessions := w.slots[slot]
	w.slots[slot] = nil
	for _, s := range sessions {
		v, due := w.judge(s, now)
		w.put(s, due)
		if v != nil {
			verdicts = append(verdicts, *v)
		}
	}
	return verdicts
}

// judge says what to do with a session now, and when to look at it again.
func (w *wheel) judge(s *Session, now int64) (*verdict, int64) {
	b := &s.beat
	switch {
	case b.expires != 0 && now >= b.expires:
		b.expires = 0
		return &verdict{s, b.reason}, b.due
	case now < b.due:
		return nil, b.due
	case s.rev == 3:
		due := b.lastly.Load() + int64(w.first(s))
		if now >= due {
			return &verdict{s, PingTimeout}, due
		}
		return nil, due
	case b.waiting && !b.heard.Load():
		if now >= b.deadline {
			return &verdict{s, PingTimeout}, b.deadline
		}
		return nil, b.deadline
	case now < b.next:
		b.waiting = false
		return nil, b.next
	}
	// Counted from when it was due, so that being late does not add up.
	b.waiting, b.deadline, b.next = true, b.due+int64(w.srv.opts.PingTimeout), b.due+int64(w.srv.opts.PingInterval)
	b.heard.Store(false)
	return &verdict{s: s}, min(b.deadline, b.next)
}

// overdue reports whether a session should have been ended by now, so that a request
// that comes before the wheel does not find it.
func (w *wheel) overdue(s *Session) bool {
	now := w.srv.now()
	if s.rev == 3 {
		return now >= s.beat.lastly.Load()+int64(w.first(s))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return s.beat.pos != 0 && s.beat.waiting && now >= s.beat.deadline && !s.beat.heard.Load()
}
