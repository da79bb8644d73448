package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// tree is a project's files as URLs see them: what steps have made, then the sources,
// then the static folder; the package folders under their own names.
type tree struct {
	dir    string            // the project, absolute, symbolic links resolved
	src    string            // absolute
	public string            // absolute; "" when the project has none
	mounts []mount           // folders under paths of their own
	more   []string          // absolute: folders that are served after these two
	skip   []string          // absolute folders that are no sources: output, generated layer
	tmp    string            // the generated layer, absolute; in a build it is not on disk
	built  func(string) bool // in a build: whether the output has a file already
	server []string          // URL path prefixes that the running server answers
	tasks  bool              // the project has commands of its own, whose files may lie in tmp already
	made   map[string][]byte // what steps have made, by slash path below the root URL
	env    envRules

	entries []Entry           // scripts that a bundler of the project's own makes
	promote bool              // pages may load modules by mistake as plain scripts
	alias   map[string]string // names that imports begin with → "./folder"
	vite    bool              // the project has Vite, which can do more than we
}

// packageDirs are served under their own names, as the development server does.
var packageDirs = [...]string{"node_modules", "bower_components"}

// newTree opens the project at dir. Folder names are relative to it; tmp and skip hold no
// sources.
func newTree(dir string, layout Layout, tmp string, skip ...string) (*tree, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the project folder: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fmt.Errorf("find the project folder: %w", err)
	}
	t := &tree{
		dir: abs, src: absIn(abs, filepath.FromSlash(layout.Src)), tmp: absIn(abs, tmp), made: map[string][]byte{},
		built: func(string) bool { return false }, env: layout.env,
		entries: layout.Entries, promote: !layout.wired() && !layout.carriedOut(), vite: layout.Kind == Vite, alias: layout.alias,
	}
	t.mounts = mountsOf(abs, layout)
	for _, root := range layout.More {
		t.more = append(t.more, absIn(abs, filepath.FromSlash(root)))
	}
	for _, s := range append(skip, tmp) {
		t.skip = append(t.skip, absIn(abs, s))
	}
	public := absIn(abs, filepath.FromSlash(orDefault(layout.Public, "public")))
	if public != t.src && !slices.Contains(t.skip, public) && isDir(public) {
		t.public = public
	}
	return t, nil
}

// absIn resolves a path of the user's against the project folder.
func absIn(dir, p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(dir, p)
}

// find returns the absolute file that a URL path names. Folders are not files.
func (t *tree) find(urlPath string) (string, bool) {
	rel := strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if _, ok := t.made[rel]; ok {
		return rooted(t.tmp, rel), true
	}
	roots := t.roots()
	if t.tasks {
		roots = append(roots, t.tmp)
	}
	for _, root := range roots {
		if file, ok := t.existing(filepath.Join(root, filepath.FromSlash(rel))); ok {
			return file, true
		}
	}
	for _, m := range t.mounts {
		if rest, ok := strings.CutPrefix(rel, m.prefix+"/"); ok {
			return t.existing(filepath.Join(m.dir, filepath.FromSlash(rest)))
		}
	}
	return "", false
}

// mount is a folder, absolute, that is served under a path of its own.
type mount struct{ prefix, dir string }

// mountsOf are the folders of packages and those of the project's own server, the deepest
// path first, as the development server has them.
func mountsOf(dir string, l Layout) []mount {
	list := []mount{
		{"bower_components", absIn(dir, filepath.FromSlash(orDefault(l.Bower, "bower_components")))},
		{"node_modules", filepath.Join(dir, "node_modules")},
	}
	for prefix, folder := range l.Routes() {
		list = append(list, mount{strings.Trim(prefix, "/"), absIn(dir, filepath.FromSlash(folder))})
	}
	slices.SortStableFunc(list, func(a, b mount) int { return cmp.Or(len(b.prefix)-len(a.prefix), strings.Compare(a.prefix, b.prefix)) })
	return list
}

// named returns the file that an address, relative to a folder, names: as it is written
// if there is such a file, else decoded.
func (t *tree) named(dir, address string) string {
	file := filepath.Join(dir, filepath.FromSlash(address))
	if _, ok := t.existing(file); ok {
		return file
	}
	if decoded, ok := unescapePath(address); ok {
		return filepath.Join(dir, filepath.FromSlash(decoded))
	}
	return file
}

// roots are the folders whose files are served under the root URL, the first that has a
// file wins.
func (t *tree) roots() []string {
	if t.public == "" {
		return append([]string{t.src}, t.more...)
	}
	return append([]string{t.src, t.public}, t.more...)
}

func (t *tree) existing(file string) (string, bool) { return file, t.isFile(file) }

// isFile reports whether a regular file is there, symbolic links followed.
func (t *tree) isFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// isMade reports whether a file is one that steps have made and that exists in memory.
func (t *tree) isMade(file string) bool {
	r, err := filepath.Rel(t.tmp, file)
	if err != nil {
		return false
	}
	_, ok := t.made[filepath.ToSlash(r)]
	return ok
}

// read returns a file's content: what steps have made of it, or what is on disk.
func (t *tree) read(file string) ([]byte, error) {
	for _, root := range []string{t.tmp, t.src} {
		if r, err := filepath.Rel(root, file); err == nil {
			if data, ok := t.made[filepath.ToSlash(r)]; ok {
				return data, nil
			}
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.rel(file), err)
	}
	return data, nil
}

// rel returns a file's path relative to the project, with slashes: how diagnostics and
// source maps name it.
func (t *tree) rel(file string) string {
	r, err := filepath.Rel(t.dir, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(r)
}

// url returns the path, without the leading slash, under which a source file is served.
func (t *tree) url(file string) string {
	roots := append([]string{t.tmp, t.public, t.src}, t.more...)
	for _, root := range append(roots, t.dir) {
		if root == "" {
			continue
		}
		if r, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(r) {
			return filepath.ToSlash(r)
		}
	}
	return filepath.Base(file)
}

// urls returns all URL paths of a source file: of folders that lie in one another, each
// serves a file in the inner one.
func (t *tree) urls(file string) []string {
	urls := []string{t.url(file)}
	for _, root := range t.roots() {
		if r, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(r) && !slices.Contains(urls, filepath.ToSlash(r)) {
			urls = append(urls, filepath.ToSlash(r))
		}
	}
	return urls
}

// isPublic reports whether a file is copied as it is, under its own name.
func (t *tree) isPublic(file string) bool {
	return t.public != "" && strings.HasPrefix(file, t.public+string(filepath.Separator))
}

// sources lists the regular files below src, absolute and sorted by URL path. Dot files,
// package folders, the output and the generated layer are left out.
func (t *tree) sources() ([]string, error) { return t.walk(t.src) }

func (t *tree) walk(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p == root:
			return nil
		case d.IsDir():
			return t.enter(p, d.Name())
		case hidden(d.Name()):
			return nil
		}
		if d.Type().IsRegular() || t.isFile(p) {
			files = append(files, p)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.rel(root), err)
	}
	slices.SortFunc(files, func(a, b string) int {
		return strings.Compare(filepath.ToSlash(a), filepath.ToSlash(b))
	})
	return files, nil
}

func (t *tree) enter(dir, name string) error {
	if hidden(name) || slices.Contains(packageDirs[:], name) || slices.Contains(t.skip, dir) {
		return fs.SkipDir
	}
	return nil
}

// hidden reports whether a name is never published: dot files but .well-known.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != ".well-known"
}

func isDir(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}
