package record

import (
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/buffer"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// fail throws a JavaScript error.
func (e *engine) fail(message string) { panic(e.vm.NewTypeError(message)) }

// jsOp records (plugin, args, {of, chain, run, each}) and returns what stands for it.
func (e *engine) jsOp(call goja.FunctionCall) goja.Value {
	if e.ops++; e.ops > maxOps {
		e.fail("the gulpfile uses too many plugins")
	}
	op := &gulp.Op{ID: e.ops, Plugin: call.Argument(0).String(), Place: e.here()}
	op.Args = e.values(call.Argument(1))
	more, ok := call.Argument(2).(*goja.Object)
	if ok {
		op.Of = asOp(unbox(more.Get("of")))
		for _, v := range e.list(more.Get("chain")) {
			if link := asOp(unbox(v)); link != nil {
				op.Chain = append(op.Chain, link)
				e.used[link] = true
			}
		}
		if run, ok := goja.AssertFunction(orUndefined(more.Get("run"))); ok {
			op.Run = e.runner(op, run)
			op.Each = orUndefined(more.Get("each")).ToBoolean()
		}
	}
	if op.Of != nil {
		e.used[op.Of] = true
	}
	e.use(op.Args)
	if !ok || !orUndefined(more.Get("quiet")).ToBoolean() {
		e.opLog[e.body] = append(e.opLog[e.body], op)
	}
	return e.opaque(op)
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// opaque makes a JavaScript value that only the Go side can look into.
func (e *engine) opaque(v any) goja.Value { return e.vm.ToValue(&box{v}) }

type box struct{ v any }

// unbox returns what an opaque value holds; nil for another value.
func unbox(v goja.Value) any {
	if v == nil {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	b, ok := o.Export().(*box)
	if !ok {
		return nil
	}
	return b.v
}

// known is what a value stands for: an op, a stream or work; nil for any other.
func (e *engine) known(v goja.Value) any {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	return unbox(o.GetSymbol(e.ref))
}

func asOp(v any) *gulp.Op {
	op, _ := v.(*gulp.Op)
	return op
}

// use marks what is a part of something else.
func (e *engine) use(args []gulp.Value) {
	for _, a := range args {
		switch a := a.(type) {
		case *gulp.Op:
			e.used[a] = true
		case *gulp.Stream:
			e.used[a] = true
		case []gulp.Value:
			e.use(a)
		case *gulp.Object:
			for _, key := range a.Keys {
				e.use([]gulp.Value{a.Values[key]})
			}
		}
	}
}

func (e *engine) jsPluginOf(call goja.FunctionCall) goja.Value {
	if op := asOp(unbox(call.Argument(0))); op != nil {
		return e.vm.ToValue(op.Plugin)
	}
	return goja.Undefined()
}

func (e *engine) jsOpOf(call goja.FunctionCall) goja.Value {
	if s, ok := unbox(call.Argument(0)).(*gulp.Stream); ok {
		return e.opaque(s.Op)
	}
	return goja.Undefined()
}

// jsStream records that files flow from a stream (or from nowhere) through an op.
func (e *engine) jsStream(call goja.FunctionCall) goja.Value {
	prev, _ := unbox(call.Argument(0)).(*gulp.Stream)
	op := asOp(unbox(call.Argument(1)))
	if op == nil {
		e.fail("pipe was given something that is no stream")
	}
	return e.opaque(e.newStream(prev, op))
}

func (e *engine) newStream(prev *gulp.Stream, op *gulp.Op) *gulp.Stream {
	if e.streams++; e.streams > maxStreams {
		e.fail("the gulpfile makes too many streams")
	}
	s := &gulp.Stream{ID: e.streams, Prev: prev, Op: op}
	if prev != nil {
		e.used[prev] = true
	}
	e.used[op] = true
	e.act(s)
	return s
}

// jsGraft lets files flow into a stream that was made without a source: its ops follow.
func (e *engine) jsGraft(call goja.FunctionCall) goja.Value {
	from, _ := unbox(call.Argument(0)).(*gulp.Stream)
	to, _ := unbox(call.Argument(1)).(*gulp.Stream)
	if from == nil || to == nil {
		e.fail("pipe was given something that is no stream")
	}
	e.used[to] = true
	var ops []*gulp.Op
	for s := to; s != nil; s = s.Prev {
		ops = append(ops, s.Op)
	}
	for _, op := range slices.Backward(ops) {
		from = e.newStream(from, op)
	}
	return e.opaque(from)
}

// jsAddArgs adds streams to an op that joins them.
func (e *engine) jsAddArgs(call goja.FunctionCall) goja.Value {
	if op := asOp(unbox(call.Argument(0))); op != nil {
		more := e.values(call.Argument(1))
		op.Args = append(op.Args, more...)
		e.use(more)
	}
	return goja.Undefined()
}

func (e *engine) jsArgCount(call goja.FunctionCall) goja.Value {
	if op := asOp(unbox(call.Argument(0))); op != nil {
		return e.vm.ToValue(len(op.Args))
	}
	return e.vm.ToValue(0)
}

// jsConsume says that values are a part of something of ours.
func (e *engine) jsConsume(call goja.FunctionCall) goja.Value {
	e.use(e.values(call.Argument(0)))
	return goja.Undefined()
}

// act adds to what the function that is being recorded does.
func (e *engine) act(a gulp.Action) { e.body.Actions = append(e.body.Actions, a) }

// jsCall records that a module is used for what it does, not as part of a stream.
func (e *engine) jsCall(call goja.FunctionCall) goja.Value {
	if op := asOp(unbox(call.Argument(0))); op != nil {
		e.used[op] = true
		e.act(&gulp.Call{Op: op})
	}
	return goja.Undefined()
}

func (e *engine) jsRemove(call goja.FunctionCall) goja.Value {
	globs := e.texts(call.Argument(0))
	if len(globs) > 0 {
		e.act(&gulp.Delete{Globs: globs, Place: e.here()})
	}
	return goja.Undefined()
}

// jsWrite remembers a file that the gulpfile writes by itself.
func (e *engine) jsWrite(call goja.FunctionCall) goja.Value {
	file := path.Clean(call.Argument(0).String())
	data := slices.Clone(buffer.Bytes(e.vm, call.Argument(1)))
	if !within(file, e.dir) {
		e.found(diag.Warning, e.here(), file+" lies outside of the project and is not written", "")
		return goja.Undefined()
	}
	e.files.written[file] = data
	e.act(&gulp.Write{Path: file, Contents: data, Place: e.here()})
	return goja.Undefined()
}

func (e *engine) jsCommand(call goja.FunctionCall) goja.Value {
	if line := strings.TrimSpace(call.Argument(0).String()); line != "" {
		e.act(&gulp.Command{Line: line, Place: e.here()})
	}
	return goja.Undefined()
}

func (e *engine) jsServer(call goja.FunctionCall) goja.Value {
	s := &gulp.Server{Kind: call.Argument(0).String(), Options: e.values(call.Argument(1)), Place: e.here()}
	e.use(s.Options)
	e.act(s)
	return goja.Undefined()
}

// jsServerOf records a server that folders are piped into: they are its last option, and
// their stream does nothing else.
func (e *engine) jsServerOf(call goja.FunctionCall) goja.Value {
	from, _ := unbox(call.Argument(2)).(*gulp.Stream)
	s := &gulp.Server{Kind: call.Argument(0).String(), Options: e.values(call.Argument(1)), Place: e.here()}
	if len(s.Options) == 0 {
		s.Options = []gulp.Value{&gulp.Object{}}
	}
	var folders []gulp.Value
	for f := from; f != nil; f = f.Prev {
		e.used[f] = true
		if f.Op.Plugin == "gulp.src" && len(f.Op.Args) > 0 {
			folders = append(folders, f.Op.Args[0])
		}
	}
	s.Options = append(s.Options, folders)
	e.use(s.Options)
	e.act(s)
	return goja.Undefined()
}

// closeBody completes a body when all is recorded: streams that others go on from are no
// actions, uses of modules that nothing came of are told.
func (e *engine) closeBody(b *gulp.Body) {
	b.Actions = slices.DeleteFunc(b.Actions, func(a gulp.Action) bool {
		s, ok := a.(*gulp.Stream)
		return ok && e.used[s]
	})
	for _, op := range e.opLog[b] {
		if !e.used[op] && op.Run == nil {
			b.Actions = append(b.Actions, &gulp.Call{Op: op})
		}
	}
}
