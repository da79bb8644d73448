package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// Options says which project a [Pipeline] works on.
type Options struct {
	Dir    string  // the project; required
	Layout *Layout // of the project; nil = what Detect says
	Src    string  // folder of the sources, relative to Dir; "" = as in the layout
	Public string  // folder of files that are served as they are; "" = as in the layout, else "public"
	Tmp    string  // the generated layer, relative to Dir; "" = ".tmp"
	Out    string  // the output folder of Build, which holds no sources; "" = "dist"

	Define   map[string]string // names in module scripts → JavaScript expressions that replace them
	Settings *Settings         // a module made of a JSON file; nil = none
	Tasks    []Task            // commands of the project's own, run first, in this order
	// Foreign says that another server makes the pages of the sources: what their scripts
	// import is its business.
	Foreign bool
	// ServerPaths are URL path prefixes ("/api/") that back-ends answer, as for Build.
	ServerPaths []string
	Log         *slog.Logger // nil = discard
}

// Result is what a run has changed.
type Result struct {
	// Changed are the files whose served bytes may differ now: absolute, sorted, each
	// once. A source that the generated layer shadows is not among them, the generated
	// file is, if its bytes are others than before.
	Changed []string
	// Diagnostics are all mistakes that are in the project now, not only new ones.
	Diagnostics diag.List
}

// Pipeline keeps the generated layer of a project right. Its methods may be called
// concurrently; runs follow one another.
type Pipeline struct {
	sheets  *sheets.Compiler
	modules *modulesStep
	tree    *tree
	given   string // the project as the caller calls it; links on the way to it are kept
	tmp     string
	log     *slog.Logger
	about   diag.List  // mistakes in a gulpfile that is not carried out
	mu      sync.Mutex // guards what follows; held for a whole run
	steps   []Step     // empty for a project that needs no work
	ran     []ranStep  // as long as steps
	cache   *contents
	disk    map[string][]byte    // what was written to the generated layer
	gone    map[string]bool      // what was removed from it
	wrong   map[string]diag.List // syntax errors by absolute source file
	good    map[string][]byte    // what sources held before a mistake; only of those that were edited
}

// New looks at the project; it reads and writes no source yet. It returns a [diag.List]
// when Dir is no folder. The caller closes the pipeline.
func New(opts Options) (*Pipeline, error) {
	layout, err := layoutOf(opts.Dir, opts.Layout, opts.Src, opts.Public)
	if err != nil {
		return nil, err
	}
	tmp := orDefault(opts.Tmp, ".tmp")
	t, err := newTree(opts.Dir, layout, tmp, orDefault(opts.Out, "dist"))
	if err != nil {
		return nil, err
	}
	given, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the project folder: %w", err)
	}
	t.tasks = len(opts.Tasks) > 0
	compiler := sheets.New(t.dir, orDiscard(opts.Log))
	t.server = serverPaths(opts.ServerPaths)
	modules := newModulesStep(opts.Define, compiler)
	steps := slices.Concat(hookSteps(opts.Settings, opts.Tasks), stepsFor(layout, t, opts.Tasks, compiler, orDiscard(opts.Log)))
	if !opts.Foreign {
		steps = append(steps, modules)
	}
	return &Pipeline{
		about: layout.mistakes(), sheets: compiler, modules: modules,
		tree: t, given: given, tmp: absIn(t.dir, tmp), log: orDiscard(opts.Log), steps: steps,
		ran: make([]ranStep, len(steps)), cache: newContents(), disk: map[string][]byte{}, gone: map[string]bool{}, wrong: map[string]diag.List{}, good: map[string][]byte{},
	}, nil
}

// Folders lists the folders, absolute and sorted, of files beside the sources that went
// into the last run and that no package manager has put there: linked packages, and what
// scripts and sheets import from elsewhere in the project.
func (p *Pipeline) Folders() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	dirs, roots := map[string]bool{}, p.tree.roots()
	for _, s := range p.steps {
		g, ok := s.(gatherer)
		if !ok {
			continue
		}
		for _, file := range g.inputs() {
			inRoots := slices.ContainsFunc(roots, func(root string) bool { return within(file, root) })
			if !inRoots && !inPackages(file) && !within(file, p.tmp) {
				dirs[filepath.Dir(file)] = true
			}
		}
	}
	return p.called(slices.Sorted(maps.Keys(dirs)))
}

// inPackages reports whether a file lies where package managers put files.
func inPackages(file string) bool {
	return slices.ContainsFunc(packageDirs[:], func(name string) bool {
		return strings.Contains(filepath.ToSlash(file), "/"+name+"/")
	})
}

// Close ends what the pipeline keeps running: the compilers of stylesheets. A run that
// compiles one fails.
func (p *Pipeline) Close() error { return p.sheets.Close() }

// Start makes the generated layer anew and removes from it what would hide a source. Of
// a project that needs no work only the pages are read.
func (p *Pipeline) Start(ctx context.Context) (Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cache.forget(nil)
	p.tell(nil)
	if err := p.sweep(); err != nil {
		return Result{}, err
	}
	made, err := runSteps(ctx, p.tree, p.cache, p.steps, p.ran, func(Step) bool { return ctx.Err() == nil })
	if err := errors.Join(err, ctx.Err()); err != nil {
		return Result{}, err
	}
	changed, err := p.write(made)
	if err != nil {
		return Result{}, err
	}
	if err := p.readReferenced(); err != nil {
		return Result{}, err
	}
	return Result{Changed: p.called(changed), Diagnostics: p.diagnostics()}, nil
}

// Rebuild redoes what a batch of changed files concerns: absolute paths, or paths
// relative to the project; files may have appeared, changed or gone. An empty batch
// means that anything may have changed.
func (p *Pipeline) Rebuild(ctx context.Context, changed []string) (Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	paths, foreign := p.sort(changed)
	if len(changed) > 0 && len(paths) == 0 {
		return Result{Changed: p.called(foreign), Diagnostics: p.diagnostics()}, ctx.Err()
	}
	p.remember(paths)
	everything := p.cache.forget(paths)
	p.tell(paths)
	made, err := runSteps(ctx, p.tree, p.cache, p.steps, p.ran, func(s Step) bool {
		return ctx.Err() == nil && (everything || slices.ContainsFunc(paths, func(f string) bool { return s.Concerns(p.tree.rel(f)) }))
	})
	if err := errors.Join(err, ctx.Err()); err != nil {
		return Result{}, err
	}
	p.checkSyntax(paths)
	p.keepGood(made)
	written, err := p.write(made)
	if err != nil {
		return Result{}, err
	}
	all := slices.Concat(written, foreign, p.served(paths, made))
	slices.Sort(all)
	return Result{Changed: p.called(slices.Compact(all)), Diagnostics: p.diagnostics()}, nil
}

// tell lets steps know what may have changed that remember more than contents.
func (p *Pipeline) tell(paths []string) {
	for _, s := range p.steps {
		if r, ok := s.(rememberer); ok {
			r.forget(paths)
		}
	}
}

// sort tells sources from files of the generated layer that somebody else has written,
// the project's own tools for instance. What was written or removed here is nobody's change.
func (p *Pipeline) sort(changed []string) (paths, foreign []string) {
	for _, c := range changed {
		abs := p.abs(c)
		name, err := filepath.Rel(p.tmp, abs)
		if err != nil || !filepath.IsLocal(name) {
			paths = append(paths, abs)
			continue
		}
		now, err := os.ReadFile(abs)
		if ours, ok := p.disk[filepath.ToSlash(name)]; ok && err == nil && bytes.Equal(now, ours) {
			continue
		}
		if p.gone[filepath.ToSlash(name)] && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if !isDir(abs) {
			foreign = append(foreign, abs)
		}
	}
	return paths, foreign
}

// abs makes a path absolute, below the project folder as the tree knows it: the way to
// the project may lead over links; links inside it keep their names, as in URLs.
func (p *Pipeline) abs(file string) string {
	if rel, err := filepath.Rel(p.given, file); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(p.tree.dir, rel)
	}
	return absIn(p.tree.dir, file)
}

// called returns the paths as the caller calls them.
func (p *Pipeline) called(paths []string) []string {
	for i, path := range paths {
		if rel, err := filepath.Rel(p.tree.dir, path); err == nil && filepath.IsLocal(rel) {
			paths[i] = filepath.Join(p.given, rel)
		}
	}
	return paths
}

// served returns those of the paths that browsers load as they are.
func (p *Pipeline) served(paths []string, made map[string][]byte) []string {
	var out []string
	for _, file := range paths {
		inSrc := slices.ContainsFunc(p.tree.roots(), func(root string) bool { return within(file, root) })
		if _, shadowed := made[p.tree.url(file)]; inSrc && !shadowed && !p.ignored(file) {
			out = append(out, file)
		}
	}
	return out
}

// ignored reports whether a file below the sources is no source all the same.
func (p *Pipeline) ignored(file string) bool {
	for dir := file; within(dir, p.tree.dir) && dir != p.tree.dir; dir = filepath.Dir(dir) {
		if p.tree.enter(dir, filepath.Base(dir)) != nil {
			return true
		}
	}
	return false
}

// write brings the generated layer to what was made and returns the files that differ.
func (p *Pipeline) write(made map[string][]byte) ([]string, error) {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if old, ok := p.disk[name]; ok && bytes.Equal(old, made[name]) {
			continue
		}
		file := rooted(p.tmp, name)
		if err := p.writeFile(file, made[name]); err != nil {
			return nil, err
		}
		p.disk[name] = made[name]
		delete(p.gone, name)
		changed = append(changed, file)
	}
	for name := range p.disk {
		if _, ok := made[name]; ok {
			continue
		}
		if err := os.Remove(rooted(p.tmp, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("remove a generated file: %w", err)
		}
		p.removeEmpty(filepath.Dir(rooted(p.tmp, name)))
		delete(p.disk, name)
		p.gone[name] = true
		changed = append(changed, rooted(p.tmp, name))
	}
	return changed, nil
}

// removeEmpty removes a folder of the generated layer, and those above it, while nothing
// is in them.
func (p *Pipeline) removeEmpty(dir string) {
	for within(dir, p.tmp) && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
	}
}

func (p *Pipeline) writeFile(file string, data []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := p.makeLayer(); err != nil {
		return fmt.Errorf("make the generated layer: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the generated layer: %w", err)
	}
	if err := atomicfile.Write(file, data, 0o644); err != nil {
		return fmt.Errorf("make the generated layer: %w", err)
	}
	return nil
}

// makeLayer makes the folder of the generated layer. In a git work tree, one that was not
// there gets a .gitignore of its own: not every project says that it is no source.
func (p *Pipeline) makeLayer() error {
	if exists(p.tmp) || !inWorkTree(p.tree.dir) {
		return nil
	}
	if err := os.MkdirAll(p.tmp, 0o755); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(p.tmp, ".gitignore"), []byte("*\n"), 0o644)
}

// inWorkTree reports whether git looks after a folder.
func inWorkTree(dir string) bool {
	for {
		if exists(filepath.Join(dir, ".git")) {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// sweep removes from the generated layer what would hide a source: copies that another
// tool, or this one, made once; the steps make theirs anew. Anything else there comes
// from the project's own commands and stays.
func (p *Pipeline) sweep() error {
	err := filepath.WalkDir(p.tmp, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(p.tmp, file)
		if err != nil {
			return err
		}
		if rel == ".gitignore" || !exists(filepath.Join(p.tree.src, rel)) {
			return nil
		}
		p.log.Debug("removed an old copy of a source: "+rel, "event", "pipeline.swept")
		return os.Remove(file)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clean the generated layer: %w", err)
	}
	return nil
}

// diagnostics joins what the steps and the syntax check found, by place, each once.
func (p *Pipeline) diagnostics() diag.List {
	all := slices.Clone(p.about)
	for _, r := range p.ran {
		all = append(all, r.found...)
	}
	for _, file := range slices.Sorted(maps.Keys(p.wrong)) {
		all = append(all, p.wrong[file]...)
	}
	slices.SortStableFunc(all, func(a, b diag.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(all)
}
