// Package htmlscan finds tags, attributes and comments of an HTML page with their byte
// offsets, and replaces pieces of the page without touching a byte of the rest.
//
// A page is not parsed into a tree and printed again: whatever the author wrote stays
// as it is, in its own spelling. Tokens are those of the HTML specification's tokenizer
// (golang.org/x/net/html), so text in a script, a style or a comment is never taken
// for a tag.
package htmlscan

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Span is a half-open range of byte offsets in the page.
type Span struct{ Start, End int }

// Text returns the bytes of the span.
func (s Span) Text(src []byte) string { return string(src[s.Start:s.End]) }

// Attr is one attribute of a tag.
type Attr struct {
	Name  string // lower case
	Value string // entities decoded
	Whole Span   // name, equals sign and quotes included
	Raw   Span   // the value without its quotes; empty where there is none
	Quote byte   // '"', '\'' or 0
}

// Tag is one start tag.
type Tag struct {
	Name    string // lower case
	Span    Span
	Attrs   []Attr
	Content Span // what a script or a style holds; empty for other tags
	End     int  // the offset behind the end tag of a script or a style, else Span.End
}

// Attr returns the value of the first attribute of that name, and whether it is there.
func (t Tag) Attr(name string) (string, bool) {
	for _, a := range t.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// EndTag is one end tag.
type EndTag struct {
	Name string // lower case
	Span Span
}

// Comment is one comment; Text is what stands between its marks.
type Comment struct {
	Text string
	Span Span
}

// Doc is a scanned page.
type Doc struct {
	Src      []byte
	Tags     []Tag // start tags, in order
	Ends     []EndTag
	Comments []Comment
	HeadEnd  int // offset of "</head>", -1 when the page has none
	BodyEnd  int // offset of "</body>", -1 when the page has none
}

// Scan reads a page; nothing in it can make Scan fail.
func Scan(src []byte) *Doc {
	d := &Doc{Src: src, HeadEnd: -1, BodyEnd: -1}
	d.scan(src, 0)
	return d
}

// scan adds the tokens of part, which stands at offset base of the page.
func (d *Doc) scan(part []byte, base int) {
	z := html.NewTokenizer(bytes.NewReader(part))
	at := base
	open := -1 // index of the script or style whose text comes next
	for {
		kind := z.Next()
		span := Span{at, at + len(z.Raw())}
		at = span.End
		switch kind {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			d.Tags = append(d.Tags, parseTag(d.Src, span))
			open = rawText(d.Tags, kind)
			continue
		case html.TextToken:
			if open >= 0 {
				d.Tags[open].Content, d.Tags[open].End = span, span.End
				d.nested(open)
				continue
			}
		case html.EndTagToken:
			d.endTag(z, span, open)
		case html.CommentToken:
			d.addComment(span)
		}
		open = -1
	}
}

// rawText returns the index of the last tag when its content is text to the tokenizer.
func rawText(tags []Tag, kind html.TokenType) int {
	last := len(tags) - 1
	switch tags[last].Name {
	case "script", "style", "noscript":
		if kind == html.StartTagToken {
			return last
		}
	}
	return -1
}

// nested scans what a noscript holds: text to a browser that runs scripts, tags to others.
func (d *Doc) nested(tag int) {
	if d.Tags[tag].Name != "noscript" {
		return
	}
	c := d.Tags[tag].Content
	d.scan(d.Src[c.Start:c.End], c.Start)
}

func (d *Doc) endTag(z *html.Tokenizer, span Span, open int) {
	name, _ := z.TagName()
	d.Ends = append(d.Ends, EndTag{Name: string(name), Span: span})
	switch {
	case open >= 0 && string(name) == d.Tags[open].Name:
		d.Tags[open].End = span.End
		if d.Tags[open].Content.End == 0 {
			d.Tags[open].Content = Span{span.Start, span.Start}
		}
	case string(name) == "head" && d.HeadEnd < 0:
		d.HeadEnd = span.Start
	case string(name) == "body":
		d.BodyEnd = span.Start
	}
}

func (d *Doc) addComment(span Span) {
	text := strings.TrimPrefix(span.Text(d.Src), "<!--")
	text = strings.TrimSuffix(text, "-->")
	d.Comments = append(d.Comments, Comment{Text: text, Span: span})
}

// parseTag reads the name and the attributes of the start tag at span, by the states of
// the HTML tokenizer ("before attribute name" and those after it).
func parseTag(src []byte, span Span) Tag {
	raw := src[span.Start:span.End]
	end := len(raw)
	if end > 0 && raw[end-1] == '>' {
		end--
	}
	i := 1
	for i < end && !isSpace(raw[i]) && raw[i] != '/' {
		i++
	}
	tag := Tag{Name: lower(raw[1:i]), Span: span, End: span.End}
	for {
		for i < end && (isSpace(raw[i]) || raw[i] == '/') {
			i++
		}
		if i >= end {
			return tag
		}
		var attr Attr
		attr, i = parseAttr(raw, i, end)
		attr.Whole = shift(attr.Whole, span.Start)
		attr.Raw = shift(attr.Raw, span.Start)
		tag.Attrs = append(tag.Attrs, attr)
	}
}

// parseAttr reads the attribute that starts at i and returns the offset behind it.
func parseAttr(raw []byte, i, end int) (Attr, int) {
	start := i
	for i++; i < end && !isSpace(raw[i]) && raw[i] != '/' && raw[i] != '='; {
		i++
	}
	attr := Attr{Name: lower(raw[start:i]), Whole: Span{start, i}, Raw: Span{i, i}}
	eq := i
	for eq < end && isSpace(raw[eq]) {
		eq++
	}
	if eq >= end || raw[eq] != '=' {
		return attr, i
	}
	for eq++; eq < end && isSpace(raw[eq]); {
		eq++
	}
	var next int
	attr.Raw, attr.Quote, next = attrValue(raw, eq, end)
	attr.Value = html.UnescapeString(attr.Raw.Text(raw))
	attr.Whole.End = next
	return attr, next
}

// attrValue returns where the value that starts at i lies, and the offset behind it.
func attrValue(raw []byte, i, end int) (value Span, quote byte, next int) {
	if i < end && (raw[i] == '"' || raw[i] == '\'') {
		n := bytes.IndexByte(raw[i+1:end], raw[i])
		if n < 0 {
			return Span{i + 1, end}, raw[i], end
		}
		return Span{i + 1, i + 1 + n}, raw[i], i + 2 + n
	}
	start := i
	for i < end && !isSpace(raw[i]) {
		i++
	}
	return Span{start, i}, 0, i
}

// lower writes A to Z small and leaves all else, as HTML compares names: what it returns
// is as long as the name in the page.
func lower(name []byte) string {
	out := []byte(string(name))
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return string(out)
}

func shift(s Span, by int) Span { return Span{s.Start + by, s.End + by} }

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

// Position returns the line and the column of an offset, counted from 1, the column in
// characters.
func Position(src []byte, offset int) (line, column int) {
	before := src[:min(offset, len(src))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
