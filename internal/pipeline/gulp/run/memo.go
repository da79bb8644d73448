package run

import (
	"errors"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// memory is what one op made, of what.
type memory struct {
	each  map[*file]*result
	whole []*listResult
	// lastWhole is what became of all files together when they last had no mistake.
	lastWhole []*file
	good      map[string]*result // by path: what became of a file when it last had no mistake
	read      map[string]*result // by path: a file as gulp.src gave it
	// answers are those of a gulpfile's function, by the question.
	answers map[asked]*answer
	asked   int // the last run that asked
	run     int // the last run that used it
}

// result is what an op made of its input.
type result struct {
	files []*file
	found diag.List
	reads reads
	value any // of remember
	run   int // the last run that used it
}

type listResult struct {
	in []*file
	result
}

// reads are the other files that a result depends on and what they held; nil = they were
// not there.
type reads map[string][]byte

// holds reports whether everything is as it was.
func (r reads) holds(v *view) bool {
	for path, data := range r {
		now, _ := v.read(path)
		if !sameBytes(now, data) {
			return false
		}
	}
	return true
}

// memoryOf returns what an op remembers.
func (r *Runner) memoryOf(op int) *memory {
	m := r.memory[op]
	if m == nil {
		m = &memory{each: map[*file]*result{}, good: map[string]*result{}, read: map[string]*result{}, answers: map[asked]*answer{}}
		r.memory[op] = m
	}
	m.run = r.runs
	return m
}

// forgetUnused drops what this run did not ask its ops for: memory is bounded by what the
// streams hold now.
func (r *Runner) forgetUnused() {
	for _, m := range r.memory {
		if m.run != r.runs {
			continue
		}
		unused := func(res *result) bool { return res.run != r.runs }
		maps.DeleteFunc(m.each, func(_ *file, res *result) bool { return unused(res) })
		maps.DeleteFunc(m.good, func(_ string, res *result) bool { return unused(res) })
		maps.DeleteFunc(m.read, func(_ string, res *result) bool { return unused(res) })
		maps.DeleteFunc(m.answers, func(_ asked, a *answer) bool { return m.asked == r.runs && a.run != r.runs })
		m.whole = slices.DeleteFunc(m.whole, func(l *listResult) bool { return l.run != r.runs })
	}
}

// each sends every file through fn, in parallel, and keeps the order. What fn made of the
// same file before is taken instead, unless what it has read has changed.
//
// Mistakes in the user's files are returned in made.found. What came of the file before
// it had one is used then, else what fn returned.
func (c *call) each(in []*file, fn func(f *file) (made, error)) ([]*file, error) {
	m := c.r.memoryOf(c.op.ID)
	results, err := c.results(in, func(f *file) (*result, error) {
		out, err := fn(f)
		return &result{files: out.files, found: out.found, reads: out.reads}, err
	})
	if err != nil {
		return nil, err
	}
	out := make([]*file, 0, len(in))
	for i, res := range results {
		out = append(out, c.settle(m, in[i], res)...)
	}
	return out, nil
}

// results asks fn about each file of which it does not know the answer yet, in parallel.
func (c *call) results(in []*file, fn func(f *file) (*result, error)) ([]*result, error) {
	m := c.r.memoryOf(c.op.ID)
	results := make([]*result, len(in))
	g, ctx := errgroup.WithContext(c.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range in {
		if known := m.each[f]; known != nil && known.reads.holds(c.r.view) {
			results[i] = known
			continue
		}
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			results[i], err = fn(f)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, res := range results {
		res.run = c.r.runs
		m.each[in[i]] = res
	}
	return results, nil
}

// remember returns what fn says of each file, which it is asked once.
func remember[T any](c *call, in []*file, fn func(f *file) (T, error)) ([]T, error) {
	results, err := c.results(in, func(f *file) (*result, error) {
		v, err := fn(f)
		return &result{value: v}, err
	})
	if err != nil {
		return nil, err
	}
	out := make([]T, len(in))
	for i, res := range results {
		out[i] = res.value.(T)
	}
	return out, nil
}

// settle reports what was found and returns the files, or those of the last good time.
func (c *call) settle(m *memory, in *file, res *result) []*file {
	c.found = append(c.found, res.found...)
	if res.found.Err() == nil {
		m.good[in.Path] = res
		return res.files
	}
	if good := m.good[in.Path]; good != nil {
		good.run = c.r.runs
		return good.files
	}
	return res.files
}

// made is what came of one file.
type made struct {
	files []*file
	found diag.List
	reads reads
}

// whole sends all files through fn at once. What fn made of the same files before is
// taken instead.
func (c *call) whole(in []*file, fn func(in []*file) (made, error)) ([]*file, error) {
	m := c.r.memoryOf(c.op.ID)
	for _, l := range m.whole {
		if slices.Equal(l.in, in) && l.reads.holds(c.r.view) {
			l.run = c.r.runs
			c.found = append(c.found, l.found...)
			return l.files, nil
		}
	}
	out, err := fn(in)
	if err != nil {
		return nil, err
	}
	if len(out.files) == 0 && out.found.Err() != nil { // what there was stays
		out.files = m.lastWhole
	}
	m.lastWhole = out.files
	l := &listResult{in: slices.Clone(in), result: result{files: out.files, found: out.found, reads: out.reads, run: c.r.runs}}
	m.whole = append(m.whole, l)
	c.found = append(c.found, l.found...)
	return l.files, nil
}

// edit sends the contents of each file through fn; files without contents pass. An error
// that is a diag.List is the user's; any other ends the run.
func (c *call) edit(in []*file, fn func(f *file) ([]byte, error)) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		contents, err := fn(f)
		var found diag.List
		if errors.As(err, &found) {
			return made{files: []*file{f}, found: found}, nil
		}
		if err != nil {
			return made{}, err
		}
		return made{files: []*file{f.holding(contents)}}, nil
	})
}

// failed is what came of a file with which something went wrong: the file as it is, if
// the mistake is the user's.
func (c *call) failed(f *file, err error) (made, error) {
	var found diag.List
	if errors.As(err, &found) {
		return made{files: []*file{f}, found: found}, nil
	}
	return made{}, err
}

// move gives each file another path and base.
func (c *call) move(in []*file, fn func(f *file) (path, base string, err error)) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		path, base, err := fn(f)
		var found diag.List
		if errors.As(err, &found) {
			return made{files: []*file{f}, found: found}, nil
		}
		return made{files: []*file{f.with(func(n *file) { n.Path, n.Base = path, base })}}, err
	})
}

// withContents returns the file with these contents: the one of the last run if it is
// equal to that, so that what comes behind has nothing to redo.
func (c *call) withContents(f *file, contents string) *file {
	if string(f.Contents) == contents {
		return f
	}
	return c.r.memoryOf(c.op.ID).same(f.holding([]byte(contents)), c.r.runs)
}

// errEnded is what a stream returns that an unknown plugin has cut off.
var errEnded = errors.New("the stream has ended")
