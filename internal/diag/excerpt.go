package diag

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// excerptContext is the number of lines shown before and after the place.
const excerptContext = 2

// excerptWidth bounds one shown line, in characters: a minified file is one long line.
const excerptWidth = 120

// Excerpt returns the lines of src around a place, numbered, with a caret under the
// column:
//
//	  3 | serve:
//	> 4 |   prot: 3000
//	    |   ^
//
// Line and column count from 1, the column in characters. A line outside src yields
// "", column 0 leaves the caret out. Tabs become one space and control characters
// "·", so that the caret stands right and nothing reaches the terminal as a command.
func Excerpt(src []byte, line, column int) string {
	lines := strings.Split(string(src), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	first, last := max(1, line-excerptContext), min(len(lines), line+excerptContext)
	for last > line && strings.TrimSpace(lines[last-1]) == "" {
		last--
	}
	width := len(fmt.Sprint(last))
	skip := max(0, column-excerptWidth*3/4)
	var b strings.Builder
	for n := first; n <= last; n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %*d | %s\n", mark, width, n, printable(lines[n-1], skip))
		if n == line && column > 0 {
			fmt.Fprintf(&b, "  %*s | %s^\n", width, "", strings.Repeat(" ", column-1-skip))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// printable returns up to excerptWidth characters of a line from the skip-th on.
func printable(line string, skip int) string {
	var b strings.Builder
	at := 0
	for _, r := range strings.TrimSuffix(line, "\r") {
		at++
		if at <= skip {
			continue
		}
		if at > skip+excerptWidth {
			b.WriteRune('…')
			break
		}
		b.WriteRune(shown(r))
	}
	return strings.TrimRight(b.String(), " ")
}

func shown(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError:
		return '·'
	}
	return r
}
