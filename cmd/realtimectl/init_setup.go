package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/term"
)

// managers are the programs that can install packages from npm, the first preferred.
func managers() []string { return []string{"npm", "pnpm", "yarn", "bun"} }

// managersThere are those that are on the PATH.
func managersThere() []string {
	return slices.DeleteFunc(managers(), func(name string) bool {
		_, err := exec.LookPath(name)
		return err != nil
	})
}

func (f *initFlags) checkManager() error {
	if f.manager == "" {
		return nil
	}
	if !slices.Contains(managers(), f.manager) {
		return notOneOf("--package-manager", f.manager, managers())
	}
	if _, err := exec.LookPath(f.manager); err != nil {
		return usagef("install it, or leave the flag out", "--package-manager: there is no %s on the PATH", f.manager)
	}
	return nil
}

func gitThere() bool {
	_, err := exec.LookPath("git")
	return err == nil
}

// workTree returns the folder of the git work tree that a folder lies in; "" = in none.
func workTree(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// installed is what became of the packages.
type installed struct {
	Manager string `json:"manager,omitempty"` // "" = there is none
	Command string `json:"command"`           // what installs them, to be repeated
	Done    bool   `json:"done"`
	Error   string `json:"error,omitempty"`
}

// setup is what follows once the files are there.
type setup struct {
	app     *app
	choices choices
	made    *made
	quiet   bool // for programs
}

func (s setup) say(what, text string) {
	if !s.quiet {
		s.app.printf("%-10s %s\n", what, text)
	}
}

// plan says what run would do.
func (s setup) plan() {
	if s.choices.git {
		s.made.Git = "planned"
	}
	if s.choices.needs.What != "" {
		s.made.Install = s.newInstall()
	}
}

func (s setup) newInstall() *installed {
	command := "npm install"
	if m := s.choices.manager; m != "" {
		command = m + " install"
	}
	return &installed{Manager: s.choices.manager, Command: command}
}

// run makes the repository and installs the packages. What fails is a warning: the
// project is there. The error says only that the user has interrupted it.
func (s setup) run(ctx context.Context) error {
	s.app.writeSchema(s.choices.at.abs)
	if s.choices.git {
		s.made.Git = s.repository(ctx)
	}
	if s.choices.needs.What == "" {
		return nil
	}
	s.made.Install = s.newInstall()
	if s.choices.manager == "" {
		if s.choices.needs.Optional {
			s.made.Install = nil
		}
		return nil
	}
	return s.install(ctx)
}

// repository returns what became of it.
func (s setup) repository(ctx context.Context) string {
	cmd := exec.CommandContext(ctx, "git", "init", "--quiet")
	cmd.Dir, cmd.Env = s.choices.at.abs, withoutGit(s.app.environ)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.app.printer().Log().Warn("git init failed: "+firstLine(out, err), "event", "init.git-failed", "hint", "the project is there; run git init in it yourself")
		return "failed"
	}
	return "created"
}

// withoutGit leaves out what would point git at another repository, as in a git hook.
func withoutGit(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == "GIT_DIR" || name == "GIT_WORK_TREE" || name == "GIT_INDEX_FILE"
	})
}

// installPatience is how long a package manager may take to stop when it is asked to.
const installPatience = 5 * time.Second

func (s setup) install(ctx context.Context) error {
	i := s.made.Install
	took := time.Now()
	out, err := s.runManager(ctx)
	if err != nil {
		awaitInterrupt(ctx)
	}
	switch {
	case err == nil:
		i.Done = true
		s.say("packages", fmt.Sprintf("%s, in %.1f s", i.Command, time.Since(took).Seconds()))
		return nil
	case ctx.Err() != nil:
		i.Error = "interrupted"
	default:
		i.Error = firstLine(out.Bytes(), err)
	}
	again := fmt.Sprintf("the project is there; repeat: cd %s && %s", quoteShell(s.choices.at.named), i.Command)
	s.app.printer().Log().Warn(i.Command+" failed: "+i.Error, "event", "init.install-failed", "hint", again)
	if ctx.Err() != nil {
		return failure(exitInterrupted, errReported)
	}
	s.app.printer().Lines(lastLines(out.String())...)
	return nil
}

// awaitInterrupt gives a Ctrl-C time to arrive here: it goes to the package manager too,
// which may have ended first.
func awaitInterrupt(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(sameRequest):
	}
}

// runManager runs the package manager, with its last line as progress.
func (s setup) runManager(ctx context.Context) (*bytes.Buffer, error) {
	progress := s.app.printer().Progress(ctx, s.made.Install.Command)
	defer progress.Done()
	out := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, s.choices.manager, "install")
	cmd.Dir, cmd.Env = s.choices.at.abs, s.app.environ
	cmd.Stdout = &follower{out: out, progress: progress, prefix: s.made.Install.Command + ": "}
	cmd.Stderr = cmd.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = installPatience
	if err := cmd.Run(); err != nil {
		return out, fmt.Errorf("%s: %w", s.made.Install.Command, err)
	}
	return out, nil
}

// follower keeps what a program prints and shows its last line.
type follower struct {
	out      *bytes.Buffer
	progress *term.Progress
	prefix   string
}

// Write implements io.Writer.
func (f *follower) Write(p []byte) (int, error) {
	if line := strings.TrimSpace(string(p)); line != "" {
		f.progress.Set(f.prefix + line[strings.LastIndexByte(line, '\n')+1:])
	}
	return f.out.Write(p)
}

// firstLine is the line in which a program says what is the matter.
func firstLine(out []byte, err error) string {
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	var missing *exec.Error
	if errors.As(err, &missing) {
		return missing.Error()
	}
	return err.Error()
}

// lastLines are the end of what a program printed.
func lastLines(out string) []string {
	const most = 12
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[max(0, len(lines)-most):]
}
