package stack

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/middleware"
	"github.com/realtimectl/realtimectl/internal/proxy"
)

// Paths of our own endpoints.
const (
	healthPath  = "/__realtimectl/health"
	publishPath = "/__realtimectl/emit"
	listenPath  = "/__realtimectl/listen"
)

// app answers :3010, in this order: our endpoints, the hub, the back-ends, the files.
func (p *parts) app() http.Handler {
	own := endpoints{
		healthPath:  p.health(),
		publishPath: p.hub.PublishHandler(p.token),
		listenPath:  p.hub.ListenHandler(p.token),
	}
	content := middleware.Chain(routes(p.mounts, p.files), p.rules.content...)
	return own.before(p.hubBefore(content))
}

// front answers :3000: live reload, and everything of app, or of the target in its
// place, with the reload script in its pages.
func (p *parts) front(app http.Handler) http.Handler {
	own := endpoints{
		livereload.ClientPath:  p.live.Client(),
		livereload.LivePath:    p.live,
		livereload.ControlPath: p.live.ControlHandler(),
	}
	if p.target != nil {
		app = middleware.Chain(p.target, p.rules.content...)
	}
	return own.before(proxy.Inject(app, proxy.InjectOptions{ScriptURL: livereload.ClientPath}))
}

// guarded is what a listener answers: h behind the guard and the rules for all requests.
func (p *parts) guarded(h http.Handler) http.Handler {
	return p.guard.Handler(middleware.Chain(h, p.rules.around...))
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

// vitals is what the health endpoint tells.
type vitals struct {
	Status string `json:"status"`
	*details
}

// details are left out for strangers, where there is a password.
type details struct {
	Version string `json:"version"`
	Mode    string `json:"mode"`
	Clients int    `json:"clients"`
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
		v := vitals{Status: "ok"}
		if !p.cfg.Serve.BasicAuth.On() || p.hasToken(r) {
			v.details = &details{p.version, p.cfg.Serve.Mode, p.hub.Clients()}
		}
		// A client that went away does not need the answer.
		_ = json.NewEncoder(w).Encode(v)
	})
}

// hasToken reports whether a request comes from who may read the token file.
func (p *parts) hasToken(r *http.Request) bool {
	given := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	want := sha256.Sum256([]byte("Bearer " + p.token))
	return p.token != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}
