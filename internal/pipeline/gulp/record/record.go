// Package record evaluates a project's gulpfile and says what it does, as a [gulp.Plan].
//
// The gulpfile, and whatever it requires from the project, runs in an embedded engine
// with stand-ins for gulp 3 and 4, for their plugins and for node's modules; package.json
// says which of them the project has, node_modules need not be there. A stand-in takes
// every use and writes down what counts of it. A module that nobody here knows is taken
// too: the plan names it and where it was used.
//
// Evaluating has no effect: no file is written, no program runs, nothing is sent, and
// only files of the project are read. It is bounded in time, also within one match of an
// expression, in depth and in memory; a gulpfile that crosses a bound, throws or does not
// parse gives a plan of what it did until then, with a diagnostic.
//
// The functions in a plan run in the same engine, within the same bounds, one at a time.
package record

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// Options says what a gulpfile finds around it. The zero value is useful.
type Options struct {
	// Env are the variables of process.env.
	Env map[string]string
	// Args are what follows gulp's name on the command line: tasks and options.
	Args []string
	// Components returns the files, absolute, that Bower components bring into pages, for
	// gulpfiles that ask wiredep or main-bower-files for a list; nil = there are none.
	Components func(Components) ([]string, error)
	// Time bounds the evaluation, and each later call of a function: 0 = 10 seconds.
	Time time.Duration
	// Memory bounds by how many bytes the process may grow meanwhile: 0 = 512 MiB.
	Memory uint64
}

// Components is what a gulpfile asks about Bower components.
type Components struct {
	Directory string // where they are, relative to the project or absolute; "" = the default
	Dev       bool   // devDependencies as well
	// Overrides are what the call says of components, over bower.json.
	Overrides map[string]Override
}

// Override replaces what a component says of itself; nil = as it says.
type Override struct{ Main, Dependencies []string }

const (
	// defaultTime is far above the tens of milliseconds that gulpfiles take.
	defaultTime = 10 * time.Second
	// defaultMemory is far above the few megabytes that they need.
	defaultMemory = 512 << 20
)

// gulpfiles are the names under which gulp's command looks for one, in its order, and
// those of TypeScript and of folders.
var gulpfiles = [...]string{
	"gulpfile.js", "Gulpfile.js", "gulpfile.babel.js", "Gulpfile.babel.js", "gulpfile.mjs", "gulpfile.cjs", "gulpfile.esm.js",
	"gulpfile.ts", "Gulpfile.ts", "gulpfile.mts", "gulpfile.js/index.js", "gulpfile.babel.js/index.js", "gulpfile.ts/index.ts",
}

// Find returns the project's gulpfile, relative to it and with slashes; "" = it has none.
// The error says that there is one in a language that is not read here.
func Find(dir string) (string, error) {
	for _, name := range gulpfiles {
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil && info.Mode().IsRegular() {
			return name, nil
		}
	}
	for _, name := range []string{"gulpfile.coffee", "Gulpfile.coffee", "gulpfile.ls", "gulpfile.iced"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return "", fmt.Errorf("%s is in a language that is not read here, which is JavaScript or TypeScript", name)
		}
	}
	return "", nil
}

// Record evaluates the gulpfile of the project at dir; nil without an error = it has none.
// What is wrong with the gulpfile is in the plan's Found; the error says why there is no
// plan all the same.
func Record(dir string, opts Options) (*gulp.Plan, error) {
	file, err := Find(dir)
	if err != nil || file == "" {
		return nil, err
	}
	return recorded(dir, file, opts, func(e *engine) {
		e.loadMain(file)
		e.recordTasks()
	})
}

// Script evaluates another script of the project, relative to it, in the same way: the
// program of a server, for instance. What it does is in the plan's Top, a server also if
// what it waits for before it listens never comes.
func Script(dir, file string, opts Options) (*gulp.Plan, error) {
	return recorded(dir, file, opts, func(e *engine) {
		if _, err := e.try(func() (goja.Value, error) { return e.modules.load(path.Join(e.dir, file)) }); err != nil {
			e.mistake(err, "the script throws")
		}
		e.drain()
		e.listenAll()
	})
}

// recorded runs a script, and once more if a module of it waits at its top level, which
// has to be allowed from the start.
func recorded(dir, file string, opts Options, run func(e *engine)) (*gulp.Plan, error) {
	for waits := false; ; waits = true {
		e, err := open(dir, file, opts)
		if err != nil {
			return nil, err
		}
		e.waits = waits
		e.evaluate(func() { run(e) })
		if !e.modules.awaits || waits {
			return e.finish(), nil
		}
	}
}

// open returns an engine for a script of the project.
func open(dir, file string, opts Options) (*engine, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return nil, fmt.Errorf("find the project folder: %w", err)
	}
	if opts.Time <= 0 {
		opts.Time = defaultTime
	}
	if opts.Memory == 0 {
		opts.Memory = defaultMemory
	}
	e, err := newEngine(filepath.ToSlash(abs), opts)
	if err != nil {
		return nil, err
	}
	e.plan.Gulpfile = file
	return e, nil
}

// evaluate runs scripts. What crosses a bound ends it.
func (e *engine) evaluate(run func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plan.Version = e.version()
	err := e.bounded(func() error {
		run()
		return nil
	})
	if err != nil {
		e.found(diag.Error, e.lastPlace, err.Error(), "")
	}
}

// finish completes the plan.
func (e *engine) finish() *gulp.Plan {
	if e.plan.Version == 0 {
		e.plan.Version = 4
	}
	e.closeBody(e.top)
	for _, b := range e.bodies {
		e.closeBody(b)
	}
	for _, name := range e.taskOrder {
		e.plan.Tasks = append(e.plan.Tasks, e.tasks[name])
	}
	if len(e.top.Actions) > 0 {
		e.plan.Top = e.top
	}
	for name := range e.files.read {
		e.plan.Files = append(e.plan.Files, name)
	}
	slices.Sort(e.plan.Files)
	slices.SortStableFunc(e.plan.Found, func(a, b diag.Diagnostic) int { return strings.Compare(a.Path, b.Path) })
	return e.plan
}

// loadMain evaluates the gulpfile and takes gulp 4's exported functions as tasks.
func (e *engine) loadMain(file string) {
	exports, err := e.try(func() (goja.Value, error) { return e.modules.load(path.Join(e.dir, file)) })
	if err != nil {
		e.mistake(err, "the gulpfile throws")
	}
	e.drain()
	e.waited(file)
	if o, ok := exports.(*goja.Object); ok {
		e.exported(o)
	}
}

// listenAll starts the servers that nobody has started.
func (e *engine) listenAll() {
	_, err := e.try(func() (goja.Value, error) {
		own, err := e.standIn("servers")
		if err != nil {
			return nil, err
		}
		f, _ := goja.AssertFunction(own.ToObject(e.vm).Get("listenAll"))
		return f(goja.Undefined())
	})
	if err != nil {
		e.mistake(err, "the server cannot be read")
	}
}

// found adds a mistake to the plan, each once.
func (e *engine) found(severity diag.Severity, at gulp.Place, message, hint string) {
	d := diag.Diagnostic{
		Severity: severity, Source: "gulpfile", Path: at.File, Line: at.Line, Column: at.Column,
		Message: message, Hint: hint,
	}
	if d.Path == "" {
		d.Path = e.plan.Gulpfile
	}
	if src, err := e.files.root.ReadFile(filepath.FromSlash(d.Path)); err == nil {
		d.Excerpt = diag.Excerpt(src, d.Line, d.Column)
	}
	if len(e.plan.Found) < maxFound && !slices.Contains(e.plan.Found, d) {
		e.plan.Found = append(e.plan.Found, d)
	}
}

// maxFound bounds how many mistakes are told: nobody reads more.
const maxFound = 50
