//go:build !windows

package backend_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// cat is a service that runs until its input ends, and says that it has begun.
func cat(name string, needs ...string) backend.Service {
	return backend.Service{Name: name, Run: "echo $" + strings.ToUpper(name) + "_URL; cat", Depends: needs}
}

func mustUpdate(t *testing.T, r *running, services ...backend.Service) backend.Difference {
	t.Helper()
	diff, err := r.Update(services)
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

func TestAnUpdateStartsEndsAndLeavesAlone(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{cat("stays"), cat("goes"), cat("turns")}})
	mustBeReady(t, r)
	before := pids(r)
	port, _ := r.wait(t, 0, "turns: .")
	turned := cat("turns")
	turned.Run += " # otherwise"
	at := len(r.all())
	got := mustUpdate(t, r, cat("comes", "stays"), cat("stays"), turned)
	want := backend.Difference{Added: []string{"comes"}, Changed: []string{"turns"}, Removed: []string{"goes"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	r.wait(t, at, "goes = stopped")
	r.wait(t, at, "comes = healthy")
	if again, _ := r.wait(t, at, "turns: ."); again != port {
		t.Errorf("the port changed: %q, %q", port, again)
	}
	r.wait(t, at, "turns = healthy")
	after := pids(r)
	if after["stays"] != before["stays"] || after["turns"] == before["turns"] || len(after) != 3 {
		t.Errorf("processes before %v, after %v", before, after)
	}
	if err := r.Restart("goes"); err == nil {
		t.Error("what has left was restarted")
	}
}

func pids(r *running) map[string]int {
	all := map[string]int{}
	for _, s := range r.States() {
		all[s.Name] = s.PID
	}
	return all
}

func TestWhatLeavesEndsAfterWhatNeedsIt(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{cat("db"), cat("api", "db"), cat("front", "api"), cat("other")}})
	mustBeReady(t, r)
	_, at := r.wait(t, 0, "front = healthy")
	at++
	mustUpdate(t, r, cat("other"))
	r.wait(t, at, "db = stopped")
	want := []string{"front = stopping", "front = stopped", "api = stopping", "api = stopped", "db = stopping", "db = stopped"}
	got := slices.DeleteFunc(r.all()[at:], func(event string) bool { return !strings.Contains(event, " = ") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAGroupMayBeginEmpty(t *testing.T) {
	dir := t.TempDir()
	r := start(t, backend.Options{StateDir: dir})
	mustBeReady(t, r)
	mustUpdate(t, r, cat("api"))
	r.wait(t, 0, "api = healthy")
	if traces, _ := filepath.Glob(filepath.Join(dir, "*.json")); len(traces) != 1 {
		t.Errorf("a killed run would leave what nobody finds: %v", traces)
	}
	mustUpdate(t, r)
	r.wait(t, 0, "api = stopped")
	r.stop()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWhatComesLaterMayFailWithoutEndingTheRest(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{cat("slow")}})
	mustUpdate(t, r, cat("slow"), backend.Service{Name: "bad", Run: "exit 3", Restart: backend.Never})
	r.wait(t, 0, "bad = exited")
	mustBeReady(t, r)
}

func TestAnUpdateThatMakesNoSenseChangesNothing(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{cat("a")}})
	mustBeReady(t, r)
	before := pids(r)
	for _, list := range [][]backend.Service{
		{cat("a"), cat("a")}, {cat("a", "none")}, {cat("a", "b"), cat("b", "a")}, {{Name: "a"}},
	} {
		if _, err := r.Update(list); err == nil {
			t.Errorf("accepted %v", list)
		}
	}
	if diff := cmp.Diff(before, pids(r)); diff != "" {
		t.Errorf("processes (-before +after):\n%s", diff)
	}
}

func TestUpdatesUntilTheEndLeaveNobodyWaiting(t *testing.T) {
	r := start(t, backend.Options{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			list := []backend.Service{cat("a"), cat("b", "a")}
			list[i%2].Run += " # otherwise"
			_, _ = r.Update(list[i%3%2:][:1:1]) // that b needs a, which is missing, is refused
			_, _ = r.Update(list)
			if i == 20 {
				r.quit()
			}
		}
	}()
	<-done
	r.stop()
}

func TestComingNamesWhatIsOnItsWay(t *testing.T) {
	held := filepath.Join(t.TempDir(), "go")
	r := start(t, backend.Options{Services: []backend.Service{
		{Name: "slow", Run: "while [ ! -e '" + held + "' ]; do sleep 0.02; done; echo up; cat", Health: "log:up"},
		cat("quick"),
		{Name: "others", URL: "http://127.0.0.1:1"},
	}})
	r.wait(t, 0, "quick = healthy")
	names, changed := r.Coming()
	if diff := cmp.Diff([]string{"slow"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.WriteFile(held, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for len(names) > 0 {
		<-changed
		names, changed = r.Coming()
	}
}

func TestServicesHearThatTheTerminalIsResized(t *testing.T) {
	r := start(t, backend.Options{Terminal: true, Columns: 100, Services: []backend.Service{
		{Name: "s", Run: "trap 'stty size' WINCH; stty size; echo up; while :; do sleep 0.05; done"},
	}})
	r.wait(t, 0, "s: 40 100")
	r.wait(t, 0, "s: up")
	r.Resize(63)
	_, at := r.wait(t, 0, "s: 40 63")
	if err := r.Restart("s"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, at+1, "s: 40 63")
}

func TestAChangedEnvironmentFileRestartsItsServices(t *testing.T) {
	dir := t.TempDir()
	env := filepath.Join(dir, "settings.env")
	if err := os.WriteFile(env, []byte("A=first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, backend.Options{Services: []backend.Service{
		{Name: "api", Run: "echo $A; cat", Dir: dir, EnvFile: "settings.env"}, cat("other"),
	}})
	r.wait(t, 0, "api: first")
	if diff := cmp.Diff([]string{env}, r.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(env, []byte("A=second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.Changed([]string{env}); len(got) != 1 || got[0] != "api" {
		t.Errorf("restarted %v", got)
	}
	r.wait(t, 0, "api: second")
}
