package msgpack

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// appendHeader appends the shortest header for a length: in the first byte if small
// enough, else after a byte that says how many bytes the length has.
func appendHeader(dst []byte, fix byte, small int, wide []byte, length int) []byte {
	switch {
	case length < small:
		return append(dst, fix|byte(length))
	case length <= math.MaxUint8 && wide[0] != 0:
		return append(dst, wide[0], byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, wide[1]), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(dst, wide[2]), uint32(length))
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = appendHeader(dst, fixStr, 32, []byte{str8, str8 + 1, str8 + 2}, len(s))
	return append(dst, s...)
}

func appendBinary(dst, b []byte) []byte {
	dst = appendHeader(dst, 0, 0, []byte{bin8, bin8 + 1, bin8 + 2}, len(b))
	return append(dst, b...)
}

func appendArrayHeader(dst []byte, n int) []byte {
	return appendHeader(dst, fixArray, 16, []byte{0, array16, array16 + 1}, n)
}

func appendMapHeader(dst []byte, n int) []byte {
	return appendHeader(dst, fixMap, 16, []byte{0, map16, map16 + 1}, n)
}

func appendUint(dst []byte, n uint64) []byte {
	switch {
	case n < fixMap:
		return append(dst, byte(n))
	case n <= math.MaxUint8:
		return append(dst, uint8B, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, uint16B), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, uint32B), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, uint64B), n)
}

func appendInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0:
		return appendUint(dst, uint64(n))
	case n >= -0x20:
		return append(dst, byte(n))
	case n >= math.MinInt8:
		return append(dst, int8B, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, int8B+1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, int8B+2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, int64B), uint64(n))
}

// encoder writes the MessagePack of checked JSON. Containers begin with the number of
// their members, so the text is read twice: once to count, once to write; counting at
// each container's beginning would read the innermost ones as often as they are deep.
type encoder struct {
	text        []byte
	at          int
	out         []byte
	counts      []int // members of each container, in the order they open
	holes       []rawjson.Hole
	attachments [][]byte
}

// appendJSON appends a checked JSON value.
func appendJSON(dst, text []byte, attachments [][]byte) ([]byte, error) {
	e := encoder{text: text, out: dst, attachments: attachments}
	if len(attachments) > 0 {
		var err error
		if e.holes, err = rawjson.AppendHoles(nil, text, len(attachments)); err != nil {
			return dst, errData
		}
	}
	e.count()
	for e.at < len(e.text) {
		if !e.token() {
			return dst, errData
		}
	}
	return e.out, nil
}

// count fills counts: one more than the commas of a container, unless it is empty.
func (e *encoder) count() {
	var open []int // indices into counts
	for at := 0; at < len(e.text); {
		switch c := e.text[at]; c {
		case '"':
			at = skipString(e.text, at)
			continue
		case '[', '{':
			open = append(open, len(e.counts))
			n := 1
			if isClosing(e.text, at+1) {
				n = 0
			}
			e.counts = append(e.counts, n)
		case ',':
			if len(open) > 0 {
				e.counts[open[len(open)-1]]++
			}
		case ']', '}':
			open = open[:max(0, len(open)-1)]
		}
		at++
	}
}

// isClosing reports whether the next thing is a closing bracket.
func isClosing(text []byte, at int) bool {
	rest := bytes.TrimLeft(text[at:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == ']' || rest[0] == '}')
}

// skipString returns the offset behind the string that begins at at.
func skipString(text []byte, at int) int {
	for at++; at < len(text) && text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return min(at+1, len(text))
}

// token writes what stands at the place and goes behind it; false if it is no JSON.
func (e *encoder) token() bool {
	if len(e.holes) > 0 && e.holes[0].Start == e.at {
		return e.hole()
	}
	switch c := e.text[e.at]; c {
	case ' ', '\t', '\r', '\n', ',', ':', ']', '}':
		e.at++
		return true
	case '[':
		e.out = appendArrayHeader(e.out, e.nextCount())
		e.at++
		return true
	case '{':
		e.out = appendMapHeader(e.out, e.nextCount())
		e.at++
		return true
	case '"':
		return e.str()
	case 't', 'f', 'n':
		return e.word()
	}
	return e.number()
}

func (e *encoder) nextCount() int {
	n := e.counts[0]
	e.counts = e.counts[1:]
	return n
}

// hole writes an attachment in the place of its placeholder.
func (e *encoder) hole() bool {
	hole := e.holes[0]
	e.holes = e.holes[1:]
	e.nextCount()
	e.out = appendBinary(e.out, e.attachments[hole.Num])
	e.at = hole.End
	return true
}

func (e *encoder) str() bool {
	end := skipString(e.text, e.at)
	raw := e.text[e.at:end]
	e.at = end
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 {
		e.out = appendString(e.out, raw[1:len(raw)-1])
		return true
	}
	s, ok := rawjson.Unquote(raw)
	e.out = appendString(e.out, s)
	return ok
}

func (e *encoder) word() bool {
	for _, w := range []struct {
		text string
		code byte
	}{{"null", nilByte}, {"false", falseB}, {"true", trueB}} {
		if bytes.HasPrefix(e.text[e.at:], []byte(w.text)) {
			e.out = append(e.out, w.code)
			e.at += len(w.text)
			return true
		}
	}
	return false
}

func (e *encoder) number() bool {
	end := e.at
	for end < len(e.text) && bytes.IndexByte([]byte("+-.0123456789Ee"), e.text[end]) >= 0 {
		end++
	}
	text := string(e.text[e.at:end])
	e.at = end
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
		e.out = appendInt(e.out, n)
		return true
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		e.out = appendUint(e.out, n)
		return true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return false
	}
	e.out = binary.BigEndian.AppendUint64(append(e.out, float64B), math.Float64bits(f))
	return true
}
