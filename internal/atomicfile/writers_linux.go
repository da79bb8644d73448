package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openForWriting reports whether somebody has a file open for writing: the kernel then
// refuses to lease it to a reader (fcntl(2), F_SETLEASE). The lease ends at once. Whoever
// opens the file in that instant waits for its end; where there are no leases, or the file
// is another user's, nothing is known.
func openForWriting(file *os.File) bool {
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	busy := false
	_ = conn.Control(func(fd uintptr) { // it fails for a closed file, which its reader will see
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		busy = errors.Is(err, unix.EAGAIN)
		if err == nil {
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK) // closing the file ends it, too
		}
	})
	return busy
}
