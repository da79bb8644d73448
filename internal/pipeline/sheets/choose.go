package sheets

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	switch c.How {
	case Native:
		return newNative(c)
	case Engine:
		return newEngine(c)
	case Command:
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
		c, ok = f.npmOrPath("less", "lessc")
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
	c, ok := f.embedded()
	if !ok {
		c, ok = f.npmOrPath("sass", "sass")
	}
	if ok {
		c.Instead = f.libsass()
	}
	return c, ok
}

// embedded finds the native compiler that npm installs with sass-embedded.
func (f finder) embedded() (Choice, bool) {
	system := map[string]string{"windows": "win32"}[runtime.GOOS]
	arch := map[string]string{"amd64": "x64", "386": "ia32"}[runtime.GOARCH]
	system, arch = cmp.Or(system, runtime.GOOS), cmp.Or(arch, runtime.GOARCH)
	for _, name := range []string{system + "-" + arch, system + "-musl-" + arch} {
		c, ok := f.npm("sass-embedded-" + name)
		if !ok {
			continue
		}
		c.How, c.Path = Native, filepath.Join(c.Path, "dart-sass", "sass")
		return c, len(c.program()) > 1
	}
	return Choice{}, false
}

// program is how a native compiler is started: as distributed it is a script, or a batch
// file, around a runtime and a snapshot.
func (c Choice) program() []string {
	dir := filepath.Dir(c.Path)
	runtime, snapshot := filepath.Join(dir, "src", "dart"), filepath.Join(dir, "src", "sass.snapshot")
	for _, r := range []string{runtime, runtime + ".exe"} {
		if isFile(r) && isFile(snapshot) {
			return []string{r, snapshot}
		}
	}
	return []string{c.Path}
}

func isFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// npmOrPath takes the project's own package if node can run it, else a program, else the
// package without node.
func (f finder) npmOrPath(name, bin string) (Choice, bool) {
	own, hasOwn := f.npm(name)
	own.How, own.Node = Engine, ""
	if hasOwn && f.node != "" {
		own.How, own.Node = Node, f.node
		return own, true
	}
	c, ok := f.command(bin)
	if ok && (c.How != Engine || !hasOwn) {
		return c, true
	}
	return own, hasOwn
}

// command finds a program in node_modules/.bin or on the PATH, and what it really is.
func (f finder) command(bin string) (Choice, bool) {
	file := filepath.Join(f.dir, "node_modules", ".bin", bin)
	if !isFile(file) {
		var err error
		if file, err = exec.LookPath(bin); err != nil {
			return Choice{}, false
		}
	}
	c := Choice{How: Command, Name: bin, Path: file}
	real, err := filepath.EvalSymlinks(file)
	if err != nil || bin == "stylus" {
		return c, true
	}
	if own, ok := f.installed(real, bin); ok {
		return own, true
	}
	if bin != "sass" {
		return c, true
	}
	switch beginning(real) {
	case "ruby": // another language by now
		return Choice{}, false
	case "binary":
		c.How = Native
	}
	if c.Path = real; len(c.program()) > 1 {
		c.How = Native
	}
	return c, true
}

// installed finds the package that a program is of: links to it, and batch files beside
// it, are how npm installs programs for everybody.
func (f finder) installed(file, bin string) (Choice, bool) {
	name := strings.TrimSuffix(bin, "c") // lessc is of less
	dir := filepath.Dir(file)
	for _, d := range []string{dir, filepath.Dir(dir), filepath.Join(dir, "node_modules", name)} {
		c, ok := packageAt(d)
		if !ok || c.Name != name {
			continue
		}
		c.How, c.Node = Engine, f.node
		if f.node != "" {
			c.How = Node
		}
		return c, true
	}
	return Choice{}, false
}

// beginning says what kind of program a file is by how it begins: "ruby", "binary" or ""
// for anything else.
func beginning(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 64)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	first, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.HasPrefix(first, []byte("#!")) && bytes.Contains(first, []byte("ruby")) {
		return "ruby"
	}
	for _, magic := range []string{"\x7fELF", "MZ", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return "binary"
		}
	}
	return ""
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
		packages := filepath.Join(f.dir, "node_modules")
		found, _ := fs.Glob(os.DirFS(packages), pattern+"/node_modules/"+name)
		for _, dir := range found {
			if c, ok := packageAt(filepath.Join(packages, filepath.FromSlash(dir))); ok {
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
