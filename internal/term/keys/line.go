package keys

import (
	"strings"
	"unicode"
)

// Line is a line that is being written, key by key.
type Line struct{ text []rune }

// The keys that change more than one character, as in every shell.
const (
	dropLine = '\x15' // Ctrl-U
	dropWord = '\x17' // Ctrl-W
)

// Press takes one key. It returns the line, and true, when Enter ended it; the next key
// begins a new one. Keys that mean nothing in a line change nothing.
func (l *Line) Press(key rune) (line string, done bool) {
	switch {
	case key == Enter:
		line, l.text = string(l.text), nil
		return line, true
	case key == Backspace:
		l.text = l.text[:max(0, len(l.text)-1)]
	case key == dropLine:
		l.text = nil
	case key == dropWord:
		kept := strings.TrimRightFunc(string(l.text), unicode.IsSpace)
		l.text = []rune(kept[:strings.LastIndexFunc(kept, unicode.IsSpace)+1])
	case !unicode.IsControl(key):
		l.text = append(l.text, key)
	}
	return "", false
}

// String returns what was written so far.
func (l *Line) String() string { return string(l.text) }
