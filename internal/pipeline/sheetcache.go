package pipeline

import (
	"context"
	"crypto/sha256"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// sheetCache compiles sheets of Sass and Less, each again only when something that it is
// made of has changed. It may be used concurrently.
type sheetCache struct {
	compiler *sheets.Compiler
	mu       sync.Mutex
	done     map[string]compiledSheet // guarded by mu; by absolute file, those without a mistake
}

// compiledSheet is what a sheet gave, and of what.
type compiledSheet struct {
	css   []byte
	found diag.List
	from  map[string][sha256.Size]byte // absolute file → content, of the sheet and what it imports
}

func newSheetCache(compiler *sheets.Compiler) *sheetCache {
	return &sheetCache{compiler: compiler, done: map[string]compiledSheet{}}
}

// compile returns what a sheet gives. memory has what files hold that are not to be read
// from disk. Mistakes of the author are in the result; an error is the machine's.
func (c *sheetCache) compile(ctx context.Context, file string, memory func(string) ([]byte, bool)) (compiledSheet, error) {
	c.mu.Lock()
	known, ok := c.done[file]
	c.mu.Unlock()
	if ok && known.holds(memory) {
		return known, nil
	}
	out, found, err := c.compiler.Compile(ctx, sheets.Input{File: file, Read: memory})
	if err != nil {
		return compiledSheet{}, err
	}
	made := compiledSheet{css: out.CSS, found: found, from: sums(append(out.Includes, file), memory)}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.done, file)
	if found.Err() == nil {
		c.done[file] = made
	}
	return made, nil
}

// forget compiles everything anew from now on.
func (c *sheetCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.done)
}

// sums returns what the files hold now; of a file that is gone, nothing.
func sums(files []string, memory func(string) ([]byte, bool)) map[string][sha256.Size]byte {
	all := map[string][sha256.Size]byte{}
	for _, file := range files {
		data, ok := memory(file)
		if !ok {
			data, _ = os.ReadFile(file) // gone: the sum of nothing
		}
		all[file] = sha256.Sum256(data)
	}
	return all
}

// holds reports whether everything that the sheet was made of is as it was.
func (c compiledSheet) holds(memory func(string) ([]byte, bool)) bool {
	return maps.Equal(c.from, sums(slices.Collect(maps.Keys(c.from)), memory))
}

// plugin lets the bundler take sheets for styles: whatever imports one gets its CSS. used
// hears, concurrently, of each that was taken in.
func (c *sheetCache) plugin(ctx context.Context, memory func(string) ([]byte, bool), used func(compiledSheet)) api.Plugin {
	return api.Plugin{Name: "sheets", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: sheetNames, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return c.load(ctx, a.Path, memory, used)
		})
	}}
}

// sheetNames matches the files of [sheets.LanguageOf].
const sheetNames = `\.(scss|sass|less|styl)$`

// load answers the bundler for one sheet.
func (c *sheetCache) load(ctx context.Context, file string, memory func(string) ([]byte, bool), used func(compiledSheet)) (api.OnLoadResult, error) {
	made, err := c.compile(ctx, file, memory)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	used(made)
	if made.found.Err() != nil {
		return api.OnLoadResult{Errors: asMessages(made.found)}, nil
	}
	css := string(made.css)
	return api.OnLoadResult{Contents: &css, ResolveDir: filepath.Dir(file), Loader: styleLoader(file), Warnings: asMessages(made.found)}, nil
}

// styleLoader says whether the class names of a stylesheet are its own.
func styleLoader(file string) api.Loader {
	if hasNames(file) {
		return api.LoaderLocalCSS
	}
	return api.LoaderCSS
}

// hasNames reports whether a stylesheet's class names are imported, by its name:
// "x.module.css".
func hasNames(file string) bool {
	return isStyle(file) && path.Ext(strings.TrimSuffix(file, path.Ext(file))) == ".module"
}

// isStyle reports whether a file is a stylesheet, in CSS or in what compiles to it.
func isStyle(file string) bool { return path.Ext(file) == ".css" || isSheet(file) }

// asMessages hands diagnostics through the bundler, whole.
func asMessages(list diag.List) []api.Message {
	all := make([]api.Message, len(list))
	for i, d := range list {
		all[i] = api.Message{Text: d.Message, Detail: d, Location: &api.Location{File: d.Path, Line: d.Line}}
	}
	return all
}
