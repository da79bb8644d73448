package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

func TestAllClientsSeeTheEventsOfManyPublishersInOneOrder(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Shards: 4})
	var clients []*client
	for range 8 {
		clients = append(clients, s.join("/"))
	}
	const publishers, each = 8, 50
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.Publish(t.Context(), hub.Message{Event: fmt.Sprintf("%d-%d", p, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen [][]string
	for _, c := range clients {
		var got []string
		for range publishers * each {
			got = append(got, c.read())
		}
		seen = append(seen, got)
	}
	wg.Wait()
	for i, got := range seen[1:] {
		if diff := cmp.Diff(seen[0], got); diff != "" {
			t.Fatalf("client %d saw another order:\n%s", i+1, diff)
		}
	}
	for p := range publishers {
		at := 0
		for _, event := range seen[0] {
			if event == fmt.Sprintf(`42["%d-%d"]`, p, at) {
				at++
			}
		}
		if at != each {
			t.Errorf("publisher %d: %d of %d events in order", p, at, each)
		}
	}
}

func TestAFloodSlowsItsPublisherDownAndLosesNothing(t *testing.T) {
	s := start(t, development(), hub.Options{Shards: 2, MaxPending: 2})
	a, b := s.join("/"), s.join("/")
	const n = 3000
	go func() {
		for i := range n {
			if a.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42["client:n",%d]`, i)) != nil {
				return
			}
		}
	}()
	go func() { // its own echo has to be read too
		for range n {
			if _, _, err := a.next(); err != nil {
				return
			}
		}
	}()
	for i := range n {
		b.expect(fmt.Sprintf(`42["server:n",%d]`, i))
	}
}

// Everything at once: clients that come, go, enter rooms and are sent away, while rules
// are replaced and events published. The race detector and the leak check are the judges.
func TestEverythingAtOnce(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Shards: 3, Recovery: hub.Recovery{MaxBytes: 100_000}})
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { wander(ctx, s, i) })
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			set, err := relay.Compile(roomRules(), relay.Options{})
			if err == nil {
				err = s.SetRelays(set)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			_, _ = s.Publish(ctx, hub.Message{Event: "e", Rooms: []string{"red", "blue"}, Except: []string{"green"}})
			s.Disconnect("/", []string{"green"})
		}
	})
	wg.Wait()
	s.untilClients(0)
	if n, err := s.Publish(t.Context(), hub.Message{Event: "e"}); n != 0 || err != nil {
		t.Errorf("delivered to %d, %v", n, err)
	}
}

// wander is the life of a client: it ends its connection without a word, and comes back.
func wander(ctx context.Context, s *server, i int) {
	rooms := []string{"red", "blue", "green"}
	u := strings.Replace(s.url("transport=websocket&EIO=4"), "http", "ws", 1)
	for n := 0; ctx.Err() == nil; n++ {
		conn, resp, err := websocket.DefaultDialer.DialContext(ctx, u, nil)
		if err != nil {
			continue
		}
		resp.Body.Close()
		for _, text := range []string{
			"40", fmt.Sprintf(`421["enter",%q]`, rooms[(i+n)%3]), `42["room"]`, `42["client:x",1]`, `42["others"]`,
			[]string{"41", "40", `42["room"]`}[n%3],
		} {
			if conn.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
				break
			}
		}
		for range 5 {
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if _, _, err := conn.ReadMessage(); err != nil {
				break
			}
		}
		conn.Close()
	}
}

// lockedBuffer is a log that goroutines share.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Split(strings.TrimSpace(b.buf.String()), "\n")
}

func TestWhatGoesWrongIsToldOncePerCauseWithTheWayOut(t *testing.T) {
	var log lockedBuffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case "msg", "event", "hint":
				return a
			}
			return slog.Attr{}
		},
	})
	s := start(t, []relay.Rule{fenceRule()}, hub.Options{Log: slog.New(handler), AllowOrigin: nil})
	a := s.join("/")
	for range 3 {
		a.send(`42["nobody:knows"]`)
		a.send("40/random,")
		a.read()
		s.get("EIO=9&transport=polling")
		s.get("EIO=4&transport=websocket")
		if resp, err := s.http.Client().Get(s.http.URL + "/socket.io/1/?t=1"); err == nil {
			resp.Body.Close()
		}
		broken := s.join("/")
		broken.send("42{}")
		broken.expectClosed()
	}
	a.fence()
	want := map[string]int{
		"hub.unmatched": 1, "add it to hub.namespaces": 1, "EIO=2 or 3": 1, "a proxy in between": 1,
		"take 1.0 or later": 1, "hub.breach": 1,
	}
	got := map[string]int{}
	for _, line := range log.lines() {
		for text := range want {
			got[text] += strings.Count(line, text)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, strings.Join(log.lines(), "\n"))
	}
}

func TestTheLogCannotBeFlooded(t *testing.T) {
	var log lockedBuffer
	s := start(t, []relay.Rule{fenceRule()}, hub.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	a := s.join("/")
	for i := range 500 {
		a.send(fmt.Sprintf(`42["made-up-%d"]`, i))
	}
	a.fence()
	if n := len(log.lines()); n > 100 {
		t.Errorf("%d lines", n)
	}
}
