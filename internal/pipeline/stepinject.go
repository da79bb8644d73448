package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"html"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// injectStep fills the wiring comments of the pages: the project's scripts and styles,
// and those of its components.
type injectStep struct {
	layout Layout
	cache  *infoCache
	dir    string          // the project, once the step has run
	listed map[string]bool // the stylesheets of the last run, relative to the project
}

// infoCache remembers what scripts say of modules, by their content.
type infoCache struct {
	mu    sync.Mutex
	infos map[[sha256.Size]byte]scriptInfo // guarded by mu
}

// scriptInfo is what one content says.
type scriptInfo struct {
	info angular.Info
	err  error // an *angular.SyntaxError
}

// Name returns "inject".
func (s *injectStep) Name() string { return "inject" }

// Concerns is true for pages, scripts, what describes components, and stylesheets that
// have appeared or gone: what is in them does not matter here.
func (s *injectStep) Concerns(p string) bool {
	switch path.Base(p) {
	case "bower.json", ".bowerrc", ".bower.json", "component.json", "package.json":
		return true
	}
	switch path.Ext(p) {
	case ".css":
		return exists(rooted(s.dir, p)) != s.listed[p]
	case ".html", ".htm":
		return !strings.Contains(p, "/"+templatesDir)
	case ".js", ".ts", ".tsx", ".jsx":
		return true
	}
	return false
}

// Run fills every page at the top of the sources that has wiring comments.
func (s *injectStep) Run(_ context.Context, w *Work) error {
	var pages []string
	texts := map[string][]byte{}
	for _, file := range w.Sources() {
		if path.Ext(w.URL(file)) != ".html" || strings.Contains(w.URL(file), "/") {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return err
		}
		if wiringComment.Match(src) {
			pages, texts[file] = append(pages, file), src
		}
	}
	if len(pages) == 0 {
		return nil
	}
	lists, err := s.wiring(w, slices.Collect(maps.Values(texts)))
	if err != nil {
		return err
	}
	for _, file := range pages {
		w.Emit(w.URL(file), s.fill(w, file, texts[file], lists))
	}
	return nil
}

// injectsScripts finds a comment that takes the project's scripts.
var injectsScripts = regexp.MustCompile(`<!--\s*inject[:\s]+js\b`)

// wiring is what all pages are filled with.
type wiring struct {
	scripts, styles []string // URL paths
	components      []wirer
}

func (s *injectStep) wiring(w *Work, pages [][]byte) (*wiring, error) {
	var scripts []string
	if slices.ContainsFunc(pages, injectsScripts.Match) { // else nobody asks for their order
		var err error
		if scripts, err = s.scripts(w); err != nil {
			return nil, err
		}
	}
	components := wirers(w.tree.dir, s.layout, pages)
	reportComponents(w, s.Name(), components)
	return &wiring{scripts: scripts, styles: s.styles(w), components: components}, nil
}

// byFolder orders URL paths as gulp streams files: those that lie less deep first, and of
// one depth by folder and name.
func byFolder(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	return cmp.Or(len(as)-len(bs), slices.Compare(as, bs))
}

// styles returns the project's stylesheets.
func (s *injectStep) styles(w *Work) []string {
	var urls []string
	s.dir = w.tree.dir
	clear(s.listed)
	for _, file := range w.Sources() {
		if u := w.URL(file); path.Ext(u) == ".css" {
			urls = append(urls, u)
			s.listed[w.Rel(file)] = true
		}
	}
	names, _ := w.Made()
	for _, name := range names {
		if path.Ext(name) == ".css" && !slices.Contains(urls, name) {
			urls = append(urls, name)
		}
	}
	slices.SortFunc(urls, byFolder)
	return urls
}

// isTest reports whether a script is a test or a stand-in for one.
func isTest(name string) bool {
	base := strings.TrimSuffix(name, path.Ext(name))
	return strings.HasSuffix(base, ".spec") || strings.HasSuffix(base, ".mock")
}

// scripts returns the project's scripts in the order in which they have to load.
func (s *injectStep) scripts(w *Work) ([]string, error) {
	content := map[string]func() ([]byte, error){}
	names, made := w.Made()
	for _, file := range w.Sources() {
		if u := w.URL(file); path.Ext(u) == ".js" && !isTest(u) {
			content[u] = func() ([]byte, error) { return w.Read(file) }
		}
	}
	for _, name := range names {
		if path.Ext(name) == ".js" && !isTest(name) {
			content[name] = func() ([]byte, error) { return made(name), nil }
		}
	}
	urls := make([]string, 0, len(content))
	for u := range content {
		urls = append(urls, u)
	}
	slices.SortFunc(urls, byFolder)
	infos, err := s.infos(w, urls, content)
	if err != nil {
		return nil, err
	}
	order, cycle := angular.Sort(infos)
	s.reportCycle(w, urls, cycle)
	sorted := make([]string, len(order))
	for i, at := range order {
		sorted[i] = urls[at]
	}
	return sorted, nil
}

func (s *injectStep) reportCycle(w *Work, urls []string, cycle []int) {
	if len(cycle) == 0 {
		return
	}
	names := make([]string, len(cycle))
	for i, at := range cycle {
		names[i] = urls[at]
	}
	w.Report(diag.Diagnostic{
		Severity: diag.Warning, Source: s.Name(), Path: w.Rel(filepath.Join(w.tree.src, filepath.FromSlash(names[0]))),
		Message: "scripts declare modules that each other's add to, so none can load first: " + strings.Join(names, ", "),
		Hint:    "keep angular.module(name, [...]) in a file of its own",
	})
}

// infos reads what scripts say of modules, in parallel.
func (s *injectStep) infos(w *Work, urls []string, content map[string]func() ([]byte, error)) ([]angular.Info, error) {
	results := make([]scriptInfo, len(urls))
	sources := make([][]byte, len(urls))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, u := range urls {
		g.Go(func() (err error) {
			if sources[i], err = content[u](); err != nil {
				return err
			}
			results[i] = s.cache.read(sources[i])
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	infos := make([]angular.Info, len(urls))
	for i, r := range results {
		infos[i] = r.info
		if r.err != nil {
			w.Report(s.syntaxError(w, urls[i], sources[i], r.err))
		}
	}
	return infos, nil
}

// syntaxError tells why a script's place in the order is a guess. The page gets the
// script all the same: the others must go through.
func (s *injectStep) syntaxError(w *Work, url string, src []byte, err error) diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Warning, Source: s.Name(), Path: w.Rel(filepath.Join(w.tree.src, filepath.FromSlash(url))),
		Message: "the script cannot be read, so its place among the others is a guess: " + err.Error(),
	}
	var syntax *angular.SyntaxError
	if errors.As(err, &syntax) {
		d.Line, d.Column, d.Message = syntax.Line, syntax.Column, "the script cannot be read, so its place among the others is a guess: "+lowerFirst(syntax.Message)
		d.Excerpt = diag.Excerpt(src, d.Line, d.Column)
	}
	return d
}

func newInfoCache() *infoCache { return &infoCache{infos: map[[sha256.Size]byte]scriptInfo{}} }

func (c *infoCache) read(src []byte) scriptInfo {
	key := sha256.Sum256(src)
	c.mu.Lock()
	got, ok := c.infos[key]
	c.mu.Unlock()
	if ok {
		return got
	}
	got.info, got.err = angular.Modules(string(src))
	c.mu.Lock()
	c.infos[key] = got
	c.mu.Unlock()
	return got
}

// fill returns the page with all of its blocks filled.
func (s *injectStep) fill(w *Work, file string, src []byte, lists *wiring) []byte {
	doc := htmlscan.Scan(src)
	var edits htmlscan.Edits
	injects, open := blocks(doc, "inject")
	s.reportOpen(w, file, src, open, diag.Error)
	for _, b := range injects {
		fill(&edits, src, b, injectTags(b.arg, lists))
	}
	text := string(edits.Apply(src))
	for _, c := range lists.components {
		_, open = blocks(doc, c.word)
		s.reportOpen(w, file, src, open, diag.Warning) // wiredep leaves such a page as it is
		text = c.wire(text, file)
	}
	return []byte(text)
}

func injectTags(arg string, lists *wiring) []string {
	var tags []string
	switch arg {
	case "js":
		for _, u := range lists.scripts {
			tags = append(tags, `<script src="`+html.EscapeString(escapePath(u))+`"></script>`)
		}
	case "css":
		for _, u := range lists.styles {
			tags = append(tags, `<link rel="stylesheet" href="`+html.EscapeString(escapePath(u))+`">`)
		}
	}
	return tags
}

// reportOpen tells of a block without an end.
func (s *injectStep) reportOpen(w *Work, file string, src []byte, open int, severity diag.Severity) {
	if open < 0 {
		return
	}
	line, col := htmlscan.Position(src, open)
	w.Report(diag.Diagnostic{
		Severity: severity, Source: s.Name(), Path: w.Rel(file), Line: line, Column: col,
		Message: "the comment that begins here has no end", Excerpt: diag.Excerpt(src, line, col),
		Hint: "close it with <!-- endinject --> or <!-- endbower -->",
	})
}
