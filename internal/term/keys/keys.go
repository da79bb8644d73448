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
)

// Action is what one key does.
type Action struct {
	Key  rune
	Help string // "open the browser"
	// Do is called from the goroutine of Listen: what takes long delays the next key.
	Do func()
}

// ErrNoTerminal says that there is nobody to press a key: the file is no terminal, or
// the program runs in the background, or the system is not known here.
var ErrNoTerminal = errors.New("no terminal in the foreground")

// Listen runs the actions whose keys are pressed, until ctx is done; it returns nil
// then. Keys without an action, Enter among them, do nothing. It returns ErrNoTerminal
// at once if keys cannot be read.
func Listen(ctx context.Context, tty *os.File, actions []Action) error {
	byKey := map[rune]func(){}
	for _, a := range actions {
		byKey[a.Key] = a.Do
	}
	k, err := open(tty)
	if err != nil {
		return err
	}
	for {
		text, err := k.next(ctx)
		if err != nil || ctx.Err() != nil {
			return errors.Join(ignoreDone(ctx, err), k.close())
		}
		for _, r := range typed(text) {
			if do := byKey[r]; do != nil && ctx.Err() == nil {
				do()
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

// typed returns the characters a person typed. Arrows and function keys arrive as
// sequences that begin with ESC: their letters must not count as keys.
func typed(text string) string {
	sequence := regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]?|O.?|.?)")
	return sequence.ReplaceAllString(text, "")
}

// Help lists the actions, a key a line.
func Help(actions []Action) []string {
	lines := make([]string, len(actions))
	for i, a := range actions {
		lines[i] = fmt.Sprintf("%c  %s", a.Key, a.Help)
	}
	return lines
}
