package run

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// templateOps fill templates, edit data and put code around code.
func templateOps(plugin string) opFunc {
	switch plugin {
	case "gulp-template", "gulp-consolidate":
		return fillTemplate
	case "gulp-replace-task":
		return replaceTask
	case "gulp-json-editor", "gulp-jsonminify", "gulp-json-minify", "gulp-jsonmin":
		return editJSON
	case "gulp-iife":
		return iife
	case "gulp-wrap-js":
		return wrapScript
	case "gulp-file":
		return addFile
	}
	return nil
}

// fillTemplate is gulp-template, and gulp-consolidate with the same language.
func fillTemplate(c *call, in []*file) ([]*file, error) {
	data, opts := object(c.arg(0)), object(c.arg(1))
	if c.op.Plugin == "gulp-consolidate" {
		if engine := text(c.arg(0)); engine != "lodash" && engine != "underscore" {
			c.unknown("the language " + engine)
			return nil, errEnded
		}
		data, opts = object(c.arg(1)), nil
	}
	for _, key := range []string{"interpolate", "evaluate", "escape", "imports", "variable"} {
		if has(opts, key) {
			c.unknown("the option " + key)
			return nil, errEnded
		}
	}
	return c.edit(in, func(f *file) ([]byte, error) {
		out, err := render(string(f.Contents), data)
		if err != nil {
			return nil, diag.List{c.located(f, 0, 0, err.Error())}
		}
		return []byte(out), nil
	})
}

// taskPattern is one thing that gulp-replace-task replaces.
type taskPattern struct {
	match gulp.Value
	with  gulp.Value
}

// replaceTask is gulp-replace-task: patterns, whose names have a prefix in the text.
func replaceTask(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	prefix := "@@"
	if opts.Get("usePrefix") == false {
		prefix = ""
	}
	prefix = textOr(opts, "prefix", prefix)
	patterns := taskPatterns(opts)
	return c.edit(in, func(f *file) ([]byte, error) {
		out := string(f.Contents)
		for _, p := range patterns {
			with := p.with
			if _, isFunc := with.(*gulp.Func); !isFunc {
				if _, isText := with.(string); !isText {
					with = string(stringify(with, ""))
				}
			}
			search := p.match
			if name, ok := search.(string); ok {
				search = prefix + name
				if s, isText := with.(string); isText && truthy(opts.Get("preservePrefix")) {
					with = prefix + s
				}
			}
			var err error
			if out, err = replaceOne(out, search, with); err != nil {
				return nil, c.mistake(err)
			}
		}
		return []byte(out), nil
	})
}

// taskPatterns lists the patterns; those that are texts come first, the longest before
// the others.
func taskPatterns(opts *gulp.Object) []taskPattern {
	delimiter := textOr(opts, "delimiter", ".")
	var list []taskPattern
	var addAll func(at string, o *gulp.Object)
	addAll = func(at string, o *gulp.Object) {
		for _, key := range keysOf(o) {
			name := key
			if at != "" {
				name = at + delimiter + key
			}
			list = append(list, taskPattern{name, o.Get(key)})
			addAll(name, object(o.Get(key)))
		}
	}
	for _, v := range values(opts.Get("patterns")) {
		o := object(v)
		if data := object(o.Get("json")); data != nil {
			addAll("", data)
			continue
		}
		if o != nil {
			with := o.Get("replacement")
			if with == nil {
				with = o.Get("replace")
			}
			list = append(list, taskPattern{o.Get("match"), with})
		}
	}
	addAll("", object(opts.Get("variables")))
	if opts.Get("preserveOrder") == true {
		return list
	}
	slices.SortStableFunc(list, func(a, b taskPattern) int {
		x, isX := a.match.(string)
		y, isY := b.match.(string)
		switch {
		case isX && isY:
			return len(y) - len(x)
		case isX:
			return -1
		case isY:
			return 1
		}
		return 0
	})
	return list
}

// editJSON is gulp-json-editor, and what makes JSON small.
func editJSON(c *call, in []*file) ([]*file, error) {
	return c.edit(in, func(f *file) ([]byte, error) {
		v, err := parseJSON(f.Contents)
		if err != nil {
			return nil, diag.List{c.located(f, 0, 0, "it is no JSON: "+err.Error())}
		}
		if c.op.Plugin != "gulp-json-editor" {
			return stringify(v, ""), nil
		}
		switch editor := c.arg(0).(type) {
		case *gulp.Func:
			if v, err = editor.Call(v); err != nil {
				return nil, c.mistake(err)
			}
		case *gulp.Object:
			v = mergedDeep(v, editor)
		}
		opts := object(c.arg(1))
		if opts.Get("beautify") == false {
			return stringify(v, ""), nil
		}
		return []byte(beautiful(v, indentOf(string(f.Contents), opts), "\n")), nil
	})
}

// mergedDeep puts a value over another: objects by their keys, lists behind each other.
func mergedDeep(a, b gulp.Value) gulp.Value {
	if x, ok := a.([]gulp.Value); ok {
		if y, ok := b.([]gulp.Value); ok {
			return append(x[:len(x):len(x)], y...)
		}
	}
	x, y := object(a), object(b)
	if x == nil || y == nil {
		return b
	}
	out := merged(x, nil)
	for _, key := range keysOf(y) {
		if has(x, key) {
			set(out, key, mergedDeep(x.Get(key), y.Get(key)))
			continue
		}
		set(out, key, y.Get(key))
	}
	return out
}

// indentOf is what the file is indented with, unless the options say otherwise.
func indentOf(src string, opts *gulp.Object) string {
	char, size := " ", 2
	if m := firstIndent.FindStringSubmatch(src); m != nil {
		char, size = m[1][:1], len(m[1])
	}
	return strings.Repeat(textOr(opts, "indent_char", char), number(opts.Get("indent_size"), size))
}

var firstIndent = regexp.MustCompile(`(?m)^([ \t]+)\S`)

// beautiful writes JSON as js-beautify does: keys on lines of their own, elements of lists
// behind each other.
func beautiful(v gulp.Value, indent, newLine string) string {
	switch v := v.(type) {
	case *gulp.Object:
		if len(v.Keys) == 0 {
			return "{}"
		}
		inner := newLine + indent
		parts := make([]string, 0, len(v.Keys))
		for _, key := range v.Keys {
			parts = append(parts, inner+jsString(key)+": "+beautiful(v.Get(key), indent, inner))
		}
		return "{" + strings.Join(parts, ",") + newLine + "}"
	case []gulp.Value:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = beautiful(e, indent, newLine)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(stringify(v, ""))
}

// iife is gulp-iife: a function of its own around a script.
func iife(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	params := texts(opts.Get("params"))
	args := texts(opts.Get("args"))
	if params == nil {
		params = args
	}
	if args == nil {
		args = params
	}
	head, tail := "(function("+strings.Join(params, ", ")+") {\n", "\n}"
	if opts.Get("prependSemicolon") != false {
		head = ";" + head
	}
	if opts.Get("useStrict") != false {
		head += "\"use strict\";\n\n"
	}
	if truthy(opts.Get("bindThis")) {
		tail += ".bind(this)"
	}
	tail += "(" + strings.Join(args, ", ") + "));\n"
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		return made{files: []*file{f.trimmed(opts.Get("trimCode") != false).between(head, tail)}}, nil
	})
}

// trimmed returns the file without the white space around its contents.
func (f *file) trimmed(wanted bool) *file {
	if !wanted {
		return f
	}
	src := string(f.Contents)
	rest := strings.TrimLeft(src, " \t\r\n")
	return f.with(func(n *file) {
		n.Contents = []byte(strings.TrimRight(rest, " \t\r\n"))
		if f.mapped != nil {
			m := *f.mapped
			m.Lines = m.Lines[min(len(m.Lines), strings.Count(src[:len(src)-len(rest)], "\n")):]
			n.mapped = &m
		}
	})
}

// bodyPlace is where gulp-wrap-js puts a script: "%= body %", which may be a statement.
var bodyPlace = regexp.MustCompile(`%=\s*body\s*%;?`)

// wrapScript is gulp-wrap-js. It writes the script as its author did, where the plugin
// writes it anew.
func wrapScript(c *call, in []*file) ([]*file, error) {
	template := text(c.arg(0))
	at := bodyPlace.FindStringIndex(template)
	if at == nil {
		c.unknown("a template that does not name the body")
		return nil, errEnded
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		return made{files: []*file{f.between(template[:at[0]], "\n"+template[at[1]:])}}, nil
	})
}

// addFile is gulp-file: a file of the gulpfile's own, before those of the stream.
func addFile(c *call, in []*file) ([]*file, error) {
	contents := text(c.arg(1))
	if file, ok := c.arg(1).(*gulp.File); ok {
		contents = string(file.Contents)
	}
	dir := c.r.opts.Dir
	f := &file{File: gulp.File{Path: path.Join(dir, text(c.arg(0))), Base: dir, Contents: []byte(contents)}}
	return append(in[:len(in):len(in)], c.r.memoryOf(c.op.ID).same(f, c.r.runs)), nil
}
