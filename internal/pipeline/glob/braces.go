package glob

import (
	"slices"
	"strconv"
	"strings"
)

// maxAlternatives bounds what braces may stand for: {1..999999} is a mistake.
const maxAlternatives = 1_000

// Braces returns what a pattern with braces stands for, in the order of a shell:
// "a/{b,c}" is "a/b" and "a/c", "{1..3}" three numbers. Braces without a comma or a
// range, and those that are not closed, stay.
func Braces(pattern string) []string {
	if !strings.Contains(pattern, "{") {
		return []string{pattern}
	}
	out := expand(pattern, maxAlternatives)
	if len(out) > maxAlternatives {
		return []string{pattern}
	}
	if len(out) > 1 {
		out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	}
	return out
}

// expand returns more than limit alternatives if there are.
func expand(pattern string, limit int) []string {
	open, end, ok := firstBraces(pattern)
	if !ok {
		return []string{pattern}
	}
	var out []string
	tails := expand(pattern[end+1:], limit)
	for _, item := range items(pattern[open+1:end], limit) {
		for _, tail := range tails {
			if out = append(out, pattern[:open]+item+tail); len(out) > limit {
				return out
			}
		}
	}
	return out
}

// firstBraces finds the first pair that has alternatives.
func firstBraces(pattern string) (open, end int, ok bool) {
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\':
			i++
		case pattern[i] == '{' && (i == 0 || pattern[i-1] != '$'):
			if n := closing(pattern, i); n > 0 && hasItems(pattern[i+1:n]) {
				return i, n, true
			}
		}
	}
	return 0, 0, false
}

// closing returns the offset of the brace that closes the one at open, -1 if none does.
func closing(pattern string, open int) int {
	depth := 0
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func hasItems(inside string) bool {
	if len(commas(inside)) > 1 {
		return true
	}
	_, ok := sequence(inside, 0)
	return ok
}

// items returns what stands between commas, expanded itself, or the members of a range.
func items(inside string, limit int) []string {
	list := commas(inside)
	if len(list) == 1 {
		if seq, ok := sequence(inside, limit); ok {
			return seq
		}
	}
	var out []string
	for _, item := range list {
		if out = append(out, expand(item, limit)...); len(out) > limit {
			return out
		}
	}
	return out
}

// commas cuts at the commas that are in no inner braces.
func commas(inside string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(inside); i++ {
		switch inside[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 0 {
				out, start = append(out, inside[start:i]), i+1
			}
		}
	}
	return append(out, inside[start:])
}

// sequence returns the members of "1..5", "5..1" or "a..e".
func sequence(inside string, limit int) ([]string, bool) {
	from, to, ok := strings.Cut(inside, "..")
	if !ok {
		return nil, false
	}
	if a, b := letter(from), letter(to); a != 0 && b != 0 {
		return count(a, b, limit, func(n int) string { return string(rune(n)) }), true
	}
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if errA != nil || errB != nil {
		return nil, false
	}
	return count(a, b, limit, strconv.Itoa), true
}

func letter(s string) int {
	if len(s) == 1 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') {
		return int(s[0])
	}
	return 0
}

func count(a, b, limit int, text func(int) string) []string {
	step := 1
	if b < a {
		step = -1
	}
	out := []string{text(a)}
	for n := a; n != b && len(out) <= limit; {
		n += step
		out = append(out, text(n))
	}
	return out
}
