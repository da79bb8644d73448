// Package architecture tests that the code keeps the shape ARCHITECTURE.md draws.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/realtimectl/realtimectl/"

// source is one folder of Go files: what its code imports, tests aside.
type source struct {
	ships   bool // it has files that are not tests
	imports map[string]bool
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	table := readTable(t, "| package |")
	tree := readTree(t)
	for dir, src := range tree {
		allowed, ok := table[dir]
		if !ok {
			t.Errorf("%s has no row in the package table of ARCHITECTURE.md", dir)
			continue
		}
		for path := range src.imports {
			own, ours := strings.CutPrefix(path, module)
			if ours && !slices.ContainsFunc(allowed, func(p string) bool { return matches(p, own) }) {
				t.Errorf("%s imports %s; the package table does not allow it", dir, own)
			}
		}
	}
	for dir := range table {
		if _, ok := tree[dir]; !ok {
			t.Errorf("the package table has a row for %s, which holds no Go code", dir)
		}
	}
}

func TestLibrariesStayWhereTheTableSays(t *testing.T) {
	table := readTable(t, "| module |")
	for name := range directRequirements(t) {
		if _, ok := table[name]; !ok {
			t.Errorf("go.mod requires %s, which has no line of reason in ARCHITECTURE.md", name)
		}
	}
	for dir, src := range readTree(t) {
		for path := range src.imports {
			for name, only := range table {
				if path != name && !strings.HasPrefix(path, name+"/") {
					continue
				}
				if !slices.ContainsFunc(only, func(p string) bool { return matches(p, dir) }) {
					t.Errorf("%s imports %s; the library table allows it only in %v", dir, path, only)
				}
			}
		}
	}
}

// matches reports whether a table entry allows a package: "internal/x" itself,
// "internal/x/..." with everything below.
func matches(entry, dir string) bool {
	if tree, ok := strings.CutSuffix(entry, "/..."); ok {
		return dir == tree || strings.HasPrefix(dir, tree+"/")
	}
	return entry == dir
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// readTable returns first column → code spans of the last column, for the table of
// ARCHITECTURE.md whose head row starts with head.
func readTable(t *testing.T, head string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("ARCHITECTURE.md has no table with the head %q", head)
	}
	table := map[string][]string{}
	for line := range strings.Lines(after) {
		if line == "\n" {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name := codeSpan.FindStringSubmatch(cells[0])
		if name == nil {
			continue // the rest of the head, and the rule below it
		}
		table[name[1]] = []string{}
		for _, m := range codeSpan.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			table[name[1]] = append(table[name[1]], m[1])
		}
	}
	return table
}

// readTree returns every folder of the module that holds Go code which ships.
func readTree(t *testing.T) map[string]*source {
	t.Helper()
	tree := map[string]*source{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipForeign(path, d)
		}
		if strings.HasSuffix(path, ".go") {
			return addFile(tree, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, src := range tree {
		if !src.ships {
			delete(tree, dir)
		}
	}
	return tree
}

// skipForeign leaves out what is not code of this module.
func skipForeign(path string, d fs.DirEntry) error {
	name := d.Name()
	if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != "." {
		return fs.SkipDir // a module of its own, such as a benchmark peer
	}
	return nil
}

func addFile(tree map[string]*source, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	if tree[dir] == nil {
		tree[dir] = &source{imports: map[string]bool{}}
	}
	if strings.HasSuffix(path, "_test.go") {
		return nil
	}
	tree[dir].ships = true
	for _, imp := range file.Imports {
		tree[dir].imports[strings.Trim(imp.Path.Value, `"`)] = true
	}
	return nil
}

var requireLine = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z][\w.\-/]*\.[\w.\-/]+) v\S+( // indirect)?$`)

func directRequirements(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range requireLine.FindAllStringSubmatch(string(text), -1) {
		if m[2] == "" {
			direct[m[1]] = true
		}
	}
	return direct
}
