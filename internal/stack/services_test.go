package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/config"
)

// roleVar makes the test binary one of the programs that the tests run.
const roleVar = "STACK_TEST_ROLE"

// playAPI is a back-end that says who it is, and crashes when asked to.
func playAPI() {
	http.HandleFunc("/api/who", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	http.HandleFunc("/api/crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	fmt.Println("\x1b[32mup\x1b[0m")
	fmt.Println(http.ListenAndServe("localhost:"+os.Getenv("PORT"), nil))
	os.Exit(1)
}

// playStack serves the project in the working directory until it is killed.
func playStack() {
	environ := append(os.Environ(), roleVar+"=api")
	if err := os.Setenv(roleVar, "api"); err != nil {
		panic(err)
	}
	cfg, err := Load(config.Options{Dir: ".", Environ: environ})
	if err == nil {
		err = Run(context.Background(), Options{
			Project: cfg, Log: slog.New(slog.NewTextHandler(os.Stdout, nil)),
			Ready: func(i Info) { fmt.Println("app", i.App) },
		})
	}
	fmt.Println(err)
	os.Exit(1)
}

// apiProject is a project with this test binary as its API.
func apiProject(t *testing.T, more string) map[string]string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"src/index.html": "<!doctype html>",
		"api/code.txt":   "one",
		"realtimectl.yaml": free + fmt.Sprintf(`backends:
  api:
    run: "exec '%s' # $PORT"
    dir: api
    path: /api
    health: /api/who
    watch: [ "*.txt" ]
    env: { %s: api }
%s`, exe, roleVar, more),
	}
}

// events collects the log by event name and lets a test wait for one.
type events struct {
	slog.Handler
	mu    sync.Mutex
	seen  map[string][]string
	grown chan struct{}
}

func newEvents() *events {
	return &events{Handler: slog.DiscardHandler, seen: map[string][]string{}, grown: make(chan struct{})}
}

func (e *events) Enabled(context.Context, slog.Level) bool { return true }

func (e *events) Handle(_ context.Context, r slog.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "event" {
			e.seen[a.Value.String()] = append(e.seen[a.Value.String()], r.Message)
		}
		return true
	})
	close(e.grown)
	e.grown = make(chan struct{})
	return nil
}

// wait returns the n-th message of an event, counted from 1.
func (e *events) wait(t *testing.T, event string, n int) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		e.mu.Lock()
		messages, grown := e.seen[event], e.grown
		e.mu.Unlock()
		if len(messages) >= n {
			return messages[n-1]
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("%s did not come %d times; there was %v", event, n, e.seen)
		}
	}
}

func TestACommandAnswersUnderItsPathAndIsRestarted(t *testing.T) {
	dir, log := t.TempDir(), newEvents()
	i := run(t, load(t, dir, apiProject(t, "")), func(o *Options) { o.Log = slog.New(log) })
	status, first := get(t, i.Proxy+"/api/who") // held until it is up
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, first)
	}
	if got := log.wait(t, "backend.healthy", 1); !strings.HasPrefix(got, "api healthy ") {
		t.Errorf("said %q", got)
	}
	if got := log.wait(t, "backend.output", 1); got != "\x1b[32mup\x1b[0m" {
		t.Errorf("printed %q", got)
	}

	// A POST: net/http sends a GET again, which would crash the next one, too.
	resp, err := http.Post(i.App+"/api/crash", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	log.wait(t, "backend.exited", 1)
	status, second := get(t, i.App+"/api/who")
	if status != http.StatusOK || second == first {
		t.Errorf("after a crash: %d %s", status, second)
	}

	log.wait(t, "backend.healthy", 2)
	if err := os.WriteFile(filepath.Join(dir, "api", "code.txt"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := log.wait(t, "backend.restarted", 1); got != "txt   api/code.txt  api restarts" {
		t.Errorf("said %q", got)
	}
	log.wait(t, "backend.healthy", 3)
	if status, third := get(t, i.App+"/api/who"); status != http.StatusOK || third == second {
		t.Errorf("after a change: %d %s", status, third)
	}
}

func TestAWorkerTakesNoRequests(t *testing.T) {
	log := newEvents()
	i := run(t, load(t, t.TempDir(), map[string]string{
		"src/index.html":   "<!doctype html><title>board",
		"realtimectl.yaml": free + "backends: { queue: { run: 'echo working; cat' } }\n",
	}), func(o *Options) { o.Log = slog.New(log) })
	log.wait(t, "backend.output", 1)
	if status, body := get(t, i.App+"/"); status != http.StatusOK || !strings.Contains(body, "board") {
		t.Errorf("%d %s", status, body)
	}
}

func TestABackendThatDoesNotComeUpEndsTheStack(t *testing.T) {
	cfg := load(t, t.TempDir(), map[string]string{
		"src/index.html":   "<!doctype html>",
		"realtimectl.yaml": free + "backends: { api: { run: 'echo no database; exit 7', restart: never, path: /api, health: tcp } }\n",
	})
	err := Run(t.Context(), Options{Project: cfg, Log: slog.New(slog.DiscardHandler)})
	failed, ok := errors.AsType[*BackendError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	got := []string{failed.Name, failed.Error(), strings.Join(failed.Lines, "|")}
	want := []string{"api", "back-end api did not become healthy: exited with status 7", "no database"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
