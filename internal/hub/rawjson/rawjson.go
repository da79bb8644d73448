// Package rawjson checks and cuts JSON text without decoding it.
//
// A relay copies what a browser sent to other browsers. Decoding and encoding again
// would cost time and change the data: 1e400, 12345678901234567890 and the order of
// keys do not survive a round trip. So the text is checked once, and what is needed
// of it (the event's name, one argument, the binary placeholders) is cut out as
// slices of the same bytes.
//
// What every function promises:
//
//   - The grammar is RFC 8259, with well-formed UTF-8 in strings. Lone surrogates
//     written as escapes are let through, as JavaScript does.
//   - Time is linear in the length of the text, whatever its shape.
//   - Nothing is allocated except where a result must be (a returned slice of
//     elements, an unquoted string, an error).
//   - Containers nested deeper than the depth the caller allows are an error, so
//     that no receiver's recursive parser can be driven into the ground. The
//     outermost array or object counts as depth 1.
//   - Results alias the text they were cut from.
package rawjson

import (
	"fmt"
	"math"
)

// SyntaxError says where a text stops being the JSON that was expected.
type SyntaxError struct {
	Offset int    // bytes from the start of the text
	Reason string // a few words, without any of the text itself
}

// Error returns "offset 12: string not closed".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("offset %d: %s", e.Offset, e.Reason)
}

// Call is the array of a Socket.IO EVENT or ACK packet, cut in two.
type Call struct {
	// Name is the first element as it stands, a string with its quotes, or whatever
	// else the array began with; nil when the array is empty.
	Name []byte
	// Args is everything behind the first comma, trimmed and without brackets:
	// "" for no argument, else elements with commas between them.
	Args []byte
	// Count is the number of elements in Args.
	Count int
}

// Event checks the text of an array such as ["client:created:job",{"id":1}] and cuts
// the first element from the rest.
func Event(text []byte, depth int) (Call, error) {
	s, at, err := inside(text, depth)
	if err != nil {
		return Call{}, err
	}
	var call Call
	for n := 0; at < len(s.text); n++ {
		end, err := s.value(at, 1)
		if err != nil {
			return Call{}, err
		}
		next, err := s.comma(end)
		if err != nil {
			return Call{}, err
		}
		if n == 0 {
			call.Name = s.text[at:end]
			call.Args = trimRight(s.text[next:])
		}
		call.Count = n
		at = next
	}
	return call, nil
}

// Split checks the text of an array and returns its elements.
func Split(text []byte, depth int) ([][]byte, error) {
	s, at, err := inside(text, depth)
	if err != nil {
		return nil, err
	}
	return s.elements(nil, at, math.MaxInt)
}

// AppendFirst checks the first n elements of a list without the brackets around it, as
// in [Call].Args, and appends them to dst; what stands behind them is not looked at. It
// does not allocate if dst has room. The missing brackets count as depth 1.
func AppendFirst(dst [][]byte, list []byte, n, depth int) ([][]byte, error) {
	s := scanner{text: list, limit: depth}
	return s.elements(dst, s.space(0), n)
}

// Valid checks that text is one JSON value, with space around it at most.
func Valid(text []byte, depth int) error {
	s := scanner{text: text, limit: depth}
	end, err := s.value(s.space(0), 0)
	if err != nil {
		return err
	}
	if end = s.space(end); end < len(text) {
		return s.fail(end, "more text after the value")
	}
	return nil
}

// inside returns a scanner of text up to the closing bracket of the array, and the
// offset of its first element.
func inside(text []byte, depth int) (scanner, int, error) {
	s := scanner{text: text, limit: depth}
	from, to := s.space(0), len(trimRight(text))
	if from == len(text) || text[from] != '[' {
		return s, from, s.fail(from, "'[' expected")
	}
	if to < from+2 || text[to-1] != ']' {
		return s, from, s.fail(to, "']' expected")
	}
	s.text = text[:to-1]
	return s, s.space(from + 1), nil
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
