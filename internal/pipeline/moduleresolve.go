package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	// sheetSpace is the esbuild namespace of stylesheets that a script imports for their
	// effect: the script goes without them.
	sheetSpace = "sheet"
	// namesExt is added to the name of a stylesheet whose class names are imported.
	namesExt = ".js"
)

// unplugged marks questions of our own plugin, which are the bundler's to answer.
type unplugged struct{}

// plugin names everything that modules import as the browser shall ask for it.
func (c *compiler) plugin(ctx context.Context) api.Plugin {
	return api.Plugin{Name: "modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			switch {
			case a.PluginData == unplugged{}:
				return api.OnResolveResult{}, nil
			case a.Kind == api.ResolveEntryPoint:
				return c.entryOf(a.Path), nil
			}
			return c.resolve(build, a), nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: inlineSpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			m := c.byPath[inlineSpace+":"+a.Path]
			return api.OnLoadResult{Contents: &m.inline.code, ResolveDir: m.inline.dir, Loader: api.LoaderJSX}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, c.read)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: assetSpace}, c.loadAsset)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: querySpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return c.loadInlined(ctx, a)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: sheetSpace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			var nothing string
			return api.OnLoadResult{Contents: &nothing, Loader: api.LoaderJS}, nil
		})
	}}
}

// loadInlined makes what modules want as a query says. What it is made of becomes a part of
// those that want it.
func (c *compiler) loadInlined(ctx context.Context, a api.OnLoadArgs) (api.OnLoadResult, error) {
	var used usedSheets
	result, err := c.loadQuery(ctx, a, &used)
	_, rel, _ := strings.Cut(a.Path, ":")
	file := rooted(c.t.dir, rel)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.byPath {
		if !slices.ContainsFunc(m.inlined, func(f inlinedFile) bool { return f.file == file }) {
			continue
		}
		for other := range used.files {
			if other != file {
				m.inlined = append(m.inlined, inlinedFile{file: other})
			}
		}
	}
	return result, err
}

// entryOf names a module to be compiled. One on disk is the bundler's to find: only so does
// it see what tsconfig.json says of it.
func (c *compiler) entryOf(name string) api.OnResolveResult {
	if inline, ok := strings.CutPrefix(name, inlineSpace+":"); ok {
		return api.OnResolveResult{Path: inline, Namespace: inlineSpace}
	}
	if !c.t.isMade(name) {
		return api.OnResolveResult{}
	}
	return api.OnResolveResult{Path: name, Namespace: "file"}
}

// read gives the bundler the modules as the steps before have left them; other files it
// reads itself.
func (c *compiler) read(a api.OnLoadArgs) (api.OnLoadResult, error) {
	m := c.byPath[a.Path]
	if m == nil {
		return api.OnLoadResult{}, nil
	}
	code := string(m.src)
	if c.t.isEntrySource(a.Path) { // no URL leads to what lies beside it
		code = c.replaceURLs(a.Path, m.src)
	}
	return api.OnLoadResult{Contents: &code, ResolveDir: filepath.Dir(a.Path), Loader: moduleLoader(a.Path)}, nil
}

// loadAsset makes a module of a file's address.
func (r *moduleRun) loadAsset(a api.OnLoadArgs) (api.OnLoadResult, error) {
	address, err := json.Marshal(r.address(rooted(r.t.dir, a.Path)))
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("address of %s: %w", a.Path, err)
	}
	code := "export default " + string(address)
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}

// asset names a file whose address is imported, relative to the project: the name goes
// into what is made of it.
func (r *moduleRun) asset(file string) api.OnResolveResult {
	return api.OnResolveResult{Path: r.t.rel(file), Namespace: assetSpace}
}

// address is the URL path of a file. One that no URL names gets a copy that has one.
func (r *moduleRun) address(file string) string {
	if r.isServed(file) {
		return "/" + r.t.url(file)
	}
	name := path.Join(filesDir, plainName(r.t.rel(file)))
	r.copies.Store(name, file)
	return "/" + name
}

// isServed reports whether a URL names a file.
func (r *moduleRun) isServed(file string) bool {
	return within(file, r.t.src) || r.t.isPublic(file) || r.t.isMade(file) || within(file, filepath.Join(r.t.dir, "node_modules"))
}

// resolve answers for one import of a module.
func (c *compiler) resolve(build api.PluginBuild, a api.OnResolveArgs) api.OnResolveResult {
	m := c.byPath[a.Importer]
	if m == nil {
		m = c.byPath[inlineSpace+":"+a.Importer]
	}
	switch {
	case m == nil:
		return api.OnResolveResult{}
	case a.Kind == api.ResolveJSRequireCall || a.Kind == api.ResolveJSRequireResolve:
		c.note(m, func() { m.requires = true })
		return asWritten(a)
	}
	if a.With["type"] == "json" || a.With["type"] == "css" {
		return asWritten(a)
	}
	spec, mapped := a.Path, false
	if to, ok := c.mapped(a.Path, m); ok {
		spec, mapped = to, true
	}
	if isForeignModule(spec) {
		return asWritten(a)
	}
	name, tail := splitTail(spec)
	if word := queryOf(tail); word != "" {
		return c.queried(build, a, m, name, word)
	}
	if strings.HasPrefix(name, "/") {
		return c.rooted(a, m, name, tail, mapped)
	}
	if file, ok := c.beside(a.ResolveDir, name); ok {
		return c.link(a, m, file, tail)
	}
	r := c.lookUp(build, a, spec)
	switch {
	case len(r.Errors) > 0:
		return c.made(a, m, name, tail)
	case r.External:
		return asWritten(a)
	case r.Namespace != "file":
		c.note(m, func() { m.asIs = false })
		return api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, Suffix: r.Suffix}
	}
	return c.link(a, m, r.Path, tail)
}

// question is one that the bundler answered: what a name means in a folder.
type question struct {
	dir, name string
	kind      api.ResolveKind
}

// lookUp asks the bundler, once: it reads every folder anew each time.
func (c *compiler) lookUp(build api.PluginBuild, a api.OnResolveArgs, name string) api.ResolveResult {
	key := question{a.ResolveDir, name, a.Kind}
	if known, ok := c.found.Load(key); ok {
		return known.(api.ResolveResult)
	}
	r := build.Resolve(name, api.ResolveOptions{
		Importer: a.Importer, Namespace: a.Namespace, ResolveDir: a.ResolveDir, Kind: a.Kind, With: a.With, PluginData: unplugged{},
	})
	if len(r.Errors) == 0 {
		c.found.Store(key, r)
	}
	return r
}

// beside finds a source that is named by its path, in the bundler's order, without a look
// at the disk. A project whose package.json exchanges files for browsers asks the bundler.
func (r *moduleRun) beside(dir, name string) (string, bool) {
	if !strings.HasPrefix(name, ".") || strings.Contains(r.settings, `"browser"`) {
		return "", false
	}
	base := filepath.Join(dir, filepath.FromSlash(name))
	if r.files[base] {
		return base, true
	}
	for _, try := range candidates(base) {
		if r.files[try] {
			return try, true
		}
	}
	return "", false
}

func asWritten(a api.OnResolveArgs) api.OnResolveResult {
	return api.OnResolveResult{Path: a.Path, External: true}
}

// note changes what is known of a module; the bundler resolves in parallel.
func (c *compiler) note(m *module, change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// mapped is what the pages' import maps say, in the order of the pages.
func (c *compiler) mapped(name string, m *module) (string, bool) {
	for _, p := range c.pages {
		if to, ok := p.imports.lookup(name, "/"+c.nameOf(m)); ok {
			if isForeignModule(to) {
				return to, true
			}
			return "/" + p.urlPath(to), true
		}
	}
	return "", false
}

// rooted follows an import from the root of the site. What is not there is another
// server's, and stays as it is.
func (c *compiler) rooted(a api.OnResolveArgs, m *module, name, tail string, mapped bool) api.OnResolveResult {
	file, ok := c.t.findModule(name)
	if !ok {
		c.note(m, func() { m.incomplete = true })
		result := asWritten(a)
		if !c.t.isServerPath(strings.TrimPrefix(name, "/")) {
			result.Warnings = []api.Message{{Text: fmt.Sprintf("%s is not in the project and is left to the server", name)}}
		}
		return result
	}
	if mapped && "/"+c.t.url(file) == name {
		c.note(m, func() { m.links = append(m.links, link{linkScript, file}) })
		return asWritten(a) // the browser has the same map
	}
	return c.link(a, m, file, tail)
}

// made finds what the steps before have made. Anything else the bundler itself shall
// complain of.
func (c *compiler) made(a api.OnResolveArgs, m *module, name, tail string) api.OnResolveResult {
	if strings.HasPrefix(name, ".") {
		if file, ok := c.t.findModule(path.Join(path.Dir(c.nameOf(m)), name)); ok {
			return c.link(a, m, file, tail)
		}
	}
	c.note(m, func() { m.incomplete = true })
	return api.OnResolveResult{}
}

// link decides how the browser gets a file that a module imports.
func (c *compiler) link(a api.OnResolveArgs, m *module, file, tail string) api.OnResolveResult {
	native := c.asksFor(m, a.Path) == c.t.url(file) && c.isServed(file)
	switch {
	case isAsset(file):
		c.note(m, func() { m.asIs = false })
		return c.asset(file)
	case isStyle(file):
		return c.sheet(m, file)
	case !isScript(file):
		c.note(m, func() {
			m.asIs, m.inlined = false, append(m.inlined, inlinedFile{file: file})
		})
		return api.OnResolveResult{Path: file, Namespace: "file"}
	case c.commonJS[file] != nil || !native && !c.isSource(file):
		c.note(m, func() { m.asIs, m.links = false, append(m.links, link{linkPackage, file}) })
		return api.OnResolveResult{Path: "/" + c.t.packageName(file), External: true}
	}
	c.note(m, func() { m.asIs, m.links = m.asIs && native, append(m.links, link{linkScript, file}) })
	if native {
		return asWritten(a)
	}
	return api.OnResolveResult{Path: "/" + c.t.url(file) + tail, External: true}
}

// asksFor is the path that a browser would ask for on its own; "" if it would not.
func (c *compiler) asksFor(m *module, name string) string {
	name, _ = splitTail(name)
	switch {
	case strings.HasPrefix(name, "/"):
		return strings.TrimPrefix(path.Clean(name), "/")
	case strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"):
		dir := path.Dir(c.nameOf(m))
		if m.inline != nil {
			dir = path.Clean(filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(m.inline.dir, c.t.src), string(filepath.Separator))))
		}
		return strings.TrimPrefix(path.Join("/", dir, name), "/")
	}
	return ""
}

// isSource reports whether a file is one that the author edits and a URL names.
func (r *moduleRun) isSource(file string) bool {
	inside := within(file, r.t.src) || r.t.isPublic(file) || r.t.isMade(file) || r.t.isEntrySource(file)
	return inside && !isInstalled(file)
}

// sheet notes a stylesheet. One whose name says that its class names are imported
// answers with them.
func (c *compiler) sheet(m *module, file string) api.OnResolveResult {
	if hasNames(file) {
		c.note(m, func() { m.asIs, m.links = false, append(m.links, link{linkNames, file}) })
		return api.OnResolveResult{Path: "/" + c.namesOf(file), External: true}
	}
	c.note(m, func() { m.asIs, m.links = false, append(m.links, link{linkSheet, file}) })
	return api.OnResolveResult{Path: file, Namespace: sheetSpace, SideEffects: api.SideEffectsTrue}
}
