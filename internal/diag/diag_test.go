package diag

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorNamesWhatIsKnownOfThePlace(t *testing.T) {
	tests := []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"nothing", Diagnostic{Message: "m"}, "m"},
		{"file", Diagnostic{Path: "a.css", Message: "m"}, "a.css: m"},
		{"line", Diagnostic{Path: "a.css", Line: 3, Message: "m"}, "a.css:3: m"},
		{"column", Diagnostic{Path: "a.css", Line: 3, Column: 7, Message: "m"}, "a.css:3:7: m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.d.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestListIsAnErrorOnlyIfItHoldsOne(t *testing.T) {
	if err := (List{{Severity: Warning, Message: "w"}}).Err(); err != nil {
		t.Errorf("warnings alone: %v", err)
	}
	err := (List{{Severity: Warning, Message: "w"}, {Severity: Error, Message: "e"}}).Err()
	var list List
	if !errors.As(err, &list) || len(list) != 2 {
		t.Errorf("got %v, want both diagnostics as a List", err)
	}
	if want := "w\ne"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestExcerptPointsAtTheColumn(t *testing.T) {
	src := "paths:\n  src: src\nserve:\n\tprot: 3000\nhub:\n\n"
	want := strings.Join([]string{
		"  2 |   src: src",
		"  3 | serve:",
		"> 4 |  prot: 3000",
		"    |  ^",
		"  5 | hub:",
	}, "\n")
	if diff := cmp.Diff(want, Excerpt([]byte(src), 4, 2)); diff != "" {
		t.Errorf("excerpt (-want +got):\n%s", diff)
	}
}

func TestExcerptOfALongLineShowsThePlace(t *testing.T) {
	src := strings.Repeat("x", 500) + "HERE" + strings.Repeat("y", 500)
	lines := strings.Split(Excerpt([]byte(src), 1, 501), "\n")
	at := strings.Index(lines[1], "^")
	if at < 0 || !strings.HasPrefix(lines[0][at:], "HERE") {
		t.Errorf("the caret does not stand under the place:\n%s", strings.Join(lines, "\n"))
	}
}

func TestExcerptLetsNoControlCharacterThrough(t *testing.T) {
	got := Excerpt([]byte("a\x1b[31mred\x00"), 1, 1)
	if strings.ContainsAny(got, "\x1b\x00") {
		t.Errorf("control character in %q", got)
	}
}

func TestExcerptOfAMissingLineIsEmpty(t *testing.T) {
	for _, line := range []int{0, -1, 3} {
		if got := Excerpt([]byte("a\nb"), line, 1); got != "" {
			t.Errorf("line %d: got %q", line, got)
		}
	}
}
