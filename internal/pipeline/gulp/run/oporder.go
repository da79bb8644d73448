package run

import (
	"cmp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// orderOps put files into another order, or make more or less of them.
func orderOps(plugin string) opFunc {
	switch plugin {
	case "gulp-order", "gulp-order3":
		return order
	case "gulp-sort":
		return sorted
	case "gulp-reverse":
		return func(_ *call, in []*file) ([]*file, error) {
			out := slices.Clone(in)
			slices.Reverse(out)
			return out, nil
		}
	case "gulp-clone":
		return func(_ *call, in []*file) ([]*file, error) { return in, nil }
	case "gulp-unique-files", "gulp-dedupe", "gulp-uniqueify":
		return uniqueFiles
	case "gulp-deleted", "gulp-empty":
		return func(*call, []*file) ([]*file, error) { return nil, nil }
	}
	return nil
}

// order is gulp-order: files that the first pattern matches come first, and so on; among
// equals the path decides.
func order(c *call, in []*file) ([]*file, error) {
	var patterns []*glob.Pattern
	for _, p := range texts(c.arg(0)) {
		patterns = append(patterns, glob.Compile(p, glob.Options{}))
	}
	base := text(object(c.arg(1)).Get("base"))
	type ranked struct {
		*file
		rel  string
		rank int
	}
	all := make([]ranked, len(in))
	for i, f := range in {
		rel := f.relative()
		if base != "" {
			rel = relative(absolute(c.r.opts.Dir, base), f.Path)
		}
		rank := slices.IndexFunc(patterns, func(p *glob.Pattern) bool { return p.Match(rel) })
		if rank < 0 {
			rank = len(patterns)
		}
		all[i] = ranked{f, rel, rank}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), localeCompare(a.rel, b.rel)) })
	out := make([]*file, len(all))
	for i, r := range all {
		out[i] = r.file
	}
	return out, nil
}

// sorted is gulp-sort: by path, or as a function says.
func sorted(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	fn, _ := c.arg(0).(*gulp.Func)
	if f, ok := opts.Get("comparator").(*gulp.Func); ok {
		fn = f
	}
	if opts.Get("customSortFn") != nil {
		c.unknown("customSortFn")
		return nil, errEnded
	}
	out := slices.Clone(in)
	var failed error
	slices.SortStableFunc(out, func(a, b *file) int {
		if fn == nil || failed != nil {
			return localeCompare(a.Path, b.Path)
		}
		ownA, ownB := a.File, b.File
		v, err := fn.Call(&ownA, &ownB)
		if err != nil {
			failed = c.mistake(err)
		}
		n, _ := v.(float64)
		return cmp.Compare(n, 0)
	})
	if opts.Get("asc") == false {
		slices.Reverse(out)
	}
	return out, c.asMistake(failed)
}

func uniqueFiles(_ *call, in []*file) ([]*file, error) {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(in), func(f *file) bool {
		was := seen[f.Path]
		seen[f.Path] = true
		return was
	}), nil
}

// collation is the order of ASCII in the root collation of Unicode, which localeCompare
// follows; letters stand for both cases.
const collation = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

// localeCompare compares as String.prototype.localeCompare does, as far as ASCII goes:
// letters by the alphabet, lower case first among equals. Other characters follow by
// their number.
func localeCompare(a, b string) int {
	weight := func(r rune) int {
		if i := strings.IndexRune(collation, r|asciiLetterBit(r)); i >= 0 {
			return i
		}
		return len(collation) + int(r)
	}
	ra, rb := []rune(a), []rune(b)
	for i := range min(len(ra), len(rb)) {
		if d := weight(ra[i]) - weight(rb[i]); d != 0 {
			return d
		}
	}
	return cmp.Or(len(ra)-len(rb), -strings.Compare(a, b))
}

// asciiLetterBit is what makes a capital letter a small one.
func asciiLetterBit(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return 'a' - 'A'
	}
	return 0
}
