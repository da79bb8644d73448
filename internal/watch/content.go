package watch

import (
	"errors"
	"hash/maphash"
	"io/fs"
	"os"
	"time"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// A file is what is known of one regular file.
type file struct {
	size   int64
	mtime  int64 // nanoseconds since 1970
	hash   uint64
	hashed bool // hash is that of the content
	// recent: the file was written so shortly before it was looked at that another write
	// may have left size and time as they were.
	recent bool
}

const (
	// clockTick is how coarse a file system's times may be: the kernel stamps files with
	// the time of its last tick, 4 ms at 250 Hz and 10 ms at 100 Hz.
	clockTick = 10 * time.Millisecond
	// maxHashed bounds what is read to tell content apart; above it size and time decide.
	maxHashed = 16 << 20 // bytes
)

// fileOf notes what a look at a file shows.
func fileOf(info fs.FileInfo) file {
	return file{
		size:   info.Size(),
		mtime:  info.ModTime().UnixNano(),
		recent: time.Since(info.ModTime()) < clockTick,
	}
}

// sameStamp reports whether size and time alone prove that nothing was written between
// two looks.
func (f file) sameStamp(later file) bool {
	return f.size == later.size && f.mtime == later.mtime && !f.recent
}

// sum hashes the content of the file at path. stable is false if somebody wrote to it
// meanwhile, and the content may be torn.
func sum(path string, seed maphash.Seed) (f file, stable bool, err error) {
	before, err := os.Stat(path)
	if err != nil {
		return file{}, false, err
	}
	f = fileOf(before)
	if f.size > maxHashed {
		return f, true, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return f, false, err
	}
	after, err := os.Stat(path)
	if err != nil {
		return f, false, err
	}
	f.hash, f.hashed = maphash.Bytes(seed, data), true
	stable = after.Size() == int64(len(data)) && after.ModTime().Equal(before.ModTime())
	return f, stable, nil
}

// verdict is what a look at a file that may have changed says.
type verdict int

const (
	unchanged verdict = iota
	changed
	unsettled // in the middle of a save, it seems: look again
)

// isClosed reports that a file has content and that nobody is known to write more of it.
func isClosed(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only looked at
	closed, known := atomicfile.Closed(f)
	return known && closed
}

// judge looks at the file at path after a notification. final takes it as it is, even
// if it looks like the middle of a save: absent, empty or growing.
func (t *tree) judge(path string, final bool) verdict {
	old, known := t.files[path]
	now, stable, err := sum(path, t.seed)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t.judgeAbsent(path, known, final)
	case err != nil: // unreadable: whoever needs the file will say so
		t.files[path] = now
		return changed
	case !final && (!stable || now.size == 0 && (!known || old.size != 0)):
		return unsettled
	}
	t.files[path] = now
	if known && sameContent(old, now) {
		return unchanged
	}
	return changed
}

func (t *tree) judgeAbsent(path string, known, final bool) verdict {
	switch {
	case !known:
		return unchanged // came and went: a temporary file
	case !final:
		return unsettled // renamed away by an editor that is about to write it anew
	}
	delete(t.files, path)
	return changed
}

// sameContent compares two looks at one file.
func sameContent(old, now file) bool {
	if old.hashed && now.hashed {
		return old.hash == now.hash
	}
	return old.sameStamp(now)
}

// warm hashes a file that nobody has asked about yet, so that a later save that changes
// nothing is known as such.
func (t *tree) warm(path string) {
	old, known := t.files[path]
	if !known || old.hashed {
		return
	}
	now, stable, err := sum(path, t.seed)
	if err == nil && stable && old.size == now.size && old.mtime == now.mtime {
		t.files[path] = now
	}
}
