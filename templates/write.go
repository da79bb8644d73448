package templates

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// Options say how a template is written out.
type Options struct {
	// Name is the name of the project in its page and its README; "" takes the name of
	// the folder. The template's own is kept with "Abacate".
	Name string
	// Overwrite replaces files that are there already with other content.
	Overwrite bool
	// Skip keeps files that are there already. Overwrite wins.
	Skip bool
	// DryRun only reports what would be done.
	DryRun bool
}

// Action is what was done with one file, or would be in a dry run.
type Action string

// The actions. Identical means that the file was there already with just this content.
const (
	Create    Action = "create"
	Replace   Action = "replace"
	Skipped   Action = "skip"
	Identical Action = "identical"
)

// File is one file of the new project.
type File struct {
	Path   string `json:"path"` // relative to the project, with '/'
	Action Action `json:"action"`
}

// ConflictError lists the files that stand in the way. Nothing was written.
type ConflictError struct {
	Dir   string
	Paths []string // relative to Dir, sorted
}

// Error names the folder and every file in the way.
func (e *ConflictError) Error() string {
	if len(e.Paths) == 1 {
		return fmt.Sprintf("%s is there already in %s", e.Paths[0], e.Dir)
	}
	return fmt.Sprintf("%d files are there already in %s: %s", len(e.Paths), e.Dir, strings.Join(e.Paths, ", "))
}

// Write writes a template into the folder dst, which is made if need be, and returns its
// files in the order of their paths. Files that are there already with other content are
// a [*ConflictError], unless the options say otherwise; a name that is not known is an
// [*UnknownError]. Each file is written whole, and if one cannot be written, those that
// were created before it are taken away again.
func Write(dst, name string, o Options) ([]File, error) {
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	dst, err = filepath.Abs(dst)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", dst, err)
	}
	contents, err := t.render(projectName(o.Name, dst))
	if err != nil {
		return nil, err
	}
	files, err := plan(dst, contents, o)
	if err != nil || o.DryRun {
		return files, err
	}
	return files, write(dst, files, contents)
}

// projectName makes one printable line of a name.
func projectName(name, dst string) string {
	if name == "" {
		name = filepath.Base(dst)
	}
	printable := func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}
	return strings.Join(strings.Fields(strings.Map(printable, name)), " ")
}

// render returns the content of each file by its path in the new project.
func (t template) render(name string) (map[string][]byte, error) {
	contents := map[string][]byte{}
	files, err := fs.Sub(embedded, t.name)
	if err != nil {
		return nil, fmt.Errorf("open template %s: %w", t.name, err)
	}
	err = fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		if slices.Contains(t.branded, file) {
			data = bytes.ReplaceAll(data, []byte(t.brand), []byte(inFile(file, name)))
		}
		contents[outName(file)] = data
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read template %s: %w", t.name, err)
	}
	return contents, nil
}

// inFile is a project's name as it is written in a file of that kind.
func inFile(file, name string) string {
	if path.Ext(file) == ".html" {
		return html.EscapeString(name)
	}
	return name
}

func outName(file string) string {
	if file == "gitignore" {
		return ".gitignore"
	}
	return file
}

// plan looks at what is there and decides, file by file.
func plan(dst string, contents map[string][]byte, o Options) ([]File, error) {
	var files []File
	conflict := &ConflictError{Dir: dst}
	for file, data := range contents {
		action, err := decide(filepath.Join(dst, filepath.FromSlash(file)), data, o)
		if err != nil {
			return nil, err
		}
		if action == "" {
			conflict.Paths = append(conflict.Paths, file)
		}
		files = append(files, File{Path: file, Action: action})
	}
	if len(conflict.Paths) > 0 {
		slices.Sort(conflict.Paths)
		return nil, conflict
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// decide returns "" for a file that stands in the way.
func decide(file string, data []byte, o Options) (Action, error) {
	there, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Create, nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", file, err)
	case bytes.Equal(there, data):
		return Identical, nil
	case o.Overwrite:
		return Replace, nil
	case o.Skip:
		return Skipped, nil
	}
	return "", nil
}

func write(dst string, files []File, contents map[string][]byte) error {
	var undo created
	for _, f := range files {
		if f.Action != Create && f.Action != Replace {
			continue
		}
		file := filepath.Join(dst, filepath.FromSlash(f.Path))
		err := undo.folder(filepath.Dir(file))
		if err == nil {
			err = atomicfile.Write(file, contents[f.Path], 0o644)
		}
		if err != nil {
			undo.remove()
			return err
		}
		if f.Action == Create {
			undo = append(undo, file)
		}
	}
	return nil
}

// created is what has come into being so far, in that order.
type created []string

// folder makes a folder and remembers which of its parents had to be made.
func (c *created) folder(dir string) error {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	slices.Reverse(missing)
	*c = append(*c, missing...)
	return nil
}

// remove takes it all away again, the last first. What cannot be removed stays: the
// error that led here is the one to tell.
func (c created) remove() {
	for _, file := range slices.Backward(c) {
		_ = os.Remove(file)
	}
}
