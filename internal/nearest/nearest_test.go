package nearest

import (
	"slices"
	"testing"
)

func TestToFindsTheWordThatWasMeant(t *testing.T) {
	keys := []string{"proxy", "app", "host", "open", "ghost", "mode", "strict-port", "target"}
	tests := []struct{ word, want string }{
		{"prot", ""}, // as near to "port" as to "proxy", and too far from both
		{"proxi", "proxy"},
		{"porxy", "proxy"},
		{"hots", "host"},
		{"Mode", "mode"},
		{"strict_port", "strict-port"},
		{"strictport", "strict-port"},
		{"strict", "strict-port"},
		{"zebra", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := To(tt.word, keys); got != tt.want {
			t.Errorf("To(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

func TestToSaysNothingWhenAPrefixIsAmbiguous(t *testing.T) {
	if got := To("con", []string{"connections", "connect-timeout"}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestDistanceCountsASwapAsOneSlip(t *testing.T) {
	pairs := map[string]int{"ab": 1, "ba": 0, "": 2, "bac": 1, "xy": 2}
	for from, want := range pairs {
		if got := distance(from, "ba"); got != want {
			t.Errorf("distance(%q, \"ba\") = %d, want %d", from, got, want)
		}
	}
}

func FuzzToReturnsACandidateOrNothing(f *testing.F) {
	candidates := []string{"serve", "build", "ação", "x"}
	for _, seed := range []string{"serv", "", "acao", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if got := To(word, candidates); got != "" && !slices.Contains(candidates, got) {
			t.Errorf("To(%q) = %q, which is no candidate", word, got)
		}
	})
}
