package rawjson

import (
	"encoding/binary"
	"unicode/utf8"
)

// scanner checks one text. Its methods take the offset at which something begins and
// return the offset behind it.
type scanner struct {
	text  []byte
	limit int // deepest nesting allowed
}

func (s scanner) fail(at int, reason string) error {
	return &SyntaxError{Offset: min(at, len(s.text)), Reason: reason}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}

// space skips white space.
func (s scanner) space(at int) int {
	for at < len(s.text) && isSpace(s.text[at]) {
		at++
	}
	return at
}

// elements appends up to n elements of the list that begins at at and ends with the
// text.
func (s scanner) elements(dst [][]byte, at, n int) ([][]byte, error) {
	for ; n > 0 && at < len(s.text); n-- {
		end, err := s.value(at, 1)
		if err != nil {
			return dst, err
		}
		dst = append(dst, s.text[at:end:end])
		if at, err = s.comma(end); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// comma skips the comma behind an element of a list that the end of the text closes.
func (s scanner) comma(at int) (int, error) {
	at = s.space(at)
	if at == len(s.text) {
		return at, nil
	}
	if s.text[at] != ',' {
		return at, s.fail(at, "',' expected")
	}
	if at = s.space(at + 1); at == len(s.text) {
		return at, s.fail(at, "value expected")
	}
	return at, nil
}

// value checks one value which stands inside depth containers.
func (s scanner) value(at, depth int) (int, error) {
	if at >= len(s.text) {
		return at, s.fail(at, "value expected")
	}
	switch c := s.text[at]; c {
	case '"':
		return s.quoted(at)
	case '{', '[':
		if depth >= s.limit {
			return at, s.fail(at, "nested too deep")
		}
		if c == '{' {
			return s.object(at, depth+1)
		}
		return s.array(at, depth+1)
	case 't':
		return s.word(at, "true")
	case 'f':
		return s.word(at, "false")
	case 'n':
		return s.word(at, "null")
	}
	return s.number(at)
}

func (s scanner) array(at, depth int) (int, error) {
	at = s.space(at + 1)
	if at < len(s.text) && s.text[at] == ']' {
		return at + 1, nil
	}
	for {
		end, err := s.value(at, depth)
		if err != nil {
			return at, err
		}
		end, more, err := s.next(end, ']')
		if err != nil || !more {
			return end, err
		}
		at = end
	}
}

func (s scanner) object(at, depth int) (int, error) {
	at = s.space(at + 1)
	if at < len(s.text) && s.text[at] == '}' {
		return at + 1, nil
	}
	for {
		end, err := s.member(at, depth)
		if err != nil {
			return at, err
		}
		end, more, err := s.next(end, '}')
		if err != nil || !more {
			return end, err
		}
		at = end
	}
}

// member checks "key": value.
func (s scanner) member(at, depth int) (int, error) {
	if at >= len(s.text) || s.text[at] != '"' {
		return at, s.fail(at, "key expected")
	}
	at, err := s.quoted(at)
	if err != nil {
		return at, err
	}
	at = s.space(at)
	if at >= len(s.text) || s.text[at] != ':' {
		return at, s.fail(at, "':' expected")
	}
	return s.value(s.space(at+1), depth)
}

// next reads what follows an element: a comma (more is true, the offset is that of
// the next element) or the closing bracket.
func (s scanner) next(at int, closing byte) (end int, more bool, err error) {
	at = s.space(at)
	if at >= len(s.text) {
		return at, false, s.fail(at, "not closed")
	}
	switch s.text[at] {
	case closing:
		return at + 1, false, nil
	case ',':
		return s.space(at + 1), true, nil
	}
	return at, false, s.fail(at, "',' or closing bracket expected")
}

func (s scanner) word(at int, word string) (int, error) {
	end := at + len(word)
	if end > len(s.text) || string(s.text[at:end]) != word {
		return at, s.fail(at, "unknown word")
	}
	return end, nil
}

// number checks -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?.
func (s scanner) number(at int) (int, error) {
	start := at
	if s.text[at] == '-' {
		at++
	}
	switch {
	case at < len(s.text) && s.text[at] == '0':
		at++
	case at < len(s.text) && isDigit(s.text[at]):
		at = s.digits(at)
	default:
		return start, s.fail(start, "value expected")
	}
	if at < len(s.text) && s.text[at] == '.' {
		end := s.digits(at + 1)
		if end == at+1 {
			return at, s.fail(end, "digit expected")
		}
		at = end
	}
	if at < len(s.text) && s.text[at]|0x20 == 'e' {
		return s.exponent(at + 1)
	}
	return at, nil
}

func (s scanner) exponent(at int) (int, error) {
	if at < len(s.text) && (s.text[at] == '+' || s.text[at] == '-') {
		at++
	}
	end := s.digits(at)
	if end == at {
		return at, s.fail(at, "digit expected")
	}
	return end, nil
}

func (s scanner) digits(at int) int {
	for at < len(s.text) && isDigit(s.text[at]) {
		at++
	}
	return at
}

// quoted checks a string, quotes included.
func (s scanner) quoted(at int) (int, error) {
	start := at
	at++
	for {
		at = s.plain(at)
		if at >= len(s.text) {
			return start, s.fail(start, "string not closed")
		}
		switch c := s.text[at]; {
		case c == '"':
			return at + 1, nil
		case c == '\\':
			end := s.escape(at + 1)
			if end == 0 {
				return at, s.fail(at, "unknown escape")
			}
			at = end
		case c < 0x20:
			return at, s.fail(at, "control character in a string")
		default:
			r, size := utf8.DecodeRune(s.text[at:])
			if r == utf8.RuneError && size == 1 {
				return at, s.fail(at, "not UTF-8")
			}
			at += size
		}
	}
}

// plain skips bytes of a string that need no look: printable ASCII other than the
// quote and the backslash, eight at a time.
func (s scanner) plain(at int) int {
	for at+8 <= len(s.text) && allPlain(binary.LittleEndian.Uint64(s.text[at:])) {
		at += 8
	}
	for at < len(s.text) && isPlain(s.text[at]) {
		at++
	}
	return at
}

func isPlain(c byte) bool {
	return 0x20 <= c && c < utf8.RuneSelf && c != '"' && c != '\\'
}

// allPlain reports whether each of the eight bytes of w is plain. The high bit of a
// byte is set in the sum when the byte is 0x80 or more, less than 0x20, or has no
// difference to the quote or the backslash. A borrow can set it for a byte above a
// true hit only, so the answer is exact.
func allPlain(w uint64) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return (w|(w-ones*0x20)|(quote-ones)|(slash-ones))&highs == 0
}

// escape returns the offset behind the escape whose backslash stands before at, or 0.
func (s scanner) escape(at int) int {
	if at >= len(s.text) {
		return 0
	}
	switch s.text[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 1
	case 'u':
		if at+5 > len(s.text) {
			return 0
		}
		for _, c := range s.text[at+1 : at+5] {
			if !isDigit(c) && (c|0x20 < 'a' || 'f' < c|0x20) {
				return 0
			}
		}
		return at + 5
	}
	return 0
}
