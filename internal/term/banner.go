package term

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
)

// Banner is what stands on the terminal once everything is up.
type Banner struct {
	Version string
	Took    time.Duration // from the start of the program to the last listener
	Mode    string
	Project string
	Rows    []Row
	Notes   []string // said because the user should know, one a line
	Footer  []string // parts of the last line
	// Attrs are the attributes of the record "server.ready" in the JSON format.
	Attrs []slog.Attr
}

// Row is one address, or a server beside ours.
type Row struct {
	Label string // "App"
	Value string // "http://localhost:3000"
	// Status says how it is: "healthy 312 ms"; "" where there is nothing to say.
	Status string
	Tone   Tone   // of the status
	Note   string // "live reload"
}

// Tone is the colour of a status, which the words say too.
type Tone int

// The tones.
const (
	Calm Tone = iota // nothing to look at
	Good
	Soon // not yet
	Bad
)

// narrow is the width below which notes go under their address, in columns.
const narrow = 72

// Banner writes the banner; in the JSON format one record of the event "server.ready".
func (p *Printer) Banner(b Banner) {
	if p.format == JSON {
		p.bannerRecord(b)
		return
	}
	p.writeString("\n" + p.headline(b) + "\n\n" + p.rows(b.Rows) + p.remarks(b) + "\n")
}

func (p *Printer) bannerRecord(b Banner) {
	attrs := []any{slog.String(EventKey, "server.ready"), slog.Int64("took_ms", b.Took.Milliseconds())}
	for _, a := range b.Attrs {
		attrs = append(attrs, a)
	}
	p.Log().Info("ready in "+Took(b.Took), attrs...)
}

func (p *Printer) headline(b Banner) string {
	left := "  " + p.style.name.Render("realtimectl") + " " + Clean(b.Version) + "  " + p.style.strong.Render("ready in "+Took(b.Took))
	right := p.style.faint.Render(Clean(b.Mode + " · " + b.Project))
	gap := min(p.width(), defaultWidth) - lipgloss.Width(left) - lipgloss.Width(right)
	if gap < 2 {
		return left + "\n  " + right
	}
	return left + strings.Repeat(" ", gap) + right
}

// rows aligns labels, addresses and what stands behind them; on a narrow terminal that
// has a line of its own. A note is cut where the line ends.
func (p *Printer) rows(rows []Row) string {
	label, value, status := widths(rows)
	wide := p.width() >= narrow && 2+label+2+value+2+status+minNote <= p.width()
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("  " + p.style.strong.Render(pad(Clean(r.Label), label)) + "  " + p.style.link.Render(Clean(r.Value)))
		column := 2 + label + 2
		if wide {
			column += value + 2
		}
		rest := p.remark(r, status, p.width()-column)
		switch {
		case rest == "":
		case wide:
			b.WriteString(strings.Repeat(" ", value-lipgloss.Width(Clean(r.Value))+2) + rest)
		case r.Value == "":
			b.WriteString(rest)
		default:
			b.WriteString("\n" + strings.Repeat(" ", column) + rest)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// minNote is the space that a note needs to say anything, in columns.
const minNote = 16

// widths are those of the columns; an address with nothing behind it may stick out.
func widths(rows []Row) (label, value, status int) {
	for _, r := range rows {
		label = max(label, lipgloss.Width(Clean(r.Label)))
		if r.Status != "" || r.Note != "" {
			value = max(value, lipgloss.Width(Clean(r.Value)))
		}
		if r.Status != "" {
			status = max(status, lipgloss.Width(Clean(r.Status))+2)
		}
	}
	return label, value, status
}

// remark is what stands behind an address: how it is, and what is to be known of it.
func (p *Printer) remark(r Row, status, columns int) string {
	text := ""
	if r.Status != "" {
		text = p.style.tone(r.Tone).Render(cut(Clean(r.Status), columns))
	}
	if r.Note == "" {
		return text
	}
	if r.Status != "" {
		gap := max(2, status-lipgloss.Width(Clean(r.Status)))
		text += strings.Repeat(" ", gap)
		columns -= lipgloss.Width(Clean(r.Status)) + gap
	}
	return text + p.style.faint.Render(shortened(Clean(r.Note), columns))
}

// shortened cuts text to a number of columns and says that it did.
func shortened(text string, columns int) string {
	if lipgloss.Width(text) <= columns {
		return text
	}
	return strings.TrimRight(cut(text, columns-1), " ") + "…"
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

func (p *Printer) remarks(b Banner) string {
	var out strings.Builder
	if len(b.Notes) > 0 {
		out.WriteString("\n")
	}
	for _, n := range b.Notes {
		out.WriteString("  " + p.wrapped(p.style.warn.Render("note:")+" "+Clean(n), 2) + "\n")
	}
	if len(b.Footer) > 0 {
		out.WriteString("\n")
		for _, line := range folded(b.Footer, " · ", p.width()-2) {
			out.WriteString("  " + p.style.faint.Render(line) + "\n")
		}
	}
	return out.String()
}

// wrapped breaks text that begins in a column between words, so that it stays in that
// column. Only a terminal has an end of the line.
func (p *Printer) wrapped(text string, column int) string {
	room := p.width() - column
	if room < minNote || lipgloss.Width(text) <= room {
		return text
	}
	var b strings.Builder
	for i, row := range strings.Split(lipgloss.NewStyle().Width(room).Render(text), "\n") {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", column))
		}
		b.WriteString(strings.TrimRight(row, " "))
	}
	return b.String()
}

// folded joins parts to lines of at most so many columns; a part is never cut.
func folded(parts []string, by string, columns int) []string {
	var lines []string
	for _, part := range parts {
		part = Clean(part)
		last := len(lines) - 1
		if last >= 0 && lipgloss.Width(lines[last]+by+part) <= columns {
			lines[last] += by + part
			continue
		}
		lines = append(lines, part)
	}
	return lines
}

// Took returns a duration for people: "84 ms", "1.3 s", "2 m 5 s".
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d m %d s", int(d.Minutes()), int(d.Seconds())%60)
}
