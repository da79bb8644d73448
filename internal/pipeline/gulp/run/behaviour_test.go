package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

func TestUnknownPluginEndsItsStreamAndIsNamedOnce(t *testing.T) {
	var p planner
	strange := p.op("gulp-strange", newObject("a", true))
	strange.Place = gulp.Place{File: "gulpfile.js", Line: 2, Column: 4}
	head := p.stream(p.op("gulp.src", list("./src/*.js", "!src/no.js")))
	cut := &gulp.Stream{ID: 100, Prev: &gulp.Stream{ID: 99, Prev: head, Op: strange}, Op: p.op("gulp.dest", "out")}
	other := &gulp.Stream{ID: 102, Prev: head, Op: p.op("gulp.dest", "copy")}
	p.task("scripts:all", cut, other)
	p.plan.Version = 4
	dir := project(t, map[string]string{"src/a.js": "a", "gulpfile.js": "gulp.task();\nx.pipe(strange());\n"})
	r := New(Options{Dir: dir, Plan: &p.plan})
	result, err := r.Run(t.Context(), "scripts:all")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]byte{"copy/a.js": []byte("a")}, result.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if len(result.Diagnostics) != 1 {
		t.Fatalf("told %d times: %v", len(result.Diagnostics), result.Diagnostics)
	}
	d := result.Diagnostics[0]
	if want := "gulpfile.js:2:4: gulp-strange in task scripts:all is not known here: what its stream makes is missing"; d.Error() != want {
		t.Errorf("said %q, want %q", d.Error(), want)
	}
	if want := `pipeline: { tasks: [ { name: "scripts:all", run: "npx gulp scripts:all", on: ["src/*.js", "!src/no.js"] } ] }`; !strings.Contains(d.Hint, want) {
		t.Errorf("hint %q lacks %q", d.Hint, want)
	}
	if !strings.Contains(d.Excerpt, "> 2 | x.pipe(strange());") {
		t.Errorf("excerpt:\n%s", d.Excerpt)
	}
	if Known("gulp-strange") || !Known("gulp-concat") {
		t.Error("Known does not know what is known")
	}
}

func TestAFileWithAMistakeKeepsItsLastGoodOutputAndTheOthersGoOn(t *testing.T) {
	var p planner
	p.task("min", p.stream(p.op("gulp.src", "src/*.js"), p.op("gulp-uglify"), p.op("gulp.dest", "out")))
	dir := project(t, map[string]string{"src/a.js": "var a = 1;\n", "src/b.js": "var b = 1;\n"})
	disk := NewDisk(dir)
	r := New(Options{Dir: dir, Plan: &p.plan, Disk: disk})
	edit := func(name, text string) {
		write(t, dir, name, text)
		disk.Forget([]string{filepath.Join(dir, name)})
	}
	mustRun(t, r, "min")
	edit("src/a.js", "var a = ;\n")
	edit("src/b.js", "var b = 2;\n")
	for range 2 { // the mistake is told as long as it is there
		files, said := mustRun(t, r, "min")
		if diff := cmp.Diff(map[string]string{"out/a.js": "var a=1;\n", "out/b.js": "var b=2;\n"}, files); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if want := `src/a.js:1:9: unexpected ";"`; said != want {
			t.Errorf("said %q, want %q", said, want)
		}
	}
	edit("src/a.js", "var a = 3;\n")
	if files, said := mustRun(t, r, "min"); files["out/a.js"] != "var a=3;\n" || said != "" {
		t.Errorf("after mending: %v %s", files, said)
	}
}

func TestTasksRunAsOftenAsTheirGulpRunsThem(t *testing.T) {
	for version, want := range map[int]int{3: 1, 4: 2} {
		t.Run(fmt.Sprint("gulp ", version), func(t *testing.T) {
			var p planner
			p.task("shared", &gulp.Command{Line: "count"})
			p.work("a", &gulp.Series{Of: []gulp.Work{gulp.TaskName("shared")}})
			p.work("b", &gulp.Parallel{Of: []gulp.Work{gulp.TaskName("shared"), gulp.TaskName("a")}})
			p.plan.Version = version
			result, err := New(Options{Dir: project(t, nil), Plan: &p.plan}).Run(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			if seen := len(result.Commands); seen != want {
				t.Errorf("the task ran %d times, want %d", seen, want)
			}
		})
	}
}

func TestGulpStartRunsATaskAgainInGulp3(t *testing.T) {
	var p planner
	p.plan.Version = 3
	p.task("shared", &gulp.Command{Line: "shared"})
	p.work("a", &gulp.Parallel{Of: []gulp.Work{gulp.TaskName("shared"), &gulp.Body{Actions: []gulp.Action{
		&gulp.Start{Work: gulp.TaskName("shared")}, &gulp.Start{Work: gulp.TaskName("none")}, &gulp.Start{Work: gulp.TaskName("a")},
	}}}})
	result, err := New(Options{Dir: project(t, nil), Plan: &p.plan}).Run(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Commands) != 2 {
		t.Errorf("ran %d times, want 2", len(result.Commands))
	}
	said := result.Diagnostics.Error()
	for _, want := range []string{"there is no task none", "the task needs itself: a → a"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
}

func TestAPageThatIsWrittenOverItsSourceStartsFromTheSource(t *testing.T) {
	var p planner
	p.task("inject", p.stream(p.op("gulp.src", "src/page.html"), p.op("gulp-insert.append", "+"), p.op("gulp.dest", "src")))
	p.task("again", p.stream(p.op("gulp.src", "src/page.html"), p.op("gulp-insert.append", "*"), p.op("gulp.dest", "out")))
	p.work("both", &gulp.Series{Of: []gulp.Work{gulp.TaskName("inject"), gulp.TaskName("again")}})
	dir := project(t, map[string]string{"src/page.html": "page"})
	r := New(Options{Dir: dir, Plan: &p.plan})
	want := map[string]string{"src/page.html": "page+", "out/page.html": "page+*"}
	for range 3 {
		files, _ := mustRun(t, r, "both")
		if diff := cmp.Diff(want, files); diff != "" {
			t.Fatalf("files (-want +got):\n%s", diff)
		}
	}
	if files, _ := mustRun(t, r, "again"); files["out/page.html"] != "page+*" {
		t.Errorf("what another task has written is not seen: %v", files)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "src/page.html")); string(data) != "page" {
		t.Errorf("the source was written to: %s", data)
	}
}

func TestWhatIsDeletedIsGoneForLaterStreams(t *testing.T) {
	var p planner
	p.task("make", p.stream(p.op("gulp.src", "src/*"), p.op("gulp.dest", "out")))
	p.task("clean", &gulp.Delete{Globs: []string{"out/**", "!out", "!out/keep.js", "src/b.js"}})
	p.task("list", p.stream(p.op("gulp.src", list("out/*", "src/*")), p.op("gulp-concat", "list.txt"), p.op("gulp.dest", "lists")))
	p.work("all", &gulp.Series{Of: []gulp.Work{gulp.TaskName("make"), gulp.TaskName("clean"), gulp.TaskName("list")}})
	dir := project(t, map[string]string{"src/a.js": "a", "src/b.js": "b", "src/keep.js": "keep"})
	r := New(Options{Dir: dir, Plan: &p.plan, Outputs: []string{"out"}})
	mustRun(t, r, "make")
	result, err := r.Run(t.Context(), "all")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(result.Files["lists/list.txt"]); got != "keep\na\nkeep" {
		t.Errorf("the list holds %q", got)
	}
	if diff := cmp.Diff([]string{"out/a.js", "out/b.js"}, result.Deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}

func TestNothingLeavesTheProject(t *testing.T) {
	var p planner
	p.task("out", p.stream(p.op("gulp.src", list("../*.js", "/etc/*", "src/*.js")), p.op("gulp.dest", "../elsewhere")))
	dir := project(t, map[string]string{"src/a.js": "a", "src/link.js": "x"})
	files, said := mustRun(t, New(Options{Dir: dir, Plan: &p.plan}), "out")
	if len(files) != 0 {
		t.Errorf("wrote %v", files)
	}
	for _, want := range []string{"../*.js lies outside of the project, so nothing is read from it", "/etc/* lies outside", "../elsewhere/a.js lies outside of the project, so it is not written"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
}

func TestAnEditRedoesOnlyWhatDependsOnIt(t *testing.T) {
	var p planner
	var mu sync.Mutex // guards asked
	var asked []string
	own := p.op("gulp-tap")
	own.Each = true
	own.Run = func(files []*gulp.File) ([]*gulp.File, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, filepath.Base(files[0].Path))
		return files, nil
	}
	p.task("tap", p.stream(p.op("gulp.src", "src/*.js"), own, p.op("gulp.dest", "out")))
	dir := project(t, map[string]string{"src/a.js": "a", "src/b.js": "b", "src/c.js": "c"})
	disk := NewDisk(dir)
	r := New(Options{Dir: dir, Plan: &p.plan, Disk: disk})
	before, _ := r.Run(t.Context(), "tap")
	asked = nil
	write(t, dir, "src/b.js", "changed")
	write(t, dir, "src/d.js", "new")
	write(t, dir, "src/c.js", "c") // saved without a change
	disk.Forget([]string{filepath.Join(dir, "src/b.js"), filepath.Join(dir, "src/c.js"), filepath.Join(dir, "src/d.js")})
	after, err := r.Run(t.Context(), "tap")
	if err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || !strings.Contains(strings.Join(asked, " "), "b.js") || !strings.Contains(strings.Join(asked, " "), "d.js") {
		t.Errorf("asked about %v, want b.js and d.js", asked)
	}
	if !sameBytes(before.Files["out/a.js"], after.Files["out/a.js"]) {
		t.Error("an untouched file is another slice than before")
	}
	if n := len(r.memory[own.ID].each); n != 4 {
		t.Errorf("%d results are remembered for 4 files", n)
	}
}

func TestAFunctionThatThrowsIsToldAtItsPlace(t *testing.T) {
	var p planner
	own := p.op("through2.obj")
	own.Place = gulp.Place{File: "gulpfile.js", Line: 7, Column: 3}
	own.Run = func([]*gulp.File) ([]*gulp.File, error) { return nil, errors.New("boom") }
	p.task("own", p.stream(p.op("gulp.src", "*.js"), own, p.op("gulp.dest", "out")))
	files, said := mustRun(t, New(Options{Dir: project(t, map[string]string{"a.js": "a"}), Plan: &p.plan}), "own")
	if files["out/a.js"] != "a" || said != "gulpfile.js:7:3: through2.obj: boom" {
		t.Errorf("got %v, said %q", files, said)
	}
}

// FuzzBlocks replaces the blocks of pages as useref and inject do; what is outside of
// them stays.
func FuzzBlocks(f *testing.F) {
	f.Add("<!-- build:js({.tmp,src}) a.js async -->\n<script src='x'></script>\n<!-- endbuild -->", "<!-- inject:js --> <!-- endinject -->")
	f.Add("a\r\n  <!-- build:css b.css-->\r\n<!--[if IE]><link href=\"x\"><![endif]-->\r\n<!-- endbuild -->\r\nz", "<!-- inject:js --><!-- inject:js -->")
	f.Add("<!-- build:remove -->\n<!-- <!-- endbuild -->", "//- inject:js\n//- endinject")
	f.Fuzz(func(t *testing.T, page, wired string) {
		rest := page
		for _, b := range usesBlocks(page) {
			if len(b.lines) == 0 {
				t.Fatalf("a block without lines in %q", page)
			}
			b.tag("x.js", strings.Join(b.inner(), "\n"))
			rest = replaceBlock(rest, b, "REF", "\n")
		}
		i := &injector{call: &call{op: &gulp.Op{}}, opts: newObject(), page: &file{File: gulp.File{Path: "/x.html", Contents: []byte(wired)}}, patterns: map[[2]string]string{}}
		i.call.flows = &flows{running: &running{r: &Runner{opts: Options{Dir: "/"}}}}
		start, end := i.tagPattern("starttag", "js", "", i.startTag()), i.tagPattern("endtag", "js", "", i.endTag())
		once := i.blocks(wired, start, end, func(string) ([]string, bool) { return []string{"<x>"}, true })
		twice := i.blocks(once, start, end, func(string) ([]string, bool) { return []string{"<x>"}, true })
		if once != twice {
			t.Errorf("%q became %q, then %q", wired, once, twice)
		}
	})
}
