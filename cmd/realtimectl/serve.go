package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/middleware"
	"github.com/realtimectl/realtimectl/internal/stack"
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
		if dir, remove, err = demoProject(cmd.Context()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
	}
	project, err := a.project(dir, over...)
	if err != nil {
		return err
	}
	if enough, err := a.alreadyRuns(cmd.Context(), project.Config); enough || err != nil {
		return err
	}
	r := &serving{app: a, flags: f, started: a.started, open: project.Config.Serve.Open}
	r.reload = func() (stack.Project, error) { return a.reload(dir, over...) }
	return r.run(cmd.Context(), project)
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
func demoProject(ctx context.Context) (dir string, remove func() error, err error) {
	parent, err := os.MkdirTemp("", "realtimectl-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	remove = func() error { return os.RemoveAll(parent) }
	dir = filepath.Join(parent, "abacate")
	if _, err := templates.Write(ctx, dir, templates.Default, templates.Options{Name: "Abacate"}); err != nil {
		return "", nil, errors.Join(fmt.Errorf("demo: %w", err), remove())
	}
	return dir, remove, nil
}
