package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// module is one script as browsers get it.
type module struct {
	file    string              // absolute; of an inline script its page
	inline  *inlineModule       // of a script inside a page
	src     []byte              // what it was made of
	code    []byte              // for browsers; nil as long as it never compiled
	asIs    bool                // browsers take src itself
	links   []link              // what it imports, in order
	names   map[string][]string // what it imports by name from packages, by their URL
	inlined []inlinedFile       // what became a part of it
	found   diag.List           // what is wrong with it
	// incomplete: something it imports was not there, and may appear.
	incomplete bool
	stale      bool // what it imports may be others now
	requires   bool // it asks for others as CommonJS does
}

// link is one import of a module.
type link struct {
	kind importKind
	file string // absolute
}

type importKind int

const (
	linkScript  importKind = iota // a module of its own
	linkPackage                   // something that is bundled
	linkSheet                     // a stylesheet
	linkNames                     // a stylesheet whose class names are imported
	linkWorker                    // a script that runs for itself and is no module
)

// inlinedFile is data that was compiled into a module.
type inlinedFile struct {
	file string
	src  []byte
}

// keyOf names the module that a reference of a page starts; "" is none of ours.
func (r *moduleRun) keyOf(p *page, m ref) string {
	if m.kind == refInlineModule {
		return inlineSpace + ":" + inlineName(r.t, p, m)
	}
	return m.file
}

// compileAll compiles what the pages reach, level by level: what one level imports is
// the next one. A source that turns out to be no ES module changes what imports it, so
// that all begins again.
func (r *moduleRun) compileAll(ctx context.Context, pages []*page) error {
	if err := r.compileAhead(ctx, pages); err != nil {
		return err
	}
	for again := true; again; {
		again = false
		r.live = map[string]*module{}
		level := r.entries(pages)
		for len(level) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			next, known, err := r.compileLevel(ctx, level, pages)
			if err != nil {
				return err
			}
			again = again || known
			level = next
		}
	}
	r.reached = r.live
	return nil
}

// importedName matches what a script seems to import. It is only a guess: a comment may
// look the same, and an import of types alone is none.
var importedName = regexp.MustCompile(`\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]`)

// compileAhead compiles at once what the pages seem to reach and was never compiled. Going
// by what compiled modules import, there would be as many calls of the bundler as modules
// stand one behind the other. Only what is reached then is served, and its mistakes told.
func (r *moduleRun) compileAhead(ctx context.Context, pages []*page) error {
	r.live = map[string]*module{}
	queue, seen := r.entries(pages), map[string]bool{}
	var fresh []*module
	for len(queue) > 0 {
		m := queue[0]
		queue = queue[1:]
		next := func(file string) {
			if !seen[file] && isScript(file) {
				seen[file] = true
				queue = append(queue, &module{file: file})
			}
		}
		if old := r.modules[m.file]; old != nil {
			for _, l := range old.links {
				if l.kind == linkScript {
					next(l.file)
				}
			}
			continue
		}
		if r.source(m) != nil {
			continue // whoever imports it will say so
		}
		fresh = append(fresh, m)
		dir := filepath.Dir(m.file)
		if m.inline != nil {
			dir = m.inline.dir
		}
		for _, found := range importedName.FindAllSubmatch(m.src, -1) {
			if file, ok := r.beside(dir, string(found[1])); ok {
				next(file)
			}
		}
	}
	if len(fresh) <= len(r.live) {
		return ctx.Err() // nothing stands behind the entries
	}
	if _, err := r.compile(ctx, fresh, pages); err != nil {
		return err
	}
	for _, m := range fresh {
		r.modules[m.file] = m
	}
	return ctx.Err()
}

// entries are the modules with which pages begin.
func (r *moduleRun) entries(pages []*page) []*module {
	var list []*module
	for _, p := range pages {
		dir := filepath.Join(r.t.src, filepath.FromSlash(p.base))
		for _, m := range p.refs {
			key := r.keyOf(p, m)
			if key == "" || r.live[key] != nil {
				continue
			}
			entry := &module{file: key}
			if m.kind == refInlineModule {
				entry.inline = &inlineModule{code: m.tag.Content.Text(p.doc.Src), dir: dir}
			}
			r.live[key] = entry
			list = append(list, entry)
		}
	}
	return list
}

// compileLevel compiles modules, unless they are as they were, and returns those that
// they import. again says that a source is no ES module, which was not known before.
func (r *moduleRun) compileLevel(ctx context.Context, level []*module, pages []*page) (next []*module, again bool, err error) {
	var stale []*module
	for _, m := range level {
		if err := r.source(m); err != nil {
			m.keep(r.modules[m.file])
			if !errors.Is(err, fs.ErrNotExist) { // else what imports it is wrong, and says so
				m.found = diag.List{{Severity: diag.Error, Source: "scripts", Path: r.t.rel(m.file), Message: err.Error()}}
			}
			continue
		}
		if r.commonJS[m.file] != nil { // a page begins with it
			m.links = []link{{linkPackage, m.file}}
			m.code = fmt.Appendf(nil, "import %q;\n", "/"+r.t.packageName(m.file))
			continue
		}
		if old := r.modules[m.file]; old != nil && r.same(old, m) {
			*m = *old
			continue
		}
		stale = append(stale, m)
	}
	if again, err = r.compile(ctx, stale, pages); err != nil {
		return nil, false, err
	}
	for _, m := range level {
		r.modules[m.file] = m
		for _, l := range m.links {
			if l.kind == linkScript && r.live[l.file] == nil {
				r.live[l.file] = &module{file: l.file}
				next = append(next, r.live[l.file])
			}
		}
	}
	return next, again, nil
}

// source reads what a module is made of now.
func (r *moduleRun) source(m *module) (err error) {
	if m.inline != nil {
		m.src = []byte(m.inline.code)
		return nil
	}
	m.src, err = r.load(m.file)
	return err
}

// same reports whether a module is still what it was compiled from.
func (r *moduleRun) same(old, now *module) bool {
	if old.stale || !bytes.Equal(old.src, now.src) || slices.ContainsFunc(old.links, r.turned) {
		return false
	}
	return !slices.ContainsFunc(old.inlined, func(f inlinedFile) bool {
		src, err := r.load(f.file)
		return err != nil || !bytes.Equal(src, f.src)
	})
}

// turned reports whether a source that a module imports has become an ES module, or is
// none any more.
func (r *moduleRun) turned(l link) bool {
	bundled := r.commonJS[l.file] != nil
	return l.kind == linkScript && bundled || l.kind == linkPackage && !bundled && r.isSource(l.file)
}

// compile makes the code of modules. One with a mistake keeps the code it had, and does
// not keep the others from theirs.
func (r *moduleRun) compile(ctx context.Context, list []*module, pages []*page) (again bool, err error) {
	for part := range slices.Chunk(list, batch) {
		news, err := r.compileBatch(ctx, part, pages)
		if err != nil {
			return false, err
		}
		again = again || news
	}
	return again, nil
}

// batch bounds how many modules the bundler holds in memory at once; many in one call
// share its work, and it keeps all processors busy with some.
const batch = 64

func (r *moduleRun) compileBatch(ctx context.Context, list []*module, pages []*page) (again bool, err error) {
	list = slices.Clone(list)
	for len(list) > 0 {
		c := &compiler{moduleRun: r, pages: pages, byPath: map[string]*module{}}
		result, err := c.build(ctx, list)
		if err != nil {
			return false, err
		}
		broken := c.blame(result, list)
		if len(broken) == 0 {
			return c.take(result, list)
		}
		for _, m := range broken {
			m.keep(r.modules[m.file])
		}
		list = slices.DeleteFunc(list, func(m *module) bool { return slices.Contains(broken, m) })
	}
	return false, nil
}

// keep gives a module with a mistake what it was before: browsers get that.
func (m *module) keep(old *module) {
	m.asIs, m.links = false, nil // what browsers would take is what is wrong
	if old == nil {
		return
	}
	m.code, m.links, m.names = old.code, old.links, old.names
	if old.asIs {
		m.code = old.src
	}
}

// compiler is one call of the bundler, which bundles nothing here: each module is an
// entry point, and what it imports is named and left outside.
type compiler struct {
	*moduleRun
	pages  []*page
	byPath map[string]*module // by the bundler's name

	mu sync.Mutex // guards what resolving notes in modules
}

func (c *compiler) build(ctx context.Context, list []*module) (api.BuildResult, error) {
	opts := c.esbuildOptions()
	opts.TreeShaking, opts.Sourcemap = api.TreeShakingFalse, api.SourceMapInline
	opts.Outdir, opts.Metafile = c.t.tmp, true
	opts.Plugins = []api.Plugin{c.plugin(ctx)}
	opts.Define = maps.Clone(c.defined)
	for i, m := range list {
		m.links, m.inlined, m.incomplete, m.requires, m.stale = nil, nil, false, false, false
		m.asIs = isPlain(m.file) && !c.mentionsDefines(m.src) && (m.inline != nil || c.isServed(m.file))
		withUses(opts.Define, metaEnv(inDevelopment, "/", c.env), m.src)
		m.found = messenger{tree: c.t}.messages(viteOnly(c.inputName(m), m.src), nil)
		c.byPath[m.file] = m
		// The name leads to the sources as the twin's own would; the number tells them apart.
		name := path.Join(path.Dir(c.nameOf(m)), strconv.Itoa(i))
		opts.EntryPointsAdvanced = append(opts.EntryPointsAdvanced, api.EntryPoint{InputPath: m.file, OutputPath: name})
	}
	return api.Build(opts), nil
}

// nameOf is the path of a module below the generated layer.
func (r *moduleRun) nameOf(m *module) string {
	if m.inline != nil {
		return strings.TrimPrefix(m.file, inlineSpace+":")
	}
	return r.t.url(m.file)
}

// isPlain reports whether browsers know the language of a file.
func isPlain(file string) bool {
	ext := path.Ext(file)
	return strings.HasPrefix(file, inlineSpace+":") || ext == ".js" || ext == ".mjs"
}

// mentionsDefines reports whether one of the names that are replaced may be in a script.
func (r *moduleRun) mentionsDefines(src []byte) bool {
	for name := range r.defined {
		if bytes.Contains(src, []byte(name)) {
			return true
		}
	}
	return bytes.Contains(src, []byte(metaEnvName))
}

// esbuildOptions are the settings that modules, packages and their styles share.
func (r *moduleRun) esbuildOptions() api.BuildOptions {
	jsx, source := r.t.jsx()
	return api.BuildOptions{
		AbsWorkingDir: r.t.dir, Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser,
		Target: api.ES2024, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsInline,
		LogLevel: api.LogLevelSilent, LogLimit: maxMessages, Define: r.defined, Loader: moduleLoaders(),
		JSX: jsx, JSXImportSource: source, Alias: r.t.alias,
	}
}

// blame gives the errors of a build to the modules they are in.
func (c *compiler) blame(result api.BuildResult, list []*module) []*module {
	if len(result.Errors) == 0 {
		return nil
	}
	var broken []*module
	messages := messenger{tree: c.t, pages: c.pages}
	for _, e := range result.Errors {
		owners := c.owners(e, list)
		d := messages.message(e, diag.Error)
		for _, m := range owners {
			m.found = report(m.found, d)
			if !slices.Contains(broken, m) {
				broken = append(broken, m)
			}
		}
	}
	return broken
}

// owners returns the modules that a message is about: the one it names, those that the
// file it names is a part of, or all.
func (c *compiler) owners(e api.Message, list []*module) []*module {
	if e.Location == nil {
		return list
	}
	file := e.Location.File
	if !strings.HasPrefix(file, inlineSpace+":") {
		file = filepath.Join(c.t.dir, filepath.FromSlash(file))
	}
	if m := c.byPath[file]; m != nil {
		return []*module{m}
	}
	var owners []*module
	for _, m := range list {
		if slices.ContainsFunc(m.inlined, func(f inlinedFile) bool { return f.file == file }) {
			owners = append(owners, m)
		}
	}
	if len(owners) == 0 {
		return list
	}
	return owners
}

// take hands the output of a build to its modules.
func (c *compiler) take(result api.BuildResult, list []*module) (again bool, err error) {
	var meta struct {
		Inputs map[string]struct {
			Format string `json:"format"`
		} `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return false, fmt.Errorf("read the bundler's metafile: %w", err)
	}
	code := map[string][]byte{}
	for _, f := range result.OutputFiles {
		code[f.Path] = f.Contents
	}
	messages := messenger{tree: c.t, pages: c.pages}
	for _, w := range result.Warnings {
		for _, m := range c.owners(w, list) {
			m.found = report(m.found, messages.message(w, diag.Warning))
		}
	}
	for i, m := range list {
		out := path.Join(path.Dir(c.nameOf(m)), strconv.Itoa(i)) + ".js"
		m.code = code[rooted(c.t.tmp, out)]
		if m.asIs && mayBeJSX(m.src) && !isJavaScript(m) {
			m.asIs = false
		}
		if m.inline == nil && (m.requires || meta.Inputs[c.inputName(m)].Format == "cjs") {
			c.commonJS[m.file], again = m.src, true
		}
		m.names = importedNames(m.code)
		c.readInlined(m)
		c.followURLs(m)
	}
	return again, nil
}

// inputName is the bundler's name of a module in its report.
func (c *compiler) inputName(m *module) string {
	if m.inline != nil {
		return m.file
	}
	return c.t.rel(m.file)
}

// followURLs links a module to the scripts that it starts by their URL: workers.
func (c *compiler) followURLs(m *module) {
	for _, found := range metaURL.FindAllSubmatchIndex(m.src, -1) {
		file, ok := c.t.find(c.asksFor(m, string(m.src[found[2]:found[3]])))
		switch {
		case !ok || !isScript(file):
		case isClassicWorker(m.src, found):
			m.links = append(m.links, link{linkWorker, file})
		default:
			m.links = append(m.links, link{linkScript, file})
		}
	}
}

func (c *compiler) readInlined(m *module) {
	for i, f := range m.inlined {
		m.inlined[i].src, _ = c.load(f.file) // gone again: the next run sees that
	}
}

// mayBeJSX looks for what every JSX element has; strings with HTML have it too.
func mayBeJSX(src []byte) bool {
	return bytes.Contains(src, []byte("</")) || bytes.Contains(src, []byte("/>"))
}

// isJavaScript reports whether a script parses without JSX.
func isJavaScript(m *module) bool {
	result := api.Transform(string(m.src), api.TransformOptions{Loader: api.LoaderJS, LogLevel: api.LogLevelSilent})
	return len(result.Errors) == 0
}
