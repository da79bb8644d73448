package pipeline

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Namespaces of the bundler for a group of styles: the list of its files, and files that
// exist only in memory.
const (
	groupSpace = "group"
	madeSpace  = "made"
)

// buildStyles joins and minifies the styles of a group. What they name (fonts, images)
// goes along under hashed names, so that no address breaks by the move.
func (b *builder) buildStyles(g *group) (diag.List, error) {
	opts, err := b.esbuildOptions()
	if err != nil {
		return nil, err
	}
	opts.Splitting, opts.Metafile = false, false
	opts.Format = api.FormatDefault
	opts.EntryNames = "[dir]/[name]"
	opts.Outdir = b.tree.dir // where a map's sources are relative to
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: groupSpace + ":" + g.target, OutputPath: "styles"}}
	opts.Plugins = []api.Plugin{b.groupStyles(g)}
	opts.Sourcemap = api.SourceMapNone
	if b.wantsMaps() {
		opts.Sourcemap = api.SourceMapExternal
	}
	result := api.Build(opts)
	found := b.messages(result.Errors, result.Warnings)
	if found.Err() != nil {
		return found, nil
	}
	var code, sourceMap []byte
	for _, f := range result.OutputFiles {
		if path.Ext(f.Path) == ".map" {
			sourceMap = f.Contents
			continue
		}
		code = f.Contents
	}
	return found, b.putGroup(g, groupOutput{code: code, sourceMap: sourceMap, comment: "/*# sourceMappingURL=%s */\n"})
}

// groupStyles is the plugin that makes a stylesheet of imports of a group's files.
func (b *builder) groupStyles(g *group) api.Plugin {
	var list strings.Builder
	for i, f := range g.files {
		fmt.Fprintf(&list, "@import \"%s:%d\" %s;\n", groupSpace, i, f.media)
	}
	contents := list.String()
	return api.Plugin{Name: "group", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^" + groupSpace + ":"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{Path: g.target, Namespace: groupSpace}, nil
			}
			var i int
			if _, err := fmt.Sscanf(a.Path, groupSpace+":%d", &i); err != nil || i >= len(g.files) {
				return api.OnResolveResult{}, fmt.Errorf("unknown part %s", a.Path)
			}
			return b.stylesheet(g.files[i].file), nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: groupSpace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{Contents: &contents, Loader: api.LoaderCSS}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: madeSpace}, b.loadMade)
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return b.resolveStyle(g, a)
		})
	}}
}

// stylesheet names a file for the bundler, on disk or in memory.
func (b *builder) stylesheet(file string) api.OnResolveResult {
	if b.tree.isMade(file) {
		return api.OnResolveResult{Path: b.tree.rel(file), Namespace: madeSpace}
	}
	return api.OnResolveResult{Path: file}
}

func (b *builder) loadMade(a api.OnLoadArgs) (api.OnLoadResult, error) {
	file := rooted(b.tree.dir, a.Path)
	src, err := b.tree.read(file)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	contents := string(src)
	loader := api.LoaderCSS
	if path.Ext(file) != ".css" {
		loader = loaderFor(file)
	}
	// What it names lies where its source does.
	dir := filepath.Join(b.tree.src, filepath.Dir(filepath.FromSlash(b.tree.url(file))))
	return api.OnLoadResult{Contents: &contents, Loader: loader, ResolveDir: dir}, nil
}

// resolveStyle resolves what a stylesheet of a group names: relative to the stylesheet,
// or, as authors wrote for the place where the joined file ends up, relative to that.
func (b *builder) resolveStyle(g *group, a api.OnResolveArgs) (api.OnResolveResult, error) {
	if isForeign(a.Path) {
		return api.OnResolveResult{Path: a.Path, External: true}, nil
	}
	bare, tail := splitTail(a.Path)
	file, ok := b.locateFromStyle(g, a, bare)
	if decoded, valid := unescapePath(bare); !ok && valid {
		file, ok = b.locateFromStyle(g, a, decoded)
	}
	switch {
	case !ok && a.Kind == api.ResolveCSSURLToken:
		return api.OnResolveResult{Path: a.Path, External: true, Warnings: []api.Message{{
			Text: a.Path + " is not there and stays as it is written",
		}}}, nil
	case !ok:
		return api.OnResolveResult{}, nil
	case a.Kind != api.ResolveCSSURLToken:
		return b.stylesheet(file), nil
	}
	up := strings.Repeat("../", strings.Count(g.target, "/"))
	if b.tree.isPublic(file) {
		return api.OnResolveResult{Path: orDefault(up, "./") + escapePath(b.tree.url(file)) + tail, External: true}, nil
	}
	name, err := b.sink.asset(b.tree, file)
	if err != nil {
		return api.OnResolveResult{}, err
	}
	return api.OnResolveResult{Path: orDefault(up, "./") + name + tail, External: true}, nil
}

func (b *builder) locateFromStyle(g *group, a api.OnResolveArgs, name string) (string, bool) {
	if strings.HasPrefix(name, "/") {
		return b.tree.find(name)
	}
	file := filepath.Join(a.ResolveDir, filepath.FromSlash(name))
	if _, ok := b.tree.existing(file); ok {
		return file, true
	}
	return b.tree.find(path.Join("/", path.Dir(g.target), name))
}
