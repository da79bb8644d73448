package engineio

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// echo says everything back.
type echo struct{ ended chan error }

func (e echo) ServeSession(_ context.Context, s *Session) error {
	for {
		m, err := s.Receive()
		if err != nil {
			if e.ended != nil {
				e.ended <- err
			}
			return err
		}
		if m.Binary {
			s.Send(NewBatch(BinaryFrame(m.Data)))
			continue
		}
		s.Send(NewBatch(TextFrame(m.Data)))
	}
}

type running struct {
	*Server
	t     *testing.T
	http  *httptest.Server
	ended chan error // what Receive returned, one a session
}

// start runs an echo server until the test ends.
func start(t *testing.T, opts Options) *running {
	t.Helper()
	ended := make(chan error, 1000)
	return serve(t, echo{ended}, ended, opts)
}

func serve(t *testing.T, h Handler, ended chan error, opts Options) *running {
	t.Helper()
	srv := New(h, opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	ts := httptest.NewServer(srv)
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		ts.Close()
		ts.Client().CloseIdleConnections()
	})
	return &running{srv, t, ts, ended}
}

func (s *running) do(method, query, kind, body string) (int, http.Header, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Referer", s.http.URL+"/page")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := s.http.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}

// get polls and returns status and body as one line, "200 4hello".
func (s *running) get(query string) string {
	s.t.Helper()
	status, _, body := s.do(http.MethodGet, query, "", "")
	return line(status, body)
}

func (s *running) post(query, body string) string {
	s.t.Helper()
	status, _, text := s.do(http.MethodPost, query, "text/plain;charset=UTF-8", body)
	return line(status, text)
}

func line(status int, body string) string {
	if status != http.StatusOK {
		return http.StatusText(status)
	}
	return "200 " + body
}

// poll begins a polling session and returns the query of its later requests.
func (s *running) poll(eio, more string) string {
	s.t.Helper()
	_, _, body := s.do(http.MethodGet, "transport=polling&EIO="+eio+more, "", "")
	_, rest, ok := strings.Cut(strings.ReplaceAll(body, `\"`, `"`), `"sid":"`)
	if !ok {
		s.t.Fatalf("handshake: %q", body)
	}
	sid, _, _ := strings.Cut(rest, `"`)
	return "transport=polling&EIO=" + eio + more + "&sid=" + sid
}

type wsClient struct {
	*websocket.Conn
	t *testing.T
}

// dial opens a WebSocket; for a new session the open packet is still to be read.
func (s *running) dial(query string) *wsClient {
	s.t.Helper()
	u := strings.Replace(s.http.URL, "http", "ws", 1) + "/engine.io/?" + strings.Replace(query, "polling", "websocket", 1)
	conn, resp, err := websocket.DefaultDialer.Dial(u, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	s.t.Cleanup(func() { conn.Close() })
	return &wsClient{conn, s.t}
}

func (c *wsClient) send(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// read returns the next message: text as it stands, bytes with "bytes:" before them, and
// "closed" with its code at the end.
func (c *wsClient) read() string {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	kind, data, err := c.ReadMessage()
	switch {
	case err != nil:
		return closeText(err)
	case kind == websocket.BinaryMessage:
		return "bytes:" + string(data)
	}
	return string(data)
}

func (c *wsClient) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.read(); got != w {
			c.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// isGetting reports whether a poll is under way.
func (p *polling) isGetting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.getting
}
