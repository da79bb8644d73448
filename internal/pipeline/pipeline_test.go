package pipeline

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// relative makes a result's paths relative to dir, for comparing.
func relative(t *testing.T, dir string, r Result) Result {
	t.Helper()
	for i, c := range r.Changed {
		rel, err := filepath.Rel(dir, c)
		if err != nil {
			t.Fatal(err)
		}
		r.Changed[i] = filepath.ToSlash(rel)
	}
	return r
}

func open(t *testing.T, dir string) *Pipeline {
	t.Helper()
	p, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// plain is a project whose modules need nothing that browsers have not got.
func plain() map[string]string {
	files := site()
	files["src/a.js"] = `import { s } from './s.js'; import('./late.js'); s(1);`
	return files
}

func TestProjectThatNeedsNoWorkGetsNoGeneratedLayer(t *testing.T) {
	dir := project(t, plain())
	p := open(t, dir)
	if got, err := p.Start(t.Context()); err != nil || len(got.Changed) > 0 || len(got.Diagnostics) > 0 {
		t.Errorf("start: %+v, %v", got, err)
	}
	if _, err := p.Rebuild(t.Context(), []string{"src/a.css"}); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, ".tmp")) {
		t.Error(".tmp appeared")
	}
}

func TestChangedSourcesAreServedAsTheyAre(t *testing.T) {
	dir := project(t, plain())
	p := open(t, dir)
	got, err := p.Rebuild(t.Context(), []string{
		filepath.Join(dir, "src/s.js"), filepath.Join(dir, "src/a.css"), filepath.Join(dir, "src/gone.css"),
		filepath.Join(dir, "public/robots"), filepath.Join(dir, "package.json"),
		filepath.Join(dir, "src/.swp"), filepath.Join(dir, "dist/index.html"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Changed: []string{"public/robots", "src/a.css", "src/gone.css", "src/s.js"}}
	if diff := cmp.Diff(want, relative(t, dir, got), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestSyntaxErrorIsToldUntilItIsMended(t *testing.T) {
	dir := project(t, site())
	p := open(t, dir)
	rebuild := func(name, content string) diag.List {
		t.Helper()
		write(t, filepath.Join(dir, name), content)
		got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, name)})
		if err != nil {
			t.Fatal(err)
		}
		return got.Diagnostics
	}
	want := diag.List{{
		Severity: diag.Error, Source: "scripts", Path: "src/own.js", Line: 2, Column: 5,
		Message: `unexpected "%"`, Excerpt: "  1 | \n> 2 | ä = %\n    |     ^",
	}}
	if diff := cmp.Diff(want, rebuild("src/own.js", "\nä = %\n")); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, rebuild("src/a.css", "a {}")); diff != "" {
		t.Errorf("after another file's change (-want +got):\n%s", diff)
	}
	if got := rebuild("src/own.js", "ä = 1"); len(got) > 0 {
		t.Errorf("after mending: %v", got)
	}
	rebuild("src/own.js", "%")
	if err := os.Remove(filepath.Join(dir, "src/own.js")); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.Rebuild(t.Context(), []string{"src/a.css"}); len(got.Diagnostics) > 0 {
		t.Errorf("after removing: %v", got.Diagnostics)
	}
}

func TestFilesThatOtherToolsGenerateCountAsChanged(t *testing.T) {
	dir := project(t, site())
	p := open(t, dir)
	write(t, filepath.Join(dir, ".tmp/index.css"), "a {}")
	got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, ".tmp"), filepath.Join(dir, ".tmp/index.css")})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Changed: []string{".tmp/index.css"}}
	if diff := cmp.Diff(want, relative(t, dir, got), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestLastGoodVersionOfABrokenSourceIsServed(t *testing.T) {
	dir := project(t, plain())
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range []edited{
		{"a script that pages load", "src/old.js", "var x = ;", []string{".tmp/old.js"}, `unexpected ";"`},
		{"still broken", "src/old.js", "var x = (;", nil, `unexpected ";"`},
		{"another file", "src/a.css", "a { margin: 0 }", []string{"src/a.css"}, `unexpected ";"`},
		{"its mending", "src/old.js", "var x = 2;", []string{".tmp/old.js", "src/old.js"}, ""},
		{"broken again", "src/old.js", "var x = ;", []string{".tmp/old.js"}, `unexpected ";"`},
		{"gone", "src/old.js", "", []string{".tmp/old.js", "src/old.js"}, ""},
	} {
		check(t, p, dir, e)
		if e.name == "still broken" {
			if got := readFile(t, filepath.Join(dir, ".tmp/old.js")); got != plain()["src/old.js"] {
				t.Errorf("served: %q", got)
			}
		}
	}
	if exists(filepath.Join(dir, ".tmp")) {
		t.Error(".tmp stays")
	}
}

func TestGeneratedLayerIsNoNewsToGit(t *testing.T) {
	git := realpart.Command(t, "git")
	dir := project(t, map[string]string{
		"src/index.html": "<!doctype html>\n<!-- inject:js --><!-- endinject -->\n", "src/a.js": "var a;",
	})
	run := func(args ...string) string {
		out, err := exec.Command(git, append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("init", "-q")
	run("add", "-A")
	run("commit", "-qm", "all")
	p, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(dir, ".tmp", "index.html")) {
		t.Fatal("there is no generated layer")
	}
	if got := run("status", "--short"); got != "" {
		t.Errorf("git status says\n%s", got)
	}
}

func TestGeneratedLayerStaysNoNewsWhenTheSourcesAreTheProjectItself(t *testing.T) {
	dir := project(t, map[string]string{
		"index.html": "<!doctype html>\n<!-- inject:js --><!-- endinject -->\n", "a.js": "var a;", ".git/HEAD": "ref: x\n", ".gitignore": "node_modules\n",
	})
	for range 2 { // the second start sweeps what the first has made
		p := open(t, dir)
		if _, err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, filepath.Join(dir, ".tmp/.gitignore")); got != "*\n" {
			t.Errorf(".tmp/.gitignore is %q", got)
		}
	}
}
