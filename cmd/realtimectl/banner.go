package main

import (
	"cmp"
	"log/slog"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
)

// banner is what stands on the terminal once everything is up.
func banner(cfg *config.Config, i stack.Info, version string) term.Banner {
	b := term.Banner{
		Version: version, Took: i.Took, Mode: i.Mode, Project: i.Project,
		Attrs: []slog.Attr{
			slog.Int("pid", i.PID), slog.String("mode", i.Mode), slog.String("project", i.Project),
			slog.String("app", i.App), slog.String("proxy", i.Proxy), slog.Any("network", networkURLs(i)),
			slog.Any("backends", i.Backends),
		},
		Rows: rows(i),
	}
	if len(i.Network) > 0 {
		b.Notes = append(b.Notes, "every machine that reaches this one can use it: "+exposed(cfg))
	}
	if i.Mode == config.Development {
		b.Footer = append(b.Footer, "watching "+countOf(i.Watching, "file"))
	}
	return b
}

func networkURLs(i stack.Info) []string {
	urls := []string{}
	for _, n := range i.Network {
		urls = append(urls, n.URL)
	}
	return urls
}

// exposed says what stands between a stranger and the project.
func exposed(cfg *config.Config) string {
	if cfg.Serve.BasicAuth.On() {
		return "it is asked for the password"
	}
	return "serve.basic-auth would ask it for a password"
}

// rows lists every URL under which something answers, and the back-ends as they are now.
func rows(i stack.Info) []term.Row {
	var list []term.Row
	cfg := i.Control.Config()
	if i.Proxy != "" {
		list = append(list, term.Row{Label: "App", Value: i.Proxy, Note: liveNote(cfg, i.Control.Ghost())})
	} else {
		list = append(list, term.Row{Label: "App", Value: i.App})
	}
	for _, n := range i.Network {
		note := "press Q for a QR code"
		if n.Interface != "" {
			note = n.Interface + ", " + note
		}
		list = append(list, term.Row{Label: "Network", Value: n.URL, Note: note})
	}
	if i.Proxy != "" {
		list = append(list, term.Row{Label: "Direct", Value: i.App, Note: "without live reload"})
	}
	list = append(list, term.Row{Label: "Hub", Value: i.HubPath, Note: hubNote(cfg)})
	for _, b := range i.Control.Backends() {
		list = append(list, backendRow(i, b))
	}
	return list
}

func backendRow(i stack.Info, b stack.BackendInfo) term.Row {
	r := term.Row{Label: b.Name, Value: route(i, b), Status: stateOf(b), Note: cmp.Or(b.Reason, b.Target)}
	switch {
	case b.URL == "":
	case b.Phase == "healthy":
		r.Tone = term.Good
	case b.Reason != "":
		r.Tone = term.Bad
	default:
		r.Tone = term.Soon
	}
	return r
}

// route is where a browser finds a back-end: a URL if it has a host of its own, else its
// path.
func route(i stack.Info, b stack.BackendInfo) string {
	switch {
	case b.Host != "":
		scheme, rest, _ := strings.Cut(stack.State{App: i.App, Proxy: i.Proxy}.Page(), "://")
		port := rest[strings.LastIndex(rest, ":"):]
		return scheme + "://" + b.Host + port + b.Path
	case b.Path == "":
		return "no requests"
	}
	return b.Path
}

func liveNote(cfg *config.Config, ghost bool) string {
	parts := []string{"live reload"}
	if ghost {
		parts = append(parts, "ghost mode on")
	}
	if cfg.Serve.Slow != config.NoNetwork {
		parts = append(parts, "as slow as "+cfg.Serve.Slow)
	}
	if cfg.Serve.Target != "" {
		parts = append(parts, "in front of "+cfg.Serve.Target)
	}
	return strings.Join(parts, ", ")
}

// hubNote says which rules relay events; their absence is worth saying.
func hubNote(cfg *config.Config) string {
	switch {
	case cfg.Hub.Relays == nil && cfg.Serve.Mode == config.Development:
		return "no hub.relays: client:** goes to all as server:$1"
	case len(cfg.Hub.Relays) == 0:
		return "no relay rules"
	}
	return countOf(len(cfg.Hub.Relays), "relay rule")
}
