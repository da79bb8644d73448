package run

import (
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/bower"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/tags"
)

// wiredep is wiredep.stream: the files of Bower components between two comments.
func wiredep(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	found, err := bower.Resolve(c.r.opts.Dir, c.bowerOptions(opts))
	if err != nil {
		c.found = append(c.found, diag.Diagnostic{Severity: diag.Error, Source: "wiredep", Path: "bower.json", Message: err.Error()})
		return in, nil
	}
	c.reportComponents(found)
	w := bower.Wiring{Result: found, Rewrite: c.ignorePath(opts.Get("ignorePath"))}
	out := make([]*file, len(in))
	for i, f := range in {
		out[i] = f
		if f.Contents == nil {
			continue
		}
		wiring := c.fileType(w, opts, tags.Ext(f.Path))
		text, err := wiring.Wire(string(f.Contents), f.Path)
		if err != nil {
			c.found = append(c.found, c.told(err))
			continue
		}
		out[i] = c.withContents(f, text)
	}
	return out, nil
}

// bowerOptions reads what wiredep is told about components.
func (c *call) bowerOptions(opts *gulp.Object) bower.Options {
	o := bower.Options{
		Directory: text(opts.Get("directory")), Dev: truthy(opts.Get("devDependencies")), Only: opts.Get("dependencies") == false,
		Self: truthy(opts.Get("includeSelf")), Files: c.r.opts.Disk, Exclude: excluder(opts.Get("exclude")),
	}
	// The project's own overrides stand in bower.json, which is read anyway.
	for _, name := range keysOf(object(opts.Get("overrides"))) {
		if o.Overrides == nil {
			o.Overrides = map[string]bower.Override{}
		}
		given := object(object(opts.Get("overrides")).Get(name))
		override := bower.Override{Main: texts(given.Get("main"))}
		if deps, ok := given.Get("dependencies").(*gulp.Object); ok {
			override.Dependencies = append([]string{}, deps.Keys...)
		}
		o.Overrides[name] = override
	}
	return o
}

// excluder matches paths as String.match does: with expressions, or with strings that are
// ones.
func excluder(v gulp.Value) func(path string) bool {
	list := values(v)
	if len(list) == 0 {
		return nil
	}
	return func(path string) bool {
		return slices.ContainsFunc(list, func(v gulp.Value) bool {
			switch v := v.(type) {
			case *gulp.Regexp:
				return v.Test(path)
			case string:
				return matchString(v, path)
			}
			return false
		})
	}
}

// ignorePath returns what takes a part out of addresses.
func (c *call) ignorePath(v gulp.Value) func(string) (string, error) {
	switch v := v.(type) {
	case string:
		return func(p string) (string, error) { return strings.Replace(p, v, "", 1), nil }
	case *gulp.Regexp:
		return func(p string) (string, error) { return v.Replace(p, "") }
	}
	return nil
}

// fileType adds what the option fileTypes says of files with this extension.
func (c *call) fileType(w bower.Wiring, opts *gulp.Object, ext string) bower.Wiring {
	given := object(object(opts.Get("fileTypes")).Get(ext))
	if given == nil {
		return w
	}
	for _, kind := range keysOf(object(given.Get("replace"))) {
		if w.Replace == nil {
			w.Replace = map[string]func(string) (string, error){}
		}
		w.Replace[kind] = lineMaker(object(given.Get("replace")).Get(kind))
	}
	if re, ok := given.Get("block").(*gulp.Regexp); ok {
		w.Blocks = func(src string, fill func(groups []string, offset int) string) (string, error) {
			return re.Replace(src, &gulp.Func{Name: "replaceIncludes", Call: func(args ...gulp.Value) (gulp.Value, error) {
				groups := make([]string, 5)
				for i := range groups {
					if i+1 < len(args) {
						groups[i] = text(args[i+1])
					}
				}
				return fill(groups, 0), nil
			}})
		}
	}
	return w
}

// lineMaker makes a line: a pattern with {{filePath}}, or a function.
func lineMaker(v gulp.Value) func(address string) (string, error) {
	return func(address string) (string, error) {
		if fn, ok := v.(*gulp.Func); ok {
			said, err := fn.Call(address)
			return text(said), err
		}
		return strings.Replace(text(v), "{{filePath}}", address, 1), nil
	}
}

// reportComponents tells of components that the page will lack.
func (c *call) reportComponents(r *bower.Result) {
	for _, lack := range r.Lacks("bower.json") {
		c.found = append(c.found, diag.Diagnostic{Severity: diag.Warning, Source: "wiredep", Path: "bower.json", Message: lack.Message, Hint: lack.Hint})
	}
}
