package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func withElement(body string) string { return strings.Replace(injected, "x</body>", body+"</body>", 1) }

// behaviour is one request and what has to come back, whatever server is behind.
type behaviour struct {
	name, path string
	pairs      []string // headers of the request
	status     int
	body       string // "*" is any
	// header names what has to be there, "" what must not; FRONT, WS and HOST are the
	// proxy's own addresses.
	header map[string]string
}

func behaviours() []behaviour {
	latin := strings.NewReplacer("á", "\xe1", "é", "\xe9").Replace(withElement("é"))
	script := []string{"Sec-Fetch-Dest", "empty", "Accept", "*/*"}
	own := map[string]string{"Content-Encoding": "", "Accept-Ranges": ""}
	return []behaviour{
		{"a page gets the element", "/plain", nil, 200, injected, own},
		{"a page in chunks", "/chunked", nil, 200, injected, own},
		{"a page that is gzip whatever was asked for", "/gzip", nil, 200, injected, own},
		{"a page that is br whatever was asked for", "/br", nil, 200, injected, own},
		{"a page that is deflate whatever was asked for", "/deflate", nil, 200, injected, own},
		{"characters cut in two", "/bytes", nil, 200, withElement(strings.Repeat("é", 200)), own},
		{"a first chunk that is a line feed", "/newline", nil, 200, "\n" + injected, own},
		{"another encoding", "/latin1", nil, 200, latin, own},
		{"a page without a head", "/no-body", nil, 200, element + "<title>x</title><p>x", own},
		{"tags in comments and scripts", "/comment", nil, 200, "<!-- <head> <body> --><html><head>" + element + "<script>'<body>'</script></head>", own},
		{"a page of an error", "/nothing-here", nil, 404, withElement("no"), own},
		{"a page that a script fetches", "/plain", append(script, "Accept-Encoding", "identity"), 200, plain, nil},
		{"JSON", "/json", script, 200, `{"a":"<head>"}`, map[string]string{"ETag": `"j"`, "Content-Type": "application/json"}},
		{"JSON in the address bar", "/json", nil, 200, `{"a":"<head>"}`, map[string]string{"ETag": `"j"`}},
		{"XML in the address bar", "/xml", nil, 200, "<html><head></head></html>", nil},
		{"text in the address bar", "/text", nil, 200, "<html><head></head></html>", nil},
		{"a page to be saved", "/attachment", nil, 200, plain, map[string]string{"Content-Disposition": `attachment; filename="a.html"`}},
		{"a policy with a nonce", "/policy", nil, 200, strings.Replace(injected, " async>", ` async nonce="abc">`, 1), map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'nonce-abc'; img-src 'self'; connect-src FRONT/__realtimectl/ WS/__realtimectl/",
		}},
		{"a part of a file", "/data.bin", append(script, "Range", "bytes=2-4"), 206, "234", map[string]string{"Content-Range": "bytes 2-4/10"}},
		{"a redirect to itself", "/own", nil, 302, "*", map[string]string{"Location": "FRONT/next?a=b"}},
		{"a redirect to elsewhere", "/other", nil, 302, "*", map[string]string{"Location": "https://example.test/login"}},
		{"cookies", "/cookies", nil, 200, "", map[string]string{"Set-Cookie": "__Host-a=b; Path=/; Secure; SameSite=None|c=d; HttpOnly"}},
		{
			"what a target learns of the browser", "/headers", append(script, "X-Forwarded-For", "6.6.6.6", "Forwarded", "for=evil", "Connection", "X-Hop", "X-Hop", "1", "X-Own", "kept"),
			200, `HOST|127.0.0.1|HOST|http|for=127.0.0.1;host="HOST";proto=http|-|kept`, nil,
		},
		{"a query with everything", "/target?q=%zz&a;b&x=1&x=%20+", script, 200, "/target?q=%zz&a;b&x=1&x=%20+", nil},
	}
}

func TestBehaviourInFrontOfRealServers(t *testing.T) {
	for name, address := range upstreams(t) {
		t.Run(name, func(t *testing.T) {
			f := front(t, address, nil)
			for _, b := range behaviours() {
				t.Run(b.name, func(t *testing.T) { b.check(t, f) })
			}
			t.Run("validators", func(t *testing.T) { checkValidators(t, f, address) })
			t.Run("HEAD", func(t *testing.T) { checkHead(t, f) })
			t.Run("uploads", func(t *testing.T) { checkUploads(t, f) })
			t.Run("an event stream is sent as it comes", func(t *testing.T) { checkStream(t, f, "/events", "data: 1\n\n", "data: 2\n\n") })
			t.Run("a page is sent as it comes", func(t *testing.T) {
				checkStream(t, f, "/stream", "<!doctype html><head>"+element+"<title>first</title>", "</head><p>second")
			})
			t.Run("a target that hangs up breaks the answer", func(t *testing.T) { checkHangUp(t, f) })
			t.Run("WebSockets", func(t *testing.T) { checkSockets(t, f) })
			if name != "nginx" { // which passes none on
				t.Run("trailers", func(t *testing.T) { checkTrailers(t, f) })
			}
			t.Run("one connection to the target serves many requests", func(t *testing.T) { checkConnections(t, f) })
		})
	}
}

func (b behaviour) check(t *testing.T, f *httptest.Server) {
	t.Helper()
	fill := strings.NewReplacer("FRONT", f.URL, "WS", "ws://"+host(f), "HOST", host(f))
	got := get(t, f.URL+b.path, b.pairs...)
	if got.Status != b.status || b.body != "*" && got.Body != fill.Replace(b.body) {
		t.Errorf("%d\n got %q\nwant %q", got.Status, got.Body, fill.Replace(b.body))
	}
	for name, want := range b.header {
		if have := strings.Join(got.Header.Values(name), "|"); have != fill.Replace(want) {
			t.Errorf("%s is %q, want %q", name, have, fill.Replace(want))
		}
	}
}

// checkValidators asks for a page again: with its own tag it is unchanged, with the one
// that the target has given without us it is not.
func checkValidators(t *testing.T, f *httptest.Server, target string) {
	t.Helper()
	first := get(t, f.URL+"/tagged")
	theirs := get(t, target+"/tagged", "Accept-Encoding", "identity").Header.Get("ETag")
	ours := first.Header.Get("ETag")
	if ours == "" || ours == theirs || first.Body != injected {
		t.Errorf("the tag %q, the target's %q, the page %q", ours, theirs, first.Body)
	}
	if again := get(t, f.URL+"/tagged", "If-None-Match", ours); again.Status != 304 || again.Header.Get("ETag") != ours {
		t.Errorf("with its own tag: %d, %q", again.Status, again.Header.Get("ETag"))
	}
	if again := get(t, f.URL+"/tagged", "If-None-Match", theirs); again.Status != 200 || again.Body != injected {
		t.Errorf("with the tag of the page without our element: %d", again.Status)
	}
	fetched := get(t, f.URL+"/tagged", "If-None-Match", theirs, "Accept", "*/*", "Accept-Encoding", "identity")
	if fetched.Status != 304 {
		t.Errorf("a script that has the target's page: %d", fetched.Status)
	}
}

func checkHead(t *testing.T, f *httptest.Server) {
	t.Helper()
	if got := do(t, http.MethodHead, f.URL+"/plain", nil); got.Status != 200 || got.Body != "" {
		t.Errorf("%d %q", got.Status, got.Body)
	}
}

func checkUploads(t *testing.T, f *httptest.Server) {
	t.Helper()
	const size = 8 << 20
	for name, body := range map[string]io.Reader{
		"chunked": io.LimitReader(zeros{}, size), "with a length": bytes.NewReader(make([]byte, size)),
	} {
		if got := do(t, http.MethodPost, f.URL+"/upload", body, "Accept", "*/*"); got.Body != fmt.Sprint(size) {
			t.Errorf("%s: %d %q", name, got.Status, got.Body)
		}
	}
	if got := do(t, http.MethodPost, f.URL+"/upload", strings.NewReader("abc"), "Accept", "*/*", "Expect", "100-continue"); got.Body != "3" {
		t.Errorf("expected: %d %q", got.Status, got.Body)
	}
}

// checkStream lets the target go on only when the first part has come.
func checkStream(t *testing.T, f *httptest.Server, path, first, second string) {
	t.Helper()
	conn, r := dial(t, f)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, text/event-stream\r\nConnection: close\r\n\r\n", path)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	part := make([]byte, len(first))
	if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != first {
		t.Fatalf("%q, %v", part, err)
	}
	get(t, f.URL+"/go")
	part = make([]byte, len(second))
	if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != second {
		t.Fatalf("%q, %v", part, err)
	}
	if path == "/events" {
		get(t, f.URL+"/go")
	}
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func checkHangUp(t *testing.T, f *httptest.Server) {
	t.Helper()
	conn, r := dial(t, f)
	fmt.Fprint(conn, "GET /hang-up HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
	res, err := http.ReadResponse(r, nil)
	if err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if err == nil && res.StatusCode == http.StatusOK {
		t.Error("the broken answer looks whole")
	}
}

// checkSockets sends through an upgraded connection, and ends one half of it first.
func checkSockets(t *testing.T, f *httptest.Server) {
	t.Helper()
	conn, r, res := upgrade(t, f, "/echo")
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := r.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("at its end: %q, %v", rest, err)
	}
	_, _, refused := upgrade(t, f, "/refused")
	if text, _ := io.ReadAll(refused.Body); refused.StatusCode != http.StatusUnauthorized || string(text) != "no" {
		t.Errorf("a refusal became %d %q", refused.StatusCode, text)
	}
}

func checkTrailers(t *testing.T, f *httptest.Server) {
	t.Helper()
	conn, r := dial(t, f)
	fmt.Fprint(conn, "POST /trailers HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nTrailer: X-Check\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Check: 7\r\n\r\n")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if string(text) != "7" || res.Trailer.Get("X-Sum") != "42" || err != nil {
		t.Errorf("body %q, trailer %v, %v", text, res.Trailer, err)
	}
}

func checkConnections(t *testing.T, f *httptest.Server) {
	t.Helper()
	first := get(t, f.URL+"/connection", "Accept", "*/*").Body
	for range 5 {
		if got := get(t, f.URL+"/connection", "Accept", "*/*").Body; got != first {
			t.Errorf("a second connection: %s after %s", got, first)
		}
	}
}
