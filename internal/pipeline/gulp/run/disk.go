package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// Disk is a project's folder as it was last read: what it holds is remembered until
// [Disk.Forget] says that it has changed. It reads nothing outside of the folder. Its
// methods may be called concurrently.
type Disk struct {
	// Accept says whether a file's new content may take the place of the old one, which
	// stays otherwise; it may be called concurrently. nil = always. Set before use.
	Accept func(file string, old, content []byte) bool

	dir   string
	mu    sync.Mutex // guards what follows; not held while reading
	files map[string]*content
	dirs  map[string][]glob.Entry
}

// content is what a file held. A stale one is kept so that bytes which turn out to be the
// same stay the same slice: whoever remembers by slice then has nothing to redo.
type content struct {
	data  []byte
	stale bool
}

// NewDisk returns the folder at dir, an absolute path.
func NewDisk(dir string) *Disk {
	return &Disk{dir: filepath.ToSlash(filepath.Clean(dir)), files: map[string]*content{}, dirs: map[string][]glob.Entry{}}
}

// Read returns what a file holds; the path is absolute and the bytes may not be changed.
func (d *Disk) Read(file string) ([]byte, error) {
	if !within(file, d.dir) {
		return nil, fmt.Errorf("read %s: it lies outside of the project: %w", file, fs.ErrNotExist)
	}
	d.mu.Lock()
	known := d.files[file]
	d.mu.Unlock()
	if known != nil && !known.stale {
		return known.data, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a file of the project: %w", err)
	}
	if known != nil && (bytes.Equal(data, known.data) || d.Accept != nil && !d.Accept(file, known.data, data)) {
		data = known.data
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[file] = &content{data: data}
	return data, nil
}

// Known returns what a file held when it was last read, without reading it again.
func (d *Disk) Known(file string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.files[file]
	if c == nil {
		return nil, false
	}
	return c.data, true
}

// List returns what a folder, an absolute path, holds, sorted by name.
func (d *Disk) List(dir string) []glob.Entry {
	if !within(dir, d.dir) {
		return nil
	}
	d.mu.Lock()
	list, ok := d.dirs[dir]
	d.mu.Unlock()
	if ok {
		return list
	}
	list = readDir(dir)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dirs[dir] = list
	return list
}

func readDir(dir string) []glob.Entry {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil // no folder, or none that we may read: nothing in it
	}
	list := make([]glob.Entry, 0, len(found))
	for _, e := range found {
		list = append(list, glob.Entry{Name: e.Name(), Dir: e.IsDir()})
		if e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		info, err := os.Stat(path.Join(dir, e.Name()))
		last := &list[len(list)-1]
		last.Link, last.Dir = true, err == nil && info.IsDir()
		if err != nil {
			list = list[:len(list)-1]
		}
	}
	return list
}

// Forget says that files or folders may have changed, appeared or gone: absolute paths.
// Without paths, everything may have.
func (d *Disk) Forget(paths []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(paths) == 0 {
		clear(d.dirs)
		for _, c := range d.files {
			c.stale = true
		}
		return
	}
	for _, p := range paths {
		d.forget(filepath.ToSlash(filepath.Clean(p)))
	}
}

// forget also looks at the folders above: of a new tree the system may name only a part.
func (d *Disk) forget(file string) {
	c, isFile := d.files[file]
	if isFile {
		c.stale = true
	}
	info, err := os.Stat(file)
	if folder := err == nil && info.IsDir(); !isFile || folder {
		d.forgetBelow(file)
	}
	for ; within(file, d.dir) && file != d.dir; file = path.Dir(file) {
		list, ok := d.dirs[path.Dir(file)]
		if ok && listed(list, path.Base(file)) != kindOf(file) {
			delete(d.dirs, path.Dir(file))
		}
	}
}

func (d *Disk) forgetBelow(dir string) {
	for name := range d.dirs {
		if within(name, dir) {
			delete(d.dirs, name)
		}
	}
	for name, c := range d.files {
		if within(name, dir) {
			c.stale = true
		}
	}
}

// kind says what a name stands for.
type kind int

const (
	absent kind = iota
	plain
	folder
)

func listed(list []glob.Entry, name string) kind {
	i, ok := slices.BinarySearchFunc(list, name, func(e glob.Entry, name string) int { return strings.Compare(e.Name, name) })
	switch {
	case !ok:
		return absent
	case list[i].Dir:
		return folder
	}
	return plain
}

func kindOf(file string) kind {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent
	case err == nil && info.IsDir():
		return folder
	}
	return plain
}

// within reports whether a path is a folder or lies below it; both are clean.
func within(file, dir string) bool {
	return file == dir || strings.HasPrefix(file, dir) && (file[len(dir)] == '/' || dir == "/")
}
