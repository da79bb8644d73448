package templates

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Options say how a template is written out.
type Options struct {
	// Name is the name of the project in its page and its README; "" takes the name of
	// the folder. The template's own is kept with its own product's name.
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

// Error names the folder and the first files in the way.
func (e *ConflictError) Error() string {
	if len(e.Paths) == 1 {
		return fmt.Sprintf("%s is there already in %s", e.Paths[0], e.Dir)
	}
	return fmt.Sprintf("%d files are there already in %s: %s", len(e.Paths), e.Dir, first(e.Paths))
}

// ForeignError says that the folder holds other things. Nothing was written.
type ForeignError struct {
	Dir   string
	Names []string // its entries, sorted
}

// Error names the folder and the first things in it.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is not empty: it holds %s", e.Dir, first(e.Names))
}

// first joins the first few names.
func first(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// Write writes a template into the folder dst, which is made if need be, and returns its
// files in the order of their paths.
//
// What is there already stays. A folder that holds other things than [Harmless] ones,
// and nothing of this template, is a [*ForeignError]; files that are there with other
// content are a [*ConflictError]; the options can allow both. Harmless files are kept
// without a word of the options. A name that is not known is an [*UnknownError].
//
// The project appears whole or not at all: a failure, or the end of ctx, leaves the
// folder as it was.
func Write(ctx context.Context, dst, name string, o Options) ([]File, error) {
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
	return Put(ctx, dst, contents, o)
}

// Put is Write for files that the caller brings, by their path in dst; the name has no
// part in it.
func Put(ctx context.Context, dst string, contents map[string][]byte, o Options) ([]File, error) {
	files, err := plan(dst, contents, o)
	if err != nil || o.DryRun {
		return files, err
	}
	return files, write(ctx, dst, files, contents)
}

// Harmless reports whether an entry of a folder may be there when a project is made in
// it: what a new repository has. Such files are never overwritten unless that is asked for.
func Harmless(name string) bool {
	switch name {
	case ".git", ".gitignore", ".gitattributes", ".editorconfig", ".hg", ".realtimectl", ".DS_Store", "Thumbs.db":
		return true
	}
	return regexp.MustCompile(`(?i)^(readme|licen[cs]e|copying)(\.[a-z]+)?$`).MatchString(name)
}

// projectName makes one printable line of a name.
func projectName(name, dst string) string {
	printable := func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}
	return strings.Join(strings.Fields(strings.Map(printable, cmp.Or(name, filepath.Base(dst)))), " ")
}

// render returns the content of each file by its path in the new project.
func (t template) render(name string) (map[string][]byte, error) {
	files, err := t.files()
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{}
	for file, data := range files {
		if slices.Contains(t.branded, file) {
			data = bytes.ReplaceAll(data, []byte(brandIn(file, t.brand)), []byte(brandIn(file, name)))
		}
		contents[outName(file)] = data
	}
	return contents, nil
}

// brandIn is how a project's name is written in a file of that kind.
func brandIn(file, name string) string {
	switch path.Ext(file) {
	case ".html":
		return html.EscapeString(name)
	case ".json":
		return packageName(name)
	}
	return name
}

// packageName is a name as package.json may hold it, quotes included.
func packageName(name string) string {
	simple := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	simple = strings.Trim(simple[:min(len(simple), 200)], "-")
	text, err := json.Marshal(cmp.Or(simple, "app"))
	if err != nil {
		return `"app"` // cannot happen: it is letters, digits and dashes
	}
	return string(text)
}

func outName(file string) string {
	if file == "gitignore" || file == "editorconfig" {
		return "." + file
	}
	return file
}

// plan looks at what is there and decides, file by file.
func plan(dst string, contents map[string][]byte, o Options) ([]File, error) {
	var files []File
	conflict := &ConflictError{Dir: dst}
	ours := false // something of this template is there
	for file, data := range contents {
		action, err := decide(filepath.Join(dst, filepath.FromSlash(file)), data, o)
		if err != nil {
			return nil, err
		}
		if action == "" {
			conflict.Paths = append(conflict.Paths, file)
		}
		ours = ours || action == Identical
		files = append(files, File{Path: file, Action: action})
	}
	if err := Foreign(dst); err != nil && !ours && !o.Skip && !o.Overwrite {
		return nil, err
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
	case o.Skip || Harmless(filepath.Base(file)):
		return Skipped, nil
	}
	return "", nil
}

// Foreign returns a [*ForeignError] if a folder holds more than [Harmless] things.
func Foreign(dst string) error {
	entries, err := os.ReadDir(dst)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", dst, err)
	}
	e := &ForeignError{Dir: dst}
	for _, entry := range entries {
		if !Harmless(entry.Name()) {
			e.Names = append(e.Names, entry.Name())
		}
	}
	if len(e.Names) == 0 {
		return nil
	}
	return e
}
