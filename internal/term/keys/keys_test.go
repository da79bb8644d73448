//go:build linux

package keys

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// TestMain runs the helper program in place of the tests when it is asked for: only a
// program that owns its terminal can be tried, and a test owns none.
func TestMain(m *testing.M) {
	if os.Getenv("KEYS_HELPER") != "" {
		os.Exit(helper())
	}
	goleak.VerifyTestMain(m)
}

// helper prints what each key does, until q.
func helper() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	say := func(text string) func() {
		return func() { _, _ = os.Stdout.WriteString(text + "\n") }
	}
	actions := []Action{{'h', "help", say("help")}, {'o', "open", say("open")}, {'é', "accent", say("accent")}, {Esc, "leave", say("leave")}, {'q', "quit", cancel}}
	press := func(key rune) {
		if do, ok := Find(actions, key); ok {
			do()
		}
	}
	say("ready")()
	if err := Listen(ctx, os.Stdin, press); err != nil {
		say("error: " + err.Error())()
		return 1
	}
	say("end")()
	return 0
}

// console starts the helper on a terminal of its own.
func console(t *testing.T) (*os.File, *exec.Cmd, *lines) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KEYS_HELPER=1")
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	return master, cmd, &lines{t: t, file: master}
}

// lines reads what the helper prints.
type lines struct {
	t    *testing.T
	file *os.File
	rest string
}

func (l *lines) next() string {
	l.t.Helper()
	for {
		if line, rest, ok := strings.Cut(l.rest, "\r\n"); ok {
			l.rest = rest
			return line
		}
		buf := make([]byte, 256)
		n, err := l.file.Read(buf)
		if err != nil {
			l.t.Fatalf("read after %q: %v", l.rest, err)
		}
		l.rest += string(buf[:n])
	}
}

func press(t *testing.T, master *os.File, keys string) {
	t.Helper()
	if _, err := master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// listening waits until the helper has set its terminal: what is typed before is echoed.
func listening(t *testing.T, master *os.File) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for localFlags(t, master)&unix.ICANON != 0 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the helper never listened")
		}
	}
}

func localFlags(t *testing.T, f *os.File) uint32 {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	return s.Lflag
}

func TestKeysWorkWithoutEnterAndTheTerminalIsPutBack(t *testing.T) {
	master, cmd, out := console(t)
	before := localFlags(t, master)
	got := []string{out.next()}
	listening(t, master)
	press(t, master, "h")
	got = append(got, out.next())
	press(t, master, "\n\x1b[A\x1bOqo") // Enter and arrows do nothing, whatever their letters are
	got = append(got, out.next())
	press(t, master, "\x1b") // Esc alone is a key
	got = append(got, out.next())
	press(t, master, "\xc3") // half a character waits for its rest
	press(t, master, "\xa9")
	got = append(got, out.next())
	press(t, master, "q")
	got = append(got, out.next())
	if diff := cmp.Diff([]string{"ready", "help", "open", "leave", "accent", "end"}, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if after := localFlags(t, master); after != before {
		t.Errorf("local flags %b, before %b", after, before)
	}
}

func TestCtrlCStaysASignal(t *testing.T) {
	master, cmd, out := console(t)
	out.next()
	listening(t, master)
	press(t, master, "\x03")
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("got %v, want an end by SIGINT", err)
	}
}

func TestWithoutATerminalThereAreNoKeys(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	if err := Listen(t.Context(), r, nil); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("a pipe: %v", err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(master.Close(), slave.Close()) }()
	if err := Listen(t.Context(), slave, nil); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("a terminal that is not ours: %v", err)
	}
}

func TestALineIsWrittenKeyByKey(t *testing.T) {
	tests := map[string]string{
		"abc\n":              "abc",
		"abd\x7fc\n":         "abc",
		"\x7fé\x7f日\n":       "日",
		"one two\x17three\n": "one three",
		"one two  \x17\n":    "one ",
		"one\x15two\n":       "two",
		"a\x1b\x01b\n":       "ab",
		"\n":                 "",
	}
	for typed, want := range tests {
		var l Line
		got, done := "", false
		for _, key := range typed {
			got, done = l.Press(key)
		}
		if got != want || !done || l.String() != "" {
			t.Errorf("%q: %q, %v, left %q", typed, got, done, l.String())
		}
	}
}

func TestLinesOfAPipeAreHandedOnUntilItsEnd(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("one\ntwo\nthe last"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := Lines(t.Context(), r, func(line string) { got = append(got, line) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "two", "the last"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinesEndWithTheContext(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := w.WriteString("one\ntw"); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = Lines(ctx, r, func(line string) { got = append(got, line); cancel() })
	if diff := cmp.Diff([]string{"one"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
