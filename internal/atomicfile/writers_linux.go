package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Closed reports whether nobody has a file open for writing, if that is known: the kernel
// refuses to lease it to a reader while somebody has (fcntl(2), F_SETLEASE). The lease ends
// at once, and whoever opens the file in that instant waits for its end. Where there are no
// leases, or the file is another user's, nothing is known.
func Closed(file *os.File) (closed, known bool) {
	conn, err := file.SyscallConn()
	if err != nil {
		return false, false
	}
	_ = conn.Control(func(fd uintptr) { // it fails for a closed file, which its reader will see
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		closed, known = err == nil, err == nil || errors.Is(err, unix.EAGAIN)
		if err == nil {
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK) // closing the file ends it, too
		}
	})
	return closed, known
}
