package backend

import (
	"strings"
	"testing"
)

func TestANameMayHoldAnything(t *testing.T) {
	fields := " S 41 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2"
	tests := []struct {
		stat string
		want proc
		ok   bool
	}{
		{"7 (php)" + fields, proc{7, 41, "php", "98765"}, true},
		{"7 (a) S 1 (b)" + fields, proc{7, 41, "a) S 1 (b", "98765"}, true},
		{"7 (gone)" + strings.Replace(fields, "S", "Z", 1), proc{}, false},
		{"7 (short) S 41", proc{}, false},
		{"", proc{}, false},
	}
	for _, tt := range tests {
		got, ok := parseStat(7, tt.stat)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %+v, %v", tt.stat, got, ok)
		}
	}
}
