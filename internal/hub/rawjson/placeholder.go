package rawjson

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Hole is the place of one binary attachment in a JSON text: an object
// {"_placeholder":true,"num":N} as Socket.IO writes it.
type Hole struct {
	Start, End int // bytes, the object's braces included
	Num        int // which attachment belongs here, counted from 0
}

// maxNumDigits bounds the digits of a placeholder's number: 6 digits are far above
// any attachment limit and cannot overflow an int.
const maxNumDigits = 6

// Placeholders checks the placeholders of a packet that carries that many
// attachments; see [AppendHoles]. Without attachments there is nothing to check: a
// receiver of a text packet takes such an object as the plain data it then is.
func Placeholders(list []byte, attachments int) error {
	if attachments == 0 {
		return nil
	}
	var few [16]Hole
	_, err := AppendHoles(few[:0], list, attachments)
	return err
}

// AppendHoles appends the placeholders of a checked text (one value, or a list
// without brackets) in the order of their appearance.
//
// Receivers put an attachment wherever they see the key "_placeholder", and differ in
// what they make of a malformed one: some throw, and the connection is gone. So one
// that is not exactly the two members true and a whole number below attachments is an
// error, and so is one whose key is spelled with escapes.
func AppendHoles(dst []Hole, list []byte, attachments int) ([]Hole, error) {
	s := scanner{text: list}
	if !s.mayHold() {
		return dst, nil
	}
	for at := 0; at < len(list); {
		switch list[at] {
		case '{':
			hole, ok := s.placeholder(at)
			if ok && hole.Num >= attachments {
				return dst, s.fail(at, "placeholder of an attachment that is not there")
			}
			if !ok {
				at++
				continue
			}
			dst = append(dst, hole)
			at = hole.End
		case '"':
			end := s.skipString(at)
			if s.isKey(end) && named(list[at:end], "_placeholder") {
				return dst, s.fail(at, "malformed placeholder")
			}
			at = end
		default:
			at++
		}
	}
	return dst, nil
}

// HasPlaceholder reports whether a checked text has a key "_placeholder" anywhere,
// however spelled.
func HasPlaceholder(value []byte) bool {
	holes, err := AppendHoles(nil, value, 0)
	return err != nil || len(holes) > 0
}

// mayHold is a fast no: the key must stand there in plain letters, or with an escape
// of an ASCII character.
func (s scanner) mayHold() bool {
	return bytes.Contains(s.text, []byte(`_placeholder`)) || bytes.Contains(s.text, []byte(`\u00`))
}

// skipString returns the offset behind a string of a checked text.
func (s scanner) skipString(at int) int {
	for at++; at < len(s.text) && s.text[at] != '"'; at++ {
		if s.text[at] == '\\' {
			at++
		}
	}
	return min(at+1, len(s.text))
}

// isKey reports whether the string that ends at end is a key.
func (s scanner) isKey(end int) bool {
	end = s.space(end)
	return end < len(s.text) && s.text[end] == ':'
}

// named reports whether a checked, raw key reads as name once its escapes are resolved.
func named(raw []byte, name string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:len(raw)-1]) == name
	}
	if strings.ContainsFunc(name, func(c rune) bool { return c >= utf8.RuneSelf }) {
		text, _ := Unquote(raw)
		return text == name
	}
	raw = raw[1 : len(raw)-1]
	for i := range len(name) {
		c, size := firstChar(raw)
		if c != name[i] {
			return false
		}
		raw = raw[size:]
	}
	return len(raw) == 0
}

// firstChar resolves the first character of a checked string and returns how many bytes
// it takes; 0xff stands for one that is not ASCII, size 0 for the end.
func firstChar(raw []byte) (c byte, size int) {
	const none = 0xff
	switch {
	case len(raw) == 0:
		return none, 0
	case raw[0] >= utf8.RuneSelf:
		return none, 1
	case raw[0] != '\\':
		return raw[0], 1
	case raw[1] != 'u':
		return shortEscape(raw[1]), len(`\n`)
	}
	code, _ := strconv.ParseUint(string(raw[2:6]), 16, 16) // four hexadecimal digits
	if code >= utf8.RuneSelf {
		return none, len(`\u0000`)
	}
	return byte(code), len(`\u0000`)
}

// shortEscape resolves the escapes of one letter.
func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // quote, backslash, slash
}

// placeholder reads the object at an opening brace, if it is a placeholder.
func (s scanner) placeholder(at int) (Hole, bool) {
	hole := Hole{Start: at, Num: -1}
	marked := false
	for _, closing := range [2]byte{',', '}'} {
		key, value, end := s.shortMember(at + 1)
		switch {
		case string(key) == `"_placeholder"` && string(value) == "true" && !marked:
			marked = true
		case string(key) == `"num"` && isWhole(value) && hole.Num < 0:
			hole.Num = number(value)
		default:
			return hole, false
		}
		if end >= len(s.text) || s.text[end] != closing {
			return hole, false
		}
		at = end
	}
	hole.End = at + 1
	return hole, true
}

// shortMember cuts a member whose value is a number or a word, and returns the offset
// of what follows it; nil when there is something else.
func (s scanner) shortMember(at int) (key, value []byte, end int) {
	at = s.space(at)
	if at >= len(s.text) || s.text[at] != '"' {
		return nil, nil, at
	}
	colon := s.skipString(at)
	key, colon = s.text[at:colon], s.space(colon)
	if colon >= len(s.text) {
		return nil, nil, colon
	}
	at = s.space(colon + 1)
	end = at
	for end < len(s.text) && (isDigit(s.text[end]) || 'a' <= s.text[end] && s.text[end] <= 'z') {
		end++
	}
	return key, s.text[at:end], s.space(end)
}

func isWhole(value []byte) bool {
	if len(value) == 0 || len(value) > maxNumDigits {
		return false
	}
	for _, c := range value {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

func number(digits []byte) int {
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}
