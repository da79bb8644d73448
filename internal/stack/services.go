package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// BackendError says that a back-end did not become healthy.
type BackendError struct {
	Name  string
	Lines []string // the last lines it printed
	Err   error    // why
}

// Error says which back-end and why, without its output.
func (e *BackendError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *BackendError) Unwrap() error { return e.Err }

// addServices prepares the back-ends that are commands, and those that others run.
// Nothing runs yet, but every port is known.
func (p *parts) addServices(context.Context) error {
	services := p.servicesOf(p.cfg.Backends)
	if len(services) == 0 && p.cfg.Serve.Mode == config.Production {
		return nil // in development they may come later
	}
	if err := p.makeStateFolder(p.cfg.Backends); err != nil {
		return err
	}
	supervisor, err := backend.Self()
	if err != nil {
		return err
	}
	p.services, err = backend.New(backend.Options{
		Services: services, Supervisor: supervisor, StateDir: filepath.Join(p.cfg.Dir, stateDir),
		Terminal: p.terminal, Columns: p.columns, Output: p.print, OnState: p.followService,
		Log: p.log, Defaults: p.forCommands(),
	})
	return err
}

// forCommands are the variables by which a command finds the hub: `realtimectl emit` in
// it needs nothing more.
func (p *parts) forCommands() map[string]string {
	return map[string]string{
		"REALTIMECTL_URL":        p.doors.appURL(),
		"REALTIMECTL_TOKEN_FILE": p.cfg.Abs(p.cfg.Hub.Publish.TokenFile),
	}
}

// servicesOf are the back-ends of a list that are commands or run elsewhere.
func (p *parts) servicesOf(list []config.Backend) []backend.Service {
	var services []backend.Service
	for _, b := range list {
		if b.Store == "" {
			services = append(services, p.service(b, list))
		}
	}
	return services
}

// service is a back-end as the group takes it: with whole paths, and with those of its
// dependencies that have to come up; a store is always up.
func (p *parts) service(b config.Backend, list []config.Backend) backend.Service {
	s := backend.Service{
		Name: b.Name, Run: b.Run, URL: b.URL, Dir: p.cfg.Abs(b.Dir), Env: b.Env, EnvFile: b.EnvFile, Port: b.Port,
		Health: b.Health, Timeout: b.Timeout, Restart: backend.Policy(b.Restart), Watch: b.Watch,
	}
	if b.Log != "" {
		s.Log = p.cfg.Abs(b.Log)
	}
	for _, name := range b.Depends {
		if other, ok := named(list, name); ok && other.Store == "" {
			s.Depends = append(s.Depends, name)
		}
	}
	return s
}

// print passes on a line that a back-end prints.
func (p *parts) print(name, line string) {
	p.log.Info(line, "event", "backend.output", "service", name)
}

// runServices runs the commands. One that never becomes healthy ends the stack; one that
// fails later is started again, as it says.
func (p *parts) runServices(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		err := p.services.Ready(ctx)
		if unhealthy, ok := errors.AsType[*backend.UnhealthyError](err); ok {
			fail(&BackendError{Name: unhealthy.Name, Lines: unhealthy.Lines, Err: err})
		}
	}()
	err := p.services.Run(ctx)
	cause := context.Cause(ctx)
	fail(nil)
	<-watching
	if failed, ok := errors.AsType[*BackendError](cause); ok {
		return errors.Join(failed, err)
	}
	return err
}

// dependencies leaves out folders of a back-end that nobody edits and that may hold tens
// of thousands of files. What lies in the folders of the pages is left to the rules.
func dependencies(pages []string) func(path string, isDir bool) bool {
	return func(path string, isDir bool) bool {
		switch filepath.Base(path) {
		case "vendor", "node_modules", ".git", "__pycache__":
		default:
			return false
		}
		ofPages := slices.ContainsFunc(pages, func(dir string) bool {
			return strings.HasPrefix(path, dir+string(filepath.Separator))
		})
		return isDir && !ofPages
	}
}

// ownOutput leaves out the files that this program itself writes its lines to.
func ownOutput(streams ...*os.File) func(path string, isDir bool) bool {
	var files []fs.FileInfo
	for _, stream := range streams {
		if info, err := stream.Stat(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	return func(path string, isDir bool) bool {
		if isDir || len(files) == 0 {
			return false
		}
		info, err := os.Stat(path)
		return err == nil && slices.ContainsFunc(files, func(own fs.FileInfo) bool { return os.SameFile(own, info) })
	}
}

// either leaves out what one of the two does.
func either(a, b func(path string, isDir bool) bool) func(path string, isDir bool) bool {
	return func(path string, isDir bool) bool { return a(path, isDir) || b(path, isDir) }
}

// restartServices restarts the back-ends that watch what was saved.
func (p *parts) restartServices(b watch.Batch) {
	for _, name := range p.services.Changed(b.Paths) {
		p.restarting.Store(name, true)
		done := name + " restarts"
		p.log.Info(fmt.Sprintf("%-4s  %s  %s", kind(b.Paths), strings.Join(p.relative(b.Paths), ", "), done),
			"event", "backend.restarted", "backend", name, "action", done, "files", p.relative(b.Paths))
	}
}

// followService reloads the pages when a back-end that was restarted because of a saved
// file answers again: what they show came from the old one.
func (p *parts) followService(s backend.State) {
	if s.Phase != backend.Healthy || p.live == nil {
		return
	}
	if _, restarted := p.restarting.LoadAndDelete(s.Name); !restarted || !p.routed(s.Name) {
		return
	}
	pages := p.live.Notify(livereload.Change{All: true})
	if pages > 0 {
		p.log.Info(fmt.Sprintf("%s answers again  reloaded  %s", s.Name, count(pages, "page")),
			"event", "backend.reloaded", "backend", s.Name, "action", "reloaded", "pages", pages)
	}
}

// routed reports whether requests go to a back-end.
func (p *parts) routed(name string) bool {
	b, there := named(p.backendsNow(), name)
	return there && (b.Path != "" || b.Host != "")
}

// relative names files as seen from the project, the first of many.
func (p *parts) relative(paths []string) []string {
	c := &changes{dir: p.cfg.Dir}
	return []string{c.names(paths)}
}
