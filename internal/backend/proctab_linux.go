package backend

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	canListProcesses = true
	reapsOrphans     = true // becomeSubreaper
)

// becomeSubreaper makes every descendant that loses its parent a child of this process,
// so that none can slip away by detaching itself (prctl(2)).
func becomeSubreaper() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // exists since Linux 3.4
}

// childAttributes starts the command in a session of its own, with the terminal as its
// controlling one, and lets it die with the supervisor.
func childAttributes(terminal bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Setctty: terminal, Ctty: 0, Pdeathsig: syscall.SIGKILL}
}

func isTerminal() bool {
	_, err := unix.IoctlGetTermios(0, unix.TCGETS)
	return err == nil
}

// withoutEcho keeps a terminal from printing what we write to it: whoever typed it sees
// it already. A program that draws its own input line is not concerned.
func withoutEcho(terminal *os.File) {
	mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return
	}
	mode.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, mode) // an echo harms nobody
}

// processes reads the process table from /proc, zombies left out.
func processes() []proc {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var table []proc
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended since
		}
		if p, ok := parseStat(pid, string(stat)); ok {
			table = append(table, p)
		}
	}
	return table
}

// parseStat reads the fields of proc_pid_stat(5); the name may hold anything, brackets
// included, so the fields are counted from its last one.
func parseStat(pid int, stat string) (proc, bool) {
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return proc{}, false
	}
	fields := strings.Fields(stat[end+1:]) // from field 3, the state
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return proc{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	return proc{pid: pid, parent: parent, name: stat[open+1 : end], started: fields[19]}, err == nil
}

func environOf(pid int) []byte {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil // it has ended, or belongs to somebody else
	}
	return env
}
