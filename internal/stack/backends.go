package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/realtimectl/realtimectl/internal/backend/store"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/proxy"
)

// addBackends makes the handlers of the back-ends and mounts them.
func (p *parts) addBackends(ctx context.Context) error {
	for _, b := range p.cfg.Backends {
		if b.Path == "" && b.Host == "" {
			continue // a worker that answers no requests
		}
		handler, err := p.backend(ctx, b)
		if err != nil {
			return err
		}
		p.mounts = append(p.mounts, mount{
			host: strings.ToLower(b.Host), path: strings.TrimSuffix(b.Path, "/"), handler: handler,
		})
	}
	return nil
}

func (p *parts) backend(ctx context.Context, b config.Backend) (http.Handler, error) {
	if b.Store != "" {
		return p.store(ctx, b)
	}
	o := proxy.Options{Name: b.Name, Log: p.log}
	address := b.URL
	if b.Run != "" {
		address = p.services.URL(b.Name)
		o.Ready = func(ctx context.Context) error { return p.services.Wait(ctx, b.Name) }
	}
	target, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("backends.%s: %w", b.Name, err)
	}
	o.Target = target
	if b.StripPath {
		o.StripPrefix = b.Path
	}
	return p.upstream(o)
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
