package run

import (
	"bytes"
	"fmt"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// sourceOps are where files come from and where they go.
func sourceOps(plugin string) opFunc {
	switch plugin {
	case "gulp.src", "vinyl-fs.src":
		return source
	case "gulp.dest", "vinyl-fs.dest":
		return destination
	case "gulp-add-src", "gulp-add-src.append", "gulp-append-src":
		return func(c *call, in []*file) ([]*file, error) {
			more, err := c.search(object(c.arg(1)))
			return append(in[:len(in):len(in)], more...), err
		}
	case "gulp-add-src.prepend":
		return func(c *call, in []*file) ([]*file, error) {
			more, err := c.search(object(c.arg(1)))
			return append(more[:len(more):len(more)], in...), err
		}
	case "merge-stream", "merge2", "event-stream.merge", "event-stream.concat", "streamqueue", "streamqueue.obj",
		"series-stream", "stream-series", "add-stream", "add-stream.obj", "gulp-merge", "ordered-merge-stream", "ordered-read-streams":
		return merge
	}
	return nil
}

func isSource(plugin string) bool {
	switch plugin {
	case "gulp.src", "vinyl-fs.src", "gulp-add-src", "gulp-add-src.append", "gulp-add-src.prepend":
		return true
	}
	return false
}

// writes reports whether a plugin writes files.
func writes(plugin string) bool { return plugin == "gulp.dest" || plugin == "vinyl-fs.dest" }

// source is gulp.src. In the middle of a stream it adds its files (passthrough).
func source(c *call, in []*file) ([]*file, error) {
	found, err := c.search(object(c.arg(1)))
	if err == nil && truthy(object(c.arg(1)).Get("sourcemaps")) {
		found, err = c.sub("gulp.src").initMaps(found, true)
	}
	if err != nil || len(in) == 0 {
		return found, err
	}
	return append(in[:len(in):len(in)], found...), nil
}

// merge joins streams, in the order in which they are given.
func merge(c *call, in []*file) ([]*file, error) {
	out := in[:len(in):len(in)]
	for _, arg := range c.op.Args {
		for _, v := range values(arg) {
			if fn, ok := v.(*gulp.Func); ok { // streamqueue makes its streams when it needs them
				made, err := fn.Call()
				if err != nil {
					return nil, c.mistake(err)
				}
				v = made
			}
			more, err := c.stream(v)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	return out, nil
}

// match is a file that a pattern found, and the base that the pattern gives it.
type match struct{ path, base string }

// search returns the files that the first argument's patterns match, each once.
func (c *call) search(opts *gulp.Object) ([]*file, error) {
	patterns, err := c.patterns(c.arg(0))
	if err != nil {
		return nil, err
	}
	dir := absolute(c.r.opts.Dir, textOr(opts, "cwd", "."))
	base := textOr(opts, "base", "")
	if base != "" {
		base = absolute(dir, base)
	} else if truthy(opts.Get("cwdbase")) {
		base = dir
	}
	var found []match
	seen := map[string]bool{}
	for i, p := range patterns {
		if strings.HasPrefix(p, "!") && !strings.HasPrefix(p, "!(") {
			continue
		}
		pattern := c.r.pattern(dir, p)
		if !within(glob.Parent(pattern+"/"), c.r.opts.Dir) && !within(glob.Parent(pattern), c.r.opts.Dir) {
			c.warn(fmt.Sprintf("%s lies outside of the project, so nothing is read from it", p), "")
			continue
		}
		s := glob.Search{Pattern: pattern, Dot: truthy(opts.Get("dot")), Except: c.exceptions(dir, patterns[i+1:], texts(opts.Get("ignore")))}
		files := s.Files(c.r.view)
		if len(files) == 0 {
			c.reportMissing(p, opts)
		}
		from := orElse(base, glob.Parent(pattern))
		for _, f := range files {
			if !seen[f] {
				seen[f] = true
				found = append(found, match{f, from})
			}
		}
	}
	return c.load(found, opts.Get("read") != false)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// exceptions are the patterns that take out of those before them, and the option ignore.
func (c *call) exceptions(dir string, later, ignore []string) []glob.Exception {
	var out []glob.Exception
	for _, p := range later {
		if not, ok := strings.CutPrefix(p, "!"); ok && !strings.HasPrefix(p, "!(") {
			out = append(out, glob.Except(c.r.pattern(dir, not)))
		}
	}
	for _, p := range ignore {
		out = append(out, glob.Except(c.r.pattern(dir, p)))
	}
	return out
}

// patterns returns the strings of an argument of gulp.src. What a plugin lists, as
// main-bower-files does, may stand among them.
func (c *call) patterns(v gulp.Value) ([]string, error) {
	switch v := v.(type) {
	case []gulp.Value:
		var out []string
		for _, e := range v {
			more, err := c.patterns(e)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	case *gulp.Op:
		files, err := c.stream(v)
		var out []string
		for _, f := range files {
			out = append(out, f.Path)
		}
		return out, err
	}
	return texts(v), nil
}

// reportMissing tells that a file which is named as such is not there: gulp 4 stops then.
func (c *call) reportMissing(pattern string, opts *gulp.Object) {
	if c.r.opts.Plan.Version == 3 || truthy(opts.Get("allowEmpty")) || glob.HasMagic(pattern) {
		return
	}
	c.warn(fmt.Sprintf("%s is not there", pattern), "gulp stops here; it goes on with the option allowEmpty: true")
}

// load reads files, in parallel. A file that is as it was is the same as the last time.
func (c *call) load(found []match, read bool) ([]*file, error) {
	m := c.r.memoryOf(c.op.ID)
	files := make([]*file, len(found))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, at := range found {
		if !read {
			files[i] = &file{File: gulp.File{Path: at.path, Base: at.base}, source: at.path}
			continue
		}
		if f := c.r.view.top(at.path); f != nil {
			files[i] = &file{File: gulp.File{Path: at.path, Base: at.base, Contents: f.Contents}, source: f.source, original: f.original}
			continue
		}
		g.Go(func() error {
			data, err := c.r.view.disk.Read(at.path)
			if err != nil {
				return nil // gone in the meantime: the next change says so
			}
			files[i] = &file{File: gulp.File{Path: at.path, Base: at.base, Contents: withoutBOM(data)}, source: at.path, original: withoutBOM(data)}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := make([]*file, 0, len(files))
	for _, f := range files {
		if f != nil {
			out = append(out, m.same(f, c.r.runs))
		}
	}
	return out, nil
}

// same returns the file that was read under this path before, if it is the same.
func (m *memory) same(f *file, run int) *file {
	known := m.read[f.Path]
	if known == nil || !equalFile(known.files[0], f) {
		known = &result{files: []*file{f}}
		m.read[f.Path] = known
	}
	known.run = run
	return known.files[0]
}

func withoutBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// destination is gulp.dest: it puts files into a folder and lets them go on from there.
func destination(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(1))
	if where := opts.Get("sourcemaps"); truthy(where) {
		var args []gulp.Value
		if folder, ok := where.(string); ok {
			args = []gulp.Value{folder}
		}
		var err error
		if in, err = writeOwnMaps(c.sub("gulp.dest", args...), in); err != nil {
			return nil, err
		}
	}
	cwd := absolute(c.r.opts.Dir, textOr(opts, "cwd", "."))
	out, err := c.each(in, func(f *file) (made, error) {
		folder, err := c.folder(f)
		if err != nil {
			m, err := c.failed(f, err)
			m.files = nil // it goes nowhere
			return m, err
		}
		base := absolute(cwd, folder)
		return made{files: []*file{f.with(func(n *file) { n.Path, n.Base = path.Join(base, f.relative()), base })}}, nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range out {
		switch {
		case f.Contents == nil:
		case !within(f.Path, c.r.opts.Dir):
			c.warn(fmt.Sprintf("%s lies outside of the project, so it is not written", c.rel(f.Path)), "")
		default:
			c.r.view.write(f, c.op.ID, c.r.runs)
		}
	}
	return out, nil
}

// sub is a use of another plugin that is a part of this one; what it remembers is its own.
func (c *call) sub(plugin string, args ...gulp.Value) *call {
	return &call{flows: c.flows, op: &gulp.Op{ID: -1 - c.op.ID, Plugin: plugin, Args: args, Place: c.op.Place}}
}

// folder returns where a file goes: a string, or what a function says of it.
func (c *call) folder(f *file) (string, error) {
	fn, ok := c.arg(0).(*gulp.Func)
	if !ok {
		return text(c.arg(0)), nil
	}
	own := f.File
	v, err := fn.Call(&own)
	if err != nil {
		return "", c.mistake(err)
	}
	return text(v), nil
}
