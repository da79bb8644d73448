package proxy

import (
	"bytes"
	"html"
	"io"
	"iter"
	"strings"
)

// document passes an HTML page through and puts one element into its head, as early as
// possible: after <head>, or where a browser would open the head by itself. Policies in
// meta elements, which count only in the head, are amended on the way. Nothing else changes,
// and nothing but an unfinished tag is held back.
type document struct {
	out    io.Writer
	insert string                     // the element
	amend  func(policy string) string // for Content-Security-Policy in meta elements
	xml    bool                       // the page must stay well-formed

	scan   scanner
	start  []byte // the first bytes, until it is known whether they are a byte order mark
	phase  phase
	inert  int // depth of template elements
	opened bool
}

type phase int

const (
	atStart phase = iota
	beforeHead
	inHead
	passing // nothing left to do
)

// Write takes the next chunk of the page.
func (d *document) Write(p []byte) (int, error) {
	n := len(p)
	if d.phase == atStart {
		d.start = append(d.start, p...)
		if mayBecomeMark(d.start) {
			return n, nil
		}
		var err error
		if p, err = d.begin(); err != nil {
			return 0, err
		}
	}
	if err := d.pass(p); err != nil {
		return 0, err
	}
	return n, nil
}

// utf8Mark must stay the first thing in a file. In UTF-16 no byte means what it does in
// ASCII, so such a page passes untouched.
const (
	utf8Mark     = "\xef\xbb\xbf"
	utf16Little  = "\xff\xfe"
	utf16BigMark = "\xfe\xff"
)

func mayBecomeMark(start []byte) bool {
	for _, mark := range []string{utf8Mark, utf16Little, utf16BigMark} {
		if len(start) < len(mark) && strings.HasPrefix(mark, string(start)) {
			return true
		}
	}
	return false
}

// begin looks at the first bytes and returns those that are part of the page.
func (d *document) begin() ([]byte, error) {
	p := d.start
	d.start, d.phase = nil, beforeHead
	if bytes.HasPrefix(p, []byte(utf16Little)) || bytes.HasPrefix(p, []byte(utf16BigMark)) {
		d.phase = passing
	}
	rest, marked := bytes.CutPrefix(p, []byte(utf8Mark))
	if !marked {
		return p, nil
	}
	_, err := io.WriteString(d.out, utf8Mark)
	return rest, err
}

func (d *document) pass(p []byte) error {
	for len(p) > 0 {
		if d.phase == passing {
			return d.passRest(p)
		}
		var sp span
		sp, p = d.scan.next(p)
		if sp.kind == kindNone {
			continue
		}
		if err := d.span(sp); err != nil {
			return err
		}
	}
	return nil
}

// passRest passes p without looking at it, after what the scanner may still hold.
func (d *document) passRest(p []byte) error {
	if held := d.scan.drop(); len(held) > 0 {
		if _, err := d.out.Write(held); err != nil {
			return err
		}
	}
	_, err := d.out.Write(p)
	return err
}

func (d *document) span(sp span) error {
	d.opened = true
	if d.phase == beforeHead {
		return d.beforeHead(sp)
	}
	if d.endsHead(sp) {
		d.phase = passing
	}
	out := sp.bytes
	if sp.kind == kindStart && sp.name == "meta" && d.inert == 0 && d.phase == inHead {
		out = amendMeta(out, d.amend)
	}
	_, err := d.out.Write(out)
	return err
}

// beforeHead waits for <head> or for what opens the head without it.
func (d *document) beforeHead(sp span) error {
	switch {
	case sp.kind == kindMarkup,
		sp.kind == kindText && len(bytes.TrimLeft(sp.bytes, " \t\n\f\r")) == 0,
		sp.kind == kindStart && sp.name == "html":
		_, err := d.out.Write(sp.bytes)
		return err
	case sp.kind == kindStart && sp.name == "head":
		d.phase = inHead
		if _, err := d.out.Write(sp.bytes); err != nil {
			return err
		}
		_, err := io.WriteString(d.out, d.insert)
		return err
	}
	d.phase = inHead
	if sp.kind == kindText {
		text := bytes.TrimLeft(sp.bytes, " \t\n\f\r")
		if _, err := d.out.Write(sp.bytes[:len(sp.bytes)-len(text)]); err != nil {
			return err
		}
		sp.bytes = text
	}
	if _, err := io.WriteString(d.out, d.insert); err != nil {
		return err
	}
	return d.span(sp)
}

// endsHead reports what makes a browser leave the head: its end tag, an element that
// cannot be in it, or text.
func (d *document) endsHead(sp span) bool {
	if sp.name == "template" {
		if sp.kind == kindStart {
			d.inert++
		} else {
			d.inert = max(d.inert-1, 0)
		}
	}
	if d.inert > 0 {
		return false
	}
	switch sp.kind {
	case kindText:
		return len(bytes.TrimSpace(sp.bytes)) > 0
	case kindStart:
		return !inHeadElement(sp.name)
	case kindEnd:
		return sp.name == "head" || sp.name == "body" || sp.name == "html" || sp.name == "br"
	}
	return false
}

func inHeadElement(name string) bool {
	switch name {
	case "base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style", "template", "title", "html", "head":
		return true
	}
	return false
}

// Close ends the page: what was held back is written, and the element at the latest now,
// unless the page is empty or would no longer be well-formed.
func (d *document) Close() error {
	if d.phase == atStart {
		p, err := d.begin()
		if err == nil {
			err = d.pass(p)
		}
		if err != nil {
			return err
		}
	}
	rest := d.scan.drop()
	if d.phase == beforeHead && (d.opened || len(rest) > 0) && !d.xml {
		d.phase = passing
		if _, err := io.WriteString(d.out, d.insert); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	_, err := d.out.Write(rest)
	return err
}

// amendMeta rewrites the policy in <meta http-equiv="Content-Security-Policy" content="…">
// and returns every other tag as it is.
func amendMeta(tag []byte, amend func(string) string) []byte {
	var equiv string
	var content attribute
	for a := range attributes(tag) {
		switch a.name {
		case "http-equiv":
			equiv = html.UnescapeString(string(tag[a.start:a.end]))
		case "content":
			content = a
		}
	}
	if !strings.EqualFold(strings.TrimSpace(equiv), "Content-Security-Policy") || content.end == 0 {
		return tag
	}
	before := html.UnescapeString(string(tag[content.start:content.end]))
	after := amend(before)
	if after == before {
		return tag
	}
	value := html.EscapeString(after)
	if !content.quoted {
		value = `"` + value + `"`
	}
	return bytes.Join([][]byte{tag[:content.start], []byte(value), tag[content.end:]}, nil)
}

// attribute is one attribute with a value; tag[start:end] is the value without quotes.
type attribute struct {
	name       string // in lower case
	start, end int
	quoted     bool
}

// attributes yields the attributes of a whole start tag that have a value. Of two with one
// name a browser takes the first; so does this.
func attributes(tag []byte) iter.Seq[attribute] {
	return func(yield func(attribute) bool) {
		i := 1 + len(tagName(tag))
		end := len(tag) - 1
		seen := map[string]bool{}
		for i < end {
			var a attribute
			a, i = nextAttribute(tag, i, end)
			if a.end == 0 || seen[a.name] {
				continue
			}
			seen[a.name] = true
			if !yield(a) {
				return
			}
		}
	}
}

// nextAttribute reads from i; the attribute has end 0 when it has no value.
func nextAttribute(tag []byte, i, end int) (attribute, int) {
	for i < end && (isSpace(tag[i]) || tag[i] == '/') {
		i++
	}
	from := i
	for i < end && !isSpace(tag[i]) && tag[i] != '/' && (tag[i] != '=' || i == from) {
		i++
	}
	a := attribute{name: strings.ToLower(string(tag[from:i]))}
	i = skipSpace(tag, i, end)
	if i >= end || tag[i] != '=' {
		return a, i
	}
	i = skipSpace(tag, i+1, end)
	if i >= end {
		return a, i
	}
	if q := tag[i]; q == '"' || q == '\'' {
		a.start, a.quoted = i+1, true
		length := bytes.IndexByte(tag[i+1:end], q)
		if length < 0 {
			return attribute{}, end
		}
		a.end = a.start + length
		return a, a.end + 1
	}
	a.start = i
	for i < end && !isSpace(tag[i]) {
		i++
	}
	a.end = i
	return a, i
}

func skipSpace(tag []byte, i, end int) int {
	for i < end && isSpace(tag[i]) {
		i++
	}
	return i
}
