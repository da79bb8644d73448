package engineio

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unacknowledged returns how many bytes the kernel still holds for the other end: sent
// without an acknowledgement, or not sent yet.
func unacknowledged(raw syscall.RawConn) int {
	n := 0
	if raw != nil {
		_ = raw.Control(func(fd uintptr) { // a closed connection holds nothing
			n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		})
	}
	return n
}
