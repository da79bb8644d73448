package run

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/prefix"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// styleOps compile, complete and shrink stylesheets.
func styleOps(plugin string) opFunc {
	switch plugin {
	case "gulp-sass", "gulp-sass.sync", "gulp-dart-sass", "gulp-ruby-sass", "gulp-compass", "gulp-less", "gulp-stylus", "gulp-less-sourcemap", "gulp-watch-less":
		return compileSheets
	case "gulp-autoprefixer", "autoprefixer", "autoprefixer-core", "gulp-autoprefixer-core":
		return autoprefix
	case "gulp-postcss":
		return postcss
	case "gulp-cssnano", "gulp-minify-css", "gulp-clean-css", "gulp-csso", "gulp-uglifycss", "gulp-cssmin", "gulp-cssmin-fast", "gulp-crass",
		"gulp-clean-css-cli", "cssnano", "csswring", "gulp-cssshrink", "gulp-minify-cssnames", "gulp-csswring":
		return minifyStyles
	}
	return nil
}

// compileSheets is gulp-sass and its like. Before version 1 gulp-ruby-sass is piped into;
// since then it is given what to read.
func compileSheets(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if c.op.Plugin == "gulp-ruby-sass" && len(texts(c.arg(0))) > 0 {
		var err error
		opts = object(c.arg(1))
		if in, err = c.rubySources(opts); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"use", "plugins", "functions"} {
		if len(values(opts.Get(name))) > 0 {
			c.unknown("the option " + name)
			return nil, errEnded
		}
	}
	return c.each(in, func(f *file) (made, error) {
		if strings.HasPrefix(path.Base(f.Path), "_") && c.op.Plugin != "gulp-less" {
			return made{}, nil
		}
		if len(f.Contents) == 0 {
			return made{files: []*file{f.at(replaceExt(f.Path, ".css"))}}, nil
		}
		return c.compileSheet(f, opts)
	})
}

// rubySources are the files that gulp-ruby-sass is given: a file, a folder or a pattern.
func (c *call) rubySources(opts *gulp.Object) ([]*file, error) {
	var found []match
	for _, p := range texts(c.arg(0)) {
		pattern := c.r.pattern(c.r.opts.Dir, p)
		list := (glob.Search{Pattern: pattern}).Files(c.r.view)
		base := absolute(c.r.opts.Dir, textOr(opts, "base", glob.Parent(p)))
		if len(list) == 0 {
			list = (glob.Search{Pattern: pattern + "/**/*.{scss,sass}"}).Files(c.r.view)
			base = absolute(c.r.opts.Dir, p)
		}
		for _, f := range list {
			found = append(found, match{f, base})
		}
	}
	return c.load(found, true)
}

// at returns the file under another path.
func (f *file) at(path string) *file { return f.with(func(n *file) { n.Path = path }) }

func (c *call) compileSheet(f *file, opts *gulp.Object) (made, error) {
	if c.r.opts.Sheets == nil {
		return made{found: diag.List{c.located(f, 0, 0, "there is no compiler for it")}}, nil
	}
	input := sheets.Input{
		File: f.Path, Source: f.Contents, IncludePaths: c.includePaths(f, opts), Map: f.mapped != nil,
		Compressed: opts.Get("outputStyle") == "compressed" || opts.Get("style") == "compressed" || truthy(opts.Get("compress")),
		Read:       c.r.view.overlay,
		Import:     c.importer(opts), Options: sheetOptions(c.op.Plugin, opts),
	}
	if truthy(opts.Get("indentedSyntax")) {
		input.File = replaceExt(f.Path, ".sass")
	}
	added := c.languageExt(input.File)
	input.File += added
	out, found, err := c.r.opts.Sheets.Compile(c.ctx, input)
	if added != "" {
		name := path.Base(f.Path)
		out.Map = bytes.ReplaceAll(out.Map, []byte(name+added), []byte(name))
		for i := range found {
			found[i].Path = strings.TrimSuffix(found[i].Path, added)
		}
	}
	if err != nil {
		return made{}, fmt.Errorf("compile %s: %w", c.rel(f.Path), err)
	}
	reads := reads{}
	for _, file := range out.Includes {
		reads[file], _ = c.r.view.read(file)
	}
	if found.Err() != nil {
		return made{found: found, reads: reads}, nil
	}
	css := f.with(func(n *file) {
		n.Path, n.Contents, n.mapped = replaceExt(f.Path, ".css"), held(out.CSS), c.sheetMap(f, out.Map)
	})
	return made{files: []*file{css}, found: found, reads: reads}, nil
}

// languageExt is what a file's name needs for its compiler: gulp's compilers take any file
// for one in their language, also a .css file. "" = nothing.
func (c *call) languageExt(file string) string {
	if sheets.LanguageOf(file) != "" {
		return ""
	}
	switch c.op.Plugin {
	case "gulp-less", "gulp-less-sourcemap":
		return ".less"
	case "gulp-stylus":
		return ".styl"
	}
	return ".scss"
}

// sheetMap reads a compiler's map, whose sources are relative to the project.
func (c *call) sheetMap(f *file, data []byte) *sourcemap.Map {
	if f.mapped == nil || data == nil {
		return nil
	}
	m, err := sourcemap.Parse(data)
	if err != nil {
		return nil
	}
	for i, s := range m.Sources {
		m.Sources[i] = relative(f.Base, absolute(c.r.opts.Dir, s))
	}
	return m
}

// includePaths are the folders in which imports are looked for.
func (c *call) includePaths(f *file, opts *gulp.Object) []string {
	var out []string
	for _, key := range []string{"includePaths", "loadPath", "paths", "include", "import_path", "importPath", "sass"} {
		out = append(out, texts(opts.Get(key))...)
	}
	return append(out, f.Base)
}

// importer asks the gulpfile's own function for an import.
func (c *call) importer(opts *gulp.Object) func(url, from string) (sheets.Import, bool, error) {
	list := values(opts.Get("importer"))
	if len(list) == 0 {
		return nil
	}
	return func(url, from string) (sheets.Import, bool, error) {
		for _, v := range list {
			fn, ok := v.(*gulp.Func)
			if !ok {
				continue
			}
			said, err := fn.Call(url, from)
			if err != nil {
				return sheets.Import{}, false, err
			}
			o := object(said)
			if contents, ok := o.Get("contents").(string); ok {
				return sheets.Import{File: textOr(o, "file", url), Content: []byte(contents)}, true, nil
			}
			if file := text(o.Get("file")); file != "" {
				return sheets.Import{File: absolute(path.Dir(from), file)}, true, nil
			}
		}
		return sheets.Import{}, false, nil
	}
}

// sheetOptions are those that Less has and gulp-less hands on.
func sheetOptions(plugin string, opts *gulp.Object) map[string]any {
	if plugin != "gulp-less" {
		return nil
	}
	out := map[string]any{}
	for _, key := range keysOf(opts) {
		switch key {
		case "paths", "plugins", "compress", "filename", "sourceMap":
			continue
		}
		if v, ok := data(opts.Get(key)); ok {
			out[key] = v
		}
	}
	return out
}

// data returns a value that holds no function, in Go's own types.
func data(v gulp.Value) (any, bool) {
	switch v := v.(type) {
	case nil, bool, float64, string:
		return v, true
	case []gulp.Value:
		list := make([]any, 0, len(v))
		for _, e := range v {
			d, ok := data(e)
			if !ok {
				return nil, false
			}
			list = append(list, d)
		}
		return list, true
	case *gulp.Object:
		m := map[string]any{}
		for _, key := range v.Keys {
			d, ok := data(v.Get(key))
			if !ok {
				return nil, false
			}
			m[key] = d
		}
		return m, true
	}
	return nil, false
}

// autoprefix adds vendor prefixes for the browsers that are asked for, else for those of
// the project.
func autoprefix(c *call, in []*file) ([]*file, error) {
	browsers, err := c.browsers()
	if err != nil {
		return nil, err
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || ext(f.Path) != ".css" {
			return made{files: []*file{f}}, nil
		}
		css, moved := browsers.CSS(f.Contents, f.mapped)
		if sameBytes(css, f.Contents) {
			return made{files: []*file{f}}, nil
		}
		return made{files: []*file{f.with(func(n *file) { n.Contents, n.mapped = held(css), moved })}}, nil
	})
}

// browsers reads what autoprefixer is asked for: a list of queries, an option, or nothing.
func (c *call) browsers() (prefix.Browsers, error) {
	var queries []string
	for _, arg := range c.op.Args {
		queries = append(queries, texts(arg)...)
		for _, key := range []string{"browsers", "overrideBrowserslist"} {
			queries = append(queries, texts(object(arg).Get(key))...)
		}
	}
	if len(queries) == 0 {
		b, _, unknown, err := prefix.Of(c.r.opts.Dir)
		c.tellQueries(unknown)
		if err != nil {
			c.warn(err.Error(), "")
		}
		return b, nil
	}
	b, unknown := prefix.Parse(queries)
	c.tellQueries(unknown)
	return b, nil
}

func (c *call) tellQueries(unknown []string) {
	if len(unknown) > 0 {
		c.warn("these browsers are not known: "+strings.Join(unknown, ", "), "the prefixes for the others are there")
	}
}

// postcss is gulp-postcss, as far as its plugins are known.
func postcss(c *call, in []*file) ([]*file, error) {
	list := values(c.arg(0))
	if fn, ok := c.arg(0).(*gulp.Func); ok {
		said, err := fn.Call(newObject())
		if err != nil {
			return in, c.asMistake(c.mistake(err))
		}
		list = values(object(said).Get("plugins"))
	}
	for _, v := range list {
		op, ok := v.(*gulp.Op)
		if !ok || !slices.Contains([]string{"autoprefixer", "autoprefixer-core", "cssnano", "csswring", "postcss-reporter", "postcss-browser-reporter", "stylelint"}, op.Plugin) {
			name := "a plugin of the gulpfile's own"
			if ok {
				name = "the plugin " + op.Plugin
			}
			c.unknown(name)
			return nil, errEnded
		}
	}
	for _, v := range list {
		op, _ := v.(*gulp.Op)
		if fn := styleOps(op.Plugin); fn != nil {
			var err error
			if in, err = fn(&call{flows: c.flows, op: op}, in); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// minifyStyles makes stylesheets small.
func minifyStyles(c *call, in []*file) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		result := api.Transform(string(f.Contents), api.TransformOptions{
			Sourcefile: f.relative(), Loader: api.LoaderCSS, Target: api.ESNext, LegalComments: api.LegalCommentsInline, Charset: api.CharsetUTF8,
			MinifyWhitespace: true, MinifySyntax: true, Sourcemap: mapMode(f), SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
			// Shorter words that browsers for which the sheet was written may not have.
			Supported: map[string]bool{"hex-rgba": false, "inset-property": false, "modern-rgb-hsl": false, "rebecca-purple": false},
		})
		return c.transformed(f, result), nil
	})
}

// mapMode asks the bundler for a map where one is kept.
func mapMode(f *file) api.SourceMap {
	if f.mapped == nil {
		return api.SourceMapNone
	}
	return api.SourceMapExternal
}

// transformed is what the bundler made of a file. With mistakes in it the file stays.
func (c *call) transformed(f *file, result api.TransformResult) made {
	if len(result.Errors) > 0 {
		var found diag.List
		for _, m := range result.Errors {
			found = append(found, c.bundlerMessage(f, m))
		}
		return made{files: []*file{f}, found: found}
	}
	return made{files: []*file{f.with(func(n *file) {
		n.Contents = held(result.Code)
		if f.mapped != nil {
			n.mapped = nil
			if m, err := sourcemap.Parse(result.Map); err == nil {
				n.mapped = m.Through(f.mapped)
			}
		}
	})}}
}
