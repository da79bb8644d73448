// Package bower finds the files that a project's Bower components bring into a page, in
// the order in which they have to load: as wiredep 4 does, with the overrides of
// bower.json.
package bower

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Options says what to look for. The zero value is what wiredep does by default.
type Options struct {
	Directory string           // folder of the components, relative to the project; "" = .bowerrc's, else bower_components
	Exclude   []*regexp.Regexp // files whose slash path, absolute, matches are left out
	Dev       bool             // devDependencies as well
}

// Result is what the components bring.
type Result struct {
	Directory string   // absolute
	Files     []string // absolute, in load order within one extension
	Empty     []string // installed components that bring no file: they need an override
	Missing   []string // components that bower.json asks for and that are not installed
}

// ByExt returns the files with one extension (".js").
func (r *Result) ByExt(ext string) []string {
	return slices.DeleteFunc(slices.Clone(r.Files), func(f string) bool { return path.Ext(f) != ext })
}

// description is the part of a component's (or the project's) bower.json that counts.
type description struct {
	Name            string          `json:"name"`
	Main            json.RawMessage `json:"main"`
	Scripts         json.RawMessage `json:"scripts"`
	Dependencies    ordered         `json:"dependencies"`
	DevDependencies ordered         `json:"devDependencies"`

	Overrides map[string]struct {
		Main         json.RawMessage `json:"main"`
		Dependencies *ordered        `json:"dependencies"`
	} `json:"overrides"`
}

// ordered is the keys of a JSON object as they stand in the file.
type ordered []string

// UnmarshalJSON reads the keys; what is no object has none.
func (o *ordered) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		*o = append(*o, fmt.Sprint(key))
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

// component is one dependency that was found.
type component struct {
	name  string // as its own file calls it
	files []string
	needs []string
}

// resolver walks the dependencies.
type resolver struct {
	opts    Options
	result  *Result
	project description
	visited map[string]bool
	found   []component // each after what it needs
}

// Resolve reads the bower.json of the project at dir, an absolute path. A project
// without one brings nothing. The error names the file that cannot be read.
func Resolve(dir string, opts Options) (*Result, error) {
	r := &resolver{opts: opts, result: &Result{}, visited: map[string]bool{}}
	if err := readJSON(filepath.Join(dir, "bower.json"), &r.project); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return r.result, nil
		}
		return nil, err
	}
	folder, err := directory(dir, opts.Directory)
	if err != nil {
		return nil, err
	}
	r.result.Directory = folder
	needs := r.project.Dependencies
	if opts.Dev {
		needs = append(needs, r.project.DevDependencies...)
	}
	for _, name := range needs {
		if err := r.visit(name); err != nil {
			return nil, err
		}
	}
	r.collect()
	return r.result, nil
}

// directory returns the folder that holds the components.
func directory(dir, configured string) (string, error) {
	if configured != "" {
		return filepath.Join(dir, configured), nil
	}
	var rc struct {
		Directory string `json:"directory"`
	}
	if err := readJSON(filepath.Join(dir, ".bowerrc"), &rc); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if rc.Directory == "" {
		rc.Directory = "bower_components"
	}
	return filepath.Join(dir, rc.Directory), nil
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// visit adds a component behind what it needs.
func (r *resolver) visit(name string) error {
	if r.visited[name] {
		return nil
	}
	r.visited[name] = true
	dir := filepath.Join(r.result.Directory, filepath.FromSlash(name))
	desc, ok, err := describe(dir)
	if err != nil {
		return err
	}
	if !ok {
		r.result.Missing = append(r.result.Missing, name)
		return nil
	}
	if o, ok := r.project.Overrides[name]; ok {
		if o.Main != nil {
			desc.Main = o.Main
		}
		if o.Dependencies != nil {
			desc.Dependencies = *o.Dependencies
		}
	}
	for _, need := range desc.Dependencies {
		if err := r.visit(need); err != nil {
			return err
		}
	}
	files := mainFiles(dir, desc)
	if len(files) == 0 && !r.excluded(dir) {
		r.result.Empty = append(r.result.Empty, name)
	}
	r.found = append(r.found, component{name: desc.Name, files: files, needs: desc.Dependencies})
	return nil
}

// describe reads the first file that describes a component.
func describe(dir string) (desc description, ok bool, err error) {
	for _, name := range []string{"bower.json", ".bower.json", "component.json", "package.json"} {
		err := readJSON(filepath.Join(dir, name), &desc)
		if err == nil {
			return desc, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return desc, false, err
		}
	}
	return desc, false, nil
}

// mainFiles returns the files that a component names as its main ones, or those that
// bear its name.
func mainFiles(dir string, desc description) []string {
	patterns, ok := stringOrList(desc.Main)
	if !ok {
		patterns, ok = stringOrList(desc.Scripts)
	}
	if !ok {
		patterns = []string{desc.Name + ".js", desc.Name + ".css"}
	}
	var files []string
	for _, p := range patterns {
		p = path.Clean(strings.TrimPrefix(filepath.ToSlash(p), "/"))
		if !fs.ValidPath(p) {
			continue // nothing outside of the component's folder
		}
		matches, err := doublestar.Glob(os.DirFS(dir), p, doublestar.WithFilesOnly())
		if err != nil {
			continue
		}
		slices.Sort(matches)
		for _, m := range matches {
			if file := filepath.Join(dir, filepath.FromSlash(m)); !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files
}

func stringOrList(raw json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}, true
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && list != nil {
		return list, true
	}
	return nil, false
}

func (r *resolver) excluded(file string) bool {
	slashed := filepath.ToSlash(file)
	return slices.ContainsFunc(r.opts.Exclude, func(re *regexp.Regexp) bool { return re.MatchString(slashed) })
}

// collect puts the files in order, for each extension by itself: components keep the
// order in which they were found, unless one needs the other directly.
func (r *resolver) collect() {
	var exts []string
	for _, c := range r.found {
		for _, f := range c.files {
			if ext := path.Ext(f); !slices.Contains(exts, ext) {
				exts = append(exts, ext)
			}
		}
	}
	for _, ext := range exts {
		var having []component
		for _, c := range r.found {
			if slices.ContainsFunc(c.files, func(f string) bool { return path.Ext(f) == ext }) {
				having = append(having, c)
			}
		}
		for _, c := range mergeSort(having) {
			for _, f := range c.files {
				if path.Ext(f) == ext && !r.excluded(f) && !slices.Contains(r.result.Files, f) {
					r.result.Files = append(r.result.Files, f)
				}
			}
		}
	}
}

// mergeSort is spelled out because "needs directly" is no order: what comes out depends
// on how pairs are compared, and pages depend on what comes out.
func mergeSort(list []component) []component {
	if len(list) < 2 {
		return list
	}
	left, right := mergeSort(list[:len(list)/2]), mergeSort(list[len(list)/2:])
	var out []component
	for len(left) > 0 && len(right) > 0 {
		if slices.Contains(left[0].needs, right[0].name) {
			out, right = append(out, right[0]), right[1:]
			continue
		}
		out, left = append(out, left[0]), left[1:]
	}
	return append(append(out, left...), right...)
}
