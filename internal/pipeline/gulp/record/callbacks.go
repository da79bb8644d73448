package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// during runs f in the engine after the evaluation: alone and within the bounds. What the
// code leaves to be done is done, and nothing of it gets into the plan.
func (e *engine) during(f func() error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.body = &gulp.Body{}
	mistakes := len(e.plan.Found)
	defer func() { e.plan.Found = e.plan.Found[:mistakes:mistakes] }()
	return e.bounded(f)
}

// function describes a function of the gulpfile; the same function is the same value.
func (e *engine) function(o *goja.Object) *gulp.Func {
	for f, v := range e.functions {
		if v == goja.Value(o) {
			return f
		}
	}
	at := e.here()
	f := &gulp.Func{Place: e.placeOf(o, at.File)}
	if name := o.Get("name"); name != nil {
		f.Name = name.String()
	}
	e.functions[f] = o
	call, ok := goja.AssertFunction(o)
	if !ok {
		return f
	}
	f.Call = func(args ...gulp.Value) (result gulp.Value, err error) {
		failed := e.during(func() error {
			result, err = e.invoke(call, args)
			return err
		})
		if failed != nil {
			return nil, e.located(f.Place, failed)
		}
		return result, nil
	}
	return f
}

// invoke calls a function with Go values and takes over what it did to them.
func (e *engine) invoke(call goja.Callable, args []gulp.Value) (gulp.Value, error) {
	noted := map[any]*goja.Object{}
	in := make([]goja.Value, len(args))
	for i, a := range args {
		in[i] = e.toJS(a, noted)
	}
	v, err := e.try(func() (goja.Value, error) { return call(goja.Undefined(), in...) })
	if err != nil {
		return nil, err
	}
	e.drain()
	if v, err = e.settled(v); err != nil {
		return nil, err
	}
	e.takeBack(noted)
	out := e.value(v)
	switch out.(type) {
	case *gulp.Op, *gulp.Stream:
		return out, nil // a recorder answers like a file, and like anything else
	}
	if file := e.fileOf(v, noted); file != nil {
		return file, nil
	}
	return out, nil
}

// settled is what a promise has become.
func (e *engine) settled(v goja.Value) (goja.Value, error) {
	o, ok := v.(*goja.Object)
	if !ok {
		return v, nil
	}
	p, ok := o.Export().(*goja.Promise)
	if !ok {
		return v, nil
	}
	switch p.State() {
	case goja.PromiseStateFulfilled:
		return p.Result(), nil
	case goja.PromiseStateRejected:
		return nil, e.rejected(p.Result())
	}
	return goja.Undefined(), nil
}

// rejected is the reason for which a promise failed, with the place where it was made.
func (e *engine) rejected(reason goja.Value) error {
	r := rejection{text: "undefined"}
	if reason == nil {
		return r
	}
	r.text = firstLine(reason.String())
	if o, ok := reason.(*goja.Object); ok {
		r.at = e.placeIn(orUndefined(o.Get("stack")).String())
	}
	return r
}

// rejection is the reason for which a promise failed.
type rejection struct {
	text string
	at   gulp.Place
}

func (r rejection) Error() string { return r.text }

// frame matches a line of a stack as the engine writes it.
var frame = regexp.MustCompile(`([^\s(]+):(\d+):(\d+)\(\d+\)`)

// placeIn is the first place in a stack's text that is a file of the project.
func (e *engine) placeIn(stack string) gulp.Place {
	for _, m := range frame.FindAllStringSubmatch(stack, -1) {
		if _, ok := e.modules.sources[m[1]]; !ok {
			continue
		}
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		return e.place(m[1], line, column)
	}
	return gulp.Place{}
}

// located says where in the gulpfile an error comes from.
func (e *engine) located(fallback gulp.Place, err error) error {
	at := e.thrownAt(err)
	if at.File == "" {
		at = fallback
	}
	return fmt.Errorf("%s:%d: %s: %w", at.File, at.Line, thrown(err), errThrown)
}

// errThrown is wrapped by what a function of the gulpfile has thrown.
var errThrown = errors.New("a function of the gulpfile failed")

// regexp describes a regular expression, which stays the engine's own.
func (e *engine) regexp(o *goja.Object) *gulp.Regexp {
	r := &gulp.Regexp{Source: o.Get("source").String(), Flags: o.Get("flags").String()}
	e.regexps[r] = o
	r.Test = func(s string) (matches bool) {
		_ = e.during(func() error {
			matches = e.test(r, s)
			return nil
		})
		return matches
	}
	r.Replace = func(s string, with gulp.Value) (out string, err error) {
		err = e.during(func() error {
			out, err = e.replace(o, s, with)
			return err
		})
		return out, err
	}
	return r
}

// test is RegExp.prototype.test without a memory of the last match.
func (e *engine) test(r *gulp.Regexp, s string) bool {
	o, ok := e.regexps[r].(*goja.Object)
	if !ok {
		return false
	}
	f, _ := goja.AssertFunction(o.Get("test"))
	_ = o.Set("lastIndex", 0)
	v, err := f(o, e.vm.ToValue(s))
	_ = o.Set("lastIndex", 0)
	return err == nil && v.ToBoolean()
}

func (e *engine) replace(o *goja.Object, s string, with gulp.Value) (string, error) {
	text := e.vm.ToValue(s).ToObject(e.vm)
	f, _ := goja.AssertFunction(text.Get("replace"))
	_ = o.Set("lastIndex", 0)
	v, err := e.try(func() (goja.Value, error) { return f(text, o, e.toJS(with, map[any]*goja.Object{})) })
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// runner makes Op.Run of a function (files, finished) of ours that sends files through
// the gulpfile's.
func (e *engine) runner(op *gulp.Op, run goja.Callable) func([]*gulp.File) ([]*gulp.File, error) {
	return func(files []*gulp.File) (out []*gulp.File, err error) {
		failed := e.during(func() error {
			out, err = e.runFiles(run, files)
			return err
		})
		if failed != nil {
			return nil, e.located(op.Place, failed)
		}
		return out, nil
	}
}

// errSilent is told of a function that never calls back.
var errSilent = errors.New("it does not call its callback")

func (e *engine) runFiles(run goja.Callable, files []*gulp.File) ([]*gulp.File, error) {
	noted := map[any]*goja.Object{}
	in := make([]any, len(files))
	for i, f := range files {
		in[i] = e.vinyl(f, noted)
	}
	var result goja.Value
	var failed error
	finished := func(call goja.FunctionCall) goja.Value {
		if a := call.Argument(0); a.ToBoolean() {
			failed = e.rejected(a)
		}
		result = call.Argument(1)
		return goja.Undefined()
	}
	_, err := e.try(func() (goja.Value, error) {
		return run(goja.Undefined(), e.vm.NewArray(in...), e.vm.ToValue(finished))
	})
	if err != nil {
		return nil, err
	}
	e.drain()
	switch {
	case failed != nil:
		return nil, failed
	case result == nil:
		return nil, errSilent
	}
	out := []*gulp.File{}
	for _, v := range e.list(result) {
		if f := e.fileOf(v, noted); f != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// vinyl makes a file as functions of the gulpfile see it.
func (e *engine) vinyl(f *gulp.File, noted map[any]*goja.Object) goja.Value {
	class, err := e.standIn("vinyl")
	if err != nil {
		return goja.Undefined()
	}
	o := e.vm.NewObject()
	_ = o.Set("path", f.Path)
	_ = o.Set("base", f.Base)
	_ = o.Set("cwd", e.dir)
	if f.Contents != nil {
		_ = o.Set("contents", e.buffer(f.Contents))
	}
	if f.Map != nil {
		var m any
		if json.Unmarshal(f.Map, &m) == nil {
			_ = o.Set("sourceMap", m)
		}
	}
	file, err := e.vm.New(class, o)
	if err != nil {
		return goja.Undefined()
	}
	noted[f] = file
	return file
}

// fileOf is the Go file of a vinyl one: that which it was made of, or a new one; nil for
// what is no file.
func (e *engine) fileOf(v goja.Value, noted map[any]*goja.Object) *gulp.File {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if data, ok := e.bytes(o); ok {
		return &gulp.File{Contents: slices.Clone(data)}
	}
	for g, js := range noted {
		if f, ok := g.(*gulp.File); ok && js == o {
			e.fromVinyl(f, o)
			return f
		}
	}
	if p := orUndefined(o.Get("path")); goja.IsUndefined(p) || goja.IsNull(p) || goja.IsUndefined(orUndefined(o.Get("contents"))) {
		return nil
	}
	f := &gulp.File{}
	e.fromVinyl(f, o)
	return f
}

// fromVinyl takes over what a function has made of a file.
func (e *engine) fromVinyl(f *gulp.File, o *goja.Object) {
	f.Path = e.abs(orUndefined(o.Get("path")).String(), e.dir)
	f.Base = e.abs(orUndefined(o.Get("base")).String(), e.dir)
	contents := orUndefined(o.Get("contents"))
	c, isObject := contents.(*goja.Object)
	switch {
	case isObject:
		if data, ok := e.bytes(c); ok {
			f.Contents = append(make([]byte, 0, len(data)), data...)
		}
	case goja.IsNull(contents) || goja.IsUndefined(contents):
		f.Contents = nil
	default:
		f.Contents = []byte(contents.String())
	}
	f.Map = nil
	if m, ok := orUndefined(o.Get("sourceMap")).(*goja.Object); ok {
		if data, err := json.Marshal(m.Export()); err == nil {
			f.Map = data
		}
	}
}
