package relay

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxCaptures bounds the wildcards of one pattern; $1 to $9 name them.
const maxCaptures = 9

// captures holds what the wildcards of a pattern took, in their order.
type captures [maxCaptures]string

// pattern matches event and room names, segment by segment.
type pattern struct {
	text     string
	prefix   string // what every match begins with: most misses end here
	segments []string
	wild     int // number of wildcards
}

func parsePattern(text string) (*pattern, error) {
	p := &pattern{text: text, segments: strings.Split(text, ":")}
	for i, segment := range p.segments {
		switch {
		case segment == "**" && i < len(p.segments)-1:
			return nil, errors.New("\"**\" takes the rest and must be the last segment")
		case segment == "*" || segment == "**":
			p.wild++
		case strings.Contains(segment, "*"):
			return nil, fmt.Errorf("in %q the '*' does not stand for a whole segment between ':'", segment)
		}
	}
	if p.wild > maxCaptures {
		return nil, fmt.Errorf("more than %d wildcards", maxCaptures)
	}
	p.prefix, _, _ = strings.Cut(text, "*")
	return p, nil
}

// match reports whether name fits and fills caps.
func (p *pattern) match(name string, caps *captures) bool {
	if p.wild == 0 {
		return name == p.text
	}
	if !strings.HasPrefix(name, p.prefix) {
		return false
	}
	rest, more, taken := name, true, 0
	for _, segment := range p.segments {
		if !more {
			return false
		}
		if segment == "**" {
			caps[taken] = rest
			return rest != ""
		}
		var part string
		part, rest, more = strings.Cut(rest, ":")
		if segment != "*" {
			if part != segment {
				return false
			}
			continue
		}
		if part == "" {
			return false
		}
		caps[taken] = part
		taken++
	}
	return !more
}

// covers reports whether p matches every name that other matches.
func (p *pattern) covers(other *pattern) bool {
	for i, segment := range p.segments {
		if i >= len(other.segments) {
			return false
		}
		theirs := other.segments[i]
		switch {
		case segment == "**":
			return theirs != "" || i < len(other.segments)-1
		case theirs == "**", segment == "*" && theirs == "", segment != "*" && segment != theirs:
			return false
		}
	}
	return len(p.segments) == len(other.segments)
}

// namespace matches namespace names.
type namespace struct {
	text string         // "" matches all
	wild *regexp.Regexp // nil: text is the name
}

func parseNamespace(text string) (namespace, error) {
	n := namespace{text: text}
	if text != "" && text[0] != '/' {
		return n, errors.New("a namespace begins with '/'")
	}
	if !strings.Contains(text, "*") {
		return n, nil
	}
	expr := regexp.QuoteMeta(text)
	expr = strings.ReplaceAll(expr, `\*\*`, `.+`)
	expr = strings.ReplaceAll(expr, `\*`, `[^/]+`)
	wild, err := regexp.Compile(`(?s)\A` + expr + `\z`)
	n.wild = wild
	return n, err
}

func (n *namespace) match(name string) bool {
	switch {
	case n.text == "":
		return true
	case n.wild != nil:
		return n.wild.MatchString(name)
	}
	return n.text == name
}

// Namespaces is the set of namespaces clients may connect to.
type Namespaces struct{ list []namespace }

// CompileNamespaces reads names ("/chat") and patterns ("/org-*": characters other
// than '/', "/**": any). "/" need not be named to be in the set.
func CompileNamespaces(names []string) (*Namespaces, error) {
	set := &Namespaces{list: []namespace{{text: "/"}}}
	for _, name := range names {
		n, err := parseNamespace(name)
		if err == nil && name == "" {
			err = errors.New("a namespace begins with '/'")
		}
		if err != nil {
			return nil, fmt.Errorf("namespace %q: %w", name, err)
		}
		set.list = append(set.list, n)
	}
	return set, nil
}

// Has reports whether a client may connect to the namespace.
func (s *Namespaces) Has(name string) bool {
	for i := range s.list {
		if s.list[i].match(name) {
			return true
		}
	}
	return false
}

// Pattern is what on holds, for those who look at events without rules.
type Pattern struct{ p *pattern }

// ParsePattern reads a pattern of event names: "client:*:job", "client:**".
func ParsePattern(text string) (Pattern, error) {
	p, err := parsePattern(text)
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	return Pattern{p}, nil
}

// Match reports whether the pattern takes an event's name. The zero Pattern takes all.
func (p Pattern) Match(name string) bool {
	var ignored captures
	return p.p == nil || p.p.match(name, &ignored)
}
