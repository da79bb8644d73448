package socketio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// greeter lets everybody into every namespace but /closed, and says what it got.
type greeter struct{}

func (greeter) ServeConn(_ context.Context, c *Conn) error {
	for {
		p, err := c.Receive()
		if err != nil {
			return err
		}
		switch {
		case p.Type == Connect && (c.Full() || p.Namespace == "/closed"):
			c.Refuse(p.Namespace, "closed", []byte(`{"until":8}`))
		case p.Type == Connect:
			c.Send(c.Accept(p.Namespace, "id", ""))
			if p.Data != nil {
				c.Send(NewEvent(p.Namespace, []byte(`["auth",`+string(p.Data)+`]`), nil, false))
			}
		case p.Type == Disconnect:
			c.Leave(p.Namespace)
		case p.HasID:
			c.Send(NewAck(p.Namespace, p.ID, fmt.Appendf(nil, `[%d,%d]`, p.Call.Count, len(p.Attachments)), nil))
		}
	}
}

// network is how clients reach the server of a test.
type network struct {
	net.Listener
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func loopback(t *testing.T) network {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return network{ln, (&net.Dialer{}).DialContext}
}

// memory is a network that waits as a synctest bubble does.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func inMemory() network {
	m := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	return network{m, func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		m.conns <- there
		return here, nil
	}}
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// wire is a client that writes and reads packets as they stand.
type wire struct {
	t    *testing.T
	conn *websocket.Conn
}

// begin runs a server until the end of the test and connects a client of a revision of
// Engine.IO to it.
func begin(t *testing.T, n network, revision int, opts Options) *wire {
	t.Helper()
	srv := New(greeter{}, opts)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	web := &httptest.Server{Listener: n, Config: &http.Server{Handler: srv}}
	web.Start()
	dialer := websocket.Dialer{NetDialContext: n.dial}
	conn, resp, err := dialer.Dial(fmt.Sprintf("ws://%s/socket.io/?EIO=%d&transport=websocket&token=é", n.Addr(), revision), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() {
		conn.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		web.Close()
	})
	w := &wire{t, conn}
	if open, err := w.read(); err != nil || open[0] != '0' {
		t.Fatalf("the session opens with %q, %v", open, err)
	}
	return w
}

func (w *wire) send(packets ...string) {
	w.t.Helper()
	for _, p := range packets {
		kind := websocket.TextMessage
		if data, binary := strings.CutPrefix(p, "bytes:"); binary {
			kind, p = websocket.BinaryMessage, data
		}
		if err := w.conn.WriteMessage(kind, []byte(p)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *wire) read() (string, error) {
	_ = w.conn.SetReadDeadline(time.Now().Add(patience))
	_, data, err := w.conn.ReadMessage()
	return string(data), err
}

func (w *wire) expect(want ...string) {
	w.t.Helper()
	for _, packet := range want {
		got, err := w.read()
		if err != nil {
			w.t.Fatalf("%v, want %q", err, packet)
		}
		if diff := cmp.Diff(packet, got); diff != "" {
			w.t.Fatalf("a packet (-want +got):\n%s", diff)
		}
	}
}

// ended reports whether the server has closed the connection, which it is given time for.
func (w *wire) ended() bool {
	for {
		_, err := w.read()
		if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) || err != nil {
			return closed != nil
		}
	}
}

// What a limit allows passes, and one more ends the session.
func TestALimitIsCrossedByOne(t *testing.T) {
	hole := func(n int) string { return fmt.Sprintf(`{"_placeholder":true,"num":%d}`, n) }
	binary := func(sizes ...int) []string {
		head := fmt.Sprintf(`45%d-7["a"`, len(sizes))
		packets := []string{""}
		for i, size := range sizes {
			head += "," + hole(i)
			packets = append(packets, "bytes:"+strings.Repeat("x", size))
		}
		packets[0] = head + "]"
		return packets
	}
	deep := func(n int) []string {
		return []string{`427["a",` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `]`}
	}
	named := func(n int) []string { return []string{`427["` + strings.Repeat("n", n-2) + `"]`} }
	for name, tt := range map[string]struct {
		opts     Options
		in, over []string
		answer   string
	}{
		"attachments":         {Options{MaxAttachments: 3}, binary(1, 1, 1), binary(1, 1, 1, 1), `437[3,3]`},
		"ten by default":      {Options{}, binary(make([]int, 10)...), binary(make([]int, 11)...), `437[10,10]`},
		"bytes of one":        {Options{MaxAttachmentBytes: 100}, binary(100), binary(101), `437[1,1]`},
		"bytes together":      {Options{MaxAttachmentBytes: 100}, binary(60, 40), binary(60, 41), `437[2,2]`},
		"nesting":             {Options{MaxDepth: 5}, deep(5), deep(6), `437[1,0]`},
		"a name":              {Options{MaxNameLength: 20}, named(20), named(21), `437[0,0]`},
		"text for attachment": {Options{}, binary(1), []string{binary(1)[0], `427["a"]`}, `437[1,1]`},
		"bytes for nothing":   {Options{}, binary(1), []string{"bytes:x"}, `437[1,1]`},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, loopback(t), 4, tt.opts)
			w.send("40")
			w.expect(`40{"sid":"id"}`)
			w.send(tt.in...)
			w.expect(tt.answer)
			w.send(tt.over...)
			if !w.ended() {
				t.Error("the session goes on")
			}
		})
	}
}

func TestNamespacesComeAndGoOnOneSession(t *testing.T) {
	w := begin(t, loopback(t), 4, Options{MaxNamespaces: 2})
	w.send(`40/a,{"token":"é€😀"}`, `40/closed,`, `40/b,`, `40/c,`)
	w.expect(`40/a,{"sid":"id"}`, `42/a,["auth",{"token":"é€😀"}]`, `44/closed,{"message":"closed","data":{"until":8}}`,
		`40/b,{"sid":"id"}`, `44/c,{"message":"closed","data":{"until":8}}`)
	w.send(`41/a,`, `40/c,`, `42/b,3["x"]`)
	w.expect(`40/c,{"sid":"id"}`, `43/b,3[0,0]`)
}

func TestAClientOfRevision4IsInWithoutAskingAndAuthenticatesByQuery(t *testing.T) {
	w := begin(t, loopback(t), 3, Options{})
	w.expect(`40`, `42["auth",{"token":"é"}]`)
	w.send(`40/chat?token=a%20b,`, `40/closed`)
	w.expect(`40/chat,`, `42/chat,["auth",{"token":"a b"}]`, `44/closed,{"until":8}`)
}

// A session that asks for no namespace costs memory for nothing.
func TestASessionWithoutANamespaceEndsInTime(t *testing.T) {
	for name, tt := range map[string]struct {
		send []string
		want time.Duration // until the end; 0: it stays
	}{
		"silent":    {nil, 3 * time.Second},
		"refused":   {[]string{"40/closed,"}, 3 * time.Second},
		"connected": {[]string{"40"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := Options{ConnectTimeout: 3 * time.Second, Engine: engineio.Options{PingInterval: time.Hour}}
				w := begin(t, inMemory(), 4, opts)
				began := time.Now()
				w.send(tt.send...)
				var took time.Duration
				if w.ended() {
					took = time.Since(began)
				}
				if took.Round(time.Second) != tt.want {
					t.Errorf("it ended after %v, want %v", took, tt.want)
				}
			})
		})
	}
}
