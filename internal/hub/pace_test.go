package hub_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// pipes is a network in memory: what waits on it waits in a synctest bubble too.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func() // may be called twice
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close()
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// bubble is start on a network in memory, for tests in which time is part of what is
// promised. It is called in a synctest bubble.
func bubble(t *testing.T, rules []relay.Rule, opts hub.Options) *server {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return startOn(t, p, &websocket.Dialer{NetDialContext: p.dial}, rules, opts)
}

// A CONNECT makes the hub work as an event does, so that it counts for the rate as well.
func TestPacketsOfEveryKindCountForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := []relay.Rule{{On: "connect", Emit: "online", To: []string{"others"}}}
		s := bubble(t, rules, hub.Options{MaxEventRate: 20})
		a, b := s.dial("4"), s.dial("4")
		a.connect("/")
		began := time.Now()
		go func() {
			for range 30 {
				b.send("40")
				b.send("41")
			}
		}()
		go func() { // or the hub would wait for b to read
			for {
				if _, _, err := b.next(); err != nil {
					return
				}
			}
		}()
		for range 30 {
			a.expect(`42["online"]`)
		}
		// The last connect is packet 59: 20 are free, 39 wait for a twentieth of a second each.
		if took := time.Since(began).Round(time.Millisecond); took != 1950*time.Millisecond {
			t.Errorf("30 connects and 29 disconnects took %v, want 1.95s", took)
		}
	})
}
