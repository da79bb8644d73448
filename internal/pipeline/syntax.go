package pipeline

import (
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// syntaxLimit bounds what is parsed only to find mistakes: a larger file is a library.
const syntaxLimit = 1 << 20 // bytes

// checkSyntax parses the scripts and styles among the files, so that a slip is told in the terminal and in the page, not only in the
// browser's console.
func (p *Pipeline) checkSyntax(files []string) {
	for _, file := range files {
		delete(p.wrong, file)
		loader, ok := syntaxLoader(file)
		if !ok || p.ignored(file) || !within(file, p.tree.src) || p.modules.compiled(file) {
			continue
		}
		src, err := atomicfile.ReadFileSteady(file)
		if err != nil || len(src) > syntaxLimit {
			continue // gone in the meantime: the next batch says so
		}
		result := api.Transform(string(src), api.TransformOptions{
			Sourcefile: p.tree.rel(file), Loader: loader, LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
		})
		m := messenger{tree: p.tree}
		if found := m.messages(result.Errors, nil); len(found) > 0 {
			p.wrong[file] = found
		}
	}
	for file := range p.wrong {
		if !exists(file) {
			delete(p.wrong, file)
		}
	}
}

func syntaxLoader(file string) (api.Loader, bool) {
	switch path.Ext(file) {
	case ".css":
		return api.LoaderCSS, true
	case ".js", ".mjs":
		return api.LoaderJS, true
	case ".jsx", ".ts", ".mts", ".tsx":
		return loaderFor(file), true
	case ".json":
		if base := path.Base(file); strings.HasPrefix(base, "tsconfig") || strings.HasPrefix(base, "jsconfig") {
			return 0, false // may hold comments
		}
		return api.LoaderJSON, true
	}
	return 0, false
}
