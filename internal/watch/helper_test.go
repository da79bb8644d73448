package watch

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience bounds how long a test waits for something that must come.
const patience = 20 * time.Second

// project is a folder that is being watched.
type project struct {
	t        *testing.T
	dir      string
	w        *Watcher
	batches  chan Batch
	sentinel int
}

// sentinels is how many times a test may call expect.
const sentinels = 12

// watching starts a watcher on a folder that already holds the given files.
func watching(t *testing.T, opts Options, files ...string) *project {
	t.Helper()
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 1000)}
	for _, f := range files {
		p.write(f, "old "+f)
		p.age(p.path(f))
	}
	return p.start(opts)
}

// start watches the folder, and beside it one whose files say when a test has seen all.
func (p *project) start(opts Options) *project {
	p.t.Helper()
	return p.starting(opts, New)
}

func (p *project) starting(opts Options, open func(Options) (*Watcher, error)) *project {
	p.t.Helper()
	signs := realDir(p.t)
	for i := range sentinels {
		sign := filepath.Join(signs, fmt.Sprint(i))
		p.do(os.WriteFile(sign, []byte("x"), 0o644))
		p.age(sign)
	}
	if opts.Dirs == nil {
		opts.Dirs = []string{p.dir}
	}
	opts.Dirs = append(opts.Dirs, signs)
	opts, err := withDefaults(opts)
	p.do(err)
	w, err := open(opts)
	if err != nil {
		p.t.Fatal(err)
	}
	p.w = w
	ctx, cancel := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, func(b Batch) { p.batches <- b }) }()
	p.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Errorf("Run: %v", err)
		}
	})
	return p
}

func realDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p *project) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *project) write(name, text string) {
	p.t.Helper()
	p.do(os.MkdirAll(filepath.Dir(p.path(name)), 0o755))
	p.do(os.WriteFile(p.path(name), []byte(text), 0o644))
}

// age makes a file look as if it had been written long ago.
func (p *project) age(path string) {
	p.t.Helper()
	old := time.Now().Add(-time.Hour)
	p.do(os.Chtimes(path, old, old))
}

func (p *project) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// expect waits until exactly the wanted names were reported. It then deletes a file of
// the second folder: a deletion is the last thing a watcher is sure of, so nothing can
// be on its way once that is reported.
func (p *project) expect(want ...string) []Batch {
	p.t.Helper()
	sign := filepath.Join(p.w.opts.Dirs[len(p.w.opts.Dirs)-1], fmt.Sprint(p.sentinel))
	p.sentinel++
	p.do(os.Remove(sign))
	got, batches := map[string]bool{}, []Batch{}
	done := func() bool {
		return got[sign] && !slices.ContainsFunc(want, func(w string) bool { return !got[w] })
	}
	for !done() {
		select {
		case b := <-p.batches:
			batches = append(batches, b)
			for _, path := range b.Paths {
				got[strings.TrimPrefix(path, p.dir+string(filepath.Separator))] = true
			}
		case <-time.After(patience):
			p.t.Fatalf("waited in vain for %q; got %q", want, slices.Sorted(maps.Keys(got)))
		}
	}
	delete(got, sign)
	slices.Sort(want)
	if diff := cmp.Diff(slices.Clip(append([]string{}, want...)), append([]string{}, slices.Sorted(maps.Keys(got))...)); diff != "" {
		p.t.Errorf("reported (-want +got):\n%s", diff)
	}
	return batches
}
