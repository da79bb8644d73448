//go:build linux

package ask_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/realtimectl/realtimectl/internal/term/ask"
)

// TestMain leaves out the timer of a cursor, which ends by itself half a second later.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("charm.land/bubbles/v2/cursor.(*Model).Blink.func1"))
}

// person sits at a terminal: sees what comes, and types.
type person struct {
	t *testing.T
	ask.Asker
	hand  *os.File // the other end of the terminal
	seen  string
	modes unix.Termios
}

// sit opens a terminal of so many columns.
func sit(t *testing.T, columns uint16) *person {
	t.Helper()
	hand, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hand.Close() })
	if err := pty.Setsize(hand, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, hand: hand, Asker: ask.Asker{In: tty, Out: tty, Environ: []string{"TERM=xterm-256color"}, Plain: true}}
	p.modes = p.termios()
	return p
}

func (p *person) termios() unix.Termios {
	p.t.Helper()
	m, err := unix.IoctlGetTermios(int(p.In.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	return *m
}

// answer is how a question ended.
type answer struct {
	text string
	err  error
}

var sequence = regexp.MustCompile("\x1b(?:\\[[0-9;?>=]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[P_^][^\x1b]*\x1b\\\\|[()][A-Z0-9]|[=>78])")

// sees waits until a text is on the terminal, which may be drawn in pieces.
func (p *person) sees(text string) {
	p.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(sequence.ReplaceAllString(p.seen, ""), text) {
		if strings.Contains(p.seen, over) {
			p.t.Fatalf("the question is over: no %q in %q", text, p.seen)
		}
		n, err := p.hand.Read(buf)
		if err != nil {
			p.t.Fatalf("%v: no %q in %q", err, text, p.seen)
		}
		p.seen += string(buf[:n])
	}
}

func (p *person) types(keys string) {
	p.t.Helper()
	p.seen = ""
	if _, err := p.hand.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// hears waits for the end of a question and looks whether the terminal is as it was.
func (p *person) hears(got <-chan answer) answer {
	p.t.Helper()
	a := <-got
	if now := p.termios(); now != p.modes {
		p.t.Errorf("the terminal is left in another mode: %+v, was %+v", now, p.modes)
	}
	return a
}

// over is what stands on the terminal once a question is answered.
const over = "<over>"

func (p *person) choose(ctx context.Context, question string, options ...ask.Option) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		text, err := p.Choose(ctx, question, options)
		_, _ = p.Out.WriteString(over)
		got <- answer{text, err}
	}()
	return got
}

func (p *person) name(question, proposal string) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		text, err := p.Name(p.t.Context(), question, proposal, func(text string) error {
			if strings.ContainsAny(text, "/ ") {
				return errors.New("a name has no slash")
			}
			return nil
		})
		_, _ = p.Out.WriteString(over)
		got <- answer{text, err}
	}()
	return got
}

const down, up, enter, esc, ctrlC = "\x1b[B", "\x1b[A", "\r", "\x1b", "\x03"

func pages() []ask.Option {
	return []ask.Option{{Value: "plain", Note: "no framework, and a note that is far too long for a terminal of eighty columns to show"}, {Value: "ng", Label: "AngularJS"}, {Value: "vue"}}
}

func TestTheAnswerUnderTheCursorIsTaken(t *testing.T) {
	for keys, want := range map[string]string{
		enter: "plain", down + enter: "ng", down + down + enter: "vue", down + down + up + enter: "ng", down + down + down + down + enter: "", "zz/" + enter: "plain",
	} {
		p := sit(t, 80)
		got := p.choose(t.Context(), "Which page?", pages()...)
		p.sees("esc leave")
		p.types(keys)
		a := p.hears(got)
		if a.err != nil || want != "" && a.text != want {
			t.Errorf("%q: got %q, %v, want %q", keys, a.text, a.err, want)
		}
		p.sees("✔ Which page?")
	}
}

func TestAChosenAnswerStaysOnTheTerminalByItsLabel(t *testing.T) {
	p := sit(t, 80)
	got := p.choose(t.Context(), "Which page?", pages()...)
	p.sees("no framework, and a note")
	if strings.Contains(p.seen, "to show") {
		t.Errorf("a note is longer than the terminal is wide: %q", p.seen)
	}
	p.types(down + enter)
	p.sees("✔ Which page?  AngularJS")
	p.hears(got)
}

func TestANarrowTerminalShowsNoNotes(t *testing.T) {
	p := sit(t, 40)
	got := p.choose(t.Context(), "Which page?", pages()...)
	p.sees("esc leave")
	if strings.Contains(p.seen, "framework") {
		t.Errorf("notes on forty columns: %q", p.seen)
	}
	p.types(enter)
	p.hears(got)
}

func TestWhoLeavesGivesNoAnswer(t *testing.T) {
	for name, key := range map[string]string{"esc": esc, "ctrl-c": ctrlC} {
		p := sit(t, 80)
		got := p.choose(t.Context(), "Which page?", pages()...)
		p.sees("esc leave")
		p.types(key)
		if a := p.hears(got); !errors.Is(a.err, ask.ErrLeft) {
			t.Errorf("%s: %q, %v", name, a.text, a.err)
		}
		p = sit(t, 80)
		got = p.name("What name?", "shop")
		p.sees("esc leave")
		p.types("abc" + key)
		if a := p.hears(got); !errors.Is(a.err, ask.ErrLeft) {
			t.Errorf("%s while typing: %q, %v", name, a.text, a.err)
		}
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	p := sit(t, 80)
	why := errors.New("the program ends")
	ctx, cancel := context.WithCancelCause(t.Context())
	got := p.choose(ctx, "Which page?", pages()...)
	p.sees("esc leave")
	cancel(why)
	if a := p.hears(got); !errors.Is(a.err, why) {
		t.Errorf("got %q, %v", a.text, a.err)
	}
}

func TestANameIsTypedOrTheProposalTaken(t *testing.T) {
	for keys, want := range map[string]string{enter: "shop", "  " + "\x7f\x7f" + enter: "shop", "caf\u00e9" + enter: "caf\u00e9", "ab\x7fc" + enter: "ac"} {
		p := sit(t, 80)
		got := p.name("What name?", "shop")
		p.sees("esc leave")
		p.types(keys)
		if a := p.hears(got); a.err != nil || a.text != want {
			t.Errorf("%q: got %q, %v, want %q", keys, a.text, a.err, want)
		}
		p.sees("✔ What name?  " + want)
	}
}

func TestAWrongNameIsAskedForAgain(t *testing.T) {
	p := sit(t, 80)
	got := p.name("What name?", "shop")
	p.sees("esc leave")
	p.types("a/b" + enter)
	p.sees("a name has no slash")
	p.types("\x7f\x7fc" + enter)
	if a := p.hears(got); a.err != nil || a.text != "ac" {
		t.Errorf("got %q, %v", a.text, a.err)
	}
}

func TestOnlyAPersonAtATerminalIsAsked(t *testing.T) {
	p := sit(t, 80)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, c := range []struct {
		in, out any
		name    string
		want    bool
	}{
		{p.In, p.Out, "xterm", true},
		{p.In, p.Out, "", true},
		{p.In, p.Out, "dumb", false},
		{r, p.Out, "xterm", false},
		{p.In, w, "xterm", false},
		{strings.NewReader(""), p.Out, "xterm", false},
		{p.In, nil, "xterm", false},
	} {
		if got := ask.Possible(c.in, c.out, c.name); got != c.want {
			t.Errorf("%T, %T on %q: %t", c.in, c.out, c.name, got)
		}
	}
}
