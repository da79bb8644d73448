package term

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// maxDiagnostics bounds how many mistakes are shown at once: the first ones matter,
// and the rest would push them off the screen.
const maxDiagnostics = 20

// program begins every line that ends the program.
const program = "realtimectl: "

// Error writes an error that ends the program, and the ways out. A [diag.List] inside
// is written as its mistakes, each with its excerpt and its own hint.
func (p *Printer) Error(err error, hints ...string) {
	if p.format == JSON {
		p.errorRecord(err, hints)
		return
	}
	var b strings.Builder
	var list diag.List
	if errors.As(err, &list) {
		b.WriteString(p.mistakes(list))
	} else {
		b.WriteString(program + p.style.bad.Render("error:") + " " + Clean(err.Error()) + "\n")
	}
	for _, h := range hints {
		b.WriteString(program + p.style.faint.Render("hint:") + " " + Clean(h) + "\n")
	}
	p.writeString(b.String())
}

// errorRecord is Error for the JSON format: one record of the event "program.failed".
func (p *Printer) errorRecord(err error, hints []string) {
	attrs := []any{slog.String(EventKey, "program.failed")}
	if len(hints) > 0 {
		attrs = append(attrs, slog.String(HintKey, strings.Join(hints, "; ")))
	}
	var list diag.List
	if errors.As(err, &list) {
		attrs = append(attrs, slog.Any(DiagnosticsKey, list))
	}
	p.Log().Error(err.Error(), attrs...)
}

// Diagnostics writes mistakes and warnings that do not end the program.
func (p *Printer) Diagnostics(list diag.List) {
	if len(list) == 0 {
		return
	}
	if p.format == JSON {
		p.Log().Warn(list.Error(), slog.String(EventKey, "config.warning"), slog.Any(DiagnosticsKey, list))
		return
	}
	p.writeString(p.mistakes(list))
}

// mistakes returns each with the program's name before it.
func (p *Printer) mistakes(list diag.List) string {
	var b strings.Builder
	for _, d := range list[:min(len(list), maxDiagnostics)] {
		b.WriteString(program + p.diagnostic(d))
	}
	if more := len(list) - maxDiagnostics; more > 0 {
		b.WriteString(p.more(more))
	}
	return b.String()
}

func (p *Printer) more(n int) string {
	return p.style.faint.Render(fmt.Sprintf("  and %d more", n)) + "\n"
}

// diagnostic returns the lines of one mistake: what and where, the source, the way out.
func (p *Printer) diagnostic(d diag.Diagnostic) string {
	var b strings.Builder
	word := p.style.bad.Render("error:")
	if d.Severity == diag.Warning {
		word = p.style.warn.Render("warning:")
	}
	b.WriteString(word + " ")
	if at := d.Position(); at != "" {
		b.WriteString(p.style.place.Render(Clean(at)) + ": ")
	}
	b.WriteString(Clean(d.Message) + "\n")
	if d.Excerpt != "" {
		b.WriteString(p.excerpt(d.Excerpt))
	}
	if d.Hint != "" {
		b.WriteString("  " + p.style.faint.Render("hint:") + " " + Clean(d.Hint) + "\n")
	}
	return b.String()
}

// excerpt shows the line at fault bright and its neighbours faint.
func (p *Printer) excerpt(text string) string {
	var b strings.Builder
	for row := range strings.SplitSeq(text, "\n") {
		row = shortened(Clean(row), p.width()-4) // broken in two it would hide what the mark points at
		switch {
		case strings.HasPrefix(row, ">"):
			row = p.style.bad.Render(">") + row[1:]
		case strings.HasSuffix(row, "^") && strings.Contains(row, "|"):
			row = p.style.bad.Render(row)
		default:
			row = p.style.faint.Render(row)
		}
		b.WriteString("  " + strings.TrimRight(row, " ") + "\n")
	}
	return b.String()
}

func indent(text, by string) string {
	var b strings.Builder
	for row := range strings.Lines(text) {
		b.WriteString(by + row)
	}
	return b.String()
}
