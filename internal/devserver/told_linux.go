package devserver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func changedAt(stat *syscall.Stat_t) syscall.Timespec { return stat.Ctim }

// zfs is its magic number, which x/sys does not have.
const zfs = 0x2fc12fc1

// isLocalDisk knows the usual file systems; all others count as shared.
func isLocalDisk(disk *unix.Statfs_t) bool {
	switch int64(disk.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, zfs:
		return true
	}
	return false
}
