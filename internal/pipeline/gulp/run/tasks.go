package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/nearest"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// running is one run.
type running struct {
	r        *Runner
	ctx      context.Context
	found    diag.List
	commands []*gulp.Command
	ended    []string        // uses of plugins at which a stream has ended
	cut      map[int]bool    // ops that were told to be unknown
	done     map[string]bool // in gulp 3: tasks that have run
	stack    []string        // tasks that are being done
}

// work does one thing. What may be done in parallel is done in the order of the gulpfile,
// so that the last of two writers is always the same.
func (t *running) work(w gulp.Work) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	switch w := w.(type) {
	case *gulp.Series:
		return t.all(w.Of)
	case *gulp.Parallel:
		return t.all(w.Of)
	case gulp.TaskName:
		return t.task(string(w))
	case *gulp.Body:
		return t.body(w)
	}
	return nil
}

func (t *running) all(list []gulp.Work) error {
	for _, w := range list {
		if err := t.work(w); err != nil {
			return err
		}
	}
	return nil
}

// task does the work of a task, in gulp 3 once.
func (t *running) task(name string) error {
	if t.done[name] {
		return nil
	}
	plan := t.r.opts.Plan
	task := plan.Task(name)
	if task == nil {
		t.missing(name)
		return nil
	}
	if slices.Contains(t.stack, name) {
		t.found = append(t.found, t.r.at(task.Place, diag.Diagnostic{
			Severity: diag.Error, Source: "gulp",
			Message: "the task needs itself: " + strings.Join(append(t.stack, name), " → "),
			Hint:    "take one of them out of the circle",
		}))
		return nil
	}
	t.done[name] = plan.Version == 3
	t.stack = append(t.stack, name)
	defer func() { t.stack = t.stack[:len(t.stack)-1] }()
	return t.work(task.Work)
}

func (t *running) missing(name string) {
	var names []string
	for _, task := range t.r.opts.Plan.Tasks {
		names = append(names, task.Name)
	}
	d := diag.Diagnostic{
		Severity: diag.Error, Source: "gulp", Path: t.r.opts.Plan.Gulpfile,
		Message: fmt.Sprintf("there is no task %s", name), Hint: "the tasks are " + strings.Join(names, ", "),
	}
	if like := nearest.To(name, names); like != "" {
		d.Hint = "did you mean " + like + "?"
	}
	t.found = append(t.found, d)
}

// body does what a function did. Streams that share a part do it once.
func (t *running) body(b *gulp.Body) error {
	flows := newFlows(t)
	for _, a := range b.Actions {
		var err error
		switch a := a.(type) {
		case *gulp.Stream:
			_, err = flows.files(a)
		case *gulp.Delete:
			t.r.view.remove(t.r.ruleOf(a.Globs))
		case *gulp.Command:
			t.commands = append(t.commands, a)
		case *gulp.Write:
			t.write(a)
		case *gulp.Call:
			err = flows.call(a)
		case *gulp.Start:
			err = t.start(a.Work)
		}
		if err != nil && !errors.Is(err, errEnded) {
			return err
		}
	}
	return nil
}

// call does the work of a module that became part of no stream, and writes what such a
// module writes.
func (fl *flows) call(a *gulp.Call) error {
	made, err := fl.apply(a.Op, nil)
	if err != nil || !a.WritesItself() {
		return err
	}
	for _, f := range made {
		if within(f.Path, fl.r.opts.Dir) {
			fl.r.view.write(f, a.Op.ID, fl.r.runs)
		}
	}
	return nil
}

// write makes a file that a function wrote by itself.
func (t *running) write(w *gulp.Write) {
	file := &file{File: gulp.File{Path: w.Path, Base: path.Dir(w.Path), Contents: w.Contents}}
	if within(w.Path, t.r.opts.Dir) {
		t.r.view.write(file, w, t.r.runs)
	}
}

// start runs tasks from inside a function. In gulp 3 they, and those they need, run again.
func (t *running) start(w gulp.Work) error {
	before := t.done
	t.done = maps.Clone(before)
	walkWork(t.r.opts.Plan, w, func(w gulp.Work) {
		if name, ok := w.(gulp.TaskName); ok {
			delete(t.done, string(name))
		}
	})
	return t.work(w)
}

// ruleOf makes the patterns of a del absolute; one that begins with "!" takes out.
func (r *Runner) ruleOf(globs []string) rule {
	type test struct {
		out bool
		*glob.Pattern
	}
	var tests []test
	var rl rule
	for _, g := range globs {
		pattern, out := strings.CutPrefix(g, "!")
		pattern = r.pattern(r.opts.Dir, pattern)
		tests = append(tests, test{out, glob.Compile(pattern, glob.Options{Dot: true, NoNegate: true})})
		if out {
			pattern = "!" + pattern
		}
		rl.patterns = append(rl.patterns, pattern)
	}
	rl.match = func(path string) bool {
		matches := false
		for _, test := range tests {
			if test.Match(path) {
				matches = !test.out
			}
		}
		return matches
	}
	return rl
}

// absolute resolves a path against a folder.
func absolute(dir, p string) string {
	if filepath.IsAbs(p) || strings.HasPrefix(p, "/") {
		return path.Clean(filepath.ToSlash(p))
	}
	return path.Join(dir, filepath.ToSlash(p))
}

// pattern resolves a pattern against a folder of the project. A gulpfile may have put its
// own folder before it.
func (r *Runner) pattern(dir, pattern string) string {
	if within(pattern, r.opts.Dir) {
		return glob.In(r.opts.Dir, pattern)
	}
	return glob.In(dir, pattern)
}

// walkWork calls visit for a work and all that it leads to, each task once.
func walkWork(plan *gulp.Plan, w gulp.Work, visit func(gulp.Work)) {
	seen := map[string]bool{}
	var walk func(w gulp.Work)
	walk = func(w gulp.Work) {
		visit(w)
		switch w := w.(type) {
		case *gulp.Series:
			for _, part := range w.Of {
				walk(part)
			}
		case *gulp.Parallel:
			for _, part := range w.Of {
				walk(part)
			}
		case gulp.TaskName:
			if task := plan.Task(string(w)); task != nil && !seen[string(w)] {
				seen[string(w)] = true
				walk(task.Work)
			}
		case *gulp.Body:
			for _, a := range w.Actions {
				if start, ok := a.(*gulp.Start); ok {
					walk(start.Work)
				}
			}
		}
	}
	walk(w)
}

// destinations returns who writes in a run of this work.
func destinations(plan *gulp.Plan, w gulp.Work) map[any]bool {
	owners := map[any]bool{}
	walkWork(plan, w, func(w gulp.Work) {
		b, ok := w.(*gulp.Body)
		if !ok {
			return
		}
		for _, a := range b.Actions {
			addWriters(owners, a)
		}
	})
	return owners
}

func addWriters(owners map[any]bool, a gulp.Action) {
	mayWrite := func(op *gulp.Op) { owners[op.ID] = owners[op.ID] || writes(op.Plugin) }
	switch a := a.(type) {
	case *gulp.Stream:
		walkOps(a, mayWrite)
	case *gulp.Call:
		walkOps(a.Op, mayWrite)
		owners[a.Op.ID] = owners[a.Op.ID] || a.WritesItself()
	case *gulp.Write:
		owners[a] = true
	}
}

// walkOps calls visit for every op that a value leads to.
func walkOps(v gulp.Value, visit func(op *gulp.Op)) {
	switch v := v.(type) {
	case *gulp.Stream:
		for s := v; s != nil; s = s.Prev {
			walkOps(s.Op, visit)
		}
	case *gulp.Op:
		if v == nil {
			return
		}
		visit(v)
		for _, op := range v.Chain {
			walkOps(op, visit)
		}
		for _, arg := range v.Args {
			walkOps(arg, visit)
		}
	case []gulp.Value:
		for _, e := range v {
			walkOps(e, visit)
		}
	}
}

// at puts a diagnostic at a place of the gulpfile.
func (r *Runner) at(p gulp.Place, d diag.Diagnostic) diag.Diagnostic {
	d.Path, d.Line, d.Column = p.File, p.Line, p.Column
	if src, err := r.opts.Disk.Read(path.Join(r.opts.Dir, p.File)); err == nil {
		d.Excerpt = diag.Excerpt(src, p.Line, p.Column)
	}
	return d
}
