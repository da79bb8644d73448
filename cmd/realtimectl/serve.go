package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/middleware"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
	"github.com/realtimectl/realtimectl/templates"
)

// serveFlags are the flags of serve that are no keys of the configuration.
type serveFlags struct {
	readyFile string
	demo      bool
}

// serveKeys maps the other flags to their keys.
func serveKeys() map[string]string {
	return map[string]string{
		"mode": "serve.mode", "proxy-port": "serve.proxy.port", "app-port": "serve.app.port",
		"host": "serve.host", "strict-port": "serve.strict-port", "open": "serve.open",
		"ghost": "serve.ghost", "target": "serve.target", "https": "serve.https",
		"slow": "serve.slow",
	}
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [dir]",
		Short: "Run the whole stack: app, live reload, event hub, back-ends",
		Long: `In development http://localhost:3000 shows the app with live reload, and
http://localhost:3010 the same without it. In production the app listener stands
alone and serves what build made. Ctrl-C stops everything; twice, at once.`,
		Example: `realtimectl serve
realtimectl serve --demo
realtimectl serve --open --proxy-port 8080
realtimectl serve --https
realtimectl serve --target http://localhost:8000
realtimectl serve --mode production --host 0.0.0.0`,
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.serve(cmd, args, f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.String("mode", config.Development, "`MODE`: development or production")
	fs.Int("proxy-port", 3000, "`PORT`: with live reload; 0 takes any free one")
	fs.Int("app-port", 3010, "`PORT`: without live reload; 0 takes any free one")
	fs.String("host", "", "`ADDRESS`: bind this instead of loopback; 0.0.0.0 opens it to the network")
	fs.Bool("strict-port", false, "fail if a port is taken instead of taking the next")
	fs.Bool("https", false, "speak https, with a certificate of your own authority or serve.cert")
	fs.Bool("open", false, "open the browser")
	fs.Bool("no-proxy", false, "no listener with live reload")
	fs.Bool("ghost", false, "mirror clicks, scrolling and input between pages")
	fs.String("slow", "", "`NETWORK`: as slow as 2g, slow-3g, 3g, fast-3g, dsl, cable, 4g")
	fs.String("target", "", "put the proxy in front of the server at `URL`")
	fs.StringVar(&f.readyFile, "ready-file", "", "write `FILE` (JSON: pid, mode, app, proxy) once everything accepts")
	fs.BoolVar(&f.demo, "demo", false, "serve the built-in job board from a temporary folder")
	completes(cmd, "slow", middleware.NetworkNames()...)
	completes(cmd, "mode", config.Development, config.Production)
	return cmd
}

func (a *app) serve(cmd *cobra.Command, args []string, f serveFlags) (err error) {
	over, err := serveOverrides(cmd)
	if err != nil {
		return err
	}
	dir := a.dir(args)
	if f.demo {
		if len(args) > 0 {
			return usagef("leave the folder out", "--demo serves a project of its own, not %s", args[0])
		}
		var remove func() error
		if dir, remove, err = demoProject(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
	}
	project, err := a.project(dir, over...)
	if err != nil {
		return err
	}
	return a.runStack(cmd.Context(), project, f, func() (*config.Config, error) {
		again, err := a.reload(dir, over...)
		return again.Config, err
	})
}

// serveOverrides collects what the flags say about the configuration.
func serveOverrides(cmd *cobra.Command) ([]config.Override, error) {
	flags := cmd.Flags()
	list := overrides(flags, serveKeys())
	off := flags.Lookup("no-proxy")
	if off.Value.String() != "true" {
		return list, nil
	}
	for _, other := range []string{"proxy-port", "target"} {
		if flags.Changed(other) {
			return nil, usagef("leave one of them out", "%s and %s contradict each other", givenAs(off), givenAs(flags.Lookup(other)))
		}
	}
	return append(list, config.Override{Key: "serve.proxy", Text: "false", From: givenAs(off)}), nil
}

// demoProject writes the job board into a temporary folder; remove takes it away.
func demoProject() (dir string, remove func() error, err error) {
	parent, err := os.MkdirTemp("", "realtimectl-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	remove = func() error { return os.RemoveAll(parent) }
	dir = filepath.Join(parent, "abacate")
	if _, err := templates.Write(dir, templates.Default, templates.Options{Name: "Abacate"}); err != nil {
		return "", nil, errors.Join(fmt.Errorf("demo: %w", err), remove())
	}
	return dir, remove, nil
}

func (a *app) runStack(ctx context.Context, project stack.Project, f serveFlags, reload func() (*config.Config, error)) error {
	cfg := project.Config
	if err := a.alreadyRuns(ctx, cfg); err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	var typing sync.WaitGroup
	ready := false
	err := stack.Run(ctx, stack.Options{
		Project:   project,
		Log:       a.printer().Log(),
		Reload:    reload,
		ReadyFile: a.path(f.readyFile),
		Version:   readVersion().Version,
		Started:   a.started,
		Terminal:  a.printer().Terminal() && a.logFormat != term.JSON,
		Ready: func(i stack.Info) {
			ready = true
			a.announce(cfg, i, f.demo)
			typing.Go(func() { a.keyboard(ctx, project, i, quit) })
		},
	})
	quit()
	typing.Wait() // the terminal is as it was
	var taken *stack.PortError
	var sick *stack.BackendError
	switch {
	case errors.As(err, &taken):
		return failure(exitPort, err, fmt.Sprintf("stop it, or try %s %d", taken.Flag, taken.Port+1))
	case errors.As(err, &sick):
		return failure(exitBackend, sick, backendHint(sick))
	case err != nil:
		return fmt.Errorf("serve: %w", err)
	case !ready:
		return failure(exitInterrupted, errReported)
	}
	return nil
}

// backendHint shows what a back-end said last: that is where the reason is.
func backendHint(e *stack.BackendError) string {
	if len(e.Lines) == 0 {
		return "it printed nothing; try its command by hand"
	}
	return "it said last: " + e.Lines[len(e.Lines)-1]
}

// announce prints the banner and opens the browser.
func (a *app) announce(cfg *config.Config, i stack.Info, demo bool) {
	b := banner(cfg, i, readVersion().Version)
	if a.printer().Terminal() && isTerminal(a.in) {
		b.Footer = append(b.Footer, "h help · q quit")
	}
	if demo {
		b.Rows = append(b.Rows, term.Row{Label: "Files", Value: i.Dir, Note: "edit them and watch"})
	}
	a.printer().Banner(b)
	if !cfg.Serve.Open {
		return
	}
	url := i.Proxy
	if url == "" {
		url = i.App
	}
	if err := a.openBrowser(url); err != nil {
		a.printer().Log().Warn(err.Error(), "event", "browser.not-opened", "hint", "open "+url+" yourself")
	}
}

// alreadyRuns refuses a second serve of the same project on the same ports. With --open
// it opens the page of the first one.
func (a *app) alreadyRuns(ctx context.Context, cfg *config.Config) error {
	s, _, runs := living(ctx, cfg)
	if !runs || elsewhere(cfg) {
		return nil
	}
	hints := []string{"open " + s.Page() + ", or end it with `realtimectl stop`", "--proxy-port 0 --app-port 0 starts a second one beside it"}
	if cfg.Serve.Open && a.openBrowser(s.Page()) == nil {
		hints = hints[1:]
	}
	return failure(exitPort, fmt.Errorf("this project is already served at %s (pid %d)", s.Page(), s.PID), hints...)
}

// elsewhere reports whether the user asked for ports of this serve's own.
func elsewhere(cfg *config.Config) bool {
	for _, key := range []string{"serve.app", "serve.proxy"} {
		if kind := cfg.Origin(key).Kind; kind == config.FromFlag || kind == config.FromEnvironment {
			return true
		}
	}
	return false
}

// openBrowser opens a page, unless nobody is there to see it.
func (a *app) openBrowser(url string) error {
	if a.env["CI"] != "" || a.env["SSH_CONNECTION"] != "" || !isTerminal(a.streams.err) {
		return errors.New("the browser is not opened: this is no terminal of a desktop")
	}
	if err := browser.OpenURL(url); err != nil {
		return fmt.Errorf("the browser did not open: %w", err)
	}
	return nil
}

func banner(cfg *config.Config, i stack.Info, version string) term.Banner {
	b := term.Banner{
		Version: version, Took: i.Took, Mode: i.Mode, Project: i.Project,
		Attrs: []slog.Attr{
			slog.Int("pid", i.PID), slog.String("mode", i.Mode), slog.String("project", i.Project),
			slog.String("app", i.App), slog.String("proxy", i.Proxy),
		},
		Rows: addresses(cfg, i),
	}
	for _, back := range i.Backends {
		b.Rows = append(b.Rows, term.Row{Label: back.Name, Value: back.Mount, Note: back.Target})
	}
	b.Rows = append(b.Rows, term.Row{Label: "Hub", Value: i.Hub.Path, Note: hubNote(cfg, i)})
	if i.Mode == config.Development {
		b.Footer = append(b.Footer, fmt.Sprintf("watching %d files", i.Watching))
	}
	b.Footer = append(b.Footer, "Ctrl-C stops")
	return b
}

// addresses lists every URL under which something answers.
func addresses(cfg *config.Config, i stack.Info) []term.Row {
	var rows []term.Row
	switch {
	case i.Proxy != "":
		rows = append(rows,
			term.Row{Label: "App", Value: i.Proxy, Note: liveNote(cfg)},
			term.Row{Label: "Direct", Value: i.App, Note: "without live reload"})
	default:
		rows = append(rows, term.Row{Label: "App", Value: i.App})
	}
	for _, url := range i.Network {
		rows = append(rows, term.Row{Label: "Network", Value: url, Note: "open to every machine that reaches this one"})
	}
	return rows
}

func liveNote(cfg *config.Config) string {
	parts := []string{"live reload"}
	if cfg.Serve.Ghost {
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
func hubNote(cfg *config.Config, i stack.Info) string {
	switch {
	case cfg.Hub.Relays == nil && i.Mode == config.Development:
		return "no hub.relays: client:** goes to all as server:$1"
	case i.Hub.Rules == 0:
		return "no relay rules"
	case i.Hub.Rules == 1:
		return "1 relay rule"
	}
	return fmt.Sprintf("%d relay rules", i.Hub.Rules)
}
