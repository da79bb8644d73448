package run

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// bundleOps are bundlers and what stands around them.
func bundleOps(plugin string) opFunc {
	switch plugin {
	case "browserify", "watchify":
		return func(c *call, _ []*file) ([]*file, error) { return c.browserify(nil) }
	case "gulp-browserify", "gulp-bro", "gulp-browserify-globs":
		return func(c *call, in []*file) ([]*file, error) { return c.browserify(in) }
	case "webpack-stream", "gulp-webpack", "webpack":
		return webpack
	case "gulp-rollup", "gulp-better-rollup", "rollup-stream", "@rollup/stream", "rollup", "gulp-esbuild":
		return rollup
	case "vinyl-source-stream":
		return func(c *call, in []*file) ([]*file, error) { return c.name(in) }
	case "gulp-streamify", "vinyl-transform":
		return func(c *call, in []*file) ([]*file, error) { return c.through(c.arg(0), in) }
	}
	return nil
}

// name is vinyl-source-stream: the text that arrives becomes a file of this name.
func (c *call) name(in []*file) ([]*file, error) {
	dir := absolute(c.r.opts.Dir, text(c.arg(1)))
	return c.each(in, func(f *file) (made, error) {
		return made{files: []*file{f.with(func(n *file) { n.Base, n.Path = dir, absolute(dir, text(c.arg(0))) })}}, nil
	})
}

// syntaxTransforms are known and need nothing: the bundler reads what they are for, writes
// down what AngularJS injects in any case, and they only make a bundle smaller.
var syntaxTransforms = [...]string{
	"babelify", "6to5ify", "es6ify", "es2020", "esmify", "reactify", "tsify", "jstransformify", "strictify", "uglifyify", "deamdify",
	"envify", "loose-envify", "envify/custom", "stringify", "partialify", "html2js-browserify", "browserify-html", "jsonify", "debowerify",
	"browserify-shim", "exposify", "browserify-istanbul", "isparta", "watchify", "errorify", "livereactload", "minifyify", "uglify-es",
	"bundle-collapser/plugin", "common-shakeify", "tinyify", "browserify-data", "browserify-ngannotate", "ngannotatify", "browserify-ng-annotate", "ng-annotatify",
}

// browserify bundles the entries of its options, or the files that arrive.
func (c *call) browserify(in []*file) ([]*file, error) {
	opts := c.browserifyOptions()
	steps := append(transforms(opts.Get("transform")), transforms(opts.Get("plugin"))...)
	var entries, exposed, external []string
	if in == nil {
		entries = c.entriesOf(opts)
	}
	for _, step := range c.op.Chain {
		switch name := strings.TrimPrefix(step.Plugin, "browserify."); name {
		case "transform", "plugin":
			steps = append(steps, step.Args...)
		case "add":
			entries = append(entries, texts(step.Args)...)
		case "require":
			exposed = append(exposed, texts(step.Args)...)
		case "external", "exclude", "ignore":
			external = append(external, texts(step.Args)...)
		}
	}
	unknown := ""
	ready := func() *bundle {
		b := newBundle(c)
		b.options.External = external
		b.options.MainFields = []string{"browser", "main", "module"}
		b.extensions = append(texts(opts.Get("extensions")), b.extensions...)
		b.options.NodePaths = c.folders(append(texts(opts.Get("paths")), "bower_components"))
		b.options.GlobalName = text(opts.Get("standalone"))
		if truthy(opts.Get("debug")) {
			b.options.Sourcemap = api.SourceMapInline
		}
		unknown = b.apply(steps)
		return b
	}
	if ready(); unknown != "" {
		c.unknown("the transform " + unknown)
		return nil, errEnded
	}
	if in == nil {
		return c.whole(nil, func([]*file) (made, error) {
			b := ready()
			b.enter(c.entryText(entries, exposed))
			return b.run(func(string) string { return absolute(c.r.opts.Dir, "bundle.js") }), nil
		})
	}
	return c.each(in, func(f *file) (made, error) {
		b := ready()
		b.enter("import " + quoteJS(f.Path) + ";")
		b.reads[f.Path] = f.Contents
		out := b.run(func(string) string { return f.Path })
		for i := range out.files {
			out.files[i] = out.files[i].with(func(n *file) { n.Base = f.Base })
		}
		return out, nil
	})
}

// enter makes a text the entry of the bundle.
func (b *bundle) enter(text string) {
	b.options.Stdin = &api.StdinOptions{Contents: text, ResolveDir: b.c.r.opts.Dir, Sourcefile: "entry.js"}
}

// entryText is a script that loads the entries, and that lets other bundles ask for the
// modules that this one was told to give away by their names.
func (c *call) entryText(entries, exposed []string) string {
	var text strings.Builder
	if len(exposed) > 0 {
		text.WriteString("var known = {\n")
		for _, name := range exposed {
			fmt.Fprintf(&text, "  %s: function () { return require(%s); },\n", quoteJS(name), quoteJS(name))
		}
		text.WriteString("}, before = window.require;\nwindow.require = function (name) {\n" +
			"  if (known[name]) return known[name]();\n  if (before) return before(name);\n" +
			"  throw new Error(\"Cannot find module '\" + name + \"'\");\n};\n")
	}
	for _, entry := range entries {
		fmt.Fprintf(&text, "require(%s);\n", quoteJS(absolute(c.r.opts.Dir, entry)))
	}
	return text.String()
}

// browserifyOptions returns the object among the arguments; the first may be the entries.
func (c *call) browserifyOptions() *gulp.Object {
	for _, arg := range c.op.Args {
		if o := object(arg); o != nil {
			return o
		}
	}
	return nil
}

// entriesOf returns the entries among the arguments and the options.
func (c *call) entriesOf(opts *gulp.Object) []string {
	entries := texts(c.arg(0))
	for _, key := range []string{"entries", "entry"} {
		entries = append(entries, texts(opts.Get(key))...)
	}
	return entries
}

// transforms returns the elements of a list of transforms: [name, options] stands for a name.
func transforms(v gulp.Value) []gulp.Value {
	var out []gulp.Value
	for _, e := range values(v) {
		if pair, ok := e.([]gulp.Value); ok && len(pair) > 0 {
			e = pair[0]
		}
		out = append(out, e)
	}
	return out
}

// apply takes over what transforms do and returns the name of one that nobody knows.
func (b *bundle) apply(steps []gulp.Value) string {
	for _, step := range steps {
		name := transformName(step)
		switch {
		case name == "" || slices.Contains(syntaxTransforms[:], name) || strings.HasPrefix(name, "babel-preset"):
		case name == "bulkify" || name == "require-globify":
			b.alsoRewrite(b.bulk)
		case name == "brfs":
			b.alsoRewrite(b.inlined)
		default:
			return name
		}
	}
	return ""
}

// transformName is the module of a transform; "" = these are its options.
func transformName(v gulp.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case *gulp.Op:
		return strings.TrimSuffix(v.Plugin, ".configure")
	case *gulp.Func:
		return orElse(v.Name, "function")
	}
	return ""
}

func (b *bundle) alsoRewrite(fn func(file, src string) string) {
	before := b.rewrite
	b.rewrite = func(file, src string) string {
		if before != nil {
			src = before(file, src)
		}
		return fn(file, src)
	}
}

var bulkCall = regexp.MustCompile(`\b(?:bulk|bulkRequire|require\(['"]bulk-require['"]\))\s*\(\s*__dirname\s*,\s*(\[[^\]]*\]|['"][^'"]*['"])\s*\)`)

// bulk is bulkify: a call of bulk-require becomes an object of all files that its globs
// match, by the parts of their names.
func (b *bundle) bulk(file, src string) string {
	return bulkCall.ReplaceAllStringFunc(src, func(call string) string {
		var globs []string
		list := strings.ReplaceAll(bulkCall.FindStringSubmatch(call)[1], "'", `"`)
		if json.Unmarshal([]byte(list), &globs) != nil && json.Unmarshal([]byte("["+list+"]"), &globs) != nil {
			return call
		}
		return b.bulkObject(path.Dir(file), globs)
	})
}

// branch is a level of the object that bulk-require returns.
type branch struct {
	names  []string
	leaves map[string]string
	inner  map[string]*branch
}

func (b *bundle) bulkObject(dir string, globs []string) string {
	top := &branch{leaves: map[string]string{}, inner: map[string]*branch{}}
	for _, g := range globs {
		s := glob.Search{Pattern: b.c.r.pattern(dir, g)}
		for _, found := range s.Files(b.c.r.view) {
			if isScript(path.Ext(found)) || path.Ext(found) == ".json" {
				top.add(strings.Split(replaceExt(relative(dir, found), ""), "/"), "./"+relative(dir, found))
			}
		}
	}
	return top.text()
}

func (br *branch) add(parts []string, module string) {
	name := parts[0]
	if _, leaf := br.leaves[name]; !leaf && br.inner[name] == nil {
		br.names = append(br.names, name)
	}
	if len(parts) == 1 {
		br.leaves[name] = module
		return
	}
	if br.inner[name] == nil {
		br.inner[name] = &branch{leaves: map[string]string{}, inner: map[string]*branch{}}
	}
	br.inner[name].add(parts[1:], module)
}

func (br *branch) text() string {
	var parts []string
	for _, name := range br.names {
		value := "require(" + quoteJS(br.leaves[name]) + ")"
		if inner := br.inner[name]; inner != nil {
			value = inner.text()
		}
		parts = append(parts, quoteJS(name)+": "+value)
	}
	return "({" + strings.Join(parts, ", ") + "})"
}

var readFileCall = regexp.MustCompile(`\b(?:fs|require\(['"]fs['"]\))\.readFileSync\(\s*__dirname\s*\+\s*['"]/?([^'"]+)['"]\s*(?:,\s*['"]utf-?8['"]\s*)?\)`)

// inlined is brfs: a file that is read next to the script becomes a string.
func (b *bundle) inlined(file, src string) string {
	return readFileCall.ReplaceAllStringFunc(src, func(call string) string {
		name := absolute(path.Dir(file), readFileCall.FindStringSubmatch(call)[1])
		b.mu.Lock()
		defer b.mu.Unlock()
		data, ok := b.c.r.view.read(name)
		b.reads[name] = data
		if !ok {
			return call
		}
		return quoteJS(string(data))
	})
}

// quoteJS writes a text as a JavaScript string.
func quoteJS(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(data)
}

// folders makes paths absolute.
func (c *call) folders(names []string) []string {
	var dirs []string
	for _, name := range names {
		dirs = append(dirs, absolute(c.r.opts.Dir, name))
	}
	return dirs
}
