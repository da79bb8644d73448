package record

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
	"github.com/goccy/go-yaml"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// modules is node's require for the project's files.
type modules struct {
	e       *engine
	loaded  map[string]*goja.Object // "module", by absolute path
	depth   int                     // of files that are being loaded
	sources map[string]source       // by path relative to the project
	awaits  bool                    // a module waits at its top level
}

// source is a file as the engine knows it.
type source struct {
	text     string // what was compiled, wrapper included
	file     *file.File
	original string              // the file itself
	mapped   *sourcemap.Consumer // where it was rewritten, what came from where; nil = it was not
}

func newModules(e *engine) *modules {
	return &modules{e: e, loaded: map[string]*goja.Object{}, sources: map[string]source{}}
}

// evaluated are the modules that are run where the project has them installed: they only
// make values.
var evaluated = [...]string{
	"lodash", "underscore", "bourbon", "bourbon-neat", "node-bourbon", "node-neat", "breakpoint-sass", "susy",
	"node-normalize-scss", "normalize-scss", "ramda", "underscore.string", "change-case", "pluralize", "slug",
}

// require finds and loads what a file asks for.
func (m *modules) require(name, fromDir string) (goja.Value, error) {
	name = strings.TrimPrefix(name, "file://")
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		return m.requireFile(name, fromDir)
	}
	root, _, _ := strings.Cut(name, "/")
	if slices.Contains(evaluated[:], root) {
		if file, ok := m.resolvePackage(name); ok {
			if v, err := m.load(file); err == nil {
				return v, nil
			}
		}
	}
	if v, ok := m.builtin(name); ok {
		return v, nil
	}
	if file, ok := m.resolvePackage(name); ok && strings.HasSuffix(file, ".json") {
		return m.load(file)
	}
	return m.call("unknown", m.e.vm.ToValue(name))
}

// builtin asks the stand-ins for a module.
func (m *modules) builtin(name string) (goja.Value, bool) {
	v, err := m.call("builtin", m.e.vm.ToValue(name))
	if err != nil {
		panic(err)
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	return o.Get("it"), true
}

func (m *modules) call(name string, args ...goja.Value) (goja.Value, error) {
	own, err := m.e.standIn("modules")
	if err != nil {
		return nil, err
	}
	f, _ := goja.AssertFunction(own.ToObject(m.e.vm).Get(name))
	return f(goja.Undefined(), args...)
}

func (m *modules) requireFile(name, fromDir string) (goja.Value, error) {
	file := name
	if !path.IsAbs(file) {
		file = path.Join(fromDir, file)
	}
	if found, ok := m.resolveFile(file); ok {
		return m.load(found)
	}
	if !within(path.Clean(file), m.e.dir) {
		m.e.found(diag.Warning, m.e.here(), name+" lies outside of the project and is not read", "")
		return m.call("unknown", m.e.vm.ToValue(name))
	}
	return nil, m.throw("MODULE_NOT_FOUND", fmt.Sprintf("Cannot find module '%s'", name))
}

// throw throws an Error with node's code.
func (m *modules) throw(code, message string) error {
	o, err := m.e.vm.New(m.e.vm.Get("Error"), m.e.vm.ToValue(message))
	if err != nil {
		return err
	}
	_ = o.Set("code", code)
	panic(o)
}

// endings are what require adds to a name that is no file.
var endings = [...]string{"", ".js", ".json", ".ts", ".mjs", ".cjs", "/index.js", "/index.json", "/index.ts"}

func (m *modules) resolveFile(file string) (string, bool) {
	file = path.Clean(file)
	for _, e := range endings {
		if m.e.files.isFile(file + e) {
			return file + e, true
		}
	}
	if main := m.main(file); main != "" {
		return main, true
	}
	if strings.HasSuffix(file, ".js") && m.e.files.isFile(strings.TrimSuffix(file, ".js")+".ts") {
		return strings.TrimSuffix(file, ".js") + ".ts", true // as TypeScript's own modules name each other
	}
	return "", false
}

// main is the file that a folder's package.json names.
func (m *modules) main(dir string) string {
	pkg, err := m.e.files.manifest(path.Join(dir, "package.json"))
	if err != nil || pkg.Main == "" {
		return ""
	}
	for _, e := range endings {
		if f := path.Join(dir, pkg.Main) + e; m.e.files.isFile(f) {
			return f
		}
	}
	return ""
}

// resolvePackage finds a module in node_modules.
func (m *modules) resolvePackage(name string) (string, bool) {
	dir := path.Join(m.e.dir, "node_modules", name)
	if !within(dir, path.Join(m.e.dir, "node_modules")) {
		return "", false
	}
	return m.resolveFile(dir)
}

// load evaluates a file, once. A file that another one loads and that throws is told and
// counts as far as it came: its fault, or ours, is not that of the files beside it.
func (m *modules) load(file string) (goja.Value, error) {
	if module, ok := m.loaded[file]; ok {
		return module.Get("exports"), nil
	}
	src, err := m.e.files.readFile(file)
	if err != nil {
		return nil, err
	}
	module := m.e.vm.NewObject()
	_ = module.Set("exports", m.e.vm.NewObject())
	_ = module.Set("id", file)
	_ = module.Set("filename", file)
	_ = module.Set("loaded", true)
	_ = module.Set("children", m.e.vm.NewArray())
	_ = module.Set("paths", m.e.vm.NewArray())
	m.loaded[file] = module
	if data := dataOf(file); data != nil {
		v, err := data(m, file, src)
		if err == nil {
			err = module.Set("exports", v)
		}
		return v, err
	}
	fn, err := m.compile(file, src)
	if err != nil {
		delete(m.loaded, file)
		return nil, err
	}
	m.depth++
	_, err = fn(module.Get("exports"), module.Get("exports"), m.requirer(file, module), module, m.e.vm.ToValue(file), m.e.vm.ToValue(path.Dir(file)))
	m.depth--
	switch {
	case err == nil:
	case m.depth > 0 && !m.e.interrupted() && thrown(err) != exit:
		m.e.mistake(err, "the file throws")
	default:
		delete(m.loaded, file)
		return module.Get("exports"), err
	}
	return module.Get("exports"), nil
}

// dataOf returns what reads a file that is no script.
func dataOf(file string) func(*modules, string, []byte) (goja.Value, error) {
	switch path.Ext(file) {
	case ".json":
		return (*modules).json
	case ".yaml", ".yml": // with the module require-yaml
		return (*modules).yaml
	}
	return nil
}

func (m *modules) yaml(file string, src []byte) (goja.Value, error) {
	data, err := yaml.YAMLToJSON(src)
	if err != nil {
		return nil, m.throw("", m.e.rel(file)+": "+firstLine(err.Error()))
	}
	return m.json(file, data)
}

func (m *modules) json(file string, src []byte) (goja.Value, error) {
	parse, _ := goja.AssertFunction(m.e.vm.Get("JSON").ToObject(m.e.vm).Get("parse"))
	v, err := parse(goja.Undefined(), m.e.vm.ToValue(strings.TrimPrefix(string(src), "\ufeff")))
	if err != nil {
		return nil, m.throw("", m.e.rel(file)+": "+thrown(err))
	}
	return v, nil
}

// requirer is the function "require" of one file.
func (m *modules) requirer(file string, module *goja.Object) goja.Value {
	dir := path.Dir(file)
	f := m.e.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		v, err := m.require(call.Argument(0).String(), dir)
		if err != nil {
			panic(err)
		}
		return v
	}).(*goja.Object)
	_ = f.Set("cache", m.e.vm.NewObject())
	_ = f.Set("extensions", m.e.vm.NewObject())
	_ = f.Set("main", module)
	_ = f.Set("ready", func(call goja.FunctionCall) goja.Value { return m.ready(call.Argument(0).String(), dir) })
	_ = f.Set("resolve", func(call goja.FunctionCall) goja.Value {
		return m.e.vm.ToValue(m.resolve(call.Argument(0).String(), dir))
	})
	return f
}

// resolve is require.resolve; of a module that is not installed it gives the place where
// it would be.
func (m *modules) resolve(name, dir string) string {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		if !path.IsAbs(name) {
			name = path.Join(dir, name)
		}
		if file, ok := m.resolveFile(name); ok {
			return file
		}
		_ = m.throw("MODULE_NOT_FOUND", fmt.Sprintf("Cannot find module '%s'", name))
	}
	if file, ok := m.resolvePackage(name); ok {
		return file
	}
	return path.Join(m.e.dir, "node_modules", name)
}

// Every file is a function of its module's variables, on its first line so that lines stay.
const (
	wrapHead = "(function(exports, require, module, __filename, __dirname){"
	wrapTail = "\n})"
)

// compile makes a file's function. What the engine cannot read is rewritten first.
func (m *modules) compile(abs string, src []byte) (goja.Callable, error) {
	text := strings.TrimPrefix(string(src), "\ufeff")
	if strings.HasPrefix(text, "#!") {
		text = "//" + text[2:]
	}
	name := m.e.rel(abs)
	program, err := m.parse(name, wrapHead+text+wrapTail, text, nil)
	if err != nil {
		rewritten, sources, failed := m.rewrite(name, text)
		if failed != nil {
			return nil, failed
		}
		program, err = m.parse(name, rewritten, text, sources)
	}
	if err != nil {
		return nil, diag.List{{Severity: diag.Error, Path: name, Message: firstLine(err.Error())}}
	}
	fn, err := m.e.vm.RunProgram(program)
	if err != nil {
		return nil, err
	}
	call, _ := goja.AssertFunction(fn)
	return call, nil
}

func (m *modules) parse(name, text, original string, mapped *sourcemap.Consumer) (*goja.Program, error) {
	tree, err := goja.Parse(name, text, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	m.sources[name] = source{text: text, file: tree.File, original: original, mapped: mapped}
	return goja.CompileAST(tree, false)
}

// rewrite makes modules, TypeScript and new syntax what the engine reads; the source map
// goes along, so that places stay.
func (m *modules) rewrite(name, text string) (string, *sourcemap.Consumer, error) {
	if m.e.waits && moduleWords.MatchString(text) {
		return m.waiting(name, text)
	}
	result := api.Transform(text, api.TransformOptions{
		Loader: loaderOf(name), Format: api.FormatCommonJS, Target: api.ES2022, Platform: api.PlatformNode, Sourcefile: path.Base(name),
		Supported: map[string]bool{
			"async-generator": false, "for-await": false, "dynamic-import": false, "import-meta": false,
			"regexp-set-notation": false, "decorators": false, "using": false, "import-attributes": false, "import-assertions": false,
		},
		Define: map[string]string{
			"import.meta.url": "__moduleUrl", "import.meta.dirname": "__dirname", "import.meta.filename": "__filename",
		},
		Banner: wrapHead + `var __moduleUrl="file://"+__filename;`, Footer: "})",
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		m.awaits = m.awaits || strings.HasPrefix(result.Errors[0].Text, awaitsAtTop)
		return "", nil, m.syntax(name, result.Errors[0])
	}
	sources, err := sourcemap.Parse("", result.Map)
	if err != nil {
		return "", nil, fmt.Errorf("read the source map of %s: %w", name, err)
	}
	code := string(result.Code)
	if strings.Contains(m.e.plan.Gulpfile, ".babel.") {
		code = topLevel.ReplaceAllStringFunc(code, asVar)
	}
	return code, sources, nil
}

// Babel makes "var" of what is declared at the top of a module, so that modules which
// import each other in a circle find it undefined, where it would be an error otherwise.
// The words stay as long as they were: the source map counts on it.
var topLevel = regexp.MustCompile(`(?m)^(const|let) `)

func asVar(word string) string { return "var" + strings.Repeat(" ", len(word)-len("var")) }

func (m *modules) syntax(name string, msg api.Message) error {
	d := diag.Diagnostic{Severity: diag.Error, Path: name, Message: lowerFirst(msg.Text)}
	if loc := msg.Location; loc != nil {
		d.Line = loc.Line
		if loc.Column <= len(loc.LineText) {
			d.Column = utf8.RuneCountInString(loc.LineText[:loc.Column]) + 1
		}
	}
	return diag.List{d}
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return strings.ToLower(string(r)) + s[n:]
}

func loaderOf(name string) api.Loader {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	}
	return api.LoaderJS
}

// within reports whether a clean absolute path is dir or lies below it.
func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
