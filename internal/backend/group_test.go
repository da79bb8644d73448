//go:build !windows

package backend_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// limit bounds a wait; it is reached only by a test that fails.
const limit = 20 * time.Second

func TestAServerIsHealthyWhenItAnswersAndGoneWhenStopped(t *testing.T) {
	for _, role := range []string{"server", "server6"} {
		t.Run(role, func(t *testing.T) {
			api := program(t, "api", role)
			api.Health = "/up"
			api.Env["GREETING"] = "olá"
			r := start(t, backend.Options{Services: []backend.Service{api}})
			mustBeReady(t, r)
			state := r.States()[0]
			if got := get(t, state.URL+"/env"); got != "olá" {
				t.Errorf("%s answers %q", state.URL, got)
			}
			if state.PID == 0 || state.Port == 0 || !strings.HasPrefix(state.String(), "healthy ") {
				t.Errorf("state %+v", state)
			}
			r.stop()
			if _, err := net.Dial("tcp", strings.TrimPrefix(state.URL, "http://")); err == nil {
				t.Error("it still listens")
			}
			// What it prints and that it answers reach us by two ways, in either order.
			isOutput := func(event string) bool { return event == "api: listening" }
			want := []string{"api = starting", "api = healthy", "api = stopping", "api = stopped"}
			if diff := cmp.Diff(want, slices.DeleteFunc(r.all(), isOutput)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !slices.ContainsFunc(r.all(), isOutput) {
				t.Error("its output is lost")
			}
		})
	}
}

func TestHealthByTCPByOutputAndByStarting(t *testing.T) {
	tcp := program(t, "tcp", "server")
	output := backend.Service{Name: "output", Run: `printf 'a\nserver \033[32mready\033[0m\n'; cat`, Health: "log:^server ready$"}
	worker := backend.Service{Name: "worker", Run: "cat"}
	r := start(t, backend.Options{Services: []backend.Service{tcp, output, worker}})
	mustBeReady(t, r)
	for _, s := range r.States() {
		if s.Phase != backend.Healthy || (s.URL != "") != (s.Name == "tcp") {
			t.Errorf("%+v", s)
		}
	}
}

func TestOutputComesInWholeLinesInColourOnATerminal(t *testing.T) {
	run := `test -t 1 && echo "a terminal $(stty size)"; printf 'one\033[31m red\033[0m\n'; printf 'tw'; printf 'o\n\033[2Jthree\n'; echo four >&2; echo end; cat`
	for _, terminal := range []bool{true, false} {
		t.Run(fmt.Sprint(terminal), func(t *testing.T) {
			r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: run}}, Terminal: terminal, Columns: 99})
			r.wait(t, 0, "s: end")
			var got []string
			for _, event := range r.all() {
				if line, ok := strings.CutPrefix(event, "s: "); ok {
					got = append(got, line)
				}
			}
			want := []string{"one\x1b[31m red\x1b[0m", "two", "three", "four", "end"}
			if terminal {
				want = append([]string{"a terminal 40 99"}, want...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLastLinesBeforeTheEndAreNotLost(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		r := start(t, backend.Options{
			Services: []backend.Service{{Name: "s", Run: "seq 1 2000", Restart: backend.Never}},
			Terminal: terminal,
		})
		_, at := r.wait(t, 0, "s = exited")
		if got := r.all()[at-1]; got != "s: 2000" {
			t.Errorf("terminal %v: last before the end: %q", terminal, got)
		}
		r.stop()
	}
}

func TestACrashIsFollowedByAnotherStartAndReadyGivesUp(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{{Name: "api", Run: "echo no database; exit 7 # PORT"}}})
	err := r.Ready(within(t))
	want := &backend.UnhealthyError{
		Name: "api", Reason: "exited with status 7",
		Lines: []string{"no database", "no database", "no database"},
	}
	got, ok := errors.AsType[*backend.UnhealthyError](err)
	if !ok || cmp.Diff(want, got) != "" {
		t.Errorf("got %#v", err)
	}
	state := r.States()[0]
	if state.Phase != backend.Restarting || state.Restarts < 2 || state.String() != "restarting: exited with status 7" {
		t.Errorf("state %+v", state)
	}
}

func TestPoliciesOfRestart(t *testing.T) {
	tests := []struct {
		policy backend.Policy
		run    string
		want   string
	}{
		{backend.Never, "exit 1", "s = exited"},
		{backend.OnFailure, "exit 0", "s = exited"},
		{backend.OnFailure, "exit 1", "s = restarting"},
		{backend.OnFailure, "kill -KILL $$", "s = restarting"},
		{backend.Always, "exit 0", "s = restarting"},
	}
	for _, tt := range tests {
		r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: tt.run, Restart: tt.policy}}})
		if got, _ := r.wait(t, 0, "s = (exited|restarting)"); got != tt.want {
			t.Errorf("%s, %s: %s", tt.policy, tt.run, got)
		}
		r.stop()
	}
}

func TestRestartReadsTheEnvironmentFileAnewAndKeepsThePort(t *testing.T) {
	dir := t.TempDir()
	env := filepath.Join(dir, ".env")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(env, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("A=first\nB='from file'\n")
	r := start(t, backend.Options{
		Services: []backend.Service{{
			Name: "s", Run: `echo "$PORT $A $B $C $PWD"; cat`, Dir: dir, EnvFile: ".env", Env: map[string]string{"B": "from env"},
		}},
		Environ: append(os.Environ(), "A=inherited", "C=inherited"),
	})
	first, at := r.wait(t, 0, "s: .*first from env inherited "+regexp.QuoteMeta(dir))
	write("A=second\n")
	if err := r.Restart("s"); err != nil {
		t.Fatal(err)
	}
	second, _ := r.wait(t, at, "s: .*second from env inherited")
	if strings.Fields(first)[1] != strings.Fields(second)[1] {
		t.Errorf("the port changed: %q, %q", first, second)
	}
	if got := r.States()[0].Restarts; got != 1 {
		t.Errorf("%d restarts", got)
	}
	if err := r.Restart("none"); err == nil {
		t.Error("a service that does not exist was restarted")
	}
}

func TestWhatHasEndedIsStartedByRestart(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: "echo run"}}})
	_, at := r.wait(t, 0, "s = exited")
	if err := r.Restart("s"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, at, "s: run")
}

func TestWaitHoldsOnWhileAServiceRestarts(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{program(t, "api", "server")}})
	mustBeReady(t, r)
	_, at := r.wait(t, 0, "api = healthy")
	if err := r.Restart("api"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, at, "api = stopping")
	if err := r.Wait(within(t), "api"); err != nil {
		t.Fatal(err)
	}
	get(t, r.URL("api")+"/up")
}

func TestWaitDoesNotHoldOnForWhatHasEnded(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: "echo bye; exit 0"}}})
	r.wait(t, 0, "s = exited")
	want := &backend.UnhealthyError{Name: "s", Reason: "exited with status 0", Lines: []string{"bye"}}
	got, _ := errors.AsType[*backend.UnhealthyError](r.Wait(within(t), "s"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := r.Wait(within(t), "none"); err == nil {
		t.Error("waited for a service that does not exist")
	}
}

func TestAChangeRestartsTheServicesThatWatchIt(t *testing.T) {
	dir := t.TempDir()
	cat := func(name, sub string, watch ...string) backend.Service {
		return backend.Service{Name: name, Run: "cat", Dir: filepath.Join(dir, sub), Watch: watch}
	}
	for _, sub := range []string{"api", "web"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, backend.Options{Services: []backend.Service{
		cat("api", "api", "app/**/*.php", ".env"), cat("web", "web", "./*.js", "../shared/**"), cat("other", ""),
	}})
	mustBeReady(t, r)
	want := []string{filepath.Join(dir, "api"), filepath.Join(dir, "api/app"), filepath.Join(dir, "shared"), filepath.Join(dir, "web")}
	if diff := cmp.Diff(want, r.Folders()); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	for path, want := range map[string]string{
		"api/app/x.php": "api", "api/app/a/b/x.php": "api", "api/.env": "api", "web/server.js": "web",
		"shared/deep/x": "web", "api/app/x.txt": "", "web/sub/server.js": "", "app/x.php": "",
	} {
		if got := strings.Join(r.Changed([]string{filepath.Join(dir, path)}), " "); got != want {
			t.Errorf("%s: restarted %q, want %q", path, got, want)
		}
	}
	r.wait(t, 0, "api = stopping")
	r.wait(t, 0, "web = stopping")
}

func TestDependenciesStartFirstAndStopLast(t *testing.T) {
	front := backend.Service{Name: "front", Run: "cat", Depends: []string{"api"}}
	api := program(t, "api", "server")
	api.Depends = []string{"db"}
	db := backend.Service{Name: "db", Run: "echo up; cat", Health: "log:up"}
	r := start(t, backend.Options{Services: []backend.Service{front, api, db}})
	mustBeReady(t, r)
	r.stop()
	var got []string
	for _, event := range r.all() {
		if strings.Contains(event, " = ") {
			got = append(got, event)
		}
	}
	want := []string{
		"db = starting", "db = healthy", "api = starting", "api = healthy", "front = starting", "front = healthy",
		"front = stopping", "front = stopped", "api = stopping", "api = stopped", "db = stopping", "db = stopped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatDoesNotEndIsKilledAndNamed(t *testing.T) {
	held, gone := fifo(t)
	s := program(t, "api", "stubborn")
	s.Run = "exec 9>'" + held + "'; '" + self(t) + "' & wait"
	r := start(t, backend.Options{Services: []backend.Service{s}, Grace: 50 * time.Millisecond})
	r.wait(t, 0, "api: stubborn and up")
	r.stop()
	gone()
	want := regexp.MustCompile(`api: backend\.test \(pid \d+\) did not end within 50ms and was killed`)
	if !want.MatchString(r.log.String()) {
		t.Errorf("log:\n%s", r.log)
	}
}

func TestKillWaitsForNothing(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{program(t, "api", "stubborn")}, Grace: time.Hour})
	_, at := r.wait(t, 0, "api: stubborn and up")
	r.quit()
	r.wait(t, at, "api = stopping")
	r.Kill()
	r.stop()
	if strings.Contains(r.log.String(), "was killed") {
		t.Errorf("blamed although nobody waited:\n%s", r.log)
	}
}

func TestInputReachesTheService(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		r := start(t, backend.Options{
			Services: []backend.Service{{Name: "s", Run: `printf 'name? '; read name; echo "hello $name"; cat`}},
			Terminal: terminal,
		})
		r.wait(t, 0, `s: name\?`) // a prompt has no end of line
		if err := r.Input("s", []byte("Ana\n")); err != nil {
			t.Fatal(err)
		}
		r.wait(t, 0, "s: hello Ana")
		r.stop()
		if slices.Contains(r.all(), "s: Ana") {
			t.Errorf("terminal %v: what was typed is printed again", terminal)
		}
		if err := r.Input("s", []byte("x")); err == nil {
			t.Error("a service that has ended took input")
		}
	}
}

func TestTheLogFileGetsTheOutputWithoutColours(t *testing.T) {
	file := filepath.Join(t.TempDir(), "api.log")
	r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: `printf '\033[1mbold\033[0m\nend\n'`, Log: file}}})
	r.wait(t, 0, "s = exited")
	got, err := os.ReadFile(file)
	if err != nil || string(got) != "bold\nend\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatCannotBeStartedIsSaidAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	tests := []struct {
		service backend.Service
		want    string
	}{
		{backend.Service{Run: "cat", Port: port}, fmt.Sprintf("port %d is taken by another program", port)},
		{backend.Service{Run: "cat", EnvFile: "/none/.env"}, "there is no environment file /none/.env"},
		{backend.Service{Run: "cat", Dir: "/none"}, "there is no folder /none to run in"},
		{backend.Service{Run: "cat", Log: "/none/log"}, "open log"},
		{backend.Service{Run: "no-such-command-here", Restart: backend.Never}, "exited with status 127"},
	}
	for _, tt := range tests {
		tt.service.Name, tt.service.Health = "s", "tcp"
		r := start(t, backend.Options{Services: []backend.Service{tt.service}})
		err := r.Ready(within(t))
		unhealthy, ok := errors.AsType[*backend.UnhealthyError](err)
		if !ok || !strings.Contains(unhealthy.Reason, tt.want) {
			t.Errorf("%+v: %v", tt.service, err)
		}
		r.stop()
	}
}

func TestTimeToBecomeHealthyRunsOut(t *testing.T) {
	r := start(t, backend.Options{Services: []backend.Service{{Name: "s", Run: "cat", Health: "/up", Timeout: time.Millisecond}}})
	err := r.Ready(within(t))
	if err == nil || !regexp.MustCompile(`^back-end s did not become healthy: /up on port \d+ does not answer well after 1ms$`).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesWhatMakesNoSense(t *testing.T) {
	cat := func(name string, depends ...string) backend.Service {
		return backend.Service{Name: name, Run: "cat", Depends: depends}
	}
	tests := []struct {
		services []backend.Service
		want     string
	}{
		{[]backend.Service{{Name: "a"}}, "back-end a: needs a name and a command"},
		{[]backend.Service{{Name: "a", Run: "cat", URL: "http://localhost:1"}}, "back-end a: what others run has no command and no output"},
		{[]backend.Service{{Name: "a", URL: "http://localhost:1", Health: "log:up"}}, "back-end a: what others run has no command and no output"},
		{[]backend.Service{cat("a"), cat("a")}, "back-end a is there twice"},
		{[]backend.Service{cat("a", "b")}, "back-end a depends on b, which does not exist"},
		{[]backend.Service{cat("a", "b"), cat("b", "a"), cat("c")}, "these back-ends depend on each other in a circle: a, b"},
		{[]backend.Service{{Name: "a", Run: "cat", Health: "up"}}, `back-end a: health is a path, tcp or log:PATTERN, not "up"`},
		{[]backend.Service{{Name: "a", Run: "cat", Health: "log:("}}, "back-end a: health: error parsing regexp"},
		{[]backend.Service{{Name: "a", Run: "cat", Restart: "often"}}, `back-end a: restart is on-failure, always or never, not "often"`},
	}
	for _, tt := range tests {
		_, err := backend.New(backend.Options{Services: tt.services})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestRealServersOfOtherLanguages(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"index.php": `<?php echo "php says ", $_SERVER["REQUEST_URI"];`,
		"server.js": `require('http').createServer((q, a) => a.end('node says ' + q.url)).listen(process.env.PORT, () => console.log('up'))`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for tool, run := range map[string]string{"php": "php -S localhost:$PORT index.php", "node": "node server.js"} {
		t.Run(tool, func(t *testing.T) {
			realpart.Command(t, tool)
			r := start(t, backend.Options{Services: []backend.Service{{Name: tool, Run: run + " # $PORT", Dir: dir, Health: "/up"}}, Terminal: true})
			mustBeReady(t, r)
			if got := get(t, r.States()[0].URL+"/x"); got != tool+" says /x" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWhoDoesNotWaitForTheEndLeavesNothingEither(t *testing.T) {
	held, gone := fifo(t)
	cmd, supervisor := owner(t, held, "")
	// The supervisor is asked to end first, as by the first Ctrl-C; then we die.
	if err := errors.Join(syscall.Kill(supervisor, syscall.SIGTERM), cmd.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	gone()
}
