package sheets

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// question is what a compiler asks while it works.
type question struct {
	// Ask is "canonicalize" (which file is this import), "load" (what is in the file) or
	// "find" (both at once).
	Ask  string `json:"ask"`
	Name string `json:"name"` // as written in the sheet, or a file: URL
	// From is the file that imports, a path or a URL; for "find" of Less its folder.
	From string `json:"from"`
	// Rule is set for @import, not for @use.
	Rule bool `json:"rule"`
	// Raw asks for bytes, not for text.
	Raw bool `json:"raw"`
}

// answer is what it gets.
type answer struct {
	File    string `json:"file,omitempty"` // a path; "" = there is no such file
	URL     string `json:"url,omitempty"`  // the same as a URL
	Content string `json:"content"`
	Base64  bool   `json:"base64,omitempty"` // Content is in base 64: it is no text
	Disk    bool   `json:"disk,omitempty"`   // the file on disk holds the same
	Syntax  string `json:"syntax,omitempty"` // as Sass calls it
	Error   string `json:"error,omitempty"`
}

// answer answers a compiler's question.
func (j *job) answer(q question) answer {
	file, err := j.locate(q)
	if err != nil {
		return answer{Error: err.Error()}
	}
	if file == "" {
		return answer{}
	}
	_, made := j.memory(file)
	a := answer{File: file, URL: fileURL(file), Syntax: syntaxOf(file), Disk: !made}
	if q.Ask == "canonicalize" {
		return a
	}
	data, err := j.read(file)
	if err != nil {
		return answer{Error: err.Error()}
	}
	a.Content, a.Base64 = string(data), q.Raw || !utf8.Valid(data)
	if a.Base64 {
		a.Content = base64.StdEncoding.EncodeToString(data)
	}
	return a
}

func syntaxOf(file string) string {
	switch filepath.Ext(file) {
	case ".sass":
		return "indented"
	case ".css":
		return "css"
	}
	return "scss"
}

// locate returns the file that a question is about; "" = none.
func (j *job) locate(q question) (string, error) {
	if q.Ask == "load" {
		return j.path(q.Name), nil
	}
	from := j.in.File
	if q.From != "" {
		from = j.path(q.From)
	}
	if j.in.Import != nil && !strings.HasPrefix(q.Name, "file:") {
		if file, ok, err := j.custom(q.Name, from); ok || err != nil {
			return file, err
		}
	}
	if j.language == Less {
		return j.locateLess(q.Name, q.From), nil
	}
	return j.locateSass(q.Name, filepath.Dir(from), q.Rule)
}

// custom asks the caller for an import; ok with no file is one that does not exist.
func (j *job) custom(name, from string) (file string, ok bool, err error) {
	got, ok, err := j.in.Import(name, from)
	if err != nil || !ok {
		return "", false, err
	}
	file = got.File
	if file == "" {
		file = filepath.Join(filepath.Dir(from), filepath.FromSlash(name))
	}
	if got.Content == nil {
		found, err := file, error(nil)
		if j.language == Sass {
			found, err = j.sassFile(file, true)
		}
		return found, true, err
	}
	j.given[file] = got.Content
	return file, true, nil
}

// read returns a file's content and remembers that it was needed.
func (j *job) read(file string) ([]byte, error) {
	if data := j.loaded[file]; data != nil {
		return data, nil
	}
	data, ok := j.memory(file)
	if !ok {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("read an import: %w", err)
		}
	}
	if data == nil {
		data = []byte{}
	}
	j.loaded[file] = data
	return data, nil
}

func (j *job) memory(file string) ([]byte, bool) {
	if file == j.in.File {
		return j.in.Source, true
	}
	if data, ok := j.given[file]; ok {
		return data, true
	}
	if j.in.Read == nil {
		return nil, false
	}
	return j.in.Read(file)
}

func (j *job) isFile(file string) bool {
	if _, ok := j.memory(file); ok {
		return true
	}
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// roots are the folders in which imports are looked for, in this order; from is the
// folder of the file that imports.
func (j *job) roots(from string) []string {
	roots := []string{from, filepath.Dir(j.in.File)}
	for _, p := range j.in.IncludePaths {
		if !filepath.IsAbs(p) {
			p = filepath.Join(j.dir, p)
		}
		roots = append(roots, p)
	}
	roots = append(roots, j.dir)
	for dir := filepath.Dir(j.in.File); ; dir = filepath.Dir(dir) {
		roots = append(roots, filepath.Join(dir, "node_modules"))
		if dir == filepath.Dir(dir) {
			break
		}
	}
	roots = append(roots, filepath.Join(j.dir, "node_modules"), filepath.Join(j.dir, "bower_components"))
	var unique []string
	for _, r := range roots {
		if !slices.Contains(unique, r) {
			unique = append(unique, r)
		}
	}
	return unique
}

// locateSass finds a Sass import by the language's own rules.
func (j *job) locateSass(name, from string, rule bool) (string, error) {
	if file, ok := filePath(name); ok {
		return j.sassFile(file, rule)
	}
	bare := strings.TrimPrefix(strings.TrimPrefix(name, "~"), "pkg:") // how bundlers write packages
	if strings.Contains(bare, ":") {
		return "", nil // some other scheme
	}
	if plain, err := url.PathUnescape(bare); err == nil {
		bare = plain
	}
	for _, root := range j.roots(from) {
		if file, err := j.sassFile(filepath.Join(root, filepath.FromSlash(bare)), rule); file != "" || err != nil {
			return file, err
		}
	}
	return "", nil
}

// sassFile finds what is meant by a path that may lack its extension and its underscore.
func (j *job) sassFile(base string, rule bool) (string, error) {
	if ext := filepath.Ext(base); ext == ".scss" || ext == ".sass" || ext == ".css" {
		if rule {
			if file, err := j.oneOf(partials(strings.TrimSuffix(base, ext) + ".import" + ext)); file != "" || err != nil {
				return file, err
			}
		}
		return j.oneOf(partials(base))
	}
	if file, err := j.sassByName(base, rule); file != "" || err != nil {
		return file, err
	}
	return j.sassByName(filepath.Join(base, "index"), rule)
}

// sassByName tries the extensions behind a path.
func (j *job) sassByName(base string, rule bool) (string, error) {
	bases := []string{base}
	if rule {
		bases = []string{base + ".import", base}
	}
	for _, b := range bases {
		if file, err := j.oneOf(slices.Concat(partials(b+".sass"), partials(b+".scss"))); file != "" || err != nil {
			return file, err
		}
		if file, err := j.oneOf(partials(b + ".css")); file != "" || err != nil {
			return file, err
		}
	}
	return "", nil
}

func partials(file string) []string {
	return []string{filepath.Join(filepath.Dir(file), "_"+filepath.Base(file)), file}
}

// oneOf returns the one of the files that exists; more than one is a mistake.
func (j *job) oneOf(files []string) (string, error) {
	var found []string
	for _, f := range files {
		if j.isFile(f) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	for i, f := range found {
		found[i] = j.rel(f)
	}
	return "", errors.New("it is not clear which file to import, rename or remove one: " + strings.Join(found, ", "))
}

// locateLess finds a Less import; from is a folder. The extension may be lacking.
func (j *job) locateLess(name, from string) string {
	name = strings.TrimPrefix(name, "~")
	if at := strings.IndexAny(name, "?#"); at > 0 {
		name = name[:at]
	}
	folder := filepath.Dir(j.in.File)
	if from != "" {
		folder = filepath.Join(folder, filepath.FromSlash(from))
		if filepath.IsAbs(from) {
			folder = filepath.Clean(from)
		}
	}
	roots := j.roots(folder)
	if filepath.IsAbs(name) {
		roots = []string{""}
	}
	for _, root := range roots {
		file := filepath.Join(root, filepath.FromSlash(name))
		for _, f := range []string{file, file + ".less"} {
			if fs.ValidPath(filepath.ToSlash(filepath.Base(f))) && j.isFile(f) {
				return f
			}
		}
	}
	return ""
}
