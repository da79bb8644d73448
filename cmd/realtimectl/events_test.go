package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eventNames are the values that the sources give the attribute "event".
func eventNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, root := range []string{".", filepath.Join("..", "..", "internal")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					names = append(names, eventsIn(n.Args)...)
				case *ast.CompositeLit:
					names = append(names, eventsIn(n.Elts)...)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// eventsIn returns what follows the key of an event in a list of attributes: a literal,
// or the beginning of a sum, for "store."+action.
func eventsIn(list []ast.Expr) []string {
	var names []string
	for i := range len(list) - 1 {
		key, isKey := list[i].(*ast.BasicLit)
		constant, isConstant := list[i].(*ast.Ident)
		if !(isKey && key.Value == `"event"` || isConstant && constant.Name == "EventKey") {
			continue
		}
		value := list[i+1]
		if sum, ok := value.(*ast.BinaryExpr); ok {
			value = sum.X
		}
		if text, ok := value.(*ast.BasicLit); ok {
			if name, err := strconv.Unquote(text.Value); err == nil && strings.Contains(name, ".") {
				names = append(names, name)
			}
		}
	}
	return names
}

func TestEveryEventIsDocumentedAndNoOther(t *testing.T) {
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+\.[a-z-]+) `).FindAllStringSubmatch(eventsText, -1) {
		documented = append(documented, m[1])
	}
	var used []string
	for _, name := range eventNames(t) {
		switch name {
		case "store.":
			used = append(used, "store.create") // the topic names the two others beside it
		default:
			used = append(used, name)
		}
	}
	slices.Sort(documented)
	slices.Sort(used)
	if diff := cmp.Diff(used, documented); diff != "" {
		t.Errorf("events in the sources and in `realtimectl help events` (-sources +help):\n%s", diff)
	}
	if !strings.Contains(eventsText, "store.update") || !strings.Contains(eventsText, "store.delete") {
		t.Error("the events of the store are not all named")
	}
}
