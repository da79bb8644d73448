// Package keys reads single keys from the terminal, without Enter, and runs what they
// stand for.
//
// While it listens the terminal passes each key on at once and does not show it; Ctrl-C,
// Ctrl-Z and the output stay as they are. The terminal is put back as it was when the
// context ends, which is the first thing that happens on every way out: a program that
// is stopped in the background never touches it.
package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Esc is the key that leaves; Enter, Tab and Backspace are themselves, too.
const (
	Esc       = '\x1b'
	Enter     = '\n'
	Tab       = '\t'
	Backspace = '\x7f'
)

// ErrNoTerminal says that there is nobody to press a key: the file is no terminal, or
// the program runs in the background, or the system is not known here.
var ErrNoTerminal = errors.New("no terminal in the foreground")

// Listen calls press for each key, until ctx is done; it returns nil then. Keys that are
// no character, such as arrows, are left out. press is called from the goroutine of
// Listen: what takes long delays the next key. It returns ErrNoTerminal at once if keys
// cannot be read.
func Listen(ctx context.Context, tty *os.File, press func(rune)) error {
	k, err := open(tty)
	if err != nil {
		return err
	}
	rest := ""
	for {
		text, err := k.next(ctx)
		if err != nil || ctx.Err() != nil {
			return errors.Join(ignoreDone(ctx, err), k.close())
		}
		text, rest = wholeRunes(rest + text)
		for _, r := range typed(text) {
			if ctx.Err() == nil {
				press(r)
			}
		}
	}
}

func ignoreDone(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("read keys: %w", err)
}

// wholeRunes returns text without a character that is not all there yet, and that one.
func wholeRunes(text string) (whole, rest string) {
	for n := len(text) - 1; n >= max(0, len(text)-utf8.UTFMax+1); n-- {
		if utf8.RuneStart(text[n]) {
			if utf8.FullRuneInString(text[n:]) {
				return text, ""
			}
			return text[:n], text[n:]
		}
	}
	return text, ""
}

// typed returns the characters a person typed. Arrows and function keys arrive as
// sequences that begin with ESC: their letters must not count as keys. ESC alone is the
// key Esc; a terminal sends a sequence in one piece, so an ESC at the end is no beginning.
func typed(text string) string {
	if before, ok := strings.CutSuffix(text, string(Esc)); ok {
		return typed(before) + string(Esc)
	}
	sequence := regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]?|O.?|.?)")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\b", string(Backspace)).Replace(sequence.ReplaceAllString(text, ""))
}

// Action is what one key does.
type Action struct {
	Key  rune
	Help string // "open the browser"
	Do   func()
}

// Find returns what a key does.
func Find(actions []Action, key rune) (do func(), ok bool) {
	for _, a := range actions {
		if a.Key == key {
			return a.Do, true
		}
	}
	return nil, false
}
