package main

import (
	"net/http"
	"testing"
)

// How each revision of Engine.IO writes messages and heartbeats, against the echo.

func TestRevision4CarriesMessagesInPayloads(t *testing.T) {
	for name, payload := range map[string]string{
		"one":      "4hello",
		"several":  "4test1\x1e4test2\x1e4test3",
		"binary":   "4hello\x1ebAQIDBA==",
		"unicode":  "4é€😀\x1e4",
		"long":     "4" + long(),
		"in order": "bAQ==\x1e4a\x1ebAg==\x1e4b",
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, "/engine.io/")
			query := p.pollingSession("4", "")
			p.want(answer{http.StatusOK, "ok"}, "POST", query, payload)
			p.want(answer{http.StatusOK, payload}, "GET", query, "")
		})
	}
}

func TestRevision3CountsUTF16UnitsInTextPayloads(t *testing.T) {
	for name, payload := range map[string]string{
		"one":     "6:4hello",
		"several": "6:4test16:4test26:4test3",
		"unicode": "5:4é€😀1:4",
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, "/engine.io/")
			query := p.pollingSession("3", "")
			p.want(answer{http.StatusOK, "ok"}, "POST", query, payload)
			p.want(answer{http.StatusOK, payload}, "GET", query, "")
		})
	}
}

func TestRevision3WritesBinaryAsTheSessionAskedFor(t *testing.T) {
	const sent = "6:4hello10:b4AQIDBA=="
	for name, tt := range map[string]struct{ handshake, want string }{
		"base64": {"&b64=1", sent},
		"bytes":  {"", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, "/engine.io/")
			query := p.pollingSession("3", tt.handshake)
			p.want(answer{http.StatusOK, "ok"}, "POST", query, sent)
			p.want(answer{http.StatusOK, tt.want}, "GET", query, "")
		})
	}
}

func TestWebSocketCarriesTextAndBytes(t *testing.T) {
	t.Run("EIO=3", func(t *testing.T) {
		s := startPeer(t, "/engine.io/").webSocketSession("3")
		s.send("4é€😀")
		s.sendBytes(4, 1, 2, 3, 4)
		s.want("4é€😀", []byte{4, 1, 2, 3, 4})
	})
	t.Run("EIO=4", func(t *testing.T) {
		s := startPeer(t, "/engine.io/").webSocketSession("4")
		s.send("4é€😀")
		s.sendBytes(1, 2, 3, 4)
		s.want("4é€😀", []byte{1, 2, 3, 4})
	})
}

func TestRevision4ServerPings(t *testing.T) {
	t.Run("polling", func(t *testing.T) {
		t.Parallel()
		p := startPeer(t, "/engine.io/")
		query := p.pollingSession("4", "")
		for range 3 {
			p.want(answer{http.StatusOK, "2"}, "GET", query, "")
			p.want(answer{http.StatusOK, "ok"}, "POST", query, "3")
		}
	})
	t.Run("websocket", func(t *testing.T) {
		t.Parallel()
		s := startPeer(t, "/engine.io/").webSocketSession("4")
		for range 3 {
			s.want("2")
			s.send("3")
		}
	})
}

func TestRevision3ClientPings(t *testing.T) {
	t.Run("polling", func(t *testing.T) {
		p := startPeer(t, "/engine.io/")
		query := p.pollingSession("3", "")
		for range 3 {
			p.want(answer{http.StatusOK, "ok"}, "POST", query, "1:2")
			p.want(answer{http.StatusOK, "1:3"}, "GET", query, "")
		}
	})
	t.Run("websocket", func(t *testing.T) {
		s := startPeer(t, "/engine.io/").webSocketSession("3")
		for range 3 {
			s.send("2")
			s.want("3")
		}
	})
}

func TestRevision2IsTreatedAsRevision3(t *testing.T) {
	s := startPeer(t, "/engine.io/").dial("EIO=2&transport=websocket")
	readGreeting(t, "2", s.read())
	s.send("2")
	s.want("3")
}

// long is text that needs several TCP segments and all lengths of UTF-8.
func long() string {
	text := ""
	for len(text) < 50_000 {
		text += "aé€😀"
	}
	return text
}
