package page

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func get(p Page, method string) *http.Response {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, httptest.NewRequest(method, "/", nil))
	return rec.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryValueIsEscaped(t *testing.T) {
	evil := `<img src=x onerror=alert(1)>"'&`
	got := body(t, get(Page{
		Title: evil, Lead: evil, Live: evil,
		Facts: []Fact{{evil, []string{evil}}}, Steps: []Step{{evil, evil}},
	}, http.MethodGet))
	if strings.Contains(got, "<img") {
		t.Errorf("a value became markup:\n%s", got)
	}
	if n := strings.Count(got, "&lt;img"); n != 8 {
		t.Errorf("the values appear %d times, want 8", n)
	}
}

func TestThePolicyAllowsTheOwnStyleAndScriptAndNothingElse(t *testing.T) {
	res := get(Page{Status: 404, Title: "t", Script: "let a = 1 < 2"}, http.MethodGet)
	want := http.Header{
		"Content-Type":                 {"text/html; charset=utf-8"},
		"Cache-Control":                {"no-store"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"X-Content-Type-Options":       {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; style-src " +
			hash(style) + "; script-src " + hash("let a = 1 < 2") + "; connect-src 'self'"},
	}
	if diff := cmp.Diff(want, res.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	text := body(t, res)
	if !strings.Contains(text, "<style>"+style+"</style>") || !strings.Contains(text, "<script>let a = 1 < 2</script>") {
		t.Error("the style or the script is not byte for byte what the policy's hash allows")
	}
}

func TestHeadHasNoBody(t *testing.T) {
	res := get(Page{Status: 404, Title: "t"}, http.MethodHead)
	if got := body(t, res); got != "" || res.StatusCode != 404 {
		t.Errorf("HEAD answered %d with %q", res.StatusCode, got)
	}
}

func TestTextIsPlainAndSafe(t *testing.T) {
	rec := httptest.NewRecorder()
	Text(rec, 404, "not found")
	want := http.Header{
		"Content-Type":                 {"text/plain; charset=utf-8"},
		"Cache-Control":                {"no-store"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"X-Content-Type-Options":       {"nosniff"},
	}
	if diff := cmp.Diff(want, rec.Header()); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got := rec.Body.String(); got != "not found\n" {
		t.Errorf("body %q", got)
	}
}

func TestNavigation(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, tt := range []struct {
		name   string
		header http.Header
		want   bool
	}{
		{"a browser's address bar", http.Header{"Accept": {browser}, "Sec-Fetch-Dest": {"document"}}, true},
		{"a frame", http.Header{"Accept": {browser}, "Sec-Fetch-Dest": {"iframe"}}, true},
		{"a browser on plain http in the LAN", http.Header{"Accept": {browser}}, true},
		{"a fetch that accepts HTML", http.Header{"Accept": {"text/html"}, "Sec-Fetch-Dest": {"empty"}}, false},
		{"a script element", http.Header{"Accept": {"*/*"}, "Sec-Fetch-Dest": {"script"}}, false},
		{"a partial loaded by jQuery", http.Header{"Accept": {"text/html, */*; q=0.01"}, "X-Requested-With": {"XMLHttpRequest"}}, false},
		{"curl", http.Header{"Accept": {"*/*"}}, false},
		{"no Accept at all", http.Header{}, false},
		{"HTML refused", http.Header{"Accept": {"*/*, text/html; q=0.0"}}, false},
		{"HTML with low quality", http.Header{"Accept": {"*/*, text/html;q=0.01"}}, true},
		{"two Accept lines", http.Header{"Accept": {"image/png", "TEXT/HTML"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Navigation(&http.Request{Header: tt.header}); got != tt.want {
				t.Errorf("Navigation = %v, want %v", got, tt.want)
			}
		})
	}
}
