package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// stylesStep compiles the Sass and Less sheets that pages load, with the project's own
// compiler or the system's.
type stylesStep struct {
	layout   Layout
	compiler *sheets.Compiler
	packages []byte          // package.json of the last run
	listing  []string        // the sheets of the last run: a new one may be meant by an old import
	compiled *sheetCache     // what they gave
	reads    map[string]bool // what the sheets of the last run are made of, relative to the project
	files    map[string]bool // the same, absolute
}

func newStylesStep(layout Layout, compiler *sheets.Compiler) *stylesStep {
	return &stylesStep{layout: layout, compiler: compiler, compiled: newSheetCache(compiler), reads: map[string]bool{}, files: map[string]bool{}}
}

// Name returns "styles".
func (s *stylesStep) Name() string { return "styles" }

// Concerns is true for sheets and what they import, for pages, which name them, and for
// compilers.
func (s *stylesStep) Concerns(p string) bool {
	return isSheet(p) || s.reads[p] || path.Ext(p) == ".html" && !strings.Contains(p, "/"+templatesDir) || path.Base(p) == "package.json"
}

// inputs lists what the sheets of the last run were made of.
func (s *stylesStep) inputs() []string { return slices.Collect(maps.Keys(s.files)) }

// Run compiles every sheet that a page names by its .css, and the main one of projects
// that wire styles in; but not what a command of the project's own has made. What a sheet
// is made of being the same, it is not compiled again.
func (s *stylesStep) Run(ctx context.Context, w *Work) error {
	byName := map[string]string{} // URL without extension → file
	for _, file := range w.Sources() {
		if u := w.URL(file); isSheet(u) {
			byName[strings.TrimSuffix(u, path.Ext(u))] = file
		}
	}
	if len(byName) == 0 {
		return nil
	}
	if err := s.renew(w, slices.Sorted(maps.Values(byName))); err != nil {
		return err
	}
	wanted, err := s.wanted(w, byName)
	if err != nil {
		return err
	}
	memory, err := s.memory(w)
	if err != nil {
		return err
	}
	clear(s.reads)
	clear(s.files)
	for _, name := range wanted {
		if err := s.compile(ctx, w, name+".css", byName[name], memory); err != nil {
			return err
		}
	}
	return nil
}

// renew forgets what was compiled when there are other sheets than before, and looks for
// compilers anew when the project's packages are others.
func (s *stylesStep) renew(w *Work, listing []string) error {
	if !slices.Equal(listing, s.listing) {
		s.compiled.forget()
	}
	s.listing = listing
	now, err := os.ReadFile(filepath.Join(w.tree.dir, "package.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read package.json: %w", err)
	}
	if bytes.Equal(now, s.packages) {
		return nil
	}
	s.packages = now
	s.compiled.forget()
	return s.compiler.Forget()
}

// wanted returns the sheets to compile, sorted.
func (s *stylesStep) wanted(w *Work, byName map[string]string) ([]string, error) {
	var names []string
	add := func(name string) {
		_, ok := byName[name]
		if _, made := w.made[name+".css"]; ok && !made && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, file := range w.Sources() {
		u := w.URL(file)
		if path.Ext(u) != ".html" || strings.HasPrefix(u, templatesDir) {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return nil, err
		}
		for _, tag := range htmlscan.Scan(src).Tags {
			if href, ok := tag.Attr("href"); ok && tag.Name == "link" && !isForeign(href) {
				add(strings.TrimSuffix(strings.TrimPrefix(path.Join("/", path.Dir(u), href), "/"), ".css"))
				add(strings.TrimSuffix(strings.TrimPrefix(path.Clean("/"+href), "/"), ".css"))
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// memory returns what a sheet or an import holds where that is not what lies on disk:
// earlier steps have made it, or it has wiring comments.
func (s *stylesStep) memory(w *Work) (func(string) ([]byte, bool), error) {
	wired := map[string][]byte{}
	for _, file := range w.Sources() {
		if !isSheet(file) {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return nil, err
		}
		wired[file] = s.wire(w, file, src)
	}
	return func(file string) ([]byte, bool) {
		if data, ok := wired[file]; ok {
			return data, true
		}
		for _, root := range []string{w.tree.tmp, w.tree.src} {
			if name, err := filepath.Rel(root, file); err == nil {
				if data, ok := w.made[filepath.ToSlash(name)]; ok {
					return data, true
				}
			}
		}
		return nil, false
	}, nil
}

// compile makes one stylesheet.
func (s *stylesStep) compile(ctx context.Context, w *Work, name, file string, memory func(string) ([]byte, bool)) error {
	done, err := s.compiled.compile(ctx, file, memory)
	if err != nil {
		return err
	}
	for f := range done.from {
		s.reads[w.Rel(f)], s.files[f] = true, true
	}
	for _, d := range done.found {
		w.Report(s.advise(d, file, name))
	}
	if done.found.Err() == nil {
		w.Emit(name, done.css)
	}
	return nil
}

// advise adds the way out that only this step knows: a command of the project's own.
func (s *stylesStep) advise(d diag.Diagnostic, file, name string) diag.Diagnostic {
	if _, ok := s.compiler.Choice(sheets.LanguageOf(file)); !ok {
		d.Hint += fmt.Sprintf(", or write %s with a command under pipeline.tasks in realtimectl.yaml", ".tmp/"+name)
	}
	return d
}
