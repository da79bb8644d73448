package record

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/buffer"
	"github.com/dop251/goja_nodejs/require"
	"github.com/dop251/goja_nodejs/url"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// The stand-ins, in the language of those who use them.
//
//go:embed js
var standIns embed.FS

// engine is one evaluation, and later the home of the plan's functions.
type engine struct {
	dir  string // the project, absolute, with slashes
	opts Options
	// mu guards all else; held while code of the gulpfile runs.
	mu      sync.Mutex
	vm      *goja.Runtime
	files   *files
	ref     *goja.Symbol // under which stand-ins keep what they are
	inner   map[string]goja.Value
	rt      *goja.Object
	modules *modules
	waits   bool // modules may wait at their top level

	plan       *gulp.Plan
	top        *gulp.Body // what the gulpfile does outside of tasks
	body       *gulp.Body // that is being recorded
	bodies     map[*goja.Object]*gulp.Body
	todo       map[*gulp.Body]pending // bodies whose function was not called yet
	used       map[any]bool           // streams and ops that are a part of something
	ops        int
	streams    int
	opLog      map[*gulp.Body][]*gulp.Op // that were made while it was recorded
	tasks      map[string]*gulp.Task
	taskOrder  []string
	references []reference
	queue      []kept // what is to be done once the running function has returned
	timers     []kept
	lastPlace  gulp.Place
	stopped    bool // a bound was crossed

	functions map[*gulp.Func]goja.Value
	regexps   map[*gulp.Regexp]goja.Value
	wrapped   map[any]goja.Value // ops and streams as functions were given them
	places    map[*goja.Object]gulp.Place
}

const (
	// maxDepth bounds calls within calls: gulpfiles need tens.
	maxDepth = 2000
	// maxOps and maxStreams bound a plan: the largest seen has a few hundred.
	maxOps, maxStreams = 5_000, 5_000
	// maxTurns and maxTimers bound what one function may leave to be done after it.
	maxTurns, maxTimers = 10_000, 200
	// memoryTick is how often the process is weighed.
	memoryTick = 10 * time.Millisecond
)

var (
	errTime   = errors.New("it does not come to an end in time")
	errMemory = errors.New("it takes more memory than a gulpfile may")
	errTurns  = errors.New("its callbacks call for callbacks without end")
)

// boundExpressions bounds one match of an expression that backtracks: the engine cannot be
// interrupted in it, but what was interrupted meanwhile ends behind it. The engine has no
// setting for that; the library's own counts for the process.
var boundExpressions = sync.OnceFunc(func() { regexp2.DefaultMatchTimeout = matchTime })

// matchTime is far above what a match in a gulpfile takes.
const matchTime = 5 * time.Second

func newEngine(dir string, opts Options) (*engine, error) {
	boundExpressions()
	files, err := newFiles(dir)
	if err != nil {
		return nil, err
	}
	e := &engine{
		dir: dir, opts: opts, vm: goja.New(), files: files, inner: map[string]goja.Value{},
		ref: goja.NewSymbol("realtimectl"), plan: &gulp.Plan{}, top: &gulp.Body{},
		bodies: map[*goja.Object]*gulp.Body{}, todo: map[*gulp.Body]pending{}, used: map[any]bool{},
		opLog: map[*gulp.Body][]*gulp.Op{}, tasks: map[string]*gulp.Task{},
		functions: map[*gulp.Func]goja.Value{}, regexps: map[*gulp.Regexp]goja.Value{}, wrapped: map[any]goja.Value{},
		places: map[*goja.Object]gulp.Place{},
	}
	e.body = e.top
	e.modules = newModules(e)
	e.vm.SetMaxCallStackSize(maxDepth)
	e.vm.SetTimeSource(func() time.Time { return time.Unix(0, 0) }) // the same plan at any time
	e.vm.SetRandSource(func() float64 { return 0.5 })
	if err := e.prepare(); err != nil {
		return nil, fmt.Errorf("prepare the gulpfile's engine: %w", err)
	}
	return e, nil
}

// prepare makes the globals and the stand-ins.
func (e *engine) prepare() error {
	modules := require.NewRegistry(require.WithLoader(func(string) ([]byte, error) { return nil, require.ModuleFileDoesNotExistError }))
	modules.Enable(e.vm)
	buffer.Enable(e.vm)
	url.Enable(e.vm)
	classes := require.Require(e.vm, "url")
	if err := e.vm.GlobalObject().Delete("require"); err != nil {
		return err
	}
	e.rt = e.natives()
	if err := e.rt.Set("url", classes); err != nil {
		return err
	}
	for _, name := range []string{"buffer", "limits", "globals"} {
		if _, err := e.standIn(name); err != nil {
			return err
		}
	}
	_, err := e.standIn("modules")
	return err
}

// standIn returns one of our own modules.
func (e *engine) standIn(name string) (goja.Value, error) {
	if v, ok := e.inner[name]; ok {
		return v, nil
	}
	file := path.Join("js", name+".js")
	src, err := standIns.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fn, err := e.vm.RunScript(ownScripts+file, "(function(module, exports, require, rt){"+string(src)+"\n})")
	if err != nil {
		return nil, err
	}
	call, _ := goja.AssertFunction(fn)
	module, exports := e.vm.NewObject(), e.vm.NewObject()
	if err := module.Set("exports", exports); err != nil {
		return nil, err
	}
	inner := func(call goja.FunctionCall) goja.Value {
		v, err := e.standIn(call.Argument(0).String())
		if err != nil {
			panic(e.vm.NewGoError(err))
		}
		return v
	}
	if _, err := call(goja.Undefined(), module, exports, e.vm.ToValue(inner), e.rt); err != nil {
		return nil, err
	}
	e.inner[name] = module.Get("exports")
	return e.inner[name], nil
}

// ownScripts begins the names of our own scripts, which are no place in a project.
const ownScripts = "realtimectl:"

// bounded runs f within the bounds of time and memory. Only one call runs at a time.
func (e *engine) bounded(f func() error) (err error) {
	g := e.guard()
	defer func() {
		g.stop()
		if r := recover(); r != nil {
			err = e.panicked(r)
		}
		if g.cause != nil {
			err = g.cause
		}
	}()
	return f()
}

// panicked makes an error of what the engine panics with; anything else goes on.
func (e *engine) panicked(r any) error {
	switch r := r.(type) {
	case goja.Value:
		return errors.New(r.String())
	case *goja.InterruptedError:
		return r
	case *goja.StackOverflowError:
		return r
	case *goja.Exception:
		return r
	case error:
		return fmt.Errorf("the engine failed: %w", r)
	}
	return fmt.Errorf("the engine failed: %v", r)
}

// guard interrupts the engine when a bound is crossed.
type guard struct {
	e      *engine
	limit  uint64
	mu     sync.Mutex // guards what follows
	done   bool
	cause  error
	clock  *time.Timer
	weight *time.Timer
}

func (e *engine) guard() *guard {
	g := &guard{e: e, limit: heap() + e.opts.Memory}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clock = time.AfterFunc(e.opts.Time, func() { g.interrupt(errTime) })
	g.weight = time.AfterFunc(memoryTick, g.weigh)
	return g
}

func (g *guard) weigh() {
	if heap() > g.limit {
		g.interrupt(errMemory)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.done {
		g.weight.Reset(memoryTick)
	}
}

func (g *guard) interrupt(cause error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done || g.cause != nil {
		return
	}
	g.cause = cause
	g.e.vm.Interrupt(cause)
}

// stop ends the watch; the engine can be used again.
func (g *guard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = true
	g.clock.Stop()
	g.weight.Stop()
	g.e.vm.ClearInterrupt()
	g.e.stopped = false
}

// heap is what the process's values weigh.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// try runs f and returns what it throws as an error. An interrupt ends everything soon:
// loops over several functions ask interrupted.
func (e *engine) try(f func() (goja.Value, error)) (v goja.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = e.panicked(r)
		}
		var i *goja.InterruptedError
		if errors.As(err, &i) && !e.stopped {
			e.stopped, e.lastPlace = true, e.thrownAt(err)
		}
	}()
	return f()
}

// interrupted reports whether a bound was crossed.
func (e *engine) interrupted() bool { return e.stopped }

// kept is a function that is to be called later, and who asked for it.
type kept struct {
	call goja.Callable
	at   gulp.Place
}

// later keeps a function until the running one has returned.
func (e *engine) later(call goja.FunctionCall) goja.Value {
	if f, ok := goja.AssertFunction(call.Argument(0)); ok {
		e.queue = append(e.queue, kept{f, e.here()})
	}
	return goja.Undefined()
}

func (e *engine) timer(call goja.FunctionCall) goja.Value {
	if f, ok := goja.AssertFunction(call.Argument(0)); ok {
		e.timers = append(e.timers, kept{f, e.here()})
	}
	t := e.vm.NewObject()
	nothing := func(goja.FunctionCall) goja.Value { return t }
	for _, name := range []string{"unref", "ref", "hasRef", "refresh"} {
		_ = t.Set(name, nothing)
	}
	return t
}

// drain does what was kept: callbacks first, then timers, as often as they ask for more,
// within bounds.
func (e *engine) drain() {
	turns, timers := 0, 0
	for !e.interrupted() && (len(e.queue) > 0 || len(e.timers) > 0) {
		var f kept
		if len(e.queue) > 0 {
			f, e.queue = e.queue[0], e.queue[1:]
		} else {
			if timers++; timers > maxTimers {
				break // one that polls for something that never comes
			}
			f, e.timers = e.timers[0], e.timers[1:]
		}
		if turns++; turns > maxTurns {
			e.found(diag.Error, f.at, errTurns.Error(), "")
			break
		}
		if _, err := e.try(func() (goja.Value, error) { return f.call(goja.Undefined()) }); err != nil {
			e.mistake(err, "a callback throws")
		}
	}
	e.queue, e.timers = nil, nil
}

// mistake tells of what code of the gulpfile threw.
func (e *engine) mistake(err error, what string) {
	if e.interrupted() {
		return // told once, by who set the bounds
	}
	if thrown(err) == exit {
		return
	}
	var list diag.List
	if errors.As(err, &list) {
		for _, d := range list {
			e.found(d.Severity, gulp.Place{File: d.Path, Line: d.Line, Column: d.Column}, d.Message, d.Hint)
		}
		return
	}
	e.found(diag.Warning, e.thrownAt(err), what+": "+thrown(err), "")
}

// exit is what process.exit throws: the function wanted to end.
const exit = "Exit: process.exit"

// thrown is the message of an error that JavaScript threw.
func thrown(err error) string {
	var ex *goja.Exception
	var deep *goja.StackOverflowError
	switch {
	case errors.As(err, &deep):
		return "calls go too deep"
	case errors.As(err, &ex) && ex.Value() != nil:
		return firstLine(ex.Value().String())
	}
	return firstLine(err.Error())
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
