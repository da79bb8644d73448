package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// assetSpace is the esbuild namespace of files that a script imports for their address.
const assetSpace = "asset"

// resolver is the plugin that makes esbuild see addresses as the site's server does:
// "/x" from the site's root, names through the pages' import maps, images and fonts by
// their hashed names.
func (b *builder) resolver(ctx context.Context, compiled *sheetCache) api.Plugin {
	inline := b.inlineModules()
	return api.Plugin{Name: "site", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^" + inlineSpace + ":"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, inlineSpace+":"), Namespace: inlineSpace}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: inlineSpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			script := inline[a.Path]
			return api.OnLoadResult{Contents: &script.code, ResolveDir: script.dir, Loader: api.LoaderJS}, nil
		})
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			switch {
			case a.PluginData == unplugged{}:
				return api.OnResolveResult{}, nil
			case a.Kind == api.ResolveEntryPoint:
				return b.entry(a.Path), nil
			}
			return b.resolve(build, a)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: assetSpace}, b.loadAsset)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: madeSpace}, b.loadMade)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: querySpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return b.loadQuery(ctx, a, compiled)
		})
		build.OnLoad(api.OnLoadOptions{Filter: `\.[mc]?[jt]sx?$`, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return b.loadModule(ctx, a)
		})
		compiled.plugin(ctx, b.memory, b.takeSheet).Setup(build)
	}}
}

// entry names an entry point that is in memory; others are left to esbuild.
func (b *builder) entry(file string) api.OnResolveResult {
	if !b.tree.isMade(file) {
		return api.OnResolveResult{}
	}
	return api.OnResolveResult{Path: b.tree.rel(file), Namespace: madeSpace}
}

// inlineModule is the code of a module script inside a page.
type inlineModule struct{ code, dir string }

func (b *builder) inlineModules() map[string]inlineModule {
	found := map[string]inlineModule{}
	for _, p := range b.pages {
		for _, r := range p.refs {
			if r.kind == refInlineModule {
				dir := filepath.Join(b.tree.src, filepath.FromSlash(p.base))
				found[inlineName(b.tree, p, r)] = inlineModule{code: r.tag.Content.Text(p.doc.Src), dir: dir}
			}
		}
	}
	return found
}

// resolve answers for one import, or leaves it to esbuild with an empty result.
func (b *builder) resolve(build api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	name, kept := b.mapped(a)
	if kept || isForeign(name) {
		return api.OnResolveResult{Path: name, External: true}, nil
	}
	bare, tail := splitTail(name)
	if word := queryOf(tail); word != "" {
		if file, ok := b.namedBy(build, a, bare); ok {
			return b.tree.query(word, file), nil
		}
	}
	switch {
	case strings.HasPrefix(name, "/"):
		return b.resolveRooted(a, bare, tail)
	case a.Kind == api.ResolveCSSURLToken:
		return b.cssAsset(b.tree.named(a.ResolveDir, bare), name, tail)
	case isAsset(bare) && strings.HasPrefix(bare, "."):
		return b.assetModule(filepath.Join(a.ResolveDir, filepath.FromSlash(bare))), nil
	case isAsset(bare) && name == a.Path:
		if file, ok := askBundler(build, a, bare); ok {
			return b.assetModule(file), nil
		}
	case name != a.Path:
		r := build.Resolve(name, api.ResolveOptions{ResolveDir: b.tree.src, Kind: a.Kind, Importer: a.Importer})
		return api.OnResolveResult{Path: r.Path, External: r.External, Namespace: r.Namespace, Suffix: r.Suffix, Errors: r.Errors, Warnings: r.Warnings}, nil
	}
	return api.OnResolveResult{}, nil
}

// namedBy finds the file of an import whose query says as what it is wanted.
func (b *builder) namedBy(build api.PluginBuild, a api.OnResolveArgs, name string) (string, bool) {
	if strings.HasPrefix(name, "/") {
		return b.tree.findModule(name)
	}
	if file := filepath.Join(a.ResolveDir, filepath.FromSlash(name)); strings.HasPrefix(name, ".") && b.tree.isFile(file) {
		return file, true
	}
	return askBundler(build, a, name)
}

// askBundler lets the bundler find a file by the name of a package, or by one that the
// project gives to a folder.
func askBundler(build api.PluginBuild, a api.OnResolveArgs, name string) (string, bool) {
	r := build.Resolve(name, api.ResolveOptions{ResolveDir: a.ResolveDir, Kind: a.Kind, Importer: a.Importer, PluginData: unplugged{}})
	return r.Path, len(r.Errors) == 0 && r.Namespace == "file"
}

// mapped sends a script's import through the pages' import maps. All maps count for all
// scripts, in the order of the pages: a bundle is shared between pages. kept says that
// the name stays one: the page keeps the line of its map that leads to another origin.
func (b *builder) mapped(a api.OnResolveArgs) (name string, kept bool) {
	if a.Kind != api.ResolveJSImportStatement && a.Kind != api.ResolveJSDynamicImport {
		return a.Path, false
	}
	from := "/" + b.tree.url(a.Importer)
	for _, p := range b.pages {
		to, ok := p.imports.lookup(a.Path, from)
		if !ok {
			continue
		}
		if isForeign(to) {
			return a.Path, true
		}
		return "/" + p.urlPath(to), false
	}
	return a.Path, false
}

// resolveRooted resolves "/app/x.js" from the root of the site. What is not there is
// another server's: it stays as it is.
func (b *builder) resolveRooted(a api.OnResolveArgs, bare, tail string) (api.OnResolveResult, error) {
	file, ok := b.tree.find(bare)
	if decoded, valid := unescapePath(bare); !ok && valid && a.Kind == api.ResolveCSSURLToken {
		file, ok = b.tree.find(decoded)
	}
	switch {
	case !ok && path.Ext(bare) == "" && a.Kind != api.ResolveCSSURLToken:
		file, ok = b.tree.findModule(bare)
	case ok && b.tree.isPublic(file) && a.Kind != api.ResolveCSSURLToken && isAsset(bare):
		return b.assetModule(file), nil
	case ok && b.tree.isPublic(file) && (!isCode(file) || a.Kind == api.ResolveCSSURLToken):
		return api.OnResolveResult{Path: b.address(b.tree.url(file)) + tail, External: true}, nil
	}
	switch {
	case !ok:
		return api.OnResolveResult{Path: a.Path, External: true, Warnings: b.unknown(bare)}, nil
	case a.Kind == api.ResolveCSSURLToken:
		return b.cssAsset(file, a.Path, tail)
	case isAsset(bare):
		return b.assetModule(file), nil
	}
	return api.OnResolveResult{Path: file}, nil
}

// unknown warns about a path that neither the project nor a known back-end has.
func (b *builder) unknown(name string) []api.Message {
	if b.tree.isServerPath(strings.TrimPrefix(name, "/")) {
		return nil
	}
	return []api.Message{{Text: fmt.Sprintf("%s is not in the project and is left to the server", name)}}
}

// cssAsset puts a file that a stylesheet names into the output. Stylesheets live in the
// same folder as what they name, so that the address is right under every base.
func (b *builder) cssAsset(file, written, tail string) (api.OnResolveResult, error) {
	if _, ok := b.tree.existing(file); !ok {
		return api.OnResolveResult{Path: written, External: true, Warnings: []api.Message{{
			Text: fmt.Sprintf("%s is not there and stays as it is written", written),
		}}}, nil
	}
	name, err := b.sink.asset(b.tree, file)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	return api.OnResolveResult{Path: "./" + path.Base(name) + tail, External: true}, nil
}

// assetModule names a file whose address is imported. The name is relative, because it
// goes into the hashes of what imports it.
func (b *builder) assetModule(file string) api.OnResolveResult {
	return api.OnResolveResult{Path: b.tree.rel(file), Namespace: assetSpace}
}

// loadAsset makes a module of a file's address.
func (b *builder) loadAsset(a api.OnLoadArgs) (api.OnLoadResult, error) {
	file := rooted(b.tree.dir, a.Path)
	name := b.tree.url(file) // a file of the static folder keeps its name
	fromScript := "../" + name
	if !b.tree.isPublic(file) {
		var err error
		if name, err = b.sink.asset(b.tree, file); err != nil {
			return api.OnLoadResult{}, err
		}
		fromScript = path.Base(name)
	}
	address, err := json.Marshal(b.address(name))
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("address of %s: %w", name, err)
	}
	code := "export default " + string(address)
	if b.relative() {
		code = fmt.Sprintf("export default new URL(%q, import.meta.url).href", fromScript)
	}
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}

// relative reports whether addresses are to be written relative to what holds them.
func (b *builder) relative() bool { return strings.HasPrefix(b.opts.Base, ".") }

// address returns the URL of an output file for scripts and for pages at the root.
func (b *builder) address(name string) string {
	if b.relative() {
		return "./" + escapePath(name)
	}
	return strings.TrimSuffix(b.opts.Base, "/") + "/" + escapePath(name)
}

// isAsset reports whether scripts import a file for its address, not for its code.
func isAsset(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp", ".apng",
		".woff", ".woff2", ".ttf", ".otf", ".eot",
		".mp3", ".mp4", ".m4a", ".m4v", ".webm", ".ogg", ".oga", ".ogv", ".wav", ".flac", ".aac",
		".pdf", ".wasm", ".webmanifest", ".vtt":
		return true
	}
	return false
}
