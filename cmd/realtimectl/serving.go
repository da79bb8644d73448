package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
)

// serving is one call of serve, over its restarts.
type serving struct {
	app    *app
	flags  serveFlags
	reload func() (stack.Project, error)

	// Of the run that comes next.
	started time.Time
	open    bool        // the browser, once
	ports   stack.Ports // of the run before
	ready   bool        // a run was
}

// run serves until it is stopped. The key R begins anew, with the configuration as it is
// then.
func (r *serving) run(ctx context.Context, p stack.Project) error {
	for {
		next, err := r.once(ctx, p)
		switch {
		case err != nil:
			return serveFailed(err)
		case !r.ready:
			return failure(exitInterrupted, errReported)
		case next == nil:
			r.sayStopped()
			return nil
		}
		p, r.started = *next, time.Now()
	}
}

// once runs the stack until it is stopped, and returns the project to go on with; nil to
// end.
func (r *serving) once(ctx context.Context, p stack.Project) (next *stack.Project, err error) {
	printer := r.app.printer()
	printer.Services(backendNames(p.Config))
	ctx, quit := context.WithCancel(ctx)
	var around sync.WaitGroup
	stopped := make(chan struct{})
	around.Go(func() { r.app.sayStopping(ctx, stopped) })
	starting := printer.Progress(ctx, "starting")
	started := sync.OnceFunc(starting.Done)
	err = stack.Run(ctx, stack.Options{
		Project: p, Log: printer.Log(), Reload: r.reread, Backends: printer.Services,
		ReadyFile: r.app.path(r.flags.readyFile), Version: readVersion().Version, Started: r.started, Ports: r.ports,
		Terminal: printer.Terminal() && r.app.logFormat != term.JSON, Columns: printer.Columns(),
		Ready: func(i stack.Info) {
			started()
			r.ready, r.ports = true, i.Ports
			r.announce(p.Config, i)
			k := &keyboard{app: r.app, reload: r.reload, info: i, quit: quit}
			k.restart = func() { next = r.again(quit) }
			around.Go(func() { k.listen(ctx) })
			around.Go(func() { r.app.sayComing(ctx, i.Control) })
			around.Go(func() { onResize(ctx, func() { i.Control.Resize(printer.Columns()) }) })
		},
	})
	started()
	close(stopped)
	quit()
	around.Wait() // the terminal is as it was
	return next, err
}

func backendNames(cfg *config.Config) []string {
	var names []string
	for _, b := range cfg.Backends {
		names = append(names, b.Name)
	}
	return names
}

// reread reads the configuration alone.
func (r *serving) reread() (*config.Config, error) {
	p, err := r.reload()
	return p.Config, err
}

// again reads the project for the next run and ends this one; a mistake in its
// configuration is told, and this one goes on.
func (r *serving) again(quit func()) *stack.Project {
	p, err := r.reload()
	if err != nil {
		r.app.printer().Error(err)
		r.app.printer().Lines("not restarted")
		return nil
	}
	r.app.printer().Diagnostics(p.Warnings)
	quit()
	return &p
}

// sayComing shows, if it takes its time, which back-ends are on their way.
func (a *app) sayComing(ctx context.Context, control *stack.Control) {
	for {
		names, changed := control.Coming()
		if len(names) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			continue
		}
		progress := a.printer().Progress(ctx, waitingFor(names))
		for len(names) > 0 && ctx.Err() == nil {
			progress.Set(waitingFor(names))
			select {
			case <-ctx.Done():
			case <-changed:
			}
			names, changed = control.Coming()
		}
		progress.Done()
	}
}

func waitingFor(names []string) string { return "waiting for " + strings.Join(names, ", ") }

// sayStopping shows, if it takes its time, that the end is under way.
func (a *app) sayStopping(ctx context.Context, stopped <-chan struct{}) {
	<-ctx.Done()
	progress := a.printer().Progress(context.WithoutCancel(ctx), "stopping; Ctrl-C again ends it at once")
	<-stopped
	progress.Done()
}

// sayStopped tells programs; a person sees the prompt.
func (r *serving) sayStopped() {
	if r.app.logFormat == term.JSON {
		r.app.printer().Log().Info("stopped", "event", "server.stopped")
	}
}

// serveFailed gives an error of the stack its exit code and its way out.
func serveFailed(err error) error {
	var taken *stack.PortError
	var sick *stack.BackendError
	var host *stack.HostError
	switch {
	case errors.As(err, &host):
		return failure(exitUsage, host, host.Hint())
	case errors.As(err, &taken):
		return failure(exitPort, err, fmt.Sprintf("stop it, or try %s %d", taken.Flag, taken.Port+1))
	case errors.As(err, &sick):
		return failure(exitBackend, sick, backendHint(sick))
	}
	return fmt.Errorf("serve: %w", err)
}

// backendHint shows what a back-end said last: that is where the reason is.
func backendHint(e *stack.BackendError) string {
	if len(e.Lines) == 0 {
		return "it printed nothing; try its command by hand"
	}
	return "it said last: " + e.Lines[len(e.Lines)-1]
}

// announce prints the banner and opens the browser.
func (r *serving) announce(cfg *config.Config, i stack.Info) {
	a := r.app
	b := banner(cfg, i, readVersion().Version)
	b.Footer = append(b.Footer, "Ctrl-C stops")
	if _, ok := a.console(); ok {
		b.Footer[len(b.Footer)-1] = "h help"
		b.Footer = append(b.Footer, "q quit")
	}
	if r.flags.demo {
		b.Rows = append(b.Rows, term.Row{Label: "Files", Value: i.Dir})
	}
	a.printer().Banner(b)
	if !r.open {
		return
	}
	r.open = false
	page := stack.State{App: i.App, Proxy: i.Proxy}.Page()
	if err := a.openBrowser(page); err != nil {
		a.printer().Log().Warn(err.Error(), "event", "browser.not-opened", "hint", "open "+page+" yourself")
	}
}
