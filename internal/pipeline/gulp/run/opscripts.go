package run

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// scriptOps compile and shrink scripts.
func scriptOps(plugin string) opFunc {
	switch plugin {
	case "gulp-uglify", "gulp-uglify.default", "gulp-uglify-es", "gulp-uglify-es.default", "gulp-terser", "gulp-terser.default", "gulp-jsmin",
		"gulp-uglifyjs", "gulp-closure-compiler-service", "gulp-babel-minify", "gulp-babili":
		return minifyScripts
	case "gulp-minify":
		return minifyBeside
	case "gulp-babel", "gulp-6to5", "gulp-sucrase", "gulp-buble", "gulp-es6-transpiler", "gulp-react":
		return babel
	case "gulp-strip-debug":
		return stripDebug
	}
	return nil
}

// bundlerMessage describes a mistake that the bundler found: its columns are bytes counted
// from 0, ours are characters counted from 1.
func (c *call) bundlerMessage(f *file, m api.Message) diag.Diagnostic {
	if m.Location == nil {
		return c.located(f, 0, 0, lowerFirst(m.Text))
	}
	column := 0
	if m.Location.Column <= len(m.Location.LineText) {
		column = utf8.RuneCountInString(m.Location.LineText[:m.Location.Column]) + 1
	}
	return c.located(f, m.Location.Line, column, lowerFirst(m.Text))
}

// minifyScripts makes classic scripts small: what they declare at their top level is
// global, and keeps its name.
func minifyScripts(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if c.op.Plugin == "gulp-uglifyjs" {
		if name, ok := c.arg(0).(string); ok { // it joins, too
			joined := join(in, "\n")
			if joined == nil {
				return nil, nil
			}
			joined.Path = absolute(joined.Base, name)
			in, opts = []*file{c.r.memoryOf(c.op.ID).same(joined, c.r.runs)}, object(c.arg(1))
		}
	}
	settings := minifyOptions(opts)
	if strings.HasPrefix(c.op.Plugin, "gulp-terser") && !has(object(opts.Get("format")), "comments") && !has(object(opts.Get("output")), "comments") {
		settings.LegalComments = api.LegalCommentsInline
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || ext(f.Path) == ".css" {
			return made{files: []*file{f}}, nil
		}
		settings := settings
		settings.Sourcefile, settings.Sourcemap = f.relative(), mapMode(f)
		return c.transformed(f, minified(string(f.Contents), settings)), nil
	})
}

// minified makes a script small in its own language: the bundler writes things shorter with
// newer words, which browsers that the script was written for may not have.
func minified(src string, settings api.TransformOptions) api.TransformResult {
	settings.Target = api.ES5
	if result := api.Transform(src, settings); len(result.Errors) == 0 {
		return result
	}
	settings.Target = api.ES2020
	settings.Supported = map[string]bool{"dynamic-import": true, "import-meta": true, "top-level-await": true, "bigint": true}
	return api.Transform(src, settings)
}

func minifyOptions(opts *gulp.Object) api.TransformOptions {
	output, compress, mangle := merged(object(opts.Get("output")), object(opts.Get("format"))), object(opts.Get("compress")), object(opts.Get("mangle"))
	beautify := truthy(output.Get("beautify")) || truthy(opts.Get("beautify"))
	o := api.TransformOptions{
		Loader: api.LoaderJS, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone, SourcesContent: api.SourcesContentExclude,
		MinifyWhitespace: !beautify, MinifySyntax: opts.Get("compress") != false, MinifyIdentifiers: opts.Get("mangle") != false,
		LogLevel: api.LogLevelSilent,
	}
	if truthy(opts.Get("preserveComments")) || truthy(output.Get("comments")) {
		o.LegalComments = api.LegalCommentsInline
	}
	if truthy(compress.Get("drop_console")) || truthy(compress.Get("dropConsole")) {
		o.Drop |= api.DropConsole
	}
	if opts.Get("compress") != false && compress.Get("drop_debugger") != false {
		o.Drop |= api.DropDebugger
	}
	for _, v := range []gulp.Value{mangle.Get("reserved"), mangle.Get("except"), opts.Get("keep_fnames"), mangle.Get("keep_fnames"), opts.Get("keep_classnames")} {
		if len(values(v)) > 0 && v != false {
			o.MinifyIdentifiers = false // all names stay, where only some have to
		}
	}
	o.Define = map[string]string{}
	defs := object(compress.Get("global_defs"))
	for _, name := range keysOf(defs) {
		if code, isCode := strings.CutPrefix(name, "@"); isCode {
			o.Define[code] = text(defs.Get(name))
			continue
		}
		o.Define[name] = string(stringify(defs.Get(name), ""))
	}
	return o
}

// stripDebug takes console calls and debugger statements out.
func stripDebug(c *call, in []*file) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		result := api.Transform(string(f.Contents), api.TransformOptions{
			Sourcefile: f.relative(), Loader: api.LoaderJS, Target: api.ESNext, Charset: api.CharsetUTF8, SourcesContent: api.SourcesContentExclude,
			Drop: api.DropConsole | api.DropDebugger, Sourcemap: mapMode(f), LogLevel: api.LogLevelSilent,
		})
		return c.transformed(f, result), nil
	})
}

// babelConfig is what Babel is told, by the gulpfile or by the project.
type babelConfig struct {
	annotate bool
	format   api.Format
}

// babel is gulp-babel: new syntax as browsers of today read it, JSX, and the annotations
// of AngularJS. Other plugins are named.
func babel(c *call, in []*file) ([]*file, error) {
	config, unknown := c.babelConfig()
	if unknown != "" {
		c.unknown(unknown)
		return nil, errEnded
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		o := api.TransformOptions{
			Sourcefile: f.relative(), Loader: api.LoaderJSX, Target: api.ES2020, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsInline,
			Sourcemap: mapMode(f), SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
			Supported: map[string]bool{"dynamic-import": true, "import-meta": true, "top-level-await": true, "bigint": true},
		}
		switch ext(f.Path) {
		case ".ts":
			o.Loader = api.LoaderTS
		case ".tsx":
			o.Loader = api.LoaderTSX
		}
		if moduleSyntax.Match(f.Contents) {
			o.Format = config.format
		}
		m := c.transformed(f, api.Transform(string(f.Contents), o))
		if m.found.Err() == nil {
			m.files[0] = c.compiled(m.files[0], config.annotate)
		}
		return m, nil
	})
}

// moduleSyntax finds what makes a script a module.
var moduleSyntax = regexp.MustCompile(`(?m)^\s*(?:import\b[^(]|export\b)`)

// compiled gives a compiled script its extension, and annotations where they are asked for.
func (c *call) compiled(f *file, annotated bool) *file {
	f = f.at(replaceExt(f.Path, ".js"))
	if !annotated {
		return f
	}
	list, err := angular.Annotate(string(f.Contents))
	if err != nil {
		return f // it was just compiled: what it uses is newer than the annotator
	}
	return f.inserting(list)
}

// babelConfig reads the options of the plugin and, without any, those of the project.
func (c *call) babelConfig() (config babelConfig, unknown string) {
	config.format = api.FormatDefault
	opts := object(c.arg(0))
	if opts.Get("presets") == nil && opts.Get("plugins") == nil {
		for _, name := range []string{".babelrc", ".babelrc.json", "babel.config.json"} {
			if data, ok := c.r.view.read(c.r.opts.Dir + "/" + name); ok {
				v, _ := parseJSON(data)
				opts = merged(opts, object(v))
				break
			}
		}
	}
	for _, v := range values(opts.Get("presets")) {
		if name := pluginName(v, "preset"); !knownPreset(name) {
			return config, "the preset " + name
		}
		if list := values(v); len(list) > 1 {
			switch object(list[1]).Get("modules") {
			case "amd", "umd", "systemjs", "system":
				return config, "modules as " + display(object(list[1]).Get("modules"))
			}
		}
		config.format = api.FormatCommonJS
	}
	for _, v := range values(opts.Get("plugins")) {
		name := pluginName(v, "plugin")
		switch {
		case name == "angularjs-annotate" || name == "ng-annotate" || name == "ngannotate":
			config.annotate = true
		case !knownSyntax(name):
			return config, "the plugin " + name
		}
	}
	switch opts.Get("modules") { // of Babel 5
	case "amd", "umd", "system":
		return config, "modules as " + display(opts.Get("modules"))
	}
	return config, ""
}

// pluginName returns the short name of a plugin or preset, which may come with options.
func pluginName(v gulp.Value, kind string) string {
	if list := values(v); len(list) > 0 {
		v = list[0]
	}
	name := text(v)
	if op, ok := v.(*gulp.Op); ok {
		name = op.Plugin
	}
	name = strings.TrimPrefix(name, "module:")
	name = strings.TrimPrefix(name, "@babel/")
	name = strings.TrimPrefix(name, "babel-")
	return strings.TrimPrefix(name, kind+"-")
}

func knownPreset(name string) bool {
	switch name {
	case "es2015", "es2015-script", "es2016", "es2017", "latest", "env", "react", "typescript", "stage-0", "stage-1", "stage-2", "stage-3", "es2015-loose", "modern-browsers":
		return true
	}
	return false
}

// knownSyntax reports whether a plugin only stands for syntax that the bundler reads.
func knownSyntax(name string) bool {
	rest := name
	for _, kind := range []string{"transform-", "proposal-", "syntax-"} {
		rest = strings.TrimPrefix(rest, kind)
	}
	if strings.HasPrefix(rest, "es2015-modules") && rest != "es2015-modules-commonjs" || strings.Contains(rest, "decorators") {
		return false
	}
	return strings.HasPrefix(rest, "es2015-") || strings.HasPrefix(rest, "es3-") || slices.Contains([]string{
		"strict-mode", "use-strict", "runtime", "object-rest-spread", "class-properties", "async-to-generator", "async-functions", "async-generators",
		"regenerator", "exponentiation-operator", "object-assign", "dynamic-import", "react-jsx", "arrow-functions", "block-scoping", "classes",
		"template-literals", "destructuring", "spread", "parameters", "shorthand-properties", "computed-properties", "for-of", "jsx", "typescript",
		"optional-chaining", "nullish-coalescing-operator", "trailing-function-commas", "function-name", "literals", "add-module-exports", "object-super",
	}, rest)
}
