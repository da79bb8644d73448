package run

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// typescriptOps compile TypeScript. Types are left out, not checked.
func typescriptOps(plugin string) opFunc {
	switch plugin {
	case "gulp-typescript", "gulp-typescript.createProject":
		return typescript
	case "gulp-typescript.src":
		return typescriptSources
	case "gulp-typescript.js", "gulp-typescript.reporter", "gulp-typescript.filter",
		"gulp-typescript.reporter.defaultReporter", "gulp-typescript.reporter.fullReporter", "gulp-typescript.reporter.longReporter", "gulp-typescript.reporter.nullReporter":
		return func(_ *call, in []*file) ([]*file, error) { return in, nil }
	case "gulp-typescript.dts":
		return func(c *call, _ []*file) ([]*file, error) {
			c.warn("declarations (.d.ts) are not made here", "a library needs them: npx tsc --declaration --emitDeclarationOnly")
			return nil, nil
		}
	}
	return nil
}

// tsProject is what a gulpfile or a tsconfig.json says about compiling.
type tsProject struct {
	options *gulp.Object // compilerOptions
	config  *gulp.Object // the whole file; nil = there is none
	dir     string       // of the file
}

// tsProjectOf reads the options of a plugin: the path of a tsconfig.json, or options, or
// both; or a project that was made of them.
func (c *call) tsProjectOf(args []gulp.Value) (tsProject, error) {
	p := tsProject{options: newObject(), dir: c.r.opts.Dir}
	for _, arg := range args {
		switch arg := arg.(type) {
		case *gulp.Op:
			inner, err := c.tsProjectOf(arg.Args)
			if err != nil {
				return p, err
			}
			inner.options = merged(p.options, inner.options)
			p = inner
		case string:
			at := absolute(c.r.opts.Dir, arg)
			data, _ := c.r.view.read(at)
			v, err := parseJSON(plainJSON(data))
			if err != nil {
				return p, diag.List{{Severity: diag.Error, Source: c.op.Plugin, Path: c.rel(at), Message: "it cannot be read: " + err.Error()}}
			}
			p.config, p.dir = object(v), path.Dir(at)
			p.options = merged(object(p.config.Get("compilerOptions")), p.options)
		case *gulp.Object:
			p.options = merged(p.options, arg)
		}
	}
	return p, nil
}

var (
	jsonComment = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|//[^\n]*|/\*[\s\S]*?\*/`)
	looseComma  = regexp.MustCompile(`,(\s*[}\]])`)
)

// plainJSON makes JSON of the JSON with comments and loose commas that TypeScript
// reads.
func plainJSON(data []byte) []byte {
	data = jsonComment.ReplaceAllFunc(data, func(m []byte) []byte {
		if m[0] == '"' {
			return m
		}
		return nil
	})
	return looseComma.ReplaceAll(data, []byte("$1"))
}

// typescriptSources are the files that a tsconfig.json names.
func typescriptSources(c *call, _ []*file) ([]*file, error) {
	p, err := c.tsProjectOf(c.op.Args)
	if err != nil {
		return nil, c.asMistake(err)
	}
	patterns := texts(p.config.Get("files"))
	for _, in := range texts(p.config.Get("include")) {
		if !glob.HasMagic(in) && path.Ext(in) == "" {
			in += "/**/*"
		}
		patterns = append(patterns, in)
	}
	if !has(p.config, "files") && !has(p.config, "include") {
		patterns = []string{"**/*"}
	}
	except := []glob.Exception{glob.Except(c.r.pattern(p.dir, "**/node_modules/**")), glob.Except(c.r.pattern(p.dir, "**/bower_components/**"))}
	excluded := texts(p.config.Get("exclude"))
	if out := text(p.options.Get("outDir")); out != "" {
		excluded = append(excluded, out)
	}
	for _, x := range excluded {
		except = append(except, glob.Except(c.r.pattern(p.dir, x)), glob.Except(c.r.pattern(p.dir, path.Join(x, "**"))))
	}
	var found []match
	for _, pattern := range patterns {
		for _, f := range (glob.Search{Pattern: c.r.pattern(p.dir, pattern), Except: except}).Files(c.r.view) {
			if isTypeScript(f) && !slices.ContainsFunc(found, func(m match) bool { return m.path == f }) {
				found = append(found, match{path: f})
			}
		}
	}
	base := ""
	for _, m := range found {
		base = commonFolder(base, path.Dir(m.path))
	}
	if root := text(p.options.Get("rootDir")); root != "" {
		base = absolute(p.dir, root)
	}
	for i := range found {
		found[i].base = base
	}
	return c.load(found, true)
}

func isTypeScript(file string) bool {
	return ext(file) == ".ts" || ext(file) == ".tsx" || ext(file) == ".mts" || ext(file) == ".cts"
}

// typescript is gulp-typescript: each file for itself, or all of them as one.
func typescript(c *call, in []*file) ([]*file, error) {
	p, err := c.tsProjectOf(c.op.Args)
	if err != nil {
		return nil, c.asMistake(err)
	}
	settings, unknown := p.settings()
	if unknown != "" {
		c.unknown(unknown)
		return nil, errEnded
	}
	name := text(p.options.Get("outFile"))
	if name == "" {
		name = text(p.options.Get("out"))
	}
	if name != "" && slices.ContainsFunc(in, func(f *file) bool { return moduleSyntax.Match(f.Contents) }) {
		c.unknown("modules in one file")
		return nil, errEnded
	}
	if part := spanning(in); part != "" {
		c.unknown(part)
		return nil, errEnded
	}
	c.say("TypeScript is compiled without looking at its types", "npx tsc --noEmit checks them")
	in = slices.DeleteFunc(slices.Clone(in), func(f *file) bool { return strings.HasSuffix(f.Path, ".d.ts") })
	out, err := c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || !isTypeScript(f.Path) && p.options.Get("allowJs") != true {
			return made{}, nil
		}
		o := settings
		o.Sourcefile, o.Sourcemap = f.relative(), mapMode(f)
		if ext(f.Path) == ".tsx" || ext(f.Path) == ".jsx" {
			o.Loader = api.LoaderTSX
		}
		if !moduleSyntax.Match(f.Contents) {
			o.Format = api.FormatDefault
		}
		m := c.transformed(f, api.Transform(string(f.Contents), o))
		if m.found.Err() == nil {
			m.files[0] = m.files[0].at(replaceExt(f.Path, ".js"))
		}
		return m, nil
	})
	if err != nil || name == "" || len(out) == 0 {
		return out, err
	}
	return c.whole(byReference(in, out), func(list []*file) (made, error) {
		joined := join(list, "")
		joined.Path = absolute(joined.Base, name)
		return made{files: []*file{joined}}, nil
	})
}

// settings are the options as the bundler knows them.
func (p tsProject) settings() (o api.TransformOptions, unknown string) {
	raw := newObject("target", textOr(p.options, "target", "es5")) // which says what fields of classes mean
	for _, key := range []string{"experimentalDecorators", "jsx", "jsxFactory", "jsxFragmentFactory", "useDefineForClassFields", "preserveValueImports", "verbatimModuleSyntax", "importsNotUsedAsValues", "alwaysStrict"} {
		if has(p.options, key) {
			set(raw, key, p.options.Get(key))
		}
	}
	o = api.TransformOptions{
		Loader: api.LoaderTS, Target: api.ES2020, Charset: api.CharsetUTF8, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
		TsconfigRaw:   string(stringify(newObject("compilerOptions", raw), "")),
		LegalComments: api.LegalCommentsInline,
	}
	switch module := strings.ToLower(text(p.options.Get("module"))); module {
	case "amd", "umd", "system":
		return o, "modules as " + module
	case "es6", "es2015", "es2020", "es2022", "esnext", "preserve":
	case "":
		if target := strings.ToLower(text(p.options.Get("target"))); target == "" || target == "es3" || target == "es5" {
			o.Format = api.FormatCommonJS
		}
	default:
		o.Format = api.FormatCommonJS
	}
	return o, ""
}

var (
	namespaceHead = regexp.MustCompile(`(?m)^\s*(?:export\s+)?(?:namespace|module)\s+([\w.]+)\s*\{`)
	exportedValue = regexp.MustCompile(`(?m)\bexport\s+(?:default\s+)?(?:abstract\s+|async\s+|const\s+)?(?:class|function|enum|const|let|var)\s+(\w+)`)
)

// spanning says which name a file takes from a part of its namespace that lies in another
// file: only a compiler that knows all types sees that it is a member. "" = none does.
func spanning(in []*file) string {
	owner := map[string]map[string]*file{} // namespace → exported name → file
	for _, f := range in {
		for _, ns := range namespaceHead.FindAllSubmatch(f.Contents, -1) {
			names := owner[string(ns[1])]
			if names == nil {
				names = map[string]*file{}
				owner[string(ns[1])] = names
			}
			for _, m := range exportedValue.FindAllSubmatch(f.Contents, -1) {
				names[string(m[1])] = f
			}
		}
	}
	for _, f := range in {
		heads := namespaceHead.FindAllSubmatch(f.Contents, -1)
		if len(heads) == 0 {
			continue
		}
		code := jsonComment.ReplaceAll(f.Contents, nil)
		for _, ns := range heads {
			for _, name := range slices.Sorted(maps.Keys(owner[string(ns[1])])) {
				if owner[string(ns[1])][name] != f && takes(code, name) {
					return fmt.Sprintf("the namespace %s in several files, which share %s", ns[1], name)
				}
			}
		}
	}
	return ""
}

// takes reports whether code without comments uses a name that it does not declare, and not
// as a member.
func takes(code []byte, name string) bool {
	if !bytes.Contains(code, []byte(name)) {
		return false
	}
	declared := regexp.MustCompile(`\b(?:class|function|enum|const|let|var|import)\s+` + name + `\b`)
	used := regexp.MustCompile(`(?:^|[^\w.$'"\x60])` + name + `\b`)
	return !declared.Match(code) && used.Match(code)
}

var referencePath = regexp.MustCompile(`(?m)^\s*///\s*<reference\s+path\s*=\s*["']([^"']+)["']`)

// byReference orders what was made so that files come behind those that they refer to.
func byReference(in, out []*file) []*file {
	at := map[string]int{}
	for i, f := range in {
		at[f.Path] = i
	}
	var sorted []*file
	seen := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if seen[i] || i >= len(out) {
			return
		}
		seen[i] = true
		for _, m := range referencePath.FindAllSubmatch(in[i].Contents, -1) {
			if j, ok := at[path.Join(path.Dir(in[i].Path), string(m[1]))]; ok {
				visit(j)
			}
		}
		sorted = append(sorted, out[i])
	}
	for i := range in {
		visit(i)
	}
	return sorted
}
