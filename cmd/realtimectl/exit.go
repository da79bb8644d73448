package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// The exit codes. They are part of the interface: `realtimectl help exit-codes`.
const (
	exitOK          = 0
	exitFailure     = 1   // something failed while running
	exitUsage       = 2   // wrong use, or a mistake in the configuration
	exitPort        = 3   // an address is in use
	exitBuild       = 4   // the build failed
	exitBackend     = 5   // a back-end did not become healthy
	exitCheck       = 6   // a check failed
	exitInterrupted = 130 // interrupted before everything was up
)

// exitError is an error with its exit code and the ways out. Commands return plain
// errors where the code is [exitFailure].
type exitError struct {
	code  int
	err   error
	hints []string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// failure returns an error with an exit code and hints.
func failure(code int, err error, hints ...string) error {
	return &exitError{code: code, err: err, hints: hints}
}

// usagef returns an error of use.
func usagef(hint, format string, args ...any) error {
	e := &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
	if hint != "" {
		e.hints = []string{hint}
	}
	return e
}

// errReported ends the program with a code when everything has been said already.
var errReported = errors.New("reported")

// finish turns the outcome of a command into words on stderr and an exit code. It is
// the only place that does.
func (a *app) finish(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	code, hints := classify(err)
	if errors.Is(err, errReported) {
		return code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitInterrupted // whoever pressed Ctrl-C knows
	}
	if code == exitUsage && len(hints) == 0 && !isList(err) {
		hints = []string{fmt.Sprintf("`%s --help` shows how", cmd.CommandPath())}
	}
	a.printer().Error(err, hints...)
	return code
}

func isList(err error) bool {
	var list diag.List
	return errors.As(err, &list)
}

// classify returns the exit code of an error and the ways out.
func classify(err error) (code int, hints []string) {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code, exit.hints
	}
	if isList(err) {
		return exitUsage, nil
	}
	if hint := systemHint(err); hint != "" {
		return exitFailure, []string{hint}
	}
	return exitFailure, nil
}

// hinter is an error of a part that knows its own way out, such as the watcher's
// about the limits of the system.
type hinter interface{ Hint() string }

func systemHint(err error) string {
	var h hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	switch {
	case strings.Contains(err.Error(), "too many open files"):
		return "raise the limit of open files: ulimit -n 65536"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "this user may not do that: choose another folder, or change who may"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: `realtimectl clean` gives back what was made from the sources"
	}
	return ""
}
