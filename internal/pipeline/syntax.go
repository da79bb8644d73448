package pipeline

import (
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// syntaxLimit bounds what is parsed only to find mistakes: a larger file is a library.
const syntaxLimit = 1 << 20 // bytes

// checkSyntax parses the scripts and styles among the files, so that a slip is told in
// the terminal and in the page, not only in the browser's console.
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
		found := m.messages(result.Errors, nil)
		if len(found) == 0 {
			p.good[file] = src
			continue
		}
		p.wrong[file] = found
	}
	for file := range p.wrong {
		if !exists(file) {
			delete(p.wrong, file)
		}
	}
}

// remember keeps what files hold before they are read again: if the author's next version
// has a mistake, browsers go on with this one.
func (p *Pipeline) remember(files []string) {
	for _, file := range files {
		if _, ok := syntaxLoader(file); !ok || len(p.wrong[file]) > 0 {
			continue
		}
		if src, ok := p.cache.known(file); ok && len(src) <= syntaxLimit {
			p.good[file] = src
		}
	}
}

// keepGood lays the last good version of files with a mistake over the sources.
func (p *Pipeline) keepGood(made map[string][]byte) {
	for file := range p.wrong {
		name := p.tree.url(file)
		if _, ours := made[name]; ours || p.good[file] == nil {
			continue
		}
		made[name] = p.good[file]
	}
}

// readReferenced reads the scripts and styles that pages load as they are, so that they
// are known if the first edit of one is a mistake.
func (p *Pipeline) readReferenced() error {
	files, err := p.tree.sources()
	if err != nil {
		return err
	}
	for _, file := range files {
		if path.Ext(file) != ".html" {
			continue
		}
		src, err := p.cache.read(p.tree, file)
		if err != nil || !isPage(src) {
			continue // gone again, or a template
		}
		found, _ := p.tree.readPage(file, htmlscan.Scan(src)) // what it lacks is told elsewhere
		for _, r := range found.refs {
			if (r.kind == refScript || r.kind == refStyle) && r.file != "" && !isInstalled(r.file) {
				_, _ = p.cache.read(p.tree, r.file) // unreadable: whoever needs it will say so
			}
		}
	}
	return nil
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
