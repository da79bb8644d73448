package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// planner makes plans as a gulpfile would.
type planner struct {
	plan gulp.Plan
	ids  int
}

func (p *planner) op(plugin string, args ...gulp.Value) *gulp.Op {
	p.ids++
	return &gulp.Op{ID: p.ids, Plugin: plugin, Args: args, Place: gulp.Place{File: "gulpfile.js", Line: 1, Column: 1}}
}

// stream pipes ops, the first of which is a head.
func (p *planner) stream(ops ...*gulp.Op) *gulp.Stream {
	var s *gulp.Stream
	for _, op := range ops {
		p.ids++
		s = &gulp.Stream{ID: p.ids, Prev: s, Op: op}
	}
	return s
}

// task defines a task whose function does these things.
func (p *planner) task(name string, actions ...gulp.Action) {
	p.work(name, &gulp.Body{Actions: actions})
}

func (p *planner) work(name string, w gulp.Work) {
	p.plan.Tasks = append(p.plan.Tasks, &gulp.Task{Name: name, Work: w})
}

func list(v ...gulp.Value) []gulp.Value { return v }

// project writes files into a new folder.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, dir, name, content)
	}
	return dir
}

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run does a task and returns what it has written and what it said.
func mustRun(t testing.TB, r *Runner, task string) (files map[string]string, said string) {
	t.Helper()
	result, err := r.Run(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for name, data := range result.Files {
		files[name] = string(data)
	}
	var lines []string
	for _, d := range result.Diagnostics {
		lines = append(lines, d.Error())
	}
	return files, strings.Join(lines, "\n")
}

func TestStreamsWriteIntoMemoryAndSeeWhatWasWritten(t *testing.T) {
	var p planner
	p.task("copy", p.stream(p.op("gulp.src", "src/**/*.js"), p.op("gulp.dest", ".tmp")))
	p.task("join", p.stream(p.op("gulp.src", list(".tmp/**/*.js", "!**/*.spec.js")), p.op("gulp-concat", "all.js"),
		p.op("gulp-rename", newObject("suffix", ".min")), p.op("gulp.dest", "dist/js")))
	p.work("all", &gulp.Series{Of: []gulp.Work{gulp.TaskName("copy"), gulp.TaskName("join")}})
	dir := project(t, map[string]string{"src/b/x.js": "bx", "src/a.js": "a", "src/b/x.spec.js": "spec", ".tmp/old.js": "old"})
	disk := NewDisk(dir)
	r := New(Options{Dir: dir, Plan: &p.plan, Disk: disk, Outputs: []string{".tmp", "dist"}})

	files, said := mustRun(t, r, "all")
	want := map[string]string{".tmp/a.js": "a", ".tmp/b/x.js": "bx", ".tmp/b/x.spec.js": "spec", "dist/js/all.min.js": "a\nbx"}
	if diff := cmp.Diff(want, files); diff != "" || said != "" {
		t.Errorf("files (-want +got):\n%s%s", diff, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist")); err == nil {
		t.Error("the disk was written to")
	}

	write(t, dir, "src/b/x.js", "edited")
	if err := os.Remove(filepath.Join(dir, "src/a.js")); err != nil {
		t.Fatal(err)
	}
	disk.Forget([]string{filepath.Join(dir, "src/a.js"), filepath.Join(dir, "src/b/x.js")})
	result, err := r.Run(t.Context(), "all")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(result.Files["dist/js/all.min.js"]); got != "edited" {
		t.Errorf("after an edit and a removal: %q", got)
	}
	if diff := cmp.Diff([]string{".tmp/a.js"}, result.Deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}
