package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// suitesVariable names a folder with the official suites, laid out as the docs folder of
// the repository socketio/socket.io, each with its npm packages installed. They are no
// npm packages themselves and are not ours to copy, so they are not run without it.
const suitesVariable = "REALTIMECTL_SUITES"

// suites are the folders, and how many tests of each have to pass.
var suites = map[string]int{
	"engine.io-protocol/v3-test-suite": 23,
	"engine.io-protocol/v4-test-suite": 25,
	"socket.io-protocol/v5-test-suite": 32,
}

func TestOfficialSuites(t *testing.T) {
	root := os.Getenv(suitesVariable)
	if root == "" {
		t.Skipf("set %s to the docs folder of a clone of socketio/socket.io, with npm ci run in each suite", suitesVariable)
	}
	for name, tests := range suites {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, "")
			got := runSuite(t, filepath.Join(root, filepath.FromSlash(name)), p.base)
			if diff := cmp.Diff(report{Passes: tests}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// report is what of mocha's we compare.
type report struct {
	Passes   int
	Failures []string
}

// runSuite runs a suite against the server at url. The suites have their server's address
// written into them, so a copy is run.
func runSuite(t *testing.T, dir, url string) report {
	t.Helper()
	work := t.TempDir()
	for _, name := range []string{"package.json", "node-imports.js", "test-suite.js"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("http://localhost:3000"), []byte(url))
		if err := os.WriteFile(filepath.Join(work, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := filepath.Abs(filepath.Join(dir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(packages, filepath.Join(work, "node_modules")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node_modules/.bin/mocha", "--exit", "--reporter", "json", "test-suite.js")
	cmd.Dir = work
	out, err := cmd.Output() // its status counts the failures, which the report names
	_, text, found := strings.Cut(string(out), "{")
	if !found {
		t.Fatalf("mocha said %q: %v", out, err)
	}
	return readReport(t, "{"+text)
}

func readReport(t *testing.T, text string) report {
	t.Helper()
	var told struct {
		Stats    struct{ Passes int }
		Failures []struct {
			FullTitle string
			Err       struct{ Message string }
		}
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatal(err)
	}
	got := report{Passes: told.Stats.Passes}
	for _, f := range told.Failures {
		got.Failures = append(got.Failures, f.FullTitle+": "+f.Err.Message)
	}
	return got
}
