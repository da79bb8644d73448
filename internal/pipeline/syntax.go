package pipeline

import (
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// syntaxLimit bounds what is parsed only to find mistakes: a larger file is a library.
const syntaxLimit = 1 << 20 // bytes

// syntaxErrors are the places where a file cannot be read. A script may hold JSX, which a
// tool of the project's own makes scripts of.
func (t *tree) syntaxErrors(file string, loader api.Loader, src []byte) diag.List {
	opts := api.TransformOptions{Sourcefile: t.rel(file), Loader: loader, LogLevel: api.LogLevelSilent, LogLimit: maxMessages}
	result := api.Transform(string(src), opts)
	if len(result.Errors) == 0 {
		return nil
	}
	if loader == api.LoaderJS {
		opts.Loader = api.LoaderJSX
		withTags := api.Transform(string(src), opts)
		if len(withTags.Errors) == 0 {
			return nil
		}
		if strings.Contains(result.Errors[0].Text, "JSX") {
			result = withTags // what is wrong beside the tags
		}
	}
	return messenger{tree: t}.messages(result.Errors, nil)
}

// mistakes are those of a file's new content, if its old content had none. What never
// parsed is no script as browsers know them: it may have marks that a tool replaces.
func (t *tree) mistakes(file string, old, src []byte) diag.List {
	loader, ok := syntaxLoader(file)
	if !ok || len(src) > syntaxLimit {
		return nil
	}
	found := t.syntaxErrors(file, loader, src)
	if len(found) == 0 || len(t.syntaxErrors(file, loader, old)) > 0 {
		return nil
	}
	return found
}

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
		found := p.tree.syntaxErrors(file, loader, src)
		switch good := p.good[file]; {
		case len(found) == 0:
			p.good[file] = src
		case good != nil && len(p.tree.syntaxErrors(file, loader, good)) > 0:
			delete(p.good, file) // never was a script that we can read: nothing to tell
		default:
			p.wrong[file] = found
		}
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
		if src, ok := p.known(file); ok && len(src) <= syntaxLimit {
			p.good[file] = src
		}
	}
}

// known returns what a file held when it was last read, by whomever.
func (p *Pipeline) known(file string) ([]byte, bool) {
	if src, ok := p.cache.known(file); ok {
		return src, true
	}
	for _, s := range p.steps {
		if r, ok := s.(reader); ok {
			if src, ok := r.known(file); ok {
				return src, true
			}
		}
	}
	return nil, false
}

// keepGood lays the last good version of files with a mistake over the sources.
func (p *Pipeline) keepGood(made map[string][]byte) {
	for file := range p.wrong {
		for _, name := range p.tree.urls(file) {
			if _, ours := made[name]; !ours && p.good[file] != nil {
				made[name] = p.good[file]
			}
		}
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
