package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// inlineSpace is the esbuild namespace of module scripts written into a page.
const inlineSpace = "inline"

// bundled is what became of one entry point.
type bundled struct {
	file    string   // output path
	css     string   // output path of the styles its scripts import; "" = none
	preload []string // output paths of the chunks it loads at once
}

// bundle runs esbuild over the modules and styles of all pages in one go, so that what
// pages share is shared. The result is keyed by [entryKey].
func (b *builder) bundle(ctx context.Context) (map[string]bundled, error) {
	entries := b.entries()
	if len(entries) == 0 {
		return map[string]bundled{}, nil
	}
	if err := b.findEnvUsers(); err != nil {
		return nil, err
	}
	opts, err := b.esbuildOptions()
	if err != nil {
		return nil, err
	}
	opts.EntryPointsAdvanced = entries
	opts.Plugins = []api.Plugin{b.resolver(ctx, newSheetCache(b.sheets))}
	build, ctxErr := api.Context(opts)
	if ctxErr != nil {
		return nil, b.messages(ctxErr.Errors, nil)
	}
	defer build.Dispose()
	stop := context.AfterFunc(ctx, build.Cancel)
	defer stop()
	result := build.Rebuild()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.found = append(b.found, b.messages(result.Errors, result.Warnings)...)
	if err := b.found.Err(); err != nil {
		return nil, err
	}
	return b.collect(result)
}

// findEnvUsers looks through the scripts that may be bundled; what is elsewhere is not
// worth a look at every package.
func (b *builder) findEnvUsers() error {
	for _, dir := range append([]string{b.tree.src}, b.tree.entryFolders()...) {
		files, err := b.tree.walk(dir)
		if err != nil {
			return err
		}
		for _, file := range slices.DeleteFunc(files, func(name string) bool { return !isScript(name) }) {
			src, err := b.tree.read(file)
			if err != nil {
				return err
			}
			if bytes.Contains(src, []byte(metaEnvName)) {
				b.envUsers = append(b.envUsers, src)
			}
		}
	}
	return nil
}

// memory has the files that steps have made, none of which is on disk.
func (b *builder) memory(file string) ([]byte, bool) {
	if !b.tree.isMade(file) {
		return nil, false
	}
	data, err := b.tree.read(file)
	return data, err == nil
}

// takeSheet marks a sheet that was compiled, and what it imports, as part of the output.
func (b *builder) takeSheet(made compiledSheet) {
	for file := range made.from {
		b.sink.use(file)
	}
}

// entryKey names a reference's entry point as esbuild's metafile does.
func (b *builder) entryKey(p *page, r ref) string {
	if r.kind == refInlineModule {
		return inlineSpace + ":" + inlineName(b.tree, p, r)
	}
	if b.tree.isMade(r.file) {
		return madeSpace + ":" + b.tree.rel(r.file)
	}
	return b.tree.rel(r.file)
}

// inlineName names a module script inside a page: the page and the script's offset.
func inlineName(t *tree, p *page, r ref) string {
	return fmt.Sprintf("%s#%d", t.url(p.file), r.tag.Span.Start)
}

// entries returns the entry points of all pages, each once, sorted.
func (b *builder) entries() []api.EntryPoint {
	points := map[string]api.EntryPoint{}
	for _, p := range b.pages {
		for _, r := range p.refs {
			switch {
			case r.kind == refInlineModule:
				key := b.entryKey(p, r)
				stem := strings.TrimSuffix(path.Base(p.out), path.Ext(p.out))
				points[key] = api.EntryPoint{InputPath: key, OutputPath: assetsDir + "/" + stem}
			case (r.kind == refModule || r.kind == refStyle) && r.file != "":
				stem := strings.TrimSuffix(filepath.Base(r.file), filepath.Ext(r.file))
				points[b.entryKey(p, r)] = api.EntryPoint{InputPath: r.file, OutputPath: assetsDir + "/" + stem}
			}
		}
	}
	var list []api.EntryPoint
	taken := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(points)) {
		point, source := points[key], b.sourceName(key)
		isStyle := path.Ext(source) == ".css" || isSheet(source)
		if taken[fmt.Sprint(point.OutputPath, isStyle)] { // two outputs of one name and the same bytes would be one, of one of the two
			folder := strings.TrimLeft(strings.ReplaceAll(path.Dir(source), "/", "-"), ".")
			point.OutputPath = assetsDir + "/" + orDefault(folder, "root") + "-" + path.Base(point.OutputPath)
		}
		taken[fmt.Sprint(point.OutputPath, isStyle)] = true
		list = append(list, point)
	}
	return list
}

// esbuildOptions are the settings that modules, styles and classic scripts share.
func (b *builder) esbuildOptions() (api.BuildOptions, error) {
	target, engines, err := parseTarget(b.opts.Target)
	if err != nil {
		return api.BuildOptions{}, err
	}
	jsx, source := b.tree.jsx()
	opts := api.BuildOptions{
		AbsWorkingDir: b.tree.dir, Outdir: b.out, Outbase: b.tree.src,
		Bundle: true, Splitting: true, Format: api.FormatESModule, Platform: api.PlatformBrowser,
		Target: target, Engines: engines, Supported: unlowerable(b.opts.Target), Charset: api.CharsetUTF8, Metafile: true,
		EntryNames: "[dir]/[name]-[hash]", ChunkNames: assetsDir + "/[name]-[hash]",
		LegalComments: api.LegalCommentsEndOfFile, LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
		Define: b.defines(), Loader: moduleLoaders(), JSX: jsx, JSXImportSource: source, Alias: b.tree.alias,
		MinifyWhitespace: !b.opts.NoMinify, MinifyIdentifiers: !b.opts.NoMinify, MinifySyntax: !b.opts.NoMinify,
	}
	if b.opts.SourceMap {
		opts.Sourcemap = api.SourceMapLinked
	}
	return opts, nil
}

// defines adds what bundlers commonly define to what the user does.
func (b *builder) defines() map[string]string {
	defined := withDefines(environment(inProduction, b.opts.Base, b.env), b.opts.Define)
	for _, src := range b.envUsers {
		withUses(defined, metaEnv(inProduction, b.opts.Base, b.env), src)
	}
	return defined
}

// metafile is the part of esbuild's metafile that is read here.
type metafile struct {
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
		CSSBundle  string `json:"cssBundle"`
		Imports    []struct {
			Path     string `json:"path"`
			Kind     string `json:"kind"`
			External bool   `json:"external"`
		} `json:"imports"`
		Inputs map[string]struct {
			BytesInOutput int64 `json:"bytesInOutput"`
		} `json:"inputs"`
	} `json:"outputs"`
}

// collect moves esbuild's output into the sink.
func (b *builder) collect(result api.BuildResult) (map[string]bundled, error) {
	var meta metafile
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("read the bundler's metafile: %w", err)
	}
	for _, f := range result.OutputFiles {
		b.sink.put(b.outPath(f.Path), f.Contents, "")
	}
	done := map[string]bundled{}
	for name, out := range meta.Outputs {
		for input, part := range out.Inputs {
			if b.opts.Analyze {
				file := b.outPath(rooted(b.tree.dir, name))
				b.parts[file] = append(b.parts[file], Part{Source: input, Bytes: part.BytesInOutput})
			}
			b.sink.use(filepath.Join(b.tree.dir, filepath.FromSlash(input)))
		}
		if out.EntryPoint == "" {
			continue
		}
		file := b.outPath(filepath.Join(b.tree.dir, filepath.FromSlash(name)))
		entry := bundled{file: file}
		if out.CSSBundle != "" {
			entry.css = b.outPath(filepath.Join(b.tree.dir, filepath.FromSlash(out.CSSBundle)))
		}
		for _, chunk := range meta.closure(name) {
			entry.preload = append(entry.preload, b.outPath(filepath.Join(b.tree.dir, filepath.FromSlash(chunk))))
		}
		done[out.EntryPoint] = entry
		b.sink.name(b.sourceName(out.EntryPoint), file)
	}
	return done, nil
}

// sourceName is an entry point's name in the manifest.
func (b *builder) sourceName(entry string) string {
	if rest, ok := strings.CutPrefix(entry, inlineSpace+":"); ok {
		return rest
	}
	return b.tree.url(rooted(b.tree.dir, strings.TrimPrefix(entry, madeSpace+":")))
}

// closure returns the chunks that an output loads with static imports, directly or
// through others, sorted.
func (m metafile) closure(name string) []string {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		for _, imp := range m.Outputs[name].Imports {
			if imp.Kind != "import-statement" || imp.External || seen[imp.Path] {
				continue
			}
			seen[imp.Path] = true
			visit(imp.Path)
		}
	}
	visit(name)
	return slices.Sorted(maps.Keys(seen))
}

func (b *builder) outPath(abs string) string {
	r, err := filepath.Rel(b.out, abs)
	if err != nil {
		return filepath.Base(abs)
	}
	return filepath.ToSlash(r)
}

// use marks a source as part of the output.
func (s *sink) use(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[file] = true
}

// name adds a line to the manifest.
func (s *sink) name(source, file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[source] = file
}
