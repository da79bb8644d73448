// Package bower finds the files that a project's Bower components bring into a page, in
// the order in which they have to load: as wiredep 4 does, with the overrides of
// bower.json. [ResolveNPM] does the same for packages of npm.
package bower

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// Options says what to look for. The zero value is what wiredep does by default.
type Options struct {
	Directory string // folder of the components, relative to the project; "" = .bowerrc's, else bower_components
	// Exclude leaves out files, and says of a component's folder that it may bring none;
	// it gets absolute paths with slashes. nil = none.
	Exclude   func(path string) bool
	Dev       bool                // devDependencies as well
	Only      bool                // without the dependencies, so that only Dev counts
	Self      bool                // the project itself as well
	Overrides map[string]Override // over those of bower.json
	Files     Files               // nil = the disk
}

// Override replaces what a component says of itself.
type Override struct {
	Main         []string // nil = as it says
	Dependencies []string // nil = as it says
}

// Files is where components are read; paths are absolute. An error of Read that wraps
// fs.ErrNotExist means that there is no such file.
type Files interface {
	Read(file string) ([]byte, error)
	List(dir string) []glob.Entry
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

	main []string // over Main

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
	dir     string
	result  *Result
	project description
	visited map[string]bool
	found   []component // each after what it needs
}

// Resolve reads the bower.json of the project at dir, an absolute path. A project
// without one brings nothing. The error names the file that cannot be read.
func Resolve(dir string, opts Options) (*Result, error) {
	if opts.Files == nil {
		opts.Files = disk{}
	}
	r := &resolver{opts: opts, dir: dir, result: &Result{}, visited: map[string]bool{}}
	if err := readJSON(opts.Files, filepath.Join(dir, "bower.json"), &r.project); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return r.result, nil
		}
		return nil, err
	}
	folder, err := directory(opts.Files, dir, opts.Directory)
	if err != nil {
		return nil, err
	}
	r.result.Directory = folder
	for _, name := range r.needs() {
		if err := r.visit(name); err != nil {
			return nil, err
		}
	}
	r.collect()
	return r.result, nil
}

// needs lists the components that the project asks for.
func (r *resolver) needs() []string {
	var list []string
	if !r.opts.Only {
		list = append(list, r.project.Dependencies...)
	}
	if r.opts.Dev {
		list = append(list, r.project.DevDependencies...)
	}
	if r.opts.Self && r.project.Name != "" {
		list = append(list, r.project.Name)
	}
	return list
}

// directory returns the folder that holds the components.
func directory(files Files, dir, configured string) (string, error) {
	if filepath.IsAbs(configured) {
		return filepath.Clean(configured), nil
	}
	if configured != "" {
		return filepath.Join(dir, configured), nil
	}
	var rc struct {
		Directory string `json:"directory"`
	}
	if err := readJSON(files, filepath.Join(dir, ".bowerrc"), &rc); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if rc.Directory == "" {
		rc.Directory = "bower_components"
	}
	return filepath.Join(dir, rc.Directory), nil
}

func readJSON(files Files, file string, v any) error {
	data, err := files.Read(file)
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
	if r.opts.Self && name == r.project.Name {
		dir = r.dir
	}
	desc, ok, err := describe(r.opts.Files, dir)
	if err != nil {
		return err
	}
	if !ok {
		r.result.Missing = append(r.result.Missing, name)
		return nil
	}
	r.override(name, &desc)
	for _, need := range desc.Dependencies {
		if err := r.visit(need); err != nil {
			return err
		}
	}
	files := mainFiles(r.opts.Files, dir, desc)
	if len(files) == 0 && !r.excluded(dir) {
		r.result.Empty = append(r.result.Empty, name)
	}
	r.found = append(r.found, component{name: desc.Name, files: files, needs: desc.Dependencies})
	return nil
}

// override puts what the project, or the caller, says of a component over what it says.
func (r *resolver) override(name string, desc *description) {
	o, ok := r.project.Overrides[name]
	if given, has := r.opts.Overrides[name]; has {
		desc.main, ok = given.Main, false
		if given.Dependencies != nil {
			desc.Dependencies = given.Dependencies
		}
	}
	if ok && o.Main != nil {
		desc.Main = o.Main
	}
	if ok && o.Dependencies != nil {
		desc.Dependencies = *o.Dependencies
	}
}

// describe reads the first file that describes a component.
func describe(files Files, dir string) (desc description, ok bool, err error) {
	for _, name := range []string{"bower.json", ".bower.json", "component.json", "package.json"} {
		err := readJSON(files, filepath.Join(dir, name), &desc)
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
func mainFiles(in Files, dir string, desc description) []string {
	patterns, ok := desc.main, desc.main != nil
	if !ok {
		patterns, ok = stringOrList(desc.Main)
	}
	if !ok {
		patterns, ok = stringOrList(desc.Scripts)
	}
	if !ok {
		patterns = []string{desc.Name + ".js", desc.Name + ".css"}
	}
	var files []string
	for _, p := range patterns {
		for _, f := range match(in, dir, p) {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// match returns the files of a component's folder, and of no other, that a pattern names.
func match(in Files, dir, pattern string) []string {
	pattern = path.Clean(strings.TrimPrefix(filepath.ToSlash(pattern), "/"))
	if !fs.ValidPath(pattern) {
		return nil
	}
	files := glob.Search{Pattern: glob.Escape(filepath.ToSlash(dir)) + "/" + pattern}.Files(in)
	slices.Sort(files)
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
	return r.opts.Exclude != nil && r.opts.Exclude(filepath.ToSlash(file))
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
