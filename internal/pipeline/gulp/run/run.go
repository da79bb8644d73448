package run

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// Options says what to carry out, and with what.
type Options struct {
	Dir  string     // the project, absolute; required
	Plan *gulp.Plan // required
	// Disk is what lies in Dir; its owner tells it what changes. nil = the runner reads
	// everything once and never again.
	Disk *Disk
	// Outputs are folders, relative to Dir, that tasks write into (".tmp", "dist"): what
	// lies there on disk comes from earlier days and does not count.
	Outputs []string
	Sheets  Sheets // nil = sheets are told to have no compiler
	// Hooks are the tasks whose missing plugins the project's own commands stand in for:
	// nothing is told of those.
	Hooks []string
	// HookFolder is where such a command has to write what belongs into a folder, both
	// relative to Dir; nil = into that folder.
	HookFolder func(folder string) string
	Log        *slog.Logger // nil = discard
}

// Sheets compiles Sass, Less and Stylus; *sheets.Compiler does.
type Sheets interface {
	Compile(ctx context.Context, in sheets.Input) (sheets.Output, diag.List, error)
}

// Result is what a run has done.
type Result struct {
	// Files are those that the run has written, by their path relative to the project,
	// with slashes. The bytes may not be changed; those that are as they were in the last
	// run are the same slices.
	Files map[string][]byte
	// Deleted are files that earlier runs had written and that are no more, sorted.
	Deleted []string
	// Commands are programs that the tasks would have started.
	Commands []*gulp.Command
	// Unknown are plugins, or what they were asked for, that nobody here knows, with their
	// task: what their streams make is missing.
	Unknown []string
	// Diagnostics are the mistakes that the run met, in its order.
	Diagnostics diag.List
}

// Runner carries out the tasks of one plan. Its methods may be called concurrently; runs
// follow one another.
type Runner struct {
	opts   Options
	mu     sync.Mutex // guards what follows; held for a whole run
	view   *view
	memory map[int]*memory
	runs   int

	packages packages
	made     map[madeBy]gulp.Value
	said     map[string]bool
}

// New returns a runner that has not run yet.
func New(opts Options) *Runner {
	opts.Dir = filepath.ToSlash(filepath.Clean(opts.Dir))
	if opts.Disk == nil {
		opts.Disk = NewDisk(opts.Dir)
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Runner{opts: opts, view: newView(opts.Disk, opts.Outputs), memory: map[int]*memory{}, made: map[madeBy]gulp.Value{}, said: map[string]bool{}}
}

// Run does a task and those that it needs. Mistakes in the user's files, unknown plugins
// and a task that does not exist are diagnostics; an error means that the machine failed
// or that ctx has ended, and what earlier runs had written stays.
func (r *Runner) Run(ctx context.Context, task string) (Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs++
	known := slices.Collect(maps.Keys(r.view.written))
	t := &running{r: r, ctx: ctx, cut: map[int]bool{}, done: map[string]bool{}}
	r.view.begin(destinations(r.opts.Plan, gulp.TaskName(task)))
	err := t.work(gulp.TaskName(task))
	if err == nil {
		err = ctx.Err()
	}
	files := r.view.settle(r.runs, err != nil)
	if err != nil {
		return Result{}, err
	}
	r.forgetUnused()
	result := Result{Files: make(map[string][]byte, len(files)), Commands: t.commands, Unknown: t.ended, Diagnostics: unique(t.found)}
	for path, f := range files {
		result.Files[relative(r.opts.Dir, path)] = f.Contents
	}
	for _, path := range known {
		if len(r.view.written[path]) == 0 {
			result.Deleted = append(result.Deleted, relative(r.opts.Dir, path))
		}
	}
	slices.Sort(result.Deleted)
	return result, nil
}

// Give puts files over those on disk that somebody else has made: by absolute path, all of
// them. Streams find them; they are not among what a run has written.
func (r *Runner) Give(files map[string][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.view.give(files)
}

// unique drops what was told before: two streams may read one file.
func unique(list diag.List) diag.List {
	seen := map[diag.Diagnostic]bool{}
	return slices.DeleteFunc(list, func(d diag.Diagnostic) bool {
		was := seen[d]
		seen[d] = true
		return was
	})
}
