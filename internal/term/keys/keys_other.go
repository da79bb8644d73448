//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package keys

import (
	"context"
	"os"
)

// Lines is not known on this system.
func Lines(context.Context, *os.File, func(string)) error { return ErrNoTerminal }

// keyboard is not known on this system; Ctrl-C and the other commands do everything.
type keyboard struct{}

func open(*os.File) (*keyboard, error) { return nil, ErrNoTerminal }

func (*keyboard) next(context.Context) (string, error) { return "", ErrNoTerminal }

func (*keyboard) close() error { return nil }
