package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// flows are the streams of one function.
type flows struct {
	*running
	done    map[*gulp.Stream]flow
	kept    map[int][]*file // by the op of a gulp-filter: what it has put aside
	current *gulp.Stream    // the one that is being done
}

// flow is what a stream gave.
type flow struct {
	files []*file
	err   error
}

func newFlows(t *running) *flows {
	return &flows{running: t, done: map[*gulp.Stream]flow{}, kept: map[int][]*file{}}
}

// opFunc is what a plugin does to the files that reach it; that of a head gets none. It
// returns errEnded when no file can go on.
type opFunc func(c *call, in []*file) ([]*file, error)

// call is one use of a plugin in one stream.
type call struct {
	*flows
	op *gulp.Op
}

// files returns what comes out of a stream, which is done once.
func (fl *flows) files(s *gulp.Stream) ([]*file, error) {
	if f, ok := fl.done[s]; ok {
		return f.files, f.err
	}
	var in []*file
	if s.Prev != nil {
		var err error
		if in, err = fl.files(s.Prev); err != nil {
			fl.done[s] = flow{err: err}
			return nil, err
		}
	}
	outer := fl.current
	fl.current = s
	out, err := fl.apply(s.Op, in)
	fl.current = outer
	fl.done[s] = flow{out, err}
	return out, err
}

// apply sends files through one op.
func (fl *flows) apply(op *gulp.Op, in []*file) ([]*file, error) {
	if err := fl.ctx.Err(); err != nil {
		return nil, err
	}
	c := &call{flows: fl, op: op}
	if op.Run != nil {
		return c.function(in)
	}
	fn := lookup(op.Plugin)
	if fn == nil {
		c.unknown("")
		return nil, errEnded
	}
	return fn(c, in)
}

// through sends files through what a plugin was given to send them through: an op, a
// stream that does not begin with files, or nothing.
func (c *call) through(v gulp.Value, in []*file) ([]*file, error) {
	switch v := v.(type) {
	case *gulp.Op:
		return c.apply(v, in)
	case *gulp.Stream:
		if v.Prev != nil {
			var err error
			if in, err = c.through(v.Prev, in); err != nil {
				return nil, err
			}
		}
		return c.apply(v.Op, in)
	case *gulp.Func:
		return c.throughFor(v, "", in) // a lazypipe, or a function that returns a stream
	}
	return in, nil
}

// stream returns the files of a stream that is an argument; none if it was cut off.
func (c *call) stream(v gulp.Value) ([]*file, error) {
	switch v := v.(type) {
	case *gulp.Stream:
		out, err := c.files(v)
		if errors.Is(err, errEnded) {
			return nil, nil
		}
		return out, err
	case *gulp.Op:
		out, err := c.apply(v, nil)
		if errors.Is(err, errEnded) {
			return nil, nil
		}
		return out, err
	}
	return nil, nil
}

// function sends files through a function of the gulpfile's own.
func (c *call) function(in []*file) ([]*file, error) {
	one := func(list []*file) (made, error) {
		out, err := c.callRun(list)
		if err != nil {
			return made{files: list, found: diag.List{c.told(err)}}, nil
		}
		return made{files: out}, nil
	}
	if c.op.Each {
		return c.each(in, func(f *file) (made, error) { return one([]*file{f}) })
	}
	return c.whole(in, one)
}

// callRun gives the function files of its own and takes what comes out.
func (c *call) callRun(in []*file) ([]*file, error) {
	given := make([]*gulp.File, len(in))
	from := map[*gulp.File]*file{}
	for i, f := range in {
		given[i] = f.own()
		from[given[i]] = f
	}
	out, err := c.op.Run(given)
	if err != nil {
		return nil, err
	}
	files := make([]*file, 0, len(out))
	for _, g := range out {
		f := from[g]
		if f == nil {
			f = &file{}
		}
		files = append(files, f.taken(g))
	}
	return files, nil
}

// told describes an error of the gulpfile's code.
func (c *call) told(err error) diag.Diagnostic {
	return c.r.at(c.op.Place, diag.Diagnostic{Severity: diag.Error, Source: "gulp", Message: c.op.Plugin + ": " + err.Error()})
}

// mistake returns an error of the gulpfile's code as a diagnostic.
func (c *call) mistake(err error) error { return diag.List{c.told(err)} }

// asMistake takes an error that is the user's as told, and returns any other.
func (c *call) asMistake(err error) error {
	var found diag.List
	if errors.As(err, &found) {
		c.found = append(c.found, found...)
		return nil
	}
	return err
}

// warn tells something of this use of the plugin.
func (c *call) warn(message, hint string) {
	c.found = append(c.found, c.r.at(c.op.Place, diag.Diagnostic{
		Severity: diag.Warning, Source: "gulp", Message: message, Hint: hint,
	}))
}

// say tells, once, what is good to know and no mistake.
func (c *call) say(message, hint string) {
	if c.r.said[message] {
		return
	}
	c.r.said[message] = true
	c.r.opts.Log.Info(message+"; "+hint, "event", "gulp.note")
}

// unknown tells, once, that the plugin, or a part of what it was asked for, is not known.
func (c *call) unknown(part string) {
	if c.cut[c.op.ID] {
		return
	}
	c.cut[c.op.ID] = true
	task := "?"
	if len(c.stack) > 0 {
		task = c.stack[len(c.stack)-1]
	}
	if slices.Contains(c.r.opts.Hooks, task) {
		return
	}
	what := c.op.Plugin
	if part != "" {
		what += " with " + part
	}
	what += " in task " + task
	if c.current == nil { // a module that was called: nothing of a stream is missing
		c.warn(what+" is not known here: what it does is not done", c.hook(task))
		return
	}
	c.ended = append(c.ended, fmt.Sprintf("%s (%v)", what, c.op.Place))
	c.warn(what+" is not known here: what its stream makes is missing", c.hook(task))
}

// located describes a mistake in a file that flows: in its source as long as the file is
// what the source was, else in the file itself.
func (c *call) located(f *file, line, column int, message string) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Source: c.op.Plugin, Path: c.rel(c.sourceOf(f)), Line: line, Column: column,
		Message: message, Excerpt: diag.Excerpt(f.Contents, line, column),
	}
}

// sourceOf returns the file in which a person finds what a file holds.
func (c *call) sourceOf(f *file) string {
	if f.source != "" && sameBytes(f.Contents, f.original) {
		return f.source
	}
	return f.Path
}

// lowerFirst makes a message start as ours do, unless its first word is a name.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	next, _ := utf8.DecodeRuneInString(s[n:])
	if next < 'a' || next > 'z' {
		return s
	}
	return strings.ToLower(string(r)) + s[n:]
}

// rel returns a path as people know it: relative to the project.
func (c *call) rel(path string) string { return relative(c.r.opts.Dir, path) }
