package glob

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// segment is one part of a pattern with wildcards.
type segment struct {
	nodes  []node
	dot    bool // may match a name that begins with a dot
	dots   bool // may match "." and ".."
	noCase bool
	// prefix and suffix are what stands before and behind the only "*" of a segment that
	// has no other wildcard: most of them.
	prefix, suffix string
	simple         bool
}

// node is a character, a wildcard, or a group of alternatives.
type node struct {
	kind nodeKind
	char rune
	set  *class
	alts [][]node
}

type nodeKind byte

const (
	exact nodeKind = iota
	one            // ?
	many           // *
	oneOf          // [a-z]
	// Groups: what may stand before the parenthesis.
	groupOnce     // @
	groupOptional // ?
	groupAny      // *
	groupSome     // +
	groupNone     // !
)

// class is a set of characters in brackets.
type class struct {
	not    bool
	ranges [][2]rune
}

// steps bounds the work of one comparison: patterns with groups in groups could take for
// ever. What takes longer does not match.
const steps = 100_000

// compileSegment returns the compiled part, or the name it stands for if it has no
// wildcard.
func compileSegment(text string, opts Options) (seg *segment, literal string) {
	if !strings.ContainsAny(text, `\?*[(`) {
		return nil, text
	}
	c := segmentReader{text: text}
	nodes := c.list(false)
	var plain strings.Builder
	for _, n := range nodes {
		if n.kind != exact {
			return newSegment(text, nodes, opts), ""
		}
		plain.WriteRune(n.char)
	}
	return nil, plain.String()
}

func newSegment(text string, nodes []node, opts Options) *segment {
	dotted := strings.HasPrefix(text, ".")
	s := &segment{nodes: nodes, dot: opts.Dot || dotted, dots: dotted, noCase: opts.NoCase}
	before, after, _ := strings.Cut(text, "*")
	if !opts.NoCase && strings.Count(text, "*") == 1 && !strings.ContainsAny(text, `?[\()+@!`) {
		s.simple, s.prefix, s.suffix = true, before, after
	}
	return s
}

// segmentReader parses one part of a pattern.
type segmentReader struct {
	text string
	at   int
}

// list reads up to the end, or in a group up to "|" or ")".
func (r *segmentReader) list(group bool) []node {
	var nodes []node
	for r.at < len(r.text) {
		c := r.text[r.at]
		if group && (c == '|' || c == ')') {
			break
		}
		nodes = append(nodes, r.node(c))
	}
	return nodes
}

func (r *segmentReader) node(c byte) node {
	if n, ok := r.group(c); ok {
		return n
	}
	switch c {
	case '*':
		r.at++
		return node{kind: many}
	case '?':
		r.at++
		return node{kind: one}
	case '[':
		if set, end, ok := readClass(r.text, r.at); ok {
			r.at = end
			return node{kind: oneOf, set: set}
		}
	case '\\':
		if r.at+1 < len(r.text) {
			r.at++
		}
	}
	char, n := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += n
	return node{kind: exact, char: char}
}

// group reads "@(a|b)" and its like; one that is not closed is text.
func (r *segmentReader) group(c byte) (node, bool) {
	kind := strings.IndexByte("@?*+!", c)
	if kind < 0 || !closes(r.text[r.at+1:]) {
		return node{}, false
	}
	start := r.at
	r.at += 2
	n := node{kind: groupOnce + nodeKind(kind)}
	for {
		n.alts = append(n.alts, r.list(true))
		if r.at >= len(r.text) {
			r.at = start
			return node{}, false
		}
		r.at++
		if r.text[r.at-1] == ')' {
			return n, true
		}
	}
}

// closes reports whether the text begins with a parenthesis that is closed. Asking first
// keeps many open ones from being read again and again.
func closes(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i > 0
		}
	}
	return false
}

// readClass reads a set in brackets at the offset; one that is not closed is text.
func readClass(text string, at int) (set *class, end int, ok bool) {
	set = &class{}
	i := at + 1
	if i < len(text) && (text[i] == '!' || text[i] == '^') {
		set.not = true
		i++
	}
	for first := true; i < len(text); first = false {
		if text[i] == ']' && !first {
			return set, i + 1, true
		}
		var from, to rune
		from, i = classChar(text, i)
		to = from
		if i+1 < len(text) && text[i] == '-' && text[i+1] != ']' {
			to, i = classChar(text, i+1)
		}
		set.ranges = append(set.ranges, [2]rune{from, to})
	}
	return nil, 0, false
}

func classChar(text string, i int) (rune, int) {
	if text[i] == '\\' && i+1 < len(text) {
		i++
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	return r, i + n
}

func (c *class) has(r rune, noCase bool) bool {
	in := c.inside(r) || noCase && (c.inside(unicode.ToLower(r)) || c.inside(unicode.ToUpper(r)))
	return in != c.not
}

func (c *class) inside(r rune) bool {
	return slices.ContainsFunc(c.ranges, func(span [2]rune) bool { return r >= span[0] && r <= span[1] })
}

// match reports whether a name matches the whole segment.
func (s *segment) match(name string) bool {
	switch {
	case name == "":
		return false
	case (name == "." || name == "..") && !s.dots:
		return false
	case name[0] == '.' && !s.dot:
		return false
	case s.simple:
		return len(name) >= len(s.prefix)+len(s.suffix) && strings.HasPrefix(name, s.prefix) && strings.HasSuffix(name, s.suffix)
	}
	m := matcher{noCase: s.noCase, left: steps}
	return m.list(s.nodes, name, func(rest string) bool { return rest == "" })
}

// matcher compares one name; then tells whether what is left matches what follows.
type matcher struct {
	noCase bool
	left   int // steps
}

func (m *matcher) list(nodes []node, s string, then func(string) bool) bool {
	if m.left--; m.left < 0 {
		return false
	}
	if len(nodes) == 0 {
		return then(s)
	}
	n, rest := nodes[0], nodes[1:]
	next := func(s string) bool { return m.list(rest, s, then) }
	switch n.kind {
	case many:
		return m.star(s, next)
	case groupOnce, groupOptional:
		return n.kind == groupOptional && next(s) || m.alternatives(n, s, next)
	case groupAny, groupSome:
		return n.kind == groupAny && next(s) || m.repeat(n, s, next)
	case groupNone:
		return !m.alternatives(n, s, next) && m.star(s, next)
	}
	r, size := utf8.DecodeRuneInString(s)
	return size > 0 && m.char(n, r) && next(s[size:])
}

func (m *matcher) star(s string, then func(string) bool) bool {
	for {
		if then(s) {
			return true
		}
		_, n := utf8.DecodeRuneInString(s)
		if n == 0 || m.left < 0 {
			return false
		}
		s = s[n:]
	}
}

func (m *matcher) alternatives(n node, s string, then func(string) bool) bool {
	for _, alt := range n.alts {
		if m.list(alt, s, then) {
			return true
		}
	}
	return false
}

// repeat matches the group once or more; what takes nothing is not repeated.
func (m *matcher) repeat(n node, s string, then func(string) bool) bool {
	return m.alternatives(n, s, func(rest string) bool {
		return then(rest) || len(rest) < len(s) && m.repeat(n, rest, then)
	})
}

func (m *matcher) char(n node, r rune) bool {
	switch n.kind {
	case one:
		return true
	case oneOf:
		return n.set.has(r, m.noCase)
	}
	return n.char == r || m.noCase && unicode.ToLower(n.char) == unicode.ToLower(r)
}
