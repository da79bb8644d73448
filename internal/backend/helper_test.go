//go:build !windows

package backend_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/backend"
)

// record keeps what a group says, and lets a test wait for it.
type record struct {
	mu     sync.Mutex
	grown  chan struct{}
	events []string // "api: line" for output, "api = phase" for states
	states map[string]backend.State
}

func newRecord() *record {
	return &record{grown: make(chan struct{}), states: map[string]backend.State{}}
}

func (r *record) add(event string) {
	r.events = append(r.events, event)
	close(r.grown)
	r.grown = make(chan struct{})
}

func (r *record) output(name, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(name + ": " + line)
}

func (r *record) state(s backend.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.states[s.Name].Phase != s.Phase {
		r.add(s.Name + " = " + string(s.Phase))
	}
	r.states[s.Name] = s
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// wait returns the first event that matches, from the n-th on, and its index.
func (r *record) wait(t *testing.T, from int, pattern string) (string, int) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(limit)
	for {
		r.mu.Lock()
		events, grown := r.events, r.grown
		r.mu.Unlock()
		for i := from; i < len(events); i++ {
			if re.MatchString(events[i]) {
				return events[i], i
			}
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("%q did not come; there was:\n%s", pattern, strings.Join(events, "\n"))
		}
	}
}

// running is a group under test.
type running struct {
	*backend.Group
	*record
	log  *bytes.Buffer // to be read after stop
	stop func()        // ends the group and waits for it
	quit context.CancelFunc
}

func start(t *testing.T, o backend.Options) *running {
	t.Helper()
	r := &running{record: newRecord(), log: &bytes.Buffer{}}
	o.Supervisor = self(t)
	o.Output, o.OnState = r.output, r.state
	o.Log = slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	if r.Group, err = backend.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r.quit = cancel
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// program is a service that runs this test binary in a role.
func program(t *testing.T, name, role string) backend.Service {
	return backend.Service{
		Name: name, Run: "exec '" + self(t) + "' # on $PORT",
		Env: map[string]string{roleVar: role},
	}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func mustBeReady(t *testing.T, r *running) {
	t.Helper()
	if err := r.Ready(within(t)); err != nil {
		t.Fatalf("%v; there was:\n%s", err, strings.Join(r.all(), "\n"))
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fifo makes a named pipe. Every process that has it open holds it; gone waits until
// none does any more.
func fifo(t *testing.T) (path string, gone func()) {
	t.Helper()
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("SKIPPED: no setsid to detach a process with")
	}
	path = filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		f, err := os.Open(path) // until somebody holds it
		if err == nil {
			_, err = io.Copy(io.Discard, f)
			err = errors.Join(err, f.Close())
		}
		ended <- err
	}()
	return path, func() {
		t.Helper()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(limit):
			out, _ := exec.Command("ps", "-ef", "--forest").Output()
			t.Fatalf("a process is left:\n%s", out)
		}
	}
}
