//go:build !windows

package backend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescendantsAreThoseBelow(t *testing.T) {
	table := []proc{{pid: 1}, {pid: 2, parent: 1}, {pid: 3, parent: 2}, {pid: 4, parent: 3}, {pid: 5, parent: 1}, {pid: 6, parent: 6}}
	if diff := cmp.Diff(map[int]bool{3: true, 4: true}, descendants(table, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := descendants(table, 6); len(got) != 1 { // a table may be read while it changes
		t.Errorf("a process that is its own parent: %v", got)
	}
}

func TestWeAreInTheProcessTable(t *testing.T) {
	if !canListProcesses {
		t.Skip("SKIPPED: this system does not tell its processes")
	}
	var parent int
	for _, p := range processes() {
		if p.pid == os.Getpid() {
			parent = p.parent
		}
	}
	if parent != os.Getppid() || startOf(os.Getpid()) == "" || startOf(1<<30) != "" {
		t.Errorf("parent %d, want %d; started %q", parent, os.Getppid(), startOf(os.Getpid()))
	}
}

func TestEnvironmentIsSetWithoutTouchingTheOld(t *testing.T) {
	old := []string{"A=1", "AB=2", "A=3"}
	if diff := cmp.Diff([]string{"AB=2", "A=new=x"}, setEnv(old, "A", "new=x")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"AB=2"}, withoutVar(old, "A")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"A=1", "AB=2", "A=3"}, old); diff != "" {
		t.Errorf("the old one changed:\n%s", diff)
	}
}

func TestEachServiceHasAPortOfItsOwnBeforeItRuns(t *testing.T) {
	g, err := New(Options{Services: []Service{
		{Name: "a", Run: "cat"}, {Name: "b", Run: "cat"}, {Name: "fixed", Run: "cat", Port: 8000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range g.States() {
		seen[g.URL(s.Name)] = s.Port > 0
	}
	if len(seen) != 3 || !seen["http://localhost:8000"] || g.URL("none") != "" {
		t.Errorf("got %v", seen)
	}
}

func TestALogThatIsFullIsPutAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.log")
	if err := os.WriteFile(path, make([]byte, maxLogFile), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	l.write("over")
	l.write("\x1b[1mnew\x1b[0m")
	l.close()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "new\n" {
		t.Errorf("%q, %v", got, err)
	}
	old, err := os.Stat(path + ".1")
	if err != nil || old.Size() != maxLogFile+int64(len("over\n")) {
		t.Errorf("%v, %v", old, err)
	}
}

func TestATraceThatIsNoneIsIgnored(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app [2]") // what a pattern would take for a class
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"backends-a.json": "{", "backends-b.json": `{"run":""}`, "other.json": "{"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := New(Options{StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	g.endLeftovers(t.Context())
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "other.json" {
		t.Errorf("left: %v, %v", left, err)
	}
}
