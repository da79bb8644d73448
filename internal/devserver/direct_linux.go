package devserver

import (
	"os"

	"golang.org/x/sys/unix"
)

// openDirect opens a file below dir in one step of the kernel, which walks no link and
// leaves dir in no way (openat2, Linux 5.6). The name it opens is therefore final. An error
// other than fs.ErrNotExist says nothing about the file: a link, or an older kernel.
func openDirect(dir *os.File, name string) (*os.File, error) {
	conn, err := dir.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, openErr := -1, error(nil)
	how := &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	// Control keeps dir open meanwhile.
	err = conn.Control(func(at uintptr) { fd, openErr = unix.Openat2(int(at), name, how) })
	if err != nil {
		return nil, err
	}
	if openErr != nil {
		return nil, &os.PathError{Op: "openat2", Path: name, Err: openErr}
	}
	return os.NewFile(uintptr(fd), name), nil
}
