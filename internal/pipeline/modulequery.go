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

	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// The words behind the "?" of an import that say as what a file is wanted. They are those
// that bundlers have agreed on; any other query belongs to the address.
const (
	asText         = "raw"          // its content
	asURL          = "url"          // its address
	asInline       = "inline"       // a stylesheet as text, anything else as a data: address
	asWorker       = "worker"       // a class of workers that run it
	asSharedWorker = "sharedworker" // the same, of shared ones
)

// querySpace is the esbuild namespace of files that are wanted as one of these words
// says; a path in it is "word:path of the file in the project".
const querySpace = "query"

// queryOf returns the word of a query, "" if it has none.
func queryOf(tail string) string {
	words, ok := strings.CutPrefix(tail, "?")
	if !ok {
		return ""
	}
	for word := range strings.SplitSeq(words, "&") {
		if slices.Contains([]string{asText, asURL, asInline, asWorker, asSharedWorker}, word) {
			return word
		}
	}
	return ""
}

// query answers for an import with a word behind it.
func (t *tree) query(word, file string) api.OnResolveResult {
	if word == asURL {
		return api.OnResolveResult{Path: t.rel(file), Namespace: assetSpace}
	}
	return api.OnResolveResult{Path: word + ":" + t.rel(file), Namespace: querySpace}
}

// workerModule is the module of a class of workers; address is an expression.
func workerModule(word, address string) string {
	class := "Worker"
	if word == asSharedWorker {
		class = "SharedWorker"
	}
	return fmt.Sprintf("export default function Wrapper(options) {\n  return new %s(%s, { type: \"module\", name: options?.name });\n}\n", class, address)
}

// queried answers for an import of a module with a word behind it. What it names being
// not there, the bundler shall complain.
func (c *compiler) queried(build api.PluginBuild, a api.OnResolveArgs, m *module, name, word string) api.OnResolveResult {
	file, ok := c.named(build, a, name)
	if !ok {
		c.note(m, func() { m.incomplete = true })
		return api.OnResolveResult{}
	}
	c.note(m, func() {
		m.asIs = false
		if word == asWorker || word == asSharedWorker {
			m.links = append(m.links, link{linkScript, file})
		} else {
			m.inlined = append(m.inlined, inlinedFile{file: file})
		}
	})
	return c.t.query(word, file)
}

// named finds the file of an import.
func (c *compiler) named(build api.PluginBuild, a api.OnResolveArgs, name string) (string, bool) {
	if strings.HasPrefix(name, "/") {
		return c.t.findModule(name)
	}
	if file := filepath.Join(a.ResolveDir, filepath.FromSlash(name)); strings.HasPrefix(name, ".") && c.t.isFile(file) {
		return file, true
	}
	if file, ok := c.beside(a.ResolveDir, name); ok {
		return file, true
	}
	r := c.lookUp(build, a, name)
	return r.Path, len(r.Errors) == 0 && r.Namespace == "file"
}

// loadQuery makes the module of a file that is wanted as a word says. used hears of the
// files that it is made of.
func (r *moduleRun) loadQuery(ctx context.Context, a api.OnLoadArgs, used *usedSheets) (api.OnLoadResult, error) {
	word, rel, _ := strings.Cut(a.Path, ":")
	file := rooted(r.t.dir, rel)
	if word == asWorker || word == asSharedWorker {
		address, err := json.Marshal("/" + r.t.url(file))
		if err != nil {
			return api.OnLoadResult{}, fmt.Errorf("address of %s: %w", rel, err)
		}
		code := workerModule(word, string(address))
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
	}
	used.add(file)
	if word == asInline && isStyle(file) {
		return r.inlineStyle(ctx, file, used)
	}
	src, err := r.load(file)
	return inlined(word, string(src)), err
}

// inlined is a module of a file's content.
func inlined(word, content string) api.OnLoadResult {
	if word == asInline {
		return api.OnLoadResult{Contents: &content, Loader: api.LoaderDataURL}
	}
	return api.OnLoadResult{Contents: &content, Loader: api.LoaderText}
}

// inlineStyle makes text of a stylesheet and what it imports.
func (r *moduleRun) inlineStyle(ctx context.Context, file string, used *usedSheets) (api.OnLoadResult, error) {
	opts := r.esbuildOptions()
	opts.Outdir = r.t.tmp
	opts.Plugins = []api.Plugin{r.stylePlugin(ctx, []string{file}, false, used)}
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: rootSpace + ":" + r.t.rel(file), OutputPath: asInline}}
	opts.Metafile = true
	result := api.Build(opts)
	files, err := inputsOf(result)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	for _, input := range files {
		used.add(r.sheetFile(input))
	}
	return styleText(result), nil
}

// styleText is the module of a stylesheet that was bundled to be one.
func styleText(result api.BuildResult) api.OnLoadResult {
	css := ""
	for _, f := range result.OutputFiles {
		if path.Ext(f.Path) == ".css" {
			css = string(f.Contents)
		}
	}
	return api.OnLoadResult{Contents: &css, Loader: api.LoaderText, Errors: result.Errors, Warnings: result.Warnings}
}

// inputsOf are the bundler's names of what went into a bundle; none of one that failed.
func inputsOf(result api.BuildResult) ([]string, error) {
	if len(result.Errors) > 0 {
		return nil, nil
	}
	var meta packageMeta
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("read the bundler's metafile: %w", err)
	}
	var names []string
	for name := range meta.Inputs {
		names = append(names, name)
	}
	return names, nil
}

// loadQuery makes the module of a file that is wanted as a word says.
func (b *builder) loadQuery(ctx context.Context, a api.OnLoadArgs, compiled *sheetCache) (api.OnLoadResult, error) {
	word, rel, _ := strings.Cut(a.Path, ":")
	file := rooted(b.tree.dir, rel)
	switch {
	case word == asWorker || word == asSharedWorker:
		name, err := b.worker(ctx, file, true)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		code := workerModule(word, fmt.Sprintf("new URL(%q, import.meta.url)", "./"+path.Base(name)))
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
	case word == asInline && isStyle(file):
		return b.inlineStyleText(ctx, file, compiled)
	}
	b.sink.use(file)
	src, err := b.tree.read(file)
	return inlined(word, string(src)), err
}

// inlineStyleText makes text of a stylesheet and what it imports. What it names goes by
// its whole address: the text is no file that it could be relative to.
func (b *builder) inlineStyleText(ctx context.Context, file string, compiled *sheetCache) (api.OnLoadResult, error) {
	opts, err := b.esbuildOptions()
	if err != nil {
		return api.OnLoadResult{}, err
	}
	opts.Splitting, opts.Sourcemap = false, api.SourceMapNone
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: file, OutputPath: asInline}}
	opts.Plugins = []api.Plugin{b.wholeAddresses(), b.resolver(ctx, compiled)}
	result := api.Build(opts)
	files, err := inputsOf(result)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	for _, input := range files {
		b.sink.use(rooted(b.tree.dir, input))
	}
	return styleText(result), nil
}

// wholeAddresses is the plugin that names what styles name by its address on the site.
func (b *builder) wholeAddresses() api.Plugin {
	return api.Plugin{Name: "addresses", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `^\.`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			name, tail := splitTail(a.Path)
			file := filepath.Join(a.ResolveDir, filepath.FromSlash(name))
			if a.Kind != api.ResolveCSSURLToken || !b.tree.isFile(file) {
				return api.OnResolveResult{}, nil
			}
			out, err := b.sink.asset(b.tree, file)
			return api.OnResolveResult{Path: b.address(out) + tail, External: true}, err
		})
	}}
}

// isSheet reports whether a file is a stylesheet in a language that compiles to CSS.
func isSheet(p string) bool { return sheets.LanguageOf(p) != "" }
