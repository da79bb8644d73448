package prefix

import (
	"bytes"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
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
		line: bytes.Count(sheet[:place], []byte("\n")), column: sourcemap.Units(string(sheet[start:place])),
		lines: strings.Count(text, "\n"), columns: sourcemap.Units(text),
	}
}

// move returns the map of a sheet into which text was put, which may be nil. The shifts
// are in order.
func move(m *sourcemap.Map, shifts []shift) *sourcemap.Map {
	if m == nil {
		return nil
	}
	out := *m
	out.Lines = nil
	for i, line := range m.Lines {
		moved := 0
		for ; len(shifts) > 0 && shifts[0].line == i; shifts = shifts[1:] {
			s := shifts[0]
			out.Lines = append(out.Lines, make([][]sourcemap.Segment, s.lines)...)
			if s.lines == 0 {
				line = sourcemap.Shifted(line, s.column+moved, s.columns)
				moved += s.columns
			}
		}
		out.Lines = append(out.Lines, line)
	}
	return &out
}
