package watch

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// silentMount returns the name of the file system of path if it does not notify of
// changes made elsewhere: by another machine, or by the host of a virtual machine.
func silentMount(path string) (string, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return "", false
	}
	switch name := unix.ByteSliceToString(st.Fstypename[:]); name {
	case "nfs", "smbfs", "afpfs", "webdav", "ftp", "macfuse", "osxfuse", "prl_fs", "vmhgfs", "virtiofs":
		return name, true
	}
	return "", false
}

// device tells mounts apart.
func device(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}
