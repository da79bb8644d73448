package config

import (
	"fmt"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// OriginKind says which kind of source gave a key its value.
type OriginKind string

// The sources, in rising order of weight.
const (
	FromDefault     OriginKind = "default"
	FromProject     OriginKind = "project"
	FromFile        OriginKind = "file"
	FromEnvironment OriginKind = "environment"
	FromFlag        OriginKind = "flag"
)

// Origin is where the value of a key came from.
type Origin struct {
	Kind OriginKind `json:"kind"`
	// Where is the place: "realtimectl.yaml:3", ".bowerrc", "NODE_ENV", "--open"; "" for a default.
	Where string `json:"where,omitempty"`
}

// String returns the place, or "default".
func (o Origin) String() string {
	if o.Where == "" {
		return string(o.Kind)
	}
	return o.Where
}

// sources remembers where values came from.
type sources struct {
	file      string              // as messages name it; "" without a file
	text      []byte              // of the file
	positions map[string]position // of the keys that the file holds
	origins   map[string]Origin   // of the keys that something else than the file set
}

func newSources() sources {
	return sources{positions: map[string]position{}, origins: map[string]Origin{}}
}

// Origin returns where the value of a key came from.
func (c *Config) Origin(key string) Origin {
	o, set := c.sources.origins[key]
	if set && o.Kind != FromProject {
		return o
	}
	if at, ok := c.sources.positions[key]; ok {
		return Origin{FromFile, fmt.Sprintf("%s:%d", c.sources.file, at.line)}
	}
	if set {
		return o
	}
	return Origin{Kind: FromDefault}
}

// Given reports whether anything but a default or a detection set the key.
func (c *Config) Given(key string) bool {
	kind := c.Origin(key).Kind
	return kind != FromDefault && kind != FromProject
}

// Diagnostic returns an error about the value of a key: with its line and excerpt if
// the file gave it, else naming the flag or variable that did. The key may be one
// inside a list ("hub.relays[2].to"); if the file does not hold it, the nearest key
// around it that the file does hold is shown.
func (c *Config) Diagnostic(key, message, hint string) diag.Diagnostic {
	if o := c.Origin(key); o.Kind == FromFlag || o.Kind == FromEnvironment {
		return diag.Diagnostic{Severity: diag.Error, Source: source, Message: o.Where + ": " + message, Hint: hint}
	}
	for at := key; at != ""; at = parent(at) {
		if p, ok := c.sources.positions[at]; ok {
			return c.sources.located(&mistake{at: p, message: key + ": " + message, hint: hint})
		}
	}
	return diag.Diagnostic{Severity: diag.Error, Source: source, Message: key + ": " + message, Hint: hint}
}

// parent takes the last step off a key: "a.b[2].c" → "a.b[2]" → "a.b" → "a" → "".
func parent(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}

func (c *Config) warn(key, message, hint string) {
	d := diag.Diagnostic{Source: source, Message: message, Hint: hint}
	if key != "" {
		d = c.Diagnostic(key, message, hint)
	}
	d.Severity = diag.Warning
	c.Warnings = append(c.Warnings, d)
}

func (s *sources) located(m *mistake) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error,
		Source:   source,
		Path:     s.file,
		Line:     m.at.line,
		Column:   m.at.column,
		Message:  m.message,
		Excerpt:  diag.Excerpt(s.text, m.at.line, m.at.column),
		Hint:     m.hint,
	}
}
