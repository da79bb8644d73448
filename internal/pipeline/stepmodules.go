package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// modulesStep gives browsers what module scripts need and browsers have not got:
// TypeScript, JSX, names of packages, extensions that are left out, styles and data that
// are imported.
//
// A source that needs any of it has a twin in the generated layer, under the URL of the
// source and made of that file alone, so that an edit costs one file however large the
// project is. What sources import from packages is bundled, once (packages.go); styles
// that scripts import become one stylesheet for each page (modulestyles.go). A project
// that needs nothing of it gets nothing.
type modulesStep struct {
	define map[string]string // the user's names in scripts → JavaScript expressions
	env    map[string]string // the author's own values, as they were last without a mistake

	modules  map[string]*module         // by absolute file or inlineKey; what was compiled before
	reached  map[string]*module         // of these, what the pages reached at the last run
	commonJS map[string][]byte          // sources that are no ES modules, which are bundled as packages are, and what they held
	settings string                     // what says how to read modules, at the last run
	listing  []string                   // the files at the last run
	found    sync.Map                   // what names mean where: question → api.ResolveResult
	files    map[string]bool            // listing, to look up
	pages    map[string]*page           // by absolute file; nil for a file that loads no modules
	read     map[string][]byte          // what pages were read from
	idle     bool                       // no page loads modules
	classic  map[string]map[string]bool // by page: plain scripts → whether they are modules
	edited   []string                   // what may have changed since the last run, absolute; none means anything
	copies   sync.Map                   // of files that no URL names: path below the generated layer → file
	packages packages
	sheets   map[string]*sheet        // bundles of styles, by path below the generated layer
	imported *sheetCache              // sheets of Sass and Less that scripts import
	workers  map[string]*workerBundle // by path below the generated layer
	wished   sync.Map                 // workers that bundled files start: path below the generated layer → wish
	locals   sync.Map                 // stylesheets with local names: the bundler's name → path in the project
}

func newModulesStep(define map[string]string, compiler *sheets.Compiler) *modulesStep {
	return &modulesStep{
		define: define, imported: newSheetCache(compiler), modules: map[string]*module{}, commonJS: map[string][]byte{}, pages: map[string]*page{}, read: map[string][]byte{},
		classic: map[string]map[string]bool{},
	}
}

// Name returns "modules".
func (s *modulesStep) Name() string { return "modules" }

// Concerns is true for pages and, when one of them loads modules, for what modules are
// made of and what says how to read them.
func (s *modulesStep) Concerns(p string) bool {
	switch ext := path.Ext(p); {
	case ext == ".html" || ext == ".htm":
		return true
	case s.idle:
		return isScript(p) && len(s.classic) > 0
	}
	switch path.Ext(p) {
	case ".css", ".json", ".txt", ".yaml", ".yml":
		return true
	}
	return isScript(p) || isAsset(p) || isSheet(p) || isEnvFile(p)
}

func isScript(name string) bool {
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx":
		return !strings.HasSuffix(name, ".d.ts")
	}
	return false
}

// compiled reports whether a file was read as a module, and its mistakes told.
func (s *modulesStep) compiled(file string) bool { return s.reached[file] != nil }

// inputs lists everything that went into the last run beside the sources.
func (s *modulesStep) inputs() []string {
	files := slices.Collect(maps.Keys(s.packages.inputs))
	for _, made := range s.sheets {
		files = slices.AppendSeq(files, maps.Keys(made.files))
	}
	for _, made := range s.workers {
		files = slices.AppendSeq(files, maps.Keys(made.files))
	}
	for _, m := range s.reached {
		if m.inline == nil {
			files = append(files, m.file)
		}
		for _, f := range m.inlined {
			files = append(files, f.file)
		}
	}
	s.copies.Range(func(_, file any) bool {
		files = append(files, file.(string))
		return true
	})
	return files
}

// Run compiles what changed and emits everything.
func (s *modulesStep) Run(ctx context.Context, w *Work) error {
	w.sound = true // what a mistake is in stays as it was, file by file
	t := *w.tree
	t.made = w.made
	env, broken := t.env.read(t.dir, inDevelopment)
	if len(broken) == 0 || s.env == nil {
		s.env = env
	}
	r := &moduleRun{modulesStep: s, w: w, t: &t, defined: withDefines(environment(inDevelopment, "/", s.env), s.define)}
	r.forgetStale()
	pages, err := r.readPages()
	s.idle = len(pages) == 0
	if err != nil || s.idle {
		s.reached = nil
		return err
	}
	for _, d := range broken {
		w.Report(d)
	}
	if err := r.compileAll(ctx, pages); err != nil {
		return err
	}
	if err := r.bundlePackages(ctx); err != nil {
		return err
	}
	if err := r.bundleStyles(ctx, pages); err != nil {
		return err
	}
	if err := r.bundleWorkers(ctx); err != nil {
		return err
	}
	return r.emit(pages)
}

// moduleRun is one run of the step.
type moduleRun struct {
	*modulesStep
	w    *Work
	t    *tree
	live map[string]*module // what the pages reach, by file

	defined map[string]string // names in scripts → JavaScript expressions
}

// forgetStale marks what may be wrong since the last run: everything after a change of
// what is installed or configured; after files came or went what imports them, and what
// imports something that was not there.
func (r *moduleRun) forgetStale() {
	s := r.modulesStep
	if now := r.readSettings(); now != s.settings {
		s.settings, s.packages, s.sheets, s.workers = now, packages{}, nil, nil
		for _, m := range s.modules {
			m.stale = true
		}
		clear(s.commonJS)
		s.found.Clear()
		s.imported.forget()
		clear(s.pages)
	}
	for file, src := range s.commonJS {
		if now, err := r.load(file); err != nil || !bytes.Equal(now, src) {
			delete(s.commonJS, file)
		}
	}
	names, _ := r.w.Made()
	for i, name := range names {
		names[i] = rooted(r.t.tmp, name)
	}
	now := slices.Concat(r.w.files, names)
	for _, dir := range r.t.entryFolders() {
		files, _ := r.t.walk(dir) // what cannot be read nothing imports
		now = append(now, files...)
	}
	slices.Sort(now)
	now = slices.Compact(now)
	changed := difference(s.listing, now)
	s.listing = now
	if len(changed) == 0 {
		return
	}
	s.files = map[string]bool{}
	for _, file := range now {
		s.files[file] = true
	}
	s.found.Range(func(name, result any) bool {
		if !isInstalled(result.(api.ResolveResult).Path) {
			s.found.Delete(name)
		}
		return true
	})
	stems := map[string]bool{}
	for _, file := range changed {
		stems[stemOf(file)] = true
	}
	for _, m := range s.modules {
		m.stale = m.stale || m.incomplete || slices.ContainsFunc(m.links, func(l link) bool { return stems[stemOf(l.file)] })
	}
	clear(s.pages)
}

// readSettings returns what decides how modules are found and read, beside themselves.
func (r *moduleRun) readSettings() string {
	files := []string{"package.json", "tsconfig.json", "jsconfig.json"}
	var b strings.Builder
	for _, name := range ConfigFiles(r.t.dir) {
		text, _ := readSmall(filepath.Join(r.t.dir, name)) // most projects have not got all
		b.Write(text)
	}
	for _, file := range r.w.files {
		if slices.Contains(files, filepath.Base(file)) {
			text, _ := r.load(file)
			b.Write(text)
		}
	}
	b.WriteString(quoted(r.env))
	for _, name := range InstallRecords() {
		if info, err := os.Stat(filepath.Join(r.t.dir, name)); err == nil {
			fmt.Fprint(&b, name, info.Size(), info.ModTime())
		}
	}
	return b.String()
}

// ConfigFiles are the files, relative to the project at dir, that say how its scripts are
// found and read: those that are always looked for, and those that others may extend.
func ConfigFiles(dir string) []string {
	files := []string{"package.json", "jsconfig.json", "tsconfig.json"}
	more, _ := fs.Glob(os.DirFS(dir), "tsconfig.*.json") // the pattern is right
	return append(files, more...)
}

// InstallRecords are the files, relative to the project, that package managers write when
// they have installed something.
func InstallRecords() []string {
	return []string{"node_modules/.package-lock.json", "node_modules/.yarn-integrity", "node_modules/.yarn-state.yml", "node_modules/.modules.yaml"}
}

// isInstalled reports whether a package manager has put a file where it is.
func isInstalled(file string) bool {
	return strings.Contains(filepath.ToSlash(file), "/node_modules/")
}

// difference returns what is in one of two sorted lists only.
func difference(a, b []string) []string {
	var list []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			list, a = append(list, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			list, b = append(list, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return list
}

// stemOf is what an import may leave of a file's name: "x" of x.ts and of x/index.ts.
func stemOf(file string) string {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	return strings.TrimSuffix(name, string(filepath.Separator)+"index")
}

// readPages returns the documents that load modules, in the order of their names.
func (r *moduleRun) readPages() ([]*page, error) {
	var pages []*page
	for _, file := range r.w.Sources() {
		if ext := filepath.Ext(file); ext != ".html" && ext != ".htm" {
			continue
		}
		src, err := r.load(file)
		if err != nil {
			return nil, err
		}
		p, known := r.pages[file]
		if !known || !bytes.Equal(r.read[file], src) || r.haveTurned(file) {
			p = r.readPage(file, src)
			r.pages[file], r.read[file] = p, src
		}
		if p != nil {
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// readPage returns nil for a file that loads no modules.
func (r *moduleRun) readPage(file string, src []byte) *page {
	if !isPage(src) || !moduleScript.Match(src) && len(r.t.entries) == 0 && !r.t.promote {
		return nil
	}
	filled := r.t.withEntry(file, src)
	if r.t.takesEnv(filled) {
		filled = fillEnv(filled, inDevelopment, "/", r.env)
	}
	p, found := r.t.readPage(file, htmlscan.Scan(filled))
	p.filled = !bytes.Equal(src, filled)
	for _, d := range found {
		if d.Severity == diag.Error { // of images that are not there the browser tells
			p.found = append(p.found, d)
		}
	}
	r.classic[file] = r.classicOf(p)
	p.refs = slices.DeleteFunc(p.refs, func(m ref) bool {
		return m.kind != refInlineModule && (m.kind != refModule || isForeign(m.url))
	})
	if len(p.refs) == 0 {
		return nil
	}
	return p
}

// classicOf lists the plain scripts of a page that could be modules, and whether they are.
func (r *moduleRun) classicOf(p *page) map[string]bool {
	found := map[string]bool{}
	for _, m := range p.refs {
		if r.t.promote && m.file != "" && !inPackages(m.file) && (m.kind == refScript || m.promoted) {
			found[m.file] = m.kind == refModule
		}
	}
	return found
}

// haveTurned reports whether a plain script of a page has become a module, or is none any
// more.
func (r *moduleRun) haveTurned(page string) bool {
	for file, was := range r.classic[page] {
		edited := len(r.edited) == 0 || slices.Contains(r.edited, file)
		if edited && r.t.isModule(file) != was && r.t.isFile(file) {
			return true
		}
	}
	return false
}

// forget notes what may have changed; see rememberer.
func (s *modulesStep) forget(paths []string) { s.edited = paths }

// load returns the content of a file, as the steps before have left it.
func (r *moduleRun) load(file string) ([]byte, error) {
	for _, root := range []string{r.t.tmp, r.t.src} {
		if rel, err := filepath.Rel(root, file); err == nil {
			if data, ok := r.w.made[filepath.ToSlash(rel)]; ok {
				return data, nil
			}
		}
	}
	return r.w.Read(file)
}

// memory has the sources that lie on disk otherwise than they count.
func (r *moduleRun) memory(file string) ([]byte, bool) {
	if !r.files[file] {
		return nil, false
	}
	data, err := r.load(file)
	return data, err == nil
}

// emit makes the twins, the packages, the styles and the pages.
func (r *moduleRun) emit(pages []*page) error {
	for _, file := range slices.Sorted(maps.Keys(r.live)) {
		m := r.live[file]
		for _, d := range m.found {
			r.w.Report(d)
		}
		if m.inline == nil && m.code != nil && !m.asIs {
			r.w.Emit(r.t.url(file), m.code)
		}
	}
	r.copies.Range(func(name, file any) bool {
		if data, err := r.load(file.(string)); err == nil {
			r.w.Emit(name.(string), data)
		}
		return true
	})
	maps.Copy(r.w.out, r.packages.out)
	for _, d := range r.packages.found {
		r.w.Report(d)
	}
	r.emitStyles()
	r.emitWorkers()
	for _, p := range pages {
		for _, d := range p.found {
			r.w.Report(d)
		}
		if out, changed := r.rewrite(p); changed {
			r.w.Emit(p.out, out)
		}
	}
	return nil
}

// rewrite returns a page with links to the styles that its scripts import, and with
// scripts inside it compiled.
func (r *moduleRun) rewrite(p *page) (out []byte, changed bool) {
	var edits htmlscan.Edits
	if sheets := r.linksOf(p); len(sheets) > 0 {
		var links strings.Builder
		for _, name := range sheets {
			fmt.Fprintf(&links, `<link rel="stylesheet" href="/%s">`, name)
		}
		at := p.refs[0].tag.Span.Start
		edits.Replace(htmlscan.Span{Start: at, End: at}, links.String())
		changed = true
	}
	for _, m := range p.refs {
		switch compiled := r.live[r.keyOf(p, m)]; {
		case compiled == nil || compiled.code == nil:
		case m.kind == refInlineModule && !compiled.asIs:
			edits.Replace(m.tag.Content, "\n"+withoutMap(compiled.code))
			changed = true
		case m.kind == refModule && p.urlPath(bare(m.url)) != r.t.url(m.file):
			edits.SetAttr(m.tag, m.attr, "/"+r.t.url(m.file)+m.tail)
			changed = true
		}
		if m.promoted {
			edits.SetAttr(m.tag, "type", "module")
			changed = true
		}
	}
	return edits.Apply(p.doc.Src), changed || p.filled
}

// withoutMap cuts off the source map: in a page it would speak of the wrong lines.
func withoutMap(code []byte) string {
	text, _, _ := strings.Cut(string(code), "//# sourceMappingURL=")
	return text
}

func bare(url string) string {
	name, _ := splitTail(url)
	return name
}

// report adds a mistake unless it is told already.
func report(list diag.List, d diag.Diagnostic) diag.List {
	if slices.Contains(list, d) {
		return list
	}
	return append(list, d)
}
