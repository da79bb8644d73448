package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// site is a small project that uses every kind of work.
func site() map[string]string {
	return map[string]string{
		"src/index.html": `<!doctype html><html><head><title>t</title>
<link rel="stylesheet" href="a.css"><script src="old.js"></script><script src="older.js"></script>
<script type="module" src="a.js"></script></head><body><img src="dot.svg"></body></html>`,
		"src/other.html": `<!doctype html><html><head><script type="module" src="b.js"></script></head></html>`,
		"src/a.js":       `import { s } from './s.js'; import dot from './dot.svg'; import('./late.js'); s(dot);`,
		"src/b.js":       `import { s } from './s.js'; s(2);`,
		"src/s.js":       `export function s(x) { console.log(x, ` + "`" + strings.Repeat("text ", 400) + "`" + `); }`,
		"src/late.js":    `console.log('late')`,
		"src/a.css":      `a { background: url(dot.svg) }`,
		"src/old.js":     `var x = 1;`,
		"src/older.js":   `var y = 1;`,
		"src/dot.svg":    `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"public/robots":  `User-agent: *`,
	}
}

// snapshot returns every file below dir with its content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(dir, p)
		all[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameTreeGivesTheSameBytes(t *testing.T) {
	opts := BuildOptions{SourceMap: true, Integrity: true, Zstd: true}
	opts.Dir = project(t, site())
	mustBuild(t, t.Context(), opts)
	first := snapshot(t, filepath.Join(opts.Dir, "dist"))

	t.Setenv("TZ", "Pacific/Kiritimati")
	opts.Dir = filepath.Join(t.TempDir(), "another", "much longer place")
	for name, content := range site() { // a map: the files appear in another order each time
		write(t, filepath.Join(opts.Dir, name), content)
		old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(opts.Dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	mustBuild(t, t.Context(), opts)
	second := snapshot(t, filepath.Join(opts.Dir, "dist"))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the two outputs differ (-first +second):\n%s", diff)
	}
}

func TestFailedBuildLeavesTheLastOneWhole(t *testing.T) {
	tests := map[string]struct {
		spoil func(t *testing.T, dir string) BuildOptions
		want  string
	}{
		"syntax": {func(t *testing.T, dir string) BuildOptions {
			write(t, filepath.Join(dir, "src/s.js"), "export function (")
			return BuildOptions{Dir: dir}
		}, "src/s.js:1:17: expected identifier but found \"(\""},
		"budget": {func(_ *testing.T, dir string) BuildOptions {
			return BuildOptions{Dir: dir, Budgets: []Budget{{Files: "**/*.css", Of: "raw", Max: 10}}}
		}, "**/*.css weighs"},
		"target": {func(_ *testing.T, dir string) BuildOptions {
			return BuildOptions{Dir: dir, Target: "es1999"}
		}, `unknown target "es1999"`},
		"no page": {func(t *testing.T, dir string) BuildOptions {
			for _, name := range []string{"src/index.html", "src/other.html"} {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			return BuildOptions{Dir: dir}
		}, "there is no page to build"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := project(t, site())
			mustBuild(t, t.Context(), BuildOptions{Dir: dir})
			before := snapshot(t, filepath.Join(dir, "dist"))
			_, err := Build(t.Context(), tt.spoil(t, dir))
			var list diag.List
			if !errors.As(err, &list) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want diagnostics with %q", err, tt.want)
			}
			if diff := cmp.Diff(before, snapshot(t, filepath.Join(dir, "dist"))); diff != "" {
				t.Errorf("the last build changed:\n%s", diff)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".dist*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestEndedContextStopsTheBuild(t *testing.T) {
	dir := project(t, site())
	for _, stage := range []string{"read", "bundle", "pages", "compress", "write"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Build(ctx, BuildOptions{Dir: dir, Progress: func(s string) {
			if s == stage {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended at %q: got %v, want context.Canceled", stage, err)
		}
		if exists(filepath.Join(dir, "dist")) {
			t.Errorf("ended at %q: an output folder appeared", stage)
		}
		cancel()
	}
}

func TestOutputFolderThatCouldLoseWorkIsRefused(t *testing.T) {
	tests := []struct{ name, out, want string }{
		{"the project", ".", "it is the project"},
		{"above the project", "..", "it is the project"},
		{"the sources", "src", "the sources are there"},
		{"below the sources", "src/dist", "the sources are there"},
		{"a file", "README", "it is not a folder"},
		{"somebody's files", "notes", "it holds files that this tool did not make, todo for one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := site()
			files["README"], files["notes/todo"] = "read", "do"
			dir := project(t, files)
			before := snapshot(t, dir)
			_, err := Build(t.Context(), BuildOptions{Dir: dir, Out: tt.out})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("the project changed:\n%s", diff)
			}
		})
	}
}

func TestOutputFolderIsReplacedWhenItMayBe(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		opts  BuildOptions
	}{
		"forced":     {map[string]string{"dist/old": "x"}, BuildOptions{Force: true}},
		"not kept":   {map[string]string{"dist/old": "x", ".gitignore": "node_modules\n/dist/\n"}, BuildOptions{}},
		"made by us": {map[string]string{"dist/old": "x", "dist/manifest.json": `{"generator":"realtimectl","files":{}}`}, BuildOptions{}},
		"elsewhere":  {nil, BuildOptions{Out: "build/web/site"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := site()
			for k, v := range tt.files {
				files[k] = v
			}
			tt.opts.Dir = project(t, files)
			out := mustBuild(t, t.Context(), tt.opts).Out
			got := snapshot(t, out)
			if _, ok := got["old"]; ok || got["index.html"] == "" {
				t.Errorf("output folder holds %d files, the old one among them: %v", len(got), ok)
			}
			if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("output folder: %v, %v; a web server must be able to read it", info.Mode(), err)
			}
		})
	}
}

func TestReportComparesWithTheLastBuild(t *testing.T) {
	dir := project(t, site())
	find := func(r *Report, source string) File {
		for _, f := range r.Files {
			if f.Source == source {
				return f
			}
		}
		t.Fatalf("no file made from %s", source)
		return File{}
	}
	first := find(mustBuild(t, t.Context(), BuildOptions{Dir: dir}), "a.css")
	if first.Before != -1 {
		t.Errorf("before the first build: %d, want -1", first.Before)
	}
	write(t, filepath.Join(dir, "src/a.css"), "a { color: red } b { color: blue }")
	second := find(mustBuild(t, t.Context(), BuildOptions{Dir: dir}), "a.css")
	if second.Before != first.Raw || second.Path == first.Path {
		t.Errorf("second build: %+v after %+v", second, first)
	}
}

func TestCompressedSiblingsHoldTheFile(t *testing.T) {
	dir := project(t, site())
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Zstd: true})
	checked := 0
	for _, f := range report.Files {
		raw := readFile(t, filepath.Join(report.Out, f.Path))
		for ext, size := range map[string]int64{".gz": f.Gzip, ".br": f.Brotli, ".zst": f.Zstd} {
			file := filepath.Join(report.Out, f.Path+ext)
			if size == 0 {
				if exists(file) {
					t.Errorf("%s%s exists but is not reported", f.Path, ext)
				}
				continue
			}
			checked++
			if got := unpack(t, file); got != raw {
				t.Errorf("%s%s holds %d bytes that are not the file's %d", f.Path, ext, len(got), len(raw))
			}
		}
	}
	if checked < 3 {
		t.Errorf("only %d siblings were made", checked)
	}
}

func TestSourcesOutsideOfTheProjectAreNotTaken(t *testing.T) {
	files := site()
	files["src/index.html"] = `<!doctype html><html><head><script src="../../../../../../etc/passwd"></script></head></html>`
	dir := project(t, files)
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	if len(report.Diagnostics) != 1 || !strings.Contains(report.Diagnostics[0].Message, "not there") {
		t.Errorf("got %v, want one warning", report.Diagnostics)
	}
}

func TestTemplateOfTheProjectBuildsWithDefaultOptions(t *testing.T) {
	const template = "../../templates/jobs"
	if !isDir(template) {
		t.Skip("the templates are not in this tree")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	if len(report.Diagnostics) > 0 {
		t.Errorf("warnings: %v", report.Diagnostics)
	}
}

func TestAnalysisTellsWhatFilesAreMadeOf(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html": `<!doctype html><html><script type="module" src="a.js"></script>
<!-- build:js(src) all.js --><script src="c.js"></script><script src="d.js"></script><!-- endbuild --></html>`,
		"src/a.js": `import { b } from './b.js'; console.log(b);`,
		"src/b.js": `export const b = 'a longer text than the other one';`,
		"src/c.js": `var c;`,
		"src/d.js": `var d = 1;`,
	})
	got := map[string][]Part{}
	for _, f := range mustBuild(t, t.Context(), BuildOptions{Dir: dir, Analyze: true}).Files {
		if len(f.Parts) > 0 {
			got[f.Source] = f.Parts
		}
	}
	want := map[string][]Part{
		"a.js":   {{"src/b.js", 41}, {"src/a.js", 15}},
		"all.js": {{"src/d.js", 10}, {"src/c.js", 6}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestBudgetCountsWhatItIsToldTo(t *testing.T) {
	files := []File{{Path: "a.js", Raw: 100, Gzip: 50, Brotli: 40}, {Path: "assets/b.js", Raw: 10}, {Path: "a.js.map", Raw: 1000}, {Path: "c.css", Raw: 7}}
	tests := []struct {
		budget Budget
		want   int64
	}{
		{Budget{Files: "**/*.js", Of: "raw"}, 110},
		{Budget{Files: "**/*.js", Of: "gzip"}, 60},
		{Budget{Files: "**/*.js"}, 50},
		{Budget{Files: "*.js"}, 40},
		{Budget{Files: "**", Of: "raw"}, 117},
	}
	for _, tt := range tests {
		if got, _ := tt.budget.sum(files); got != tt.want {
			t.Errorf("%+v: %d, want %d", tt.budget, got, tt.want)
		}
	}
}

func TestOldOutputIsNoSource(t *testing.T) {
	dir := project(t, map[string]string{
		"index.html":      `<!doctype html><html><script src="dist/own.js"></script></html>`,
		"dist/index.html": `<!doctype html><html></html>`, "dist/own.js": "own()",
	})
	var got []string
	for _, f := range mustBuild(t, t.Context(), BuildOptions{Dir: dir, Out: filepath.Join(t.TempDir(), "site")}).Files {
		got = append(got, f.Path)
	}
	if diff := cmp.Diff([]string{"assets/own-3IQ34HUQ.js", "index.html"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestJoinedFileKeepsTheNameThatScriptsSpeakOf(t *testing.T) {
	page := func(theme string) string {
		return `<!doctype html><html><!-- build:css styles/` + theme + `.css --><link rel="stylesheet" href="` + theme + `.css"><!-- endbuild -->` +
			`<!-- build:js scripts/app.js --><script src="app.js"></script><!-- endbuild --></html>`
	}
	dir := project(t, map[string]string{
		"src/index.html": page("light"), "src/dark.html": page("dark"), "src/light.css": "a { color: tan }", "src/dark.css": "a { color: navy }",
		"src/app.js": `function dark() { document.querySelector('link').href = 'styles/dark.css'; }`,
	})
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	got := map[string]string{}
	for name, content := range snapshot(t, report.Out) {
		if strings.HasPrefix(name, "styles/") {
			got[name] = content
		}
	}
	const navy, tan = "a{color:navy}\n", "a{color:tan}\n"
	want := map[string]string{"styles/dark.css": navy, "styles/dark-3416d991b0.css": navy, "styles/light-2929f07c62.css": tan}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stylesheets (-want +got):\n%s", diff)
	}
	if got := readManifest(report.Out)["styles/dark.css"].File; got != "styles/dark-3416d991b0.css" {
		t.Errorf("the manifest names %s", got)
	}
}

func TestPackagesAreFoundWhereTheDevelopmentServerHasThem(t *testing.T) {
	page := `<!doctype html><script src="bower_components/a/a.js"></script><script src="/parts/b.js"></script><script src="/bower_components/c/c.js"></script>`
	for name, c := range map[string]struct{ bower, at string }{
		"beside the page": {"app/bower_components", "app/bower_components"},
		"somewhere else":  {"app/lib", "app/lib"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{
				".bowerrc": `{"directory": "` + c.bower + `"}`, "package.json": `{"devDependencies": {"gulp": "4", "browser-sync": "2"}}`,
				"gulpfile.js":    "require('gulp').task('serve', function () { require('browser-sync')({server: {baseDir: 'app', routes: {'/parts': 'other/parts'}}}); });",
				"app/index.html": page, c.at + "/a/a.js": "var a = 1;", c.at + "/c/c.js": "var c = 1;", "other/parts/b.js": "var b = 1;",
			})
			if _, err := Build(t.Context(), BuildOptions{Dir: dir, Out: "dist"}); err != nil {
				t.Fatal(err)
			}
			made := readFile(t, filepath.Join(dir, "dist/index.html"))
			if got := strings.Count(made, "<script"); got != 3 || strings.Contains(made, "/b.js") {
				t.Errorf("page: %s", made)
			}
		})
	}
}

func TestABlockThatNamesNoFileStaysAsItIs(t *testing.T) {
	dir := project(t, map[string]string{
		"index.html": "<!doctype html>\n<!-- build:js -->\n<script src=a.js></script>\n<!-- endbuild -->\n", "a.js": "var a = 1;",
	})
	got, err := Build(t.Context(), BuildOptions{Dir: dir, Out: "dist"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Diagnostics) != 1 || got.Diagnostics[0].Severity != diag.Warning || !strings.Contains(got.Diagnostics[0].Message, "names no file to become") {
		t.Errorf("told: %v", got.Diagnostics)
	}
	if page := readFile(t, filepath.Join(dir, "dist/index.html")); !strings.Contains(page, "<script") {
		t.Errorf("page: %s", page)
	}
}

// TestFilesOfOneNameThatAreTheSame: pages of several folders load a sheet and a module of
// one name, which become the same bytes.
func TestFilesOfOneNameThatAreTheSame(t *testing.T) {
	page := `<!doctype html><html><head><link rel="stylesheet" href="x.css"><script type="module" src="x.js"></script></head></html>`
	dir := project(t, map[string]string{
		"src/index.html": page, "src/x.css": "a { b: c }", "src/x.js": "console.log(1)",
		"src/two/index.html": page, "src/two/x.css": "a{b:c} /* as above */", "src/two/x.js": "console.log(1)",
	})
	mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	for name, want := range map[string]int{"dist/index.html": 2, "dist/two/index.html": 0} {
		if got := strings.Count(readFile(t, filepath.Join(dir, name)), "assets/root-x-"); got != want {
			t.Errorf("%s loads %d files of the first folder, want %d", name, got, want)
		}
	}
}
