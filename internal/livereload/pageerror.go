package livereload

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/realtimectl/realtimectl/internal/diag"
)

const (
	// errorsPerSecond and errorBurst keep a page that fails in a loop from filling the
	// terminal.
	errorsPerSecond = 2
	errorBurst      = 10
	// maxErrorText bounds the message of an error.
	maxErrorText = 2000 // bytes
	// maxStackText bounds what is searched for a place.
	maxStackText = 16 << 10 // bytes
	// maxPosition bounds lines and columns: no script that is served is longer.
	maxPosition = maxScript
)

// PageError is an uncaught exception or an unhandled rejection in a page.
type PageError struct {
	// Page is the URL path of the document.
	Page string
	// Diagnostic has the message and the place: in the source if the script has a source
	// map, else in the script as it is served. Its Source is "page".
	Diagnostic diag.Diagnostic
}

// errorReport is what a page says of an error.
type errorReport struct {
	Message string `json:"message"`
	Stack   string `json:"stack"`
	// URL, Line and Column say where; they are empty for a rejection.
	URL    string `json:"url"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// pageError hands a report over, unless there have been too many.
func (s *Server) pageError(p *page, report *errorReport) {
	if report == nil || s.opts.OnPageError == nil || !s.gate.Allow() {
		return
	}
	s.mu.Lock()
	doc := p.doc
	s.mu.Unlock()
	d := diag.Diagnostic{Source: "page", Message: firstLine(report.Message), Hint: fmt.Sprintf("the page %s shows it too, in the console of its developer tools", doc)}
	if at, ok := report.place(); ok {
		at = s.seen.trace(at)
		d.Path, d.Line, d.Column, d.Excerpt = at.path, at.line, at.column, at.excerpt
	}
	s.opts.OnPageError(PageError{Page: doc, Diagnostic: d})
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	if text == "" {
		return "an error without a message"
	}
	return text
}

// place is a position in a script or its source. Line and column count from 1.
type place struct {
	path         string // without the first slash
	line, column int
	excerpt      string
}

// frameAt finds the position in a line of a stack, "at f (URL:1:2)" or "f@URL:1:2".
var frameAt = regexp.MustCompile(`(https?://[^\s()]+):(\d+):(\d+)`)

// place returns where the error was thrown, if the report says so.
func (r errorReport) place() (place, bool) {
	where, line, column := r.URL, r.Line, r.Column
	if where == "" || line == 0 {
		m := frameAt.FindStringSubmatch(r.Stack[:min(len(r.Stack), maxStackText)])
		if m == nil {
			return place{}, false
		}
		where = m[1]
		line, _ = strconv.Atoi(m[2]) // the largest integer if it is too large
		column, _ = strconv.Atoi(m[3])
	}
	u, err := url.Parse(where)
	if err != nil || u.Path == "" || strings.ContainsFunc(u.Path, unicode.IsControl) {
		return place{}, false
	}
	at := place{path: relative(u.Path)}
	if 0 < line && line <= maxPosition && 0 <= column && column <= maxPosition {
		at.line, at.column = line, column
	}
	return at, true
}
