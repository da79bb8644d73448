package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Task is a command of the project's own, run by the shell in the project folder. It may
// write sources, and files of the generated layer, where pages and later steps find them.
//
// A task runs in every build, and in development at the start and whenever a file that
// On matches changes. Tasks run one after another, before all other steps.
type Task struct {
	Name    string            // what it is called in messages; required
	Run     string            // the command line; required
	On      []string          // globs, relative to the project; one that begins with "!" takes out
	Env     map[string]string // added to the environment
	Timeout time.Duration     // 0 = a minute
	Warn    bool              // a failure is only a warning

	// Place is put into the diagnostics of a failure: where the user wrote the task.
	Place diag.Diagnostic
}

// Folders returns the folders, relative to the project, that hold all files of On.
func (t Task) Folders() []string {
	var dirs []string
	for _, g := range t.On {
		if strings.HasPrefix(g, "!") {
			continue
		}
		base, _ := doublestar.SplitPattern(strings.TrimPrefix(g, "./"))
		dirs = append(dirs, base)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

const (
	// taskTime bounds a task that names no limit of its own.
	taskTime = time.Minute
	// taskPipes is how long output may still come after the command itself has ended; a
	// process that it left behind must not hold the build.
	taskPipes = time.Second
	// taskOutput bounds the bytes of a task's output that are kept, and taskLines the lines
	// that are shown: the end tells why it failed.
	taskOutput = 64 << 10
	taskLines  = 20
)

// taskStep runs one task. What the task has written into the generated layer is its
// output; files that it leaves as they are count for as long as they exist.
type taskStep struct {
	task  Task
	owned map[string]bool // names that the task has written so far
}

func newTaskStep(t Task) *taskStep { return &taskStep{task: t, owned: map[string]bool{}} }

// Name returns "task NAME".
func (s *taskStep) Name() string { return "task " + s.task.Name }

// Concerns is true for what the task's globs match.
func (s *taskStep) Concerns(p string) bool { return matchesAny(s.task.On, p) }

// matchesAny reports whether a path matches one of the globs and none of those that take out.
func matchesAny(globs []string, p string) bool {
	matches := false
	for _, g := range globs {
		glob, out := strings.CutPrefix(g, "!")
		if ok, _ := doublestar.Match(strings.TrimPrefix(glob, "./"), p); !ok {
			continue
		}
		if out {
			return false
		}
		matches = true
	}
	return matches
}

// Run executes the command and takes over what it wrote.
func (s *taskStep) Run(ctx context.Context, w *Work) error {
	if err := os.MkdirAll(w.tree.tmp, 0o755); err != nil {
		return fmt.Errorf("make the generated layer: %w", err)
	}
	before, err := stamps(w.tree.tmp)
	if err != nil {
		return err
	}
	out, err := s.execute(ctx, w.tree.dir)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		w.Report(s.failure(w, out, err))
	}
	after, err := stamps(w.tree.tmp)
	if err != nil {
		return err
	}
	return s.take(w, before, after)
}

// take emits the files that the task has written, now or in an earlier run.
func (s *taskStep) take(w *Work, before, after map[string]stamp) error {
	for name, now := range after {
		if then, ok := before[name]; !ok || then != now {
			s.owned[name] = true
		}
	}
	for name := range s.owned {
		if _, ok := after[name]; !ok {
			delete(s.owned, name)
			continue
		}
		data, err := os.ReadFile(rooted(w.tree.tmp, name))
		if err != nil {
			return fmt.Errorf("read what the task made: %w", err)
		}
		w.Emit(name, data)
	}
	return nil
}

// execute runs the command line and returns the end of what it printed.
func (s *taskStep) execute(ctx context.Context, dir string) (string, error) {
	limit := s.task.Timeout
	if limit <= 0 {
		limit = taskTime
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v", limit))
	defer cancel()
	cmd := shell(ctx, s.task.Run)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, s.environment(dir), taskPipes
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return out.String(), context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // the command succeeded; what it left running was not waited for
	}
	return out.String(), err
}

// environment is ours with the task's own, and the project's commands on the PATH as npm
// has them.
func (s *taskStep) environment(dir string) []string {
	bin := filepath.Join(dir, "node_modules", ".bin")
	env := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, value := range s.task.Env {
		env = append(env, name+"="+value)
	}
	return env
}

// place finds the first "file:line:column", or "file(line,column)", in a tool's output.
var place = regexp.MustCompile(`(?m)([\w./\\@-]+\.\w+)[:(](\d+)[:,](\d+)`)

// failure tells of a task that failed: at the place of the sources that its output names
// first, else where the task is written.
func (s *taskStep) failure(w *Work, out string, err error) diag.Diagnostic {
	d := s.task.Place
	out = strings.TrimSpace(escapes.ReplaceAllString(out, ""))
	for _, m := range place.FindAllStringSubmatch(out, -1) {
		file := absIn(w.tree.dir, filepath.FromSlash(m[1]))
		src, readErr := os.ReadFile(file)
		if readErr != nil || !within(file, w.tree.dir) {
			continue
		}
		d = diag.Diagnostic{Path: w.Rel(file)}
		d.Line, _ = strconv.Atoi(m[2])
		d.Column, _ = strconv.Atoi(m[3])
		d.Excerpt = diag.Excerpt(src, d.Line, d.Column)
		break
	}
	d.Severity, d.Source = diag.Error, s.Name()
	if s.task.Warn {
		d.Severity = diag.Warning
	}
	d.Message = fmt.Sprintf("the command of task %s failed: %v", s.task.Name, err)
	d.Hint = lastLines(out, taskLines)
	if d.Hint == "" {
		d.Hint = "it printed nothing; the command is: " + s.task.Run
	}
	return d
}

// lastLines returns the end of a text.
func lastLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// tail keeps the last bytes written to it.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - taskOutput; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }

// stamp tells whether a file was written.
type stamp struct {
	size    int64
	changed time.Time
}

// stamps looks at all files below a folder, by slash path.
func stamps(dir string) (map[string]stamp, error) {
	found := map[string]stamp{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was somebody's temporary file
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		found[filepath.ToSlash(name)] = stamp{info.Size(), info.ModTime()}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the generated layer: %w", err)
	}
	return found, nil
}

// escapes are colours, which some programs print even into a pipe.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// compilesSheets matches commands that make stylesheets of Sass, Less or Stylus.
var compilesSheets = regexp.MustCompile(`(^|[\s/\\"'])(sass|node-sass|lessc|stylus)([\s"']|$)`)

// compileStyles reports whether a task of the project's own does what the styles step would.
func compileStyles(tasks []Task) bool {
	return slices.ContainsFunc(tasks, func(t Task) bool { return compilesSheets.MatchString(t.Run) })
}
