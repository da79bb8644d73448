//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	down  = "\x1b[B"
	enter = "\r"
	esc   = "\x1b"
	ctrlC = "\x03"
)

// onlyPath is a PATH on which there is nothing but these programs, which print their
// arguments into a file each.
func onlyPath(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		script := "#!/bin/sh\necho \"$@\" >>\"$0.args\"\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + dir
}

// left lists what is in a folder.
func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func has(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	return err == nil
}

func TestInitAsksForWhatNoFlagSays(t *testing.T) {
	dir := t.TempDir()
	s := onTerminal(t, 80, dir, []string{onlyPath(t, "git")}, "init", "my-app")
	s.wait(`(?s)> jobs .*choose`)
	s.press("G" + enter) // the last one
	s.wait(`(?s)✔ Template  minimal.*Name of the project`)
	s.press("Mural da rua" + enter)
	s.wait(`(?s)✔ Name of the project  Mural da rua.*Make a git repository\?`)
	s.press(down + enter)
	s.wait(`(?s)✔ Make a git repository\?  no.*^CREATE     my-app/src/index\.html$.*^  realtimectl serve --open$`)
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "my-app", "README.md"))
	if err != nil || string(readme[:14]) != "# Mural da rua" {
		t.Errorf("README.md: %.20q, %v", readme, err)
	}
}

func TestInitThatIsLeftWritesNothing(t *testing.T) {
	for name, keys := range map[string]string{"Esc": esc, "Ctrl-C": ctrlC} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := onTerminal(t, 80, dir, nil, "init", "my-app")
			s.wait(`> jobs`)
			s.press(enter)
			s.wait(`Name of the project`)
			s.press(keys)
			s.wait(`nothing was written`)
			if code := s.end(); code != exitInterrupted {
				t.Errorf("exit code %d", code)
			}
			if names := left(t, dir); names != nil {
				t.Errorf("left behind: %v", names)
			}
		})
	}
}

func TestInitThatIsKilledWhileItAsksWritesNothing(t *testing.T) {
	dir := t.TempDir()
	s := onTerminal(t, 80, dir, nil, "init", "my-app")
	s.wait(`> jobs`)
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := s.end(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if names := left(t, dir); names != nil {
		t.Errorf("left behind: %v", names)
	}
}

func TestInitAsksForAFolderWhereThereIsNoRoom(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "full/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := onTerminal(t, 80, dir, []string{onlyPath(t)}, "init")
	s.wait(`Folder`)
	s.press("full" + enter)
	s.wait(`this folder is not empty`)
	s.press("\b\b\b\bfresh" + enter)
	s.wait(`> jobs`)
	s.press(enter)
	s.wait(`Name of the project`)
	s.press(enter)
	s.wait(`(?s)✔ Name of the project  fresh.*^git +no repository \(there is no git on the PATH\)$.*^  cd fresh$`)
	if code := s.end(); code != exitOK || !has(t, filepath.Join(dir, "fresh", "src")) {
		t.Errorf("exit code %d, there is %v", code, left(t, dir))
	}
}

func TestInitAsksNothingWhenAllIsSaid(t *testing.T) {
	dir := t.TempDir()
	s := onTerminal(t, 80, dir, nil, "init", "my-app", "-t", "minimal", "--name", "M", "--git=false")
	s.wait(`^CREATE     my-app/src/index\.html$`)
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestInitAsksNothingOfADumbTerminal(t *testing.T) {
	for _, variable := range []string{"TERM=dumb", "CI=true", "ACCESSIBLE=1"} {
		s := onTerminal(t, 80, t.TempDir(), []string{variable}, "init", "my-app")
		s.wait(`^template   jobs \(the default; .realtimectl init --list. shows the others\)$`)
		if code := s.end(); code != exitOK {
			t.Errorf("%s: exit code %d", variable, code)
		}
	}
}

// The libraries that ask questions must not do so in commands that have none: a terminal
// that answers late would answer into the user's next prompt.
func TestVersionAsksTheTerminalNothing(t *testing.T) {
	s := onTerminal(t, 80, t.TempDir(), nil, "version", "--color", "never")
	s.end()
	if all := s.everything(); strings.Contains(all, "\x1b") {
		t.Errorf("%q", all)
	}
}

func TestInitInterruptedWhileItInstallsLeavesTheProject(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	npm := "#!/bin/sh\necho begun >begun\nexec sleep 60\n"
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(npm), 0o755); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, 80, dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}, "init", "my-app", "-t", "jobs-angular", "--yes")
	content(t, filepath.Join(dir, "my-app", "begun"))
	s.press(ctrlC)
	s.wait(`(?s)warning: npm install failed: interrupted.*repeat: cd my-app && npm install$`)
	if code := s.end(); code != exitInterrupted || !has(t, filepath.Join(dir, "my-app", "src", "index.html")) {
		t.Errorf("exit code %d, there is %v", code, left(t, dir))
	}
}
