package stack

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/config"
)

// takeBackends puts another list of back-ends in force while everything runs: commands
// are started, stopped or started anew, and requests go where the list says from the next
// one on. What is described as before is left alone. A mistake changes nothing. tell says
// what was done.
func (p *parts) takeBackends(ctx context.Context, next *config.Config) (tell func(), err error) {
	now := p.backendsNow()
	if reflect.DeepEqual(now, next.Backends) {
		return func() {}, nil
	}
	if err := p.makeStateFolder(next.Backends); err != nil {
		return nil, err
	}
	made, err := p.openBackends(ctx, next.Backends)
	if err != nil {
		return nil, err
	}
	if p.named != nil {
		p.named(backendNames(next.Backends))
	}
	diff, err := p.services.Update(p.servicesOf(next.Backends))
	if err != nil {
		return nil, fmt.Errorf("back-ends: %w", err)
	}
	if err := p.forwardTo(next.Backends, made); err != nil {
		return nil, err
	}
	p.mount(next.Backends, made)
	p.inForce.Store(next)
	return func() { p.tellBackends(now, next.Backends, diff) }, nil
}

// backendsNow are the back-ends that are in force.
func (p *parts) backendsNow() []config.Backend { return p.inForce.Load().Backends }

func backendNames(list []config.Backend) []string {
	all := make([]string, len(list))
	for i, b := range list {
		all[i] = b.Name
	}
	return all
}

func named(list []config.Backend, name string) (config.Backend, bool) {
	i := slices.IndexFunc(list, func(b config.Backend) bool { return b.Name == name })
	if i < 0 {
		return config.Backend{}, false
	}
	return list[i], true
}

// tellBackends says what became of each back-end, in a line each.
func (p *parts) tellBackends(old, next []config.Backend, diff backend.Difference) {
	for _, b := range old {
		if _, stays := named(next, b.Name); !stays {
			p.log.Info(b.Name+": removed", "event", "backend.removed", "backend", b.Name)
		}
	}
	for _, b := range next {
		was, there := named(old, b.Name)
		if !there {
			p.log.Info(b.Name+": added"+where(b), "event", "backend.added", "backend", b.Name)
			continue
		}
		if reflect.DeepEqual(was, b) {
			continue
		}
		what := "changed"
		if b.Run != "" && slices.Contains(diff.Changed, b.Name) {
			what = "changed, it starts anew"
		}
		p.log.Info(b.Name+": "+what+where(b), "event", "backend.changed", "backend", b.Name)
	}
}

// where says which requests go to a back-end.
func where(b config.Backend) string {
	if b.Path == "" && b.Host == "" {
		return ""
	}
	return ", it answers at " + b.Host + b.Path
}

// behind is what answers the requests for a back-end.
type behind struct {
	of      config.Backend
	target  string // of a command: where it listens
	handler http.Handler
	close   func() error // nil: nothing to close
}

// openBackends makes the handlers of the stores, and takes over those of before whose
// back-end is as it was.
func (p *parts) openBackends(ctx context.Context, list []config.Backend) (map[string]behind, error) {
	made := map[string]behind{}
	for _, b := range list {
		old, there := p.behind[b.Name]
		switch {
		case there && reflect.DeepEqual(old.of, b) && b.Run == "":
			made[b.Name] = old
		case b.Store != "":
			s, err := p.store(ctx, b)
			if err != nil {
				return nil, err
			}
			made[b.Name] = behind{of: b, handler: s}
		}
	}
	return made, nil
}

// forwardTo makes the handlers of the commands, whose ports are known now, and of servers
// that others run. Those that lead where they led are kept, with their connections.
func (p *parts) forwardTo(list []config.Backend, made map[string]behind) error {
	for _, b := range list {
		if _, done := made[b.Name]; done || b.Path == "" && b.Host == "" {
			continue
		}
		target := p.services.URL(b.Name)
		old, there := p.behind[b.Name]
		if there && old.close != nil && old.target == target && old.of.Path == b.Path && old.of.StripPath == b.StripPath {
			old.of = b
			made[b.Name] = old
			continue
		}
		handler, err := p.forward(b, target)
		if err != nil {
			return err
		}
		made[b.Name] = behind{of: b, target: target, handler: handler, close: handler.Close}
	}
	return nil
}

// mount lets requests go to the handlers, and closes those that have none any more.
func (p *parts) mount(list []config.Backend, made map[string]behind) {
	var mounts []mount
	for _, b := range list {
		if m, ok := made[b.Name]; ok && (b.Path != "" || b.Host != "") {
			mounts = append(mounts, mount{host: strings.ToLower(b.Host), path: strings.TrimSuffix(b.Path, "/"), handler: m.handler})
		}
	}
	old := p.behind
	p.behind = made
	p.mounts.Store(&mounts)
	for name, was := range old {
		if was.close != nil && made[name].handler != was.handler {
			_ = was.close() // idle connections; requests under way end as they began
		}
	}
}

// closeBackends gives back what the handlers hold.
func (p *parts) closeBackends() error {
	p.mount(nil, nil)
	return nil
}

// makeStateFolder makes the folder in which commands leave their trace, if there are any.
func (p *parts) makeStateFolder(list []config.Backend) error {
	if !slices.ContainsFunc(list, func(b config.Backend) bool { return b.Store == "" }) {
		return nil
	}
	err := makeFolder(p.cfg.Dir, filepath.Join(p.cfg.Dir, stateDir))
	if err != nil && !readOnly(err) { // else there is no trace, and only a kill of all of us would need one
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}
