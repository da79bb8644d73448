package term

import (
	"strings"
	"unicode"
)

// Clean returns text as it may be written on a line of a terminal: line breaks and
// tabs become spaces, and every other character that could command the terminal or
// turn the order of what is read around becomes '·'.
func Clean(text string) string {
	return strings.Map(visible, strings.TrimRight(text, "\r\n"))
}

func visible(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return ' '
	case unicode.IsControl(r), r == unicode.ReplacementChar:
		return '·'
	case r == '\u2028', r == '\u2029':
		return ' '
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
		return '·' // bidirectional controls
	}
	return r
}

// cleanColored is Clean for the output of a program that was given a terminal: its
// colours (SGR sequences, "ESC [ … m") stay, every other sequence goes.
func cleanColored(text string) string {
	var b strings.Builder
	styled := false
	for text != "" {
		esc := strings.IndexByte(text, '\x1b')
		if esc < 0 {
			break
		}
		b.WriteString(Clean(text[:esc]))
		seq := sequence(text[esc:])
		if isSGR(seq) {
			b.WriteString(seq)
			styled = true
		}
		text = text[esc+len(seq):]
	}
	b.WriteString(Clean(text))
	if styled {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// withoutColor drops all sequences and cleans what is left.
func withoutColor(text string) string {
	var b strings.Builder
	for {
		esc := strings.IndexByte(text, '\x1b')
		if esc < 0 {
			return b.String() + Clean(text)
		}
		b.WriteString(Clean(text[:esc]))
		text = text[esc+len(sequence(text[esc:])):]
	}
}

// sequence returns the escape sequence with which s begins: a CSI sequence up to its
// final byte, an OSC or other string up to its terminator, or ESC and one character.
func sequence(s string) string {
	if len(s) < 2 {
		return s
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return s[:i+1]
			}
		}
		return s
	case ']', 'P', 'X', '^', '_':
		if i := strings.IndexByte(s, '\a'); i >= 0 {
			return s[:i+1]
		}
		if i := strings.Index(s[2:], "\x1b\\"); i >= 0 {
			return s[:i+4]
		}
		return s
	}
	return s[:2]
}

func isSGR(seq string) bool {
	if len(seq) < 3 || seq[1] != '[' || seq[len(seq)-1] != 'm' {
		return false
	}
	return strings.Trim(seq[2:len(seq)-1], "0123456789;:") == ""
}
