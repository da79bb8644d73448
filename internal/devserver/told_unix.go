//go:build linux || darwin || freebsd

package devserver

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// changeTime is when a file was last written, renamed or given other times. Unlike the
// time of its content, no program can choose it.
func changeTime(info os.FileInfo) (t time.Time, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false
	}
	changed := changedAt(stat)
	return time.Unix(changed.Unix()), true
}

// isLocal reports whether a file lies where a look at it tells the truth. What a network
// or a virtual machine shares may be seconds behind.
func isLocal(file *os.File) bool {
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	var disk unix.Statfs_t
	err = unix.EBADF
	_ = conn.Control(func(fd uintptr) { err = unix.Fstatfs(int(fd), &disk) }) // it fails for a closed file
	return err == nil && isLocalDisk(&disk)
}
