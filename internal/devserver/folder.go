package devserver

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// folder is what a layer's folder is at some time. It is never changed; when the folder is
// another one, it is closed and replaced.
type folder struct {
	root *os.Root
	dir  *os.File // the same folder, for openDirect
	info os.FileInfo
	real string // its name with links resolved

	private *private
}

func openFolder(name string, p *private) (*folder, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, real: real, private: p}
	if f.dir, err = root.Open("."); err == nil {
		f.info, err = f.dir.Stat()
	}
	if err != nil {
		_ = f.close()
		return nil, err
	}
	return f, nil
}

func (f *folder) close() error {
	if f == nil {
		return nil
	}
	err := f.root.Close()
	if f.dir != nil {
		err = errors.Join(err, f.dir.Close())
	}
	return err
}

// open opens rel and refuses it when the links on its way end at a hidden name.
func (f *folder) open(rel string) (*os.File, os.FileInfo, error) {
	if rel == "" {
		rel = "."
	}
	file, err := openDirect(f.dir, rel)
	direct := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// Without O_NONBLOCK the opening of a named pipe would wait for a writer.
		file, err = f.root.OpenFile(filepath.FromSlash(rel), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case direct:
		err = f.private.check(f.real, rel)
	default:
		err = f.checkResolved(rel)
	}
	if err != nil {
		closeQuietly(file)
		return nil, nil, err
	}
	return file, info, nil
}

// checkResolved judges the name that rel has once all links are resolved. The files are
// the developer's own: nobody who sends requests can change a link in between.
func (f *folder) checkResolved(rel string) error {
	asked := filepath.Join(f.real, filepath.FromSlash(rel))
	if !linked(asked, len(f.real)) {
		return f.private.check(f.real, rel)
	}
	final, err := filepath.EvalSymlinks(asked)
	if err != nil {
		return err
	}
	inside, err := filepath.Rel(f.real, final)
	if err != nil || !filepath.IsLocal(inside) || hiddenTarget(filepath.ToSlash(inside)) {
		return fs.ErrNotExist
	}
	return f.private.check(f.real, inside)
}

// linked reports whether a part of name after its first n bytes is a symbolic link; those
// bytes have been resolved before. What cannot be read counts as a link, and is looked at
// closely.
func linked(name string, n int) bool {
	for i := n + 1; i <= len(name); i++ {
		if i < len(name) && name[i] != filepath.Separator {
			continue
		}
		info, err := os.Lstat(name[:i])
		if err != nil || info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// private are files that are never served, by their folded names without links. The set
// grows while they are asked for.
type private struct {
	names atomic.Pointer[map[string]bool]
}

// add takes the names of files, some of which may not be there yet. One call at a time.
func (p *private) add(files []string) error {
	names := map[string]bool{}
	if old := p.names.Load(); old != nil {
		maps.Copy(names, *old)
	}
	for _, file := range files {
		name, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
			name = filepath.Join(dir, filepath.Base(name))
		}
		names[fold(name)] = true
		if final, err := filepath.EvalSymlinks(name); err == nil {
			names[fold(final)] = true
		}
	}
	p.names.Store(&names)
	return nil
}

func (p *private) check(dir, rel string) error {
	names := *p.names.Load()
	if len(names) > 0 && names[fold(filepath.Join(dir, filepath.FromSlash(rel)))] {
		return fs.ErrNotExist
	}
	return nil
}
