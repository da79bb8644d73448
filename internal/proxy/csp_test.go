package proxy

import (
	"slices"
	"strings"
	"testing"
)

// Whatever a policy says: what it allowed stays allowed, nothing but our own sources is
// added, and a second amendment finds nothing to do.
func FuzzAmendAddsOurSourcesOnly(f *testing.F) {
	for _, seed := range []string{
		"default-src 'none'", "script-src 'self'; connect-src *", "script-src 'strict-dynamic' 'nonce-a', default-src x", ";;,;", "SCRIPT-SRC 'NONE';", "default-src",
	} {
		f.Add(seed)
	}
	a := access{script: "http://localhost/own.js", connects: []string{"ws://localhost/own/"}, nonce: "n"}
	f.Fuzz(func(t *testing.T, before string) {
		after := a.amend(before)
		if again := a.amend(after); again != after {
			t.Errorf("%q became %q, then %q", before, after, again)
		}
		old, changed := strings.Split(before, ","), strings.Split(after, ",")
		if len(old) != len(changed) {
			t.Fatalf("%q became %q: another number of policies", before, after)
		}
		for i := range old {
			sameButOurs(t, old[i], changed[i], a)
		}
	})
}

func sameButOurs(t *testing.T, before, after string, a access) {
	t.Helper()
	ours := append([]string{a.script, "'nonce-" + a.nonce + "'"}, a.connects...)
	strip := func(words []string) []string {
		return slices.DeleteFunc(words, func(w string) bool {
			return slices.Contains(ours, w) || strings.EqualFold(w, "'none'")
		})
	}
	old, changed := policy(strings.Split(before, ";")), policy(strings.Split(after, ";"))
	_, fallback := old.find("default-src")
	for _, directive := range changed {
		fields := strings.Fields(directive)
		if len(fields) == 0 {
			continue
		}
		_, now := changed.find(fields[0])
		i, sources := old.find(fields[0])
		if i < 0 {
			sources = fallback
		}
		if want, got := strip(slices.Clone(sources)), strip(slices.Clone(now)); !slices.Equal(want, got) {
			t.Errorf("%q became %q: %s has %q, want %q", before, after, fields[0], got, want)
		}
	}
}
