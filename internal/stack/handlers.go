package stack

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// Paths of our own endpoints.
const (
	healthPath  = "/__realtimectl/health"
	publishPath = "/__realtimectl/emit"
	listenPath  = "/__realtimectl/listen"
)

// appHandler answers :3010, in this order: our endpoints, the hub, the back-ends, the
// files.
func (p *parts) appHandler() http.Handler {
	own := endpoints{
		healthPath:  p.health(),
		publishPath: p.hub.PublishHandler(p.token),
		listenPath:  p.hub.ListenHandler(p.token),
	}
	return p.guard.Handler(own.before(p.hubBefore(routes(p.mounts, p.files))))
}

// proxyHandler answers :3000: live reload, and everything of next with the reload
// script in its pages.
func (p *parts) proxyHandler(next http.Handler) http.Handler {
	own := endpoints{
		livereload.ClientPath:  p.live.Client(),
		livereload.LivePath:    p.live,
		livereload.ControlPath: p.live.ControlHandler(p.token),
	}
	return p.guard.Handler(own.before(p.inject(next)))
}

// endpoints are handlers by exact path. Unlike http.ServeMux they leave every other
// path as it came: an app behind us may care about "//".
type endpoints map[string]http.Handler

func (e endpoints) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := e[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hubBefore gives the hub its path with everything below, and the path without its
// slash too: the hub knows what to tell a client that forgot it.
func (p *parts) hubBefore(next http.Handler) http.Handler {
	path := p.cfg.Hub.Path
	bare := strings.TrimSuffix(path, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == bare || strings.HasPrefix(r.URL.Path, path) {
			p.hub.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// health answers monitors and load balancers.
func (p *parts) health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// A client that went away does not need the answer.
		_ = json.NewEncoder(w).Encode(struct {
			Status  string `json:"status"`
			Version string `json:"version"`
			Mode    string `json:"mode"`
			Clients int    `json:"clients"`
		}{"ok", p.version, p.cfg.Serve.Mode, p.hub.Clients()})
	})
}
