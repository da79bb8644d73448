//go:build !windows

package backend

import (
	"bytes"
	"os"
	"syscall"
	"time"
)

// proc is one entry of the process table.
type proc struct {
	pid, parent int
	name        string
	started     string // opaque: two processes with the same pid differ in it
}

// descendants returns the pids below root, root not included.
func descendants(table []proc, root int) map[int]bool {
	children := map[int][]int{}
	for _, p := range table {
		children[p.parent] = append(children[p.parent], p.pid)
	}
	below := map[int]bool{}
	for queue := children[root]; len(queue) > 0; {
		pid := queue[0]
		queue = queue[1:]
		if !below[pid] {
			below[pid] = true
			queue = append(queue, children[pid]...)
		}
	}
	return below
}

// hasMark says whether a process carries a mark, or, for a mark that ends with '/', one
// that begins so. Processes of other users cannot be read and carry none.
func hasMark(pid int, mark string) bool {
	env := environOf(pid)
	entry := []byte("\x00" + MarkVariable + "=" + mark)
	i := bytes.Index(append([]byte{0}, env...), entry)
	if i < 0 {
		return false
	}
	rest := env[min(len(env), i+len(entry)-1):]
	return mark[len(mark)-1] == '/' || len(rest) == 0 || rest[0] == 0
}

// marked returns the processes that carry a mark, ourselves not included.
func marked(mark string) []proc {
	var found []proc
	for _, p := range processes() {
		if p.pid != os.Getpid() && hasMark(p.pid, mark) {
			found = append(found, p)
		}
	}
	return found
}

// killTries bounds how long we kill what does not die: a process that waits for a disk or
// a network share that is gone cannot.
const killTries = 300

// killMarked kills what carries a mark until nothing does.
func killMarked(mark string) {
	for range killTries {
		left := marked(mark)
		if len(left) == 0 {
			return
		}
		signalAll(left, syscall.SIGKILL)
		pause(killEvery)
	}
}

func signalAll(procs []proc, s syscall.Signal) {
	for _, p := range procs {
		_ = syscall.Kill(p.pid, s) // it may have ended by itself since
	}
}

// pause gives the system time to take killed processes away; that cannot be waited for
// where they are not our children.
func pause(d time.Duration) { <-time.After(d) }

// startOf returns when a process was started, "" if it does not exist.
func startOf(pid int) string {
	for _, p := range processes() {
		if p.pid == pid {
			return p.started
		}
	}
	return ""
}
