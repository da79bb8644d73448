package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// TestGeneratedLayerEqualsTheOldOne starts every archive of testdata/serve and compares
// the generated layer with what the project's old tools wrote ("old/…").
func TestGeneratedLayerEqualsTheOldOne(t *testing.T) {
	archives, err := filepath.Glob("testdata/serve/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := oddFolder(t)
			writeArchive(t, ar, dir)
			if _, err := open(t, dir).Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for _, f := range ar.Files {
				if name, ok := strings.CutPrefix(f.Name, "old/"); ok {
					want[name] = strings.TrimSuffix(string(f.Data), "\n(no newline)\n")
				}
			}
			if diff := cmp.Diff(want, snapshot(t, filepath.Join(dir, ".tmp"))); diff != "" {
				t.Errorf("generated layer (-old +ours):\n%s", diff)
			}
		})
	}
}

// shop is the archive's project in a folder of its own.
func shop(t *testing.T) string {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/serve/fountain.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := project(t, nil)
	writeArchive(t, ar, dir)
	return dir
}

func TestEditRedoesOnlyWhatDependsOnIt(t *testing.T) {
	tests := []struct {
		name, file, content string // content "" deletes the file
		want                []string
		steps               string // those that ran
	}{
		{"style", "src/index.css", "a {}", []string{"src/index.css"}, ""},
		{"new style", "src/app/new.css", "a {}", []string{".tmp/index.html", "src/app/new.css"}, "inject"},
		{"deleted style", "src/index.css", "", []string{".tmp/index.html", "src/index.css"}, "inject"},
		{"script", "src/index.js", "angular.module('app', ['app.jobs']); // x", []string{"src/index.js"}, "inject"},
		{"new script", "src/app/new.js", "angular.module('app').run()", []string{".tmp/index.html", "src/app/new.js"}, "inject"},
		{"deleted script", "src/app/jobs/jobs.module.js", "", []string{".tmp/index.html", "src/app/jobs/jobs.module.js"}, "inject"},
		{"script that moves", "src/app/jobs/jobs.module.js", "angular.module('app');", []string{".tmp/index.html", "src/app/jobs/jobs.module.js"}, "inject"},
		{"test", "src/app/jobs/a.list.spec.js", "describe();", []string{"src/app/jobs/a.list.spec.js"}, "inject"},
		{"template", "src/app/main.html", "<b>new</b>", []string{".tmp/templateCacheHtml.js", "src/app/main.html"}, "partials modules"},
		{"template, same tags", "src/app/main.html", "<p  ng-if='a && b' >no newline</p>\n", []string{"src/app/main.html"}, "partials modules"},
		{"components", "bower.json", `{"dependencies": {"angular": "1"}}`, []string{".tmp/index.html"}, "inject"},
		{"page", "src/index.html", "<!doctype html><body ng-app=\"app\"><!-- inject:js --><!-- endinject -->", []string{".tmp/index.html"}, "styles partials inject modules"},
		{"something else", "README.md", "x", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := shop(t)
			p := open(t, dir)
			if _, err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, tt.file)
			if tt.content != "" {
				write(t, file, tt.content)
			} else if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			got, err := p.Rebuild(t.Context(), []string{file})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, relative(t, dir, got).Changed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
			var ran []string
			for i, s := range p.steps {
				if p.ran[i].runs > 1 {
					ran = append(ran, s.Name())
				}
			}
			if got := strings.Join(ran, " "); got != tt.steps {
				t.Errorf("steps %q ran, want %q", got, tt.steps)
			}
		})
	}
}

func TestGoneSourcesLeaveThePage(t *testing.T) {
	dir := shop(t)
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "src/app")); err != nil {
		t.Fatal(err)
	}
	got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, "src/app")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".tmp/index.html", ".tmp/templateCacheHtml.js", "src/app"}
	if diff := cmp.Diff(want, relative(t, dir, got).Changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	page := readFile(t, filepath.Join(dir, ".tmp/index.html"))
	if strings.Contains(page, "app/jobs") || exists(filepath.Join(dir, ".tmp/templateCacheHtml.js")) {
		t.Errorf("what is gone is still there:\n%s", page)
	}
}

func TestOldCopiesOfSourcesAreSweptAway(t *testing.T) {
	dir := shop(t)
	write(t, filepath.Join(dir, ".tmp/index.js"), "stale copy")
	write(t, filepath.Join(dir, ".tmp/extra.css"), "by the project's own task")
	if _, err := open(t, dir).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, ".tmp/index.js")) || !exists(filepath.Join(dir, ".tmp/extra.css")) {
		t.Error("the copy must go, the other file must stay")
	}
}

func TestBrokenWiringIsToldAndTheLastPageStays(t *testing.T) {
	dir := shop(t)
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, filepath.Join(dir, ".tmp/index.html"))
	write(t, filepath.Join(dir, "src/index.html"), "<!doctype html>\n<!-- inject:js -->\n")
	write(t, filepath.Join(dir, "bower.json"), `{"dependencies": {"gone": "1", "socket.io-client": "1"}}`)
	got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, "src/index.html"), filepath.Join(dir, "bower.json")})
	if err != nil {
		t.Fatal(err)
	}
	want := diag.List{
		{
			Severity: diag.Warning, Source: "inject", Path: "bower.json", Message: "component gone is not installed",
			Hint: "run bower install, or take it out of bower.json",
		},
		{
			Severity: diag.Warning, Source: "inject", Path: "bower.json",
			Message: "component socket.io-client brings no file into the page: it names no main file that exists",
			Hint:    `add to bower.json: "overrides": { "socket.io-client": { "main": "FILE" } }`,
		},
		{
			Severity: diag.Error, Source: "inject", Path: "src/index.html", Line: 2, Column: 1,
			Message: "the comment that begins here has no end", Hint: "close it with <!-- endinject --> or <!-- endbower -->",
			Excerpt: "  1 | <!doctype html>\n> 2 | <!-- inject:js -->\n    | ^",
		},
	}
	if diff := cmp.Diff(want, got.Diagnostics); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if got := readFile(t, filepath.Join(dir, ".tmp/index.html")); got != before {
		t.Errorf("the last good page is gone:\n%s", got)
	}
}

func TestSettingsBecomeAModule(t *testing.T) {
	const file = `{"env": {"dev": {"url": "http://localhost/é", "n": 1.50}, "prod": {"url": "https://x"}}, "all": {"deep": [1, {"a": null}]}}`
	tests := map[string]struct {
		settings Settings
		want     string
	}{
		"whole":       {Settings{}, "angular.module(\"app.config\", [])\n.constant(\"env\", {\"dev\":{\"url\":\"http://localhost/é\",\"n\":1.5},\"prod\":{\"url\":\"https://x\"}})\n.constant(\"all\", {\"deep\":[1,{\"a\":null}]});\n"},
		"environment": {Settings{Environment: []string{"env.dev", "all"}}, "angular.module(\"app.config\", [])\n.constant(\"url\", \"http://localhost/é\")\n.constant(\"n\", 1.5)\n.constant(\"deep\", [1,{\"a\":null}]);\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"src/index.html": "<!doctype html>", "conf/app.json": file})
			tt.settings.Module, tt.settings.From = "app.config", "conf/app.json"
			p, err := New(Options{Dir: dir, Settings: &tt.settings})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, readFile(t, filepath.Join(dir, ".tmp/app.js"))); diff != "" {
				t.Errorf("script (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOwnWritesAreNobodysChange(t *testing.T) {
	dir := shop(t)
	p := open(t, dir)
	started, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Rebuild(t.Context(), started.Changed)
	if err != nil || len(got.Changed) > 0 {
		t.Errorf("the pipeline's own writes: %v, %v", got.Changed, err)
	}
	write(t, filepath.Join(dir, ".tmp/index.html"), "another tool's")
	got, err = p.Rebuild(t.Context(), []string{filepath.Join(dir, ".tmp/index.html")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".tmp/index.html"}, relative(t, dir, got).Changed); diff != "" {
		t.Errorf("another tool's write (-want +got):\n%s", diff)
	}
}

func TestOwnRemovalsAreNobodysChange(t *testing.T) {
	dir := project(t, map[string]string{"src/index.html": "<!doctype html><script src=\"a.js\"></script>", "src/a.js": "good();\n"})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, p, dir, edited{"a slip", "src/a.js", "bad(;\n", []string{".tmp/a.js"}, `unexpected ";"`})
	check(t, p, dir, edited{"its mending", "src/a.js", "better();\n", []string{".tmp/a.js", "src/a.js"}, ""})
	got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, ".tmp/a.js")})
	if err != nil || len(got.Changed) > 0 {
		t.Errorf("the pipeline's own removal: %v, %v", got.Changed, err)
	}
}

func TestTypeScriptIsCompiledAndItsMistakesAreToldOnce(t *testing.T) {
	dir := shop(t)
	write(t, filepath.Join(dir, "src/app/typed.ts"), "const n: number = 1;\nangular.module('app').value('n', n);\n")
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	script := readFile(t, filepath.Join(dir, ".tmp/app/typed.js"))
	if !strings.HasPrefix(script, "const n = 1;\nangular.module(\"app\").value(\"n\", n);\n//# sourceMappingURL=data:") {
		t.Errorf("script: %s", script)
	}
	if page := readFile(t, filepath.Join(dir, ".tmp/index.html")); !strings.Contains(page, `<script src="app/typed.js">`) {
		t.Errorf("the page does not load it:\n%s", page)
	}
	write(t, filepath.Join(dir, "src/app/typed.ts"), "const n: = 1;")
	got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, "src/app/typed.ts")})
	if err != nil {
		t.Fatal(err)
	}
	if got := got.Diagnostics.Error(); strings.Count(got, "typed.ts") != 1 {
		t.Errorf("diagnostics:\n%s", got)
	}
	if now := readFile(t, filepath.Join(dir, ".tmp/app/typed.js")); now != script {
		t.Errorf("the last good script is gone: %s", now)
	}
}

func TestABowerBlockWithoutAnEndStaysAsItIs(t *testing.T) {
	page := "<!doctype html>\n<!-- bower:js -->\n<script src=own.js></script>\n<!-- inject:js --><!-- endinject -->\n"
	dir := project(t, map[string]string{"src/index.html": page, "src/own.js": "var a;", "bower.json": "{}"})
	got, err := open(t, dir).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Diagnostics) != 1 || got.Diagnostics[0].Severity != diag.Warning || got.Diagnostics[0].Line != 2 {
		t.Errorf("told: %v", got.Diagnostics)
	}
	if made := readFile(t, filepath.Join(dir, ".tmp/index.html")); !strings.Contains(made, "<!-- bower:js -->\n<script src=own.js>") {
		t.Errorf("page: %s", made)
	}
}
