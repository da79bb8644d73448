package stack

import (
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/guard"
	"github.com/realtimectl/realtimectl/internal/middleware"
)

// refit is a handler that is made anew when the rules around it change.
type refit struct {
	make func() http.Handler
	now  atomic.Pointer[http.Handler]
}

// refitted returns what make makes, and has it made again by each refit.
func (p *parts) refitted(make func() http.Handler) http.Handler {
	r := &refit{make: make}
	r.renew()
	p.refits = append(p.refits, r)
	return r
}

func (r *refit) renew() {
	h := r.make()
	r.now.Store(&h)
}

// ServeHTTP answers as the rules are now.
func (r *refit) ServeHTTP(w http.ResponseWriter, q *http.Request) { (*r.now.Load()).ServeHTTP(w, q) }

// takeRules puts in force what the configuration says about requests and answers: the
// rules, who may come in by which name, and from which pages. Requests under way are
// answered as they began. A mistake changes nothing.
func (p *parts) takeRules(next *config.Config) error {
	made, err := compileRules(next, p.log)
	if err != nil {
		return err
	}
	p.guard.Store(p.guardFor(next))
	p.setRules(next, made)
	for _, r := range p.refits {
		r.renew()
	}
	if p.live != nil && p.ghost != next.Serve.Ghost {
		p.ghost = next.Serve.Ghost
		p.live.SetGhost(p.ghost)
	}
	return nil
}

func (p *parts) setRules(cfg *config.Config, made rules) {
	p.rules = made
	if cfg.Serve.Log {
		p.rules.around = append([]middleware.Middleware{middleware.RequestLog(p.log)}, made.around...)
	}
	p.locked.Store(cfg.Serve.BasicAuth.On())
}

func (p *parts) guardFor(cfg *config.Config) *guard.Guard {
	return guard.New(guard.Options{Hosts: p.hosts(cfg), Ports: p.doors.ports(), Origins: cfg.Hub.Origins})
}

// pages passes on requests of the pages that the guard lets in as it is now.
func (p *parts) pages(h http.Handler) http.Handler {
	return p.refitted(func() http.Handler { return p.guard.Load().Pages(h) })
}

// allowOrigin asks the guard as it is now.
func (p *parts) allowOrigin(r *http.Request) bool { return p.guard.Load().AllowOrigin(r) }

// hostsOf are the host names under which back-ends answer.
func hostsOf(list []config.Backend) []string {
	var hosts []string
	for _, b := range list {
		if b.Host != "" {
			hosts = append(hosts, b.Host)
		}
	}
	return hosts
}

// ruleValues are what takeRules takes over, by key.
func ruleValues(c *config.Config) map[string]any {
	s := c.Serve
	return map[string]any{
		"serve.rewrite": s.Rewrite, "serve.headers": s.Headers, "serve.replace": s.Replace, "serve.cors": s.CORS,
		"serve.basic-auth": s.BasicAuth, "serve.log": s.Log, "serve.slow": s.Slow, "serve.ghost": s.Ghost,
		"serve.allowed-hosts": s.AllowedHosts, "hub.origins": c.Hub.Origins,
	}
}

// sameRules reports whether takeRules has nothing to take over.
func sameRules(a, b *config.Config) bool {
	return reflect.DeepEqual(ruleValues(a), ruleValues(b)) && slices.Equal(hostsOf(a.Backends), hostsOf(b.Backends))
}
