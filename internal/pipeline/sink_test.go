package pipeline

import "testing"

func TestHashIsNoWordAndNoNumber(t *testing.T) {
	zeros := make([]byte, 32) // forty A's and more
	last := make([]byte, 32)
	last[8] = 0xff // letters, then digits
	for want, sum := range map[string][]byte{"AAAAAAAA": zeros, "AAAAAAB7": last} {
		if got := hashText(sum); got != want {
			t.Errorf("hashText(%x) = %s, want %s", sum, got, want)
		}
	}
}
