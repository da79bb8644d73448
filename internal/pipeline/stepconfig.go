package pipeline

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
)

// Settings makes an AngularJS module of a JSON or YAML file: what gulp-ng-config does.
type Settings struct {
	Module string // the module's name; required
	From   string // the file, relative to the project; required
	// Environment names objects inside the file, "production" or "env.production", that
	// are merged, the later over the earlier; none = the whole file.
	Environment []string
}

// configStep writes the settings' script under the name of their file.
type configStep struct {
	settings Settings
}

// Name returns "config".
func (s *configStep) Name() string { return "config" }

// Concerns is true for the one file.
func (s *configStep) Concerns(p string) bool {
	return p == path.Clean(filepath.ToSlash(s.settings.From))
}

// Run makes the script.
func (s *configStep) Run(ctx context.Context, w *Work) error {
	file := absIn(w.tree.dir, s.settings.From)
	src, err := w.Read(file)
	if err != nil {
		w.Report(diag.Diagnostic{
			Severity: diag.Error, Source: s.Name(), Path: s.settings.From, Message: "the settings cannot be read: " + err.Error(),
			Hint: "pipeline.config.from names the file",
		})
		return nil
	}
	runner := run.New(run.Options{Dir: filepath.Dir(file), Plan: s.plan(filepath.Base(file))})
	runner.Give(map[string][]byte{filepath.ToSlash(file): src})
	result, err := runner.Run(ctx, s.Name())
	if err != nil {
		return err
	}
	for _, d := range result.Diagnostics {
		d.Source, d.Path = s.Name(), filepath.ToSlash(s.settings.From)
		w.Report(d)
	}
	for _, script := range result.Files {
		w.Emit(stem(file)+".js", script)
	}
	return nil
}

// plan is the gulpfile that would do it.
func (s *configStep) plan(file string) *gulp.Plan {
	var environment []gulp.Value
	for _, name := range s.settings.Environment {
		environment = append(environment, name)
	}
	options := &gulp.Object{Keys: []string{"environment"}, Values: map[string]gulp.Value{"environment": environment}}
	if environment == nil {
		options = nil
	}
	var stream *gulp.Stream
	for i, op := range []*gulp.Op{
		{Plugin: "gulp.src", Args: []gulp.Value{file}},
		{Plugin: "gulp-ng-config", Args: []gulp.Value{s.settings.Module, options}},
		{Plugin: "gulp.dest", Args: []gulp.Value{"."}},
	} {
		op.ID = i
		stream = &gulp.Stream{ID: i, Prev: stream, Op: op}
	}
	return &gulp.Plan{Version: 4, Tasks: []*gulp.Task{{Name: s.Name(), Work: &gulp.Body{Actions: []gulp.Action{stream}}}}}
}

// stem returns a file's name without folder and extension.
func stem(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
