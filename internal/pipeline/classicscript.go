package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// classicScripts minifies the plain scripts of all pages, each for itself: what they
// declare is global, so names at the top level stay.
func (b *builder) classicScripts(ctx context.Context) error {
	used := map[string]bool{}
	for _, p := range b.pages {
		for _, r := range p.refs {
			if r.kind == refScript && r.file != "" {
				used[r.file] = true
			}
		}
	}
	files := slices.Sorted(maps.Keys(used))
	found := make([]diag.List, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			src, err := b.tree.read(file)
			if err != nil {
				return err
			}
			result := b.transform(b.tree.rel(file), string(src), b.opts.SourceMap)
			found[i] = b.messages(result.Errors, result.Warnings)
			return b.putScript(file, result)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b.found = append(b.found, slices.Concat(found...)...)
	return b.found.Err()
}

// transform minifies one script that is no module.
func (b *builder) transform(name, src string, maps bool) api.TransformResult {
	target, engines, _ := parseTarget(b.opts.Target) // checked by esbuildOptions or here by the default
	opts := api.TransformOptions{
		Sourcefile: name, Loader: loaderFor(name), Target: target, Engines: engines, Supported: unlowerable(b.opts.Target),
		Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsInline,
		Define: b.opts.Define, LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
		MinifyWhitespace: !b.opts.NoMinify, MinifyIdentifiers: !b.opts.NoMinify, MinifySyntax: !b.opts.NoMinify,
	}
	if maps {
		opts.Sourcemap = api.SourceMapExternal
	}
	return api.Transform(src, opts)
}

func (b *builder) putScript(file string, result api.TransformResult) error {
	source := b.tree.url(file)
	name := hashedName(replaceExt(source, ".js"), result.Code)
	code := result.Code
	if len(result.Map) > 0 {
		code = fmt.Appendf(code, "//# sourceMappingURL=%s.map\n", path.Base(name))
		sourceMap, err := b.moveMap(result.Map, name, file)
		if err != nil {
			return err
		}
		b.sink.put(name+".map", sourceMap, "")
	}
	b.sink.put(name, code, source)
	b.sink.use(file)
	return nil
}

// moveMap makes the one source of a map relative to the output file it belongs to.
func (b *builder) moveMap(data []byte, name, file string) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("read the source map of %s: %w", b.tree.rel(file), err)
	}
	m["sources"] = []string{b.fromOutput(name, file)}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write the source map of %s: %w", b.tree.rel(file), err)
	}
	return data, nil
}

// fromOutput returns a source's path relative to the folder of an output file.
func (b *builder) fromOutput(name, file string) string {
	r, err := filepath.Rel(filepath.Dir(rooted(b.out, name)), file)
	if err != nil {
		return b.tree.rel(file)
	}
	return filepath.ToSlash(r)
}

func replaceExt(name, ext string) string {
	return name[:len(name)-len(path.Ext(name))] + ext
}

func loaderFor(name string) api.Loader {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	}
	return api.LoaderJS
}
