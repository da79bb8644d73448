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
	return time.Unix(stat.Ctim.Unix()), true
}

// zfs is its magic number, which x/sys does not have.
const zfs = 0x2fc12fc1

// isLocal reports whether a file lies where a look at it tells the truth. What a network
// or a virtual machine shares may be seconds behind.
func isLocal(file *os.File) bool {
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	var fs unix.Statfs_t
	err = unix.EBADF
	_ = conn.Control(func(fd uintptr) { err = unix.Fstatfs(int(fd), &fs) }) // it fails for a closed file
	if err != nil {
		return false
	}
	switch int64(fs.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, zfs:
		return true
	}
	return false
}
