package pipeline

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// Step is one kind of work that makes files of the generated layer out of sources.
//
// Steps run in order, each sees what those before it made. A step must be a function
// of the files it reads: the same files give the same output. It keeps no state that its
// result depends on; a cache by content is fine.
type Step interface {
	// Name is what diagnostics give as their source: "partials", "inject".
	Name() string
	// Concerns reports whether the result may change when the file does; it may not
	// exist any more. The path is relative to the project, with slashes.
	Concerns(path string) bool
	// Run does all of the step's work. Mistakes in the user's files are told to w; an
	// error means that the machine failed, or that ctx has ended.
	Run(ctx context.Context, w *Work) error
}

// Work is what a step reads from and writes to.
type Work struct {
	tree  *tree
	cache *contents
	files []string          // sources, absolute and sorted
	made  map[string][]byte // by earlier steps
	out   map[string][]byte // by this step
	found diag.List
	sound bool // out counts although found holds errors
}

// rememberer is a step that remembers what it has read. It is told what may have changed,
// in absolute paths, before it runs; no paths mean everything.
type rememberer interface{ forget(paths []string) }

// reader is a step that reads files by itself and remembers what they held.
type reader interface {
	known(file string) ([]byte, bool)
}

// gatherer is a step that reads files beside the sources; inputs are those of the last run,
// absolute, and maybe sources among them.
type gatherer interface{ inputs() []string }

// Sources returns the project's source files, absolute and sorted by path.
func (w *Work) Sources() []string { return w.files }

// Read returns a source file's content; it may be called concurrently, and the bytes may
// not be changed.
func (w *Work) Read(file string) ([]byte, error) { return w.cache.read(w.tree, file) }

// contents remembers what files hold until they are said to have changed, so that an
// edit of one file costs one read.
type contents struct {
	mu    sync.Mutex
	files map[string][]byte // guarded by mu; by absolute path
}

func newContents() *contents { return &contents{files: map[string][]byte{}} }

func (c *contents) read(t *tree, file string) ([]byte, error) {
	c.mu.Lock()
	data, ok := c.files[file]
	c.mu.Unlock()
	if ok {
		return data, nil
	}
	data, err := atomicfile.ReadFileSteady(file) // the author may be saving it again
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.rel(file), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[file] = data
	return data, nil
}

// known returns what a file holds if it was read.
func (c *contents) known(file string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, ok := c.files[file]
	return data, ok
}

// forget drops what lies at or below the paths; without paths, everything. It reports
// whether one of the paths is, or was, a folder.
func (c *contents) forget(paths []string) (folder bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(paths) == 0 {
		clear(c.files)
		return true
	}
	for _, p := range paths {
		if _, ok := c.files[p]; ok {
			delete(c.files, p)
			continue
		}
		before := len(c.files)
		maps.DeleteFunc(c.files, func(file string, _ []byte) bool { return within(file, p) })
		folder = folder || len(c.files) < before || isDir(p)
	}
	return folder
}

// Rel returns a file's path relative to the project, with slashes.
func (w *Work) Rel(file string) string { return w.tree.rel(file) }

// URL returns the path, without the leading slash, under which a source is served.
func (w *Work) URL(file string) string { return w.tree.url(file) }

// Made returns the names of what earlier steps made, sorted, and a function that gives
// their content.
func (w *Work) Made() (names []string, content func(string) []byte) {
	return slices.Sorted(maps.Keys(w.made)), func(name string) []byte { return w.made[name] }
}

// Emit makes a file of the generated layer; name is its URL path without the leading
// slash. The later of two steps that emit one name wins.
func (w *Work) Emit(name string, data []byte) { w.out[name] = data }

// Report tells of a mistake in the user's files. A step that reports an error keeps its
// last good output in the generated layer.
func (w *Work) Report(d diag.Diagnostic) { w.found = append(w.found, d) }

// ranStep is a step's last result.
type ranStep struct {
	runs  int               // how often it ran
	out   map[string][]byte // nil until it succeeded once
	found diag.List
}

// runSteps runs those steps for which due says so and returns what all of them have made
// together. results is indexed like steps and is updated.
func runSteps(ctx context.Context, t *tree, cache *contents, steps []Step, results []ranStep, due func(Step) bool) (map[string][]byte, error) {
	var files []string
	made := map[string][]byte{}
	for i, s := range steps {
		if due(s) {
			if files == nil { // or a task may have written sources
				var err error
				if files, err = t.sources(); err != nil {
					return nil, err
				}
			}
			w := &Work{tree: t, cache: cache, files: files, made: made, out: map[string][]byte{}}
			if err := s.Run(ctx, w); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name(), err)
			}
			if _, ok := s.(*taskStep); ok {
				files = nil
			}
			results[i].found = w.found
			results[i].runs++
			if w.found.Err() == nil || w.sound || results[i].out == nil {
				results[i].out = w.out
			}
		}
		made = maps.Clone(made)
		maps.Copy(made, results[i].out)
	}
	return made, nil
}

// rooted returns an absolute path of the generated layer.
func rooted(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
