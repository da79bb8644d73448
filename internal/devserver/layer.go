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
	"syscall"
)

// layer is a folder that may come and go while it is served.
type layer struct {
	prefix   string // without slashes at its ends; "" for "/"
	dir      string // absolute
	packages bool

	mu   sync.Mutex  // guards what follows; never held while a file is opened or read
	root *os.Root    // nil while the folder is missing
	info os.FileInfo // the identity of root
	real string      // dir with links resolved
	done bool        // closed for good
}

// hit is a file that answers a request, or a folder that needs its slash first.
type hit struct {
	layer    *layer
	rel      string // below the layer's folder
	file     *os.File
	info     os.FileInfo
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
	if _, real, err := l.open(); err == nil {
		dirs = append(dirs, real)
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
// closes the root under us; the second try then has the new one.
func (l *layer) openFile(rel string) (*os.File, os.FileInfo, error) {
	for try := 0; ; try++ {
		root, real, err := l.open()
		if err != nil {
			return nil, nil, err
		}
		file, info, err := openIn(root, real, rel)
		switch {
		case err == nil:
			return file, info, nil
		case try == 0 && errors.Is(err, os.ErrClosed):
		case l.packages:
			return openLinked(real, rel)
		default:
			return nil, nil, err
		}
	}
}

// openIn opens rel below root and refuses it when the links on its way end at a hidden name.
func openIn(root *os.Root, real, rel string) (*os.File, os.FileInfo, error) {
	if rel == "" {
		rel = "."
	}
	// Without O_NONBLOCK the opening of a named pipe would wait for a writer.
	file, err := root.OpenFile(filepath.FromSlash(rel), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = checkResolved(real, rel)
	}
	if err != nil {
		closeQuietly(file)
		return nil, nil, err
	}
	return file, info, nil
}

// checkResolved judges the name that rel has once all links are resolved. The files are
// the developer's own: nobody who sends requests can change a link in between.
func checkResolved(real, rel string) error {
	asked := filepath.Join(real, filepath.FromSlash(rel))
	if !linked(asked, len(real)) {
		return nil
	}
	final, err := filepath.EvalSymlinks(asked)
	if err != nil {
		return err
	}
	inside, err := filepath.Rel(real, final)
	if err != nil || !filepath.IsLocal(inside) || hiddenTarget(filepath.ToSlash(inside)) {
		return fs.ErrNotExist
	}
	return nil
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

// openLinked opens a file of a package whose folder is a link out of dir.
func openLinked(dir, rel string) (*os.File, os.FileInfo, error) {
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
	root, err := os.OpenRoot(target)
	if err != nil {
		return nil, nil, err
	}
	defer closeQuietly(root)
	return openIn(root, target, rest)
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
func (l *layer) open() (*os.Root, string, error) {
	info, err := os.Stat(l.dir)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, "", os.ErrClosed
	}
	if err != nil {
		l.forget()
		return nil, "", err
	}
	// While root is open its inode cannot be given to another folder.
	if l.root != nil && os.SameFile(info, l.info) {
		return l.root, l.real, nil
	}
	l.forget()
	return l.reopen()
}

func (l *layer) reopen() (*os.Root, string, error) {
	real, err := filepath.EvalSymlinks(l.dir)
	if err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, "", err
	}
	info, err := root.Stat(".")
	if err != nil {
		closeQuietly(root)
		return nil, "", err
	}
	l.root, l.info, l.real = root, info, real
	return root, real, nil
}

func (l *layer) forget() {
	if l.root != nil {
		closeQuietly(l.root)
		l.root = nil
	}
}

// missing reports that nothing at all, not even a refused link, has that name.
func (l *layer) missing(rel string) bool {
	_, err := os.Lstat(filepath.Join(l.dir, filepath.FromSlash(rel)))
	return errors.Is(err, fs.ErrNotExist)
}

func (l *layer) exists() bool {
	_, _, err := l.open()
	return err == nil
}

func (l *layer) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	if l.root == nil {
		return nil
	}
	err := l.root.Close()
	l.root = nil
	return err
}
