package guard

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secret is what the handler behind the guard answers; no refused request may see it.
const secret = "behind the guard"

func serve(t *testing.T, o Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(o).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %q", secret, r.URL, r.RequestURI)
	})))
	t.Cleanup(srv.Close)
	return srv
}

// raw sends the request byte for byte and returns the status and the body.
func raw(t *testing.T, srv *httptest.Server, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestHostAllowList(t *testing.T) {
	srv := serve(t, Options{Hosts: []string{"abacate.test", ".preview.test", "*.tunnel.test", "Mixed.Test", "evil/..", ""}})
	for _, tt := range []struct {
		host string
		want int
	}{
		{"localhost", 200},
		{"localhost:3010", 200},
		{"LOCALHOST:3010", 200},
		{"localhost.:3010", 200},
		{"admin.localhost:3010", 200},
		{"127.0.0.1:3010", 200},
		{"192.168.1.20:3010", 200},
		{"[::1]:3010", 200},
		{"[::1]", 200},
		{"abacate.test", 200},
		{"ABACATE.test:81", 200},
		{"mixed.test", 200},
		{"preview.test", 200},
		{"a.b.preview.test", 200},
		{"x.tunnel.test", 200},
		{"evil.test", 403},
		{"evil.test:3010", 403},
		{"sub.abacate.test", 403},
		{"notpreview.test", 403},
		{"evillocalhost:3010", 403},
		{"localhost.evil.test", 403},
		{"127.0.0.1.evil.test", 403},
		{"127.0.0.1.nip.io", 403},
		{"2130706433", 403},
		{"0x7f000001", 403},
		{"0177.0.0.1", 403},
		{"127.1", 403},
		{"localhost:3010:80", 400},
		{"localhost:", 400},
		{"localhost:0", 400},
		{"localhost:99999", 400},
		{"localhost:80a", 400},
		{"evil.test@localhost", 400},
		{"localhost/evil", 400},
		{"localhost\\evil", 400},
		{"a..localhost", 400},
		{".localhost", 400},
		{"[::1", 400},
		{"[::1]x", 400},
		{"[localhost]", 400},
		{"[fe80::1%25eth0]", 400},
		{"::1", 400},
		{"<b>evil</b>", 400},
		{"local host", 400},
		{"", 400},
		{strings.Repeat("a.", 130) + "localhost", 400},
	} {
		t.Run(tt.host, func(t *testing.T) {
			status, text := raw(t, srv, "GET /x HTTP/1.1\r\nHost: "+tt.host+"\r\nConnection: close\r\n\r\n")
			if status != tt.want || strings.Contains(text, secret) != (tt.want == 200) {
				t.Errorf("status %d, want %d; body %q", status, tt.want, text)
			}
		})
	}
}

func TestTargetForms(t *testing.T) {
	srv := serve(t, Options{})
	for _, tt := range []struct {
		name, request string
		want          int
		body          string
	}{
		{"absolute form names the host", "GET http://evil.test/x HTTP/1.1\r\nHost: localhost\r\n", 403, ""},
		{
			"an absolute target reaches next in origin form", "GET http://localhost:3010/x?q=1 HTTP/1.1\r\nHost: evil.test\r\n",
			200, secret + ` /x?q=1 "/x?q=1"`,
		},
		{"an absolute target without a path", "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n", 200, secret + ` / "/"`},
		{"a foreign scheme", "GET ftp://localhost/x HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"a user in the target", "GET http://a@localhost/x HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"an upgrade is judged alike", "GET / HTTP/1.1\r\nHost: evil.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", 403, ""},
		{"a fragment in the target", "GET /@fs/root/#/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"an absolute target without a host", "GET http:/// HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"a star that asks for nothing in particular", "GET * HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"a WebSocket that begins with a body", "GET /x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nContent-Length: 1\r\n", 400, ""},
		{"an opaque target", "GET foo:bar HTTP/1.1\r\nHost: localhost\r\n", 400, ""},
		{"CONNECT", "CONNECT evil.test:443 HTTP/1.1\r\nHost: localhost\r\n", 405, ""},
		{"TRACE", "TRACE / HTTP/1.1\r\nHost: localhost\r\n", 405, ""},
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n", 400, ""},
		{"two Host headers", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n", 400, ""},
		{"a path that looks like an authority", "GET //evil.test/x HTTP/1.1\r\nHost: localhost\r\n", 200, secret + ` //evil.test/x "//evil.test/x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, text := raw(t, srv, tt.request+"X-Last: 1\r\nConnection: close\r\n\r\n")
			if status != tt.want || tt.body != "" && text != tt.body {
				t.Errorf("status %d, want %d; body %q, want %q", status, tt.want, text, tt.body)
			}
			if tt.want != 200 && strings.Contains(text, secret) {
				t.Errorf("a refused request was answered: %q", text)
			}
		})
	}
}

func TestHTTP2AuthorityIsJudgedLikeAHost(t *testing.T) {
	srv := httptest.NewUnstartedServer(New(Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	})))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	client := srv.Client()
	client.Transport.(*http.Transport).DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}}
		return d.DialContext(ctx, "tcp", srv.Listener.Addr().String())
	}
	got := map[string]string{}
	for _, host := range []string{"localhost", "evil.test"} {
		res, err := client.Get("https://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		got[host] = fmt.Sprint(res.StatusCode, " ", strings.SplitN(string(text), ";", 2)[0])
	}
	want := map[string]string{"localhost": "200 HTTP/2.0", "evil.test": `403 host "evil.test" is not allowed`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestRefusalNamesTheLineToAdd(t *testing.T) {
	srv := serve(t, Options{})
	for accept, wants := range map[string][]string{
		"*/*":       {`host "evil.test" is not allowed`, "serve:\n  allowed-hosts: [ \"evil.test\" ]"},
		"text/html": {"<!doctype html>", "allowed-hosts: [ &#34;evil.test&#34; ]", "realtimectl.yaml"},
	} {
		_, text := raw(t, srv, "GET / HTTP/1.1\r\nHost: evil.test\r\nAccept: "+accept+"\r\nConnection: close\r\n\r\n")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("Accept %s: the answer lacks %q:\n%s", accept, want, text)
			}
		}
	}
}

func TestRefusedPageLearnsTheLineToAdd(t *testing.T) {
	handler := New(Options{}).Pages(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, secret) }))
	for _, tt := range []struct {
		origin []string
		status int
		text   string
	}{
		{nil, 200, secret},
		{[]string{"http://localhost:3000"}, 200, secret},
		{[]string{"https://abacate.com"}, 403, "origin \"https://abacate.com\" is not allowed; to allow it, add to realtimectl.yaml:\n\nhub:\n  origins: [ \"https://abacate.com\" ]\n"},
		{[]string{"null"}, 403, "origin \"null\" is not allowed\n"},
		{[]string{"https://a.test\" ]\nx: y"}, 403, "origin \"https://a.test\\\" ]\\nx: y\" is not allowed\n"},
		{[]string{"http://localhost:3000", "http://localhost:3000"}, 403, "origin \"http://localhost:3000\" is not allowed\n"},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Host = "localhost:3000"
		if tt.origin != nil {
			r.Header["Origin"] = tt.origin
		}
		handler.ServeHTTP(w, r)
		if w.Code != tt.status || w.Body.String() != tt.text {
			t.Errorf("%q: %d %q, want %d %q", tt.origin, w.Code, w.Body, tt.status, tt.text)
		}
	}
}

func TestAllowOrigin(t *testing.T) {
	g := New(Options{Ports: []int{3000, 3010}, Origins: []string{"https://Abacate.com/", "http://other.test:8080", "capacitor://localhost", "null", "*"}})
	for _, tt := range []struct {
		host   string
		origin []string
		want   bool
	}{
		{"localhost:3010", nil, true},
		{"localhost:3010", []string{"http://localhost:3010"}, true},
		{"localhost:3010", []string{"http://LOCALHOST:3010"}, true},
		{"localhost:3010", []string{"http://localhost:3000"}, true},
		{"localhost:3010", []string{"https://localhost:3000"}, true},
		{"127.0.0.1:3010", []string{"http://127.0.0.1:3000"}, true},
		{"[::1]:3010", []string{"http://[::1]:3000"}, true},
		{"localhost:3010", []string{"https://abacate.com"}, true},
		{"localhost:3010", []string{"https://abacate.com:443"}, true},
		{"localhost:3010", []string{"http://other.test:8080"}, true},
		{"localhost:3010", []string{"capacitor://localhost"}, true},
		{"app.localhost", []string{"https://app.localhost"}, true},
		{"app.localhost", []string{"http://app.localhost"}, true},
		{"app.localhost:443", []string{"https://app.localhost"}, true},

		{"localhost:3010", []string{"http://localhost:8080"}, false},
		{"localhost:3010", []string{"http://localhost"}, false},
		{"localhost:3010", []string{"http://127.0.0.1:3000"}, false},
		{"localhost:3010", []string{"http://192.168.0.9:3010"}, false},
		{"127.0.0.1:3010", []string{"http://127.0.0.2:3010"}, false},
		{"localhost:3010", []string{"http://app.localhost:3010"}, false},
		{"localhost:8080", []string{"http://localhost:3000"}, false}, // a mapped port is not known to be ours
		{"localhost:3010", []string{"null"}, false},
		{"localhost:3010", []string{""}, false},
		{"localhost:3010", []string{"file://"}, false},
		{"localhost:3010", []string{"*"}, false},
		{"localhost:3010", []string{"http://localhost:3010", "http://localhost:3010"}, false},
		{"localhost:3010", []string{"http://localhost:3010 http://evil.test"}, false},
		{"localhost:3010", []string{"http://localhost:3010/"}, false},
		{"localhost:3010", []string{"http://localhost:3010@evil.test"}, false},
		{"localhost:3010", []string{"http://evil.test"}, false},
		{"localhost:3010", []string{"http://localhost.evil.test:3010"}, false},
		{"localhost:3010", []string{"ftp://localhost:3010"}, false},
		{"localhost:3010", []string{"http://abacate.com"}, false},
		{"localhost:3010", []string{"https://abacate.com.evil.test"}, false},
		{"localhost:3010", []string{"https://abacate.com:444"}, false},
		{"evil.test:3010", []string{"http://evil.test:3010"}, false}, // DNS rebinding: same origin, foreign host
		{"", []string{"http://localhost:3010"}, false},
	} {
		name := fmt.Sprintf("%q from %q", tt.host, tt.origin)
		r := &http.Request{Host: tt.host, Header: http.Header{}}
		if tt.origin != nil {
			r.Header["Origin"] = tt.origin
		}
		if got := g.AllowOrigin(r); got != tt.want {
			t.Errorf("AllowOrigin(%s) = %v, want %v", name, got, tt.want)
		}
	}
}

func TestPagesOfPlainHTTPAreForeignToHTTPS(t *testing.T) {
	g := New(Options{Ports: []int{3000, 3010}})
	for origin, want := range map[string]bool{
		"https://localhost:3010": true, "https://localhost:3000": true, "http://localhost:3010": false, "http://localhost:3000": false,
	} {
		r := &http.Request{Host: "localhost:3010", Header: http.Header{"Origin": {origin}}, TLS: &tls.ConnectionState{}}
		if got := g.AllowOrigin(r); got != want {
			t.Errorf("AllowOrigin(%s) over TLS = %v, want %v", origin, got, want)
		}
	}
}

func TestForeignPagesOpenNoWebSocketHoweverItIsSpelled(t *testing.T) {
	h := New(Options{}).Upgrades(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for _, tt := range []struct {
		upgrade []string
		origin  string
		want    int
	}{
		{[]string{"websocket"}, "http://localhost:3000", 200},
		{[]string{"websocket"}, "http://evil.test", 403},
		{[]string{"WebSocket"}, "http://evil.test", 403},
		{[]string{"h2c, websocket"}, "http://evil.test", 403},
		{[]string{"h2c", "websocket"}, "http://evil.test", 403},
		{[]string{"h2c"}, "http://evil.test", 200}, // a browser sends none
		{nil, "http://evil.test", 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:3000/", nil)
		r.Header["Upgrade"] = tt.upgrade
		r.Header.Set("Origin", tt.origin)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != tt.want {
			t.Errorf("%q from %s: %d, want %d", tt.upgrade, tt.origin, w.Code, tt.want)
		}
	}
}

func FuzzSplitHostNeverAllowsWhatTheStandardParserReadsOtherwise(f *testing.F) {
	for _, seed := range []string{"localhost", "localhost:3000", "[::1]:80", "evil.test@localhost", "a.localhost.", "127.0.0.1"} {
		f.Add(seed)
	}
	g := New(Options{})
	f.Fuzz(func(t *testing.T, authority string) {
		host, _, ok := splitHost(authority)
		if !ok || !g.allowed(host) {
			return
		}
		req, err := http.NewRequest(http.MethodGet, "http://"+authority+"/", nil)
		if err != nil {
			t.Fatalf("%q is allowed but is no URL authority: %v", authority, err)
		}
		if got := strings.ToLower(strings.TrimSuffix(req.URL.Hostname(), ".")); got != host && !isIP(host) {
			t.Errorf("%q: read %q here and %q by net/url", authority, host, got)
		}
	})
}

func BenchmarkHandler(b *testing.B) {
	h := New(Options{}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodGet, "/app/jobs.css", nil)
	r.Host = "localhost:3010"
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
