package hub_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/realtimectl/realtimectl/internal/hub"
)

func TestTheClientLibraryComesFromTheProjectElseFromUs(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	modern := fstest.MapFS{
		"socket.io-client/dist/socket.io.js":         file("modern"),
		"socket.io-client/dist/socket.io.min.js":     file("modern min"),
		"socket.io-client/dist/socket.io.esm.min.js": file("modern esm"),
		"socket.io-client/dist/socket.io.js.map":     file("{}"),
	}
	old := fstest.MapFS{"socket.io-client/socket.io.js": file("old")}
	for name, tt := range map[string]struct {
		packages []fs.FS
		want     map[string]string
	}{
		"no package": {[]fs.FS{fstest.MapFS{}}, map[string]string{
			"socket.io.js": "200 ours", "socket.io.min.js": "200 ours", "socket.io.esm.min.js": "200 our module",
			"socket.io.msgpack.min.js": "404", "socket.io.js.map": "404", "other.js": "404",
		}},
		"a modern package": {[]fs.FS{fstest.MapFS{}, modern, old}, map[string]string{
			"socket.io.js": "200 modern", "socket.io.min.js": "200 modern min", "socket.io.esm.min.js": "200 modern esm",
			"socket.io.msgpack.min.js": "404", "socket.io.js.map": "200 {}", "../socket.io.js": "404",
		}},
		"an old package": {[]fs.FS{old}, map[string]string{
			"socket.io.js": "200 old", "socket.io.min.js": "200 old", "socket.io.esm.min.js": "404",
		}},
	} {
		s := start(t, nil, hub.Options{Packages: tt.packages, Bundle: []byte("ours"), Module: []byte("our module")})
		for file, want := range tt.want {
			resp, err := s.http.Client().Get(s.http.URL + "/socket.io/" + file)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			got := fmt.Sprint(resp.StatusCode)
			if resp.StatusCode == http.StatusOK {
				got += " " + string(body)
			}
			if got != want {
				t.Errorf("%s: %s: %s, want %s", name, file, got, want)
			}
		}
	}
}

func TestTheClientLibraryIsRevalidatedAndLoadsOnOurOtherPort(t *testing.T) {
	s := start(t, nil, hub.Options{Bundle: []byte("ours"), AllowOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "http://localhost:3000" }})
	url := s.http.URL + "/socket.io/socket.io.js"
	resp, err := s.http.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for name, want := range map[string]string{
		"Content-Type":                 "text/javascript; charset=utf-8",
		"Cross-Origin-Resource-Policy": "same-site",
		"X-Content-Type-Options":       "nosniff",
		"Cache-Control":                "no-cache",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", resp.Header.Get("ETag"))
	for origin, allowed := range map[string]string{"http://localhost:3000": "http://localhost:3000", "http://evil.example": ""} {
		req.Header.Set("Origin", origin)
		resp, err = s.http.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != http.StatusNotModified || got != allowed {
			t.Errorf("%s: %s, allowed %q", origin, resp.Status, got)
		}
	}
}
