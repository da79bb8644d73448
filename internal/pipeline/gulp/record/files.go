package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// maxFile bounds the bytes that are read of one file.
const maxFile = 16 << 20

// files is the project as the gulpfile sees it: what is on disk, and over it what the
// gulpfile itself has written, which stays in memory.
type files struct {
	dir     string // absolute, with slashes
	root    *os.Root
	read    map[string]bool   // what was asked for, relative to the project
	written map[string][]byte // by absolute path
}

func newFiles(dir string) (*files, error) {
	root, err := os.OpenRoot(filepath.FromSlash(dir))
	if err != nil {
		return nil, fmt.Errorf("open the project folder: %w", err)
	}
	return &files{dir: dir, root: root, read: map[string]bool{}, written: map[string][]byte{}}, nil
}

// errOutside is the answer to whoever asks for a file that is not the project's.
var errOutside = fmt.Errorf("outside of the project: %w", fs.ErrNotExist)

// name is a path as the root knows it.
func (f *files) name(file string) (string, error) {
	file = path.Clean(file)
	if !within(file, f.dir) {
		return "", errOutside
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(file, f.dir), "/")
	if rel == "" {
		rel = "."
	}
	return filepath.FromSlash(rel), nil
}

// note remembers that the plan depends on a file.
func (f *files) note(name string) {
	name = filepath.ToSlash(name)
	if name != "." && !strings.HasPrefix(name, "node_modules/") && !strings.Contains(name, "/node_modules/") {
		f.read[name] = true
	}
}

func (f *files) readFile(file string) ([]byte, error) {
	if data, ok := f.written[path.Clean(file)]; ok {
		return data, nil
	}
	name, err := f.name(file)
	if err != nil {
		return nil, err
	}
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %w", name, errIsDir)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is too large to be read", name)
	}
	f.note(name)
	return f.root.ReadFile(name)
}

var errIsDir = errors.New("illegal operation on a directory")

func (f *files) isFile(file string) bool {
	if _, ok := f.written[path.Clean(file)]; ok {
		return true
	}
	info, err := f.stat(file)
	return err == nil && info.Mode().IsRegular()
}

func (f *files) stat(file string) (fs.FileInfo, error) {
	name, err := f.name(file)
	if err != nil {
		return nil, err
	}
	return f.root.Stat(name)
}

// List makes files a [glob.Lister].
func (f *files) List(dir string) []glob.Entry {
	name, err := f.name(dir)
	if err != nil {
		return nil
	}
	d, err := f.root.Open(name)
	if err != nil {
		return nil
	}
	entries, _ := d.ReadDir(-1)
	_ = d.Close()
	var list []glob.Entry
	for _, e := range entries {
		link := e.Type()&fs.ModeSymlink != 0
		isDir := e.IsDir()
		if link {
			info, err := f.root.Stat(filepath.Join(name, e.Name()))
			isDir = err == nil && info.IsDir()
		}
		list = append(list, glob.Entry{Name: e.Name(), Dir: isDir, Link: link})
	}
	slices.SortFunc(list, func(a, b glob.Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// manifest is the part of a package.json that counts here.
type manifest struct {
	Name             string            `json:"name"`
	Version          string            `json:"version"`
	Main             string            `json:"main"`
	Dependencies     map[string]string `json:"dependencies"`
	DevDependencies  map[string]string `json:"devDependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
}

func (f *files) manifest(file string) (manifest, error) {
	var m manifest
	data, err := f.readFile(file)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(data, &m)
}

// version is the gulp that the project was written for, as far as its package.json, or
// the gulp that is installed, says so; 0 = it does not.
func (e *engine) version() int {
	if m, err := e.files.manifest(path.Join(e.dir, "node_modules/gulp/package.json")); err == nil && m.Version != "" {
		return major(m.Version)
	}
	m, _ := e.files.manifest(path.Join(e.dir, "package.json"))
	for _, deps := range []map[string]string{m.DevDependencies, m.Dependencies} {
		if v, ok := deps["gulp"]; ok {
			return major(v)
		}
	}
	return 0
}

// major reads "^4.0.2", "gulpjs/gulp#4.0" and the like.
func major(version string) int {
	if _, after, ok := strings.Cut(version, "#"); ok {
		version = after
	}
	version = strings.TrimLeft(version, "^~>=v ")
	if version != "" && version[0] >= '4' && version[0] <= '9' || strings.Contains(version, "next") || version == "latest" || version == "*" {
		return 4
	}
	return 3
}
