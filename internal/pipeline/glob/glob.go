// Package glob matches and searches paths as gulp and its plugins do: the patterns of
// minimatch 3 ({a,b}, **, ?(a|b), !(a)) and the order in which node's glob 7 finds files.
//
// Paths have slashes. Nothing here touches the disk: a search looks through a [Lister].
package glob

import (
	"path"
	"regexp"
	"strings"
)

// Options are those of minimatch that change what matches.
type Options struct {
	Dot       bool // wildcards match names that begin with a dot
	MatchBase bool // a pattern without a slash is matched with the path's last part
	NoCase    bool // letters match both cases
	NoNegate  bool // a leading "!" is an ordinary character
}

// Pattern is a compiled pattern. It is safe for concurrent use.
type Pattern struct {
	opts   Options
	negate bool
	base   bool // only the last part of a path counts
	none   bool // a comment: matches nothing
	set    [][]part
}

// part is what one part of a path is compared with.
type part struct {
	deep    bool     // "**": any number of parts
	literal string   // the name itself, if segment is nil
	segment *segment // a part with wildcards
}

// Compile reads a pattern; every string is one.
func Compile(pattern string, opts Options) *Pattern {
	p := &Pattern{opts: opts}
	pattern = strings.TrimSpace(pattern)
	if strings.HasPrefix(pattern, "#") {
		p.none = true
		return p
	}
	for !opts.NoNegate && strings.HasPrefix(pattern, "!") {
		p.negate = !p.negate
		pattern = pattern[1:]
	}
	p.base = opts.MatchBase && !strings.Contains(pattern, "/")
	for _, alternative := range Braces(pattern) {
		p.set = append(p.set, parts(alternative, opts))
	}
	return p
}

// Match reports whether a path matches.
func (p *Pattern) Match(path string) bool {
	if p.none {
		return false
	}
	names := splitPath(path)
	if p.base {
		names = lastName(names)
	}
	for _, alternative := range p.set {
		left := steps
		if p.match(names, alternative, &left) {
			return !p.negate
		}
	}
	return p.negate
}

// lastName keeps the last part that is not empty, if there is one.
func lastName(names []string) []string {
	for i := len(names) - 1; i > 0; i-- {
		if names[i] != "" {
			return names[i : i+1]
		}
	}
	return names[:1]
}

// Match reports whether a path matches a pattern; to match many paths, compile it.
func Match(pattern, path string, opts Options) bool { return Compile(pattern, opts).Match(path) }

// HasMagic reports whether a pattern can match more than one path.
func HasMagic(pattern string) bool {
	alternatives := Braces(pattern)
	if len(alternatives) != 1 {
		return true
	}
	for _, p := range parts(alternatives[0], Options{}) {
		if p.deep || p.segment != nil {
			return true
		}
	}
	return false
}

// Parent returns the folder in which everything lies that a pattern matches: its parts
// before the first one with a wildcard, "." if there is none; of a plain path, its folder.
// It is a path, without what was escaped in the pattern.
func Parent(pattern string) string {
	names := strings.Split(pattern, "/")
	keep := names[:len(names)-1]
	for i, name := range keep {
		if strings.ContainsAny(escaped.ReplaceAllString(name, ""), "*?[{(") {
			keep = keep[:i]
			break
		}
	}
	switch dir := strings.Join(keep, "/"); {
	case dir != "":
		return escaped.ReplaceAllString(dir, "$1")
	case strings.HasPrefix(pattern, "/"):
		return "/"
	}
	return "."
}

var escaped = regexp.MustCompile(`\\([\\*?\[\]{}()!+@|,#])`)

// Escape returns a pattern that matches a path and no other.
func Escape(path string) string {
	return special.ReplaceAllString(path, `\$0`)
}

var special = regexp.MustCompile(`[\\*?\[\]{}()!+@|,#]`)

// In returns a pattern of the paths below a folder, which is absolute, as an absolute
// one. What stands in the name of the folder is no wildcard, also where the pattern
// itself begins with it.
func In(dir, pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, strings.TrimSuffix(dir, "/")+"/"); ok {
		pattern = rest
	}
	if strings.HasPrefix(pattern, "/") {
		return path.Clean(pattern)
	}
	return path.Join(Escape(dir), pattern)
}

// parts compiles one pattern without braces.
func parts(pattern string, opts Options) []part {
	var list []part
	for _, name := range splitPattern(pattern) {
		if name == "**" {
			if n := len(list); n == 0 || !list[n-1].deep {
				list = append(list, part{deep: true})
			}
			continue
		}
		seg, literal := compileSegment(name, opts)
		list = append(list, part{literal: literal, segment: seg})
	}
	return list
}

// splitPath cuts a path at its slashes; several count as one.
func splitPath(path string) []string {
	if !strings.Contains(path, "//") {
		return strings.Split(path, "/")
	}
	names := strings.Split(path, "/")
	out := names[:1]
	for i, name := range names[1:] {
		if name != "" || i == len(names)-2 {
			out = append(out, name)
		}
	}
	return out
}

// splitPattern does the same to a pattern, in which a slash between brackets or
// parentheses is a part of the alternatives.
func splitPattern(pattern string) []string {
	if !strings.Contains(pattern, "(") {
		return splitPath(pattern)
	}
	var names []string
	depth, start := 0, 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '(':
			if i > 0 && strings.IndexByte("?*+@!", pattern[i-1]) >= 0 {
				depth++
			}
		case ')':
			depth = max(depth-1, 0)
		case '/':
			if depth == 0 {
				names, start = append(names, pattern[start:i]), i+1
			}
		}
	}
	return append(names, pattern[start:])
}

// match compares the parts of a path with those of a pattern; left are the steps it has.
func (p *Pattern) match(names []string, list []part, left *int) bool {
	for len(names) > 0 && len(list) > 0 {
		if *left--; *left < 0 {
			return false
		}
		if list[0].deep {
			return p.matchDeep(names, list[1:], left)
		}
		if !list[0].match(names[0], p.opts) {
			return false
		}
		names, list = names[1:], list[1:]
	}
	if len(list) > 0 {
		return false
	}
	return len(names) == 0 || len(names) == 1 && names[0] == ""
}

// matchDeep compares what follows "**" with every end of the path that "**" may reach.
func (p *Pattern) matchDeep(names []string, rest []part, left *int) bool {
	for i, name := range names {
		if len(rest) > 0 && p.match(names[i:], rest, left) {
			return true
		}
		if !p.passes(name) {
			return false
		}
	}
	return len(rest) == 0
}

// passes reports whether "**" may go through a folder of that name.
func (p *Pattern) passes(name string) bool {
	if name == "." || name == ".." {
		return false
	}
	return p.opts.Dot || !strings.HasPrefix(name, ".")
}

// match compares one part of a path.
func (p part) match(name string, opts Options) bool {
	if p.segment != nil {
		return p.segment.match(name)
	}
	if opts.NoCase {
		return strings.EqualFold(p.literal, name)
	}
	return p.literal == name
}
