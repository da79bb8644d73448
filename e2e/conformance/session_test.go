package main

import (
	"context"
	"net/http"
	"testing"
)

// What both revisions of Engine.IO demand of a session, at both paths: the hub must
// treat its sessions as the bare engine does.

// dialect is how a revision writes the packets that these tests need.
type dialect struct {
	revision string
	frame    func(packet string) string // the payload of one packet
}

func eachDialect(t *testing.T, test func(t *testing.T, p *peer, d dialect)) {
	dialects := []dialect{
		{"3", func(packet string) string { return string(rune('0'+len(packet))) + ":" + packet }},
		{"4", func(packet string) string { return packet }},
	}
	for _, path := range []string{"/engine.io/", "/socket.io/"} {
		for _, d := range dialects {
			t.Run("EIO="+d.revision+path, func(t *testing.T) {
				t.Parallel()
				test(t, startPeer(t, path), d)
			})
		}
	}
}

func TestHandshakeRefusesWhatItDoesNotKnow(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		eio := "EIO=" + d.revision
		for _, query := range []string{"transport=polling", "EIO=abc&transport=polling", "EIO=5&transport=polling", eio, eio + "&transport=abc"} {
			p.wantStatus(http.StatusBadRequest, "GET", query, "")
		}
		for _, query := range []string{"transport=websocket", "EIO=abc&transport=websocket", eio, eio + "&transport=abc"} {
			p.dialRefused(query)
		}
	})
}

func TestHandshakeTakesNoOtherMethod(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			p.wantStatus(http.StatusBadRequest, method, "EIO="+d.revision+"&transport=polling", "")
		}
	})
}

func TestUnknownSessionIsRefused(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		query := "EIO=" + d.revision + "&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA"
		p.wantStatus(http.StatusBadRequest, "GET", query, "")
		p.wantStatus(http.StatusBadRequest, "POST", query, d.frame("4a"))
	})
}

func TestWebSocketHandshakeOffersNoUpgrade(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		p.webSocketSession(d.revision)
	})
}

func TestPollingSessionEndsWhenTheClientFallsSilent(t *testing.T) {
	eachDialect(t, func(t *testing.T, p *peer, d dialect) {
		query := p.pollingSession(d.revision, "")
		// Polls are no sign of life; the server answers each until the session is over.
		for {
			got, err := p.try(t.Context(), "GET", query, "")
			if err != nil {
				t.Fatal(err)
			}
			if got.Status == http.StatusBadRequest {
				break
			}
		}
		p.wantStatus(http.StatusBadRequest, "POST", query, d.frame("4late"))
	})
}

func TestWebSocketIsClosedWhenTheClientFallsSilent(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		p.webSocketSession(d.revision).wantClosed()
	})
}

func TestClientClosesItsPollingSession(t *testing.T) {
	eachDialect(t, func(t *testing.T, p *peer, d dialect) {
		query := p.pollingSession(d.revision, "")
		polled := make(chan answer)
		go func() {
			got, err := p.try(t.Context(), "GET", query, "")
			if err != nil {
				t.Error(err)
			}
			polled <- got
		}()
		// Whichever of the two the server sees first, the poll ends with a noop.
		p.want(answer{http.StatusOK, "ok"}, "POST", query, d.frame("1"))
		if got := <-polled; got != (answer{http.StatusOK, d.frame("6")}) {
			t.Errorf("the poll got %v", got)
		}
		p.wantStatus(http.StatusBadRequest, "GET", query, "")
	})
}

func TestClientClosesItsWebSocket(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		s := p.webSocketSession(d.revision)
		s.send("1")
		s.wantClosed()
	})
}

func TestInvalidPacketEndsTheSession(t *testing.T) {
	eachDialect(t, func(t *testing.T, p *peer, d dialect) {
		query := p.pollingSession(d.revision, "")
		p.wantStatus(http.StatusBadRequest, "POST", query, "abc")
		p.wantStatus(http.StatusBadRequest, "GET", query, "")
		s := p.webSocketSession(d.revision)
		s.send("abc")
		s.wantClosed()
	})
}

func TestSecondPollEndsTheSession(t *testing.T) {
	eachDialect(t, func(t *testing.T, p *peer, d dialect) {
		if p.base[len(p.base)-10:] == "socket.io/" && d.revision == "3" {
			t.Skip("the hub greets by itself in this protocol, so its first poll does not wait")
		}
		query := p.pollingSession(d.revision, "")
		answers := make(chan answer)
		for range 2 {
			go func() {
				got, err := p.try(t.Context(), "GET", query, "")
				if err != nil {
					t.Error(err)
				}
				answers <- got
			}()
		}
		statuses := map[int]int{}
		for range 2 {
			got := <-answers
			statuses[got.Status]++
			if got.Status == http.StatusOK && got.Body != d.frame("1") {
				t.Errorf("the first poll got %q, want a close packet", got.Body)
			}
		}
		if statuses[http.StatusOK] != 1 || statuses[http.StatusBadRequest] != 1 {
			t.Errorf("statuses %v, want one 200 and one 400", statuses)
		}
		p.wantStatus(http.StatusBadRequest, "GET", query, "")
	})
}

func TestCancelledPollEndsTheSession(t *testing.T) {
	p := startPeer(t, "/engine.io/")
	query := p.pollingSession("4", "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.try(ctx, "GET", query, "")
	}()
	// The echo of a message proves nothing about the poll, so cancel and ask until the
	// server has noticed; a session that lives on would answer with pings.
	cancel()
	<-ended
	for {
		if got := p.do("GET", query, ""); got.Status == http.StatusBadRequest {
			return
		}
	}
}

func TestUpgradeMovesTheSessionToTheWebSocket(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		query := p.pollingSession(d.revision, "")
		if p.base[len(p.base)-10:] == "socket.io/" && d.revision == "3" {
			p.wantInPolls("2:40"+`13:42["auth",{}]`, query)
		}
		s := p.dial(query[:len("EIO=4&")] + "transport=websocket" + query[len("EIO=4&transport=polling"):])
		s.send("2probe")
		s.want("3probe")
		// A noop ends the poll, so that nothing is under way when the transports change.
		p.want(answer{http.StatusOK, d.frame("6")}, "GET", query, "")
		s.send("5")
		if d.revision == "3" {
			s.send("2")
			s.want("3")
		} else {
			s.want("2")
		}
		p.wantStatus(http.StatusBadRequest, "GET", query, "")
	})
}

func TestUpgradedSessionTakesNoSecondWebSocket(t *testing.T) {
	eachDialect(t, func(_ *testing.T, p *peer, d dialect) {
		query := p.pollingSession(d.revision, "")
		query = query[:len("EIO=4&")] + "transport=websocket" + query[len("EIO=4&transport=polling"):]
		first := p.dial(query)
		first.send("2probe")
		first.want("3probe")
		first.send("5")
		second := p.dial(query)
		second.wantClosed()
		if d.revision == "3" {
			first.send("2")
		}
		for {
			if got := first.read(); got == "2" || got == "3" {
				return
			}
		}
	})
}
