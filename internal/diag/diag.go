// Package diag holds the one form in which a mistake in a user's file is told.
//
// Whatever reads the user's files (the configuration, the pipeline) returns
// diagnostics; the terminal, the browser overlay and --json output show the same
// values. The package imports nothing of this project, so every part may use it.
package diag

import (
	"fmt"
	"strings"
)

// Severity says whether a diagnostic stops the work it belongs to.
type Severity string

// The two severities. The zero value counts as Error.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diagnostic is one mistake, located as well as it can be.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Source names the part that found it: "config", "styles", "scripts".
	Source string `json:"source,omitempty"`
	// Path is relative to the project folder, with '/' separators; empty when unknown.
	Path string `json:"path,omitempty"`
	// Line and Column count from 1; the column counts characters, not bytes; 0 means unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Message is one lower-case sentence without a full stop.
	Message string `json:"message"`
	// Excerpt is the source around the place, made by [Excerpt]; plain text, no colour.
	Excerpt string `json:"excerpt,omitempty"`
	// Hint names the way out; empty when there is none to name.
	Hint string `json:"hint,omitempty"`
}

// Position returns "path:line:column" with the unknown parts left out.
func (d Diagnostic) Position() string {
	switch {
	case d.Path == "":
		return ""
	case d.Line == 0:
		return d.Path
	case d.Column == 0:
		return fmt.Sprintf("%s:%d", d.Path, d.Line)
	}
	return fmt.Sprintf("%s:%d:%d", d.Path, d.Line, d.Column)
}

// Error returns "path:line:column: message" on one line, without excerpt and hint.
func (d Diagnostic) Error() string {
	if p := d.Position(); p != "" {
		return p + ": " + d.Message
	}
	return d.Message
}

// List is several diagnostics as one error, in the order they should be read.
type List []Diagnostic

// Error returns one line for each diagnostic.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the list as an error, or nil when it holds nothing that is an error.
func (l List) Err() error {
	for _, d := range l {
		if d.Severity != Warning {
			return l
		}
	}
	return nil
}
