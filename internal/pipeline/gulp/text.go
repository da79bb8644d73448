package gulp

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns "file:line:column" with the unknown parts left out.
func (p Place) String() string {
	switch {
	case p.File == "" || p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Line returns a stream as people read it: "src/**/*.scss → gulp-sass → .tmp". With
// options, plugins are shown with the arguments that they were given.
func (s *Stream) Line(options bool) string {
	w := writer{options: options}
	return w.stream(s)
}

// Text returns a value as JavaScript would have it written, functions by their names.
func Text(v Value) string {
	w := writer{options: true}
	return w.value(v)
}

// maxText bounds the characters of one string in a text: a licence banner is a page.
const maxText = 80

type writer struct{ options bool }

func (w writer) stream(s *Stream) string {
	own := w.op(s.Op)
	if s.Prev == nil {
		return own
	}
	return w.stream(s.Prev) + " → " + own
}

func (w writer) op(o *Op) string {
	switch o.Plugin {
	case "gulp.src", "gulp.dest":
		return w.folders(o)
	case "lazypipe":
		return w.ops(o.Chain)
	}
	name := o.Plugin
	parts := w.joined(o)
	if w.options {
		for _, a := range o.Args {
			if _, stream := a.(*Stream); !stream {
				parts = append(parts, w.value(a))
			}
		}
		if len(o.Chain) > 0 {
			parts = append(parts, w.ops(o.Chain))
		}
	}
	if len(parts) == 0 {
		return name
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

// joined are the streams that an op takes as arguments: without them a line tells nothing.
func (w writer) joined(o *Op) []string {
	var parts []string
	for _, a := range o.Args {
		if s, ok := a.(*Stream); ok {
			parts = append(parts, w.stream(s))
		}
	}
	return parts
}

func (w writer) ops(chain []*Op) string {
	parts := make([]string, len(chain))
	for i, c := range chain {
		parts[i] = w.op(c)
	}
	return strings.Join(parts, " → ")
}

// folders writes globs and folders bare.
func (w writer) folders(o *Op) string {
	if len(o.Args) == 0 {
		return o.Plugin
	}
	text := bare(o.Args[0])
	if o.Plugin == "gulp.src" && strings.HasPrefix(text, "function") || text == "" {
		text = o.Plugin + "(" + text + ")"
	}
	if w.options && len(o.Args) > 1 && o.Args[1] != nil {
		text += " " + w.value(o.Args[1])
	}
	return text
}

// bare writes a glob, or a list of globs, without quotes.
func bare(v Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []Value:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = bare(x)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return Text(v)
}

func (w writer) value(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return strconv.Quote(shorten(v))
	case []Value:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = w.value(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *Object:
		return w.object(v)
	case *Regexp:
		return "/" + v.Source + "/" + v.Flags
	case *Func:
		return strings.TrimSpace("function " + v.Name)
	case *Op:
		return w.op(v)
	case *Stream:
		return w.stream(v)
	}
	return fmt.Sprint(v)
}

func (w writer) object(o *Object) string {
	parts := make([]string, len(o.Keys))
	for i, key := range o.Keys {
		parts[i] = key + ": " + w.value(o.Values[key])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) <= maxText {
		return s
	}
	return string(r[:maxText]) + "…"
}
