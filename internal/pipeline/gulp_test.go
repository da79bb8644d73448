package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// tasks is a project whose gulpfile no generator wrote.
func tasks(t *testing.T) string {
	return project(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "^3.9.0", "gulp-concat": "^2.6.0", "gulp-rename": "^1.2.0", "gulp-secret-sauce": "1", "browser-sync": "^2.0.0"}}`,
		"gulpfile.js": `
var gulp = require('gulp'), concat = require('gulp-concat'), rename = require('gulp-rename');
var sync = require('browser-sync').create();
gulp.task('scripts', function () {
  return gulp.src(['client/js/first.js', 'client/js/**/*.js']).pipe(concat('all.js')).pipe(gulp.dest('client/built'));
});
gulp.task('pages', function () { return gulp.src('pages/*.htm').pipe(rename({extname: '.html'})).pipe(gulp.dest('out')); });
gulp.task('odd', function () { return gulp.src('client/js/*.js').pipe(require('gulp-secret-sauce')()).pipe(gulp.dest('out/odd')); });
gulp.task('dev', ['scripts', 'pages', 'odd'], function () {
  sync.init({server: {baseDir: ['./out', './client'], routes: {'/lib': 'vendor'}}});
  gulp.watch('client/js/**', ['scripts']);
});
`,
		"client/js/first.js":  "var first;\n",
		"client/js/a/last.js": "var last;\n",
		"client/style.css":    "a {}",
		"pages/index.htm":     "<!doctype html><script src=built/all.js></script>",
		"vendor/x.js":         "x",
	})
}

func TestProjectsOwnTasksAreCarriedOut(t *testing.T) {
	dir := tasks(t)
	l, err := Detect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if l.Kind != GulpTasks || l.Src != "client" || l.Gulp.Serving.Task != "dev" {
		t.Errorf("detected %s with sources in %s and task %q", l.Kind, l.Src, l.Gulp.Serving.Task)
	}
	if d := cmp.Diff(map[string]string{"/lib": "vendor"}, l.Routes()); d != "" {
		t.Error(d)
	}
	p := open(t, dir)
	got, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"built/all.js": "var first;\n\nvar last;\n",
		"index.html":   "<!doctype html><script src=built/all.js></script>",
	}
	if d := cmp.Diff(want, snapshot(t, filepath.Join(dir, ".tmp"))); d != "" {
		t.Errorf("generated layer (-want +got):\n%s", d)
	}
	if len(got.Diagnostics) != 1 || !strings.Contains(got.Diagnostics[0].Message, "gulp-secret-sauce in task odd") || got.Diagnostics[0].Line != 8 {
		t.Errorf("told of the unknown plugin: %v", got.Diagnostics)
	}
	if _, err := os.Stat(filepath.Join(dir, "client/built")); !os.IsNotExist(err) {
		t.Errorf("something was written among the sources: %v", err)
	}
}

func TestATaskFileThatThrowsIsToldAndTheOthersCount(t *testing.T) {
	for name, c := range map[string]struct{ more, task string }{
		"beside others": {"require('gulp').task('serve', function () { require('browser-sync')({server: 'out'}); });", "serve"},
		"alone":         {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{
				"package.json":  `{"devDependencies": {"gulp": "^3.9.0", "require-dir": "1", "browser-sync": "2"}}`,
				"gulpfile.js":   "require('require-dir')('./gulp');",
				"gulp/a.js":     "require('gulp').task('lint', function () {});",
				"gulp/b.js":     "var settings = require('../missing.json');\nrequire('gulp').task('lost', function () {});",
				"gulp/c.js":     c.more,
				"src/x.html":    "",
				"out/index.css": "a {}",
			})
			l, err := Detect(dir)
			if err != nil {
				t.Fatal(err)
			}
			if l.Gulp.Serving.Task != c.task || l.carriedOut() != (c.task != "") {
				t.Errorf("the task is %q, carried out %v", l.Gulp.Serving.Task, l.carriedOut())
			}
			got, err := open(t, dir).Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Diagnostics) != 1 || got.Diagnostics[0].Path != "gulp/b.js" || !strings.Contains(got.Diagnostics[0].Message, "missing.json") {
				t.Errorf("told: %v", got.Diagnostics)
			}
		})
	}
}

func TestOnlyMistakesOfWhatIsServedAreTold(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "^3.9.0", "browser-sync": "2"}}`, "src/index.html": "<!doctype html>",
		"gulpfile.js": `
var gulp = require('gulp');
gulp.task('deploy', function () { throw new Error('no account'); });
gulp.task('styles', function () { throw new Error('no theme'); });
gulp.task('serve', ['styles'], function () { require('browser-sync')({server: 'src'}); });`,
	})
	got, err := open(t, dir).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Diagnostics) != 1 || !strings.Contains(got.Diagnostics[0].Message, "no theme") {
		t.Errorf("told: %v", got.Diagnostics)
	}
}

func TestEditOfATasksSourceRedoesIt(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string
		want          []string
		made          string // content of built/all.js
	}{
		"a source":       {"client/js/first.js", "1", []string{".tmp/built/all.js", "client/js/first.js"}, "1\nvar last;\n"},
		"a new source":   {"client/js/b.js", "b", []string{".tmp/built/all.js", "client/js/b.js"}, "var first;\n\nb\nvar last;\n"},
		"something else": {"client/style.css", "b {}", []string{"client/style.css"}, "var first;\n\nvar last;\n"},
		"a page":         {"pages/index.htm", "<p>", []string{".tmp/index.html"}, "var first;\n\nvar last;\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tasks(t)
			p := open(t, dir)
			if _, err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, c.file), c.content)
			got, err := p.Rebuild(t.Context(), []string{filepath.Join(dir, c.file)})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, relative(t, dir, got).Changed); d != "" {
				t.Errorf("changed (-want +got):\n%s", d)
			}
			if made := readFile(t, filepath.Join(dir, ".tmp/built/all.js")); made != c.made {
				t.Errorf("built/all.js is %q, want %q", made, c.made)
			}
		})
	}
}

func TestChangedGulpfileCountsAtOnce(t *testing.T) {
	dir := tasks(t)
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "gulpfile.js")
	write(t, file, strings.ReplaceAll(readFile(t, file), "all.js'", "every.js'"))
	got, err := p.Rebuild(t.Context(), []string{file})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{".tmp/built/all.js", ".tmp/built/every.js"}, relative(t, dir, got).Changed); d != "" {
		t.Errorf("changed (-want +got):\n%s", d)
	}
	write(t, file, "var gulp = require(")
	if got, err = p.Rebuild(t.Context(), []string{file}); err != nil {
		t.Fatal(err)
	}
	if got.Diagnostics.Err() == nil || got.Diagnostics[0].Path != "gulpfile.js" {
		t.Errorf("told of a gulpfile that does not parse: %v", got.Diagnostics)
	}
	if made := readFile(t, filepath.Join(dir, ".tmp/built/every.js")); made == "" {
		t.Error("a gulpfile that does not parse took the last good state away")
	}
}

func TestTasksGoOnWithTheLastGoodVersionOfABrokenScript(t *testing.T) {
	dir := tasks(t)
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "client/js/first.js")
	for _, e := range []struct{ name, content, made, told string }{
		{"a mistake", "var = ;", "var first;\n\nvar last;\n", `client/js/first.js:1:5: expected identifier but found "="`},
		{"another", "var x = (;", "var first;\n\nvar last;\n", `client/js/first.js:1:10: unexpected ";"`},
		{"its mending", "var fresh;", "var fresh;\nvar last;\n", ""},
	} {
		write(t, file, e.content)
		got, err := p.Rebuild(t.Context(), []string{file})
		if err != nil {
			t.Fatal(err)
		}
		if made := readFile(t, filepath.Join(dir, ".tmp/built/all.js")); made != e.made {
			t.Errorf("%s: built/all.js is %q, want %q", e.name, made, e.made)
		}
		if told := mistakesIn(got, "client/js/first.js"); told != e.told {
			t.Errorf("%s: told %q, want %q", e.name, told, e.told)
		}
	}
}

func TestACopiedGitignoreIsNotThatOfTheGeneratedLayer(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "4", "browser-sync": "2"}}`, ".git/HEAD": "ref: x\n",
		"gulpfile.js": `
var gulp = require('gulp');
gulp.task('default', function () { require('browser-sync')({server: 'out'}); return gulp.src('src/**/*', {dot: true}).pipe(gulp.dest('out')); });`,
		"src/.gitignore": "nothing\n", "src/index.html": "<!doctype html>",
	})
	if _, err := open(t, dir).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{".gitignore": "*\n", "index.html": "<!doctype html>"}
	if d := cmp.Diff(want, snapshot(t, filepath.Join(dir, ".tmp"))); d != "" {
		t.Errorf("generated layer (-want +got):\n%s", d)
	}
}

func TestMarksThatAToolReplacesAreNoMistake(t *testing.T) {
	dir := tasks(t)
	file := filepath.Join(dir, "client/js/first.js")
	write(t, file, "var version = @@version;\n")
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, file, "var name = @@version;\n")
	got, err := p.Rebuild(t.Context(), []string{file})
	if err != nil {
		t.Fatal(err)
	}
	if told := mistakesIn(got, "client/js/first.js"); told != "" {
		t.Errorf("told: %s", told)
	}
	if made := readFile(t, filepath.Join(dir, ".tmp/built/all.js")); !strings.HasPrefix(made, "var name") {
		t.Errorf("built/all.js is %q", made)
	}
}

// mistakesIn returns the errors of one file, a line each.
func mistakesIn(r Result, file string) string {
	var lines []string
	for _, d := range r.Diagnostics {
		if d.Path == file && d.Severity == diag.Error {
			lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", d.Path, d.Line, d.Column, d.Message))
		}
	}
	return strings.Join(lines, "\n")
}

func TestGulpfileIsReadAsTheProjectsScriptCallsIt(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json": `{"scripts": {"start": "cross-env STAGE=local npx gulp dev --theme dark"}}`,
		"gulpfile.js": `
const gulp = require('gulp'), { argv } = require('yargs');
const name = process.env.STAGE + '-' + argv.theme;
gulp.task('page', () => gulp.src('src/index.html').pipe(require('gulp-rename')(name + '.html')).pipe(gulp.dest('.tmp')));
gulp.task('dev', gulp.series('page', () => require('browser-sync').init({ server: ['.tmp', 'src'] })));
`,
		"src/index.html": "<!doctype html>",
	})
	if _, err := open(t, dir).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"local-dark.html": "<!doctype html>"}, snapshot(t, filepath.Join(dir, ".tmp"))); diff != "" {
		t.Errorf("generated layer (-want +got):\n%s", diff)
	}
}
