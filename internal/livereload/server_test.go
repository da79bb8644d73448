package livereload_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// server serves one livereload server alone; it ends with the test.
type server struct {
	*livereload.Server
	t    testing.TB
	url  string
	stop context.CancelFunc
}

func newServer(t testing.TB, opts livereload.Options) *server {
	t.Helper()
	if opts.Token == "" {
		opts.Token = "secret"
	}
	s := &server{Server: livereload.New(opts), t: t}
	mux := http.NewServeMux()
	mux.Handle(livereload.LivePath, s.Server)
	mux.Handle(livereload.ClientPath, s.Client())
	mux.Handle(livereload.ControlPath, s.ControlHandler())
	srv := httptest.NewUnstartedServer(mux)
	ctx, cancel := context.WithCancel(context.Background())
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	s.url, s.stop = srv.URL, cancel
	t.Cleanup(func() { cancel(); srv.Close() })
	return s
}

// client is a page without a browser.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

// message is any message of the server.
type message map[string]any

func (s *server) dial(header http.Header) (*client, *http.Response, error) {
	conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+livereload.LivePath, header)
	if err != nil {
		return nil, resp, err
	}
	s.t.Cleanup(func() { conn.Close() })
	return &client{t: s.t, conn: conn}, resp, nil
}

// page connects a page that says what it uses, and returns it with the answer.
func (s *server) page(hello message) (*client, message) {
	s.t.Helper()
	c, _, err := s.dial(http.Header{"Origin": {s.url}})
	if err != nil {
		s.t.Fatal(err)
	}
	hello["t"] = "hello"
	c.send(hello)
	return c, c.next()
}

func (c *client) send(m message) {
	c.t.Helper()
	if err := c.conn.WriteJSON(m); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) next() message {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	var m message
	if err := c.conn.ReadJSON(&m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// ended waits until the server has closed the connection.
func (c *client) ended() {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	for {
		_, _, err := c.conn.ReadMessage()
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			c.t.Fatal("the server did not close the connection")
		}
		if err != nil {
			return
		}
	}
}

func uses(paths ...string) message { return message{"doc": "/", "uses": paths} }

func TestNotifyTellsEachPageWhatConcernsIt(t *testing.T) {
	s := newServer(t, livereload.Options{})
	a, hi := s.page(uses("/a.css", "/both.css"))
	if hi["t"] != "hi" || hi["gen"] != 0.0 || hi["boot"] == "" {
		t.Errorf("answer to hello: %v", hi)
	}
	b, _ := s.page(uses("/b.js", "/both.css"))
	if n := s.Notify(livereload.Change{Paths: []string{"/none.css", "/app.css.map"}}); n != 0 {
		t.Errorf("%d pages were told of what none uses", n)
	}
	if n := s.Notify(livereload.Change{Paths: []string{"/both.css", "/a.css", "/b.js", "/both.css"}}); n != 2 {
		t.Errorf("%d pages were told, want 2", n)
	}
	wantA := message{"t": "change", "gen": 2.0, "reload": false, "paths": []any{"/a.css", "/both.css"}, "prints": []any{"", ""}}
	wantB := message{"t": "change", "gen": 2.0, "reload": true, "paths": []any{"/b.js", "/both.css"}, "prints": []any{"", ""}}
	if diff := cmp.Diff([]message{wantA, wantB}, []message{a.next(), b.next()}); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if s.Pages() != 2 {
		t.Errorf("%d pages, want 2", s.Pages())
	}
}

func TestDocumentsConcernThePagesThatMayShowThem(t *testing.T) {
	served := fstest.MapFS{"index.html": {}, "docs/index.html": {}, "about.html": {}}
	tests := []struct {
		doc, changed       string
		known, withoutBody bool // told with a file system that knows, and without one
	}{
		{"/", "/index.html", true, true},
		{"/index.html", "/index.html", true, true},
		{"/jobs/5", "/index.html", true, true},
		{"/jobs/", "/index.html", true, true},
		{"/docs/", "/docs/index.html", true, true},
		{"/docs", "/docs/index.html", true, true},
		{"/docs/", "/index.html", false, true},
		{"/about", "/about.html", true, true},
		{"/about", "/index.html", false, true},
		{"/about.html", "/index.html", false, false},
		{"/", "/about.html", false, false},
	}
	for _, tt := range tests {
		for _, withFiles := range []bool{true, false} {
			opts, want := livereload.Options{}, tt.withoutBody
			if withFiles {
				opts.Served, want = served, tt.known
			}
			s := newServer(t, opts)
			s.page(message{"doc": tt.doc, "uses": []string{tt.doc}})
			if got := s.Notify(livereload.Change{Paths: []string{tt.changed}}) == 1; got != want {
				t.Errorf("page %s, changed %s, files known: %v: told %v, want %v", tt.doc, tt.changed, withFiles, got, want)
			}
		}
	}
}

func TestPageLearnsWhatChangedWhileItLoaded(t *testing.T) {
	s := newServer(t, livereload.Options{})
	s.Notify(livereload.Change{Paths: []string{"/a.css"}})
	hello := uses("/a.css")
	hello["age"] = 60_000 // it began to load before that
	c, _ := s.page(hello)
	if diff := cmp.Diff([]any{"/a.css"}, c.next()["paths"]); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	s.Notify(livereload.Change{Paths: []string{"/late.js"}})
	c.send(message{"t": "uses", "uses": []string{"/late.js"}, "age": 60_000})
	if m := c.next(); m["t"] != "prints" {
		t.Errorf("got %v, want prints", m)
	}
	if m := c.next(); m["reload"] != true {
		t.Errorf("got %v, want a reload", m)
	}

	fresh, _ := s.page(uses("/a.css", "/late.js")) // loaded after both
	s.Notify(livereload.Change{Paths: []string{"/a.css"}})
	if m := fresh.next(); m["gen"] != 3.0 {
		t.Errorf("a page that loaded afterwards was told of what it has: %v", m)
	}
}

func TestPageThatComesBackLearnsWhatItMissedSinceItsGeneration(t *testing.T) {
	s := newServer(t, livereload.Options{})
	_, hi := s.page(uses())
	s.Notify(livereload.Change{Paths: []string{"/a.css"}})
	s.Notify(livereload.Change{Paths: []string{"/b.css"}})
	hello := uses("/a.css", "/b.css")
	hello["boot"], hello["gen"] = hi["boot"], 1
	c, _ := s.page(hello)
	if diff := cmp.Diff([]any{"/b.css"}, c.next()["paths"]); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestTooManyChangesWhileAwayAreAReload(t *testing.T) {
	s := newServer(t, livereload.Options{})
	_, hi := s.page(uses())
	for i := range 3 {
		var paths []string
		for j := range 9000 {
			paths = append(paths, fmt.Sprintf("/%d/%d.js", i, j))
		}
		s.Notify(livereload.Change{Paths: paths})
	}
	hello := uses("/a.css")
	hello["boot"], hello["gen"] = hi["boot"], 0
	c, _ := s.page(hello)
	if m := c.next(); m["reload"] != true {
		t.Errorf("got %v, want a reload", m)
	}
}

func TestFingerprintsTellWhatARestartChanged(t *testing.T) {
	old := newServer(t, livereload.Options{Served: fstest.MapFS{
		"index.html": {Data: []byte("html")}, "a.css": {Data: []byte("a")}, "b.css": {Data: []byte("b")}, "gone.css": {Data: []byte("g")},
	}})
	list := []string{"/", "/a.css", "/b.css", "/gone.css", "/new.css", "/api/jobs"}
	_, hi := old.page(message{"doc": "/", "uses": list})
	s := newServer(t, livereload.Options{Served: fstest.MapFS{
		"index.html": {Data: []byte("html"), ModTime: time.Now()}, "a.css": {Data: []byte("a"), ModTime: time.Now()}, "b.css": {Data: []byte("B")}, "new.css": {},
	}})
	c, hi2 := s.page(message{"doc": "/", "uses": list, "boot": hi["boot"], "gen": 0, "prints": hi["prints"]})
	want := message{"t": "change", "gen": 0.0, "reload": false, "once": hi2["boot"], "paths": []any{"/b.css", "/gone.css", "/new.css"}, "prints": []any{"", "", ""}}
	if diff := cmp.Diff(want, c.next()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestForeignOriginsAreRefused(t *testing.T) {
	s := newServer(t, livereload.Options{})
	host := strings.TrimPrefix(s.url, "http://")
	for _, origin := range []string{"http://evil.example", "null", "file://", "http://127.0.0.1:1", "http://" + host + ".evil.example", "http://%zz"} {
		_, resp, err := s.dial(http.Header{"Origin": {origin}})
		if err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("Origin %q: %v", origin, err)
		}
	}
	for _, header := range []http.Header{{"Authorization": {"Bearer secret"}}, {"Origin": {s.url}}} {
		if _, _, err := s.dial(header); err != nil {
			t.Errorf("header %v: %v", header, err)
		}
	}
	for _, header := range []http.Header{nil, {"Authorization": {"Bearer secre"}}, {"Origin": {""}}} {
		if _, resp, err := s.dial(header); err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("no page and no token, but let in: %v", header)
		}
	}
	own := newServer(t, livereload.Options{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "http://mine" }})
	if _, _, err := own.dial(http.Header{"Origin": {"http://mine"}}); err != nil {
		t.Errorf("the configured check was not asked: %v", err)
	}
	if _, _, err := own.dial(http.Header{"Origin": {own.url}}); err == nil {
		t.Error("the configured check was overruled")
	}
}

func TestRequestThatIsNoWebSocketChangesNothing(t *testing.T) {
	s := newServer(t, livereload.Options{})
	for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
		resp := request(t, method, s.url+livereload.LivePath, "", nil)
		want := http.StatusUpgradeRequired
		if method == "POST" {
			want = http.StatusNotFound // a message of a page that is not there
		}
		if resp.StatusCode != want || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s %v", method, resp.Status, resp.Header)
		}
		safe(t, resp)
	}
	if s.Pages() != 0 {
		t.Errorf("%d pages", s.Pages())
	}
}

// safe checks the headers that all answers carry.
func safe(t *testing.T, resp *http.Response) {
	t.Helper()
	got := []string{resp.Header.Get("Cross-Origin-Resource-Policy"), resp.Header.Get("X-Content-Type-Options")}
	if diff := cmp.Diff([]string{"same-origin", "nosniff"}, got); diff != "" {
		t.Errorf("%s: headers (-want +got):\n%s", resp.Request.URL, diff)
	}
}

func request(t *testing.T, method, to, body string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(strings.NewReader(string(text)))
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return resp
}

func TestMessagesThatOurScriptDoesNotSendEndTheConnection(t *testing.T) {
	s := newServer(t, livereload.Options{})
	for name, text := range map[string]string{
		"no JSON":       "hello",
		"unknown":       `{"t":"read","file":"/etc/passwd"}`,
		"no type":       `{}`,
		"wrong type":    `{"t":"hello","uses":"x"}`,
		"far too large": `{"t":"hello","uses":["` + strings.Repeat("x", 1<<20) + `"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, _, err := s.dial(http.Header{"Origin": {s.url}})
			if err != nil {
				t.Fatal(err)
			}
			c.t = t
			if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err == nil {
				c.ended() // else it ended before all was written
			}
		})
	}
}

func TestPageWithMoreURLsThanAreKeptHearsOfEverything(t *testing.T) {
	s := newServer(t, livereload.Options{})
	var list []string
	for i := range 9000 {
		list = append(list, fmt.Sprintf("/%d.js", i))
	}
	s.page(uses(list...))
	if n := s.Notify(livereload.Change{Paths: []string{"/8999.js"}}); n != 1 {
		t.Errorf("%d pages were told, want 1", n)
	}
}

func TestPageThatDoesNotReadIsDroppedAndTheOthersHear(t *testing.T) {
	s := newServer(t, livereload.Options{})
	s.page(uses("/a.css")) // never reads again
	good, _ := s.page(uses("/b.css"))
	long := "/a.css"
	paths := []string{long}
	for i := range 200 {
		paths = append(paths, fmt.Sprintf("/%0500d.css", i))
	}
	slow, _ := s.page(uses(paths...))
	_ = slow
	for s.Pages() == 3 {
		s.Notify(livereload.Change{Paths: paths})
	}
	if n := s.Notify(livereload.Change{Paths: []string{"/b.css"}}); n != 1 {
		t.Errorf("%d pages were told, want 1", n)
	}
	if m := good.next(); m["t"] != "change" {
		t.Errorf("got %v", m)
	}
}

func TestPagesEndWithTheServersContext(t *testing.T) {
	s := newServer(t, livereload.Options{})
	c, _ := s.page(uses())
	s.stop()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.conn.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("got %v, want a close as going away", err)
	}
}

func TestClientIsCachedOnlyByItsContent(t *testing.T) {
	s := newServer(t, livereload.Options{})
	first := request(t, "GET", s.url+livereload.ClientPath, "", nil)
	safe(t, first)
	if first.StatusCode != 200 || first.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got %s %v", first.Status, first.Header)
	}
	again := request(t, "GET", s.url+livereload.ClientPath, "", http.Header{"If-None-Match": {first.Header.Get("ETag")}})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("the same content again: %s", again.Status)
	}
	if resp := request(t, "POST", s.url+livereload.ClientPath, "", nil); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", resp.Status)
	}
}

func TestControlRequests(t *testing.T) {
	s := newServer(t, livereload.Options{})
	c, _ := s.page(uses("/a.css"))
	token := http.Header{"Authorization": {"Bearer secret"}}
	tests := []struct {
		name, method, body string
		header             http.Header
		status             int
		answer             string
	}{
		{"no token", "POST", "", nil, 401, ""},
		{"wrong token", "POST", "", http.Header{"Authorization": {"Bearer secre"}}, 401, ""},
		{"a page elsewhere that knows the token", "POST", "", http.Header{"Authorization": {"Bearer secret"}, "Origin": {"http://evil.example"}}, 403, ""},
		{"another scheme", "POST", "", http.Header{"Authorization": {"Basic secret"}}, 401, ""},
		{"GET", "GET", "", token, 405, ""},
		{"no JSON", "POST", "x", token, 400, ""},
		{"unknown member", "POST", `{"run":"x"}`, token, 400, ""},
		{"two values", "POST", `{} {}`, token, 400, ""},
		{"a file path", "POST", `{"paths":["a.css"]}`, token, 400, ""},
		{"too many", "POST", `{"paths":["/a"` + strings.Repeat(`,"/a"`, 1000) + `]}`, token, 400, ""},
		{"too large", "POST", `{"paths":["/` + strings.Repeat("a", 300<<10) + `"]}`, token, 400, ""},
		{"one path", "POST", `{"paths":["/a.css"]}`, token, 200, `{"pages":1}`},
		{"a path nobody uses", "POST", `{"paths":["/b.css"]}`, token, 200, `{"pages":0}`},
		{"all", "POST", "", token, 200, `{"pages":1}`},
		{"all, said with an object", "POST", "{}", token, 200, `{"pages":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := request(t, tt.method, s.url+livereload.ControlPath, tt.body, tt.header)
			safe(t, resp)
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || tt.answer != "" && string(text) != tt.answer {
				t.Errorf("got %s %s, want %d %s", resp.Status, text, tt.status, tt.answer)
			}
		})
	}
	got := []any{c.next()["reload"], c.next()["reload"], c.next()["reload"]}
	if diff := cmp.Diff([]any{false, true, true}, got); diff != "" {
		t.Errorf("the page was told to reload (-want +got):\n%s", diff)
	}
}

func TestControlKeepsTheMistakesThatAreShown(t *testing.T) {
	s := newServer(t, livereload.Options{})
	c, _ := s.page(uses("/a.css"))
	s.Notify(livereload.Change{Diagnostics: mistakes})
	c.next()
	request(t, "POST", s.url+livereload.ControlPath, "", http.Header{"Authorization": {"Bearer secret"}})
	if m := c.next(); m["t"] != "errors" || len(m["errors"].([]any)) != len(mistakes) {
		t.Errorf("got %v, want the mistakes", m)
	}
}

func TestEmptyTokenOpensNothing(t *testing.T) {
	s := livereload.New(livereload.Options{})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", livereload.ControlPath, nil)
	r.Header.Set("Authorization", "Bearer ")
	s.ControlHandler().ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("got %d", w.Code)
	}
}

func TestGhostMessagesAreRelayedOnlyWhileItIsOn(t *testing.T) {
	s := newServer(t, livereload.Options{})
	a, hi := s.page(uses())
	b, _ := s.page(uses())
	if hi["ghost"] != false {
		t.Error("ghost mode is on from the start")
	}
	deed := func(n int) message { return message{"t": "do", "do": map[string]any{"n": n}} }
	a.send(deed(1))
	a.send(message{"t": "uses"}) // its answer says that the first was taken
	a.next()
	s.SetGhost(true)
	s.SetGhost(true)
	a.send(deed(2))
	want := []message{{"t": "ghost", "ghost": true}, {"t": "do", "do": map[string]any{"n": 2.0}}}
	if diff := cmp.Diff(want, []message{b.next(), b.next()}); diff != "" {
		t.Errorf("the other page got (-want +got):\n%s", diff)
	}
}

// BenchmarkNotify1000Pages is a change that concerns each of a thousand pages.
func BenchmarkNotify1000Pages(b *testing.B) {
	s := newServer(b, livereload.Options{})
	const pages = 1000
	got := make(chan struct{}, pages*4)
	var paths []string
	for i := range 100 {
		paths = append(paths, fmt.Sprintf("/app/%d.js", i))
	}
	for range pages {
		c, _ := s.page(uses(append(paths, "/app/jobs.css")...))
		if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
			b.Fatal(err)
		}
		go func() {
			for {
				if _, _, err := c.conn.ReadMessage(); err != nil {
					return
				}
				got <- struct{}{}
			}
		}()
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := s.Notify(livereload.Change{Paths: []string{"/app/jobs.css"}}); n != pages {
			b.Fatalf("%d pages were told", n)
		}
		for range pages {
			<-got
		}
	}
}

// BenchmarkNotifyNobody is a change that concerns none of a thousand pages.
func BenchmarkNotifyNobody(b *testing.B) {
	s := newServer(b, livereload.Options{})
	for range 1000 {
		s.page(uses("/app/jobs.css"))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Notify(livereload.Change{Paths: []string{"/app/other.css"}})
	}
}
