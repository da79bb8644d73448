package prefix

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// shift is text that was put into a sheet: lines of their own before that of the place, or
// some columns at the place.
type shift struct {
	line, column int // from 0, as in source maps; columns are UTF-16 units
	lines        int // how many were put in
	columns      int // without lines, how far the rest of the line moves
}

func shiftOf(sheet []byte, place int, text string) shift {
	start := bytes.LastIndexByte(sheet[:place], '\n') + 1
	return shift{
		line: bytes.Count(sheet[:place], []byte("\n")), column: units(string(sheet[start:place])),
		lines: strings.Count(text, "\n"), columns: units(text),
	}
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// move changes a source map as text was put into what it is of. The shifts are in order. A
// map that cannot be read stays as it is.
func move(sourceMap []byte, shifts []shift) []byte {
	var m map[string]json.RawMessage
	var mappings string
	if json.Unmarshal(sourceMap, &m) != nil || json.Unmarshal(m["mappings"], &mappings) != nil {
		return sourceMap
	}
	lines := strings.Split(mappings, ";")
	var out []string
	for i, line := range lines {
		moved := 0
		for len(shifts) > 0 && shifts[0].line == i {
			out = append(out, make([]string, shifts[0].lines)...)
			if shifts[0].lines == 0 {
				line = moveColumns(line, shifts[0].column+moved, shifts[0].columns)
				moved += shifts[0].columns
			}
			shifts = shifts[1:]
		}
		out = append(out, line)
	}
	text, err := json.Marshal(strings.Join(out, ";"))
	if err != nil {
		return sourceMap
	}
	m["mappings"] = text
	return encode(sourceMap, m)
}

// encode writes the members of an object in the order that they had.
func encode(before []byte, m map[string]json.RawMessage) []byte {
	dec := json.NewDecoder(bytes.NewReader(before))
	_, _ = dec.Token() // it is an object
	var b bytes.Buffer
	for dec.More() {
		key, _ := dec.Token()
		name, _ := key.(string)
		var value json.RawMessage
		_ = dec.Decode(&value)
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		quoted, _ := json.Marshal(name)
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(m[name])
	}
	return append(append([]byte("{"), b.Bytes()...), '}')
}

// moveColumns moves what begins at or after a column of one line of mappings; columns are
// told as the distance from the one before, so that only the first of them changes.
func moveColumns(line string, column, by int) string {
	at := 0
	segments := strings.Split(line, ",")
	for i, s := range segments {
		n, rest, ok := decodeVLQ(s)
		if !ok {
			return line
		}
		if at += n; at >= column {
			segments[i] = encodeVLQ(n+by) + rest
			break
		}
	}
	return strings.Join(segments, ",")
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeVLQ reads the first number of a segment: groups of five bits, the lowest first,
// the sign in the lowest bit of all.
func decodeVLQ(s string) (n int, rest string, ok bool) {
	value := 0
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 || i > 6 {
			return 0, s, false
		}
		value |= (d & 31) << (5 * i)
		if d&32 == 0 {
			if value&1 == 1 {
				return -(value >> 1), s[i+1:], true
			}
			return value >> 1, s[i+1:], true
		}
	}
	return 0, s, false
}

func encodeVLQ(n int) string {
	value := n << 1
	if n < 0 {
		value = -n<<1 | 1
	}
	var b strings.Builder
	for {
		d := value & 31
		if value >>= 5; value > 0 {
			d |= 32
		}
		b.WriteByte(digits[d])
		if value == 0 {
			return b.String()
		}
	}
}
