package htmlscan

import (
	"bytes"
	"slices"
	"strings"
)

// Edits collects replacements of pieces of one page. The zero value holds none.
type Edits struct{ list []edit }

type edit struct {
	span Span
	text string
}

// Replace puts text in the place of the span; an empty span inserts. Where two spans
// overlap, the one that starts first stays and the other is dropped. Insertions at one
// offset keep the order in which they were made.
func (e *Edits) Replace(span Span, text string) {
	e.list = append(e.list, edit{span, text})
}

// SetAttr gives an attribute of a tag a new value, or adds it to the tag.
func (e *Edits) SetAttr(tag Tag, name, value string) {
	for _, a := range tag.Attrs {
		if a.Name != name {
			continue
		}
		if a.Quote != 0 {
			e.Replace(a.Raw, escape(value, a.Quote))
			return
		}
		e.Replace(a.Whole, name+`="`+escape(value, '"')+`"`)
		return
	}
	at := tag.Span.Start + 1 + len(tag.Name)
	e.Replace(Span{at, at}, " "+name+`="`+escape(value, '"')+`"`)
}

// DropAttr takes an attribute out of a tag, with the space before it.
func (e *Edits) DropAttr(src []byte, tag Tag, name string) {
	for _, a := range tag.Attrs {
		if a.Name != name {
			continue
		}
		start := a.Whole.Start
		for start > tag.Span.Start && isSpace(src[start-1]) {
			start--
		}
		e.Replace(Span{start, a.Whole.End}, "")
		return
	}
}

// Apply returns the page with all replacements made.
func (e *Edits) Apply(src []byte) []byte {
	sorted := slices.Clone(e.list)
	slices.SortStableFunc(sorted, func(a, b edit) int { return a.span.Start - b.span.Start })
	var out bytes.Buffer
	at := 0
	for _, ed := range sorted {
		if ed.span.Start < at {
			continue
		}
		out.Write(src[at:ed.span.Start])
		out.WriteString(ed.text)
		at = ed.span.End
	}
	out.Write(src[at:])
	return out.Bytes()
}

// escape makes value safe between the quotes given.
func escape(value string, quote byte) string {
	value = strings.ReplaceAll(value, "&", "&amp;")
	if quote == '\'' {
		return strings.ReplaceAll(value, "'", "&#39;")
	}
	return strings.ReplaceAll(value, `"`, "&quot;")
}
