package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// visitor is an official client in a process of its own, see visitor.cjs.
type visitor struct {
	t     *testing.T
	id    string // of its last connection
	stdin io.Writer
	lines chan string
}

// visit starts a client; nothing is waited for.
func visit(t *testing.T, url string, options map[string]any) *visitor {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 4*patience)
	cmd := exec.CommandContext(ctx, "node", "visitor.cjs", "client-4.8", url, string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, stdin: stdin, lines: make(chan string, 64)}
	go func() {
		defer close(v.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			v.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		defer cancel()
		_ = stdin.Close()
		for range v.lines { // until it has ended
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the client: %v", err)
		}
	})
	return v
}

// arrive is visit, and waits until the client is connected.
func arrive(t *testing.T, url string, options map[string]any) *visitor {
	t.Helper()
	v := visit(t, url, options)
	v.connected(false)
	return v
}

// next returns what the client tells next.
func (v *visitor) next() []any {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	select {
	case line, ok := <-v.lines:
		var told []any
		if err := json.Unmarshal([]byte(line), &told); !ok || err != nil {
			v.t.Fatalf("the client ended, or said %q", line)
		}
		return told
	case <-ctx.Done():
		v.t.Fatal("the client has nothing to tell")
		return nil
	}
}

// expect fails the test unless this, and nothing else, is what happens next.
func (v *visitor) expect(want ...any) {
	v.t.Helper()
	if diff := cmp.Diff(want, v.next()); diff != "" {
		v.t.Fatalf("what happened to the client (-want +got):\n%s", diff)
	}
}

// hears expects an event. What the hub adds for recovery is not looked at.
func (v *visitor) hears(want ...any) {
	v.t.Helper()
	v.expect(append([]any{"heard"}, want...)...)
}

// connected expects a connection; recovered says whether it must be the old one, with
// its id.
func (v *visitor) connected(recovered bool) {
	v.t.Helper()
	told := v.next()
	if len(told) != 3 || told[0] != "connect" || told[2] != recovered || recovered && told[1] != v.id {
		v.t.Fatalf("told %v, want a connection, recovered %v; it was %s before", told, recovered, v.id)
	}
	v.id, _ = told[1].(string)
}

// does gives the client an order.
func (v *visitor) does(order ...any) {
	v.t.Helper()
	line, err := json.Marshal(order)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := v.stdin.Write(append(line, '\n')); err != nil {
		v.t.Fatal(err)
	}
}
