package engineio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

func TestARefusalNamesItsCauseAndTheWayOut(t *testing.T) {
	s := start(t, Options{MaxPayload: 100, MaxSessions: 3})
	q := s.poll("4", "")
	type body struct {
		Code    int
		Message string
		Hint    string
	}
	for name, tt := range map[string]struct {
		method, query, body string
		status              int
		want                body
	}{
		"an unknown protocol": {"GET", "transport=polling&EIO=7", "", 400, body{5, "Unsupported protocol version", "the query says EIO=2 or 3 (clients 1.x and 2.x) or EIO=4 (clients 3.x and 4.x)"}},
		"a stale session":     {"GET", "transport=polling&EIO=4&sid=old", "", 400, body{1, "Session ID unknown", "the session has ended, or the server was restarted: the client connects anew"}},
		"a proxy that strips": {"GET", "transport=websocket&EIO=4", "", 400, body{3, "Bad request", "transport=websocket goes with an Upgrade header, and only that: a proxy in between may strip it"}},
		"a handshake by POST": {"POST", "transport=polling&EIO=4", "", 400, body{2, "Bad handshake method", "a session begins with GET"}},
		"no transport":        {"GET", "EIO=4", "", 400, body{0, "Transport unknown", "transport is polling or websocket"}},
		"too many bytes":      {"POST", q, "4" + strings.Repeat("x", 100), 413, body{3, "Payload too large", "a payload may have 100 bytes: raise hub.limits.max-payload, or send less at a time"}},
	} {
		status, head, text := s.do(tt.method, tt.query, "text/plain", tt.body)
		var got body
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %q: %v", name, text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || status != tt.status {
			t.Errorf("%s: %d %s", name, status, diff)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, head)
		}
	}
}

func TestAFullServerSaysWhenToComeBack(t *testing.T) {
	s := start(t, Options{MaxSessions: 2})
	s.poll("4", "")
	c := s.open()
	status, head, _ := s.do(http.MethodGet, "transport=polling&EIO=4", "", "")
	if status != http.StatusServiceUnavailable || head.Get("Retry-After") == "" {
		t.Errorf("%d, %v", status, head)
	}
	c.write(frame(finBit|opClose, "\x03\xe8"))
	c.closeCode()
	c.conn.Close()
	waitFor(t, func() bool { return s.Sessions() == 1 })
	s.poll("4", "") // the place is free again
}

func TestATransportCanBeLeftOut(t *testing.T) {
	s := start(t, Options{WebSocketOff: true})
	if got := s.get("transport=polling&EIO=4"); !strings.Contains(got, `"upgrades":[]`) {
		t.Errorf("%q offers an upgrade", got)
	}
	if _, resp := s.raw("transport=websocket&EIO=4", ""); resp.StatusCode != http.StatusBadRequest {
		t.Error(resp.Status)
	}
	s = start(t, Options{PollingOff: true})
	if got := s.get("transport=polling&EIO=4"); got != "Bad Request" {
		t.Error(got)
	}
}

// witness hands its sessions to the test.
type witness struct{ sessions chan *Session }

func (w witness) ServeSession(_ context.Context, s *Session) error {
	w.sessions <- s
	for {
		if _, err := s.Receive(); err != nil {
			return err
		}
	}
}

func TestAHandshakeKeepsWhatIsAskedFor(t *testing.T) {
	w := witness{make(chan *Session, 1)}
	s := serve(t, w, nil, Options{KeepHeaders: []string{"cookie"}})
	_, resp := s.raw("transport=websocket&EIO=4&t=1&b64=1&token=x&room=1&room=2", "Cookie: a=b\r\nX-Other: c\r\n")
	resp.Body.Close()
	sess := <-w.sessions
	shake := sess.Handshake()
	want := Handshake{
		Address: shake.Address,
		Query:   url.Values{"token": {"x"}, "room": {"1", "2"}},
		Header:  http.Header{"Cookie": {"a=b"}},
		Time:    shake.Time,
	}
	if diff := cmp.Diff(want, *shake); diff != "" {
		t.Error(diff)
	}
	if sess.Revision() != 4 || sess.Transport() != "websocket" || time.Since(shake.Time) > patience {
		t.Errorf("%d %s %v", sess.Revision(), sess.Transport(), shake.Time)
	}
}

func TestARequestBeforeRunWaitsForIt(t *testing.T) {
	srv := New(echo{}, Options{})
	ts := httptest.NewServer(srv)
	defer ts.Close()
	answered := make(chan int)
	go func() {
		resp, err := ts.Client().Get(ts.URL + "/?transport=polling&EIO=4")
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- srv.Run(ctx) }()
	if got := <-answered; got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	resp, err := ts.Client().Get(ts.URL + "/?transport=polling&EIO=4")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %s", resp.Status)
	}
	ts.Client().CloseIdleConnections()
}

func TestTheEndOfTheServerIsToldAsAGoingAway(t *testing.T) {
	srv := New(echo{}, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- srv.Run(ctx) }()
	ts := httptest.NewServer(srv)
	defer ts.Close()
	s := &running{Server: srv, t: t, http: ts}
	c := s.open()
	cancel()
	if code := c.closeCode(); code != closeGoingAway {
		t.Errorf("code %d", code)
	}
	c.conn.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASessionOverTLSIsServedThoughItsConnectionCannotBeTried(t *testing.T) {
	w := witness{make(chan *Session, 1)}
	srv := New(w, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- srv.Run(ctx) }()
	ts := httptest.NewTLSServer(srv)
	defer ts.Close()
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: ts.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	conn, resp, err := dialer.Dial(strings.Replace(ts.URL, "https", "wss", 1)+"/?transport=websocket&EIO=4", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	defer conn.Close()
	c := &wsClient{conn, t}
	c.read()
	sess := <-w.sessions
	for i := range 50 {
		sess.Send(NewBatch(TextFrame([]byte{'0' + byte(i%10)})))
	}
	for i := range 50 {
		c.expect("4" + string('0'+byte(i%10)))
	}
	if !sess.Handshake().Secure {
		t.Error("not secure")
	}
	cancel()
	c.expect("closed 1001")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAProbeThatIsNotFollowedUpIsGivenUp(t *testing.T) {
	s := start(t, Options{UpgradeTimeout: 250 * time.Millisecond})
	q := s.poll("4", "")
	c := s.dial(q)
	c.send("2probe")
	c.expect("3probe")
	if got := c.read(); !strings.HasPrefix(got, "closed") {
		t.Errorf("got %q", got)
	}
	// A second attempt goes through, once the server knows what the client knows.
	second := s.dial(q)
	second.send("2probe")
	got := second.read()
	for end := time.Now().Add(patience); got != "3probe" && time.Now().Before(end); got = second.read() {
		second = s.dial(q)
		second.send("2probe")
	}
	if got != "3probe" {
		t.Fatalf("the second attempt: %q", got)
	}
	second.send("5")
	second.send("4x")
	second.expect("4x")
}

func TestTheLastPacketsOfAPollingSessionAreFetchedAfterItsEnd(t *testing.T) {
	w := witness{make(chan *Session, 1)}
	s := serve(t, w, nil, Options{})
	q := s.poll("4", "")
	sess := <-w.sessions
	sess.Send(NewBatch(TextFrame([]byte("last words"))))
	sess.Close(ForcedClose)
	if got := s.post(q, "4x"); got != "Bad Request" {
		t.Errorf("a post after the end: %q", got)
	}
	for i, want := range []string{"200 4last words\x1e1", "Bad Request"} {
		if got := s.get(q); got != want {
			t.Errorf("poll %d: %q", i, got)
		}
	}
	if sess.Send(NewBatch(TextFrame([]byte("late")))) {
		t.Error("a send after the end is said to be sent")
	}
}

func TestPingsArriveOverBothTransports(t *testing.T) {
	s := start(t, Options{PingInterval: 30 * time.Millisecond, PingTimeout: time.Minute})
	q := s.poll("4", "")
	if got := s.get(q); got != "200 2" {
		t.Errorf("poll: %q", got)
	}
	s.post(q, "3")
	if got := s.get(q); got != "200 2" {
		t.Errorf("the second: %q", got)
	}
	c := s.open()
	for range 2 {
		if op, got := c.read(); op != opText || got != "2" {
			t.Errorf("websocket: %d %q", op, got)
		}
		c.write(frame(finBit|opText, "3"))
	}
}

func TestAFramesHeaderFitsItsLength(t *testing.T) {
	for size, head := range map[int]string{
		0: "\x81\x01", 124: "\x81\x7d", 125: "\x81\x7e\x00\x7e", 65_534: "\x81\x7e\xff\xff", 65_535: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		f := TextFrame([]byte(strings.Repeat("x", size)))
		if got := string(f.buf[:f.body]); got != head || len(f.Content()) != size {
			t.Errorf("%d bytes: head %x, content of %d", size, got, len(f.Content()))
		}
	}
	f := BinaryFrame([]byte{1, 2})
	if diff := cmp.Diff([]string{"\x82\x02\x01\x02", "\x82\x03\x04\x01\x02"}, []string{string(f.ws(4)), string(f.ws(3))}); diff != "" {
		t.Error(diff)
	}
}

func TestABatchIsEncodedOnceForEachForm(t *testing.T) {
	b := NewBatch(TextFrame([]byte("a")), BinaryFrame([]byte{1}))
	for name, encode := range map[string]func() []byte{
		"ws 4":   func() []byte { return b.ws(4) },
		"ws 3":   func() []byte { return b.ws(3) },
		"poll 4": func() []byte { return b.form(formPoll4, encodePayload4) },
	} {
		if first, second := encode(), encode(); &first[0] != &second[0] {
			t.Errorf("%s: encoded twice", name)
		}
	}
	all := JoinBatches([]*Batch{b, NewVolatile(TextFrame([]byte("v")))})
	if all.volatile || len(all.Frames()) != 3 || all.Size() != len(all.ws(4)) {
		t.Errorf("joined: volatile %v, %d frames, %d bytes", all.volatile, len(all.Frames()), all.Size())
	}
}

func TestAVolatileBatchIsDroppedWhereSomethingWaits(t *testing.T) {
	w := witness{make(chan *Session, 1)}
	s := serve(t, w, nil, Options{})
	q := s.poll("4", "")
	sess := <-w.sessions
	sess.Send(NewVolatile(TextFrame([]byte("first"))))
	sess.Send(NewVolatile(TextFrame([]byte("dropped"))))
	sess.Send(NewBatch(TextFrame([]byte("second"))))
	if got := s.get(q); got != "200 4first\x1e4second" {
		t.Errorf("got %q", got)
	}
}
