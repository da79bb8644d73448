package engineio

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// CVE-2020-28481, and for WebSockets, which CORS does not bind.
func TestAnOriginIsCheckedOnEveryTransport(t *testing.T) {
	const page = "https://abacate.com"
	s := start(t, Options{AllowOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == page }})
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	for _, tt := range []struct {
		name, method, query string
		header              map[string]string
		want                string
	}{
		{"no browser", "GET", "transport=polling&EIO=4", nil, "200  "},
		{"an allowed page", "GET", "transport=polling&EIO=4", map[string]string{"Origin": page}, "200 " + page + " true"},
		{"a foreign page", "GET", "transport=polling&EIO=4", map[string]string{"Origin": "https://evil.example"}, "403  "},
		{"a sandboxed page", "GET", "transport=polling&EIO=4", map[string]string{"Origin": "null"}, "403  "},
		{"a foreign page's WebSocket", "GET", "transport=websocket&EIO=4", with(upgrade, "Origin", "https://evil.example"), "403  "},
		{"a foreign preflight", "OPTIONS", "transport=polling&EIO=4", map[string]string{"Origin": "https://evil.example"}, "403  "},
		{"an allowed preflight", "OPTIONS", "transport=polling&EIO=4", map[string]string{"Origin": page}, "204 " + page + " true"},
		{"a foreign image", "GET", "transport=polling&EIO=4", map[string]string{"Sec-Fetch-Site": "cross-site"}, "403  "},
		{"a foreign script", "GET", "transport=polling&EIO=3&j=0", map[string]string{"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/x"}, "403  "},
		{"an old browser's foreign script", "GET", "transport=polling&EIO=3&j=0", map[string]string{"Referer": "https://evil.example/x"}, "403  "},
		{"a script of nobody", "GET", "transport=polling&EIO=3&j=0", nil, "403  "},
		{"an allowed script", "GET", "transport=polling&EIO=3&j=0", map[string]string{"Sec-Fetch-Site": "cross-site", "Referer": page + "/x"}, "200  "},
	} {
		req, err := http.NewRequest(tt.method, s.http.URL+"/engine.io/?"+tt.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range tt.header {
			req.Header.Set(k, v)
		}
		resp, err := s.http.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Access-Control-Allow-Origin"), " ", resp.Header.Get("Access-Control-Allow-Credentials"))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func with(m map[string]string, k, v string) map[string]string {
	c := map[string]string{k: v}
	for k, v := range m {
		c[k] = v
	}
	return c
}

func TestWithoutASettingAPageTalksToItsOwnHostOnly(t *testing.T) {
	s := start(t, Options{})
	for origin, want := range map[string]int{
		s.http.URL:              200,
		"http://127.0.0.1:1":    403,
		"http://evil.example":   403,
		"null":                  403,
		"http://":               403,
		s.http.URL + ".evil.io": 403,
	} {
		req, err := http.NewRequest(http.MethodGet, s.http.URL+"/engine.io/?transport=polling&EIO=4", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		resp, err := s.http.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", origin, resp.StatusCode, want)
		}
	}
}
