package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// ownTasks is a project whose gulpfile has a build task of its author's own.
func ownTasks() map[string]string {
	return map[string]string{
		"package.json": `{"scripts": {"build": "rimraf out && NODE_ENV=production gulp compile --banner x"}}`,
		"gulpfile.js": `
const gulp = require('gulp'), concat = require('gulp-concat'), header = require('gulp-header'), replace = require('gulp-replace');
const argv = require('minimist')(process.argv.slice(2));
const dist = process.env.NODE_ENV === 'production' ? 'site' : 'never';
gulp.task('scripts', () => gulp.src('src/js/*.js').pipe(concat('all.js')).pipe(header('// ' + argv.banner + '\n')).pipe(gulp.dest(dist)));
gulp.task('pages', () => gulp.src('src/*.html').pipe(replace('NAME', 'all')).pipe(gulp.dest(dist)));
gulp.task('licence', () => gulp.src('LICENCE').pipe(gulp.dest(dist + '/legal')));
gulp.task('compile', gulp.parallel('scripts', 'pages', 'licence'));
gulp.task('strange', gulp.series('compile', () => gulp.src('src/js/*.js').pipe(require('gulp-secret-sauce')()).pipe(gulp.dest('site/odd'))));
gulp.task('half', () => gulp.src('src/*.html').pipe(gulp.dest('site')));
gulp.task('serve', () => require('browser-sync').init({ server: 'src' }));
`,
		"src/index.html": `<!doctype html><script src="NAME.js"></script>`,
		"src/js/a.js":    "a;",
		"src/js/b.js":    "b;",
		"LICENCE":        "free",
	}
}

// made are the output's files without what every build adds.
func made(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := snapshot(t, dir)
	delete(files, manifestName)
	return files
}

func TestBuildCarriesOutTheProjectsOwnTask(t *testing.T) {
	dir := project(t, ownTasks())
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Out: "site"})
	want := map[string]string{
		"all.js":        "// x\na;\nb;",
		"index.html":    `<!doctype html><script src="all.js"></script>`,
		"legal/LICENCE": "free",
	}
	if diff := cmp.Diff(want, made(t, filepath.Join(dir, "site"))); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if report.Task != "compile of gulpfile.js" || len(report.Diagnostics) > 0 {
		t.Errorf("the report says %q, %v", report.Task, report.Diagnostics)
	}
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, Out: "site"}) // into what it has made itself
}

// TestCallOfAnUnknownModuleEndsNoBuild: what it does is told to be missing; the site is
// whole all the same.
func TestCallOfAnUnknownModuleEndsNoBuild(t *testing.T) {
	files := ownTasks()
	files["gulpfile.js"] = strings.Replace(files["gulpfile.js"], "gulp.parallel('scripts'", "done => { require('secret-cache').write('x'); done(); }, gulp.parallel('scripts'", 1)
	files["gulpfile.js"] = strings.Replace(files["gulpfile.js"], "gulp.task('compile', done", "gulp.task('compile', gulp.series(done", 1)
	files["gulpfile.js"] = strings.Replace(files["gulpfile.js"], "'licence'));", "'licence')));", 1)
	report := mustBuild(t, t.Context(), BuildOptions{Dir: project(t, files), Out: "site"})
	if report.Task == "" || len(report.Diagnostics) != 1 || !strings.Contains(report.Diagnostics[0].Message, "secret-cache.write in task compile is not known here: what it does is not done") {
		t.Errorf("built by %q: %v", report.Task, report.Diagnostics)
	}
}

func TestBuildsFolderIsThatOfTheTask(t *testing.T) {
	files := ownTasks()
	files["package.json"] = "{}"
	files["gulpfile.js"] = strings.ReplaceAll(files["gulpfile.js"], "'never'", "'release'")
	l, err := Detect(project(t, files))
	if err != nil {
		t.Fatal(err)
	}
	if l.Dist != "release" || l.Gulp.Building.Tasks[0] != "compile" {
		t.Errorf("found %q, made by %v", l.Dist, l.Gulp.Building.Tasks)
	}
}

// TestFolderOfScriptsIsNoSite: a page that lies at the top loads what the task makes beside it.
func TestFolderOfScriptsIsNoSite(t *testing.T) {
	for folder, want := range map[string]string{"js": "", "web": "web", "www": "www"} {
		l, err := Detect(project(t, map[string]string{
			"gulpfile.js": "const gulp = require('gulp');\ngulp.task('build', () => gulp.src('src/*." + map[bool]string{true: "html", false: "js"}[folder == "web"] + "').pipe(gulp.dest('" + folder + "')));",
			"index.html":  "<!doctype html>",
		}))
		if err != nil {
			t.Fatal(err)
		}
		if l.Dist != want {
			t.Errorf("%s: the site is in %q, want %q", folder, l.Dist, want)
		}
	}
}

func TestBrokenGulpfileIsToldAndThePagesAreBuilt(t *testing.T) {
	dir := project(t, map[string]string{"gulpfile.js": "gulp.task('build', ) => {", "src/index.html": "<!doctype html>"})
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir})
	if len(report.Diagnostics) != 1 || report.Diagnostics[0].Path != "gulpfile.js" || report.Diagnostics[0].Line != 1 {
		t.Errorf("said %v", report.Diagnostics)
	}
}

func TestTaskThatMakesNoSiteIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		task, script string
		want         string // in a warning, or in the error when the task was named
		fails        bool
	}{
		"unknown plugin":        {"", "gulp strange", "it needs gulp-secret-sauce in task strange (gulpfile.js:9:", false},
		"its way out":           {"", "gulp strange", `pipeline: { tasks: [ { name: strange, run: `, false},
		"a page without script": {"", "gulp half", "its site/index.html names NAME.js, which it does not make", false},
		"named, unknown plugin": {"strange", "", "it needs gulp-secret-sauce in task strange", true},
		"named, not there":      {"compil", "", "did you mean compile?", true},
		"none":                  {NoTask, "gulp compile", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			files := ownTasks()
			files["package.json"] = `{"scripts": {"build": "` + c.script + `"}}`
			files["gulpfile.js"] = strings.ReplaceAll(files["gulpfile.js"], "'never'", "'site'")
			dir := project(t, files)
			write(t, filepath.Join(dir, "dist", manifestName), `{"generator": "realtimectl"}`)
			report, err := Build(t.Context(), BuildOptions{Dir: dir, Task: c.task})
			if c.fails {
				var list diag.List
				if !errors.As(err, &list) || !strings.Contains(err.Error()+list[0].Hint, c.want) {
					t.Errorf("got %v, want an error with %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, d := range report.Diagnostics {
				said = append(said, d.Message, d.Hint)
			}
			if report.Task != "" || !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("the task %q has made it, and this was said: %q", report.Task, said)
			}
		})
	}
}

func TestFailingTaskLeavesTheLastBuildWhole(t *testing.T) {
	files := ownTasks()
	files["gulpfile.js"] = strings.Replace(files["gulpfile.js"], ".pipe(concat", ".pipe(require('gulp-uglify')()).pipe(concat", 1)
	dir := project(t, files)
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, Out: "site"})
	before := snapshot(t, filepath.Join(dir, "site"))
	write(t, filepath.Join(dir, "src/js/b.js"), "var = 1")
	_, err := Build(t.Context(), BuildOptions{Dir: dir, Out: "site"})
	var list diag.List
	if !errors.As(err, &list) || list[0].Path != "src/js/b.js" || list[0].Line != 1 {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, snapshot(t, filepath.Join(dir, "site"))); diff != "" {
		t.Errorf("the last build changed:\n%s", diff)
	}
}

// TestCommandCalledAsATaskStandsInForIt: what the project's own command makes is there for
// other tasks, in serve and in build, even though a task empties the folder first.
func TestCommandCalledAsATaskStandsInForIt(t *testing.T) {
	dir := project(t, map[string]string{
		"gulpfile.js": `
const gulp = require('gulp'), inject = require('gulp-inject');
gulp.task('clean', () => require('del')(['.tmp', 'dist']));
gulp.task('styles', () => gulp.src('src/*.sugar').pipe(require('gulp-secret-sauce')()).pipe(gulp.dest('.tmp/serve')));
gulp.task('inject', () => gulp.src('src/index.html').pipe(inject(gulp.src('.tmp/serve/*.css', {read: false}), {ignorePath: '.tmp/serve', addRootSlash: false})).pipe(gulp.dest('.tmp/serve')));
gulp.task('copy', () => gulp.src('.tmp/serve/**').pipe(gulp.dest('dist')));
gulp.task('build', gulp.series('clean', 'styles', 'inject', 'copy'));
gulp.task('serve', gulp.series('styles', 'inject', () => require('browser-sync').init({ server: ['.tmp/serve', 'src'] })));
`,
		"src/index.html": "<!doctype html>\n<!-- inject:css -->\n<!-- endinject -->\n",
		"src/a.sugar":    "a {}",
	})
	tasks := []Task{{Name: "styles", Run: "mkdir -p .tmp/serve && cp src/a.sugar .tmp/serve/a.css", On: []string{"src/*.sugar"}}}
	page := "<!doctype html>\n<!-- inject:css -->\n<link rel=\"stylesheet\" href=\"a.css\">\n<!-- endinject -->\n"
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: tasks})
	got := made(t, filepath.Join(dir, "dist"))
	if report.Task == "" || len(report.Diagnostics) > 0 {
		t.Errorf("build by %q said %v", report.Task, report.Diagnostics)
	}
	if diff := cmp.Diff(map[string]string{"index.html": page, "a.css": "a {}"}, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".tmp")); err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Dir: dir, Tasks: tasks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	result, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	layer := snapshot(t, filepath.Join(dir, ".tmp"))
	if len(result.Diagnostics) > 0 || layer["index.html"] != page || layer["a.css"] != "a {}" {
		t.Errorf("serve said %v and made %q", result.Diagnostics, layer)
	}
}

// TestCommandOfTheHintDoesWhatTheTaskDid pastes what is said of CoffeeScript, which node
// alone compiles, and runs it.
func TestCommandOfTheHintDoesWhatTheTaskDid(t *testing.T) {
	realpart.Command(t, "npx")
	coffee := realpart.Package(t, "coffeescript")
	dir := project(t, map[string]string{
		"package.json": `{"dependencies": {"coffeescript": "*"}, "devDependencies": {"gulp": "^3.9.1"}}`,
		"gulpfile.js": `
var gulp = require('gulp'), inject = require('gulp-inject');
gulp.task('coffee', function () { return gulp.src('src/**/*.coffee').pipe(require('gulp-coffee')({ bare: true })).pipe(gulp.dest('build/js')); });
gulp.task('page', ['coffee'], function () {
  return gulp.src('src/index.html').pipe(inject(gulp.src('build/js/**/*.js', { read: false }), { ignorePath: 'build', addRootSlash: false })).pipe(gulp.dest('build'));
});
gulp.task('build', ['page']);
gulp.task('serve', ['page'], function () { require('browser-sync').init({ server: 'build' }); });
`,
		"src/index.html":   "<!doctype html>\n<!-- inject:js -->\n<!-- endinject -->\n",
		"src/a.coffee":     "a = -> 1\n",
		"src/sub/b.coffee": "b = 2\n",
	})
	modules := filepath.Join(dir, "node_modules")
	if err := os.MkdirAll(filepath.Join(modules, ".bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"coffeescript": coffee, ".bin/coffee": filepath.Join(coffee, "bin", "coffee")} {
		if err := os.Symlink(to, filepath.Join(modules, link)); err != nil {
			t.Fatal(err)
		}
	}
	result, err := open(t, dir).Start(t.Context())
	if err != nil || len(result.Diagnostics) != 1 {
		t.Fatal(err, result.Diagnostics)
	}
	hint := regexp.MustCompile(`name: (\w+), run: ("[^"]+"), on: \[("[^"]+")\]`).FindStringSubmatch(result.Diagnostics[0].Hint)
	if hint == nil {
		t.Fatalf("the hint is %q", result.Diagnostics[0].Hint)
	}
	command, _ := strconv.Unquote(hint[2])
	on, _ := strconv.Unquote(hint[3])
	p, err := New(Options{Dir: dir, Tasks: []Task{{Name: hint[1], Run: command, On: []string{on}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if result, err = p.Start(t.Context()); err != nil || len(result.Diagnostics) > 0 {
		t.Fatal(err, result.Diagnostics)
	}
	layer := snapshot(t, filepath.Join(dir, ".tmp"))
	want := "<!doctype html>\n<!-- inject:js -->\n<script src=\"js/a.js\"></script>\n<script src=\"js/sub/b.js\"></script>\n<!-- endinject -->\n"
	if layer["index.html"] != want || !strings.Contains(layer["js/sub/b.js"], "b = 2;") {
		t.Errorf("by %s the layer is %q", command, layer)
	}
}
