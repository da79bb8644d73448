package engineio

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// still makes a server whose wheel the test turns, and a session of a revision.
func still(rev int, opts Options) (*wheel, *Session) {
	srv := New(echo{}, opts)
	s := &Session{srv: srv, rev: rev, closed: make(chan struct{}), polling: newPolling()}
	srv.wheel.mu.Lock()
	srv.wheel.put(s, int64(srv.wheel.first(s)))
	srv.wheel.count++
	srv.wheel.mu.Unlock()
	return srv.wheel, s
}

// story turns the wheel to each second and tells what the session has got by then.
func story(w *wheel, s *Session, until int, at map[int]func()) []string {
	var got []string
	for sec := 1; sec <= until; sec++ {
		if f := at[sec]; f != nil {
			f()
		}
		w.advance(int64(sec)*int64(time.Second) + int64(time.Second)/2) // a beat may be a tick late
		queue, _ := s.polling.take()
		for range queue {
			got = append(got, fmt.Sprint(sec, " ping"))
		}
		select {
		case <-s.closed:
			return append(got, fmt.Sprint(sec, " ", s.end.Reason))
		default:
		}
	}
	return got
}

func TestAClientIsPingedAndOneThatDoesNotAnswerIsEnded(t *testing.T) {
	opts := Options{PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second}
	w, s := still(4, opts)
	pong := func() { s.alive() }
	got := story(w, s, 200, map[int]func(){26: pong, 60: pong})
	if diff := cmp.Diff([]string{"25 ping", "50 ping", "75 ping", "95 ping timeout"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestATimeoutMayBeLongerThanTheInterval(t *testing.T) {
	w, s := still(4, Options{PingInterval: 10 * time.Second, PingTimeout: 60 * time.Second})
	pong := func() { s.alive() }
	got := story(w, s, 200, map[int]func(){12: pong, 22: pong})
	if diff := cmp.Diff([]string{"10 ping", "20 ping", "30 ping", "90 ping timeout"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAClientOfRevision3PingsItself(t *testing.T) {
	w, s := still(3, Options{PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second})
	ping := func() { s.beat.touch(int64(30 * time.Second)) }
	got := story(w, s, 200, map[int]func(){30: ping})
	if diff := cmp.Diff([]string{"75 ping timeout"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheWheelForgetsWhoLeaves(t *testing.T) {
	w, first := still(4, Options{PingTimeout: time.Hour, PingInterval: time.Hour})
	var more []*Session
	for i := range 200 {
		s := &Session{srv: w.srv, rev: 4, closed: make(chan struct{}), polling: newPolling()}
		w.mu.Lock()
		w.put(s, int64(i)*int64(time.Second))
		w.count++
		w.mu.Unlock()
		more = append(more, s)
	}
	for i, s := range more {
		if i%3 == 0 {
			w.advance(int64(i) * int64(time.Second))
		}
		w.remove(s)
		w.remove(s)
	}
	if w.count != 1 {
		t.Errorf("%d sessions are left", w.count)
	}
	w.remove(first)
	if !w.advance(int64(time.Hour)) {
		t.Error("the wheel is not empty")
	}
}

func TestCloseAfterEndsASessionUnlessItIsCancelled(t *testing.T) {
	s := start(t, Options{PingInterval: time.Second, PingTimeout: time.Second})
	a, b := s.open(), s.open()
	first := true
	s.mu.RLock()
	for _, sess := range s.sessions {
		sess.CloseAfter(20*time.Millisecond, ForcedClose)
		if first {
			sess.CloseAfter(0, "")
		}
		first = false
	}
	s.mu.RUnlock()
	closed := make(chan int, 2)
	for _, c := range []*rawClient{a, b} {
		go func() { closed <- c.closeCode() }()
	}
	if code := <-closed; code != closeNormal {
		t.Errorf("code %d", code)
	}
	if n := s.Sessions(); n == 0 {
		t.Error("the cancelled one was ended too")
	}
}
