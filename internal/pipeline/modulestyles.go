package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

const (
	// stylesDir is where the generated layer has the styles that scripts import.
	stylesDir = "@styles"
	// rootSpace is the esbuild namespace of what begins a bundle of styles.
	rootSpace = "styles"
	// localSpace is that of sheets whose class names are local to them.
	localSpace = "local"
	localExt   = ".module.css"
	// localNames matches the files of [hasNames].
	localNames = `\.module\.(css|scss|sass|less|styl)$`
)

// sheet is one bundle of styles: what the scripts of a page import, or the class names of
// one stylesheet.
type sheet struct {
	roots []string          // the files it begins with, in order
	files map[string][]byte // every stylesheet that went into it
	out   map[string][]byte // by path below the generated layer
	found diag.List
}

// styleName is where the generated layer has the styles of a page.
func styleName(p *page) string {
	return path.Join(stylesDir, strings.TrimSuffix(p.out, path.Ext(p.out))+".css")
}

// namesOf is where it has the class names of a stylesheet.
func (r *moduleRun) namesOf(file string) string {
	if r.isServed(file) {
		return r.t.url(file) + namesExt
	}
	return path.Join(filesDir, plainName(r.t.rel(file))+namesExt)
}

// bundleStyles makes one stylesheet for each page whose scripts import styles, and a
// module of class names for each sheet whose names are imported.
func (r *moduleRun) bundleStyles(ctx context.Context, pages []*page) error {
	before := r.sheets
	r.sheets = map[string]*sheet{}
	make := func(name string, roots []string) (err error) {
		old := before[name]
		if old == nil || !slices.Equal(old.roots, roots) || !r.isFresh(old.files) {
			old, err = r.bundleSheet(ctx, name, roots, old)
		}
		r.sheets[name] = old
		return err
	}
	for _, p := range pages {
		own, _ := r.sheetsOf(p)
		if len(own) == 0 {
			continue
		}
		if err := make(styleName(p), own); err != nil {
			return err
		}
	}
	for _, m := range r.live {
		for _, l := range m.links {
			if l.kind != linkNames || r.sheets[r.namesOf(l.file)] != nil {
				continue
			}
			if err := make(r.namesOf(l.file), []string{l.file}); err != nil {
				return err
			}
		}
	}
	return nil
}

// linksOf lists the stylesheets that a page needs because of its scripts.
func (r *moduleRun) linksOf(p *page) []string {
	own, links := r.sheetsOf(p)
	if len(own) > 0 {
		links = append(links, styleName(p))
	}
	return links
}

// sheetsOf lists the sheets that the scripts of a page import, in the order in which
// they run, and those that packages bring.
func (r *moduleRun) sheetsOf(p *page) (own, packaged []string) {
	seen := map[string]bool{}
	add := func(list *[]string, name string) {
		if name != "" && !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	var visit func(key string)
	visit = func(key string) {
		m := r.live[key]
		if m == nil || seen[key] {
			return
		}
		seen[key] = true
		for _, l := range m.links {
			switch l.kind {
			case linkScript:
				visit(l.file)
			case linkPackage:
				add(&packaged, r.packages.sheets[l.file])
			case linkSheet, linkNames:
				add(&own, l.file)
			}
		}
	}
	for _, m := range p.refs {
		visit(r.keyOf(p, m))
	}
	return own, packaged
}

// contentsOf returns what files hold; of one that is gone, nothing.
func (r *moduleRun) contentsOf(files map[string]bool) map[string][]byte {
	all := map[string][]byte{}
	for file := range files {
		if src, err := r.load(file); err == nil {
			all[file] = src
		}
	}
	return all
}

// isFresh reports whether a bundle is still what its files say.
func (r *moduleRun) isFresh(files map[string][]byte) bool {
	if files == nil {
		return false
	}
	for file, src := range files {
		if now, err := r.load(file); err != nil || string(now) != string(src) {
			return false
		}
	}
	return true
}

// bundleSheet bundles styles. On a mistake the old bundle stays.
func (r *moduleRun) bundleSheet(ctx context.Context, name string, roots []string, old *sheet) (*sheet, error) {
	opts := r.esbuildOptions()
	opts.Metafile, opts.Sourcemap, opts.Outdir = true, api.SourceMapLinked, r.t.tmp
	made := usedSheets{}
	opts.Plugins = []api.Plugin{r.stylePlugin(ctx, roots, path.Ext(name) == namesExt, &made)}
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: rootSpace + ":" + name, OutputPath: strings.TrimSuffix(name, path.Ext(name))}}
	result := api.Build(opts)
	messages := messenger{tree: r.t}
	if len(result.Errors) > 0 {
		s := &sheet{found: messages.messages(result.Errors, nil)} // without roots: to try again
		if old != nil {
			s.out = old.out
		}
		return s, nil
	}
	inputs, err := inputsOf(result)
	if err != nil {
		return nil, err
	}
	s := &sheet{roots: roots, out: map[string][]byte{}, found: messages.messages(nil, ownWarnings(result.Warnings))}
	for _, f := range result.OutputFiles {
		if out := r.t.relTmp(f.Path); strings.TrimSuffix(out, ".map") == name {
			s.out[out] = f.Contents
			if path.Ext(out) == namesExt {
				s.out[out] = withNames(f.Contents)
			}
		}
	}
	for _, input := range inputs {
		made.add(r.sheetFile(input))
	}
	s.files = r.contentsOf(made.files)
	return s, nil
}

// sheetFile is the file of an input, by the bundler's name for it.
func (r *moduleRun) sheetFile(input string) string {
	if local, ok := strings.CutPrefix(input, localSpace+":"); ok {
		return r.originOf(local)
	}
	return rooted(r.t.dir, input)
}

// usedSheets gathers the files that a bundle is made of, beside those that the bundler
// knows.
type usedSheets struct {
	mu    sync.Mutex
	files map[string]bool // guarded by mu; absolute
}

func (u *usedSheets) add(file string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.files == nil {
		u.files = map[string]bool{}
	}
	u.files[file] = true
}

func (u *usedSheets) take(made compiledSheet) {
	for file := range made.from {
		u.add(file)
	}
}

// stylePlugin begins a bundle with its roots, whose class names it exports or not.
func (r *moduleRun) stylePlugin(ctx context.Context, roots []string, names bool, used *usedSheets) api.Plugin {
	return api.Plugin{Name: "styles", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^" + rootSpace + ":"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, rootSpace+":"), Namespace: rootSpace}, nil
		})
		build.OnResolve(api.OnResolveOptions{Filter: localNames}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return r.resolveLocal(build, a), nil
		})
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, r.resolveAsset)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: rootSpace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			text := rootOf(roots, names)
			return api.OnLoadResult{Contents: &text, ResolveDir: r.t.dir, Loader: api.LoaderJS}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: `\.css$`, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return r.loadSheet(a.Path)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: localSpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			if file := r.originOf(a.Path); isSheet(file) {
				return r.imported.load(ctx, file, r.memory, used.take)
			}
			return r.loadSheet(r.originOf(a.Path))
		})
		r.imported.plugin(ctx, r.memory, used.take).Setup(build)
	}}
}

// rootOf is the module with which a bundle begins.
func rootOf(files []string, names bool) string {
	var code strings.Builder
	for _, file := range files {
		name, _ := json.Marshal(file) // a string always marshals
		if names {
			fmt.Fprintf(&code, "export { default } from %s;\n", name)
			continue
		}
		fmt.Fprintf(&code, "import %s;\n", name)
	}
	return code.String()
}

var (
	namesObject = regexp.MustCompile(`(?m)^var (\w+) = \{$`)
	className   = regexp.MustCompile(`(?m)^  ([A-Za-z_$][\w$]*): "`)
)

// withNames exports each class name by itself too; the bundler exports them as one
// object, written one a line.
func withNames(code []byte) []byte {
	object := namesObject.FindSubmatch(code)
	if object == nil {
		return code // a sheet without classes
	}
	var vars, exports strings.Builder
	for i, m := range className.FindAllSubmatch(code, -1) {
		if string(m[1]) == "default" {
			continue
		}
		fmt.Fprintf(&vars, "var n%d = %s.%s;\n", i, object[1], m[1])
		fmt.Fprintf(&exports, "  n%d as %s,\n", i, m[1])
	}
	return slices.Concat(code, []byte(vars.String()), []byte("export {\n"+exports.String()+"};\n"))
}

// resolveLocal gives a sheet with local class names a name of its own in the bundler, so
// that the bundler makes the same unique class names of it every time: "a_1f3c_box".
func (r *moduleRun) resolveLocal(build api.PluginBuild, a api.OnResolveArgs) api.OnResolveResult {
	if a.PluginData == (unplugged{}) {
		return api.OnResolveResult{}
	}
	found := build.Resolve(a.Path, api.ResolveOptions{Kind: a.Kind, ResolveDir: a.ResolveDir, Importer: a.Importer, Namespace: a.Namespace, PluginData: unplugged{}})
	if len(found.Errors) > 0 {
		return api.OnResolveResult{}
	}
	rel := r.t.rel(found.Path)
	sum := sha256.Sum256([]byte(rel))
	name := rel[:strings.LastIndex(rel, ".module.")] + "-" + hex.EncodeToString(sum[:2]) + localExt
	r.locals.Store(name, rel)
	return api.OnResolveResult{Path: name, Namespace: localSpace}
}

// originOf is the file behind the name that resolveLocal gave.
func (r *moduleRun) originOf(local string) string {
	rel, _ := r.locals.Load(local)
	name, _ := rel.(string)
	return rooted(r.t.dir, name)
}

func (r *moduleRun) loadSheet(file string) (api.OnLoadResult, error) {
	src, err := r.load(file)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	text := string(src)
	return api.OnLoadResult{Contents: &text, ResolveDir: filepath.Dir(file), Loader: styleLoader(file)}, nil
}

// emitStyles emits the bundles.
func (r *moduleRun) emitStyles() {
	for _, name := range slices.Sorted(maps.Keys(r.sheets)) {
		maps.Copy(r.w.out, r.sheets[name].out)
		for _, d := range r.sheets[name].found {
			r.w.Report(d)
		}
	}
}
