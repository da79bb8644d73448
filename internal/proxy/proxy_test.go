package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// upstream is an application as they are: it answers what the table below asks of it.
func upstream(t testing.TB) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	srv := listen(t, mux)
	mux.HandleFunc("/echo/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s\n", r.Method, r.RequestURI, r.Host)
		_ = r.Header.Write(w)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for name, values := range r.URL.Query() {
			if name != "body" {
				w.Header()[name] = values
			}
		}
		body := r.URL.Query().Get("body")
		if body == "" {
			body = plain
		}
		if coding := w.Header().Get("Content-Encoding"); coding != "" {
			body = string(compress(t, coding, body))
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "TARGET", srv.Listener.Addr().String()))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		to := strings.ReplaceAll(r.URL.Query().Get("to"), "TARGET", srv.Listener.Addr().String())
		for _, name := range []string{"Location", "Content-Location"} {
			w.Header().Set(name, to)
		}
		w.Header().Set("Refresh", "3; url="+to)
		w.WriteHeader(status)
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		for _, cookie := range r.URL.Query()["c"] {
			w.Header().Add("Set-Cookie", cookie)
		}
	})
	mux.HandleFunc("/hop", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("X-End", "1")
		w.Header().Set("Keep-Alive", "timeout=5")
	})
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d bytes, %v, length %d", n, err, r.ContentLength)
	})
	mux.HandleFunc("/range", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.bin", time.Time{}, strings.NewReader("0123456789"))
	})
	mux.HandleFunc("/untyped", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		_, _ = io.WriteString(w, "<html>data")
	})
	return srv
}

func host(srv *httptest.Server) string { return srv.Listener.Addr().String() }

func TestRequestsArriveAsTheyWereSent(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, nil)
	for _, target := range []string{
		"/echo/", "/echo/a%2Fb", "/echo/a%20b/%C3%A9?q=%zz&a;b&x=1&x=2", "/echo/?", "/echo/%7Euser/;p=1", "/echo/a?redirect=//evil.test/&y",
	} {
		got := get(t, f.URL+target, "Accept", "*/*")
		if line, _, _ := strings.Cut(got.Body, "\n"); line != "GET "+target+" "+host(f) {
			t.Errorf("the target got %q, want %q", line, target)
		}
	}
}

func TestForwardingHeaders(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, nil)
	got := get(t, f.URL+"/echo/", "Accept", "*/*", "Host", "app.localhost:3000", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "evil.test",
		"X-Forwarded-Proto", "gopher", "Forwarded", "for=evil", "Connection", "X-Secret-Hop", "X-Secret-Hop", "1", "Proxy-Connection", "keep-alive",
		"Te", "trailers", "Keep-Alive", "5", "X-Own", "kept", "User-Agent", "")
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(got.Body, "\r\n", "\n")), "\n")
	want := []string{
		"GET /echo/ app.localhost:3000", "Accept: */*", "Accept-Encoding: gzip, deflate, br, zstd",
		`Forwarded: for=127.0.0.1;host="app.localhost:3000";proto=http`, "Te: trailers", "User-Agent: Go-http-client/1.1", "X-Forwarded-For: 127.0.0.1",
		"X-Forwarded-Host: app.localhost:3000", "X-Forwarded-Port: 3000", "X-Forwarded-Proto: http", "X-Own: kept",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	back := get(t, f.URL+"/hop", "Accept", "*/*").Header
	if back.Get("X-Hop") != "" || back.Get("Keep-Alive") != "" || back.Get("X-End") != "1" {
		t.Errorf("hop-by-hop headers came through: %v", back)
	}
}

func TestATargetThatChoosesBySiteGetsItsOwnName(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, func(o *Options) { o.Host = HostTarget })
	got := get(t, f.URL+"/echo/", "Accept", "*/*", "Origin", f.URL, "Referer", f.URL+"/a?b")
	for _, want := range []string{"GET /echo/ " + host(up) + "\n", "Origin: " + up.URL + "\r\n", "Referer: " + up.URL + "/a?b\r\n", "X-Forwarded-Host: " + host(f)} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("the request lacks %q:\n%s", want, got.Body)
		}
	}
	foreign := get(t, f.URL+"/echo/", "Accept", "*/*", "Origin", "http://evil.test", "Referer", f.URL+"0/")
	for _, want := range []string{"Origin: http://evil.test\r\n", "Referer: " + f.URL + "0/\r\n"} {
		if !strings.Contains(foreign.Body, want) {
			t.Errorf("the request lacks %q:\n%s", want, foreign.Body)
		}
	}
}

func TestRedirectsLeadBackToTheProxy(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, nil)
	for _, tt := range []struct {
		to, want string
	}{
		{"http://TARGET/next?a=b#c", f.URL + "/next?a=b#c"},
		{"HTTP://TARGET", f.URL},
		{"http://TARGET?q", f.URL + "?q"},
		{"//TARGET/next", f.URL + "/next"},
		{"/next", "/next"},
		{"next?u=http://TARGET/", "next?u=http://" + host(up) + "/"},
		{"?page=2", "?page=2"},
		{"http://TARGET0/next", "http://" + host(up) + "0/next"},
		{"http://x.TARGET/", "http://x." + host(up) + "/"},
		{"http://TARGET@evil.test/", "http://" + host(up) + "@evil.test/"},
		{"https://TARGET/next", "https://" + host(up) + "/next"},
		{"https://example.test/login?back=http://TARGET/", "https://example.test/login?back=http://" + host(up) + "/"},
		{"mailto:a@b.test", "mailto:a@b.test"},
	} {
		for _, status := range []int{201, 301, 302, 303, 307, 308} {
			got := get(t, fmt.Sprintf("%s/redirect?status=%d&to=%s", f.URL, status, url.QueryEscape(tt.to)))
			want := []string{fmt.Sprint(status), tt.want, tt.want, "3; url=" + tt.want}
			have := []string{fmt.Sprint(got.Status), got.Header.Get("Location"), got.Header.Get("Content-Location"), got.Header.Get("Refresh")}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("%d to %s (-want +got):\n%s", status, tt.to, diff)
			}
		}
	}
}

func TestAStrippedPrefixReturnsInWhatComesBack(t *testing.T) {
	var seen string
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.RequestURI
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.Header().Set("Set-Cookie", "a=b; Path=/v1/x")
		w.WriteHeader(302)
	}))
	f := front(t, up.URL+"/v1/?key=1", func(o *Options) { o.StripPrefix = "/api/" })
	for _, tt := range []struct{ path, to, sent, location string }{
		{"/api/jobs?to=/v1/next", "", "/v1/jobs?key=1&to=/v1/next", "/api/next"},
		{"/api?to=/v1", "", "/v1/?key=1&to=/v1", "/api/"},
		{"/api/a%2Fb?to=/elsewhere", "", "/v1/a%2Fb?key=1&to=/elsewhere", "/elsewhere"},
		{"/apix?to=next", "", "/v1/apix?key=1&to=next", "next"},
		{"/api/?to=" + up.URL + "/v1/login?a=/v1/", "", "/v1/?key=1&to=" + up.URL + "/v1/login?a=/v1/", f.URL + "/api/login?a=/v1/"},
	} {
		got := get(t, f.URL+tt.path)
		if seen != tt.sent || got.Header.Get("Location") != tt.location {
			t.Errorf("%s: sent %q (want %q), Location %q (want %q)", tt.path, seen, tt.sent, got.Header.Get("Location"), tt.location)
		}
		if cookie := got.Header.Get("Set-Cookie"); cookie != "a=b; Path=/api/x" {
			t.Errorf("cookie %q", cookie)
		}
	}
}

func TestLinksToTheTargetLeadToTheProxy(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, nil)
	const body = `<head></head><a href="http://TARGET/a">http://TARGET/text</a><img srcset='//TARGET/1.png 1x, http://TARGET/2.png 2x' onerror="go('http://TARGET/x')">` +
		`<a href=http://TARGET>b</a><a href="http://TARGET0/c"><a href="https://TARGET/d"><a href="x?u=http://TARGET/"><script>"<a href='http://TARGET/e'>"</script><!-- <a href="http://TARGET/f"> -->`
	want := strings.ReplaceAll(`<head>`+element+`</head><a href="PROXY/a">http://TARGET/text</a><img srcset='//HOST/1.png 1x, PROXY/2.png 2x' onerror="go('http://TARGET/x')">`+
		`<a href=PROXY>b</a><a href="http://TARGET0/c"><a href="https://TARGET/d"><a href="x?u=PROXY/"><script>"<a href='http://TARGET/e'>"</script><!-- <a href="http://TARGET/f"> -->`, "PROXY", f.URL)
	want = strings.NewReplacer("TARGET", host(up), "HOST", host(f)).Replace(want)
	// The upstream replaces TARGET after it compresses, so the compressed page names it here.
	sent := strings.ReplaceAll(body, "TARGET", host(up))
	for _, coding := range []string{"", "gzip", "br"} {
		query := url.Values{"body": {sent}}
		if coding != "" {
			query.Set("Content-Encoding", coding)
		}
		if got := get(t, f.URL+"/page?"+query.Encode()).Body; got != want {
			t.Errorf("coding %q:\n%s", coding, cmp.Diff(want, got))
		}
	}
	partial := get(t, f.URL+"/page?Content-Encoding=gzip&body="+url.QueryEscape(sent), "Accept", "*/*")
	if partial.Header.Get("Content-Encoding") != "gzip" || partial.Body != string(compress(t, "gzip", sent)) {
		t.Error("a compressed partial was changed")
	}
}

func TestBodiesPass(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, nil)
	const size = 64 << 20
	if got := do(t, http.MethodPost, f.URL+"/count", io.LimitReader(zeros{}, size)).Body; got != fmt.Sprintf("%d bytes, <nil>, length -1", size) {
		t.Errorf("a chunked upload: %s", got)
	}
	if got := do(t, http.MethodPut, f.URL+"/count", strings.NewReader(strings.Repeat("x", 300_000))).Body; got != "300000 bytes, <nil>, length 300000" {
		t.Errorf("an upload with a length: %s", got)
	}
	if got := do(t, http.MethodDelete, f.URL+"/count", nil).Body; got != "0 bytes, <nil>, length 0" {
		t.Errorf("no body: %s", got)
	}
	if got := get(t, f.URL+"/range", "Range", "bytes=2-4", "Accept", "*/*"); got.Status != 206 || got.Body != "234" {
		t.Errorf("a range: %d %q", got.Status, got.Body)
	}
	if got := get(t, f.URL+"/untyped", "Accept", "*/*"); got.Header.Get("Content-Type") != "" || got.Body != "<html>data" {
		t.Errorf("an answer without a type got %q", got.Header.Get("Content-Type"))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestTheTargetDecidesAboutAnExpectedUpload(t *testing.T) {
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}))
	f := front(t, up.URL, nil)
	for path, want := range map[string]string{"/yes": "100, 200 3", "/no": "417 "} {
		conn, r := dial(t, f)
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", path)
		res, err := http.ReadResponse(r, nil)
		got := ""
		if err == nil && res.StatusCode == http.StatusContinue {
			got = "100, "
			fmt.Fprint(conn, "abc")
			res, err = http.ReadResponse(r, nil)
			if err == nil && res.StatusCode == http.StatusContinue {
				// The target's own word may follow the server's; RFC 9110 section 15.2 allows several.
				res, err = http.ReadResponse(r, nil)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if got += fmt.Sprint(res.StatusCode, " ", string(text)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestAnAnswerMayBeginBeforeTheUploadEnds(t *testing.T) {
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		buf := make([]byte, 4)
		for {
			n, err := r.Body.Read(buf)
			_, _ = w.Write(buf[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	}))
	f := front(t, up.URL, nil)
	conn, r := dial(t, f)
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"ping", "pong"} {
		got := make([]byte, 4)
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != word {
			t.Fatalf("%q, %v", got, err)
		}
		if word == "ping" {
			fmt.Fprint(conn, "4\r\npong\r\n")
		}
	}
	fmt.Fprint(conn, "0\r\n\r\n")
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("the end: %q, %v", rest, err)
	}
}

func TestEventStreamsAreFlushedAsTheyCome(t *testing.T) {
	next := make(chan struct{})
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	}))
	read := stream(t, front(t, up.URL, nil).URL)
	for i := range 3 {
		read(fmt.Sprintf("data: %d\n\n", i))
		next <- struct{}{}
	}
}

func TestConnectionsToTheTargetAreKept(t *testing.T) {
	opened := make(chan net.Conn, 100)
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	up.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened <- c
		}
	}
	up.Start()
	t.Cleanup(up.Close)
	f := front(t, up.URL, nil)
	for range 20 {
		get(t, f.URL)
	}
	if n := len(opened); n != 1 {
		t.Errorf("20 requests opened %d connections", n)
	}
}

func TestAResetInTheMiddleBreaksTheAnswer(t *testing.T) {
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<head>"+strings.Repeat("x", 1000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	conn, r := dial(t, front(t, up.URL, nil))
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
	res, err := http.ReadResponse(r, nil)
	if err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("the broken answer looks whole")
	}
}

func TestTargetsThatAreNone(t *testing.T) {
	for _, u := range []*url.URL{nil, {}, {Scheme: "ftp", Host: "x"}, {Scheme: "http"}} {
		if _, err := New(Options{Target: u}); err == nil {
			t.Errorf("%v was accepted", u)
		}
	}
}

func FuzzMapURL(f *testing.F) {
	for _, seed := range []string{"http://up.test:81/a", "//up.test:81", "/v1/x", "http://up.test:8100/", "http://a@up.test:81/", "\x00", "http://up.test:81\\@evil"} {
		f.Add(seed)
	}
	p := &Proxy{target: &url.URL{Scheme: "http", Host: "up.test:81", Path: "/v1"}, strip: "/api"}
	f.Fuzz(func(t *testing.T, text string) {
		got := p.mapURL(text, "http://localhost:3000")
		if got == text {
			return
		}
		before, err := url.Parse(text)
		if err != nil {
			t.Fatalf("%q is no URL, but became %q", text, got)
		}
		after, err := url.Parse(got)
		if err != nil {
			t.Fatalf("%q became %q, which is no URL", text, got)
		}
		if before.Host != "" && !strings.EqualFold(before.Host, "up.test:81") || after.Host != "" && after.Host != "localhost:3000" {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func BenchmarkProxy(b *testing.B) {
	html := "<!doctype html><html><head><title>x</title></head><body>" + strings.Repeat("<p class=a>some text</p>\n", 400)
	up := listen(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/json" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"jobs":[1,2,3]}`)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, html)
	}))
	target, err := url.Parse(up.URL)
	if err != nil {
		b.Fatal(err)
	}
	ours, err := New(Options{Target: target})
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	for name, h := range map[string]http.Handler{"ours": Inject(ours, InjectOptions{ScriptURL: script}), "bare": bare(target)} {
		srv := listen(b, h)
		for _, path := range []string{"/json", "/html"} {
			b.Run(name+path, func(b *testing.B) { benchmarkGet(b, srv, path) })
		}
	}
}

func benchmarkGet(b *testing.B, srv *httptest.Server, path string) {
	client := srv.Client()
	req, err := http.NewRequest(http.MethodGet, srv.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", browser)
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

// bare is the standard library's proxy with nothing around it.
func bare(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: newTransport("127.0.0.1"),
	}
}
