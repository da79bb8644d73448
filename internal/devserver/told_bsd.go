//go:build darwin || freebsd

package devserver

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func changedAt(stat *syscall.Stat_t) syscall.Timespec { return stat.Ctimespec }

func isLocalDisk(disk *unix.Statfs_t) bool { return disk.Flags&unix.MNT_LOCAL != 0 }
