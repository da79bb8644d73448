package run

import (
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// selectOps let only some files pass, or send them another way.
func selectOps(plugin string) opFunc {
	switch plugin {
	case "gulp-filter":
		return filter
	case "gulp-filter.restore":
		return restore
	case "gulp-if", "ternary-stream":
		return ternary
	case "gulp-ignore", "gulp-ignore.exclude":
		return func(c *call, in []*file) ([]*file, error) { return c.ignore(in, false) }
	case "gulp-ignore.include":
		return func(c *call, in []*file) ([]*file, error) { return c.ignore(in, true) }
	case "lazypipe", "pumpify", "pumpify.obj", "multipipe", "stream-combiner", "stream-combiner2", "stream-combiner2.obj", "event-stream.pipeline", "event-stream.pipe":
		return chain
	}
	return nil
}

// filter is gulp-filter: what does not match is put aside until it is restored.
func filter(c *call, in []*file) ([]*file, error) {
	accept, err := c.filterOf()
	if err != nil {
		return nil, err
	}
	verdicts, err := c.verdicts(in, accept)
	if err != nil {
		return nil, err
	}
	var out, aside []*file
	for i, f := range in {
		if verdicts[i] {
			out = append(out, f)
		} else {
			aside = append(aside, f)
		}
	}
	c.kept[c.op.ID] = aside
	return out, nil
}

// restore brings back what a filter has put aside: before the others, as it waits for
// nothing.
func restore(c *call, in []*file) ([]*file, error) {
	if c.op.Of == nil {
		return in, nil
	}
	aside := c.kept[c.op.Of.ID]
	return append(aside[:len(aside):len(aside)], in...), nil
}

// filterOf returns what a gulp-filter lets pass. Before version 3 its patterns were for
// the path below the base, since then they are for the path below the project.
func (c *call) filterOf() (func(f *file) (bool, error), error) {
	if fn, ok := c.arg(0).(*gulp.Func); ok {
		return c.predicate(fn), nil
	}
	test := multimatch(texts(c.arg(0)), globOptions(object(c.arg(1))))
	below := c.r.major("gulp-filter") > 0 && c.r.major("gulp-filter") < 3
	return func(f *file) (bool, error) {
		if below {
			return test(f.relative()), nil
		}
		return test(c.rel(f.Path)), nil
	}, nil
}

// predicate asks a function of the gulpfile.
func (c *call) predicate(fn *gulp.Func) func(f *file) (bool, error) {
	return func(f *file) (bool, error) {
		own := f.File
		v, err := fn.Call(&own)
		if err != nil {
			return false, c.mistake(err)
		}
		return truthy(v), nil
	}
}

// multimatch returns a test for a list of patterns: one that begins with "!" takes out
// what those before it took.
func multimatch(patterns []string, opts glob.Options) func(path string) bool {
	type test struct {
		out bool
		*glob.Pattern
	}
	tests := make([]test, len(patterns))
	for i, p := range patterns {
		rest, out := strings.CutPrefix(p, "!")
		tests[i] = test{out, glob.Compile(rest, opts)}
	}
	return func(path string) bool {
		matches := false
		for _, t := range tests {
			if t.out != matches {
				continue // it could not change anything
			}
			if t.Match(path) {
				matches = !t.out
			}
		}
		return matches
	}
}

// globOptions reads the options that a plugin hands to minimatch.
func globOptions(o *gulp.Object) glob.Options {
	return glob.Options{Dot: truthy(o.Get("dot")), MatchBase: truthy(o.Get("matchBase")), NoCase: truthy(o.Get("nocase")), NoNegate: truthy(o.Get("nonegate"))}
}

// verdicts asks for every file, and remembers.
func (c *call) verdicts(in []*file, accept func(f *file) (bool, error)) ([]bool, error) {
	out, err := remember(c, in, accept)
	if err != nil {
		return make([]bool, len(in)), c.asMistake(err)
	}
	return out, nil
}

// ternary is gulp-if: what meets the condition goes through one plugin, the rest through
// another or on as it is. Files keep their order as far as the plugins keep it.
func ternary(c *call, in []*file) ([]*file, error) {
	accept := c.matcher(c.arg(0), object(c.arg(3)))
	verdicts, err := c.verdicts(in, accept)
	if err != nil {
		return nil, err
	}
	var yes, no []*file
	for i, f := range in {
		if verdicts[i] {
			yes = append(yes, f)
		} else {
			no = append(no, f)
		}
	}
	changed, err := c.branch(c.arg(1), yes)
	if err != nil {
		return nil, err
	}
	rest, err := c.branch(c.arg(2), no)
	if err != nil {
		return nil, err
	}
	return interleave(verdicts, changed, len(yes), rest, len(no)), nil
}

// branch sends files through a plugin; no file, no work.
func (c *call) branch(v gulp.Value, in []*file) ([]*file, error) {
	if v == nil || len(in) == 0 && !makesFiles(v) {
		return in, nil
	}
	return c.through(v, in)
}

// makesFiles reports whether a plugin may give files without getting any.
func makesFiles(v gulp.Value) bool {
	found := false
	walkOps(v, func(op *gulp.Op) { found = found || isSource(op.Plugin) || op.Run != nil })
	return found
}

// interleave puts two branches together, in the order of the files that went in if each
// gave as many as it got.
func interleave(verdicts []bool, yes []*file, yesIn int, no []*file, noIn int) []*file {
	if len(yes) != yesIn || len(no) != noIn {
		return append(no[:len(no):len(no)], yes...)
	}
	out := make([]*file, 0, len(verdicts))
	for _, v := range verdicts {
		from := &no
		if v {
			from = &yes
		}
		out = append(out, (*from)[0])
		*from = (*from)[1:]
	}
	return out
}

// extOnly is a pattern that gulp-match takes as an extension, wherever the file lies.
func extOnly(pattern string) bool {
	rest, ok := strings.CutPrefix(pattern, "*.")
	return ok && rest != "" && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz.") == ""
}

// matcher is gulp-match: whether a file meets a condition.
func (c *call) matcher(condition gulp.Value, opts *gulp.Object) func(f *file) (bool, error) {
	yes := func(test func(f *file) bool) func(f *file) (bool, error) {
		return func(f *file) (bool, error) { return test(f), nil }
	}
	switch cond := condition.(type) {
	case *gulp.Func:
		return c.predicate(cond)
	case *gulp.Regexp:
		return yes(func(f *file) bool { return cond.Test(f.relative()) })
	case string:
		if extOnly(cond) {
			return yes(func(f *file) bool { return strings.HasSuffix(f.relative(), cond[1:]) })
		}
		p := glob.Compile(cond, globOptions(opts))
		return yes(func(f *file) bool { return p.Match(f.relative()) })
	case []gulp.Value:
		return yes(allButExcluded(texts(cond), globOptions(opts)))
	case *gulp.Object:
		if has(cond, "isFile") || has(cond, "isDirectory") {
			return yes(func(*file) bool {
				return truthy(cond.Get("isFile")) || has(cond, "isDirectory") && !truthy(cond.Get("isDirectory"))
			})
		}
	}
	return yes(func(*file) bool { return truthy(condition) })
}

// allButExcluded matches one of the patterns and none of those with "!", in any order.
func allButExcluded(patterns []string, opts glob.Options) func(f *file) bool {
	var in, out []*glob.Pattern
	for _, p := range patterns {
		if not, ok := strings.CutPrefix(p, "!"); ok {
			out = append(out, glob.Compile(not, opts))
			continue
		}
		in = append(in, glob.Compile(p, opts))
	}
	return func(f *file) bool {
		matches := func(p *glob.Pattern) bool { return p.Match(f.relative()) }
		return slices.ContainsFunc(in, matches) && !slices.ContainsFunc(out, matches)
	}
}

// ignore is gulp-ignore: files that meet the condition are dropped, or only they pass.
func (c *call) ignore(in []*file, include bool) ([]*file, error) {
	verdicts, err := c.verdicts(in, c.matcher(c.arg(0), object(c.arg(1))))
	if err != nil {
		return nil, err
	}
	var out []*file
	for i, f := range in {
		if verdicts[i] == include {
			out = append(out, f)
		}
	}
	return out, nil
}

// chain sends files through several plugins: a lazypipe, or a combination of streams.
func chain(c *call, in []*file) ([]*file, error) {
	var err error
	for _, op := range c.op.Chain {
		if in, err = c.apply(op, in); err != nil {
			return nil, err
		}
	}
	for _, arg := range c.op.Args {
		for _, v := range values(arg) {
			if _, ok := v.(*gulp.Func); ok {
				continue // a callback
			}
			if in, err = c.through(v, in); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}
