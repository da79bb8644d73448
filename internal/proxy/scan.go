package proxy

import (
	"bytes"
	"strings"
)

// kind is what a span of HTML is.
type kind int

const (
	kindNone   kind = iota // nothing yet: the scanner holds an unfinished tag
	kindText               // character data
	kindRaw                // the text of a script, style or another element that holds no markup
	kindMarkup             // comments, doctypes, processing instructions
	kindStart              // one whole start tag
	kindEnd                // one whole end tag
)

// span is a piece of the stream. Text, raw text and markup come in as many spans as the
// stream has chunks; a tag is always whole.
type span struct {
	kind  kind
	bytes []byte
	name  string // of a tag, in lower case
}

// maxTag bounds what is held back while a tag is unfinished. A longer one (somebody inlined
// an image into an attribute) passes as text.
const maxTag = 256 << 10 // bytes

// scanner cuts a stream of bytes into the tokens of HTML (the tokenization stage of the
// HTML standard, section 13.2.5, as far as boundaries of tags need it). It works on bytes,
// which is right for UTF-8 and every other encoding in which ASCII bytes mean ASCII. It
// holds back unfinished tags and nothing else.
type scanner struct {
	state state
	held  []byte // an unfinished tag, or the start of something that may become one
	raw   string // the element whose end tag ends raw text; "" outside
	dash  int    // of a comment: what was just seen
	name  string // of the tag in held, once known
	names map[string]string
}

type state int

const (
	inData state = iota
	afterLess
	afterLessSlash
	inTagName
	beforeAttr
	inAttrName
	beforeValue
	inDouble
	inSingle
	inUnquoted
	afterBang
	inComment
	inBogus // ends at the first '>': doctypes, processing instructions, broken markup
	inRawText
	inRawLess // text that may become the end tag of the raw element
)

// next takes the first span from p and returns what is left of p.
func (s *scanner) next(p []byte) (span, []byte) {
	switch s.state {
	case inData, inRawText:
		return s.text(p)
	case inComment:
		return s.comment(p)
	case inBogus:
		return s.bogus(p)
	case inTagName, beforeAttr, inAttrName, beforeValue, inDouble, inSingle, inUnquoted:
		return s.tag(p)
	}
	for i, c := range p {
		s.held = append(s.held, c)
		again, done := s.step(c)
		if again && s.state == inTagName {
			s.held = s.held[:len(s.held)-1]
			return s.tag(p[i:])
		}
		if again {
			// c belongs to what follows: it may be the '<' of the next tag.
			s.held = s.held[:len(s.held)-1]
			return s.release(s.heldKind()), p[i:]
		}
		if done {
			return s.release(s.tagKind()), p[i+1:]
		}
		if s.state == inComment || s.state == inBogus {
			return s.release(kindMarkup), p[i+1:]
		}
		if s.state == inTagName {
			return s.tag(p[i+1:])
		}
	}
	return span{}, nil
}

// tag holds p back up to the '>' that ends the tag.
func (s *scanner) tag(p []byte) (span, []byte) {
	for i, c := range p {
		if s.inTag(c) {
			s.held = append(s.held, p[:i+1]...)
			s.finishTag()
			return s.release(s.tagKind()), p[i+1:]
		}
	}
	s.held = append(s.held, p...)
	if len(s.held) > maxTag {
		s.state = inData
		return s.release(kindText), nil
	}
	return span{}, nil
}

// text passes everything before the next '<'.
func (s *scanner) text(p []byte) (span, []byte) {
	k, following := kindText, afterLess
	if s.state == inRawText {
		k, following = kindRaw, inRawLess
	}
	i := bytes.IndexByte(p, '<')
	if i < 0 {
		return span{kind: k, bytes: p}, nil
	}
	s.state = following
	s.held = append(s.held[:0], '<')
	if i == 0 {
		return span{}, p[1:]
	}
	return span{kind: k, bytes: p[:i]}, p[i+1:]
}

// What a comment has just seen. From dashTwo on, '>' ends it.
const (
	dashNone    = iota
	dashOne     // "-"
	dashTwo     // "--"
	dashBang    // "--!"
	dashAtStart // "<!--"
	dashFirst   // "<!---"
)

// comment passes everything up to "-->", "--!>", or '>' at its very start.
func (s *scanner) comment(p []byte) (span, []byte) {
	for i, c := range p {
		if c == '>' && s.dash >= dashTwo {
			s.state = inData
			return span{kind: kindMarkup, bytes: p[:i+1]}, p[i+1:]
		}
		s.dash = afterInComment(s.dash, c)
	}
	return span{kind: kindMarkup, bytes: p}, nil
}

func afterInComment(dash int, c byte) int {
	switch {
	case c == '-' && dash == dashAtStart:
		return dashFirst
	case c == '-' && (dash == dashNone || dash == dashBang):
		return dashOne
	case c == '-':
		return dashTwo
	case c == '!' && dash == dashTwo:
		return dashBang
	}
	return dashNone
}

func (s *scanner) bogus(p []byte) (span, []byte) {
	i := bytes.IndexByte(p, '>')
	if i < 0 {
		return span{kind: kindMarkup, bytes: p}, nil
	}
	s.state = inData
	return span{kind: kindMarkup, bytes: p[:i+1]}, p[i+1:]
}

// step moves by one byte after a '<'. again: c ends what is held, or the name of an end tag,
// without being part of it. done: c was the '>' of something that is no tag.
func (s *scanner) step(c byte) (again, done bool) {
	switch s.state {
	case afterLess:
		return s.open(c), false
	case afterLessSlash:
		return s.openEnd(c), c == '>'
	case afterBang:
		return false, s.declaration()
	case inRawLess:
		return s.rawEnd(c), false
	}
	return false, false
}

// open decides what a '<' starts.
func (s *scanner) open(c byte) (again bool) {
	switch {
	case isLetter(c):
		s.state = inTagName
	case c == '/':
		s.state = afterLessSlash
	case c == '!':
		s.state = afterBang
	case c == '?':
		s.state = inBogus
	default:
		s.state = inData
		return true
	}
	return false
}

func (s *scanner) openEnd(c byte) (again bool) {
	switch {
	case isLetter(c):
		s.state = inTagName
	case c == '>':
		s.state = inData
	default:
		s.state = inBogus
	}
	return false
}

// declaration decides after "<!": only "--" starts a comment.
func (s *scanner) declaration() (done bool) {
	switch text := string(s.held[len("<!"):]); {
	case text == "-":
	case text == "--":
		s.state, s.dash = inComment, dashAtStart
	case strings.HasSuffix(text, ">"):
		s.state = inData
		return true
	default:
		s.state = inBogus
	}
	return false
}

// rawEnd compares what follows '<' in raw text with the end tag that ends it.
func (s *scanner) rawEnd(c byte) (again bool) {
	want := "</" + s.raw
	n := len(s.held)
	if n <= len(want) {
		if lower(c) == want[n-1] {
			return false
		}
		s.state = inRawText
		return true
	}
	s.state = inRawText
	if isSpace(c) || c == '/' || c == '>' {
		s.state = inTagName
	}
	return true
}

// inTag moves by one byte between the name of a tag and its '>'. Only after '=' is a quote
// a quote.
func (s *scanner) inTag(c byte) (done bool) {
	switch s.state {
	case inDouble:
		if c == '"' {
			s.state = beforeAttr
		}
		return false
	case inSingle:
		if c == '\'' {
			s.state = beforeAttr
		}
		return false
	case beforeValue:
		return s.value(c)
	}
	switch {
	case c == '>':
		return true
	case c == '/' && s.state != inUnquoted:
		s.state = beforeAttr
	case isSpace(c):
		if s.state != inAttrName { // "name =" is still that attribute
			s.state = beforeAttr
		}
	case s.state == inAttrName && c == '=':
		s.state = beforeValue
	case s.state == beforeAttr:
		s.state = inAttrName
	}
	return false
}

func (s *scanner) value(c byte) (done bool) {
	switch {
	case c == '"':
		s.state = inDouble
	case c == '\'':
		s.state = inSingle
	case c == '>':
		return true
	case !isSpace(c):
		s.state = inUnquoted
	}
	return false
}

// finishTag learns the tag's name and enters raw text if the element has no markup inside.
func (s *scanner) finishTag() {
	s.name = s.remember(tagName(s.held))
	s.state, s.raw = inData, ""
	if s.held[1] != '/' && holdsRawText(s.name) {
		s.state, s.raw = inRawText, s.name
	}
}

func (s *scanner) tagKind() kind {
	switch {
	case s.name == "":
		return kindMarkup
	case s.held[1] == '/':
		return kindEnd
	}
	return kindStart
}

func (s *scanner) heldKind() kind {
	if s.state == inRawText {
		return kindRaw
	}
	return kindText
}

// release gives out what is held; the bytes are valid until the next call.
func (s *scanner) release(k kind) span {
	out := span{kind: k, bytes: s.held, name: s.name}
	s.held, s.name = s.held[:0], ""
	return out
}

// drop returns what is held and forgets it: nothing more will be scanned.
func (s *scanner) drop() []byte {
	held := s.held
	s.held = nil
	return held
}

// tagName returns the name in "<name …" or "</name …" as written.
func tagName(tag []byte) []byte {
	text := bytes.TrimPrefix(tag[1:], []byte("/"))
	for i, c := range text {
		if c <= ' ' || c == '/' || c == '>' {
			return text[:i]
		}
	}
	return text
}

// maxNames bounds the names a scanner remembers; HTML has about 140 elements.
const maxNames = 256

// remember returns name as a lower-case string, the same one for every tag of a name.
func (s *scanner) remember(name []byte) string {
	if known, ok := s.names[string(name)]; ok { // this conversion costs no memory
		return known
	}
	lower := strings.ToLower(string(name))
	if s.names == nil {
		s.names = map[string]string{}
	}
	if len(s.names) < maxNames {
		s.names[string(name)] = lower
	}
	return lower
}

// holdsRawText lists the elements in which a browser that runs scripts sees no tags.
func holdsRawText(name string) bool {
	switch name {
	case "script", "style", "title", "textarea", "noscript", "noframes", "iframe", "noembed", "xmp", "plaintext":
		return true
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
