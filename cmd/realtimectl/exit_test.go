//go:build !windows

package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryDocumentedExitCodeIsEarned lets the program end in each way that
// `realtimectl help exit-codes` lists, and in no other.
func TestEveryDocumentedExitCodeIsEarned(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	page := map[string]string{"src/index.html": `<!doctype html><script type="module" src="main.js"></script>`, "src/main.js": "let a = ;"}
	sick := map[string]string{"src/index.html": "", "realtimectl.yaml": "serve: { app: 0, proxy: 0 }\nbackends: { api: { run: 'exit 3', restart: never, health: tcp } }\n"}
	ways := map[int]func(dir string) *exec.Cmd{
		exitOK:      func(string) *exec.Cmd { return exec.Command("realtimectl", "version") },
		exitFailure: func(dir string) *exec.Cmd { return exec.Command("realtimectl", "-C", dir, "reload") },
		exitUsage:   func(string) *exec.Cmd { return exec.Command("realtimectl", "serve", "--prot", "1") },
		exitPort: func(dir string) *exec.Cmd {
			return exec.Command("realtimectl", "serve", dir, "--strict-port", "--app-port", port)
		},
		exitBuild: func(string) *exec.Cmd { return exec.Command("realtimectl", "build", project(t, page)) },
		exitBackend: func(string) *exec.Cmd {
			return exec.Command("realtimectl", "serve", project(t, sick))
		},
		exitCheck: func(dir string) *exec.Cmd { return exec.Command("realtimectl", "status", dir) },
	}
	empty := project(t, map[string]string{"src/index.html": ""})
	got := []int{}
	for code := range 10 {
		way, ok := ways[code]
		if !ok {
			continue
		}
		cmd := way(empty)
		cmd.Env = append(cleanEnviron(), "HOME="+t.TempDir())
		out, _ := cmd.CombinedOutput() // the code says the same as the error
		if c := cmd.ProcessState.ExitCode(); c != code {
			t.Errorf("%s: exit code %d, want %d\n%s", cmd, c, code, out)
		}
		got = append(got, code)
	}
	got = append(got, interrupted(t, "build"), interrupted(t, "serve"))
	if diff := cmp.Diff(append(documented(t), exitInterrupted), got); diff != "" {
		t.Errorf("codes (-documented +earned):\n%s", diff)
	}
}

// interrupted is the exit code of a command that a Ctrl-C reaches while it works.
func interrupted(t *testing.T, command string) int {
	t.Helper()
	begun := filepath.Join(t.TempDir(), "begun")
	dir := project(t, map[string]string{
		"src/index.html":   "<!doctype html>",
		"realtimectl.yaml": "serve: { app: 0, proxy: 0 }\npipeline: { tasks: [ { name: slow, run: \"echo >'" + begun + "'; sleep 100\", on: x } ] }\n",
	})
	cmd := exec.Command("realtimectl", command, dir)
	cmd.Env = append(cleanEnviron(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	waitFor(t, func() bool { _, err := os.Stat(begun); return err == nil })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the code says the same
	return cmd.ProcessState.ExitCode()
}

// documented are the codes of the help.
func documented(t *testing.T) []int {
	t.Helper()
	var codes []int
	for lines := bufio.NewScanner(strings.NewReader(strings.TrimSpace(exitCodesText))); lines.Scan(); {
		code, err := strconv.Atoi(strings.Fields(lines.Text())[0])
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	return codes
}
