package record_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
)

// recorded is the plan of one gulpfile, and the folder it lies in.
func recorded(t testing.TB, src string, o record.Options) (*gulp.Plan, string) {
	t.Helper()
	dir := project(t, []txtar.File{{Name: "gulpfile.js", Data: []byte(src)}})
	p, err := record.Record(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, dir
}

func TestProjectWithoutAGulpfileHasNoPlan(t *testing.T) {
	if p, err := record.Record(t.TempDir(), record.Options{}); p != nil || err != nil {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestGulpfileInAnotherLanguageIsNamed(t *testing.T) {
	dir := project(t, []txtar.File{{Name: "gulpfile.coffee", Data: []byte("gulp = require 'gulp'\n")}})
	if _, err := record.Record(dir, record.Options{}); err == nil || !strings.Contains(err.Error(), "gulpfile.coffee") {
		t.Errorf("got %v", err)
	}
}

// TestBoundsEndAGulpfile has one gulpfile for each way not to end; each keeps the task
// that it defined before.
func TestBoundsEndAGulpfile(t *testing.T) {
	for name, tt := range map[string]struct{ src, want string }{
		"endless loop":       {"for (;;) {}", "does not come to an end in time"},
		"endless in a task":  {"gulp.task('b', function () { while (true) {} });", "does not come to an end in time"},
		"endless promises":   {"(function f() { Promise.resolve().then(f); })();", "does not come to an end in time"},
		"a runaway match":    {"/^(?=(a+)+$)\\1x/.test('a'.repeat(40) + '!');", "does not come to an end in time"},
		"endless callbacks":  {"(function f() { process.nextTick(f); })();", "call for callbacks without end"},
		"deep recursion":     {"(function f(n) { return f(n + 1) + 1; })(0);", "calls go too deep"},
		"a huge string":      {"'x'.repeat(1 << 30);", "more than a gulpfile may have"},
		"a doubled string":   {"var s = 'xxxxxxxx'; for (;;) s += s;", "more memory than a gulpfile may"},
		"a growing list":     {"var a = []; for (;;) a.push(new Array(100000).fill(a.length));", "more memory than a gulpfile may"},
		"a huge list":        {"new Array(1e9).fill(0);", "more than a gulpfile may have"},
		"a huge joined list": {"new Array(1e6).join('xxxxxxxxxxxxxxxxxxxxxxxxxx');", "more than a gulpfile may have"},
		"a huge buffer":      {"Buffer.alloc(1e10);", "more than a gulpfile may have"},
		"a huge typed array": {"new Float64Array(1e10);", "more than a gulpfile may have"},
		"endless streams":    {"for (;;) gulp.src('a');", "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Minute
			if strings.HasSuffix(tt.want, "in time") {
				limit = 300 * time.Millisecond
			}
			p, _ := recorded(t, "var gulp = require('gulp');\ngulp.task('a', []);\n"+tt.src, record.Options{Time: limit, Memory: 32 << 20})
			if p.Task("a") == nil {
				t.Error("the task before it is lost")
			}
			if len(p.Found) == 0 || !strings.Contains(p.Found[0].Message, tt.want) {
				t.Fatalf("found %v, want %q", p.Found, tt.want)
			}
			if d := p.Found[0]; d.Path != "gulpfile.js" || d.Line < 2 { // a loop without a call has no place of its own
				t.Errorf("at %s", d.Position())
			}
		})
	}
}

func TestPollingTimerEndsByItself(t *testing.T) {
	p, _ := recorded(t, `
var gulp = require('gulp');
gulp.task('wait', function (done) { (function again() { setTimeout(again, 100); })(); });
setInterval(function () { throw new Error('never'); }, 10);
`, record.Options{})
	if len(p.Found) > 0 {
		t.Errorf("found %v", p.Found)
	}
}

func TestSyntaxErrorIsToldAndTheRestIsRecorded(t *testing.T) {
	dir := project(t, []txtar.File{
		{Name: "gulpfile.js", Data: []byte("var gulp = require('gulp');\ngulp.task('a', []);\nrequire('./gulp/broken');\n")},
		{Name: "gulp/broken.js", Data: []byte("var x = 1;\nvar y = = 2;\n")},
	})
	p, err := record.Record(dir, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Task("a") == nil || len(p.Found) != 1 {
		t.Fatalf("tasks %v, found %v", p.Tasks, p.Found)
	}
	if d := p.Found[0]; d.Position() != "gulp/broken.js:2:9" || !strings.Contains(d.Excerpt, "var y = = 2;") {
		t.Errorf("got %s\n%s", d.Error(), d.Excerpt)
	}
}

func TestEvaluatingChangesNothingAndReadsOnlyTheProject(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, dir := recorded(t, `
var gulp = require('gulp'), fs = require('fs'), path = require('path'), cp = require('child_process');
fs.mkdirSync('made'); fs.writeFileSync('made/a.txt', 'a'); fs.unlinkSync('gulpfile.js');
gulp.task(fs.readFileSync('made/a.txt', 'utf8'), []);
cp.execSync('touch ran'); cp.spawn('touch', ['ran too']);
try { fs.readFileSync(path.relative(process.cwd(), '`+outside+`')); gulp.task('read', []); } catch (e) { gulp.task(e.code, []); }
try { fs.symlinkSync('/', 'root'); fs.readdirSync('root/etc'); gulp.task('listed', []); } catch (e) {}
`, record.Options{})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "gulpfile.js" {
		t.Errorf("the project holds %v now (%v)", entries, err)
	}
	var names []string
	for _, task := range p.Tasks {
		names = append(names, task.Name)
	}
	if diff := cmp.Diff([]string{"a", "ENOENT"}, names); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	var actions []string
	for _, a := range p.Top.Actions {
		actions = append(actions, strings.ReplaceAll(actionText(a), dir, "DIR"))
	}
	want := []string{"write DIR/made/a.txt (1 bytes)", "delete DIR/gulpfile.js", "run touch ran", "run touch 'ran too'"}
	if diff := cmp.Diff(want, actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func TestLinkOutOfTheProjectIsNotFollowed(t *testing.T) {
	other := project(t, []txtar.File{{Name: "config.js", Data: []byte("module.exports = {task: 'stolen'};")}})
	dir := project(t, []txtar.File{{Name: "gulpfile.js", Data: []byte("require('gulp').task(require('./link/config').task, []);")}})
	if err := os.Symlink(other, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	p, err := record.Record(dir, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Task("stolen") != nil || len(p.Found) != 1 {
		t.Errorf("tasks %v, found %v", p.Tasks, p.Found)
	}
}

// op returns the first op with that plugin in a plan.
func op(t *testing.T, p *gulp.Plan, plugin string) *gulp.Op {
	t.Helper()
	for _, task := range p.Tasks {
		body, ok := task.Work.(*gulp.Body)
		if !ok {
			continue
		}
		for _, a := range body.Actions {
			s, ok := a.(*gulp.Stream)
			for ok && s != nil {
				if s.Op.Plugin == plugin {
					return s.Op
				}
				s = s.Prev
			}
		}
	}
	t.Fatalf("the plan has no %s", plugin)
	return nil
}

func TestFunctionsOfTheGulpfileWorkOnFiles(t *testing.T) {
	p, dir := recorded(t, `
var gulp = require('gulp'), through = require('through2'), es = require('event-stream'), Transform = require('stream').Transform, util = require('util');
function Upper() { Transform.call(this, {objectMode: true}); }
util.inherits(Upper, Transform);
Upper.prototype._transform = function (file, enc, cb) { file.contents = Buffer.from(file.contents.toString().toUpperCase()); cb(null, file); };
gulp.task('t', function () {
  return gulp.src('*')
    .pipe(through.obj(function (file, enc, cb) { file.contents = new Buffer(String(file.contents) + '!'); this.push(file); cb(); }))
    .pipe(require('map-stream')(function (file, cb) { process.nextTick(function () { file.extname = '.out'; cb(null, file); }); }))
    .pipe(require('gulp-tap')(function (file) { file.contents = Buffer.concat([new Buffer('// ' + file.relative + '\n'), file.contents]); }))
    .pipe(require('vinyl-map')(function (contents, name) { return contents.toString().replace('b', 'c'); }))
    .pipe(es.through(function (file) { if (!/drop/.test(file.path)) this.emit('data', file); }))
    .pipe(new Upper())
    .pipe(gulp.dest('d'));
});
gulp.task('end', function () {
  var all = [];
  return gulp.src('*').pipe(through.obj(function (file, _, cb) { all.push(file.stem); cb(); }, function (cb) {
    var file = new (require('vinyl'))({cwd: process.cwd(), path: 'list.json', contents: Buffer.from(JSON.stringify(all))});
    this.push(file); cb(); all = [];
  })).pipe(gulp.dest('d'));
});
`, record.Options{})
	if len(p.Found) > 0 {
		t.Fatalf("found %v", p.Found)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := []*gulp.File{
		{Path: dir + "/a/x.js", Base: dir + "/a", Contents: []byte("b")},
		{Path: dir + "/a/drop.js", Base: dir + "/a", Contents: []byte("b")},
	}
	for _, plugin := range []string{"through2.obj", "map-stream", "gulp-tap", "vinyl-map", "through", "stream.Transform"} {
		o := op(t, p, plugin)
		if !o.Each && plugin != "stream.Transform" {
			t.Errorf("%s is said to need all files at once", plugin)
		}
		if files, err = o.Run(files); err != nil {
			t.Fatalf("%s: %v", plugin, err)
		}
	}
	want := []*gulp.File{{Path: dir + "/a/x.out", Base: dir + "/a", Contents: []byte("// X.OUT\nC!")}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	end := p.Task("end").Work.(*gulp.Body).Actions[0].(*gulp.Stream).Prev.Op
	for range 2 {
		got, err := end.Run([]*gulp.File{{Path: dir + "/a.js", Base: dir}, {Path: dir + "/b.js", Base: dir}})
		if err != nil {
			t.Fatal(err)
		}
		want := []*gulp.File{{Path: dir + "/list.json", Base: dir, Contents: []byte(`["a","b"]`)}}
		if diff := cmp.Diff(want, got); diff != "" || end.Each {
			t.Errorf("each %v, files (-want +got):\n%s", end.Each, diff)
		}
	}
}

func TestFunctionThatFailsSaysWhere(t *testing.T) {
	p, _ := recorded(t, `var gulp = require('gulp'), through = require('through2');
gulp.task('t', function () {
  return gulp.src('*').pipe(through.obj(function (file, enc, cb) {
    cb(new Error('no such thing'));
  })).pipe(require('gulp-rename')(function (path) {
    null.x;
  })).pipe(require('gulp-data')(async function () { throw new Error('later'); }))
  .pipe(through.obj(function () {})).pipe(gulp.dest('d'));
});
`, record.Options{})
	_, err := op(t, p, "through2.obj").Run([]*gulp.File{{Path: "/a", Base: "/"}})
	if err == nil || !strings.Contains(err.Error(), "does not call its callback") {
		t.Errorf("silent: %v", err)
	}
	first := p.Task("t").Work.(*gulp.Body).Actions[0].(*gulp.Stream).Prev.Prev.Prev.Prev.Op
	if _, err := first.Run([]*gulp.File{{Path: "/a", Base: "/"}}); err == nil || !strings.HasPrefix(err.Error(), "gulpfile.js:4: Error: no such thing") {
		t.Errorf("called back: %v", err)
	}
	for plugin, want := range map[string]string{"gulp-rename": "gulpfile.js:6: TypeError", "gulp-data": "gulpfile.js:7: Error: later"} {
		f := op(t, p, plugin).Args[0].(*gulp.Func)
		if _, err := f.Call(&gulp.Object{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", plugin, err)
		}
	}
}

func TestArgumentsOfAFunctionAreChangedInPlace(t *testing.T) {
	p, _ := recorded(t, `var gulp = require('gulp'), calls = 0;
gulp.task('t', function () {
  return gulp.src('*').pipe(require('gulp-rename')(function (path, file) {
    path.basename += '.' + ++calls; path.dirname = ''; file.custom = 1; file.contents = Buffer.from('new');
  })).pipe(require('gulp-data')(function (file, done) { done(null, {name: file.stem}); }));
});
`, record.Options{})
	parts := &gulp.Object{Keys: []string{"dirname", "basename"}, Values: map[string]gulp.Value{"dirname": "a", "basename": "b"}}
	file := &gulp.File{Path: "/a/b.js", Base: "/"}
	if _, err := op(t, p, "gulp-rename").Args[0].(*gulp.Func).Call(parts, file); err != nil {
		t.Fatal(err)
	}
	if parts.Get("basename") != "b.1" || parts.Get("dirname") != "" || string(file.Contents) != "new" {
		t.Errorf("parts %v, contents %q", parts, file.Contents)
	}
	var data gulp.Value
	done := &gulp.Func{Call: func(args ...gulp.Value) (gulp.Value, error) { data = args[1]; return nil, nil }}
	if _, err := op(t, p, "gulp-data").Args[0].(*gulp.Func).Call(file, done); err != nil {
		t.Fatal(err)
	}
	if gulp.Text(data) != `{name: "b"}` {
		t.Errorf("the callback got %s", gulp.Text(data))
	}
}

func TestFunctionsAndExpressionsMayBeUsedAtOnce(t *testing.T) {
	p, _ := recorded(t, `var gulp = require('gulp'), n = 0;
gulp.task('t', function () {
  return gulp.src('*').pipe(require('gulp-replace')(/(?<word>a+)b(?=c)/g, function (m, word) { n++; return word.length; }));
});
`, record.Options{})
	o := op(t, p, "gulp-replace")
	re, with := o.Args[0].(*gulp.Regexp), o.Args[1]
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, err := re.Replace("aabc ab abc", with)
			if err != nil || got != "2c ab 1c" {
				t.Errorf("got %q, %v", got, err)
			}
			if !re.Test("xabc") || re.Test("ab") || !re.Test("xabc") {
				t.Error("the expression remembers its last match")
			}
		})
	}
	wg.Wait()
}

func TestComponentsAreListedByExtension(t *testing.T) {
	p, _ := recorded(t, `var gulp = require('gulp');
gulp.task('t', function () {
  var w = require('wiredep')({exclude: [/skip/, 'never'], devDependencies: true});
  return gulp.src(w.js.concat(['own.js'])).pipe(gulp.dest(require('main-bower-files')('**/*.css')[0] + w.css.length));
});
`, record.Options{Components: func(c record.Components) ([]string, error) {
		if c.Dev {
			return []string{"/c/a.js", "/c/skip.js", "/c/never.js", "/c/a.css"}, nil
		}
		return []string{"/c/a.js", "/c/b.css"}, nil
	}})
	got := actionText(p.Task("t").Work.(*gulp.Body).Actions[0])
	if want := "[/c/a.js own.js] → /c/b.css1"; got != want {
		t.Errorf("got %s, want %s (found %v)", got, want, p.Found)
	}
}

func TestCallSaysWhatComponentsBring(t *testing.T) {
	var asked []record.Components
	recorded(t, `require('gulp').task('t', function () {
  require('wiredep')({ overrides: { z: { main: 'z.js', dependencies: { a: '1' } } } });
  require('main-bower-files')({ overrides: { z: { main: ['z.js', 'z.css'] }, y: { ignore: true }, x: { dependencies: {} } } });
});
`, record.Options{Components: func(c record.Components) ([]string, error) {
		asked = append(asked, c)
		return nil, nil
	}})
	want := []record.Components{
		{Overrides: map[string]record.Override{"z": {Main: []string{"z.js"}, Dependencies: []string{"a"}}}},
		{Overrides: map[string]record.Override{"z": {Main: []string{"z.js", "z.css"}}, "y": {Main: []string{}}, "x": {Dependencies: []string{}}}},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// FuzzGulpfile evaluates anything: it comes to an end, and nothing but a plan comes of it.
func FuzzGulpfile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range a.Files {
			f.Add(part.Data)
		}
	}
	f.Add([]byte("var g = require('gulp'); g.task('x', g.series('x', g.parallel('x'))); for (const k of require('y')) { k(); }"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(filepath.Join(dir, "gulpfile.js"), src, 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := record.Record(dir, record.Options{Time: 2 * time.Second, Memory: 256 << 20})
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return
			}
			t.Fatal(err)
		}
		_ = planText(dir, p)
	})
}
