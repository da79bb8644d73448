package proxy

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCookiesStayByteForByteUnlessABrowserWouldDropThem(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, func(o *Options) {
		o.Target = &url.URL{Scheme: "http", Host: o.Target.Host, Path: ""}
	})
	for _, tt := range []struct{ host, cookie, want string }{
		{"localhost:3000", "a=b; Path=/; Secure; SameSite=None; HttpOnly", "a=b; Path=/; Secure; SameSite=None; HttpOnly"},
		{"localhost:3000", "__Host-a=b;Path=/;Secure", "__Host-a=b;Path=/;Secure"},
		{"localhost:3000", "a=x=y; weird  ;Domain=127.0.0.1; Max-Age=5", "a=x=y; weird  ; Max-Age=5"},
		{"127.0.0.1:3000", "a=b; Domain=127.0.0.1", "a=b; Domain=127.0.0.1"},
		{"localhost:3000", "a=b; Domain=other.test", "a=b; Domain=other.test"},
		{"localhost:3000", "a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT"},
		{"192.168.1.5:3000", "a=b; Secure; SameSite=None; Partitioned; Path=/", "a=b; SameSite=Lax; Path=/"},
		{"192.168.1.5:3000", "a=b; SameSite=Strict; Secure", "a=b; SameSite=Strict"},
		{"192.168.1.5:3000", "a=b; SameSite=None", "a=b; SameSite=None"},
	} {
		got := get(t, f.URL+"/cookie?c="+url.QueryEscape(tt.cookie), "Host", tt.host).Header.Get("Set-Cookie")
		if got != tt.want {
			t.Errorf("at %s %q became %q, want %q", tt.host, tt.cookie, got, tt.want)
		}
	}
	two := get(t, f.URL+"/cookie?c=a%3Db&c=c%3Dd").Header.Values("Set-Cookie")
	if diff := cmp.Diff([]string{"a=b", "c=d"}, two); diff != "" {
		t.Errorf("two cookies (-want +got):\n%s", diff)
	}
}

func TestCookiesOfAStrippedPrefixAreSentBackToIt(t *testing.T) {
	up := upstream(t)
	f := front(t, up.URL, func(o *Options) { o.StripPrefix = "/api" })
	for cookie, want := range map[string]string{
		"a=b; path=/jobs; HttpOnly": "a=b; path=/api/jobs; HttpOnly",
		"a=b; Path=/":               "a=b; Path=/", // XSRF-TOKEN and the like are for the page
		"a=b; Path=":                "a=b; Path=",
		"a=b;  Path = / ; Secure":   "a=b;  Path = / ; Secure",
	} {
		if got := get(t, f.URL+"/api/cookie?c="+url.QueryEscape(cookie)).Header.Get("Set-Cookie"); got != want {
			t.Errorf("%q became %q, want %q", cookie, got, want)
		}
	}
}

func TestPromisesOfATargetAreNotMadeForLocalhost(t *testing.T) {
	up := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		w.Header().Set("Alt-Svc", `h3=":443"`)
	}))
	f := front(t, up.URL, nil)
	for host, want := range map[string]string{"localhost:3000": "", "app.localhost": "", "127.0.0.1:3000": "", "board.test": "max-age=31536000"} {
		got := get(t, f.URL, "Host", host).Header
		if got.Get("Strict-Transport-Security") != want || got.Get("Alt-Svc") != "" {
			t.Errorf("%s: %v", host, got)
		}
	}
}
