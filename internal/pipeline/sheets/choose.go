package sheets

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// How says how a compiler is run.
type How string

// The ways.
const (
	Native  How = "native"  // a program of its own that is spoken to while it stays
	Node    How = "node"    // a JavaScript package, in one node process that stays
	Engine  How = "engine"  // a JavaScript package, in the engine of this program
	Command How = "command" // a program, started for each sheet
)

// Choice is a compiler that was found.
type Choice struct {
	Language Language
	How      How
	Name     string // "sass", "less", "lessc", "stylus"
	Version  string // "" = not known
	// Path is the program, or the folder of the package; absolute.
	Path string
	// Node is the node program, with How Node.
	Node string
	// Instead names the package that the project asks for and that is not used, such as
	// node-sass.
	Instead string

	dir string
}

// String names the compiler: "sass 1.77.2".
func (c Choice) String() string {
	if c.Version == "" {
		return c.Name
	}
	return c.Name + " " + c.Version
}

// Sentence says what compiles the language, where it is and how it is run.
func (c Choice) Sentence() string {
	j := job{dir: c.dir}
	how := map[How]string{
		Native: "a program that stays", Node: "run by node",
		Engine: "run without node, in the built-in engine", Command: "started for each sheet",
	}[c.How]
	s := fmt.Sprintf("%s is compiled by %s (%s, %s)", c.Language, c, j.rel(c.Path), how)
	if c.Instead != "" {
		s += "; " + c.Instead + ", which the project asks for, is not used"
	}
	return s
}

// open returns the backend, which starts nothing before its first sheet.
func (c Choice) open() backend {
	if c.How == Command {
		return &commandBackend{choice: c}
	}
	return newNode(c)
}

// Find looks for what compiles a language in the project at dir; it starts nothing.
func Find(dir string, language Language) (Choice, bool) {
	f := finder{dir: filepath.Clean(dir)}
	f.node, _ = exec.LookPath("node")
	var c Choice
	var ok bool
	switch language {
	case Sass:
		c, ok = f.sass()
	case Less:
		c, ok = f.less()
	case Stylus:
		c, ok = f.command("stylus")
	}
	c.Language, c.dir = language, f.dir
	return c, ok
}

// finder looks for compilers.
type finder struct {
	dir  string
	node string // "" = there is none
}

func (f finder) sass() (Choice, bool) {
	own, hasOwn := f.npm("sass")
	c, ok := f.npmOrPath(own, hasOwn, "sass")
	if ok {
		c.Instead = f.libsass()
	}
	return c, ok
}

func (f finder) less() (Choice, bool) {
	own, hasOwn := f.npm("less")
	return f.npmOrPath(own, hasOwn, "lessc")
}

// npmOrPath takes the project's own package if node can run it, else a program.
func (f finder) npmOrPath(own Choice, hasOwn bool, bin string) (Choice, bool) {
	if hasOwn && f.node != "" {
		own.How, own.Node = Node, f.node
		return own, true
	}
	return f.command(bin)
}

// command finds a program in node_modules/.bin or on the PATH.
func (f finder) command(bin string) (Choice, bool) {
	file := filepath.Join(f.dir, "node_modules", ".bin", bin)
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		return Choice{How: Command, Name: bin, Path: file}, true
	}
	file, err := exec.LookPath(bin)
	return Choice{How: Command, Name: bin, Path: file}, err == nil
}

// npm finds a package where node would find it, or below another package.
func (f finder) npm(name string) (Choice, bool) {
	for dir := f.dir; ; dir = filepath.Dir(dir) {
		if c, ok := packageAt(filepath.Join(dir, "node_modules", name)); ok {
			return c, true
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, pattern := range []string{"*", "@*/*", "*/node_modules/*"} {
		found, _ := filepath.Glob(filepath.Join(f.dir, "node_modules", filepath.FromSlash(pattern), "node_modules", name))
		slices.Sort(found)
		for _, dir := range found {
			if c, ok := packageAt(dir); ok {
				return c, true
			}
		}
	}
	return Choice{}, false
}

// packageAt reads what a package says of itself.
func packageAt(dir string) (Choice, bool) {
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return Choice{}, false
	}
	var p struct{ Name, Version string }
	if json.Unmarshal(data, &p) != nil || p.Name == "" {
		return Choice{}, false
	}
	return Choice{Name: p.Name, Version: p.Version, Path: dir}, true
}

// libsass returns the package of the project that wraps libsass, if there is one.
func (f finder) libsass() string {
	data, err := os.ReadFile(filepath.Join(f.dir, "package.json"))
	if err != nil {
		return ""
	}
	var p struct{ Dependencies, DevDependencies map[string]string }
	if json.Unmarshal(data, &p) != nil {
		return ""
	}
	for _, deps := range []map[string]string{p.Dependencies, p.DevDependencies} {
		if _, ok := deps["node-sass"]; ok {
			return "node-sass"
		}
		for _, major := range []string{"1", "2", "3", "4"} {
			if strings.HasPrefix(strings.TrimLeft(deps["gulp-sass"], "^~>=v "), major+".") {
				return "node-sass (of gulp-sass " + major + ")"
			}
		}
	}
	return ""
}
