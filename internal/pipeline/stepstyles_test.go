package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// withCompiler puts a command into the project's node_modules/.bin.
func withCompiler(t *testing.T, dir, name, script string) {
	t.Helper()
	file := filepath.Join(dir, "node_modules/.bin", name)
	write(t, file, "#!/bin/sh\n"+script)
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestSheetsThatPagesNameAreCompiled(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html":                `<!doctype html><link rel="stylesheet" href="index.css"><link rel="stylesheet" href="/deep/more.css">`,
		"src/index.scss":                "a { color: $c }\n// bower:scss\n// endbower\n// injector\n// endinjector\n",
		"src/_part.scss":                "nobody names this",
		"src/app/x/x.scss":              "x",
		"src/app/x/_y.scss":             "y",
		"src/deep/more.less":            "less",
		"bower.json":                    `{"dependencies": {"z": "1"}}`,
		"bower_components/z/bower.json": `{"name": "z", "main": "z.scss"}`,
		"bower_components/z/z.scss":     "z",
	})
	withCompiler(t, dir, "sass", "sed 's/[$]c/red/'")
	withCompiler(t, dir, "lessc", "echo less; cat")
	if _, err := open(t, dir).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"index.css":     "a { color: red }\n// bower:scss\n@import \"../bower_components/z/z.scss\";\n// endbower\n// injector\n@import \"app/x/x.scss\";\n// endinjector\n",
		"deep/more.css": "less\nless",
	}
	if diff := cmp.Diff(want, snapshot(t, filepath.Join(dir, ".tmp"))); diff != "" {
		t.Errorf("generated layer (-want +got):\n%s", diff)
	}
}

func TestCompilersMistakesAreToldAtTheirPlace(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html": `<!doctype html><link rel="stylesheet" href="index.css">`,
		"src/index.scss": "a {\n  color: $c;\n}\n",
	})
	withCompiler(t, dir, "sass", `printf 'Error: Undefined variable.\n  ,\n2 |   color: $c;\n  |          ^^\n  - 2:10  root stylesheet\n' >&2; exit 65`)
	got, err := open(t, dir).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := diag.List{{
		Severity: diag.Error, Source: "styles", Path: "src/index.scss", Line: 2, Column: 10, Message: "undefined variable",
		Excerpt: "  1 | a {\n> 2 |   color: $c;\n    |          ^\n  3 | }",
	}}
	if diff := cmp.Diff(want, got.Diagnostics); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestMissingCompilerIsToldWithTheWayOut(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := project(t, map[string]string{
		"src/index.html": `<!doctype html><link rel="stylesheet" href="index.css">`,
		"src/index.less": "a {}",
	})
	got, err := open(t, dir).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := diag.List{{
		Severity: diag.Error, Source: "styles", Path: "src/index.less",
		Message: "nothing compiles Less here: the project has no npm less, and there is none on the PATH",
		Hint:    "npm install --save-dev less, or write .tmp/index.css with a command under pipeline.tasks in realtimectl.yaml",
	}}
	if diff := cmp.Diff(want, got.Diagnostics); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	p, err := New(Options{Dir: dir, Tasks: []Task{{Name: "less", Run: "echo lessc index.less"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Start(t.Context()); err != nil || len(got.Diagnostics) > 0 {
		t.Errorf("with commands of its own: %+v, %v", got, err)
	}
}

func TestCompiledSheetIsBuiltWithWhatItNames(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html":      `<!doctype html><html><link rel="stylesheet" href="deep/index.css"></html>`,
		"src/deep/index.scss": "a { background: url(dot.svg) }",
		"src/deep/dot.svg":    "<svg/>",
	})
	withCompiler(t, dir, "sass", "cat")
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	got := snapshot(t, report.Out)
	for name, content := range got {
		if filepath.Ext(name) == ".css" && content != "a{background:url(./dot-2TOFMZUR.svg)}\n" {
			t.Errorf("%s: %s", name, content)
		}
	}
	if exists(filepath.Join(dir, ".tmp")) || len(report.Diagnostics) > 0 {
		t.Errorf("a build leaves the generated layer alone; diagnostics %v", report.Diagnostics)
	}
}

func TestAnEditCompilesOnlyTheSheetsThatImportTheFile(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html":      `<!doctype html><link rel="stylesheet" href="a.css"><link rel="stylesheet" href="b.css">`,
		"src/a.scss":          "@import 'parts/one';",
		"src/b.scss":          "b { c: d }",
		"src/parts/_one.scss": "@import 'two';",
		"src/parts/_two.scss": "two {}",
		"lib/_three.scss":     "three {}",
	})
	withCompiler(t, dir, "sass", "echo x >>../compiled; cat")
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file, content string
		compiled      int
	}{
		{"src/parts/_two.scss", "two { a: b }", 1},
		{"src/parts/_two.scss", "two { a: b }", 0}, // saved, not changed
		{"src/b.scss", "b { c: e }", 1},
		{"src/index.html", `<!doctype html><link rel="stylesheet" href="a.css"><link rel="stylesheet" href="b.css"><p>`, 0},
		{"src/parts/_other.scss", "", 2}, // it might be what an import means
		{"src/parts/_two.scss", "@import 'lib/three';", 1},
	}
	for _, tt := range tests {
		if err := os.Remove(filepath.Join(dir, "compiled")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, tt.file), tt.content)
		if _, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, tt.file)}); err != nil {
			t.Fatal(err)
		}
		log, _ := os.ReadFile(filepath.Join(dir, "compiled"))
		if got := strings.Count(string(log), "x"); got != tt.compiled {
			t.Errorf("%s %q: %d sheets were compiled, want %d", tt.file, tt.content, got, tt.compiled)
		}
	}
	if !p.steps[0].Concerns("lib/_three.scss") || !p.steps[0].Concerns("src/a.scss") {
		t.Error("a change of what a sheet imports goes unseen")
	}
}

// withPackage links an npm package of the test set-up into a project.
func withPackage(t *testing.T, dir, name string) {
	t.Helper()
	link := filepath.Join(dir, "node_modules", name)
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(realpart.Package(t, name), link); err != nil {
		t.Fatal(err)
	}
}

func TestImportsAreWiredAsSheetsAre(t *testing.T) {
	realpart.Command(t, "node")
	dir := project(t, map[string]string{
		"src/index.html":                 `<!doctype html><link rel="stylesheet" href="app/index.css">`,
		"src/app/index.less":             "@import 'vendor';\n// injector\n// endinjector\n",
		"src/app/vendor.less":            "// bower:less\n// endbower\n@c: 1px;\n",
		"src/app/x/x.less":               "x { y: @c }",
		"bower.json":                     `{"dependencies": {"z": "1"}}`,
		"bower_components/z/bower.json":  `{"name": "z", "main": "less/z.less"}`,
		"bower_components/z/less/z.less": "z { y: @c }",
	})
	withPackage(t, dir, "less")
	p := open(t, dir)
	got, err := p.Start(t.Context())
	if err != nil || len(got.Diagnostics) > 0 {
		t.Fatal(got.Diagnostics, err)
	}
	made := snapshot(t, filepath.Join(dir, ".tmp"))
	want := "z {\n  y: 1px;\n}\nx {\n  y: 1px;\n}\n"
	if diff := cmp.Diff(want, made["app/index.css"]); diff != "" {
		t.Errorf("app/index.css (-want +got):\n%s", diff)
	}
}

func TestABrokenSheetKeepsItsLastGoodState(t *testing.T) {
	realpart.Command(t, "node")
	dir := project(t, map[string]string{
		"src/index.html":  `<!doctype html><link rel="stylesheet" href="a.css">`,
		"src/a.scss":      "@import 'part';",
		"src/_part.scss":  "a { b: c }",
		"src/_other.scss": "",
	})
	withPackage(t, dir, "sass")
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	save := func(text string) Result {
		t.Helper()
		write(t, filepath.Join(dir, "src/_part.scss"), text)
		got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, "src/_part.scss")})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	broken := save("a { b: $c }")
	if len(broken.Diagnostics) != 1 || broken.Diagnostics[0].Error() != "src/_part.scss:1:8: undefined variable" {
		t.Errorf("diagnostics: %v", broken.Diagnostics)
	}
	if css := snapshot(t, filepath.Join(dir, ".tmp"))["a.css"]; css != "a {\n  b: c;\n}" {
		t.Errorf("while it is broken: %q", css)
	}
	if mended := save("a { b: d }"); len(mended.Diagnostics) > 0 {
		t.Errorf("after it was mended: %v", mended.Diagnostics)
	}
	if css := snapshot(t, filepath.Join(dir, ".tmp"))["a.css"]; css != "a {\n  b: d;\n}" {
		t.Errorf("after it was mended: %q", css)
	}
}
