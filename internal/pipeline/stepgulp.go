package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/bower"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// gulpStep carries out the development task of the project's own gulpfile and makes what
// the task writes into served folders.
type gulpStep struct {
	gulp   *Gulp
	dir    string
	hooks  []string // names of the project's own commands
	sheets *sheets.Compiler
	log    *slog.Logger
	runner *run.Runner
	disk   *run.Disk
	stale  bool // the gulpfile has changed since it was evaluated

	mu      sync.Mutex           // guards refused
	refused map[string]diag.List // mistakes of files, by path, whose last good content is used
}

// newGulpStep returns the step for a project whose tree it may ask about mistakes.
func newGulpStep(g *Gulp, t *tree, hooks []string, compiler *sheets.Compiler, log *slog.Logger) *gulpStep {
	s := &gulpStep{dir: t.dir, hooks: hooks, sheets: compiler, log: log, disk: run.NewDisk(t.dir), refused: map[string]diag.List{}}
	s.disk.Accept = func(file string, old, content []byte) bool {
		found := t.mistakes(filepath.FromSlash(file), old, content)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(found) > 0 {
			s.refused[file] = found
		}
		return len(found) == 0
	}
	s.use(g)
	return s
}

func (s *gulpStep) use(g *Gulp) {
	s.gulp = g
	s.runner = run.New(run.Options{Dir: s.dir, Plan: g.Plan, Disk: s.disk, Outputs: g.outputs, Sheets: s.sheets, Hooks: s.hooks, HookFolder: g.hookFolder, Log: s.log})
}

// Name returns "gulp".
func (s *gulpStep) Name() string { return "gulp" }

// Concerns is true for everything a task may read: the runner redoes only what depends
// on it.
func (s *gulpStep) Concerns(string) bool { return true }

// forget takes the place of what the runner has read of the disk.
func (s *gulpStep) forget(paths []string) {
	s.disk.Forget(paths)
	if len(paths) == 0 {
		clear(s.refused)
	}
	for _, file := range paths {
		delete(s.refused, filepath.ToSlash(file))
	}
	s.stale = s.stale || len(paths) == 0 || slices.ContainsFunc(paths, s.isGulpfile)
}

// known returns what a file held when a task last read it.
func (s *gulpStep) known(file string) ([]byte, bool) { return s.disk.Known(filepath.ToSlash(file)) }

func (s *gulpStep) isGulpfile(file string) bool {
	rel, err := filepath.Rel(s.dir, file)
	return err == nil && slices.Contains(s.gulp.Plan.Files, filepath.ToSlash(rel))
}

// Run does the task; the gulpfile is evaluated anew when it has changed.
func (s *gulpStep) Run(ctx context.Context, w *Work) error {
	s.renew(w)
	w.sound = true // the runner keeps the last good state of each file
	w.found = append(w.found, s.gulp.Plan.FoundBy(s.gulp.Serving.Tasks()...)...)
	s.give(w)
	var commands []*gulp.Command
	for _, task := range s.gulp.Serving.Tasks() {
		result, err := s.runner.Run(ctx, task)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("run the task %s of %s: %w", task, s.gulp.Plan.Gulpfile, err)
		}
		if err != nil { // a compiler that cannot run, for instance: what there was stays
			w.sound = false
			w.Report(s.failed(task, err))
			return nil
		}
		w.found, commands = append(w.found, result.Diagnostics...), append(commands, result.Commands...)
		s.emit(w, result.Files)
	}
	for _, file := range slices.Sorted(maps.Keys(s.refused)) {
		w.found = append(w.found, s.refused[file]...)
	}
	s.reportServers(w, commands)
	return nil
}

// failed tells of a task that could not be carried out for a reason outside of the sources.
func (s *gulpStep) failed(task string, err error) diag.Diagnostic {
	at := s.gulp.Plan.Task(task).Place
	return diag.Diagnostic{
		Severity: diag.Error, Source: s.Name(), Path: at.File, Line: at.Line, Column: at.Column,
		Message: fmt.Sprintf("the task %s could not be carried out: %v", task, err),
	}
}

// give lets the tasks find what the project's own commands have made, and puts it under
// the URL that its place has.
func (s *gulpStep) give(w *Work) {
	s.runner.Give(handMade(w.tree, w.made, s.gulp.outputs))
	for name, data := range w.made {
		if url, ok := s.gulp.url(w.tree.rel(rooted(w.tree.tmp, name))); ok && url != name {
			w.Emit(url, data)
		}
	}
}

// emit makes the files that lie in a folder that is served.
func (s *gulpStep) emit(w *Work, files map[string][]byte) {
	for file, data := range files {
		if url, ok := s.gulp.url(file); ok && url != ".gitignore" { // the layer's own
			w.Emit(url, data)
		}
	}
}

// renew evaluates a gulpfile that has changed. The folders that are served stay those of
// the start: they belong to servers that run.
func (s *gulpStep) renew(w *Work) {
	if !s.stale {
		return
	}
	s.stale = false
	plan, serving, err := recordDevelopment(s.dir)
	if err != nil || plan == nil {
		return // it is being written, or has gone: the last plan stays
	}
	if plan.Task(serving.Task) == nil {
		w.found = append(w.found, plan.Found...)
		return
	}
	next := &Gulp{Plan: plan, Serving: serving, roots: s.gulp.roots, outputs: s.gulp.outputs}
	if roots := localFolders(s.dir, serving.Roots); len(roots) > 0 && !slices.Equal(roots, s.gulp.roots) {
		w.Report(diag.Diagnostic{
			Severity: diag.Warning, Source: s.Name(), Path: plan.Gulpfile,
			Message: "the gulpfile serves other folders now: " + strings.Join(roots, ", "),
			Hint:    "start realtimectl serve again to follow it",
		})
	}
	s.use(next)
}

// reportServers tells of programs and servers that the task would start and that nothing
// here stands in for.
func (s *gulpStep) reportServers(w *Work, commands []*gulp.Command) {
	lines := map[string]gulp.Place{}
	for _, c := range s.gulp.Serving.Commands {
		lines[c.Line] = c.Place
	}
	for _, c := range commands {
		lines[c.Line] = c.Place
	}
	for line, at := range lines {
		w.Report(diag.Diagnostic{
			Severity: diag.Warning, Source: s.Name(), Path: at.File, Line: at.Line, Column: at.Column,
			Message: fmt.Sprintf("the task %s would start a program, which is not done here: %s", s.gulp.Serving.Task, line),
			Hint:    fmt.Sprintf("if pages need it, write into realtimectl.yaml: backends: { app: { run: %q, path: /api } }", line),
		})
	}
	for _, url := range s.gulp.Serving.Proxies {
		w.Report(diag.Diagnostic{
			Severity: diag.Warning, Source: s.Name(), Path: s.gulp.Plan.Gulpfile,
			Message: fmt.Sprintf("the task %s puts its server in front of %s", s.gulp.Serving.Task, url),
			Hint:    "realtimectl serve --target " + withScheme(url) + " does that; a back-end for a part of the site is an entry of backends in realtimectl.yaml",
		})
	}
}

func withScheme(url string) string {
	if strings.Contains(url, "://") {
		return url
	}
	return "http://" + url
}

// recordGulpfile evaluates the gulpfile of a project as gulp would when it is called so;
// nil = it has none, or none that can be read, which the error says.
func recordGulpfile(dir string, call gulp.Invocation) (*gulp.Plan, error) {
	env := variables()
	maps.Copy(env, call.Env)
	plan, err := record.Record(dir, record.Options{
		Env: env, Args: slices.Concat(call.Tasks, call.Args),
		Components: func(c record.Components) ([]string, error) { return componentFiles(dir, c) },
	})
	if err != nil {
		return nil, fmt.Errorf("read the gulpfile: %w", err)
	}
	return plan, nil
}

// recordDevelopment evaluates the gulpfile as the project's own script for development
// calls it.
func recordDevelopment(dir string) (*gulp.Plan, gulp.Serving, error) {
	plan, err := recordGulpfile(dir, gulp.Invocation{})
	if err != nil || plan == nil {
		return plan, gulp.Serving{}, err
	}
	lines := developmentScripts(dir)
	serving := plan.Development(lines...)
	if serving.Call.IsPlain() {
		return plan, serving, nil
	}
	if again, err := recordGulpfile(dir, serving.Call); err == nil && again != nil {
		plan = again
	}
	return plan, plan.Development(lines...), nil
}

// developmentScripts are the command lines of package.json that start development, the
// most usual name first.
func developmentScripts(dir string) []string {
	var lines []string
	for _, s := range scripts(dir, "dev", "serve", "start", "develop", "development", "start:dev", "watch") {
		lines = append(lines, s.Line)
	}
	return lines
}

// buildScripts are those that make the finished site, the most usual name first.
func buildScripts(dir string) []gulp.Script {
	return scripts(dir, "build", "build:prod", "build:production", "build-prod", "build:dist", "dist", "prod", "production", "release", "compile", "bundle", "gulp-build")
}

// scripts are those of package.json that have one of the names.
func scripts(dir string, names ...string) []gulp.Script {
	lines := readPackage(dir).Scripts
	var found []gulp.Script
	for _, name := range names {
		if line := lines[name]; line != "" {
			found = append(found, gulp.Script{Name: name, Line: line})
		}
	}
	return found
}

// variables are those of our environment, by name.
func variables() map[string]string {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

// componentFiles are the files that Bower components bring into pages, absolute.
func componentFiles(dir string, c record.Components) ([]string, error) {
	overrides := map[string]bower.Override{}
	for name, o := range c.Overrides {
		overrides[name] = bower.Override{Main: o.Main, Dependencies: o.Dependencies}
	}
	found, err := bower.Resolve(dir, bower.Options{Directory: c.Directory, Dev: c.Dev, Overrides: overrides})
	if err != nil {
		return nil, fmt.Errorf("look for components: %w", err)
	}
	return found.Files, nil
}
