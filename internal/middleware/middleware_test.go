package middleware

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// must is for constructors whose arguments the test knows to be right.
func must(t testing.TB) func(Middleware, error) Middleware {
	return func(m Middleware, err error) Middleware {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// ask sends a request through m to next and returns what came out.
func ask(m Middleware, next http.HandlerFunc, method, target string, pairs ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	rec := httptest.NewRecorder()
	m(next).ServeHTTP(rec, r)
	return rec
}

func echoPath(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RequestURI()) }

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{"/", "/a/b"}, nil},
		{"/**", []string{"/", "/a/b"}, nil},
		{"/api/**", []string{"/api", "/api/", "/api/a/b"}, []string{"/apix", "/", "/a/api"}},
		{"/api/*", []string{"/api/a"}, []string{"/api", "/api/", "/api/a/b"}},
		{"/a.b/*/c", []string{"/a.b/x/c"}, []string{"/aXb/x/c", "/a.b//c"}},
	} {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range tt.yes {
			if !p.Match(path) {
				t.Errorf("%q does not match %q", tt.pattern, path)
			}
		}
		for _, path := range tt.no {
			if p.Match(path) {
				t.Errorf("%q matches %q", tt.pattern, path)
			}
		}
	}
	for _, bad := range []string{"api", "/a*", "/**x/b"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestPathsAreRewritten(t *testing.T) {
	m := must(t)(RewritePaths([]PathRule{
		{"/old/*/x/**", "/new/$2/by/$1"}, {"/api/**", "/$1"}, {"/exact", "/other"}, {"/bob/*", "/$1son"},
	}))
	want := map[string]string{
		"/old/a/x/b/c?q=1": "/new/b/c/by/a?q=1", "/api/jobs": "/jobs", "/api": "/", "/exact": "/other", "/exactly": "/exactly", "/bob/jack": "/jackson", "/api/a%2Fb": "/a/b",
	}
	got := map[string]string{}
	for target := range want {
		got[target] = ask(m, echoPath, http.MethodGet, target).Body.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for _, rule := range []PathRule{{"", "/x"}, {"/x", "y"}, {"/a*", "/x"}, {"/x", "//"[:0]}} {
		if _, err := RewritePaths([]PathRule{rule}); err == nil {
			t.Errorf("%v was accepted", rule)
		}
	}
}

func TestHeaderRules(t *testing.T) {
	m := must(t)(Headers([]HeaderRule{
		{Path: "/a/**", Set: map[string]string{"X-One": "1", "Cache-Control": "no-store"}, Remove: []string{"Server"}},
		{Path: "/a/b", Set: map[string]string{"X-One": "2"}},
	}))
	for name, next := range map[string]http.HandlerFunc{
		"written": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "x")
			w.Header().Set("Cache-Control", "max-age=5")
			_, _ = io.WriteString(w, "x")
		},
		"by status": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) },
		"flushed":   func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() },
		"nothing":   func(w http.ResponseWriter, r *http.Request) {},
	} {
		got := ask(m, next, http.MethodGet, "/a/b").Result().Header
		got.Del("Content-Type")
		if diff := cmp.Diff(http.Header{"X-One": {"2"}, "Cache-Control": {"no-store"}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := ask(m, echoPath, http.MethodGet, "/b").Header().Get("X-One"); got != "" {
		t.Errorf("a rule for another path applied: %q", got)
	}
}

func TestTextIsReplacedWhileItStreams(t *testing.T) {
	m := must(t)(ReplaceText([]TextRule{
		{Path: "/**", Find: "http://api.test", With: "/api"},
		{Path: "/**", Find: "/api/v1", With: "/v1"},
		{Path: "/**", Find: "aab", With: "<>"},
	}))
	const text = "x http://api.test/v1 http://api.tes aaab http://api.testhttp://api.test"
	const want = "x /v1 http://api.tes a<> /api/api"
	for _, size := range []int{1, 2, 5, 100} {
		got := ask(m, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/css; charset=utf-8")
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			w.Header().Set("ETag", `"x"`)
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				_, _ = io.WriteString(w, rest[:min(size, len(rest))])
				w.(http.Flusher).Flush()
			}
		}, http.MethodGet, "/")
		if got.Body.String() != want || got.Header().Get("Content-Length") != "" || got.Header().Get("ETag") != "" {
			t.Errorf("in pieces of %d: %q %v", size, got.Body, got.Header())
		}
	}
}

func TestWhatIsNoTextPasses(t *testing.T) {
	m := must(t)(ReplaceText([]TextRule{{Path: "/a", Find: "x", With: "y"}, {Path: "/a", Find: "q", With: "z", Types: []string{"image/svg+xml"}}}))
	for _, tt := range []struct{ target, kind, coding, want string }{
		{"/a", "text/html", "", "yq"},
		{"/a", "", "", "yq"},
		{"/a", "image/png", "", "xq"},
		{"/a", "image/svg+xml", "", "xz"},
		{"/a", "text/html", "gzip", "xq"},
		{"/b", "text/html", "", "xq"},
	} {
		var coding string
		got := ask(m, func(w http.ResponseWriter, r *http.Request) {
			coding = r.Header.Get("Accept-Encoding")
			if tt.kind != "" {
				w.Header().Set("Content-Type", tt.kind)
			}
			w.Header().Set("Content-Encoding", tt.coding)
			_, _ = io.WriteString(w, "xq")
		}, http.MethodGet, tt.target, "Accept-Encoding", "br", "If-None-Match", `"x"`).Body.String()
		if got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
		if want := map[string]string{"/a": "identity", "/b": "br"}[tt.target]; coding != want {
			t.Errorf("%+v: next was asked for %q", tt, coding)
		}
	}
	if _, err := ReplaceText([]TextRule{{Path: "/"}}); err == nil {
		t.Error("a rule that finds nothing was accepted")
	}
}

func TestCORS(t *testing.T) {
	m := must(t)(CORS(CORSOptions{Path: "/api/**", Origins: []string{"https://abacate.com"}, Credentials: true, MaxAge: time.Minute, Expose: []string{"X-Total"}}))
	next := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		w.Header().Set("Access-Control-Allow-Origin", "http://upstream.test")
		w.WriteHeader(201)
	}
	for _, tt := range []struct {
		name, method, target string
		request              []string
		status               int
		want                 http.Header
	}{
		{"an allowed origin", "GET", "/api/x", []string{"Origin", "https://abacate.com"}, 201, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {"https://abacate.com"}, "Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Expose-Headers": {"X-Total"}, "Cross-Origin-Resource-Policy": {"cross-origin"},
		}},
		{"another origin", "GET", "/api/x", []string{"Origin", "https://abacate.com.evil.test"}, 201, http.Header{
			"Vary": {"Origin"}, "Cross-Origin-Resource-Policy": {"same-origin"}, "Access-Control-Allow-Origin": {"http://upstream.test"},
		}},
		{"null", "GET", "/api/x", []string{"Origin", "null"}, 201, http.Header{
			"Vary": {"Origin"}, "Cross-Origin-Resource-Policy": {"same-origin"}, "Access-Control-Allow-Origin": {"http://upstream.test"},
		}},
		{"a path that is not opened", "GET", "/apix", []string{"Origin", "https://abacate.com"}, 201, http.Header{
			"Cross-Origin-Resource-Policy": {"same-origin"}, "Access-Control-Allow-Origin": {"http://upstream.test"},
		}},
		{"a preflight", "OPTIONS", "/api/x", []string{"Origin", "https://abacate.com", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-a"}, 204, http.Header{
			"Vary": {"Origin", "Access-Control-Request-Method, Access-Control-Request-Headers"}, "Access-Control-Allow-Origin": {"https://abacate.com"},
			"Access-Control-Allow-Credentials": {"true"}, "Access-Control-Expose-Headers": {"X-Total"}, "Cross-Origin-Resource-Policy": {"cross-origin"},
			"Access-Control-Allow-Methods": {"PUT"}, "Access-Control-Allow-Headers": {"x-a"}, "Access-Control-Max-Age": {"60"},
		}},
		{"a preflight of another origin", "OPTIONS", "/api/x", []string{"Origin", "http://evil.test", "Access-Control-Request-Method", "PUT"}, 204, http.Header{
			"Vary": {"Origin", "Access-Control-Request-Method, Access-Control-Request-Headers"},
		}},
		{"OPTIONS that is no preflight", "OPTIONS", "/api/x", nil, 201, http.Header{
			"Vary": {"Origin"}, "Cross-Origin-Resource-Policy": {"same-origin"}, "Access-Control-Allow-Origin": {"http://upstream.test"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(m, next, tt.method, tt.target, tt.request...)
			if got.Code != tt.status {
				t.Errorf("status %d", got.Code)
			}
			if diff := cmp.Diff(tt.want, got.Header()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
	for _, o := range []CORSOptions{{}, {Origins: []string{"*"}, Credentials: true}, {Path: "x", Origins: []string{"*"}}} {
		if _, err := CORS(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	all := must(t)(CORS(CORSOptions{Origins: []string{"*"}}))
	if got := ask(all, next, "GET", "/", "Origin", "http://any.test").Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("all origins: %q", got)
	}
}

func TestBasicAuth(t *testing.T) {
	m := must(t)(BasicAuth(map[string]string{"ana": "s3cret:x", "rui": "pass"}, "jobs"))
	var behind string
	next := func(w http.ResponseWriter, r *http.Request) { behind = r.Header.Get("Authorization") }
	for credentials, want := range map[string]int{
		"ana s3cret:x": 200, "rui pass": 200, "ana pass": 401, "rui s3cret:x": 401, "ana ": 401, " ": 401, "": 401,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if name, password, ok := strings.Cut(credentials, " "); ok {
			r.SetBasicAuth(name, password)
		}
		rec := httptest.NewRecorder()
		m(http.HandlerFunc(next)).ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%q: %d, want %d", credentials, rec.Code, want)
		}
		if want == 401 && rec.Header().Get("WWW-Authenticate") != `Basic realm="jobs", charset="UTF-8"` {
			t.Errorf("%q: %v", credentials, rec.Header())
		}
	}
	if behind != "" {
		t.Error("the password was passed on")
	}
	for _, users := range []map[string]string{nil, {"": "x"}, {"x": ""}, {"a:b": "x"}} {
		if _, err := BasicAuth(users, ""); err == nil {
			t.Errorf("%v was accepted", users)
		}
	}
}

func TestTheRequestLogNamesNoQuery(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "duration" {
			return slog.Attr{}
		}
		if a.Key == "msg" {
			a.Value = slog.StringValue(a.Value.String()[:strings.LastIndex(a.Value.String(), " ")])
		}
		return a
	}}))
	synctest.Test(t, func(t *testing.T) {
		ask(RequestLog(log), func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			_, _ = io.Copy(w, strings.NewReader(strings.Repeat("x", 1500)))
		}, "GET", "/a%0ab?token=secret")
		ask(RequestLog(log), func(http.ResponseWriter, *http.Request) {}, "POST", "/")
	})
	want := `level=INFO msg="GET /a%0ab 404 1.5 kB" event=request.served method=GET path="/a\nb" host=example.com status=404 bytes=1500
level=INFO msg="POST / 200 0 B" event=request.served method=POST path=/ host=example.com status=200 bytes=0
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestASlowNetworkTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Slow(Network{Latency: 400 * time.Millisecond, Down: 14600, Up: 1460})
		start := time.Now()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("u", 4*1460)))
		rec := httptest.NewRecorder()
		m(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if n != 4*1460 || err != nil {
				t.Errorf("upload of %d bytes: %v", n, err)
			}
			_, _ = w.Write([]byte(strings.Repeat("d", 11*1460)))
		})).ServeHTTP(rec, r)
		// The first packet of each direction passes at once: 0.4 s + 3 × 1 s + 10 × 0.1 s.
		if took := time.Since(start).Round(time.Millisecond); took != 4400*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if rec.Body.Len() != 11*1460 {
			t.Errorf("%d bytes arrived", rec.Body.Len())
		}
	})
}

func TestNetworksByName(t *testing.T) {
	for _, name := range NetworkNames() {
		if n, err := ParseNetwork(strings.ToUpper(name)); err != nil || n.Latency == 0 || n.Down == 0 || n.Up == 0 {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	if _, err := ParseNetwork("5g"); err == nil || !strings.Contains(err.Error(), "slow-3g, 3g") {
		t.Errorf("error %v", err)
	}
}

func TestUpgradesPassThroughAllOfThem(t *testing.T) {
	all := []Middleware{
		must(t)(RewritePaths([]PathRule{{"/ws", "/socket"}})), must(t)(Headers([]HeaderRule{{Set: map[string]string{"X": "1"}}})),
		must(t)(ReplaceText([]TextRule{{Find: "a", With: "b"}})), must(t)(CORS(CORSOptions{Origins: []string{"http://a.test"}})),
		RequestLog(slog.New(slog.DiscardHandler)), Slow(Network{Down: 1 << 30, Up: 1 << 30}),
	}
	srv := httptest.NewServer(Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, r.URL.Path)
	}), all...))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if text, _ := io.ReadAll(conn); string(text) != "/socket" {
		t.Errorf("got %q", text)
	}
}

func TestChainOrder(t *testing.T) {
	add := func(letter string) Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, letter)
				next.ServeHTTP(w, r)
			})
		}
	}
	rec := httptest.NewRecorder()
	Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "!") }), add("a"), add("b")).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Body.String() != "ab!" {
		t.Errorf("order %q", rec.Body)
	}
}

func FuzzReplaceInPiecesIsReplaceAtOnce(f *testing.F) {
	f.Add("aaabaab", "aab", "x", 2)
	f.Fuzz(func(t *testing.T, text, find, with string, size int) {
		if find == "" {
			t.Skip()
		}
		var out strings.Builder
		r := &replacer{out: &out, find: []byte(find), with: []byte(with)}
		step := max(1, size&7)
		for rest := text; rest != ""; rest = rest[min(step, len(rest)):] {
			_, _ = r.Write([]byte(rest[:min(step, len(rest))]))
		}
		_ = r.end()
		if want := strings.ReplaceAll(text, find, with); out.String() != want {
			t.Errorf("%q: got %q, want %q", text, out.String(), want)
		}
	})
}
