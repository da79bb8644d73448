//go:build !windows

package backend_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// detached starts a process that has left its parent, its group and its session, and
// that ignores the end of its terminal.
const detached = `(setsid sh -c 'trap "" HUP; echo detached; sleep 1000' &)`

func TestDetachedProcessesEndWithTheirService(t *testing.T) {
	for _, run := range []string{detached + `; cat`, detached + `; sleep 1000 & exit 3`} {
		held, gone := fifo(t)
		r := start(t, backend.Options{
			Services: []backend.Service{{Name: "s", Run: "exec 9>'" + held + "'; " + run, Restart: backend.Never}},
			Terminal: true,
		})
		r.wait(t, 0, "s: detached|s = exited")
		r.stop()
		gone()
	}
}

// own is the program that the next tests kill: it runs a group until then.
func own() {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	group, err := backend.New(backend.Options{
		Supervisor: exe, StateDir: os.Getenv("STATE"), Terminal: true,
		Environ: setTo(os.Environ(), roleVar, ""),
		Services: []backend.Service{{
			Name: "api", Health: "log:detached",
			Run: `exec 9>"$HELD"; echo "supervised by $PPID"; ` + detached + `; sleep 1000`,
		}},
		Output: func(_, line string) { fmt.Println(line) },
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(group.Run(context.Background()))
	os.Exit(0)
}

func setTo(env []string, name, value string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(line string) bool { return strings.HasPrefix(line, name+"=") })
	return append(env, name+"="+value)
}

// owner starts own and returns once its service is up, with the pid of the supervisor.
func owner(t *testing.T, held, state string) (cmd *exec.Cmd, supervisor int) {
	t.Helper()
	cmd = exec.Command(self(t))
	cmd.Env = append(os.Environ(), roleVar+"=owner", "HELD="+held, "STATE="+state)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	var text strings.Builder
	for b := make([]byte, 512); !strings.Contains(text.String(), "detached"); {
		n, err := out.Read(b)
		if err != nil {
			t.Fatalf("%v: %s", err, text.String())
		}
		text.Write(b[:n])
	}
	if _, err := fmt.Sscanf(text.String(), "supervised by %d", &supervisor); err != nil {
		t.Fatalf("%v: %s", err, text.String())
	}
	return cmd, supervisor
}

func TestNothingOutlivesUsIfWeAreKilled(t *testing.T) {
	held, gone := fifo(t)
	cmd, _ := owner(t, held, "")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	gone()
}

func TestNothingOutlivesAKilledSupervisor(t *testing.T) {
	held, gone := fifo(t)
	r := start(t, backend.Options{
		Services: []backend.Service{{Name: "s", Run: "exec 9>'" + held + "'; echo $PPID; " + detached + "; sleep 1000", Restart: backend.Never}},
	})
	line, _ := r.wait(t, 0, `s: \d+`)
	r.wait(t, 0, "s: detached")
	var pid int
	if _, err := fmt.Sscanf(line, "s: %d", &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone()
	r.wait(t, 0, "s = exited")
	if got := r.States()[0].Reason; !strings.Contains(got, "supervisor was killed") {
		t.Errorf("reason %q", got)
	}
}

func TestWhatAKilledRunLeftIsEndedByTheNext(t *testing.T) {
	held, gone := fifo(t)
	state := t.TempDir()
	cmd, supervisor := owner(t, held, state)
	// The supervisor first: it would do its work in the moment between the two.
	if err := errors.Join(syscall.Kill(supervisor, syscall.SIGSTOP), cmd.Process.Kill(), syscall.Kill(supervisor, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: "cat"}}, StateDir: state, Grace: 100 * time.Millisecond})
	gone()
	mustBeReady(t, r)
	files, err := filepath.Glob(filepath.Join(state, "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("state while running: %v, %v", files, err)
	}
	r.stop()
	if !strings.Contains(r.log.String(), "left over from an earlier run") {
		t.Errorf("log:\n%s", r.log)
	}
	if files, _ := filepath.Glob(filepath.Join(state, "*")); len(files) != 0 {
		t.Errorf("state afterwards: %v", files)
	}
}

func TestARunThatIsAliveIsLeftAlone(t *testing.T) {
	state := t.TempDir()
	first := start(t, backend.Options{Services: []backend.Service{program(t, "api", "server")}, StateDir: state})
	mustBeReady(t, first)
	second := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: "cat"}}, StateDir: state})
	mustBeReady(t, second)
	get(t, first.States()[0].URL+"/up")
}
