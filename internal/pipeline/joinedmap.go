package pipeline

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// joinedMap returns, in base64, the source map of joined scripts: where each line, and
// on each line every word, was written. It goes through the bundler; what the sources
// hold is added behind it.
func joinedMap(parts []part, lines []int) string {
	m := struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Names    []string `json:"names"`
		Mappings string   `json:"mappings"`
	}{Version: 3, Names: []string{}}
	w := mapWriter{}
	for i, p := range parts {
		m.Sources = append(m.Sources, p.name)
		w.line(lines[i])
		w.part(i, p, i > 0)
	}
	m.Mappings = w.out.String()
	data, _ := json.Marshal(m) // strings and numbers always marshal
	return base64.StdEncoding.EncodeToString(data)
}

// mapWriter writes the mappings of a source map, version 3: groups of VLQ numbers, each
// the difference to the one before it.
type mapWriter struct {
	out strings.Builder
	at  int // generated line

	column, source, fromLine, fromColumn int // the last ones written
	first                                bool
}

// line begins the generated line n.
func (w *mapWriter) line(n int) {
	for w.at < n {
		w.out.WriteByte(';')
		w.at++
		w.column, w.first = 0, true
	}
	if n == 0 {
		w.first = true
	}
}

// part maps one script onto its source, whose lines it has: annotating only inserts.
// What was inserted has no origin and belongs to what stands before it.
func (w *mapWriter) part(source int, p part, separated bool) {
	line, column, origin := 0, 0, 0
	if separated {
		column = len(separator) - 1
	}
	inserts := p.inserted
	wordBefore := false
	for i, r := range p.source {
		for len(inserts) > 0 && inserts[0].At <= i {
			column += len(inserts[0].Text)
			inserts = inserts[1:]
		}
		if r == '\n' {
			w.line(w.at + 1)
			line, column, origin, wordBefore = line+1, 0, 0, false
			continue
		}
		word := isWord(r)
		if word && !wordBefore {
			w.segment(source, line, column, origin)
		}
		wordBefore = word
		column += units(r)
		origin += units(r)
	}
}

func isWord(r rune) bool {
	return r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > utf8.RuneSelf
}

// units is the width of a character in UTF-16, in which source maps count columns.
func units(r rune) int { return max(utf16.RuneLen(r), 1) }

// segment writes one mapping.
func (w *mapWriter) segment(source, line, column, origin int) {
	if !w.first {
		w.out.WriteByte(',')
	}
	w.first = false
	w.number(column - w.column)
	w.number(source - w.source)
	w.number(line - w.fromLine)
	w.number(origin - w.fromColumn)
	w.column, w.source, w.fromLine, w.fromColumn = column, source, line, origin
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// number writes a VLQ: five bits a digit, the lowest first, the sign in the lowest bit.
func (w *mapWriter) number(n int) {
	v := n << 1
	if n < 0 {
		v = -n<<1 | 1
	}
	for {
		digit := v & 31
		v >>= 5
		if v > 0 {
			digit |= 32
		}
		w.out.WriteByte(base64Digits[digit])
		if v == 0 {
			return
		}
	}
}
