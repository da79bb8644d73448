package term

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Attributes of a log record that the pretty format understands. All others are for
// machines and appear in the JSON format alone.
const (
	// EventKey is the stable machine name of what happened: "hub.connected".
	EventKey = "event"
	// HintKey holds the way out; it gets its own line.
	HintKey = "hint"
	// ServiceKey names the back-end a line comes from; it stands before the line, and
	// the line may bring colours of its own.
	ServiceKey = "service"
	// BackendKey names the back-end that a message is about, whose name the message begins
	// with.
	BackendKey = "backend"
	// ActionKey holds the words of the message that say what was done; they are coloured,
	// and what follows them is faint.
	ActionKey = "action"
	// DiagnosticsKey holds a diag.List, printed with excerpts.
	DiagnosticsKey = "diagnostics"
)

// timeLayout is the local time before a line.
const timeLayout = "15:04:05"

// Handler returns the slog handler that writes to the Printer.
func (p *Printer) Handler() slog.Handler {
	if p.format == JSON {
		return p.json
	}
	return &handler{printer: p}
}

// handler writes records as lines for people.
type handler struct {
	printer *Printer
	attrs   []slog.Attr
	group   string // names the attributes to come; those are for machines only
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.printer.level.Level()
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if h.group != "" {
		return h
	}
	return &handler{printer: h.printer, attrs: append(slices.Clone(h.attrs), attrs...)}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{printer: h.printer, attrs: h.attrs, group: name}
}

// line is a record's part for people.
type line struct {
	service, backend, action, hint string
	diagnostics                    diag.List
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var l line
	for _, a := range h.attrs {
		l.take(a)
	}
	if h.group == "" {
		r.Attrs(func(a slog.Attr) bool {
			l.take(a)
			return true
		})
	}
	_, err := h.printer.write([]byte(h.printer.recordLines(r, l)))
	return err
}

func (l *line) take(a slog.Attr) {
	switch a.Key {
	case ServiceKey:
		l.service = a.Value.String()
	case BackendKey:
		l.backend = a.Value.String()
	case ActionKey:
		l.action = a.Value.String()
	case HintKey:
		l.hint = a.Value.String()
	case DiagnosticsKey:
		if list, ok := a.Value.Any().(diag.List); ok {
			l.diagnostics = list
		}
	}
}

// recordLines returns the lines of one record.
func (p *Printer) recordLines(r slog.Record, l line) string {
	var b strings.Builder
	if !r.Time.IsZero() {
		b.WriteString(p.style.faint.Render(r.Time.Format(timeLayout)) + " ")
	}
	message := r.Message
	if l.service != "" {
		b.WriteString(p.service(l.service) + p.style.faint.Render(" | "))
	} else if rest, ok := strings.CutPrefix(message, l.backend); ok && l.backend != "" {
		b.WriteString(p.service(l.backend) + "   ")
		message = strings.TrimLeft(rest, ": ")
	}
	if r.Level != slog.LevelInfo {
		l.action = "" // the level colours the line
	}
	text := p.leveled(r.Level, p.message(message, l))
	if l.service == "" {
		text = p.wrapped(text, lipgloss.Width(b.String()))
	}
	b.WriteString(text + "\n")
	for _, d := range l.diagnostics[:min(len(l.diagnostics), maxDiagnostics)] {
		b.WriteString(indent(p.diagnostic(d), "  "))
	}
	if more := len(l.diagnostics) - maxDiagnostics; more > 0 {
		b.WriteString(p.more(more))
	}
	if l.hint != "" {
		column := len(timeLayout) + 1
		b.WriteString(strings.Repeat(" ", column) + p.wrapped(p.style.faint.Render("hint:")+" "+Clean(l.hint), column) + "\n")
	}
	return b.String()
}

func (p *Printer) message(text string, l line) string {
	switch {
	case l.service != "" && p.style.colored:
		return cleanColored(text)
	case l.service != "":
		return withoutColor(text)
	case l.action != "":
		return p.done(Clean(text), Clean(l.action))
	}
	return Clean(text)
}

// done shows what was done at a glance.
func (p *Printer) done(text, action string) string {
	before, after, ok := strings.Cut(text, "  "+action)
	if !ok {
		return text
	}
	return before + "  " + p.style.good.Render(action) + p.style.faint.Render(after)
}

func (p *Printer) leveled(level slog.Level, text string) string {
	switch {
	case level >= slog.LevelError:
		return p.style.bad.Render("error:") + " " + text
	case level >= slog.LevelWarn:
		return p.style.warn.Render("warning:") + " " + text
	case level < slog.LevelInfo:
		return p.style.faint.Render(text)
	}
	return text
}

// service returns a back-end's name, in the colour that it always has, padded so that
// the lines of all begin in one column.
func (p *Printer) service(name string) string {
	width, at := 0, 0
	for i, s := range p.serviceNames() {
		width = max(width, lipgloss.Width(s))
		if s == name {
			at = i
		}
	}
	return p.style.services[at%len(p.style.services)].Render(pad(Clean(name), width))
}

// newJSONHandler writes one JSON object a line: time, level in small letters, msg,
// event, and the rest.
func newJSONHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if list, ok := a.Value.Any().(diag.List); ok {
				// slog would write the text of an error; the values say more.
				return slog.Any(a.Key, []diag.Diagnostic(list))
			}
			if len(groups) == 0 && a.Key == slog.LevelKey {
				return slog.String(slog.LevelKey, strings.ToLower(a.Value.String()))
			}
			return a
		},
	})
}
