package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// server is a running hub.
type server struct {
	*hub.Hub
	t      testing.TB
	http   *httptest.Server
	dialer *websocket.Dialer
	stop   func()
}

// start runs a hub with rules until the test ends.
func start(t *testing.T, rules []relay.Rule, opts hub.Options) *server {
	t.Helper()
	return startFor(t, rules, opts)
}

func startFor(t testing.TB, rules []relay.Rule, opts hub.Options) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, ln, websocket.DefaultDialer, rules, opts)
}

// startOn is start with a listener of the test's own, and how to reach it.
func startOn(t testing.TB, ln net.Listener, dialer *websocket.Dialer, rules []relay.Rule, opts hub.Options) *server {
	t.Helper()
	set, err := relay.Compile(rules, relay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opts.Relays = set
	h, err := hub.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
	srv.Start()
	s := &server{Hub: h, t: t, http: srv, dialer: dialer}
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
	}
	t.Cleanup(func() {
		s.stop()
		srv.Close()
		srv.Client().CloseIdleConnections()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func (s *server) url(query string) string { return s.http.URL + "/socket.io/?" + query }

// client is a client of the wire: it sends and expects packets as they stand.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	id   string
}

// dial opens a WebSocket of a revision and reads the open packet.
func (s *server) dial(eio string) *client {
	s.t.Helper()
	u := strings.Replace(s.url("transport=websocket&EIO="+eio), "http", "ws", 1)
	conn, resp, err := s.dialer.Dial(u, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	s.t.Cleanup(func() { conn.Close() })
	c := &client{t: s.t, conn: conn}
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(c.read()[1:]), &open); err != nil {
		s.t.Fatal(err)
	}
	c.id = open.SID
	return c
}

// join opens a WebSocket of revision 4 and enters a namespace.
func (s *server) join(namespace string) *client {
	s.t.Helper()
	c := s.dial("4")
	c.connect(namespace)
	return c
}

func prefix(namespace string) string {
	if namespace == "/" {
		return ""
	}
	return namespace + ","
}

func (c *client) connect(namespace string) {
	c.t.Helper()
	c.send("40" + prefix(namespace))
	reply := c.read()
	want := "40" + prefix(namespace)
	if !strings.HasPrefix(reply, want) {
		c.t.Fatalf("connect to %s: got %q", namespace, reply)
	}
	var data struct{ SID string }
	if err := json.Unmarshal([]byte(reply[len(want):]), &data); err != nil {
		c.t.Fatalf("connect to %s: %q: %v", namespace, reply, err)
	}
	c.id = data.SID
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) sendBytes(data []byte) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.BinaryMessage, data); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next message; pings are answered on the way.
func (c *client) next() (kind int, data string, err error) {
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		kind, raw, err := c.conn.ReadMessage()
		if err != nil {
			return 0, "", err
		}
		if string(raw) != "2" {
			return kind, string(raw), nil
		}
		c.send("3")
	}
}

func (c *client) read() string {
	c.t.Helper()
	_, data, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}

// expect reads messages and compares them.
func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.read(); got != w {
			c.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// expectClosed reads until the connection closes and fails on anything but the farewell.
func (c *client) expectClosed() {
	c.t.Helper()
	if _, data, err := c.next(); err == nil {
		c.t.Fatalf("got %q, want the connection closed", data)
	}
}

// fence makes sure that everything sent before has been handled: it answers an ack.
func (c *client) fence() {
	c.t.Helper()
	c.send(`4299["fence"]`)
	c.expect(`4399[]`)
}

// fenceRule answers fence.
func fenceRule() relay.Rule { return relay.Rule{On: "fence", To: []string{"none"}, Ack: "args"} }

// get polls.
func (s *server) get(query string) (int, string) {
	s.t.Helper()
	return s.do(http.MethodGet, query, "", "")
}

func (s *server) do(method, query, kind, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url(query), bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
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
	return resp.StatusCode, string(data)
}
