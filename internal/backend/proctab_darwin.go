package backend

import (
	"bytes"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	canListProcesses = true
	reapsOrphans     = false // there is no subreaper; the mark finds what detached itself
)

func becomeSubreaper() {}

// childAttributes starts the command in a session of its own, with the terminal as its
// controlling one.
func childAttributes(terminal bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Setctty: terminal, Ctty: 0}
}

func isTerminal() bool {
	_, err := unix.IoctlGetTermios(0, unix.TIOCGETA)
	return err == nil
}

// withoutEcho keeps a terminal from printing what we write to it: whoever typed it sees
// it already. A program that draws its own input line is not concerned.
func withoutEcho(terminal *os.File) {
	mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TIOCGETA)
	if err != nil {
		return
	}
	mode.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(int(terminal.Fd()), unix.TIOCSETA, mode) // an echo harms nobody
}

// zombie is SZOMB of sys/proc.h.
const zombie = 5

// processes reads the process table of the kernel, zombies left out.
func processes() []proc {
	list, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	var table []proc
	for _, k := range list {
		if k.Proc.P_stat == zombie {
			continue
		}
		name, _, _ := bytes.Cut(k.Proc.P_comm[:], []byte{0})
		table = append(table, proc{
			pid: int(k.Proc.P_pid), parent: int(k.Eproc.Ppid), name: string(name),
			started: fmt.Sprintf("%d.%06d", k.Proc.P_starttime.Sec, k.Proc.P_starttime.Usec),
		})
	}
	return table
}

// environOf returns the arguments and the environment; a mark is as good there.
func environOf(pid int) []byte {
	args, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil {
		return nil // it has ended, or belongs to somebody else
	}
	return args
}
