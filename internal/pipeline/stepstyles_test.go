package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
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
