package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// secure stands before upstream with https and HTTP/2, as `serve --https` does.
func secure(t testing.TB, upstream string) *httptest.Server {
	t.Helper()
	target, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	srv := httptest.NewUnstartedServer(Inject(p, InjectOptions{ScriptURL: script}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestHTTPSOnBothSides(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "connect-src 'none'")
		w.Header().Set("Set-Cookie", "a=b; Secure")
		w.Header().Set("X-Seen", r.Proto+" "+r.Header.Get("X-Forwarded-Proto")+" "+r.Header.Get("X-Forwarded-Port"))
		_, _ = io.WriteString(w, plain)
	}))
	up.EnableHTTP2 = true
	up.StartTLS()
	t.Cleanup(up.Close)
	f := secure(t, up.URL)
	req, err := http.NewRequest(http.MethodGet, f.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", browser)
	res, err := f.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	f.Client().CloseIdleConnections()
	if res.Proto != "HTTP/2.0" || string(text) != injected || res.Header.Get("Set-Cookie") != "a=b; Secure" {
		t.Errorf("%s %q %v", res.Proto, text, res.Header)
	}
	if want := "HTTP/2.0 https " + f.Listener.Addr().String()[len("127.0.0.1:"):]; res.Header.Get("X-Seen") != want {
		t.Errorf("the target saw %q, want %q", res.Header.Get("X-Seen"), want)
	}
	own := f.Listener.Addr().String() + "/__realtimectl/"
	if want := "connect-src https://" + own + " wss://" + own; res.Header.Get("Content-Security-Policy") != want {
		t.Errorf("policy %q, want %q", res.Header.Get("Content-Security-Policy"), want)
	}
}

func TestSecureWebSocketsOnBothSides(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := rw.ReadString('\n')
		fmt.Fprint(conn, "got "+line)
	}))
	up.EnableHTTP2 = true
	up.StartTLS()
	t.Cleanup(up.Close)
	f := secure(t, up.URL)
	conn, err := tls.Dial("tcp", f.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := r.ReadString('\n'); line != "got hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}
