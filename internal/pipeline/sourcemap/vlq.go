package sourcemap

import (
	"errors"
	"strings"
)

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// encode writes mappings: groups of numbers, each the difference to the one before it.
func encode(lines [][]Segment) string {
	var out strings.Builder
	var last Segment
	for i, line := range lines {
		if i > 0 {
			out.WriteByte(';')
		}
		last.Column = 0
		for n, s := range line {
			if n > 0 {
				out.WriteByte(',')
			}
			writeNumber(&out, s.Column-last.Column)
			last.Column = s.Column
			if s.Source < 0 {
				continue
			}
			writeNumber(&out, s.Source-last.Source)
			writeNumber(&out, s.Line-last.Line)
			writeNumber(&out, s.SourceColumn-last.SourceColumn)
			last.Source, last.Line, last.SourceColumn = s.Source, s.Line, s.SourceColumn
			if s.Name >= 0 {
				writeNumber(&out, s.Name-last.Name)
				last.Name = s.Name
			}
		}
	}
	return strings.TrimRight(out.String(), ";")
}

// writeNumber writes five bits a digit, the lowest first, the sign in the lowest bit.
func writeNumber(out *strings.Builder, n int) {
	v := n << 1
	if n < 0 {
		v = -n<<1 | 1
	}
	for {
		digit := v & 31
		v >>= 5
		if v > 0 {
			digit |= 32
		}
		out.WriteByte(base64Digits[digit])
		if v == 0 {
			return
		}
	}
}

var errMappings = errors.New("its mappings are not well formed")

// decode reads mappings; sources is how many sources there are.
func decode(mappings string, sources int) ([][]Segment, error) {
	if mappings == "" {
		return nil, nil
	}
	var lines [][]Segment
	var last Segment
	for line := range strings.SplitSeq(mappings, ";") {
		last.Column = 0
		var segments []Segment
		for group := range strings.SplitSeq(line, ",") {
			if group == "" {
				continue
			}
			s, err := segment(group, &last)
			if err != nil || s.Source >= sources || s.Source < -1 || s.Line < 0 {
				return nil, errMappings
			}
			segments = append(segments, s)
		}
		lines = append(lines, segments)
	}
	return lines, nil
}

// segment reads one group and moves last on.
func segment(group string, last *Segment) (Segment, error) {
	var numbers [5]int
	n := 0
	for ; group != "" && n < len(numbers); n++ {
		var err error
		if numbers[n], group, err = readNumber(group); err != nil {
			return Segment{}, err
		}
	}
	if group != "" || n == 2 || n == 3 {
		return Segment{}, errMappings
	}
	last.Column += numbers[0]
	s := Segment{Column: last.Column, Source: -1, Name: -1}
	if n < 4 {
		return s, nil
	}
	last.Source += numbers[1]
	last.Line += numbers[2]
	last.SourceColumn += numbers[3]
	s.Source, s.Line, s.SourceColumn = last.Source, last.Line, last.SourceColumn
	if n == 5 {
		last.Name += numbers[4]
		s.Name = last.Name
	}
	return s, nil
}

func readNumber(s string) (n int, rest string, err error) {
	shift := 0
	for i := 0; i < len(s) && shift < 35; i++ {
		digit := strings.IndexByte(base64Digits, s[i])
		if digit < 0 {
			break
		}
		n |= (digit & 31) << shift
		shift += 5
		if digit&32 != 0 {
			continue
		}
		if n&1 != 0 {
			return -(n >> 1), s[i+1:], nil
		}
		return n >> 1, s[i+1:], nil
	}
	return 0, "", errMappings
}
