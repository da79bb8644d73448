package run

import (
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// loaders are webpack's that the bundler stands in for; what they make of a file is what
// its extension says.
var loaders = [...]string{
	"babel", "babel-loader", "ts", "ts-loader", "awesome-typescript", "awesome-typescript-loader", "eslint", "eslint-loader", "jshint", "jshint-loader", "tslint", "tslint-loader",
	"source-map", "source-map-loader", "json", "json-loader", "json5", "html", "html-loader", "raw", "raw-loader", "text", "text-loader", "style", "style-loader", "css", "css-loader",
	"sass", "sass-loader", "less", "less-loader", "resolve-url", "resolve-url-loader", "postcss", "postcss-loader", "autoprefixer", "autoprefixer-loader",
	"url", "url-loader", "file", "file-loader", "image-webpack", "image-webpack-loader", "expose", "expose-loader", "istanbul-instrumenter", "isparta",
	"react-hot", "react-hot-loader", "cache", "cache-loader", "thread", "thread-loader", "extract-text-webpack-plugin", "mini-css-extract-plugin",
	"ng-annotate", "ng-annotate-loader", "ng-annotate-webpack-plugin", "ngtemplate", "ngtemplate-loader", "imports", "imports-loader", "exports", "exports-loader", "script", "script-loader",
}

// webpack bundles the entries of its configuration, or the files that arrive. Called by
// itself it also writes what it makes.
func webpack(c *call, in []*file) ([]*file, error) {
	p := newPacking(c)
	if len(p.entries) == 0 {
		for _, f := range in {
			p.entries = append(p.entries, entryPoint{orElse(stem(f.Path), "main"), []string{f.Path}})
		}
	}
	used, unknown := usedLoaders(p.config)
	if unknown != "" {
		c.unknown("the loader " + unknown)
		return nil, errEnded
	}
	return c.whole(in, func([]*file) (made, error) {
		b := newBundle(c)
		b.enterAll(p.entries)
		b.styleTags = slices.Contains(used, "style") || slices.Contains(used, "style-loader")
		b.options.GlobalName = text(p.output.Get("library"))
		if p.config.Get("devtool") != nil && p.config.Get("devtool") != false {
			b.options.Sourcemap = api.SourceMapInline
		}
		b.resolution(object(p.config.Get("resolve")))
		b.definitions(p.config.Get("plugins"))
		out := b.run(p.path)
		if out.found.Err() != nil {
			return out, nil
		}
		out.files = append(p.placeholders(), out.files...)
		return p.others(out), nil
	})
}

// config is the configuration among the arguments: of several, the first.
func (c *call) config() *gulp.Object {
	for _, arg := range c.op.Args {
		for _, v := range values(arg) {
			if o := object(v); o != nil {
				return o
			}
		}
	}
	return nil
}

// entryPoints reads webpack's entry: a module, several for one script, or several scripts.
func entryPoints(v gulp.Value, dir string) []entryPoint {
	o := object(v)
	if o == nil {
		if list := moduleNames(dir, texts(v)); len(list) > 0 {
			return []entryPoint{{"main", list}}
		}
		return nil
	}
	var out []entryPoint
	for _, name := range o.Keys {
		entry := o.Values[name]
		if inner := object(entry); inner != nil {
			entry = inner.Get("import")
		}
		if list := moduleNames(dir, texts(entry)); len(list) > 0 {
			out = append(out, entryPoint{name, list})
		}
	}
	return out
}

func moduleNames(dir string, names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, moduleName(dir, name))
	}
	return out
}

// moduleName makes the path of an own module absolute; the name of a package stays.
func moduleName(dir, name string) string {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
		return absolute(dir, name)
	}
	return name
}

// usedLoaders returns the loaders and plug-ins of a configuration, and one that nobody
// here knows.
func usedLoaders(config *gulp.Object) (used []string, unknown string) {
	module := object(config.Get("module"))
	var rules []gulp.Value
	for _, key := range []string{"loaders", "rules", "preLoaders", "postLoaders"} {
		rules = append(rules, values(module.Get(key))...)
	}
	for _, rule := range rules {
		for _, name := range loaderNames(object(rule)) {
			used = append(used, name)
			if !slices.Contains(loaders[:], name) && unknown == "" {
				unknown = name
			}
		}
	}
	for _, plugin := range values(config.Get("plugins")) {
		if op, ok := plugin.(*gulp.Op); ok {
			used = append(used, op.Plugin)
		}
	}
	return used, unknown
}

// loaderNames are those of one rule: "style!css?minimize", a list, or objects.
func loaderNames(rule *gulp.Object) []string {
	var names []string
	for _, key := range []string{"loader", "loaders", "use", "oneOf"} {
		for _, v := range values(rule.Get(key)) {
			if o := object(v); o != nil {
				names = append(names, loaderNames(o)...)
				continue
			}
			if op, ok := v.(*gulp.Op); ok { // ExtractTextPlugin.extract("style", "css!less")
				for _, arg := range op.Args {
					names = append(names, loaderNames(newObject("use", arg))...)
				}
				continue
			}
			for name := range strings.SplitSeq(text(v), "!") {
				name, _, _ = strings.Cut(name, "?")
				if name = lastPart(name); name != "" {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// lastPart is the package of a loader that was given by its path.
func lastPart(name string) string {
	_, after, found := strings.Cut(name, "node_modules/")
	if !found {
		return name
	}
	name, _, _ = strings.Cut(after, "/")
	return name
}

// resolution takes over where modules are looked for.
func (b *bundle) resolution(resolve *gulp.Object) {
	dir := b.c.r.opts.Dir
	for _, key := range []string{"extensions"} {
		if list := slices.DeleteFunc(texts(resolve.Get(key)), func(s string) bool { return s == "" || s == "*" }); len(list) > 0 {
			b.extensions = list
		}
	}
	for _, key := range []string{"modules", "root", "modulesDirectories", "fallback"} {
		b.options.NodePaths = append(b.options.NodePaths, b.c.folders(texts(resolve.Get(key)))...)
	}
	alias := object(resolve.Get("alias"))
	if alias == nil {
		return
	}
	b.options.Alias = map[string]string{}
	for _, name := range alias.Keys {
		if to, ok := alias.Values[name].(string); ok && !strings.HasSuffix(name, "$") {
			b.options.Alias[name] = moduleName(dir, to)
		}
	}
}

// definitions takes over what DefinePlugin replaces.
func (b *bundle) definitions(plugins gulp.Value) {
	for _, plugin := range values(plugins) {
		op, ok := plugin.(*gulp.Op)
		if !ok || !strings.HasSuffix(op.Plugin, "DefinePlugin") || len(op.Args) == 0 {
			continue
		}
		o := object(op.Args[0])
		for _, name := range flatKeys("", o) {
			b.options.Define[name.key] = display(name.value)
		}
	}
}

type flatKey struct {
	key   string
	value gulp.Value
}

// flatKeys are the keys of an object and of those in it, joined by dots.
func flatKeys(prefix string, o *gulp.Object) []flatKey {
	if o == nil {
		return nil
	}
	var out []flatKey
	for _, key := range o.Keys {
		if inner := object(o.Values[key]); inner != nil {
			out = append(out, flatKeys(prefix+key+".", inner)...)
			continue
		}
		out = append(out, flatKey{prefix + key, o.Values[key]})
	}
	return out
}

// rollup bundles the files that arrive, or the input of its options.
func rollup(c *call, in []*file) ([]*file, error) {
	config := c.config()
	entries := entryPoints(config.Get("input"), c.r.opts.Dir)
	if len(entries) == 0 {
		entries = entryPoints(config.Get("entry"), c.r.opts.Dir)
	}
	for _, f := range in {
		if len(entries) < len(in) {
			entries = append(entries, entryPoint{relative(c.r.opts.Dir, replaceExt(f.Path, "")), []string{f.Path}})
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return c.whole(in, func([]*file) (made, error) {
		b := newBundle(c)
		b.enterAll(entries)
		b.options.GlobalName = rollupName(c.op.Args)
		if rollupFormat(c.op.Args) == "es" {
			b.options.Format = api.FormatESModule
		}
		out := b.run(func(p string) string { return p })
		if file := firstText(c.op.Args, "file", "dest"); file != "" && len(in) == 0 && len(out.files) == 1 { // it writes by itself
			out.files[0] = out.files[0].at(absolute(c.r.opts.Dir, file))
		}
		for i, f := range out.files {
			if i < len(in) {
				out.files[i] = f.with(func(n *file) { n.Base = in[i].Base })
			}
		}
		return out, nil
	})
}

// rollupName is the global that the bundle makes.
func rollupName(args []gulp.Value) string {
	return firstText(args, "name", "moduleName")
}

// rollupFormat is "es" for modules; everything else becomes a script.
func rollupFormat(args []gulp.Value) string {
	switch firstText(args, "format") {
	case "es", "esm", "module":
		return "es"
	}
	return "iife"
}

// firstText looks for a key in the arguments, their output and their list of outputs.
func firstText(args []gulp.Value, keys ...string) string {
	for _, arg := range args {
		for _, v := range values(arg) {
			o := object(v)
			for _, key := range keys {
				if s := text(o.Get(key)); s != "" {
					return s
				}
			}
			if o.Get("output") != nil {
				if s := firstText([]gulp.Value{o.Get("output")}, keys...); s != "" {
					return s
				}
			}
		}
	}
	return ""
}
