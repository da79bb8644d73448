package run

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// templatePart is one of lodash's delimiters: <%- escaped %>, <%= value %>, ${ value },
// <% code %>.
var templatePart = regexp.MustCompile(`<%-([\s\S]+?)%>|<%=([\s\S]+?)%>|\$\{([^\\}]*(?:\\[\s\S][^\\}]*)*)\}|<%([\s\S]+?)%>`)

// simpleValue is an expression that needs no engine: a path of names.
var simpleValue = regexp.MustCompile(`^\s*[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\s*$`)

// templateTime bounds the code of one template.
const templateTime = 5 * time.Second

// render fills a lodash template. Templates that only name values are filled here; code
// runs in an engine of its own, which can reach nothing but the data.
func render(src string, data *gulp.Object) (string, error) {
	parts := templatePart.FindAllStringSubmatchIndex(src, -1)
	if len(parts) == 0 {
		return src, nil
	}
	var out strings.Builder
	at := 0
	for _, m := range parts {
		expr, ok := simpleExpression(src, m)
		if !ok {
			return renderCode(src, parts, data)
		}
		v, ok := lookupPath(data, expr)
		if !ok { // a word of the language, or a property of what is no object: list.length
			text, err := renderCode(src, parts, data)
			if err != nil {
				return "", fmt.Errorf("%s is not defined", expr)
			}
			return text, nil
		}
		out.WriteString(src[at:m[0]])
		if v != nil {
			out.WriteString(display(v))
		}
		at = m[1]
	}
	return out.String() + src[at:], nil
}

// simpleExpression returns the expression of a part that only names a value.
func simpleExpression(src string, m []int) (string, bool) {
	for _, group := range []int{4, 6} { // <%= and ${
		if m[group] >= 0 && simpleValue.MatchString(src[m[group]:m[group+1]]) {
			return strings.TrimSpace(src[m[group]:m[group+1]]), true
		}
	}
	return "", false
}

// lookupPath follows "a.b.c" through objects; the first name must be there.
func lookupPath(data *gulp.Object, expr string) (gulp.Value, bool) {
	var v gulp.Value = data
	for i, name := range strings.Split(expr, ".") {
		o, isObject := v.(*gulp.Object)
		if !isObject {
			return nil, false
		}
		if i == 0 && !has(o, name) {
			return nil, false
		}
		v = o.Get(name)
	}
	return v, true
}

// renderCode makes a function of the template, as lodash does, and calls it.
func renderCode(src string, parts [][]int, data *gulp.Object) (string, error) {
	var code strings.Builder
	code.WriteString("(function (obj) { var __p = '', print = function () { __p += Array.prototype.join.call(arguments, ''); }; with (obj) {\n")
	at := 0
	for _, m := range parts {
		writeText(&code, src[at:m[0]])
		at = m[1]
		switch {
		case m[2] >= 0:
			code.WriteString("__p += _.escape(__text(" + src[m[2]:m[3]] + "));\n")
		case m[4] >= 0:
			code.WriteString("__p += __text(" + src[m[4]:m[5]] + ");\n")
		case m[6] >= 0:
			code.WriteString("__p += __text(" + src[m[6]:m[7]] + ");\n")
		default:
			code.WriteString(src[m[8]:m[9]] + "\n;")
		}
	}
	writeText(&code, src[at:])
	code.WriteString("}\nreturn __p; })")
	return runTemplate(code.String(), data)
}

func writeText(code *strings.Builder, text string) {
	if text != "" {
		code.WriteString("__p += " + jsString(text) + ";\n")
	}
}

// jsString is a string literal: JSON is a subset of JavaScript.
func jsString(s string) string { return string(stringify(s, "")) }

// templateHelpers is what lodash lends to its templates.
const templateHelpers = `
function __text(v) { return v === null || v === undefined ? '' : String(v); }
var _ = {
  escape: function (s) { return String(s).replace(/[&<>"']/g, function (c) { return {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'}[c]; }); },
  forEach: function (c, f) { Array.isArray(c) ? c.forEach(f) : Object.keys(c || {}).forEach(function (k) { f(c[k], k, c); }); return c; },
  map: function (c, f) { return Array.isArray(c) ? c.map(f) : Object.keys(c || {}).map(function (k) { return f(c[k], k, c); }); },
  keys: Object.keys, size: function (c) { return c ? c.length === undefined ? Object.keys(c).length : c.length : 0; },
  isEmpty: function (c) { return _.size(c) === 0; }, assign: Object.assign, extend: Object.assign
};
_.each = _.forEach;
`

func runTemplate(code string, data *gulp.Object) (string, error) {
	out, err := runCode(code, data)
	if err != nil {
		return "", err
	}
	return display(out), nil
}

// evaluate returns what an expression is worth where the data's keys are variables.
func evaluate(expression string, data *gulp.Object) (gulp.Value, error) {
	return runCode("(function (context) { with (context) { return ("+expression+"\n); } })", data)
}

// runCode calls a function of one argument in an engine of its own, which can reach
// nothing but the data.
func runCode(code string, data *gulp.Object) (gulp.Value, error) {
	vm := goja.New()
	vm.SetMaxCallStackSize(1000)
	timer := time.AfterFunc(templateTime, func() { vm.Interrupt("it took too long") })
	defer timer.Stop()
	if _, err := vm.RunString(templateHelpers); err != nil {
		return nil, fmt.Errorf("prepare the engine: %w", err)
	}
	made, err := vm.RunString(code)
	if err != nil {
		return nil, fmt.Errorf("the template does not parse: %w", err)
	}
	call, ok := goja.AssertFunction(made)
	if !ok {
		return nil, fmt.Errorf("the template does not parse: it closes a block that it did not open")
	}
	out, err := call(goja.Undefined(), toEngine(vm, data))
	if err != nil {
		return nil, fmt.Errorf("the template fails: %w", err)
	}
	return fromEngine(vm, out), nil
}

// toEngine gives a value to an engine.
func toEngine(vm *goja.Runtime, v gulp.Value) goja.Value {
	switch v := v.(type) {
	case nil:
		return goja.Undefined()
	case *gulp.Object:
		o := vm.NewObject()
		for _, key := range keysOf(v) {
			_ = o.Set(key, toEngine(vm, v.Get(key))) // a plain object takes every key
		}
		return o
	case []gulp.Value:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = toEngine(vm, e)
		}
		return vm.NewArray(list...)
	case *gulp.Func:
		return vm.ToValue(func(call goja.FunctionCall) goja.Value {
			args := make([]gulp.Value, len(call.Arguments))
			for i, a := range call.Arguments {
				args[i] = fromEngine(vm, a)
			}
			out, err := v.Call(args...)
			if err != nil {
				panic(vm.NewGoError(err))
			}
			return toEngine(vm, out)
		})
	}
	return vm.ToValue(v)
}

// fromEngine takes a value from an engine.
func fromEngine(vm *goja.Runtime, v goja.Value) gulp.Value {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	o, isObject := v.(*goja.Object)
	if !isObject {
		switch v := v.Export().(type) {
		case int64:
			return float64(v)
		case string, bool, float64:
			return v
		}
		return v.String()
	}
	if o.ClassName() == "Array" {
		var list []gulp.Value
		for i := range o.Get("length").ToInteger() {
			list = append(list, fromEngine(vm, o.Get(strconv.FormatInt(i, 10))))
		}
		return list
	}
	out := newObject()
	for _, key := range o.Keys() {
		out.Keys = append(out.Keys, key)
		out.Values[key] = fromEngine(vm, o.Get(key))
	}
	return out
}

// fileData is a file as templates see it.
func (c *call) fileData(f *file) *gulp.Object {
	return newObject("path", f.Path, "base", f.Base, "cwd", c.r.opts.Dir, "relative", f.relative(), "contents", string(f.Contents),
		"extname", ext(f.Path), "stem", stem(f.Path), "basename", path.Base(f.Path), "dirname", path.Dir(f.Path))
}

// merged puts the keys of one object over those of another.
func merged(a, b *gulp.Object) *gulp.Object {
	out := newObject()
	for _, o := range []*gulp.Object{a, b} {
		for _, key := range keysOf(o) {
			set(out, key, o.Get(key))
		}
	}
	return out
}

// set gives a key a value.
func set(o *gulp.Object, key string, v gulp.Value) {
	if !has(o, key) {
		o.Keys = append(o.Keys, key)
	}
	o.Values[key] = v
}
