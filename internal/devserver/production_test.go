package devserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func dist(t testing.TB, files map[string]string) *httptest.Server {
	t.Helper()
	dir := tree(t, files)
	s, err := New(Options{Fallback: "index.html", Production: true, Layers: []Layer{{Prefix: "/", Dir: dir}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return listen(t, s)
}

func TestOnlyHashedNamesAreImmutable(t *testing.T) {
	names := map[string]bool{
		"assets/app-0a1b2c3d.js": true, "app-d41d8cd98f.min.js": true, "main.3f2a9c1b.css": true, "chunk-QWERTYUI.js": true,
		"logo-A2B3C4D5.png": true, "maps/app-d41d8cd98f.js.map": true, "a-" + strings.Repeat("0a", 32) + ".css": true,
		"index.html": false, "app.js": false, "app-0a1b2c3.js": false, "photo-20161225.jpg": false, "logo-ORIGINAL.png": false,
		"jquery-3.7.1.min.js": false, "big-background.js": false, "robots.txt": false, "app-0a1b2c3g.js": false, "x-deadbeef.js": false,
	}
	files := map[string]string{}
	for name := range names {
		files[name] = "x"
	}
	srv := dist(t, files)
	want, got := map[string]string{}, map[string]string{}
	for name, hashed := range names {
		want[name] = "no-cache"
		if hashed {
			want[name] = "public, max-age=31536000, immutable"
		}
		got[name] = ask(t, srv, "/"+name).Header.Get("Cache-Control")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Cache-Control (-want +got):\n%s", diff)
	}
}

func TestPrecompressedSiblings(t *testing.T) {
	srv := dist(t, map[string]string{
		"app.js": "plain text", "app.js.br": "BR", "app.js.gz": "GZ!", "app.js.zst": "ZST!",
		"only.css": "plain", "only.css.gz": "GZ", "index.html": "app", "index.html.gz": "APP", "trap.js": "plain", "trap.js.br/x": "",
	})
	for _, tt := range []struct{ target, accept, want string }{
		{"/app.js", "X-None: 1", " plain text"},
		{"/app.js", "Accept-Encoding: gzip, deflate, br, zstd", "br BR"},
		{"/app.js", "Accept-Encoding: gzip, zstd", "zstd ZST!"},
		{"/app.js", "Accept-Encoding: gzip", "gzip GZ!"},
		{"/app.js", "Accept-Encoding: br;q=0.1, gzip;q=0.9", "gzip GZ!"},
		{"/app.js", "Accept-Encoding: BR ; Q=0.5", "br BR"},
		{"/app.js", "Accept-Encoding: br;q=0, gzip;q=0.0, zstd;q=0", " plain text"},
		{"/app.js", "Accept-Encoding: *", "br BR"},
		{"/app.js", "Accept-Encoding: *;q=0.5, br;q=0", "zstd ZST!"},
		{"/app.js", "Accept-Encoding: identity, gzip;q=0.5", " plain text"},
		{"/app.js", "Accept-Encoding: br;q=nonsense", " plain text"},
		{"/app.js", "Accept-Encoding: br;q=7", " plain text"},
		{"/app.js", "Accept-Encoding: br\r\nRange: bytes=0-4", " plain"},
		{"/only.css", "Accept-Encoding: br, gzip", "gzip GZ"},
		{"/trap.js", "Accept-Encoding: br", " plain"},
		{"/jobs", "Accept-Encoding: gzip\r\n" + browser, "gzip APP"},
	} {
		got := ask(t, srv, tt.target, "X-First: 1\r\n"+tt.accept+"\r\nX-Last: 1")
		if text := got.Header.Get("Content-Encoding") + " " + got.Body; text != tt.want {
			t.Errorf("%s with %q: %q, want %q", tt.target, tt.accept, text, tt.want)
		}
		if !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s with %q: Vary %q", tt.target, tt.accept, got.Header.Values("Vary"))
		}
	}
}

func TestACompressedVersionKeepsTypeAndHasItsOwnTag(t *testing.T) {
	srv := dist(t, map[string]string{"app.js": "plain text", "app.js.br": "BR", "app.js.gz": "GZ"})
	tags := map[string]bool{}
	for _, coding := range []string{"identity", "br", "gzip"} {
		got := ask(t, srv, "/app.js", "Accept-Encoding: "+coding)
		tag := got.Header.Get("ETag")
		if kind := got.Header.Get("Content-Type"); kind != "text/javascript; charset=utf-8" {
			t.Errorf("%s: type %q", coding, kind)
		}
		if length := got.Header.Get("Content-Length"); length != fmt.Sprint(len(got.Body)) {
			t.Errorf("%s: Content-Length %q for %d bytes", coding, length, len(got.Body))
		}
		if tags[tag] {
			t.Errorf("%s: tag %s names two versions", coding, tag)
		}
		tags[tag] = true
		if again := ask(t, srv, "/app.js", "Accept-Encoding: "+coding, "If-None-Match: "+tag); again.Status != http.StatusNotModified {
			t.Errorf("%s: revalidation answers %d", coding, again.Status)
		}
	}
}

func TestWithoutADistThePageSaysBuild(t *testing.T) {
	s, err := New(Options{Fallback: "index.html", Production: true, Layers: []Layer{{Prefix: "/", Dir: filepath.Join(t.TempDir(), "dist")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := ask(t, listen(t, s), "/", browser); got.Status != 404 || !strings.Contains(got.Body, "realtimectl build") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}
