// Package term writes what people read on a terminal: the banner, one line for each
// thing that happened, mistakes with their source, errors with a way out.
//
// # Rules of all output
//
// Everything here goes to the writer of the Printer, which is stderr: stdout is for
// data. A line is written whole, by one Write. Nothing is ever cleared or drawn over,
// but for the one line of a [Progress].
//
// A log line is its time and its message; the message says everything, in lower case
// and without a full stop. "warning:" and "error:" stand before it in words, so that
// nothing depends on colour. The attribute "hint" follows on a line of its own, and
// the attribute "diagnostics" (a [diag.List]) as mistakes with excerpts. An error that
// ends the program is "realtimectl: error: …" and, for each way out, "realtimectl:
// hint: …".
//
// Colour is used only where the terminal shows it (see [Profile]); without it not one
// escape byte is written. Text from elsewhere (file names, requests, back-ends) is
// cleaned of control characters before it is written, so that none of it can command
// the terminal.
package term

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// The formats of Options.Format.
const (
	Pretty = "pretty"
	JSON   = "json"
)

// defaultWidth is used where the terminal does not tell its width, in columns.
const defaultWidth = 80

// endless is the width of what is no terminal: nothing is broken or cut there.
const endless = 1 << 16 // columns

// Options configure a Printer. The zero value is pretty, with colour if the writer is
// a terminal that shows it.
type Options struct {
	Format  string           // Pretty (default) or JSON
	Color   string           // auto (default), always or never
	Level   slog.Leveler     // lowest level that is written; nil is slog.LevelInfo
	Environ []string         // "NAME=value" entries that choose the colours
	Width   int              // in columns; 0 asks the terminal
	Now     func() time.Time // clock of what is not a log record; nil is time.Now
	// Terminal says that the writer is a terminal although it is no *os.File.
	Terminal bool
}

// Printer writes to one writer. It may be used concurrently.
type Printer struct {
	format   string
	level    slog.Leveler
	now      func() time.Time
	width    func() int
	terminal bool
	redraws  bool // a line may be drawn over
	style    styles
	services atomic.Pointer[[]string] // the back-ends, each with its colour
	json     slog.Handler             // writes records when the format is JSON

	mu       sync.Mutex // guards what follows; held for the length of one Write
	out      io.Writer
	progress string // what a Progress shows, and
	prompt   string // what a Prompt does, which goes before it: a person is writing
}

// New returns a Printer that writes to w.
func New(w io.Writer, o Options) *Printer {
	file, isFile := w.(*os.File)
	terminal := o.Terminal || isFile && term.IsTerminal(int(file.Fd()))
	p := &Printer{
		format:   o.Format,
		level:    o.Level,
		now:      o.Now,
		width:    func() int { return o.Width },
		terminal: terminal,
		redraws:  terminal && o.Format != JSON && lookup(o.Environ)["TERM"] != "dumb",
		out:      w,
	}
	if p.level == nil {
		p.level = slog.LevelInfo
	}
	if p.now == nil {
		p.now = time.Now
	}
	if o.Width == 0 {
		p.width = func() int { return measure(file, terminal) }
	}
	profile := Profile(o.Color, o.Environ, terminal)
	if isFile && terminal && !showsEscapes(file) {
		profile = termenv.Ascii
	}
	p.style = newStyles(w, profile)
	p.json = newJSONHandler(writerFunc(p.write), p.level)
	return p
}

// Terminal reports whether the writer is a terminal.
func (p *Printer) Terminal() bool { return p.terminal }

// Services tells the back-ends in their order: each gets a colour of its own, and their
// lines begin in one column. It is called before anything is written of them, and again
// when they change.
func (p *Printer) Services(names []string) { p.services.Store(&names) }

func (p *Printer) serviceNames() []string {
	if names := p.services.Load(); names != nil {
		return *names
	}
	return nil
}

// Columns returns how much of a line is left for what a back-end prints.
func (p *Printer) Columns() int {
	name := 0
	for _, s := range p.serviceNames() {
		name = max(name, lipgloss.Width(s))
	}
	return max(p.width()-len(timeLayout)-1-name-len(" | "), defaultWidth/2)
}

// Log returns a logger whose records the Printer writes.
func (p *Printer) Log() *slog.Logger { return slog.New(p.Handler()) }

// measure returns the width of a terminal now: people resize windows.
func measure(file *os.File, terminal bool) int {
	if !terminal {
		return endless
	}
	if file == nil {
		return defaultWidth
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return defaultWidth
	}
	return width
}

// write puts out whole lines, below the line of a progress if one is shown.
func (p *Printer) write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bottom := p.bottom(); bottom != "" {
		text = []byte(erase(bottom) + string(text) + bottom)
	}
	return p.out.Write(text)
}

func (p *Printer) writeString(text string) {
	_, _ = p.write([]byte(text)) // a terminal that is gone is no reason to stop serving
}

// writerFunc lets a function be an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// styles are the few ways in which text differs. The colours are chosen to be read on
// light and dark grounds alike; the terminal is not asked which it has, because some
// answer late and into the user's next prompt.
type styles struct {
	colored                                                 bool
	name, strong, faint, link, good, soon, warn, bad, place lipgloss.Style
	services                                                []lipgloss.Style
}

func (s styles) tone(t Tone) lipgloss.Style {
	switch t {
	case Good:
		return s.good
	case Soon:
		return s.soon
	case Bad:
		return s.bad
	}
	return s.faint
}

func newStyles(w io.Writer, profile termenv.Profile) styles {
	r := lipgloss.NewRenderer(w, termenv.WithProfile(profile))
	r.SetColorProfile(profile)
	r.SetHasDarkBackground(true)
	color := func(rgb, xterm, ansi string) lipgloss.Style {
		return r.NewStyle().Foreground(lipgloss.CompleteColor{TrueColor: rgb, ANSI256: xterm, ANSI: ansi})
	}
	s := styles{
		colored: profile != termenv.Ascii,
		name:    color("#6b8e23", "106", "2").Bold(true),
		strong:  r.NewStyle().Bold(true),
		faint:   r.NewStyle().Faint(true),
		link:    color("#2a93c9", "32", "6"),
		good:    color("#3f9142", "71", "2"),
		soon:    color("#c98a00", "172", "3"),
		warn:    color("#c98a00", "172", "3").Bold(true),
		bad:     color("#d64541", "167", "1").Bold(true),
		place:   r.NewStyle().Bold(true),
	}
	for _, c := range [][3]string{
		{"#2a93c9", "32", "6"},
		{"#b06ab3", "133", "5"},
		{"#c98a00", "172", "3"},
		{"#3f9142", "71", "2"},
		{"#5b7bd5", "68", "4"},
		{"#d0637c", "168", "1"},
	} {
		s.services = append(s.services, color(c[0], c[1], c[2]))
	}
	return s
}
