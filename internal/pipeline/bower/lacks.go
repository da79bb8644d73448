package bower

import (
	"fmt"
	"path/filepath"
)

// Lack is something that a page will not have, and the way out.
type Lack struct{ Message, Hint string }

// Lacks tells of components that are not there, or bring nothing. from is the file that
// asks for them: "bower.json", or "package.json" for packages. Where nothing at all is
// installed, that is said once.
func (r *Result) Lacks(from string) []Lack {
	kind, install := "component", "bower install"
	if from == "package.json" {
		kind, install = "package", "npm install"
	}
	var list []Lack
	if n := len(r.Missing); n > 1 && len(r.Files)+len(r.Empty) == 0 {
		how := install
		if kind == "component" {
			how = "npx bower install" // the program itself is seldom installed today
		}
		return []Lack{{fmt.Sprintf("none of its %d %ss is installed: there is nothing in %s", n, kind, filepath.Base(r.Directory)), "run " + how}}
	}
	for _, name := range r.Missing {
		list = append(list, Lack{fmt.Sprintf("%s %s is not installed", kind, name), fmt.Sprintf("run %s, or take it out of %s", install, from)})
	}
	for _, name := range r.Empty {
		list = append(list, empty(name, from))
	}
	return list
}

func empty(name, from string) Lack {
	if from == "package.json" {
		return Lack{
			fmt.Sprintf("package %s brings no file into the page: none of its files is known to be a script or a style of browsers", name),
			fmt.Sprintf(`add to package.json: "wiredep": { "overrides": { %q: { "main": "FILE" } } }, or "main": [] if pages do not need it`, name),
		}
	}
	return Lack{
		fmt.Sprintf("component %s brings no file into the page: it names no main file that exists", name),
		fmt.Sprintf(`add to bower.json: "overrides": { %q: { "main": "FILE" } }`, name),
	}
}
