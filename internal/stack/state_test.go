package stack

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/config"
)

// gone is a number that no process has.
const gone = math.MaxInt32

// leave writes the state file that a run with this number would have left.
func leave(t *testing.T, cfg *config.Config, pid int, started time.Time) State {
	t.Helper()
	i := Info{PID: pid, Mode: "development", App: "http://localhost:3010", Proxy: "http://localhost:3000"}
	if err := writeState(cfg, i, started); err != nil {
		t.Fatal(err)
	}
	return State{PID: pid, Mode: i.Mode, App: i.App, Proxy: i.Proxy, Started: started}
}

func noon() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestStateIsThereFromReadyToTheEnd(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{"src/index.html": "<p>", "realtimectl.yaml": free})
	started := noon().Add(123456789)
	t.Run("while it runs", func(t *testing.T) {
		var seen State
		i := run(t, cfg, func(o *Options) {
			o.Started = started
			told := o.Ready
			o.Ready = func(i Info) { // when the caller hears of it, the second terminal can already ask
				var err error
				if seen, err = ReadState(dir); err != nil {
					t.Error(err)
				}
				told(i)
			}
		})
		want := State{PID: os.Getpid(), Mode: "development", App: i.App, Proxy: i.Proxy, Started: noon().Add(123 * time.Millisecond)}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
		info, err := os.Stat(filepath.Join(dir, ".realtimectl", stateName(os.Getpid())))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("state file: %v, %v; want mode 0600", info, err)
		}
	})
	if _, err := ReadState(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the end: %v; want fs.ErrNotExist", err)
	}
	if left := names(t, filepath.Join(dir, ".realtimectl")); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestTheLatestOfSeveralRunsIsRead(t *testing.T) {
	cfg := load(t, t.TempDir(), nil)
	leave(t, cfg.Config, os.Getppid(), noon())
	want := leave(t, cfg.Config, os.Getpid(), noon().Add(time.Minute))
	leave(t, cfg.Config, gone, noon().Add(time.Hour))
	got, err := ReadState(cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecondRunSharesTheTokenAndLeavesItToTheFirst(t *testing.T) {
	cfg := load(t, t.TempDir(), nil)
	first, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	other := leave(t, cfg.Config, os.Getppid(), noon())
	second, err := publishToken(cfg.Config)
	if err != nil || second != first {
		t.Errorf("token %q, then %q, %v; want the same", first, second, err)
	}
	leave(t, cfg.Config, os.Getpid(), noon().Add(time.Minute))
	if err := forgetRun(cfg.Config); err != nil {
		t.Fatal(err)
	}
	got, err := ReadState(cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(other, got); diff != "" {
		t.Error(diff)
	}
	if token, err := readToken(cfg.Abs(cfg.Hub.Publish.TokenFile)); err != nil || token != first {
		t.Errorf("the token is now %q, %v; want %q", token, err, first)
	}
}

func TestFailedStartLeavesTheTokenOfARunThatLives(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{
		"src/index.html":   "<p>",
		"realtimectl.yaml": free + "hub: { relays: [ { on: 'client:**', join: 'room-*' } ] }\n",
	})
	token, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	leave(t, cfg.Config, os.Getppid(), noon())
	if err := Run(t.Context(), Options{Project: cfg, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Fatal("it runs with a rule that means nothing")
	}
	if now, err := readToken(cfg.Abs(cfg.Hub.Publish.TokenFile)); err != nil || now != token {
		t.Errorf("the token is now %q, %v; want %q", now, err, token)
	}
}

func TestTheLastRunTakesWhatCrashesLeft(t *testing.T) {
	cfg := load(t, t.TempDir(), nil)
	stale, err := publishToken(cfg.Config)
	if err != nil {
		t.Fatal(err)
	}
	leave(t, cfg.Config, gone, noon())
	if token, err := publishToken(cfg.Config); err != nil || token == stale {
		t.Errorf("token %q, %v; want a new one after a crash", token, err)
	}
	leave(t, cfg.Config, os.Getpid(), noon())
	if err := forgetRun(cfg.Config); err != nil {
		t.Fatal(err)
	}
	if left := names(t, cfg.Dir); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestWhatIsNoStateFileIsNotRead(t *testing.T) {
	self := stateName(os.Getpid())
	text := func(s State) string {
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	good := State{PID: os.Getpid(), Mode: "development", App: "http://localhost:3010", Started: noon()}
	script, other := good, good
	script.App, other.PID = "javascript:alert(1)", os.Getppid()
	for name, content := range map[string]string{
		"not JSON":      "{",
		"empty":         "",
		"no URL":        text(script),
		"another's":     text(other),
		"far too large": text(good) + strings.Repeat(" ", stateBytes),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, t.TempDir(), map[string]string{".realtimectl/" + self: content})
			if s, err := ReadState(cfg.Dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("read %+v, %v; want fs.ErrNotExist", s, err)
			}
		})
	}
}

func TestFolderThatCannotBeWrittenIsSaid(t *testing.T) {
	cfg := load(t, t.TempDir(), map[string]string{".realtimectl": "a file is in the way"})
	err := writeState(cfg.Config, Info{PID: os.Getpid()}, noon())
	if err == nil || !strings.HasPrefix(err.Error(), "state file: ") {
		t.Errorf("got %v", err)
	}
}

func TestAFolderThatMayOnlyBeReadIsServed(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("SKIPPED: root may write everywhere")
	}
	dir, log := t.TempDir(), newEvents()
	cfg := load(t, dir, map[string]string{"src/index.html": "board", "realtimectl.yaml": free + "backends: { api: { run: cat } }\n"})
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	i := run(t, cfg, func(o *Options) { o.Log = slog.New(log) })
	log.wait(t, "state.not-written", 2) // the token, and where we are
	if status, body := get(t, i.App+"/"); status != http.StatusOK || body != "board" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := send(t, http.MethodPost, i.App+publishPath); status.StatusCode == http.StatusOK {
		t.Error("whoever comes may raise events")
	}
}
