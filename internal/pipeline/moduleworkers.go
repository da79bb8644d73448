package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// workerBundle is a worker that cannot be made of its file alone: a classic worker knows
// no imports, so that it is bundled with what it imports.
type workerBundle struct {
	files map[string][]byte // what it was made of
	code  []byte            // nil as long as it never was
	found diag.List
}

// wish is a script that a bundled file starts as a worker.
type wish struct {
	file   string
	module bool
}

// newWorker matches the call before the URL of a worker's script.
var newWorker = regexp.MustCompile(`\bnew\s+(?:Shared)?Worker\(\s*$`)

// isClassicWorker reports whether the script that src names at m, a match of metaURL, is
// started as a worker that is no module.
func isClassicWorker(src []byte, m []int) bool {
	options := ""
	if m[4] >= 0 {
		options = string(src[m[4]:m[5]])
	}
	return startsWorker(src, m) && !strings.Contains(options, "module")
}

// startsWorker reports whether the file that src names at m is a worker's.
func startsWorker(src []byte, m []int) bool { return newWorker.Match(src[max(0, m[0]-64):m[0]]) }

// moduleWord is what a script cannot be a module without.
var moduleWord = regexp.MustCompile(`\b(import|export)\b`)

// bundleWorkers makes the classic workers that the modules start, and the workers of
// bundled files, unless they are as they were.
func (r *moduleRun) bundleWorkers(ctx context.Context) error {
	before := r.workers
	r.workers = map[string]*workerBundle{}
	wishes := r.wishes()
	for _, name := range slices.Sorted(maps.Keys(wishes)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := wishes[name]
		if r.live[w.file] != nil && name == r.t.url(w.file) {
			if !w.module {
				r.w.Report(r.twofold(w.file))
			}
			continue
		}
		made := before[name]
		if made == nil || !r.isFresh(made.files) {
			var err error
			if made, err = r.bundleWorker(ctx, name, w, made); err != nil {
				return err
			}
		}
		r.workers[name] = made
	}
	return nil
}

// wishes are the workers to be bundled, by path below the generated layer.
func (r *moduleRun) wishes() map[string]wish {
	all := map[string]wish{}
	for _, m := range r.live {
		for _, l := range m.links {
			if l.kind == linkWorker && r.needsBundle(l.file) {
				all[r.t.url(l.file)] = wish{file: l.file}
			}
		}
	}
	r.wished.Range(func(name, w any) bool {
		if r.t.isFile(w.(wish).file) {
			all[name.(string)] = w.(wish)
		}
		return true
	})
	return all
}

// needsBundle reports whether a classic worker is anything but a plain script.
func (r *moduleRun) needsBundle(file string) bool {
	src, err := r.load(file)
	return err == nil && (!isPlain(file) || moduleWord.Match(src) || r.mentionsDefines(src))
}

// twofold describes a classic worker that others import: it can be one of them only.
func (r *moduleRun) twofold(file string) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Warning, Source: r.Name(), Path: r.t.rel(file),
		Message: "it is imported, and started as a worker that is no module",
		Hint:    `start it with { type: "module" }`,
	}
}

// bundleWorker bundles a worker with everything that it imports. On a mistake the old one
// stays.
func (r *moduleRun) bundleWorker(ctx context.Context, name string, w wish, old *workerBundle) (*workerBundle, error) {
	opts := r.esbuildOptions()
	opts.Metafile, opts.Sourcemap, opts.Outdir = true, api.SourceMapInline, r.t.tmp
	opts.Format = api.FormatIIFE
	if w.module {
		opts.Format = api.FormatESModule
	}
	var used usedSheets
	opts.Plugins = []api.Plugin{r.workerPlugin(ctx, &used), r.imported.plugin(ctx, r.memory, used.take)}
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: w.file, OutputPath: strings.TrimSuffix(name, path.Ext(name))}}
	result := api.Build(opts)
	messages := messenger{tree: r.t}
	made := &workerBundle{found: messages.messages(result.Errors, ownWarnings(result.Warnings))}
	if len(result.Errors) > 0 {
		if old != nil {
			made.code = old.code
		}
		return made, nil // without files: to try again
	}
	inputs, err := inputsOf(result)
	if err != nil {
		return nil, err
	}
	for _, input := range inputs {
		used.add(rooted(r.t.dir, input))
	}
	made.files = r.contentsOf(used.files)
	for _, f := range result.OutputFiles {
		if path.Ext(f.Path) == ".js" {
			made.code = f.Contents
		}
	}
	return made, nil
}

// workerPlugin finds what workers import, in the way of modules: from the root of the site
// too.
func (r *moduleRun) workerPlugin(ctx context.Context, used *usedSheets) api.Plugin {
	return api.Plugin{Name: "worker", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{}, nil
			}
			name, _ := splitTail(a.Path)
			if file, ok := r.t.findModule(name); ok && strings.HasPrefix(name, "/") && isScript(file) {
				return api.OnResolveResult{Path: file, Namespace: "file"}, nil
			}
			return r.resolveInBundle(build, a)
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: assetSpace}, r.loadAsset)
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: querySpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return r.loadQuery(ctx, a, used)
		})
		build.OnLoad(api.OnLoadOptions{Filter: `\.[mc]?[jt]sx?$`, Namespace: "file"}, r.loadScript)
	}}
}

// workerAddress is the URL path of a script that a bundled file starts as a worker: it is
// bundled for itself.
func (r *moduleRun) workerAddress(file string, module bool) string {
	name := path.Join(filesDir, plainName(r.t.rel(file)))
	if path.Ext(name) != ".js" {
		name += ".js"
	}
	r.wished.Store(name, wish{file: file, module: module})
	return "/" + name
}

// emitWorkers emits the bundles.
func (r *moduleRun) emitWorkers() {
	for _, name := range slices.Sorted(maps.Keys(r.workers)) {
		made := r.workers[name]
		for _, d := range made.found {
			r.w.Report(d)
		}
		if made.code != nil {
			r.w.Emit(name, made.code)
		}
	}
}

// replaceURLs turns the files that a bundled script names by import.meta.url to their
// URLs.
func (r *moduleRun) replaceURLs(file string, src []byte) string {
	var out bytes.Buffer
	at := 0
	for _, m := range metaURL.FindAllSubmatchIndex(src, -1) {
		written := string(src[m[2]:m[3]])
		if isForeign(written) || strings.HasPrefix(written, "/") {
			continue
		}
		named := filepath.Join(filepath.Dir(file), filepath.FromSlash(written))
		address := ""
		if isScript(named) && (!isInstalled(named) || startsWorker(src, m)) {
			address = r.workerAddress(named, !isClassicWorker(src, m))
		} else {
			address = r.address(named)
		}
		fmt.Fprintf(&out, "%s%s", src[at:m[2]], address)
		at = m[3]
	}
	out.Write(src[at:])
	return out.String()
}
