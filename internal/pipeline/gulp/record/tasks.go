package record

import (
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// pending is a function whose doings are to be recorded, and what it is called with.
type pending struct {
	call goja.Callable
	args func() []goja.Value // nil = a callback
}

func (e *engine) jsSeries(call goja.FunctionCall) goja.Value {
	of := e.works(call.Argument(0))
	if w := alone(of); w != nil {
		return e.opaque(w)
	}
	e.refer(of)
	return e.opaque(&gulp.Series{Of: of})
}

func (e *engine) jsParallel(call goja.FunctionCall) goja.Value {
	of := e.works(call.Argument(0))
	if w := alone(of); w != nil {
		return e.opaque(w)
	}
	e.refer(of)
	return e.opaque(&gulp.Parallel{Of: of})
}

// alone is the only one of some work, which needs no wrapping; a name does, because its
// task may be defined anew.
func alone(of []gulp.Work) gulp.Work {
	if len(of) != 1 {
		return nil
	}
	if _, name := of[0].(gulp.TaskName); name {
		return nil
	}
	return of[0]
}

// reference is a name in a composition of gulp 4, which means the task as it was when the
// composition was made: "inject" may be defined anew as series("styles", "inject").
type reference struct {
	of   []gulp.Work
	at   int
	task *gulp.Task
}

// refer remembers which tasks the names in a composition mean.
func (e *engine) refer(of []gulp.Work) {
	for i, w := range of {
		name, ok := w.(gulp.TaskName)
		if !ok {
			continue
		}
		if t, defined := e.tasks[string(name)]; defined {
			e.references = append(e.references, reference{of: of, at: i, task: t})
		}
	}
}

func (e *engine) jsNamed(call goja.FunctionCall) goja.Value {
	return e.opaque(gulp.TaskName(call.Argument(0).String()))
}

// together are the dependencies of a task, which may be done at once.
func together(of []gulp.Work) gulp.Work {
	if len(of) == 1 {
		return of[0]
	}
	return &gulp.Parallel{Of: of}
}

// jsNothing is the work of a function of ours that does nothing here.
func (e *engine) jsNothing(call goja.FunctionCall) goja.Value {
	return e.opaque(&gulp.Body{Name: call.Argument(0).String()})
}

func (e *engine) jsStart(call goja.FunctionCall) goja.Value {
	if w, ok := unbox(call.Argument(0)).(gulp.Work); ok {
		e.act(&gulp.Start{Work: w, Place: e.here()})
	}
	return goja.Undefined()
}

// list are the elements of a list; a value that is none is one element.
func (e *engine) list(v goja.Value) []goja.Value {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return []goja.Value{v}
	}
	var list []goja.Value
	for i := range int(o.Get("length").ToInteger()) {
		list = append(list, orUndefined(o.Get(strconv.Itoa(i))))
	}
	return list
}

func (e *engine) works(v goja.Value) []gulp.Work {
	var of []gulp.Work
	for _, w := range e.list(v) {
		if work := e.work(w, nil); work != nil {
			of = append(of, work)
		}
	}
	return of
}

// work is what a value given as a task stands for. args are what its function is called
// with; nil = a callback.
func (e *engine) work(v goja.Value, args func() []goja.Value) gulp.Work {
	switch k := firstOf(e.known(v), unbox(v)).(type) {
	case gulp.Work:
		return k
	case *gulp.Op:
		e.used[k] = true
		return &gulp.Body{Name: k.Plugin, Place: k.Place, Actions: []gulp.Action{&gulp.Call{Op: k}}}
	}
	o, isObject := v.(*goja.Object)
	if !isObject {
		if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
			e.found(diag.Warning, e.here(), "a task is given that is not defined", "")
			return nil
		}
		return gulp.TaskName(v.String())
	}
	if o.ClassName() == "Array" {
		return together(e.works(v))
	}
	call, ok := goja.AssertFunction(v)
	if !ok {
		e.found(diag.Warning, e.here(), "a task is neither a name nor a function", "")
		return nil
	}
	return e.bodyOf(o, call, args)
}

func firstOf(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

// bodyOf is the body of a function: the same one wherever the function is used.
func (e *engine) bodyOf(f *goja.Object, call goja.Callable, args func() []goja.Value) *gulp.Body {
	if b, ok := e.bodies[f]; ok {
		return b
	}
	name := orUndefined(f.Get("displayName"))
	if goja.IsUndefined(name) {
		name = orUndefined(f.Get("name"))
	}
	b := &gulp.Body{Place: e.placeOf(f, e.here().File)}
	if b.Place.File == "" {
		b.Place = e.here() // a bound function has no text to look for
	}
	if !goja.IsUndefined(name) {
		b.Name = name.String()
	}
	e.bodies[f] = b
	e.todo[b] = pending{call: call, args: args}
	return b
}

// done is the callback that tasks are called with.
func (e *engine) done() goja.Value {
	return e.vm.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() })
}

// jsTask defines (name, deps, function); the last definition of a name counts.
func (e *engine) jsTask(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	t := &gulp.Task{Name: name, Place: e.here()}
	var deps []gulp.Work
	for _, d := range e.texts(call.Argument(1)) {
		deps = append(deps, gulp.TaskName(d))
	}
	if len(deps) > 0 && e.plan.Version == 0 {
		e.plan.Version = 3
	}
	fn := call.Argument(2)
	switch {
	case goja.IsUndefined(fn) && len(deps) == 0:
		t.Work = &gulp.Body{Place: t.Place}
	case goja.IsUndefined(fn):
		t.Work = together(deps)
	case len(deps) == 0:
		t.Work = e.work(fn, nil)
	default:
		t.Work = &gulp.Series{Of: []gulp.Work{together(deps), e.work(fn, nil)}}
	}
	e.define(t)
	return goja.Undefined()
}

func (e *engine) define(t *gulp.Task) {
	if t.Work == nil {
		t.Work = &gulp.Body{Place: t.Place}
	}
	old, again := e.tasks[t.Name]
	if !again {
		e.taskOrder = append(e.taskOrder, t.Name)
	}
	for _, r := range e.references {
		if r.task == old && again {
			r.of[r.at] = old.Work
		}
	}
	e.tasks[t.Name] = t
}

func (e *engine) jsHasTask(call goja.FunctionCall) goja.Value {
	_, ok := e.tasks[call.Argument(0).String()]
	return e.vm.ToValue(ok)
}

func (e *engine) jsTaskNames(goja.FunctionCall) goja.Value {
	list := make([]any, len(e.taskOrder))
	for i, name := range e.taskOrder {
		list[i] = name
	}
	return e.vm.NewArray(list...)
}

// exported takes the functions that a gulpfile exports as gulp 4's tasks.
func (e *engine) exported(exports *goja.Object) {
	own, err := e.standIn("gulp")
	if err != nil || e.plan.Version == 3 || exports == own.ToObject(e.vm).Get("gulp") || e.known(exports) != nil {
		return
	}
	_, _ = e.try(func() (goja.Value, error) {
		for _, key := range exports.Keys() {
			v := exports.Get(key)
			o, ok := v.(*goja.Object)
			if _, callable := goja.AssertFunction(v); !ok || !callable {
				continue
			}
			name := key
			if d := orUndefined(o.Get("displayName")); !goja.IsUndefined(d) && e.known(o) == nil {
				name = d.String()
			}
			t := &gulp.Task{Name: name, Place: e.placeOf(o, e.plan.Gulpfile), Work: e.work(v, nil)}
			if t.Place.File == "" {
				t.Place = e.placeOfExport(e.plan.Gulpfile, regexp.QuoteMeta(key))
			}
			e.define(t)
		}
		return nil, nil
	})
}

func (e *engine) jsVersion(call goja.FunctionCall) goja.Value {
	e.plan.Version = max(e.plan.Version, int(call.Argument(0).ToInteger()))
	return goja.Undefined()
}

// jsWatch records (globs, cwd, work, what the work is called with).
func (e *engine) jsWatch(call goja.FunctionCall) goja.Value {
	w := &gulp.Watch{Globs: e.texts(call.Argument(0)), Place: e.here()}
	if cwd := call.Argument(1); !goja.IsUndefined(cwd) {
		w.Globs = below(w.Globs, cwd.String())
	}
	if fn := call.Argument(2); !goja.IsUndefined(fn) {
		w.Work = e.watchWork(w, fn, call.Argument(3).String())
	}
	e.act(w)
	return e.opaque(w)
}

// jsWatchOn adds the work of an event's listener.
func (e *engine) jsWatchOn(call goja.FunctionCall) goja.Value {
	w, ok := unbox(call.Argument(0)).(*gulp.Watch)
	if !ok {
		return goja.Undefined()
	}
	more := e.watchWork(w, call.Argument(2), call.Argument(1).String())
	switch {
	case more == nil || more == w.Work:
	case w.Work == nil:
		w.Work = more
	default:
		w.Work = &gulp.Series{Of: []gulp.Work{w.Work, more}}
	}
	return goja.Undefined()
}

// watchWork is what is done on a change; what only tells the server is no work.
func (e *engine) watchWork(w *gulp.Watch, fn goja.Value, kind string) gulp.Work {
	if o, ok := fn.(*goja.Object); ok && e.known(o) == nil && e.isOwn(o) {
		return nil
	}
	var args func() []goja.Value
	if kind != "done" || e.plan.Version == 3 {
		args = func() []goja.Value { return e.event(w, kind) }
	}
	work := e.work(fn, args)
	if b, ok := work.(*gulp.Body); ok && len(b.Actions) == 0 && b.Place.File == "" && e.todo[b].call == nil {
		return nil
	}
	return work
}

// event are the arguments of a watcher's function. gulp 3 gives an object and gulp 4 a
// callback, listeners get the path, those of gulp-watch a file.
func (e *engine) event(w *gulp.Watch, kind string) []goja.Value {
	file := e.dir
	if found := e.find(w.Globs, e.dir); len(found) > 0 {
		file = found[0]
	}
	switch {
	case kind == "file":
		o := e.vinyl(&gulp.File{Path: file, Base: path.Dir(file)}, map[any]*goja.Object{}).ToObject(e.vm)
		_ = o.Set("event", "change")
		return []goja.Value{o, e.done()}
	case kind == "all":
		return []goja.Value{e.vm.ToValue("change"), e.vm.ToValue(file)}
	case e.plan.Version == 3:
		o := e.vm.NewObject()
		_ = o.Set("type", "changed")
		_ = o.Set("path", file)
		return []goja.Value{o, e.done()}
	}
	return []goja.Value{e.vm.ToValue(file)}
}

func below(globs []string, dir string) []string {
	out := slices.Clone(globs)
	for i, g := range out {
		switch {
		case len(g) > 0 && g[0] == '/':
		case len(g) > 0 && g[0] == '!':
			out[i] = "!" + dir + "/" + g[1:]
		default:
			out[i] = dir + "/" + g
		}
	}
	return out
}
