package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/realtimectl/realtimectl/internal/backend/store"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/proxy"
)

// addBackends makes the handlers of the back-ends and mounts them.
func (p *parts) addBackends(ctx context.Context) error {
	p.atEnd(p.closeBackends)
	made, err := p.openBackends(ctx, p.cfg.Backends)
	if err != nil {
		return err
	}
	if err := p.forwardTo(p.cfg.Backends, made); err != nil {
		return err
	}
	p.mount(p.cfg.Backends, made)
	return nil
}

// forward passes requests on to a back-end that listens at target. Those for a command
// wait while it starts.
func (p *parts) forward(b config.Backend, target string) (*proxy.Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("backends.%s: %w", b.Name, err)
	}
	o := proxy.Options{Name: b.Name, Log: p.log, Target: to}
	if b.Run != "" {
		o.Ready = func(ctx context.Context) error { return p.services.Wait(ctx, b.Name) }
	}
	if b.StripPath {
		o.StripPrefix = b.Path
	}
	return proxy.New(o)
}

// upstream forwards to another server; its idle connections end with the stack.
func (p *parts) upstream(o proxy.Options) (http.Handler, error) {
	forward, err := proxy.New(o)
	if err != nil {
		return nil, err
	}
	p.atEnd(forward.Close)
	return forward, nil
}

// store opens the built-in JSON store. What it accepts, it may tell the hub as the
// back-end, which no browser can.
func (p *parts) store(ctx context.Context, b config.Backend) (http.Handler, error) {
	schemas := make(map[string]string, len(b.Schemas))
	for collection, file := range b.Schemas {
		schemas[collection] = p.cfg.Abs(file)
	}
	raise := func(action, _ string, record json.RawMessage) {
		event := b.Emit[action]
		if event == "" {
			return
		}
		_, err := p.hub.Publish(ctx, hub.Message{Event: event, Args: []json.RawMessage{record}})
		if err != nil && ctx.Err() == nil {
			p.log.Error(fmt.Sprintf("%s: the event %s was not sent: %v", b.Name, event, err), "event", "store.emit-failed")
		}
	}
	s, err := store.Open(store.Options{
		File: p.cfg.Abs(b.Store), Path: b.Path, Schemas: schemas, OnEvent: raise, Log: p.log,
	})
	if err != nil {
		return nil, fmt.Errorf("backends.%s: %w", b.Name, err)
	}
	return s, nil
}
