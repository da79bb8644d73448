package pipeline

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// metaURL matches new URL('./x', import.meta.url) and the worker options behind it: how
// modules name files that are not imported.
var metaURL = regexp.MustCompile("new\\s+URL\\(\\s*['\"`]([^'\"`$]+)['\"`]\\s*,\\s*import\\.meta\\.url\\s*\\)(\\s*,\\s*\\{[^}]*\\})?")

// loadModule reads a script of the project and turns the files it names by
// import.meta.url to their place in the output. Other scripts are left to the bundler.
func (b *builder) loadModule(ctx context.Context, a api.OnLoadArgs) (api.OnLoadResult, error) {
	src, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, fmt.Errorf("read %s: %w", b.tree.rel(a.Path), err)
	}
	if wrong := viteOnly(b.tree.rel(a.Path), src); wrong != nil && !isInstalled(a.Path) {
		return api.OnLoadResult{Errors: wrong}, nil
	}
	if !metaURL.Match(src) {
		return api.OnLoadResult{}, nil
	}
	code, err := b.replaceURLs(ctx, string(src), filepath.Dir(a.Path))
	if err != nil {
		return api.OnLoadResult{}, err
	}
	return api.OnLoadResult{Contents: &code, Loader: moduleLoader(a.Path), ResolveDir: filepath.Dir(a.Path)}, nil
}

func (b *builder) replaceURLs(ctx context.Context, src, dir string) (string, error) {
	var out strings.Builder
	at := 0
	for _, m := range metaURL.FindAllStringSubmatchIndex(src, -1) {
		written := src[m[2]:m[3]]
		module := m[4] >= 0 && strings.Contains(src[m[4]:m[5]], "module")
		name, ok, err := b.named(ctx, written, dir, module)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		// Every script of the output lies in the folder of what it names.
		out.WriteString(src[at:m[2]] + "./" + path.Base(name))
		at = m[3]
	}
	return out.String() + src[at:], nil
}

// named puts what a script names into the output: code as a bundle of its own.
func (b *builder) named(ctx context.Context, written, dir string, module bool) (name string, ok bool, err error) {
	if isForeign(written) {
		return "", false, nil
	}
	bare, tail := splitTail(written)
	file := filepath.Join(dir, filepath.FromSlash(bare))
	if strings.HasPrefix(bare, "/") {
		file, ok = b.tree.find(bare)
	} else {
		file, ok = b.tree.existing(file)
	}
	if !ok || tail != "" {
		return "", false, nil
	}
	switch path.Ext(bare) {
	case ".js", ".mjs", ".ts", ".mts", ".jsx", ".tsx":
		name, err = b.worker(ctx, file, module)
	default:
		name, err = b.sink.asset(b.tree, file)
	}
	return name, err == nil, err
}

// worker bundles a script that runs by itself.
func (b *builder) worker(ctx context.Context, file string, module bool) (string, error) {
	opts, err := b.esbuildOptions()
	if err != nil {
		return "", err
	}
	opts.Splitting, opts.Metafile = false, false
	opts.Sourcemap = api.SourceMapNone
	if b.opts.SourceMap {
		opts.Sourcemap = api.SourceMapInline
	}
	if !module {
		opts.Format = api.FormatIIFE
	}
	opts.EntryPointsAdvanced = []api.EntryPoint{{InputPath: file, OutputPath: assetsDir + "/" + stem(file)}}
	opts.Plugins = []api.Plugin{b.resolver(ctx, newSheetCache(b.sheets))}
	result := api.Build(opts)
	if list := b.messages(result.Errors, nil); len(list) > 0 {
		return "", list
	}
	source := b.tree.url(file)
	for _, f := range result.OutputFiles {
		if path.Ext(f.Path) == ".js" {
			name := b.outPath(f.Path)
			b.sink.put(name, f.Contents, source)
			b.sink.use(file)
			return name, nil
		}
	}
	return "", fmt.Errorf("the bundler returned nothing for %s", source)
}
