package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// BuildOptions says what Build makes of which project. The zero value of every field but
// Dir is useful.
type BuildOptions struct {
	Dir    string  // the project; required
	Layout *Layout // of the project; nil = what Detect says
	Src    string  // folder of the sources, relative to Dir; "" = as in the layout
	Public string  // folder of files that are copied as they are; "" = as in the layout, else "public"
	Out    string  // the output folder, relative to Dir; "" = "dist"
	Tmp    string  // the generated layer of development, never read; "" = ".tmp"

	Base      string            // URL path the site is served under; "" = "/"; "./" = relative
	Target    string            // "es2019", "chrome100,safari15" or both; "" = es2020 and browsers since 2020
	Define    map[string]string // names in scripts → JavaScript expressions that replace them
	NoMinify  bool              // keep names and white space
	SourceMap bool              // write .map files and point to them
	Integrity bool              // add integrity="sha384-…" to scripts and styles
	NoGzip    bool              // write no .gz siblings
	NoBrotli  bool              // write no .br siblings
	Zstd      bool              // write .zst siblings as well
	Force     bool              // replace an output folder that holds what Build did not make
	Analyze   bool              // say in the report what each file is made of
	Budgets   []Budget          // limits that fail the build

	// Task is the task of the project's gulpfile that makes the output; "" = the one that
	// package.json or its name tells, NoTask = none: our own steps make it.
	Task string

	Settings *Settings // a module made of a JSON file; nil = none
	Tasks    []Task    // commands of the project's own, run first, in this order

	// ServerPaths are URL path prefixes ("/api/") that back-ends answer: a reference to
	// them is kept without a word. "/socket.io/" always is one.
	ServerPaths []string
	// Progress is called, never concurrently, when a stage begins; nil = nobody looks.
	Progress func(stage string)
	Log      *slog.Logger // nil = discard
}

// Build makes the output folder of the project and says what it holds.
//
// Mistakes in the user's files, an unusable Out and exceeded budgets come back as a
// [diag.List]; warnings are in the report. On any error, and when ctx ends, the output
// folder is what it was before. Two builds of one project may run at once: the last to
// finish wins.
func Build(ctx context.Context, opts BuildOptions) (*Report, error) {
	started := time.Now()
	b, err := newBuilder(opts)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.make(ctx), b.sheets.Close()); err != nil {
		return nil, err
	}
	b.stage("compress")
	files, err := b.compress(ctx)
	if err != nil {
		return nil, err
	}
	report := b.report(files)
	if err := b.overBudget(report).Err(); err != nil {
		return nil, err
	}
	b.stage("write")
	if err := b.publish(ctx, files); err != nil {
		return nil, err
	}
	report.Duration = time.Since(started)
	return report, nil
}

// builder is one build: what it reads, and what it has made so far.
type builder struct {
	opts   BuildOptions
	layout Layout
	tree   *tree
	out    string // absolute
	log    *slog.Logger
	sheets *sheets.Compiler
	sink   *sink
	pages  []*page
	found  diag.List
	groups []*group          // the files that build blocks ask for
	parts  map[string][]Part // with Analyze: what output files are made of
	before map[string]entry  // the last build's manifest
	env    map[string]string // the author's own values that scripts may see
	// envUsers are the scripts that ask for import.meta.env.
	envUsers [][]byte
	hooks    []Step    // of the project's own configuration, which run before all else
	ran      []ranStep // what they gave
	task     string    // of the project, which has made the output; "" = our steps have
}

func newBuilder(opts BuildOptions) (*builder, error) {
	opts.Out, opts.Tmp = orDefault(opts.Out, "dist"), orDefault(opts.Tmp, ".tmp")
	opts.Base = orDefault(opts.Base, "/")
	opts.Log = orDiscard(opts.Log)
	layout, err := layoutOf(opts.Dir, opts.Layout, opts.Src, opts.Public)
	if err != nil {
		return nil, err
	}
	// With --out elsewhere, what an earlier build made is no source either.
	t, err := newTree(opts.Dir, layout, opts.Tmp, opts.Out, orDefault(layout.Dist, "dist"))
	if err != nil {
		return nil, err
	}
	t.tasks = len(opts.Tasks) > 0
	t.server = serverPaths(opts.ServerPaths)
	b := &builder{opts: opts, layout: layout, tree: t, out: absIn(t.dir, opts.Out), log: opts.Log, sheets: sheets.New(t.dir, opts.Log), sink: newSink(), parts: map[string][]Part{}}
	t.built = b.sink.has
	b.env, b.found = layout.env.read(t.dir, inProduction)
	if err := b.checkOut(); err != nil {
		return nil, err
	}
	b.before = readManifest(b.out)
	return b, nil
}

// serverPaths are the prefixes of the paths that no file answers.
func serverPaths(own []string) []string {
	return append([]string{"/socket.io/", "/__realtimectl/"}, own...)
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

func (b *builder) stage(name string) {
	if b.opts.Progress != nil {
		b.opts.Progress(name)
	}
}

// make fills the sink: every file of the output, uncompressed.
func (b *builder) make(ctx context.Context) error {
	b.stage("read")
	if err := b.runHooks(ctx); err != nil {
		return err
	}
	if done, err := b.carryOut(ctx); done || err != nil {
		return err
	}
	files, err := b.readSources(ctx)
	if err != nil {
		return err
	}
	b.stage("bundle")
	bundles, err := b.bundle(ctx)
	if err != nil {
		return err
	}
	if err := b.classicScripts(ctx); err != nil {
		return err
	}
	b.stage("pages")
	if err := b.writePages(bundles); err != nil {
		return err
	}
	if err := b.copyRest(ctx, files); err != nil {
		return err
	}
	return errors.Join(ctx.Err(), b.found.Err())
}

// readSources runs the steps of development, in memory, carries out the pages' build
// blocks and reads what the pages then refer to. It returns the sources.
func (b *builder) readSources(ctx context.Context) ([]string, error) {
	if err := b.generate(ctx); err != nil {
		return nil, err
	}
	files, err := b.tree.sources()
	if err != nil {
		return nil, err
	}
	docs, err := b.documents(files)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, diag.List{{
			Severity: diag.Error, Source: "build", Path: b.tree.rel(b.tree.src),
			Message: "there is no page to build: no .html file with <!doctype html> or <html>",
			Hint:    "put an index.html there, or name the folder that has one with paths.src",
		}}
	}
	b.stage("assemble")
	assembled, err := b.assemble(ctx, docs)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		doc := d.doc
		if src, ok := assembled[d.file]; ok {
			doc = htmlscan.Scan(src)
		}
		p, found := b.tree.readPage(d.file, doc)
		b.pages, b.found = append(b.pages, p), append(b.found, found...)
	}
	return files, b.found.Err()
}

// runHooks runs what the project's own configuration asks for; what it makes stays in
// memory. Nothing is told of what a task that failed should have made.
func (b *builder) runHooks(ctx context.Context) error {
	b.hooks = hookSteps(b.opts.Settings, b.opts.Tasks)
	b.ran = make([]ranStep, len(b.hooks))
	failed := func(r ranStep) bool { return r.found.Err() != nil }
	made, err := runSteps(ctx, b.tree, newContents(), b.hooks, b.ran, func(Step) bool {
		return ctx.Err() == nil && !slices.ContainsFunc(b.ran, failed)
	})
	b.tree.made = made
	for _, r := range b.ran {
		b.found = append(b.found, r.found...)
	}
	return errors.Join(err, ctx.Err(), b.found.Err())
}

// generate runs the steps after the hooks.
func (b *builder) generate(ctx context.Context) error {
	steps := append(slices.Clone(b.hooks), stepsFor(b.layout, b.tree, b.opts.Tasks, b.sheets, b.log)...)
	ran := make([]ranStep, len(steps))
	copy(ran, b.ran)
	made, err := runSteps(ctx, b.tree, newContents(), steps, ran, func(s Step) bool {
		return ctx.Err() == nil && !slices.Contains(b.hooks, s)
	})
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	for _, r := range ran[len(b.hooks):] {
		for _, d := range r.found {
			if !slices.Contains(b.found, d) { // the build task may have met it before
				b.found = append(b.found, d)
			}
		}
	}
	b.tree.made = made
	return b.found.Err()
}

// copyRest takes over those sources that scripts may fetch by name, and the static folder
// as it is.
func (b *builder) copyRest(ctx context.Context, files []string) error {
	b.keepNames()
	if err := b.copyAll(ctx, b.leftOvers(files)); err != nil || b.tree.public == "" {
		return err
	}
	static, err := b.tree.walk(b.tree.public)
	if err != nil {
		return err
	}
	// Of two files with one name the source is served.
	return b.copyAll(ctx, slices.DeleteFunc(static, func(file string) bool { return b.sink.has(b.tree.url(file)) }))
}

// leftOvers returns the sources that are part of the site although nothing bundled them:
// data, images and fragments, and code that a script names in a string. When the sources
// are the project folder itself, only what is named counts: README.md is no part of a site.
func (b *builder) leftOvers(files []string) []string {
	named := b.sink.namer()
	return slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		name := b.tree.url(file)
		if b.sink.has(name) || b.tree.isPublic(file) || isCode(name) && b.sink.used[file] || b.isCachedTemplate(name) {
			return true
		}
		if b.tree.src == b.tree.dir || isCode(name) || isPackageFile(name) || b.sink.used[file] {
			return !named(name)
		}
		return false
	})
}

// isCachedTemplate reports whether a fragment is in the templates' script already.
func (b *builder) isCachedTemplate(name string) bool {
	_, cached := b.tree.made[templatesName]
	return cached && strings.HasPrefix(name, templatesDir) && path.Ext(name) == ".html"
}

// isPackageFile reports whether a file speaks to package managers, not to browsers: old
// projects keep whole packages among their sources.
func isPackageFile(name string) bool {
	switch path.Base(name) {
	case "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml",
		"bower.json", "component.json", "composer.json", "composer.lock", "tsconfig.json":
		return true
	}
	return false
}

// isCode reports whether a file is something that bundling takes in.
func isCode(name string) bool {
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".css", ".scss", ".sass", ".less", ".styl", ".map", ".md":
		return true
	}
	return false
}

func (b *builder) copyAll(ctx context.Context, files []string) error {
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("copy %s: %w", b.tree.rel(file), err)
		}
		name := b.tree.url(file)
		if ext := filepath.Ext(file); (ext == ".html" || ext == ".htm") && !b.tree.isPublic(file) && !isPage(data) && !b.opts.NoMinify {
			if data, err = htmlmin.Minify(data, htmlmin.Options{}); err != nil {
				return fmt.Errorf("minify %s: %w", b.tree.rel(file), err)
			}
		}
		b.sink.put(name, data, name)
	}
	return nil
}
