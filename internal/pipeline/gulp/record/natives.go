package record

import (
	"crypto/md5" //nolint:gosec // gulpfiles ask for it by name
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/buffer"
	"github.com/goccy/go-yaml"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/tags"
)

// natives makes "rt": what the stand-ins ask of the Go side.
func (e *engine) natives() *goja.Object {
	rt := e.vm.NewObject()
	for name, f := range map[string]func(goja.FunctionCall) goja.Value{
		// plan.go
		"op": e.jsOp, "pluginOf": e.jsPluginOf, "opOf": e.jsOpOf, "stream": e.jsStream, "graft": e.jsGraft, "addArgs": e.jsAddArgs, "argCount": e.jsArgCount, "consume": e.jsConsume,
		"call": e.jsCall, "remove": e.jsRemove, "write": e.jsWrite, "command": e.jsCommand, "server": e.jsServer, "serverOf": e.jsServerOf,
		// tasks.go
		"series": e.jsSeries, "parallel": e.jsParallel, "named": e.jsNamed, "nothing": e.jsNothing, "start": e.jsStart, "task": e.jsTask,
		"hasTask": e.jsHasTask, "taskNames": e.jsTaskNames, "watch": e.jsWatch, "watchOn": e.jsWatchOn, "version": e.jsVersion,
		// here
		"later": e.later, "timer": e.timer, "require": e.jsRequire, "caller": e.jsCaller, "callerDir": e.jsCallerDir, "read": e.jsRead, "list": e.jsList, "stat": e.jsStat,
		"glob": e.jsGlob, "matching": e.jsMatching, "hash": e.jsHash, "tag": e.jsTag, "yaml": e.jsYAML, "components": e.jsComponents, "dependencies": e.jsDependencies,
	} {
		_ = rt.Set(name, f)
	}
	_ = rt.Set("cwd", e.dir)
	_ = rt.Set("REF", e.ref)
	env := e.vm.NewObject()
	_ = env.Set("INIT_CWD", e.dir) // gulp's command sets it
	for name, value := range e.opts.Env {
		_ = env.Set(name, value)
	}
	_ = rt.Set("env", env)
	args := make([]any, len(e.opts.Args))
	for i, arg := range e.opts.Args {
		args[i] = arg
	}
	_ = rt.Set("args", e.vm.NewArray(args...))
	return rt
}

// refused is what file functions answer instead of a result: {error, text}.
func (e *engine) refused(err error) goja.Value {
	code, text := "ENOENT", "no such file or directory"
	switch {
	case errors.Is(err, errIsDir):
		code, text = "EISDIR", errIsDir.Error()
	case !errors.Is(err, fs.ErrNotExist):
		code, text = "EACCES", err.Error()
	case errors.Is(err, errOutside):
		text = "it lies outside of the project"
	}
	return e.vm.ToValue(map[string]any{"error": code, "text": text})
}

func (e *engine) jsRead(call goja.FunctionCall) goja.Value {
	data, err := e.files.readFile(call.Argument(0).String())
	if err != nil {
		return e.refused(err)
	}
	return e.buffer(data)
}

// buffer copies bytes into a Buffer.
func (e *engine) buffer(data []byte) goja.Value { return buffer.WrapBytes(e.vm, slices.Clone(data)) }

func (e *engine) jsList(call goja.FunctionCall) goja.Value {
	dir := call.Argument(0).String()
	info, err := e.files.stat(dir)
	if err != nil || !info.IsDir() {
		return e.refused(orNotThere(err))
	}
	var list []any
	for _, entry := range e.files.List(dir) {
		list = append(list, map[string]any{"name": entry.Name, "dir": entry.Dir})
	}
	return e.vm.NewArray(list...)
}

func orNotThere(err error) error {
	if err == nil {
		return fs.ErrNotExist
	}
	return err
}

func (e *engine) jsStat(call goja.FunctionCall) goja.Value {
	file := call.Argument(0).String()
	if data, ok := e.files.written[path.Clean(file)]; ok {
		return e.vm.ToValue(map[string]any{"dir": false, "size": len(data), "time": 0})
	}
	info, err := e.files.stat(file)
	if err != nil {
		return e.refused(err)
	}
	return e.vm.ToValue(map[string]any{"dir": info.IsDir(), "size": info.Size(), "time": info.ModTime().UnixMilli()})
}

func (e *engine) jsRequire(call goja.FunctionCall) goja.Value {
	v, err := e.modules.require(call.Argument(0).String(), e.callerDir())
	if err != nil {
		panic(err)
	}
	return v
}

func (e *engine) jsCaller(goja.FunctionCall) goja.Value {
	return e.vm.ToValue(path.Join(e.dir, e.here().File))
}

func (e *engine) jsCallerDir(goja.FunctionCall) goja.Value { return e.vm.ToValue(e.callerDir()) }

// jsGlob finds files: patterns relative to options.cwd, results as the patterns are written.
func (e *engine) jsGlob(call goja.FunctionCall) goja.Value {
	patterns := e.texts(call.Argument(0))
	base := e.dir
	var absolute bool
	if o, ok := call.Argument(1).(*goja.Object); ok {
		if cwd := o.Get("cwd"); cwd != nil && !goja.IsUndefined(cwd) {
			base = e.abs(cwd.String(), e.dir)
		}
		if a := o.Get("absolute"); a != nil {
			absolute = a.ToBoolean()
		}
		for _, ignored := range e.texts(o.Get("ignore")) {
			patterns = append(patterns, "!"+ignored)
		}
	}
	var out []any
	for _, file := range e.find(patterns, base) {
		if absolute {
			out = append(out, file)
			continue
		}
		out = append(out, e.asWritten(file, patterns, base))
	}
	return e.vm.NewArray(out...)
}

// find searches for patterns, of which those that begin with "!" take out.
func (e *engine) find(patterns []string, base string) []string {
	var except []glob.Exception
	for _, p := range patterns {
		if out, ok := strings.CutPrefix(p, "!"); ok {
			except = append(except, glob.Except(e.pattern(out, base)))
		}
	}
	var files []string
	for _, p := range patterns {
		if strings.HasPrefix(p, "!") {
			continue
		}
		for _, f := range (glob.Search{Pattern: e.pattern(p, base), Except: except}).Files(e.files) {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// asWritten is a found file as node's glob names it: absolute only for absolute patterns,
// with "./" where the pattern had it.
func (e *engine) asWritten(file string, patterns []string, base string) string {
	if len(patterns) > 0 && path.IsAbs(patterns[0]) {
		return file
	}
	rel := strings.TrimPrefix(file, base+"/")
	if len(patterns) > 0 && strings.HasPrefix(patterns[0], "./") {
		return "./" + rel
	}
	return rel
}

func (e *engine) abs(p, base string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(base, p)
}

// pattern resolves a pattern against a folder. A gulpfile may have put it before.
func (e *engine) pattern(p, base string) string { return glob.In(base, p) }

// jsMatching returns those of the texts that match the patterns.
func (e *engine) jsMatching(call goja.FunctionCall) goja.Value {
	var out []any
	for _, text := range e.texts(call.Argument(1)) {
		if matchesAll(e.texts(call.Argument(0)), text) {
			out = append(out, text)
		}
	}
	return e.vm.NewArray(out...)
}

// matchesAll goes through the patterns in order: each adds, or takes out with "!".
func matchesAll(patterns []string, text string) bool {
	matches := false
	for _, p := range patterns {
		if out, ok := strings.CutPrefix(p, "!"); ok {
			matches = matches && !glob.Match(out, text, glob.Options{Dot: true})
			continue
		}
		matches = matches || glob.Match(p, text, glob.Options{Dot: true})
	}
	return matches
}

// texts are the strings of a value that is a string or a list.
func (e *engine) texts(v goja.Value) []string {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return []string{v.String()}
	}
	var list []string
	for _, key := range o.Keys() {
		list = append(list, e.texts(o.Get(key))...)
	}
	return list
}

// jsTag answers what names a file in a page: (page, file, selfClosing).
func (e *engine) jsTag(call goja.FunctionCall) goja.Value {
	return e.vm.ToValue(tags.For(call.Argument(0).String(), call.Argument(1).String(), call.Argument(2).ToBoolean()))
}

func (e *engine) jsHash(call goja.FunctionCall) goja.Value {
	var h hash.Hash
	switch strings.ToLower(call.Argument(0).String()) {
	case "md5":
		h = md5.New()
	case "sha1":
		h = sha1.New()
	case "sha512":
		h = sha512.New()
	case "sha384":
		h = sha512.New384()
	default:
		h = sha256.New()
	}
	data, err := hex.DecodeString(call.Argument(1).String())
	if err != nil {
		panic(e.vm.NewGoError(err))
	}
	h.Write(data)
	return e.vm.ToValue(hex.EncodeToString(h.Sum(nil)))
}

func (e *engine) jsYAML(call goja.FunctionCall) goja.Value {
	out, err := yaml.YAMLToJSON([]byte(call.Argument(0).String()))
	if err != nil {
		return e.vm.ToValue(map[string]any{"error": firstLine(err.Error())})
	}
	return e.vm.ToValue(string(out))
}

// jsComponents returns the files of Bower components: {js: […], css: […], files: […]}.
func (e *engine) jsComponents(call goja.FunctionCall) goja.Value {
	var q Components
	var exclude gulp.Value
	o, _ := e.value(call.Argument(1)).(*gulp.Object)
	q.Directory, _ = o.Get("directory").(string)
	if paths, ok := o.Get("paths").(*gulp.Object); ok {
		q.Directory, _ = paths.Get("bowerDirectory").(string)
	}
	dev, _ := o.Get("devDependencies").(bool)
	withDev := o.Get("includeDev")
	q.Dev = dev || withDev == true || withDev == "inclusive"
	exclude = o.Get("exclude")
	overrides, _ := o.Get("overrides").(*gulp.Object)
	q.Overrides = overridesOf(overrides)
	var list []string
	if e.opts.Components != nil {
		var err error
		if list, err = e.opts.Components(q); err != nil {
			e.found(diag.Warning, e.here(), "the components cannot be listed: "+err.Error(), "")
		}
	}
	for _, name := range []string{"bower.json", ".bowerrc"} {
		e.files.note(name)
	}
	result := e.vm.NewObject()
	byExt := map[string][]any{"js": {}, "css": {}}
	var all []any
	for _, file := range list {
		if e.excluded(exclude, file) {
			continue
		}
		ext := strings.TrimPrefix(path.Ext(file), ".")
		byExt[ext] = append(byExt[ext], file)
		all = append(all, file)
	}
	for ext, files := range byExt {
		_ = result.Set(ext, e.vm.NewArray(files...))
	}
	_ = result.Set("packages", e.vm.NewObject())
	_ = result.DefineDataProperty("files", e.vm.NewArray(all...), goja.FLAG_TRUE, goja.FLAG_FALSE, goja.FLAG_TRUE)
	return result
}

// overridesOf reads what wiredep and main-bower-files are told of components. The latter
// also take lists of files by environment, and ignore or keep components.
func overridesOf(o *gulp.Object) map[string]Override {
	if o == nil {
		return nil
	}
	all := map[string]Override{}
	for _, name := range o.Keys {
		given, _ := o.Get(name).(*gulp.Object)
		var over Override
		if given.Get("main") != nil {
			over.Main = append([]string{}, gulp.Texts(given.Get("main"))...)
		}
		if given.Get("ignore") == true {
			over.Main = []string{}
		}
		if deps, ok := given.Get("dependencies").(*gulp.Object); ok {
			over.Dependencies = append([]string{}, deps.Keys...)
		}
		all[name] = over
	}
	return all
}

// excluded is wiredep's rule: an expression, or a text that the path contains.
func (e *engine) excluded(exclude gulp.Value, file string) bool {
	switch x := exclude.(type) {
	case []gulp.Value:
		return slices.ContainsFunc(x, func(v gulp.Value) bool { return e.excluded(v, file) })
	case string:
		return x != "" && strings.Contains(file, x)
	case *gulp.Regexp:
		return e.test(x, file)
	}
	return false
}

// jsDependencies lists what package.json depends on: (kinds, file, patterns).
func (e *engine) jsDependencies(call goja.FunctionCall) goja.Value {
	file := call.Argument(1).String()
	if file == "" {
		file = "package.json"
	}
	m, err := e.files.manifest(e.abs(file, e.dir))
	if err != nil {
		return e.vm.NewArray()
	}
	kinds := map[string]map[string]string{"dependencies": m.Dependencies, "devDependencies": m.DevDependencies, "peerDependencies": m.PeerDependencies}
	names := map[string]bool{}
	for _, kind := range e.texts(call.Argument(0)) {
		for name := range kinds[kind] {
			names[name] = true
		}
	}
	patterns := e.texts(call.Argument(2))
	var out []string
	for name := range names {
		if matchesAll(patterns, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	list := make([]any, len(out))
	for i, name := range out {
		list[i] = name
	}
	return e.vm.NewArray(list...)
}
