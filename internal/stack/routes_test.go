package stack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRequestsGoToTheMostSpecificMount(t *testing.T) {
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
	}
	mounts := []mount{
		{path: "/api", handler: say("api")},
		{path: "/api/v2", handler: say("api v2")},
		{host: "admin.localhost", handler: say("admin")},
		{host: "admin.localhost", path: "/api", handler: say("admin api")},
	}
	h := routes(func() []mount { return mounts }, say("files"))
	tests := []struct{ host, path, want string }{
		{"localhost:3000", "/", "files"},
		{"localhost:3000", "/api", "api"},
		{"localhost:3000", "/api/jobs", "api"},
		{"localhost:3000", "/apix", "files"},
		{"localhost:3000", "/API", "files"},
		{"localhost:3000", "/api/v2/jobs", "api v2"},
		{"localhost:3000", "/api/v20", "api"},
		{"Admin.localhost:3000", "/", "admin"},
		{"admin.localhost", "/api/jobs", "admin api"},
		{"[::1]:3000", "/api/jobs", "api"},
	}
	for _, tt := range tests {
		t.Run(tt.host+tt.path, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "http://x"+tt.path, nil)
			r.Host = tt.host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Body.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
