package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// switches is an upstream that accepts an upgrade and gives the connection to serve.
func switches(t testing.TB, serve func(net.Conn, *bufio.ReadWriter)) *httptest.Server {
	t.Helper()
	return listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuse" {
			w.Header().Set("X-Why", "no")
			http.Error(w, "not here", http.StatusForbidden)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: %s\r\n\r\n", r.Header.Get("Sec-WebSocket-Protocol"))
		serve(conn, rw)
	}))
}

func upgrade(t testing.TB, srv *httptest.Server, path string) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	conn, r := dial(t, srv)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n\r\n", path)
	res, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		t.Fatal(err)
	}
	return conn, r, res
}

func TestWebSocketsPassBothWaysAndCloseByHalves(t *testing.T) {
	up := switches(t, func(conn net.Conn, rw *bufio.ReadWriter) {
		text, _ := io.ReadAll(rw)
		fmt.Fprintf(conn, "got %s", text) // after the browser's half has ended
	})
	conn, r, res := upgrade(t, front(t, up.URL, nil), "/ws")
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Protocol") != "chat" {
		t.Fatalf("status %d, headers %v", res.StatusCode, res.Header)
	}
	fmt.Fprint(conn, "hello")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); string(text) != "got hello" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
}

func TestTheServersHalfMayEndFirst(t *testing.T) {
	got := make(chan string, 1)
	up := switches(t, func(conn net.Conn, rw *bufio.ReadWriter) {
		fmt.Fprint(conn, "bye")
		_ = conn.(*net.TCPConn).CloseWrite()
		text, _ := io.ReadAll(rw)
		got <- string(text)
	})
	conn, r, _ := upgrade(t, front(t, up.URL, nil), "/ws")
	if text, err := io.ReadAll(r); string(text) != "bye" || err != nil {
		t.Fatalf("read %q, %v", text, err)
	}
	fmt.Fprint(conn, "late words")
	conn.Close()
	if text := <-got; text != "late words" {
		t.Errorf("the server read %q", text)
	}
}

func TestARefusedUpgradeIsRelayed(t *testing.T) {
	up := switches(t, nil)
	_, _, res := upgrade(t, front(t, up.URL, nil), "/refuse")
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != 403 || string(text) != "not here\n" || res.Header.Get("X-Why") != "no" {
		t.Errorf("%d %q %v", res.StatusCode, text, res.Header)
	}
}

func TestADeadTargetAnswersAnUpgradeAtOnce(t *testing.T) {
	f := front(t, nobody(t), func(o *Options) {
		o.Ready = func(ctx context.Context) error { t.Error("an upgrade was held back"); return nil }
	})
	_, _, res := upgrade(t, f, "/ws")
	if res.StatusCode != 502 || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

func TestAResetWebSocketEndsTheOtherSideOnly(t *testing.T) {
	up := switches(t, func(conn net.Conn, rw *bufio.ReadWriter) {
		_ = conn.(*net.TCPConn).SetLinger(0) // close with a reset
	})
	f := front(t, up.URL, nil)
	_, r, _ := upgrade(t, f, "/ws")
	_, _ = io.ReadAll(r) // ends: that is the test
	if _, _, res := upgrade(t, f, "/refuse"); res.StatusCode != 403 {
		t.Errorf("the next request: %d", res.StatusCode)
	}
}

func TestStoppingEndsOpenWebSockets(t *testing.T) {
	up := switches(t, func(conn net.Conn, rw *bufio.ReadWriter) { _, _ = io.ReadAll(rw) })
	target, _ := url.Parse(up.URL)
	p, err := New(Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, stop := context.WithCancel(t.Context())
	f := httptest.NewUnstartedServer(Inject(p, InjectOptions{ScriptURL: script}))
	f.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	f.Start()
	t.Cleanup(f.Close)
	_, r, res := upgrade(t, f, "/ws")
	if res.StatusCode != 101 {
		t.Fatal(res.Status)
	}
	stop()
	_, _ = io.ReadAll(r) // ends: that is the test
}
