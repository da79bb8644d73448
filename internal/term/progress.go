package term

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
)

// progressAfter is how long work may take before the terminal says what is going on:
// anything shorter would only flicker.
const progressAfter = 500 * time.Millisecond

// progressEvery is the time between two pictures of the progress line.
const progressEvery = 100 * time.Millisecond

// erase covers a line with spaces: it works where escape sequences do not.
func erase(text string) string {
	if text == "" {
		return ""
	}
	return "\r" + strings.Repeat(" ", lipgloss.Width(text)) + "\r"
}

// Progress is one line that shows what is going on. It appears only on a terminal that
// is not dumb, only after half a second, and leaves nothing behind.
type Progress struct {
	printer *Printer
	stage   chan string
	ended   chan struct{}
}

// Progress starts a progress line, until ctx is done or Done is called.
func (p *Printer) Progress(ctx context.Context, stage string) *Progress {
	g := &Progress{printer: p, stage: make(chan string), ended: make(chan struct{})}
	ctx, cancel := context.WithCancel(ctx)
	stop := g.stage
	go func() {
		defer close(g.ended)
		defer cancel()
		g.run(ctx, stage, stop)
	}()
	return g
}

// Set says what is going on now.
func (g *Progress) Set(stage string) {
	select {
	case g.stage <- stage:
	case <-g.ended:
	}
}

// Done removes the line. It must be called once; Set must not be called after it.
func (g *Progress) Done() {
	close(g.stage)
	<-g.ended
}

func (g *Progress) run(ctx context.Context, stage string, next <-chan string) {
	defer g.show("")
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	for turn := 0; ; {
		select {
		case <-ctx.Done():
			return
		case s, open := <-next:
			if !open {
				return
			}
			stage = s
		case <-wait.C:
			wait.Reset(progressEvery)
			if g.printer.redraws {
				g.show(g.printer.style.name.Render(spinner(turn)) + " " + cut(Clean(stage), g.printer.width()-4))
			}
			turn++
		}
	}
}

// spinner returns one of four pictures that every terminal has.
func spinner(turn int) string {
	return string(`|/-\`[turn%4])
}

// cut shortens text to a number of columns, so that it never wraps: a wrapped line
// cannot be erased.
func cut(text string, columns int) string {
	runes := []rune(text)
	for len(runes) > 0 && lipgloss.Width(string(runes)) > columns {
		runes = runes[:len(runes)-1]
	}
	return string(runes)
}

func (g *Progress) show(text string) { g.printer.atBottom(&g.printer.progress, text) }

// Prompt shows the line that a person is writing, below all that is printed meanwhile;
// of a long one the end. It is shown until the next call, or until EndPrompt.
func (p *Printer) Prompt(label, text string) {
	label = Clean(label)
	room := max(p.width()-lipgloss.Width(label)-4, minNote)
	text = Clean(text)
	for lipgloss.Width(text) > room {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	p.atBottom(&p.prompt, p.style.name.Render(label)+" "+p.style.strong.Render(">")+" "+text)
}

// EndPrompt takes the line of Prompt away.
func (p *Printer) EndPrompt() { p.atBottom(&p.prompt, "") }

// bottom is the line that stands below everything; mu is held.
func (p *Printer) bottom() string { return cmp.Or(p.prompt, p.progress) }

// atBottom changes one of the two lines that may stand below everything, and shows the
// one that does.
func (p *Printer) atBottom(line *string, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.bottom()
	*line = text
	if now := p.bottom(); now != was {
		_, _ = p.out.Write([]byte(erase(was) + now)) // a terminal that is gone is no reason to fail
	}
}
