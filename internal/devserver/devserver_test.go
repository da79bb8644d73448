package devserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheFirstLayerThatHasTheFileWins(t *testing.T) {
	dir := tree(t, map[string]string{
		".tmp/index.html":                     "tmp index",
		".tmp/app/index.css":                  "tmp css",
		".tmp/docs/generated.txt":             "generated",
		"src/index.html":                      "src index",
		"src/app/index.css":                   "src css",
		"src/app/app.js":                      "src js",
		"src/docs/index.html":                 "src docs",
		"src/bower_components/x/own.js":       "src own",
		"bower_components/angular/angular.js": "angular",
		"node_modules/@scope/lib/lib.js":      "scoped",
	})
	srv := listen(t, project(t, dir))
	want := map[string]string{
		"/":                                    "200 tmp index",
		"/index.html":                          "200 tmp index",
		"/app/index.css":                       "200 tmp css",
		"/app//index.css":                      "200 tmp css",
		"/app/./app.js":                        "200 src js",
		"/app/app.js":                          "200 src js",
		"/app/app.js?v=1":                      "200 src js",
		"/app/app.js/":                         "404 not found\n",
		"/docs/":                               "200 src docs",
		"/docs/generated.txt":                  "200 generated",
		"/bower_components/x/own.js":           "200 src own",
		"/bower_components/angular/angular.js": "200 angular",
		"/bower_componentsX/angular.js":        "404 not found\n",
		"/node_modules/@scope/lib/lib.js":      "200 scoped",
		"/app/missing.js":                      "404 not found\n",
		"/app":                                 "404 not found\n",
		"/app/":                                "404 not found\n",
	}
	got := map[string]string{}
	for target := range want {
		a := ask(t, srv, target)
		got[target] = fmt.Sprint(a.Status, " ", a.Body)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestTheFallbackAnswersNavigationsOnly(t *testing.T) {
	srv := listen(t, project(t, tree(t, map[string]string{
		"src/index.html": "app", "src/jobs/list.js": "", "src/.well-known/x.txt": "",
	})))
	for _, tt := range []struct {
		name, target string
		lines        []string
		want         string
	}{
		{"a route", "/jobs/42", []string{browser}, "200 app"},
		{"a route with a final slash", "/jobs/42/", []string{browser}, "200 app"},
		{"a route that is also a folder without index", "/jobs", []string{browser}, "200 app"},
		{"a dot in the query or in a segment before", "/v1.2/jobs?file=a.js", []string{browser}, "200 app"},
		{"a navigation by fetch metadata", "/jobs", []string{browser, "Sec-Fetch-Dest: document"}, "200 app"},
		{"a frame", "/jobs", []string{browser, "Sec-Fetch-Dest: iframe"}, "200 app"},
		{"a missing script in the address bar", "/missing.js", []string{browser, "Sec-Fetch-Dest: document"}, "404 not found\n"},
		{"a script element", "/jobs", []string{"Accept: */*", "Sec-Fetch-Dest: script"}, "404 not found\n"},
		{"a fetch that accepts HTML", "/jobs", []string{browser, "Sec-Fetch-Dest: empty"}, "404 not found\n"},
		{"an API client", "/jobs", []string{"Accept: application/json"}, "404 not found\n"},
		{"no Accept", "/jobs", nil, "404 not found\n"},
		{"a well-known address", "/.well-known/change-password", []string{browser}, "404 not found\n"},
		{"an encoded route", "/jobs/caf%C3%A9%20%22x%22", []string{browser}, "200 app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, srv, tt.target, tt.lines...)
			if text := fmt.Sprint(got.Status, " ", got.Body); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
			if vary := got.Header.Get("Vary"); vary != "Accept, Sec-Fetch-Dest" {
				t.Errorf("Vary %q: a cache would mix up navigations and fetches", vary)
			}
		})
	}
}

func TestTheRootIsThePageThatIsNamed(t *testing.T) {
	dir := tree(t, map[string]string{
		".tmp/index.html": "left behind by another tool", "src/index.html": "app", "src/200.html": "any route",
	})
	layers := []Layer{{Prefix: "/", Dir: filepath.Join(dir, ".tmp")}, {Prefix: "/", Dir: dir}}
	below := []Layer{{Prefix: "/", Dir: filepath.Join(dir, "src")}}
	for name, tt := range map[string]struct {
		options       Options
		target, want  string
		requestHeader []string
	}{
		"a page in a folder":            {Options{Layers: layers, Fallback: "src/index.html", Index: "src/index.html"}, "/", "200 app", []string{browser}},
		"the same for a tool":           {Options{Layers: layers, Fallback: "src/index.html", Index: "src/index.html"}, "/", "200 app", nil},
		"a page that is not there":      {Options{Layers: layers, Fallback: "x.html", Index: "x.html"}, "/", "200 left behind by another tool", nil},
		"only a fallback":               {Options{Layers: below, Fallback: "200.html"}, "/", "200 app", nil},
		"a fallback for want of a page": {Options{Layers: layers[1:], Fallback: "src/200.html"}, "/", "200 any route", nil},
		"the fallback of a route":       {Options{Layers: below, Fallback: "200.html"}, "/jobs", "200 any route", []string{browser}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(tt.options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			got := ask(t, listen(t, s), tt.target, tt.requestHeader...)
			if text := fmt.Sprint(got.Status, " ", got.Body); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	srv := listen(t, project(t, tree(t, map[string]string{"src/index.html": "app"})))
	for method, want := range map[string]string{
		"GET": "200 app", "HEAD": "200 ", "POST": "405 only GET and HEAD are served here\n",
		"PUT": "405 only GET and HEAD are served here\n", "OPTIONS": "405 only GET and HEAD are served here\n",
	} {
		got := send(t, srv, method, "/jobs", browser)
		if text := fmt.Sprint(got.Status, " ", got.Body); text != want {
			t.Errorf("%s: %q, want %q", method, text, want)
		}
		if got.Status == 405 && got.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow %q", method, got.Header.Get("Allow"))
		}
	}
}

func TestHeadersInDevelopment(t *testing.T) {
	dir := tree(t, map[string]string{"src/app-0a1b2c3d4e.js": "0123456789"})
	stamp := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "src/app-0a1b2c3d4e.js"), stamp, stamp); err != nil {
		t.Fatal(err)
	}
	got := ask(t, listen(t, project(t, dir)), "/app-0a1b2c3d4e.js")
	got.Header.Del("Date")
	want := answer{200, "0123456789", http.Header{
		"Accept-Ranges":                {"bytes"},
		"Cache-Control":                {"no-cache"},
		"Content-Length":               {"10"},
		"Content-Type":                 {"text/javascript; charset=utf-8"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Etag":                         {got.Header.Get("ETag")}, // TestTagsTellVersionsApart
		"Last-Modified":                {"Fri, 02 Jan 2026 03:04:05 GMT"},
		"X-Content-Type-Options":       {"nosniff"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestConditionalAndRangeRequests(t *testing.T) {
	srv := listen(t, project(t, tree(t, map[string]string{"src/a.txt": "0123456789"})))
	first := ask(t, srv, "/a.txt").Header
	tag, modified := first.Get("ETag"), first.Get("Last-Modified")
	for _, tt := range []struct{ line, want string }{
		{"If-None-Match: " + tag, "304 "},
		{`If-None-Match: "other", W/` + tag, "304 "},
		{`If-None-Match: "other"`, "200 0123456789"},
		{"If-Modified-Since: " + modified, "304 "},
		{"Range: bytes=2-4", "206 234"},
		{"Range: bytes=-3", "206 789"},
		{"Range: bytes=20-", "416 invalid range: failed to overlap\n"},
		{"Range: bytes=2-4\r\nIf-Range: " + tag, "206 234"},
		{"Range: bytes=2-4\r\nIf-Range: \"other\"", "200 0123456789"},
		{`If-Match: "other"`, "412 "},
	} {
		got := ask(t, srv, "/a.txt", tt.line)
		if text := fmt.Sprint(got.Status, " ", got.Body); text != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, text, tt.want)
		}
	}
}

func TestASavedFileIsServedAtOnce(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.css": "red"})
	srv := listen(t, project(t, dir))
	first := ask(t, srv, "/a.css")
	write(t, filepath.Join(dir, "src/a.css"), "blue")
	second := ask(t, srv, "/a.css", "If-None-Match: "+first.Header.Get("ETag"))
	if second.Status != 200 || second.Body != "blue" {
		t.Errorf("after the save: %d %q", second.Status, second.Body)
	}
}

func TestALayerMayAppearVanishAndReturn(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.css": "src"})
	srv := listen(t, project(t, dir))
	expect := func(want string) {
		t.Helper()
		if got := ask(t, srv, "/a.css").Body; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect("src")
	for _, round := range []string{"first", "second"} {
		write(t, filepath.Join(dir, ".tmp/a.css"), round)
		expect(round)
		if err := os.RemoveAll(filepath.Join(dir, ".tmp")); err != nil {
			t.Fatal(err)
		}
		expect("src")
	}
	// Swapped by a rename, as a build does.
	write(t, filepath.Join(dir, ".tmp/a.css"), "old")
	expect("old")
	write(t, filepath.Join(dir, "next/a.css"), "new")
	if err := os.Rename(filepath.Join(dir, ".tmp"), filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, ".tmp")); err != nil {
		t.Fatal(err)
	}
	expect("new")
}

func TestRequestsDuringSwapsAlwaysFindAFile(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.css": "src"})
	s := project(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			name := filepath.Join(dir, ".tmp", "a.css")
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(name, fmt.Appendf(nil, "tmp %d", i), 0o644); err != nil {
				t.Error(err)
			}
			if err := os.RemoveAll(filepath.Dir(name)); err != nil {
				t.Error(err)
			}
		}
	}()
	for running := true; running; {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/a.css", nil))
		if rec.Code != http.StatusOK {
			t.Errorf("status %d", rec.Code)
		}
		select {
		case <-done:
			running = false
		default:
		}
	}
}

func TestContentTypes(t *testing.T) {
	files := map[string]string{
		"a.html": "<p>", "a.JS": "", "a.mjs": "", "a.css": "", "a.json": "{}", "a.js.map": "{}", "a.svg": "<svg/>", "a.woff2": "x",
		"a.wasm": "x", "a.webp": "x", "a.webmanifest": "{}", "LICENSE": "MIT", "trick": "<html><script>alert(1)</script>",
		"a.unknown": "<!doctype html>", "bin": "\x00\x01\x02", "a.ts": "let a: number", "clip.ts": "\x47\x00\x11\x00\x00", "a.tar.gz": "x", "noext.png2": "\x89PNG\x0D\x0A\x1A\x0A",
		"empty": "",
	}
	srv := listen(t, project(t, tree(t, prefixed("src/", files))))
	want := map[string]string{
		"a.html": "text/html; charset=utf-8", "a.JS": "text/javascript; charset=utf-8", "a.mjs": "text/javascript; charset=utf-8",
		"a.css": "text/css; charset=utf-8", "a.json": "application/json; charset=utf-8", "a.js.map": "application/json; charset=utf-8",
		"a.svg": "image/svg+xml; charset=utf-8", "a.woff2": "font/woff2", "a.wasm": "application/wasm", "a.webp": "image/webp",
		"a.webmanifest": "application/manifest+json; charset=utf-8", "LICENSE": "text/plain; charset=utf-8",
		"trick": "text/plain; charset=utf-8", "a.unknown": "text/plain; charset=utf-8", "bin": "application/octet-stream",
		"a.ts": "text/plain; charset=utf-8", "clip.ts": "application/octet-stream", "a.tar.gz": "application/gzip", "noext.png2": "image/png",
		"empty": "text/plain; charset=utf-8",
	}
	got := map[string]string{}
	for name, content := range files {
		a := ask(t, srv, "/"+name)
		got[name] = a.Header.Get("Content-Type")
		if a.Body != content {
			t.Errorf("%s: body %q, want %q", name, a.Body, content)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func prefixed(prefix string, files map[string]string) map[string]string {
	out := map[string]string{}
	for name, content := range files {
		out[prefix+name] = content
	}
	return out
}

func TestWithoutAnIndexThePageNamesTheFoldersAndTheWayOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `<b>proj & "co"`)
	write(t, filepath.Join(dir, "src/app.js"), "")
	srv := listen(t, project(t, dir))
	got := ask(t, srv, "/", browser)
	if got.Status != http.StatusNotFound || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("status %d, type %q", got.Status, got.Header.Get("Content-Type"))
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(dir)
	for _, want := range []string{
		"There is no index.html yet", escaped + "/.tmp  (no such folder)", escaped + "/src<", "realtimectl init", "paths:\n  src: app",
	} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("the page lacks %q:\n%s", want, got.Body)
		}
	}
	if other := ask(t, srv, "/"); other.Body != "not found\n" {
		t.Errorf("a program gets %q", other.Body)
	}
	write(t, filepath.Join(dir, "src/index.html"), "here")
	if got := ask(t, srv, "/", browser); got.Body != "here" {
		t.Errorf("once there is one: %q", got.Body)
	}
}

func TestResolve(t *testing.T) {
	dir := tree(t, map[string]string{
		".tmp/app/index.css": "", "src/app/index.css": "", "src/app/jobs.css": "", "src/.env": "", "src/with space.css": "",
		"bower_components/x/x.css": "", "real/y.css": "", "link": "-> real", "README.md": "",
		"src/escape.css": "-> ../README.md",
	})
	s := project(t, dir)
	linked, err := New(Options{Layers: []Layer{{Prefix: "/", Dir: filepath.Join(dir, "link")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer linked.Close()
	for _, tt := range []struct {
		server     *Server
		file, want string
	}{
		{s, ".tmp/app/index.css", "/app/index.css"},
		{s, "src/app/index.css", ""},
		{s, "src/app/jobs.css", "/app/jobs.css"},
		{s, "src/with space.css", "/with space.css"},
		{s, "src/.env", ""},
		{s, "src/missing.css", "/missing.css"},
		{s, "src/app/gone/deep.css", "/app/gone/deep.css"},
		{s, ".tmp/app/jobs.css", "/app/jobs.css"},
		{s, "src/gone.key", ""},
		{s, "src/escape.css", ""},
		{s, "src/app", ""},
		{s, "README.md", ""},
		{s, "bower_components/x/x.css", "/bower_components/x/x.css"},
		{linked, "real/y.css", "/y.css"},
		{linked, "link/y.css", "/y.css"},
	} {
		got, ok := tt.server.Resolve(filepath.Join(dir, tt.file))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Resolve(%s) = %q, %v; want %q", tt.file, got, ok, tt.want)
		}
	}
}

func TestAFileInLayersThatLieInOneAnotherHasManyURLs(t *testing.T) {
	dir := tree(t, map[string]string{
		"app/a.js": "a", "app/b.js": "b", ".tmp/b.js": "made", ".tmp/.tmp/main.css": "made", ".tmp/.tmp/.env": "secret", ".env": "secret",
	})
	s, err := New(Options{Layers: []Layer{
		{Prefix: "/", Dir: filepath.Join(dir, ".tmp")},
		{Prefix: "/", Dir: filepath.Join(dir, "app")},
		{Prefix: "/", Dir: dir},
		{Prefix: "/.tmp", Dir: filepath.Join(dir, ".tmp", ".tmp")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for file, want := range map[string][]string{
		"app/a.js":           {"/a.js", "/app/a.js"},
		"app/b.js":           {"/app/b.js"},
		".tmp/.tmp/main.css": {"/.tmp/main.css"},
		".tmp/.tmp/.env":     nil,
		".env":               nil,
	} {
		if diff := cmp.Diff(want, s.URLs(filepath.Join(dir, file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
	srv := listen(t, s)
	for target, want := range map[string]string{
		"/.tmp/main.css": "200 made", "/.tmp/.env": "404 not found\n", "/.tmp/.tmp/main.css": "404 not found\n", "/.env": "404 not found\n",
	} {
		got := ask(t, srv, target)
		if text := fmt.Sprint(got.Status, " ", got.Body); text != want {
			t.Errorf("%s: got %q, want %q", target, text, want)
		}
	}
}

func TestAClosedServerFindsNothing(t *testing.T) {
	s := project(t, tree(t, map[string]string{"src/a.js": "a"}))
	srv := listen(t, s)
	before := ask(t, srv, "/a.js").Status
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := ask(t, srv, "/a.js").Status; before != 200 || after != 404 {
		t.Errorf("before %d, after %d", before, after)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}

func TestAPrefixMustBeAPath(t *testing.T) {
	if _, err := New(Options{Layers: []Layer{{Prefix: "lib", Dir: "x"}}}); err == nil {
		t.Error("a prefix without slash was accepted")
	}
}

func TestOpenIsTheSameAsARequest(t *testing.T) {
	s := project(t, tree(t, map[string]string{
		".tmp/a.css": "tmp", "src/a.css": "src", "src/.env": "x", "src/docs/index.html": "docs", "node_modules/x/x.js": "x",
	}))
	for name, want := range map[string]string{
		"a.css": "tmp", "node_modules/x/x.js": "x", "docs/index.html": "docs",
		".env": "missing", "b.css": "missing", "docs": "missing", ".": "missing", "x/../a.css": "invalid", "/a.css": "invalid",
	} {
		if got := read(t, s, name); got != want {
			t.Errorf("Open(%q): %q, want %q", name, got, want)
		}
	}
}

func read(t *testing.T, fsys fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing"
	case errors.Is(err, fs.ErrInvalid):
		return "invalid"
	case err != nil:
		t.Fatal(err)
	}
	return string(text)
}
