package stack

import (
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
	restartPath = "/__realtimectl/restart"
)

// app answers :3010, in this order: our endpoints, the hub, the back-ends, the files.
func (p *parts) app() http.Handler {
	own := endpoints{
		healthPath:  p.health(),
		publishPath: p.hub.PublishHandler(p.token),
		listenPath:  p.hub.ListenHandler(p.token),
		restartPath: p.restart(),
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
