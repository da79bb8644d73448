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

// Row is one address.
type Row struct {
	Label string // "App"
	Value string // "http://localhost:3000"
	Note  string // "live reload"
}

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

// rows aligns labels and addresses; on a narrow terminal each note has its own line.
func (p *Printer) rows(rows []Row) string {
	label, value := 0, 0
	for _, r := range rows {
		label, value = max(label, lipgloss.Width(Clean(r.Label))), max(value, lipgloss.Width(Clean(r.Value)))
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("  " + p.style.strong.Render(pad(Clean(r.Label), label)) + "  ")
		note := p.style.faint.Render(Clean(r.Note))
		switch {
		case r.Note == "":
			b.WriteString(p.style.link.Render(Clean(r.Value)) + "\n")
		case p.width() < narrow:
			b.WriteString(p.style.link.Render(Clean(r.Value)) + "\n" + strings.Repeat(" ", label+4) + note + "\n")
		default:
			b.WriteString(p.style.link.Render(Clean(r.Value)) + strings.Repeat(" ", value-lipgloss.Width(Clean(r.Value))+2) + note + "\n")
		}
	}
	return b.String()
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
		out.WriteString("  " + p.style.warn.Render("note:") + " " + Clean(n) + "\n")
	}
	if len(b.Footer) > 0 {
		out.WriteString("\n")
		for _, line := range folded(b.Footer, " · ", p.width()-2) {
			out.WriteString("  " + p.style.faint.Render(line) + "\n")
		}
	}
	return out.String()
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
