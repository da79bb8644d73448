// Package templates holds the projects that `realtimectl init` starts from.
//
// Each folder here holds what is a template's own. A template may take files of another
// one as they are (its base): the boards share their look and their data, each sentence
// of which is here once. Three things change when a template is written out: gitignore
// and editorconfig get their dot (under their own names they would act on this
// repository), the name of the template's product becomes that of the new project, and
// so does the name in package.json, in the spelling that npm asks for.
package templates

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Without "all:", so that what serving a template in place leaves behind (.tmp,
// .realtimectl) is not taken in.
//
//go:embed jobs jobs-angular jobs-ts laravel minimal
var embedded embed.FS

// Default is the template of `realtimectl init` and of `serve --demo`.
const Default = "jobs"

// template is what is known of one folder.
type template struct {
	name     string
	describe string
	brand    string   // the name of the product in it
	branded  []string // the files in which that name stands for the project's
	base     string   // the template that lends it files; "" = it has all its own
	takes    []taken  // those files
	needs    Needs
}

// Needs is what a template takes from npm.
type Needs struct {
	What     string // what it is for, "AngularJS"; "" = it takes nothing
	Optional bool   // the page works without it
}

// taken is a file, or a folder that ends with "/", of the base.
type taken struct {
	path string
	as   string // its name here; "" = the same
	// was and is are a change to its text, which was must occur in; "" = none.
	was, is string
}

func all() []template {
	return []template{
		{
			name:     "jobs",
			describe: "a live job board in plain ES modules, nothing to install",
			brand:    "Abacate",
			branded:  []string{"README.md", "realtimectl.yaml", "src/index.html"},
		},
		{
			name:     "jobs-angular",
			describe: "the board in AngularJS 1.8 components, packages from npm",
			brand:    "Abacate",
			branded:  []string{"README.md", "realtimectl.yaml", "src/index.html", "package.json"},
			base:     "jobs",
			takes:    append(board(), taken{path: "realtimectl.yaml"}),
			needs:    Needs{What: "AngularJS"},
		},
		{
			name:     "jobs-ts",
			describe: "the board in TypeScript modules, no bundler to set up",
			brand:    "Abacate",
			branded:  []string{"README.md", "realtimectl.yaml", "src/index.html", "package.json"},
			base:     "jobs",
			takes: append(board(),
				taken{path: "realtimectl.yaml"},
				taken{path: "src/index.html", was: "/app/main.js", is: "/app/main.ts"},
				taken{path: "src/app/early.js"},
				taken{path: "src/app/words.js", as: "src/app/words.ts"}),
			needs: Needs{What: "type checks", Optional: true},
		},
		{
			name:     "laravel",
			describe: "the board in front of a Laravel API that broadcasts",
			brand:    "Abacate",
			branded:  []string{"README.md", "realtimectl.yaml", "src/index.html"},
			base:     "jobs",
			takes: append(board(),
				taken{path: "src/"},
				taken{path: "src/app/api.js", was: laravelWas, is: laravelIs}),
		},
		{
			name:     "minimal",
			describe: "the smallest page that shows realtime",
			brand:    "Mural",
			branded:  []string{"README.md", "realtimectl.yaml", "src/index.html"},
		},
	}
}

// Laravel names mistakes in its own way, which the page then understands too.
const (
	laravelWas = `problem.detail ?? ` + "`${answer.status} ${answer.statusText}`" + `, problem.errors);
}`
	laravelIs = `problem.detail ?? problem.message ?? ` + "`${answer.status} ${answer.statusText}`" + `, mistakes(problem.errors));
}

// mistakes are what a form can show. The store lists them; Laravel has the sentences by
// the name of their field.
function mistakes(errors = []) {
  if (Array.isArray(errors)) return errors;
  return Object.entries(errors).map(([field, [message]]) => ({ field, rule: 'other', message }));
}`
)

// board is what all boards have in common: their look, their data and their manners.
func board() []taken {
	return []taken{
		{path: "gitignore"},
		{path: "editorconfig"},
		{path: "data/"},
		{path: "src/favicon.svg"},
		{path: "src/app/base.css"},
		{path: "src/app/jobs.css"},
	}
}

// UnknownError says that there is no such template.
type UnknownError struct {
	Name  string
	Known []string // the names that there are
}

// Error names the template and those that there are.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no template %q; there is: %s", e.Name, strings.Join(e.Known, ", "))
}

// Names returns the names of the templates, the default first.
func Names() []string {
	var names []string
	for _, t := range all() {
		names = append(names, t.name)
	}
	return names
}

// Describe returns half a sentence on a template, or an [*UnknownError].
func Describe(name string) (string, error) {
	t, err := find(name)
	return t.describe, err
}

// NeedsOf returns what a template takes from npm, or an [*UnknownError].
func NeedsOf(name string) (Needs, error) {
	t, err := find(name)
	return t.needs, err
}

func find(name string) (template, error) {
	for _, t := range all() {
		if t.name == name {
			return t, nil
		}
	}
	return template{}, &UnknownError{Name: name, Known: Names()}
}

// files returns the content of each file by its path: what the base lends, and over it
// what is the template's own.
func (t template) files() (map[string][]byte, error) {
	own, err := folder(t.name)
	if err != nil || t.base == "" {
		return own, err
	}
	base, err := folder(t.base)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, take := range t.takes {
		if err := take.from(base, files); err != nil {
			return nil, fmt.Errorf("template %s: %w", t.name, err)
		}
	}
	maps.Copy(files, own)
	return files, nil
}

// from puts what is taken of base into files.
func (t taken) from(base, files map[string][]byte) error {
	found := false
	for _, path := range slices.Sorted(maps.Keys(base)) {
		if path != t.path && (!strings.HasSuffix(t.path, "/") || !strings.HasPrefix(path, t.path)) {
			continue
		}
		found = true
		if !bytes.Contains(base[path], []byte(t.was)) {
			return fmt.Errorf("%s does not hold %q", path, t.was)
		}
		files[cmp.Or(t.as, path)] = t.changed(base[path])
	}
	if !found {
		return fmt.Errorf("its base has no %s", t.path)
	}
	return nil
}

func (t taken) changed(text []byte) []byte {
	if t.was == "" {
		return text
	}
	return bytes.ReplaceAll(text, []byte(t.was), []byte(t.is))
}

// folder returns the files of one embedded folder.
func folder(name string) (map[string][]byte, error) {
	files := map[string][]byte{}
	tree, err := fs.Sub(embedded, name)
	if err != nil {
		return nil, fmt.Errorf("open template %s: %w", name, err)
	}
	err = fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = fs.ReadFile(tree, path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read template %s: %w", name, err)
	}
	return files, nil
}
