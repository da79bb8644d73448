package glob

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chance makes random names, trees and patterns.
type chance struct{ *rand.Rand }

func (c chance) of(list ...string) string { return list[c.IntN(len(list))] }

// tree returns files of a few folders.
func (c chance) tree() files {
	var out files
	for range 3 + c.IntN(20) {
		file := "/p"
		for range c.IntN(4) {
			file += "/" + c.of("a", "b", "d", ".d", "node_modules")
		}
		file += "/" + c.of("f", ".f") + "." + c.of("js", "css", "spec.js")
		if !slices.Contains(out, file) {
			out = append(out, file)
		}
	}
	return out
}

func (c chance) part() string {
	return c.of("*", "**", "a", "b", "d", "?", "!(a)", "@(a|b)", "+(a|b)", "[!a]", "{a,b}", "{a,b/**}", "*.js", "!(*.spec).js", "f.*", ".*", "*.{js,css}", "{a,d}*")
}

func (c chance) pattern() string {
	parts := []string{"/p"}
	for range 1 + c.IntN(4) {
		parts = append(parts, c.part())
	}
	return strings.Join(parts, "/")
}

// A search looks only where it has to, in an order of its own. What it finds is what the
// pattern matches and no exception does.
func TestASearchFindsWhatItsPatternMatches(t *testing.T) {
	for seed := range uint64(2000) {
		c := chance{rand.New(rand.NewPCG(seed, 5))}
		tree := c.tree()
		s := Search{Pattern: c.pattern(), Dot: c.IntN(3) == 0}
		var excepted []*Pattern
		for range c.IntN(3) {
			except := c.pattern()
			s.Except = append(s.Except, Except(except))
			excepted = append(excepted, Compile(except, Options{Dot: true, NoNegate: true}))
		}
		matches := Compile(s.Pattern, Options{Dot: s.Dot})
		var want []string
		for _, file := range tree {
			if matches.Match(file) && !slices.ContainsFunc(excepted, func(p *Pattern) bool { return p.Match(file) }) {
				want = append(want, file)
			}
		}
		got := s.Files(tree)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %+v in %v (-matches +found):\n%s", seed, s.Pattern, tree, diff)
		}
	}
}
