//go:build !linux && !darwin && !windows

package backend

import (
	"os"
	"syscall"
)

const (
	canListProcesses = false
	reapsOrphans     = true // nothing can be found by its mark here
)

func becomeSubreaper() {}

func childAttributes(terminal bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Setctty: terminal, Ctty: 0}
}

// isTerminal is false here: without a controlling terminal colours still work.
func isTerminal() bool { return false }

// withoutEcho does nothing: what is typed to a command is shown twice.
func withoutEcho(*os.File) {}

func processes() []proc { return nil }

func environOf(int) []byte { return nil }
