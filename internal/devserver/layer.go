package devserver

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// layer is a folder that may come and go while it is served.
type layer struct {
	prefix   string // without slashes at its ends; "" for "/"
	dir      string // absolute
	packages bool
	compiled bool
	private  *private

	// mu guards what follows. It is held while the folder is opened again, which happens
	// when a build has replaced it, and never while a file is opened or read.
	mu   sync.Mutex
	now  *folder // nil while the folder is missing
	done bool    // closed for good
}

// hit is a file that answers a request, or a folder that needs its slash first.
type hit struct {
	layer    *layer
	rel      string // below the layer's folder
	file     *os.File
	info     os.FileInfo
	content  *content // from the shelf; there is no file then
	redirect bool
}

// relative returns the part of a clean name below the layer's prefix.
func (l *layer) relative(name string) (string, bool) {
	if l.prefix == "" || name == l.prefix {
		return strings.TrimPrefix(name, l.prefix), true
	}
	return strings.CutPrefix(name, l.prefix+"/")
}

// contains returns the name of file below the layer's folder.
func (l *layer) contains(file string) (string, bool) {
	dirs := []string{l.dir}
	if f, err := l.open(); err == nil {
		dirs = append(dirs, f.real)
	}
	for _, dir := range dirs {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), true
		}
	}
	return "", false
}

// find opens the file that rel names, or the index.html of the folder that rel names.
func (l *layer) find(rel string, folder bool) (hit, bool) {
	if !folder {
		file, info, err := l.openFile(rel)
		if err == nil && info.Mode().IsRegular() {
			return hit{layer: l, rel: rel, file: file, info: info}, true
		}
		closeQuietly(file)
		if err != nil || !info.IsDir() {
			return hit{}, false
		}
	}
	file, info, err := l.openFile(path.Join(rel, indexFile))
	if err != nil || !info.Mode().IsRegular() {
		closeQuietly(file)
		return hit{}, false
	}
	if !folder {
		closeQuietly(file)
		return hit{redirect: true}, true
	}
	return hit{layer: l, rel: path.Join(rel, indexFile), file: file, info: info}, true
}

func closeQuietly(c io.Closer) {
	if f, ok := c.(*os.File); ok && f == nil {
		return
	}
	_ = c.Close() // opened for reading: nothing can be lost
}

// openFile opens what rel names now. The folder may be replaced between two steps, which
// closes it under us; the second try then has the new one.
func (l *layer) openFile(rel string) (*os.File, os.FileInfo, error) {
	for try := 0; ; try++ {
		f, err := l.open()
		if err != nil {
			return nil, nil, err
		}
		file, info, err := f.open(rel)
		switch {
		case err == nil:
			return file, info, nil
		case try == 0 && errors.Is(err, os.ErrClosed):
		case l.packages:
			return openLinked(f.real, rel, f.private)
		default:
			return nil, nil, err
		}
	}
}

// openLinked opens a file of a package whose folder is a link out of dir.
func openLinked(dir, rel string, p *private) (*os.File, os.FileInfo, error) {
	pkg, rest := splitPackage(rel)
	link := filepath.Join(dir, filepath.FromSlash(pkg))
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil, nil, fs.ErrNotExist
	}
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return nil, nil, err
	}
	if up, err := filepath.Rel(target, dir); err == nil && filepath.IsLocal(up) {
		return nil, nil, fs.ErrNotExist // a link to the project itself is no package
	}
	f, err := openFolder(target, p)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.close() }()
	return f.open(rest)
}

// splitPackage splits "name/file" and "@scope/name/file" after the package.
func splitPackage(rel string) (pkg, rest string) {
	pkg, rest, _ = strings.Cut(rel, "/")
	if strings.HasPrefix(pkg, "@") {
		name, after, _ := strings.Cut(rest, "/")
		return pkg + "/" + name, after
	}
	return pkg, rest
}

// open returns the folder as it is now: a build may have deleted and recreated it.
func (l *layer) open() (*folder, error) {
	info, err := os.Stat(l.dir)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, os.ErrClosed
	}
	// While a folder is open its inode cannot be given to another.
	if err == nil && l.now != nil && os.SameFile(info, l.now.info) {
		return l.now, nil
	}
	_ = l.now.close() // opened for reading: nothing can be lost
	l.now = nil
	if err != nil {
		return nil, err
	}
	l.now, err = openFolder(l.dir, l.private)
	return l.now, err
}

// missing reports that nothing at all, not even a refused link, has that name.
func (l *layer) missing(rel string) bool {
	_, err := os.Lstat(filepath.Join(l.dir, filepath.FromSlash(rel)))
	return errors.Is(err, fs.ErrNotExist)
}

func (l *layer) exists() bool {
	_, err := l.open()
	return err == nil
}

func (l *layer) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.now.close()
	l.now, l.done = nil, true
	return err
}
