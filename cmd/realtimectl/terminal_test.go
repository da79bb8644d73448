//go:build !windows

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is a pseudo-terminal with the program on it, as a person has before them.
type terminal struct {
	t    *testing.T
	file *os.File
	cmd  *exec.Cmd

	mu    sync.Mutex
	grown chan struct{} // closed when there is more to read
	all   string        // what was written, as it came
	seen  int           // how much of it a test has waited for
	ended bool
}

// onTerminal starts the program in dir on a terminal of so many columns. Ports are free
// ones, unless the project says otherwise.
func onTerminal(t *testing.T, columns int, dir string, environ []string, args ...string) *terminal {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = append([]string{"realtimectl"}, args...)
	cmd.Dir = dir
	cmd.Env = append(cleanEnviron(), append([]string{"TERM=xterm-256color", "COLORTERM=truecolor", "HOME=" + t.TempDir()}, environ...)...)
	return on(t, cmd, pty.Winsize{Rows: 40, Cols: uint16(columns)})
}

// on starts any program on a terminal.
func on(t *testing.T, cmd *exec.Cmd, size pty.Winsize) *terminal {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &size)
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, file: file, cmd: cmd, grown: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.read()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		_ = cmd.Wait()
		<-read
		_ = file.Close()
	})
	return s
}

// cleanEnviron is the environment without what changes how the program looks or acts.
func cleanEnviron() []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM", "COLORTERM", "SSH_CONNECTION", "BROWSER", "NODE_ENV", "HOME":
			continue
		}
		if !strings.HasPrefix(name, "REALTIMECTL_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func (s *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.file.Read(buf)
		s.mu.Lock()
		s.all += string(buf[:n])
		s.ended = err != nil
		close(s.grown)
		s.grown = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// escapes are what a terminal does not show.
const escapes = "\x1b\\[[0-?]*[ -/]*[@-~]"

// plain is text as a person reads it.
func plain(text string) string {
	return strings.ReplaceAll(regexp.MustCompile(escapes).ReplaceAllString(text, ""), "\r\n", "\n")
}

// wait waits until what was written since the last wait matches, and returns it.
func (s *terminal) wait(pattern string) string {
	s.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		text, grown, ended := plain(s.all[s.seen:]), s.grown, s.ended
		found := re.MatchString(text)
		if found {
			s.seen = len(s.all)
		}
		s.mu.Unlock()
		switch {
		case found:
			return text
		case ended:
			s.t.Fatalf("%q did not come before the end; there was:\n%s", pattern, text)
		}
		select {
		case <-grown:
		case <-deadline:
			s.t.Fatalf("waited in vain for %q; there was:\n%s", pattern, text)
		}
	}
}

func (s *terminal) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.file, keys); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the end of the program and returns its exit code.
func (s *terminal) end() int {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			s.t.Fatal(err)
		}
		if code := s.cmd.ProcessState.ExitCode(); code != 66 { // not that of the race detector
			return code
		}
		s.t.Fatalf("a race:\n%s", plain(s.everything()))
		return 0
	case <-time.After(patience):
		s.t.Fatalf("it does not end; there was:\n%s", plain(s.everything()))
		return 0
	}
}

func (s *terminal) everything() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// project writes the files of a project.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "board")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fakeBrowser is a program that writes the address it is given into a file.
func fakeBrowser(t *testing.T) (environ, file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "opened")
	script := filepath.Join(dir, "browser")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$1\" >"+file+".new && mv "+file+".new "+file+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return "BROWSER=" + script, file
}

// content waits until something is in a file, and returns it.
func content(t *testing.T, file string) string {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		text, err := os.ReadFile(file)
		if words := strings.TrimSpace(string(text)); words != "" {
			return words
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s stays empty: %v", file, err)
		}
	}
}

// gone waits until a process has ended.
func gone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return errors.Is(syscall.Kill(n, 0), syscall.ESRCH) })
}

// waitFor asks until the answer is yes.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}
