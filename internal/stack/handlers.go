package stack

import (
	"net/http"
	"strings"

	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/middleware"
	"github.com/realtimectl/realtimectl/internal/page"
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
	return p.endpoints().before(p.hubBefore(p.shown(routes(p.ways, p.files))))
}

// front answers :3000: live reload, and everything that app answers, with the reload script
// in its pages. The target, if there is one, stands in the place of everything but our
// endpoints.
func (p *parts) front() http.Handler {
	own := p.endpoints()
	own[livereload.ClientPath] = p.live.Client()
	own[livereload.LivePath] = p.pages(p.live)
	own[livereload.ControlPath] = p.pages(p.live.ControlHandler())
	shown := p.hubBefore(p.shown(routes(p.ways, p.files)))
	if p.target != nil {
		shown = p.shown(p.target)
	}
	return own.before(proxy.Inject(shown, proxy.InjectOptions{ScriptURL: livereload.ClientPath}))
}

// ways are the mounts as they are now.
func (p *parts) ways() []mount { return *p.mounts.Load() }

// endpoints are those that every listener has.
func (p *parts) endpoints() endpoints {
	return endpoints{
		healthPath:  p.health(),
		publishPath: p.pages(p.hub.PublishHandler(p.token)),
		listenPath:  p.pages(p.hub.ListenHandler(p.token)),
		restartPath: p.pages(p.restart()),
	}
}

// shown is h under the rules for what a project shows.
func (p *parts) shown(h http.Handler) http.Handler {
	return p.refitted(func() http.Handler {
		return middleware.Chain(p.guard.Load().Upgrades(h), p.rules.content...)
	})
}

// guarded is what a listener answers: h behind the guard and the rules for all requests.
func (p *parts) guarded(h http.Handler) http.Handler {
	return p.refitted(func() http.Handler {
		return p.guard.Load().Handler(middleware.Chain(h, p.rules.around...))
	})
}

// endpoints are handlers by exact path. Unlike http.ServeMux they leave every other
// path as it came: an app behind us may care about "//". What else lies below ownPrefix
// does not exist, and never reaches anything behind us: a request may carry the token.
type endpoints map[string]http.Handler

func (e endpoints) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := e[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
		if isOwn(r.URL.Path) {
			page.Text(w, http.StatusNotFound, "not found")
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
