package relay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatternsTakeSegments(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          []string // nil = no match
	}{
		{"client:created:job", "client:created:job", []string{}},
		{"client:created:job", "client:created:jobs", nil},
		{"client:created:job", "client:created", nil},
		{"*", "a", []string{"a"}},
		{"*", "", nil},
		{"*", "a:b", nil},
		{"client:*:job", "client:created:job", []string{"created"}},
		{"client:*:job", "client::job", nil},
		{"client:*:job", "client:a:b:job", nil},
		{"client:*:job", "client:created:job:x", nil},
		{"client:*", "client:", nil},
		{"client:*", "client", nil},
		{"*:*", "a:b", []string{"a", "b"}},
		{"client:**", "client:a:b:c", []string{"a:b:c"}},
		{"client:**", "client:a", []string{"a"}},
		{"client:**", "client:", nil},
		{"client:**", "client", nil},
		{"client:**", "clientx:a", nil},
		{"client:*:**", "client:a:b:c", []string{"a", "b:c"}},
		{"client:*:**", "client:a", nil},
		{"**", "anything:at all", []string{"anything:at all"}},
		{"**", "", nil},
		{"**", ":", []string{":"}},
		{"a:*", "a:é€😀", []string{"é€😀"}},
	}
	for _, tt := range tests {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Fatalf("%s: %v", tt.pattern, err)
		}
		var caps captures
		var got []string
		if p.match(tt.name, &caps) {
			got = caps[:p.wild]
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s on %q (-want +got):\n%s", tt.pattern, tt.name, diff)
		}
	}
}

func TestCoversIsTrueOnlyIfEveryNameIsTaken(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"client:**", "client:created:job", true},
		{"client:**", "client:*", true},
		{"client:**", "client:*:**", true},
		{"client:**", "client", false},
		{"client:**", "client:", false},
		{"client:*", "client:**", false},
		{"client:*", "client:a", true},
		{"client:*", "client:", false},
		{"*:job", "client:job", true},
		{"client:job", "*:job", false},
		{"a", "a", true},
		{"a", "a:b", false},
		{"a:b", "a", false},
		{"**", "*", true},
		{"*", "**", false},
	}
	for _, tt := range tests {
		a, _ := parsePattern(tt.a)
		b, _ := parsePattern(tt.b)
		if got := a.covers(b); got != tt.want {
			t.Errorf("%q covers %q: got %v", tt.a, tt.b, got)
		}
	}
}

// FuzzPattern holds covers against match: a name that b takes must be one that a
// takes when a covers b.
func FuzzPattern(f *testing.F) {
	f.Add("client:**", "client:*:job", "client:created:job")
	f.Add("*:*", "a:*", "a:b")
	f.Add("**", "a::b", "a::b")
	f.Add(":**", "::*", ":::")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		pa, err := parsePattern(a)
		if err != nil {
			return
		}
		pb, err := parsePattern(b)
		if err != nil {
			return
		}
		var caps captures
		if pa.covers(pb) && pb.match(name, &caps) && !pa.match(name, &caps) {
			t.Fatalf("%q covers %q, yet only the latter takes %q", a, b, name)
		}
	})
}

func TestNamespacesAreNamedOrPatterned(t *testing.T) {
	set, err := CompileNamespaces([]string{"/chat", "/org-*", "/deep/**", "/a.b"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"/": true, "/chat": true, "/chat2": false, "/org-7": true, "/org-": false, "/org-7/x": false,
		"/deep/a/b": true, "/deep": false, "/a.b": true, "/axb": false, "": false, "/org-1\n/x": false,
	} {
		if got := set.Has(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
	for _, bad := range []string{"chat", ""} {
		if _, err := CompileNamespaces([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
