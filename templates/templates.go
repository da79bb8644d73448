// Package templates holds the projects that `realtimectl init` starts from.
//
// Each folder here is a real project: it can be served, built and opened as it lies
// there. Two things change when one is written out: the file gitignore becomes
// .gitignore (under its own name it would act on this repository), and the name of the
// template's product becomes the name of the new project.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// Without "all:", so that what serving a template in place leaves behind (.tmp,
// .realtimectl) is not taken in.
//
//go:embed jobs
var embedded embed.FS

// Default is the template of `realtimectl init` and of `serve --demo`.
const Default = "jobs"

// template is what is known of one folder.
type template struct {
	name     string
	describe string
	brand    string   // the name of the product in it
	branded  []string // the files in which that name stands for the project's
}

func all() []template {
	return []template{{
		name:     "jobs",
		describe: "a live job board in plain ES modules, with a JSON API, nothing to install",
		brand:    "Abacate",
		branded:  []string{"README.md", "realtimectl.yaml", "src/index.html"},
	}}
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

// FS returns the files of a template as they lie here (gitignore under that name), or an
// [*UnknownError].
func FS(name string) (fs.FS, error) {
	if _, err := find(name); err != nil {
		return nil, err
	}
	return fs.Sub(embedded, name)
}

func find(name string) (template, error) {
	for _, t := range all() {
		if t.name == name {
			return t, nil
		}
	}
	return template{}, &UnknownError{Name: name, Known: Names()}
}
