package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/diag"
)

const (
	// packagesDir is where the generated layer has bundled packages. No folder of a project
	// is likely to be called so.
	packagesDir = "@packages"
	// filesDir is where it has copies of files that no URL names.
	filesDir = "@files"
	// facadeSpace is the esbuild namespace of modules that stand before CommonJS.
	facadeSpace = "facade"
)

// packages is the bundle of everything that sources import and that is no source: one
// entry for each file that is imported, and chunks for what entries share.
type packages struct {
	names  map[string][]string // by absolute file, what sources import from it; what the bundle was made of
	cjs    map[string]bool     // files that are CommonJS
	inputs map[string][]byte   // the bundle's files; the content of those that are edited
	out    map[string][]byte   // by path below the generated layer
	sheets map[string]string   // the stylesheet that a package brings, by file
	found  diag.List
}

// packageName is where the generated layer has a bundled file.
func (t *tree) packageName(file string) string {
	rel := t.rel(file)
	name := rel
	if i := strings.LastIndex("/"+rel, "/node_modules/"); i >= 0 {
		name = rel[i+len("node_modules/"):]
		if rel != "node_modules/"+name { // another copy, in another folder
			sum := sha256.Sum256([]byte(rel))
			ext := path.Ext(name)
			name = strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:])[:8] + ext
		}
	}
	return path.Join(packagesDir, strings.TrimSuffix(plainName(name), ".js")+".js")
}

// plainName writes a path so that it is served: dot files and ways up are not.
func plainName(rel string) string {
	segments := strings.Split(rel, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, ".") {
			segments[i] = "_" + strings.TrimLeft(s, ".")
		}
	}
	return strings.Join(segments, "/")
}

// bundlePackages bundles what the modules import, unless it is bundled already.
func (r *moduleRun) bundlePackages(ctx context.Context) error {
	names := map[string][]string{}
	for _, m := range r.live {
		for _, l := range m.links {
			if l.kind == linkPackage {
				names[l.file] = append(names[l.file], m.names["/"+r.t.packageName(l.file)]...)
			}
		}
	}
	for file := range names {
		slices.Sort(names[file])
		names[file] = slices.Compact(names[file])
	}
	if maps.EqualFunc(names, r.packages.names, slices.Equal[[]string]) && r.packagesAreFresh() {
		return nil
	}
	b := &packageBuild{moduleRun: r, names: names, cjs: maps.Clone(r.packages.cjs)}
	return b.run(ctx)
}

// packagesAreFresh reports whether the sources among the bundled files are as they were.
// What is installed changes with the lock file, which empties the whole step.
func (r *moduleRun) packagesAreFresh() bool {
	for file, src := range r.packages.inputs {
		if src == nil {
			continue
		}
		if now, err := r.load(file); err != nil || string(now) != string(src) {
			return false
		}
	}
	return true
}

// importedNames lists, by URL, what a compiled module imports by name from packages: the
// bundler writes import and export statements in one way only, each on its own lines.
func importedNames(code []byte) map[string][]string {
	names := map[string][]string{}
	from := []byte(` from "/` + packagesDir + "/")
	for rest := code; ; {
		at := bytes.Index(rest, from)
		if at < 0 {
			return names
		}
		url, after, _ := bytes.Cut(rest[at+len(` from "`):], []byte(`"`))
		if list, ok := bytes.CutSuffix(rest[:at], []byte("}")); ok {
			list = list[bytes.LastIndexByte(list, '{')+1:]
			names[string(url)] = append(names[string(url)], namesIn(string(list))...)
		}
		rest = after
	}
}

// namesIn reads the list of an import: "a, b as c".
func namesIn(list string) []string {
	var names []string
	for item := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(item), " as ")
		if nameOnly.MatchString(name) && name != "default" {
			names = append(names, name)
		}
	}
	return names
}

var (
	nameOnly = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)
	// commonJSName matches what CommonJS files export by name, as they are written by hand
	// and by compilers.
	commonJSName = regexp.MustCompile(`\bexports\.([A-Za-z_$][\w$]*)\s*=[^=]|\bdefineProperty\(\s*(?:module\.)?exports\s*,\s*["']([A-Za-z_$][\w$]*)["']|\b__export\(\w+,\s*"([A-Za-z_$][\w$]*)"`)
)

// packageBuild is one bundling of the packages.
type packageBuild struct {
	*moduleRun
	names map[string][]string
	cjs   map[string]bool
	meta  packageMeta
	used  usedSheets
}

// packageMeta is the part of the bundler's report that is read here.
type packageMeta struct {
	Inputs map[string]struct {
		Format  string `json:"format"`
		Imports []struct {
			Path string `json:"path"`
		} `json:"imports"`
	} `json:"inputs"`
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
		CSSBundle  string `json:"cssBundle"`
	} `json:"outputs"`
}

// run bundles. Which entries are CommonJS is known only then: those need a module before
// them that has their names, and a second turn.
func (b *packageBuild) run(ctx context.Context) error {
	files := slices.Sorted(maps.Keys(b.names))
	if len(files) == 0 {
		b.packages = packages{cjs: b.cjs}
		return nil
	}
	var result api.BuildResult
	for turn := 0; ; turn++ {
		result = b.build(ctx, files)
		if len(result.Errors) > 0 {
			b.packages.found = messenger{tree: b.t}.messages(result.Errors, nil)
			b.packages.names = nil // to try again
			return nil
		}
		if err := json.Unmarshal([]byte(result.Metafile), &b.meta); err != nil {
			return fmt.Errorf("read the bundler's metafile: %w", err)
		}
		if !b.learn(files) || turn > 0 {
			break
		}
	}
	b.store(result)
	return nil
}

func (b *packageBuild) build(ctx context.Context, files []string) api.BuildResult {
	opts := b.esbuildOptions()
	opts.Splitting, opts.Metafile, opts.Sourcemap = true, true, api.SourceMapLinked
	opts.Outdir, opts.ChunkNames = b.t.tmp, packagesDir+"/chunk-[hash]"
	opts.Plugins = []api.Plugin{b.plugin(ctx), b.imported.plugin(ctx, b.memory, b.used.take)}
	for _, file := range files {
		in := file
		if b.cjs[file] {
			in = facadeSpace + ":" + b.t.rel(file)
		}
		opts.EntryPointsAdvanced = append(opts.EntryPointsAdvanced, api.EntryPoint{
			InputPath: in, OutputPath: strings.TrimSuffix(b.t.packageName(file), ".js"),
		})
	}
	return api.Build(opts)
}

func (b *packageBuild) plugin(ctx context.Context) api.Plugin {
	return api.Plugin{Name: "packages", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^" + facadeSpace + ":"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, facadeSpace+":"), Namespace: facadeSpace}, nil
		})
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return b.resolveInBundle(build, a)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: facadeSpace}, b.loadFacade)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: assetSpace}, b.loadAsset)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: querySpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return b.loadQuery(ctx, a, &b.used)
		})
		build.OnLoad(api.OnLoadOptions{Filter: `\.[mc]?[jt]sx?$`, Namespace: "file"}, b.loadScript)
	}}
}

// resolveInBundle is resolveAsset for scripts, which name files by packages too.
func (r *moduleRun) resolveInBundle(build api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	name, tail := splitTail(a.Path)
	switch {
	case a.PluginData == unplugged{}:
		return api.OnResolveResult{}, nil
	case a.Kind == api.ResolveCSSURLToken || strings.HasPrefix(name, ".") || !isAsset(name) && queryOf(tail) == "":
		return r.resolveAsset(a)
	}
	file, ok := askBundler(build, a, name)
	switch {
	case !ok:
		return r.resolveAsset(a)
	case queryOf(tail) != "":
		return r.t.query(queryOf(tail), file), nil
	}
	return r.asset(file), nil
}

// resolveAsset gives files that scripts and stylesheets name their URL. Everything else
// is the bundler's to find.
func (r *moduleRun) resolveAsset(a api.OnResolveArgs) (api.OnResolveResult, error) {
	name, tail := splitTail(a.Path)
	switch {
	case a.Kind == api.ResolveCSSURLToken && (isForeign(a.Path) || strings.HasPrefix(name, "/")):
		return asWritten(a), nil
	case a.Kind == api.ResolveCSSURLToken:
		return api.OnResolveResult{Path: r.address(filepath.Join(a.ResolveDir, filepath.FromSlash(name))) + tail, External: true}, nil
	case queryOf(tail) != "" && strings.HasPrefix(name, "."):
		return r.t.query(queryOf(tail), filepath.Join(a.ResolveDir, filepath.FromSlash(name))), nil
	case isAsset(name) && strings.HasPrefix(name, "."):
		return r.asset(filepath.Join(a.ResolveDir, filepath.FromSlash(name))), nil
	case isForeignModule(a.Path):
		return asWritten(a), nil
	}
	return api.OnResolveResult{}, nil
}

// loadFacade writes the module that stands before a CommonJS file. Names that the file
// has not got are undefined, as they are for a bundler.
func (b *packageBuild) loadFacade(a api.OnLoadArgs) (api.OnLoadResult, error) {
	path := rooted(b.t.dir, a.Path)
	file, err := json.Marshal(path)
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("facade of %s: %w", a.Path, err)
	}
	var code strings.Builder
	fmt.Fprintf(&code, "const m = require(%s);\nexport default %s;\n", file, b.t.defaultOf())
	var exported []string
	for i, name := range b.exports(path) {
		fmt.Fprintf(&code, "const e%d = m.%s;\n", i, name)
		exported = append(exported, fmt.Sprintf("e%d as %s", i, name))
	}
	fmt.Fprintf(&code, "export { %s };\n", strings.Join(exported, ", "))
	text := code.String()
	return api.OnLoadResult{Contents: &text, ResolveDir: filepath.Dir(path), Loader: api.LoaderJS}, nil
}

// exports are the names that the sources want of a CommonJS file, and those that it, or
// what it is made of, seems to give.
func (b *packageBuild) exports(file string) []string {
	names := slices.Clone(b.names[file])
	seen := map[string]bool{}
	var visit func(input string)
	visit = func(input string) {
		src, err := os.ReadFile(rooted(b.t.dir, input))
		if seen[input] || err != nil {
			return
		}
		seen[input] = true
		for _, m := range commonJSName.FindAllSubmatch(src, -1) {
			names = append(names, string(slices.Concat(m[1], m[2], m[3])))
		}
		for _, imported := range b.meta.Inputs[input].Imports {
			visit(imported.Path)
		}
	}
	visit(b.t.rel(file))
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "default" || n == "__esModule" })
}

// learn notes which entries are CommonJS and reports whether one is new.
func (b *packageBuild) learn(files []string) (news bool) {
	if b.cjs == nil {
		b.cjs = map[string]bool{}
	}
	for _, file := range files {
		if b.meta.Inputs[b.t.rel(file)].Format == "cjs" && !b.cjs[file] {
			b.cjs[file], news = true, true
		}
	}
	return news
}

// loadScript turns the files that a script names by import.meta.url to their URLs.
func (r *moduleRun) loadScript(a api.OnLoadArgs) (api.OnLoadResult, error) {
	read := os.ReadFile
	if !isInstalled(a.Path) {
		read = atomicfile.ReadFileSteady
	}
	src, err := read(a.Path)
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("read %s: %w", r.t.rel(a.Path), err)
	}
	code := r.replaceURLs(a.Path, src)
	return api.OnLoadResult{Contents: &code, ResolveDir: filepath.Dir(a.Path), Loader: moduleLoader(a.Path)}, nil
}

// store keeps the result.
func (b *packageBuild) store(result api.BuildResult) {
	made := packages{names: b.names, cjs: b.cjs, inputs: map[string][]byte{}, out: map[string][]byte{}, sheets: map[string]string{}}
	for _, f := range result.OutputFiles {
		made.out[b.t.relTmp(f.Path)] = f.Contents
	}
	for input := range b.meta.Inputs {
		file := rooted(b.t.dir, input)
		made.inputs[file] = nil
		if !strings.Contains("/"+input, "/node_modules/") {
			made.inputs[file], _ = b.load(file) // gone again: the next run sees that
		}
	}
	for file := range b.used.files {
		if !isInstalled(file) {
			made.inputs[file], _ = b.load(file)
		}
	}
	for _, out := range b.meta.Outputs {
		if out.CSSBundle != "" {
			entry := strings.TrimPrefix(out.EntryPoint, facadeSpace+":")
			made.sheets[rooted(b.t.dir, entry)] = b.t.relTmp(rooted(b.t.dir, out.CSSBundle))
		}
	}
	made.found = messenger{tree: b.t}.messages(nil, ownWarnings(result.Warnings))
	b.packages = made
}

// ownWarnings leaves out those about installed packages, which nobody here can mend.
func ownWarnings(list []api.Message) []api.Message {
	return slices.DeleteFunc(list, func(m api.Message) bool {
		return m.Location != nil && strings.Contains("/"+m.Location.File, "/node_modules/")
	})
}
