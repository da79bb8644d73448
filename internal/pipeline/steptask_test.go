//go:build unix

package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// lessSite is a page whose stylesheet a command of the project's own makes.
func lessSite() map[string]string {
	return map[string]string{
		"src/index.html": `<!doctype html><html><link rel="stylesheet" href="index.css"></html>`,
		"src/index.less": "a { color: red }",
	}
}

func copySheet() Task {
	return Task{Name: "less", Run: "cp src/index.less .tmp/index.css", On: []string{"src/**/*.less"}}
}

func TestBuildTakesWhatATaskMakes(t *testing.T) {
	dir := project(t, lessSite())
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{copySheet()}})
	var css []string
	for name, content := range snapshot(t, report.Out) {
		if filepath.Ext(name) == ".css" {
			css = append(css, content)
		}
	}
	if diff := cmp.Diff([]string{"a{color:red}\n"}, css); diff != "" {
		t.Errorf("stylesheets (-want +got):\n%s", diff)
	}
}

func TestBuildFindsWhatATaskLeftAsItWas(t *testing.T) {
	files := lessSite()
	files["sheets/index"] = files["src/index.less"]
	delete(files, "src/index.less")
	dir := project(t, files)
	task := Task{Name: "make", Run: "[ -e .tmp/index.css ] || cp sheets/index .tmp/index.css"} // as make would
	first := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{task}})
	want := snapshot(t, first.Out)
	second := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{task}})
	if diff := cmp.Diff(want, snapshot(t, second.Out)); diff != "" {
		t.Errorf("second build (-first +second):\n%s", diff)
	}
}

func TestBuildSeesSourcesThatATaskWrites(t *testing.T) {
	dir := project(t, map[string]string{"src/index.html": `<!doctype html><html><script type="module" src="made.js"></script></html>`})
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{{
		Name: "generate", Run: `echo "console.log('$WORD')" > src/made.js`, Env: map[string]string{"WORD": "of the task"},
	}}})
	if report.Total().Raw == 0 {
		t.Fatal("nothing was built")
	}
	var all strings.Builder
	for _, content := range snapshot(t, report.Out) {
		all.WriteString(content)
	}
	if !strings.Contains(all.String(), "of the task") {
		t.Errorf("the script is not in the output:\n%s", all.String())
	}
}

func TestTaskFindsTheProjectsOwnCommands(t *testing.T) {
	dir := project(t, lessSite())
	bin := filepath.Join(dir, "node_modules", ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "mysheets"), []byte("#!/bin/sh\ncp src/index.less .tmp/index.css\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{{Name: "own", Run: "mysheets"}}})
}

func TestFailedTaskStopsTheBuildAndSaysWhere(t *testing.T) {
	dir := project(t, lessSite())
	_, err := Build(t.Context(), BuildOptions{Dir: dir, Tasks: []Task{{
		Name: "less", Run: "echo 'oops in src/index.less:1:5: no such colour'; exit 3", Place: diag.Diagnostic{Path: "realtimectl.yaml", Line: 4},
	}}})
	want := diag.List{{
		Severity: diag.Error, Source: "task less", Path: "src/index.less", Line: 1, Column: 5,
		Message: "the command of task less failed: exit status 3",
		Excerpt: "> 1 | a { color: red }\n    |     ^",
		Hint:    "oops in src/index.less:1:5: no such colour",
	}}
	var got diag.List
	errors.As(err, &got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if exists(filepath.Join(dir, "dist")) {
		t.Error("a failed build wrote an output")
	}
}

func TestFailureWithoutAPlaceNamesTheTask(t *testing.T) {
	dir := project(t, lessSite())
	at := diag.Diagnostic{Path: "realtimectl.yaml", Line: 4}
	_, err := Build(t.Context(), BuildOptions{Dir: dir, Tasks: []Task{{Name: "quiet", Run: "exit 1", Place: at}}})
	want := diag.List{{
		Severity: diag.Error, Source: "task quiet", Path: "realtimectl.yaml", Line: 4,
		Message: "the command of task quiet failed: exit status 1", Hint: "it printed nothing; the command is: exit 1",
	}}
	var got diag.List
	errors.As(err, &got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTaskThatMayFailOnlyWarns(t *testing.T) {
	dir := project(t, lessSite())
	lint := Task{Name: "lint", Run: "echo untidy; exit 1", Warn: true}
	report := mustBuild(t, t.Context(), BuildOptions{Dir: dir, Tasks: []Task{copySheet(), lint}})
	want := diag.List{{
		Severity: diag.Warning, Source: "task lint",
		Message: "the command of task lint failed: exit status 1", Hint: "untidy",
	}}
	if diff := cmp.Diff(want, report.Diagnostics); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTimeLimitEndsTheWholeTask(t *testing.T) {
	dir := project(t, lessSite())
	hang := Task{Name: "hang", Run: "sleep 600 & echo $! > pid; wait", Timeout: 200 * time.Millisecond}
	_, err := Build(t.Context(), BuildOptions{Dir: dir, Tasks: []Task{hang}})
	if err == nil || !strings.Contains(err.Error(), "it took longer than 200ms") {
		t.Errorf("got %v", err)
	}
	waitGone(t, filepath.Join(dir, "pid"))
}

// waitGone waits until the process whose number a file holds has ended.
func waitGone(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for alive(pid) {
		if t.Context().Err() != nil {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// alive reports whether a process runs; one that ended and was not waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestStoppedBuildEndsItsTask(t *testing.T) {
	dir := project(t, lessSite())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pipe := filepath.Join(dir, "started")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = os.ReadFile(pipe) // returns when the task has written
		cancel()
	}()
	_, err := Build(ctx, BuildOptions{Dir: dir, Tasks: []Task{{Name: "hang", Run: "echo $$ > pid; echo > started; sleep 600"}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waitGone(t, filepath.Join(dir, "pid"))
}

func TestTaskRunsOnlyWhenItsFilesChange(t *testing.T) {
	files := lessSite()
	files["src/a.js"], files["src/skip/b.less"] = "1", "b {}"
	dir := project(t, files)
	task := copySheet()
	task.Run += "; echo ran >> runs"
	task.On = append(task.On, "!src/skip/**")
	p, err := New(Options{Dir: dir, Tasks: []Task{task}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(dir, ".tmp", "index.css")
	for _, tt := range []struct {
		name, content string
		want          []string
	}{
		{"src/a.js", "2", []string{filepath.Join(dir, "src/a.js")}},
		{"src/skip/b.less", "b { }", []string{filepath.Join(dir, "src/skip/b.less")}},
		{"src/index.less", "a { color: blue }", []string{made, filepath.Join(dir, "src/index.less")}},
	} {
		got, err := p.Rebuild(t.Context(), []string{edit(t, dir, tt.name, tt.content)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Result{Changed: tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if runs, _ := os.ReadFile(filepath.Join(dir, "runs")); string(runs) != "ran\nran\n" {
		t.Errorf("runs: %q, want one at the start and one for the edit", runs)
	}
	// The watcher then tells of the file that the task wrote: nobody's change.
	got, err := p.Rebuild(t.Context(), []string{made})
	if err != nil || len(got.Changed) > 0 {
		t.Errorf("changed again: %v, %v", got.Changed, err)
	}
}

func TestBrokenTaskIsToldUntilItIsWholeAgain(t *testing.T) {
	dir := project(t, lessSite())
	task := copySheet()
	task.Run = "grep -q color src/index.less && " + task.Run
	p, err := New(Options{Dir: dir, Tasks: []Task{task}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var told []int
	for _, content := range []string{"broken", "a { color: green }"} {
		got, err := p.Rebuild(t.Context(), []string{edit(t, dir, "src/index.less", content)})
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, len(got.Diagnostics))
		css, _ := os.ReadFile(filepath.Join(dir, ".tmp/index.css"))
		if want := map[bool]string{true: "a { color: red }", false: content}[content == "broken"]; string(css) != want {
			t.Errorf("after %q the page has %q", content, css)
		}
	}
	if diff := cmp.Diff([]int{1, 0}, told); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestTaskMayHideASource(t *testing.T) {
	dir := project(t, map[string]string{"src/index.html": "<!doctype html><html></html>", "src/a.css": "a {}"})
	p, err := New(Options{Dir: dir, Tasks: []Task{{Name: "prefix", Run: "(cat src/a.css; echo 'b {}') > .tmp/a.css"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.css": "a {}b {}\n"}, snapshot(t, filepath.Join(dir, ".tmp"))); diff != "" {
		t.Errorf("generated layer (-want +got):\n%s", diff)
	}
}
