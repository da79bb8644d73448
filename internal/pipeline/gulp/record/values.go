package record

import (
	"strconv"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/buffer"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

const (
	// maxNesting bounds how deep a value is looked into: configurations are trees of few levels.
	maxNesting = 12
	// maxValues bounds how many values one argument may hold.
	maxValues = 50_000
)

// describer makes Go values of JavaScript's.
type describer struct {
	e     *engine
	left  int
	above []*goja.Object // that are being described: a circle ends
}

// value describes one JavaScript value.
func (e *engine) value(v goja.Value) gulp.Value {
	return (&describer{e: e, left: maxValues}).value(v)
}

// values describes the elements of a list of arguments.
func (e *engine) values(v goja.Value) []gulp.Value {
	d := &describer{e: e, left: maxValues}
	var out []gulp.Value
	for _, x := range e.list(v) {
		out = append(out, d.value(x))
	}
	return out
}

func (d *describer) value(v goja.Value) gulp.Value {
	d.left--
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) || d.left < 0 {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return plain(v)
	}
	switch k := firstOf(d.e.known(o), unbox(o)).(type) {
	case *gulp.Op:
		return k
	case *gulp.Stream:
		return k
	}
	for _, above := range d.above {
		if above == o {
			return nil
		}
	}
	if len(d.above) >= maxNesting {
		return nil
	}
	d.above = append(d.above, o)
	defer func() { d.above = d.above[:len(d.above)-1] }()
	return d.object(o)
}

func plain(v goja.Value) gulp.Value {
	switch x := v.Export().(type) {
	case bool, string, float64:
		return x
	case int64:
		return float64(x)
	}
	return v.String()
}

func (d *describer) object(o *goja.Object) gulp.Value {
	switch o.ClassName() {
	case "Function":
		return d.e.function(o)
	case "RegExp":
		return d.e.regexp(o)
	case "Array":
		out := []gulp.Value{}
		for i := range min(int(o.Get("length").ToInteger()), max(0, d.left)) {
			out = append(out, d.value(o.Get(strconv.Itoa(i))))
		}
		return out
	case "Date", "String", "Error":
		return o.String()
	case "Number", "Boolean":
		return plain(o.ToNumber())
	case "Map", "Set":
		return d.value(d.e.spread(o))
	case "Promise":
		return nil
	}
	if data, ok := d.e.bytes(o); ok {
		return string(data)
	}
	if op, ok := goja.AssertFunction(orUndefined(o.Get("_op"))); ok { // a Transform of the gulpfile's
		if v, err := op(o); err == nil {
			return asValue(d.e.known(v))
		}
	}
	out := &gulp.Object{Values: map[string]gulp.Value{}}
	for _, key := range o.Keys() {
		if d.left < 0 {
			break
		}
		out.Keys = append(out.Keys, key)
		out.Values[key] = d.value(o.Get(key))
	}
	return out
}

// asValue is an op as a value; nil for anything else.
func asValue(known any) gulp.Value {
	if op := asOp(known); op != nil {
		return op
	}
	return nil
}

// spread makes a list of what can be walked over.
func (e *engine) spread(o *goja.Object) goja.Value {
	from, _ := goja.AssertFunction(e.vm.Get("Array").ToObject(e.vm).Get("from"))
	v, err := from(goja.Undefined(), o)
	if err != nil {
		return e.vm.NewArray()
	}
	return v
}

// bytes is the content of a Buffer.
func (e *engine) bytes(o *goja.Object) ([]byte, bool) {
	if b, ok := o.Export().([]byte); ok {
		return b, true
	}
	if _, ok := o.Export().(goja.ArrayBuffer); ok || o.ClassName() == "Uint8Array" {
		return buffer.Bytes(e.vm, o), true
	}
	return nil, false
}

// toJS makes a JavaScript value of a Go one. Objects and files are noted, so that what a
// function does to them can be taken over.
func (e *engine) toJS(v gulp.Value, noted map[any]*goja.Object) goja.Value {
	switch v := v.(type) {
	case nil:
		return goja.Undefined()
	case []gulp.Value:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = e.toJS(x, noted)
		}
		return e.vm.NewArray(list...)
	case *gulp.Object:
		o := e.vm.NewObject()
		if v != nil {
			for _, key := range v.Keys {
				_ = o.Set(key, e.toJS(v.Values[key], noted))
			}
		}
		noted[v] = o
		return o
	case *gulp.File:
		return e.vinyl(v, noted)
	case *gulp.Func:
		return e.callback(v)
	case *gulp.Regexp:
		if re, ok := e.regexps[v]; ok {
			return re
		}
		return goja.Undefined()
	case *gulp.Op, *gulp.Stream:
		return e.opaque(v)
	}
	return e.vm.ToValue(v)
}

// callback gives a function back to the engine: one of the gulpfile's own, or one that
// only has a Call.
func (e *engine) callback(f *gulp.Func) goja.Value {
	if own, ok := e.functions[f]; ok {
		return own
	}
	return e.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		args := make([]gulp.Value, len(call.Arguments))
		for i, a := range call.Arguments {
			args[i] = e.value(a)
		}
		v, err := f.Call(args...)
		if err != nil {
			panic(e.vm.NewGoError(err))
		}
		return e.toJS(v, map[any]*goja.Object{})
	})
}

// takeBack gives objects and files what a function has made of them.
func (e *engine) takeBack(noted map[any]*goja.Object) {
	for v, o := range noted {
		switch v := v.(type) {
		case *gulp.Object:
			if v == nil {
				continue
			}
			if now, ok := e.value(o).(*gulp.Object); ok {
				*v = *now
			}
		case *gulp.File:
			e.fromVinyl(v, o)
		}
	}
}
