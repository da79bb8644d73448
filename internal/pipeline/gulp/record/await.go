package record

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Modules that wait at their top level become functions that wait: their exports are there
// once these have come to an end, which whoever imports them waits for. As that makes a
// waiting module of each that imports one, all modules of such a project are taken so.

// awaitsAtTop is how the bundler tells that a module waits.
const awaitsAtTop = "Top-level await is currently not supported"

// moduleWords finds what makes a file a module.
var moduleWords = regexp.MustCompile(`(?m)^\s*(?:import\b|export\b)`)

// waiting makes a function of a module, which the engine knows none of. The bundler writes
// imports and exports in few forms, each at the start of a line.
func (m *modules) waiting(name, text string) (string, *sourcemap.Consumer, error) {
	result := api.Transform(text, api.TransformOptions{
		Loader: loaderOf(name), Format: api.FormatESModule, Target: api.ES2022, Platform: api.PlatformNode, Sourcefile: path.Base(name),
		Supported: map[string]bool{
			"async-generator": false, "for-await": false, "regexp-set-notation": false, "decorators": false, "using": false,
			"import-attributes": false, "import-assertions": false,
		},
		Define: map[string]string{
			"import.meta.url": "__moduleUrl", "import.meta.dirname": "__dirname", "import.meta.filename": "__filename",
		},
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return "", nil, m.syntax(name, result.Errors[0])
	}
	sources, err := sourcemap.Parse("", result.Map)
	if err != nil {
		return "", nil, fmt.Errorf("read the source map of %s: %w", name, err)
	}
	return wrapHead + waitHead + asFunction(string(result.Code)) + waitTail, sources, nil
}

// The function's promise is what importers wait for. A module that has nothing to wait for
// has its exports at once.
const (
	waitHead = `var __moduleUrl="file://"+__filename,__import=function(n){var x=require(n),w=require.ready(n);return w?w.then(function(){return x}):x},` +
		`__default=function(x){return x&&x.__esModule&&"default" in x?x.default:x};Object.defineProperty(exports,"__esModule",{value:true});` +
		`module.ready=(async function(){`
	waitTail = "\n})()})"
)

var (
	importFrom    = regexp.MustCompile(`(?m)^import\s+([^"';()]*?)\s*from\s*("[^"\n]*"|'[^'\n]*');`)
	importBare    = regexp.MustCompile(`(?m)^import\s*("[^"\n]*"|'[^'\n]*');`)
	importCall    = regexp.MustCompile(`\bimport\(`)
	exportFrom    = regexp.MustCompile(`(?m)^export\s+(\*|\*\s+as\s+\w+|\{[^}]*\})\s*from\s*("[^"\n]*"|'[^'\n]*');`)
	exportList    = regexp.MustCompile(`(?m)^export\s*\{([^}]*)\};`)
	exportDefault = regexp.MustCompile(`(?m)^export default (?:((?:async )?function\*?|class) (\w+))?`)
	exportNamed   = regexp.MustCompile(`(?m)^export ((?:async )?function\*?|class) (\w+)`)
	exportVars    = regexp.MustCompile(`(?m)^export (const|let|var) (\w+|\{[^}]*\}|\[[^\]]*\])`)
	boundName     = regexp.MustCompile(`(?:^|[{,\[]|\.\.\.)\s*(?:[\w$]+\s*:\s*)?([\w$]+)`)
)

// asFunction rewrites imports and exports. Lines stay what they are.
func asFunction(code string) string {
	var exports strings.Builder // at the end: what the names stand for by then
	export := func(as, name string) { fmt.Fprintf(&exports, "exports[%q]=%s;", as, name) }
	code = importCall.ReplaceAllString(code, "__import(")
	code = replaceLines(importFrom, code, func(g []string) string { return imported(g[1], g[2]) })
	code = replaceLines(importBare, code, func(g []string) string { return "await __import(" + g[1] + ");" })
	code = replaceLines(exportFrom, code, func(g []string) string { return reexported(g[1], g[2]) })
	code = replaceLines(exportList, code, func(g []string) string {
		for local, as := range names(g[1]) {
			export(as, local)
		}
		return ""
	})
	code = exportDefault.ReplaceAllStringFunc(code, func(s string) string {
		g := exportDefault.FindStringSubmatch(s)
		if g[1] == "" {
			return "exports.default="
		}
		export("default", g[2])
		return strings.Repeat(" ", len("export default ")) + g[1] + " " + g[2]
	})
	code = exportNamed.ReplaceAllStringFunc(code, func(s string) string {
		export(exportNamed.FindStringSubmatch(s)[2], exportNamed.FindStringSubmatch(s)[2])
		return strings.Repeat(" ", len("export ")) + strings.TrimPrefix(s, "export ")
	})
	code = exportVars.ReplaceAllStringFunc(code, func(s string) string {
		for _, n := range boundName.FindAllStringSubmatch(exportVars.FindStringSubmatch(s)[2], -1) {
			export(n[1], n[1])
		}
		return strings.Repeat(" ", len("export ")) + strings.TrimPrefix(s, "export ")
	})
	return code + exports.String()
}

func replaceLines(re *regexp.Regexp, code string, fn func(groups []string) string) string {
	return re.ReplaceAllStringFunc(code, func(s string) string {
		return fn(re.FindStringSubmatch(s)) + strings.Repeat("\n", strings.Count(s, "\n"))
	})
}

// imported makes constants of what an import names: "d, { a as b }", "* as n".
func imported(clause, from string) string {
	source := "await __import(" + from + ")"
	rest, _, _ := strings.Cut(clause, "{")
	var out strings.Builder
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if space, ok := strings.CutPrefix(part, "* as "); ok {
			out.WriteString("const " + space + "=" + source + ";")
		} else if part != "" {
			out.WriteString("const " + part + "=__default(" + source + ");")
		}
	}
	if _, list, ok := strings.Cut(clause, "{"); ok {
		var parts []string
		for name, as := range names(strings.TrimSuffix(strings.TrimSpace(list), "}")) {
			if name == "default" {
				out.WriteString("const " + as + "=__default(" + source + ");")
				continue
			}
			parts = append(parts, name+":"+as)
		}
		if len(parts) > 0 {
			out.WriteString("const {" + strings.Join(parts, ",") + "}=" + source + ";")
		}
	}
	return out.String()
}

func reexported(clause, from string) string {
	source := "await __import(" + from + ")"
	if as, ok := strings.CutPrefix(clause, "* as "); ok {
		return "exports." + strings.TrimSpace(as) + "=" + source + ";"
	}
	if clause == "*" {
		return "Object.assign(exports," + source + ");"
	}
	var out strings.Builder
	for name, as := range names(strings.Trim(clause, "{} \n")) {
		value := "(" + source + ")[\"" + name + "\"]"
		if name == "default" {
			value = "__default(" + source + ")"
		}
		out.WriteString("exports[\"" + as + "\"]=" + value + ";")
	}
	return out.String()
}

// names reads "a, b as c": local names and what they are called outside.
func names(list string) func(yield func(name, as string) bool) {
	return func(yield func(name, as string) bool) {
		for part := range strings.SplitSeq(list, ",") {
			name, as, ok := strings.Cut(strings.TrimSpace(part), " as ")
			if !ok {
				as = name
			}
			if name != "" && !yield(strings.TrimSpace(name), strings.TrimSpace(as)) {
				return
			}
		}
	}
}

// ready returns the promise of a module of the project that waits; undefined for others.
func (m *modules) ready(name, fromDir string) goja.Value {
	name = strings.TrimPrefix(name, "file://")
	if !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "/") {
		return goja.Undefined()
	}
	file := name
	if !path.IsAbs(file) {
		file = path.Join(fromDir, file)
	}
	found, ok := m.resolveFile(file)
	if !ok || m.loaded[found] == nil {
		return goja.Undefined()
	}
	return orUndefined(m.loaded[found].Get("ready"))
}

// waited tells what has become of the module that waits.
func (e *engine) waited(file string) {
	module := e.modules.loaded[path.Join(e.dir, file)]
	if module == nil {
		return
	}
	p, ok := orUndefined(module.Get("ready")).Export().(*goja.Promise)
	switch {
	case !ok:
	case p.State() == goja.PromiseStateRejected:
		err := e.rejected(p.Result())
		var at rejection
		if r, ok := err.(rejection); ok { //nolint:errorlint // made just now
			at = r
		}
		e.found(diag.Warning, at.at, "the gulpfile throws: "+err.Error(), "")
	case p.State() == goja.PromiseStatePending:
		e.found(diag.Warning, e.lastPlace, "the gulpfile waits for something that does not come here", "")
	}
}
