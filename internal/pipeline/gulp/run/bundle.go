package run

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// bundle is one run of a bundler: modules in, one script for each entry out. It stands in
// for browserify, webpack and rollup, which differ in how they are told what to do.
type bundle struct {
	c       *call
	options api.BuildOptions
	// rewrite changes the text of a script of the project before it is read; nil = never.
	rewrite func(file, src string) string
	// styleTags puts stylesheets that scripts import into the page, as style-loader does.
	styleTags bool
	// extensions are tried for an import without one.
	extensions []string

	entries map[string]string // the text of each entry, by its name

	mu    sync.Mutex // guards what follows
	reads reads      // files of the project that were read
}

// newBundle returns a bundle that reads the project as streams see it.
func newBundle(c *call) *bundle {
	return &bundle{c: c, reads: reads{}, extensions: []string{".js", ".json", ".jsx", ".ts", ".tsx", ".mjs"}, options: api.BuildOptions{
		Bundle: true, Write: false, AbsWorkingDir: c.r.opts.Dir, Outdir: c.r.opts.Dir, Platform: api.PlatformBrowser, Format: api.FormatIIFE,
		Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent, LogLimit: maxBundleMessages,
		Define: map[string]string{"global": "window", "process.env.NODE_ENV": `"development"`},
		Loader: map[string]api.Loader{
			".js": api.LoaderJSX, ".es6": api.LoaderJSX, ".es": api.LoaderJSX, ".html": api.LoaderText, ".htm": api.LoaderText, ".tpl": api.LoaderText, ".txt": api.LoaderText,
			".png": api.LoaderDataURL, ".jpg": api.LoaderDataURL, ".jpeg": api.LoaderDataURL, ".gif": api.LoaderDataURL, ".svg": api.LoaderDataURL,
			".woff": api.LoaderDataURL, ".woff2": api.LoaderDataURL, ".ttf": api.LoaderDataURL, ".eot": api.LoaderDataURL, ".otf": api.LoaderDataURL,
		},
	}}
}

// maxBundleMessages bounds how many mistakes one bundle tells of: nobody reads more.
const maxBundleMessages = 20

// run makes the bundle. name gives the path of an output by the one that esbuild chose.
func (b *bundle) run(name func(path string) string) made {
	b.options.ResolveExtensions = b.extensions
	b.options.Plugins = append(b.options.Plugins, api.Plugin{Name: "project", Setup: b.setup})
	result := api.Build(b.options)
	out := made{reads: b.reads, found: b.messages(result)}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			continue
		}
		out.files = append(out.files, &file{File: gulp.File{Path: name(filepath.ToSlash(f.Path)), Base: b.c.r.opts.Dir, Contents: held(f.Contents)}})
	}
	return out
}

// entryPoint is one script that a bundle makes: its path without extension, relative to the
// project, and the modules it loads, by absolute path or by the name of a package.
type entryPoint struct {
	name    string
	modules []string
}

// entrySpace is where the texts of entries are.
const entrySpace = "entry"

// enterAll makes entries of lists of modules.
func (b *bundle) enterAll(list []entryPoint) {
	b.entries = map[string]string{}
	for _, e := range list {
		text := ""
		for _, module := range e.modules {
			text += "export * from " + quoteJS(module) + ";\n"
		}
		b.entries[e.name] = text
		b.options.EntryPointsAdvanced = append(b.options.EntryPointsAdvanced, api.EntryPoint{InputPath: entrySpace + ":" + e.name, OutputPath: e.name})
	}
}

func (b *bundle) setup(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: "^" + entrySpace + ":"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: strings.TrimPrefix(args.Path, entrySpace+":"), Namespace: entrySpace}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: entrySpace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text := b.entries[args.Path]
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: b.c.r.opts.Dir}, nil
	})
	build.OnResolve(api.OnResolveOptions{Filter: `^\.{0,2}/`}, b.resolve)
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, b.load)
}

// resolve finds files that tasks have made and that are not on disk.
func (b *bundle) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	if args.Kind == api.ResolveEntryPoint || args.ResolveDir == "" {
		return api.OnResolveResult{}, nil
	}
	wanted := absolute(filepath.ToSlash(args.ResolveDir), args.Path)
	candidates := []string{wanted}
	for _, ext := range b.extensions {
		candidates = append(candidates, wanted+ext)
	}
	for _, ext := range b.extensions {
		candidates = append(candidates, wanted+"/index"+ext)
	}
	for _, candidate := range candidates {
		if b.c.r.view.top(candidate) != nil {
			return api.OnResolveResult{Path: candidate}, nil
		}
	}
	return api.OnResolveResult{}, nil
}

// load reads a file as streams see it, and remembers it: a change makes the bundle anew.
// Packages are left to the bundler.
func (b *bundle) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	file := filepath.ToSlash(args.Path)
	if !within(file, b.c.r.opts.Dir) || strings.Contains(file, "/node_modules/") && b.c.r.view.top(file) == nil {
		return api.OnLoadResult{}, nil
	}
	b.mu.Lock()
	data, ok := b.c.r.view.read(file)
	if ok {
		b.reads[file] = data
	}
	b.mu.Unlock()
	if !ok {
		return api.OnLoadResult{}, nil // the bundler says that it is not there
	}
	src := string(data)
	switch ext := path.Ext(file); {
	case sheets.LanguageOf(file) != "":
		return b.sheet(file, data)
	case ext == ".css":
		return b.css(file, src)
	case isScript(ext):
		src = b.script(file, src)
	}
	loader := b.options.Loader[path.Ext(file)]
	if loader == api.LoaderNone {
		loader = api.LoaderDefault
	}
	return api.OnLoadResult{Contents: &src, Loader: loader}, nil
}

// script is what the bundler reads of a script of the project. It may rename parameters,
// so what AngularJS injects is written down before, whether or not the project asks for it.
func (b *bundle) script(file, src string) string {
	if b.rewrite != nil {
		src = b.rewrite(file, src)
	}
	src = withoutEnsure(src)
	list, err := angular.AnnotateModule(src)
	if err != nil {
		return src // it is left to the bundler to say what is wrong
	}
	return angular.Apply(src, list)
}

// ensureCall is webpack's way to load a part later, with a require of its own that hides
// the one that the bundler follows.
var ensureCall = regexp.MustCompile(`\brequire\.ensure\(\s*\[[^\]]*\]\s*,\s*(?:function\s*\w*\s*\(\s*\w*\s*\)|(\(\s*\w*\s*\)|\w+)\s*(=>))`)

// withoutEnsure makes such a part one of the bundle that runs later.
func withoutEnsure(src string) string {
	if !strings.Contains(src, "require.ensure") {
		return src
	}
	return ensureCall.ReplaceAllStringFunc(src, func(call string) string {
		if strings.HasSuffix(call, "=>") {
			return "Promise.resolve([]).then(() =>"
		}
		return "Promise.resolve([]).then(function ()"
	})
}

func isScript(ext string) bool {
	return slices.Contains([]string{".js", ".jsx", ".ts", ".tsx", ".mjs", ".es6"}, ext)
}

// sheet compiles Sass and Less that a script imports.
func (b *bundle) sheet(file string, src []byte) (api.OnLoadResult, error) {
	if b.c.r.opts.Sheets == nil {
		return api.OnLoadResult{}, nil
	}
	out, found, err := b.c.r.opts.Sheets.Compile(b.c.ctx, sheets.Input{File: file, Source: src, Read: b.c.r.view.read})
	if err != nil {
		return api.OnLoadResult{}, err
	}
	b.mu.Lock()
	for _, include := range out.Includes {
		b.reads[include], _ = b.c.r.view.read(include)
	}
	b.mu.Unlock()
	if found.Err() != nil {
		return api.OnLoadResult{Errors: errorsOf(found)}, nil
	}
	return b.css(file, string(out.CSS))
}

// css gives the bundler a stylesheet, or a script that puts it into the page.
func (b *bundle) css(file, src string) (api.OnLoadResult, error) {
	dir := filepath.Dir(file)
	if !b.styleTags {
		return api.OnLoadResult{Contents: &src, Loader: api.LoaderCSS, ResolveDir: dir}, nil
	}
	script := "var s = document.createElement('style'); s.textContent = " + quoteJS(src) + "; document.head.appendChild(s);"
	return api.OnLoadResult{Contents: &script, Loader: api.LoaderJS, ResolveDir: dir}, nil
}

// errorsOf gives the bundler mistakes that were found elsewhere.
func errorsOf(list diag.List) []api.Message {
	var out []api.Message
	for _, d := range list {
		if d.Severity == diag.Error {
			out = append(out, api.Message{Text: d.Message, Location: &api.Location{File: d.Path, Line: max(d.Line, 1), Column: max(d.Column-1, 0)}})
		}
	}
	return out
}

// messages are the bundler's errors and warnings of the project's own files.
func (b *bundle) messages(result api.BuildResult) diag.List {
	var list diag.List
	for _, m := range result.Errors {
		list = append(list, b.message(m, diag.Error))
	}
	for _, m := range result.Warnings {
		if m.Location != nil && !strings.Contains(m.Location.File, "node_modules") {
			list = append(list, b.message(m, diag.Warning))
		}
	}
	return list
}

// message turns one of esbuild's messages into a diagnostic: its columns are bytes
// counted from 0, ours are characters counted from 1.
func (b *bundle) message(m api.Message, severity diag.Severity) diag.Diagnostic {
	d := diag.Diagnostic{Severity: severity, Source: "scripts", Message: lowerFirst(m.Text)}
	if name, ok := missingPackage(m.Text); ok {
		d.Hint = "npm install " + name
	}
	if m.Location == nil {
		return b.c.r.at(b.c.op.Place, d)
	}
	d.Path, d.Line = filepath.ToSlash(m.Location.File), m.Location.Line
	if m.Location.Column <= len(m.Location.LineText) {
		d.Column = utf8.RuneCountInString(m.Location.LineText[:m.Location.Column]) + 1
	}
	if src, ok := b.c.r.view.read(absolute(b.c.r.opts.Dir, d.Path)); ok {
		d.Excerpt = diag.Excerpt(src, d.Line, d.Column)
	}
	return d
}

// missingPackage returns the package that could not be found.
func missingPackage(text string) (string, bool) {
	name, ok := strings.CutPrefix(text, "Could not resolve \"")
	name, _, found := strings.Cut(name, "\"")
	if !ok || !found || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		return "", false
	}
	parts := strings.SplitN(name, "/", 3)
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1], true
	}
	return parts[0], true
}
