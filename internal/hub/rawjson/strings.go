package rawjson

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// AppendString appends s as a JSON string with its quotes. Bytes that are not UTF-8
// become U+FFFD.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst = AppendText(dst, s)
	return append(dst, '"')
}

// AppendText appends what stands between the quotes of s as a JSON string.
func AppendText[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	from := 0
	for at := 0; at < len(s); {
		if isPlain(s[at]) {
			at++
			continue
		}
		if s[at] >= utf8.RuneSelf {
			r, size := decodeRune(s[at:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:at]...), "\uFFFD"...)
				from = at + 1
			}
			at += size
			continue
		}
		dst = append(dst, s[from:at]...)
		switch c := s[at]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		at++
		from = at
	}
	return append(dst, s[from:]...)
}

// decodeRune decodes from either type without a copy: a rune has at most 4 bytes.
func decodeRune[T string | []byte](s T) (rune, int) {
	var few [utf8.UTFMax]byte
	return utf8.DecodeRune(few[:copy(few[:], s)])
}

// Unquote returns the text of a JSON string that has been checked; false when raw is
// another kind of value. Lone surrogates become U+FFFD.
func Unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// NextString returns where the first string of a checked text begins and ends, and
// whether it is a key; false when there is none.
func NextString(text []byte) (start, end int, key, found bool) {
	start = bytes.IndexByte(text, '"')
	if start < 0 {
		return 0, 0, false, false
	}
	s := scanner{text: text}
	end = s.skipString(start)
	return start, end, s.isKey(end), true
}
