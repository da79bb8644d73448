package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for the server, so that a silence names itself.
const patience = 10 * time.Second

// peer speaks to one path of a server, as bytes on the wire.
type peer struct {
	t    *testing.T
	base string // "http://127.0.0.1:1234/engine.io/"
	http *http.Client
}

// startPeer runs a server of its own for the test.
func startPeer(t *testing.T, path string) *peer {
	t.Helper()
	s, err := newServer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error)
	go func() { ended <- s.run(ctx) }()
	srv := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		srv.Close()
	})
	return &peer{t: t, base: srv.URL + path, http: srv.Client()}
}

// answer is what an HTTP request got.
type answer struct {
	Status int
	Body   string
}

// do sends one request; query goes behind the '?'.
func (p *peer) do(method, query, body string) answer {
	p.t.Helper()
	got, err := p.try(p.t.Context(), method, query, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

func (p *peer) try(ctx context.Context, method, query, body string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.base+"?"+query, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(text)}, err
}

// wantStatus sends a request and checks only how it was answered.
func (p *peer) wantStatus(want int, method, query, body string) {
	p.t.Helper()
	if got := p.do(method, query, body); got.Status != want {
		p.t.Errorf("%s ?%s with %q: got %d %q, want %d", method, query, body, got.Status, got.Body, want)
	}
}

// want sends a request and checks the whole answer.
func (p *peer) want(want answer, method, query, body string) {
	p.t.Helper()
	if diff := cmp.Diff(want, p.do(method, query, body)); diff != "" {
		p.t.Errorf("%s ?%s with %q (-want +got):\n%s", method, query, body, diff)
	}
}

// wantInPolls polls until all of want has come: what the server says at once may be answered
// in one poll or in several.
func (p *peer) wantInPolls(want, query string) {
	p.t.Helper()
	got := ""
	for got != want {
		a := p.do("GET", query, "")
		got += a.Body
		if a.Status != http.StatusOK || a.Body == "" || !strings.HasPrefix(want, got) {
			p.t.Fatalf("GET ?%s: got %d %q in all, want %q", query, a.Status, got, want)
		}
	}
}

// greeting is the payload of an open packet.
type greeting struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

// readGreeting checks an open packet, the id aside, and returns the id.
func readGreeting(t *testing.T, revision, packet string, upgrades ...string) string {
	t.Helper()
	text, isOpen := strings.CutPrefix(packet, "0")
	if !isOpen {
		t.Fatalf("got %q, want an open packet", packet)
	}
	var got greeting
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("open packet %q: %v", packet, err)
	}
	want := greeting{SID: got.SID, Upgrades: append([]string{}, upgrades...), PingInterval: 300, PingTimeout: 200}
	if revision == "4" { // the older one has no such key
		want.MaxPayload = 1_000_000
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open packet (-want +got):\n%s", diff)
	}
	if len(got.SID) != 20 {
		t.Errorf("sid %q, want 20 characters", got.SID)
	}
	return got.SID
}

// pollingSession opens a session and returns the query that names it.
func (p *peer) pollingSession(revision, more string) string {
	p.t.Helper()
	query := "EIO=" + revision + "&transport=polling"
	got := p.do("GET", query+more, "")
	if got.Status != http.StatusOK {
		p.t.Fatalf("handshake: %d %q", got.Status, got.Body)
	}
	body := got.Body
	if revision == "3" {
		_, body, _ = strings.Cut(body, ":")
	}
	return query + "&sid=" + readGreeting(p.t, revision, body, "websocket")
}

// socket is a WebSocket of a peer.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a WebSocket; the handshake must be accepted.
func (p *peer) dial(query string) *socket {
	p.t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.base, "http")+"?"+query, nil)
	if err != nil {
		p.t.Fatalf("dial ?%s: %v", query, err)
	}
	_ = resp.Body.Close()
	p.t.Cleanup(func() { _ = conn.Close() })
	return &socket{p.t, conn}
}

// dialRefused opens a WebSocket that the server must not accept.
func (p *peer) dialRefused(query string) {
	p.t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.base, "http")+"?"+query, nil)
	if err == nil {
		_ = conn.Close()
		p.t.Errorf("?%s was accepted", query)
	}
	if resp == nil {
		p.t.Fatalf("?%s: %v, want an answer", query, err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		p.t.Errorf("?%s: got %d, want 400", query, resp.StatusCode)
	}
}

// webSocketSession opens a session over a WebSocket and reads its open packet.
func (p *peer) webSocketSession(revision string) *socket {
	p.t.Helper()
	s := p.dial("EIO=" + revision + "&transport=websocket")
	readGreeting(p.t, revision, s.read())
	return s
}

func (s *socket) send(text string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatalf("send %q: %v", text, err)
	}
}

func (s *socket) sendBytes(data ...byte) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.BinaryMessage, data); err != nil {
		s.t.Fatalf("send %v: %v", data, err)
	}
}

// read returns the next text message.
func (s *socket) read() string {
	s.t.Helper()
	kind, data := s.next()
	if kind != websocket.TextMessage {
		s.t.Fatalf("got bytes %v, want text", data)
	}
	return string(data)
}

func (s *socket) next() (kind int, data []byte) {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	kind, data, err := s.conn.ReadMessage()
	if err != nil {
		s.t.Fatalf("read: %v", err)
	}
	return kind, data
}

// want reads messages and compares each: text, or bytes.
func (s *socket) want(messages ...any) {
	s.t.Helper()
	for _, want := range messages {
		kind, data := s.next()
		switch want := want.(type) {
		case string:
			if kind != websocket.TextMessage || string(data) != want {
				s.t.Errorf("got %q, want text %q", data, want)
			}
		case []byte:
			if kind != websocket.BinaryMessage || !bytes.Equal(data, want) {
				s.t.Errorf("got %v, want bytes %v", data, want)
			}
		default:
			s.t.Fatalf("cannot want a %T", want)
		}
	}
}

// wantClosed reads until the server closes, which it must.
func (s *socket) wantClosed() {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			if nerr, ok := err.(interface{ Timeout() bool }); ok && nerr.Timeout() {
				s.t.Errorf("the server did not close")
			}
			return
		}
	}
}
