package devserver

import (
	"io"
	"net/http"
	"os"
)

const (
	// frozenFrom is the size from which it is worth to let the kernel send.
	frozenFrom = 32 << 10 // bytes
	// maxHandles bounds the handles of one file that wait to be used again.
	maxHandles = 8
)

// frozen is the content of a file in memory that belongs to the kernel. It is sent without
// being copied, as sendfile(2) sends a file; but unlike a file it never changes, not even
// while the network still holds parts of it. What is dropped is closed by the collector:
// an answer may be under way.
type frozen struct {
	file *os.File
	name string        // under which it can be opened again
	free chan *os.File // each has an offset of its own
}

// send writes the whole content to w; false if nothing is won by that and nothing was sent.
func (f *frozen) send(w http.ResponseWriter, r *http.Request, size int) bool {
	to, ok := w.(io.ReaderFrom)
	if f == nil || !ok || r.TLS != nil {
		return false
	}
	handle, err := f.handle()
	if err != nil {
		return false
	}
	_, _ = to.ReadFrom(io.LimitReader(handle, int64(size))) // whoever is gone does not need it
	select {
	case f.free <- handle:
	default:
		_ = handle.Close() // opened for reading: nothing can be lost
	}
	return true
}

// handle returns a handle whose offset is 0.
func (f *frozen) handle() (*os.File, error) {
	select {
	case handle := <-f.free:
		_, err := handle.Seek(0, io.SeekStart)
		return handle, err
	default:
		return os.Open(f.name)
	}
}
