// Package nearest finds the word a person probably meant.
package nearest

import "strings"

// To returns the candidate that word most likely is a slip of, or "" when none is
// near enough to be worth saying. Upper and lower case, '-' and '_' count as equal;
// a swap of two neighbours counts as one slip. Of two equally near candidates the
// earlier one is returned.
func To(word string, candidates []string) string {
	best, least := "", allowed(word)+1
	folded := fold(word)
	for _, c := range candidates {
		if d := distance(folded, fold(c)); d < least {
			best, least = c, d
		}
	}
	if best != "" {
		return best
	}
	return byPrefix(folded, candidates)
}

// allowed is the number of slips after which two words count as different ones: a
// third of the letters, so that short words do not match everything.
func allowed(word string) int {
	return min(3, max(1, len([]rune(word))/3))
}

// byPrefix takes "dev" for "development", if only one candidate begins so.
func byPrefix(folded string, candidates []string) string {
	found := ""
	for _, c := range candidates {
		if len(folded) < 2 || !strings.HasPrefix(fold(c), folded) {
			continue
		}
		if found != "" {
			return ""
		}
		found = c
	}
	return found
}

func fold(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "_", "-")
}

// distance is the optimal string alignment distance: the number of letters to
// insert, delete, replace, or swap with their neighbour.
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			rows[i][j] = step(rows, a, b, i, j)
		}
	}
	return rows[len(a)][len(b)]
}

func step(rows [][]int, a, b []rune, i, j int) int {
	cost := 1
	if a[i-1] == b[j-1] {
		cost = 0
	}
	d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
	if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
		d = min(d, rows[i-2][j-2]+1)
	}
	return d
}
