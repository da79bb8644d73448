// Package sourcemap reads, joins, composes and writes source maps, version 3: what leads
// from a generated file back to what a person has written.
package sourcemap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Map is one source map. Lines and columns count from 0, columns in UTF-16 units.
type Map struct {
	File     string    // the generated file
	Root     string    // put before the sources; "" = nothing
	Sources  []string  // the files that it leads to
	Contents []*string // what they hold; nil or shorter where it is not known
	Names    []string
	Lines    [][]Segment // by line of the generated file
}

// Segment says where what begins at a column comes from. Source and Name are -1 where
// there is none.
type Segment struct {
	Column, Source, Line, SourceColumn, Name int
}

// wire is a map as it is written.
type wire struct {
	Version        int       `json:"version"`
	File           string    `json:"file,omitempty"`
	SourceRoot     *string   `json:"sourceRoot,omitempty"`
	Sources        []string  `json:"sources"`
	Names          []string  `json:"names"`
	Mappings       string    `json:"mappings"`
	SourcesContent []*string `json:"sourcesContent,omitempty"`
	Sections       []section `json:"sections,omitempty"`
}

// section is a part of a map that is made of maps.
type section struct{}

// Parse reads a map. One that is made of sections is refused.
func Parse(data []byte) (*Map, error) {
	var w wire
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte(")]}'\n")), &w); err != nil {
		return nil, fmt.Errorf("read a source map: %w", err)
	}
	if len(w.Sections) > 0 {
		return nil, errors.New("read a source map: it is made of sections")
	}
	m := &Map{File: w.File, Sources: w.Sources, Contents: w.SourcesContent, Names: w.Names}
	if w.SourceRoot != nil {
		m.Root = *w.SourceRoot
	}
	var err error
	if m.Lines, err = decode(w.Mappings, len(w.Sources)); err != nil {
		return nil, fmt.Errorf("read a source map: %w", err)
	}
	return m, nil
}

// JSON writes the map.
func (m *Map) JSON() []byte {
	w := wire{Version: 3, File: m.File, Sources: m.Sources, Names: m.Names, Mappings: encode(m.Lines)}
	if m.Root != "" {
		w.SourceRoot = &m.Root
	}
	if slices.ContainsFunc(m.Contents, func(s *string) bool { return s != nil }) {
		w.SourcesContent = m.Contents
	}
	if w.Sources == nil {
		w.Sources = []string{}
	}
	if w.Names == nil {
		w.Names = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(w) // strings and numbers always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Of returns the map of a file that is its own source: each word leads to itself.
func Of(name, content string) *Map {
	m := &Map{File: name, Sources: []string{name}, Contents: []*string{&content}}
	for n, line := range strings.Split(content, "\n") {
		m.Lines = append(m.Lines, words(n, line))
	}
	return m
}

// words returns a segment for the beginning of a line and of each word in it.
func words(n int, line string) []Segment {
	out := []Segment{{Line: n, Name: -1}}
	column, inside := 0, false
	for _, r := range line {
		word := isWord(r)
		if word && !inside && column > 0 {
			out = append(out, Segment{Column: column, Line: n, SourceColumn: column, Name: -1})
		}
		inside = word
		column += max(utf16.RuneLen(r), 1)
	}
	return out
}

func isWord(r rune) bool {
	return r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > utf8.RuneSelf
}

// Through returns the map from the generated file to the sources of before, the map of
// what this map's only source holds.
func (m *Map) Through(before *Map) *Map {
	out := &Map{File: m.File, Root: before.Root, Sources: before.Sources, Contents: before.Contents, Names: slices.Clone(before.Names)}
	names := map[int]int{}
	for _, line := range m.Lines {
		var segments []Segment
		for _, s := range line {
			at, ok := before.at(s)
			at.Column = s.Column
			if !ok {
				if n := len(segments); n > 0 && segments[n-1].Source >= 0 { // else nothing goes before
					segments = append(segments, nowhere(s.Column))
				}
				continue
			}
			if s.Name >= 0 && s.Name < len(m.Names) && at.Name < 0 {
				if _, known := names[s.Name]; !known {
					names[s.Name] = len(out.Names)
					out.Names = append(out.Names, m.Names[s.Name])
				}
				at.Name = names[s.Name]
			}
			segments = append(segments, at)
		}
		out.Lines = append(out.Lines, segments)
	}
	return out
}

// nowhere is a segment that ends the one before it and leads to no source.
func nowhere(column int) Segment { return Segment{Column: column, Source: -1, Name: -1} }

// at returns the segment in which a place of the generated file lies.
func (m *Map) at(s Segment) (Segment, bool) {
	if s.Source < 0 || s.Line >= len(m.Lines) {
		return Segment{}, false
	}
	line := m.Lines[s.Line]
	i := sort.Search(len(line), func(i int) bool { return line[i].Column > s.SourceColumn })
	if i == 0 || line[i-1].Source < 0 {
		return Segment{}, false
	}
	return line[i-1], true
}

// Moved returns the map of the file after text was inserted before its first line or
// behind its end: lines are what was inserted before, column how far the first line has
// moved.
func (m *Map) Moved(lines, column int) *Map {
	out := *m
	out.Lines = make([][]Segment, lines, lines+len(m.Lines))
	for i, line := range m.Lines {
		if i == 0 && column > 0 {
			line = Shifted(line, 0, column)
		}
		out.Lines = append(out.Lines, line)
	}
	return &out
}

// Inserted returns the map of the file after text without line breaks was put in: at are
// byte offsets in what the file held, rising, and widths how many units each text has.
func (m *Map) Inserted(content string, at, widths []int) *Map {
	out := *m
	out.Lines = slices.Clone(m.Lines)
	for i := len(at) - 1; i >= 0; i-- { // from the end, so that places still count
		line := strings.Count(content[:at[i]], "\n")
		if line >= len(out.Lines) {
			continue
		}
		column := Units(content[strings.LastIndexByte(content[:at[i]], '\n')+1 : at[i]])
		out.Lines[line] = Shifted(out.Lines[line], column, widths[i])
	}
	return &out
}

// Shifted returns a line in which what begins at or after a column has moved; the line
// itself stays.
func Shifted(line []Segment, column, by int) []Segment {
	line = slices.Clone(line)
	for i := range line {
		if line[i].Column >= column {
			line[i].Column += by
		}
	}
	return line
}

// Joiner makes one map of many files that are joined. The zero value has none.
type Joiner struct {
	m        Map
	line     int
	column   int
	sources  map[string]int
	names    map[string]int
	anything bool
}

// Add adds a file with its map; nil = text that comes from nowhere.
func (j *Joiner) Add(content string, m *Map) {
	if m != nil {
		j.anything = true
		j.add(m)
	}
	if breaks := strings.Count(content, "\n"); breaks > 0 {
		j.line += breaks
		j.column = 0
		content = content[strings.LastIndexByte(content, '\n')+1:]
	}
	j.column += Units(content)
	for len(j.m.Lines) <= j.line {
		j.m.Lines = append(j.m.Lines, nil)
	}
}

// Source returns the name of a source with the root before it.
func (m *Map) Source(i int) string { return rooted(m.Root, m.Sources[i]) }

// add copies the segments of a map to where its file begins.
func (j *Joiner) add(m *Map) {
	sources := make([]int, len(m.Sources))
	for i := range m.Sources {
		var content *string
		if i < len(m.Contents) {
			content = m.Contents[i]
		}
		sources[i] = j.source(m.Source(i), content)
	}
	for i, line := range m.Lines {
		for len(j.m.Lines) <= j.line+i {
			j.m.Lines = append(j.m.Lines, nil)
		}
		for _, s := range line {
			if i == 0 {
				s.Column += j.column
			}
			if s.Source >= 0 {
				s.Source = sources[s.Source]
			}
			if s.Name >= 0 && s.Name < len(m.Names) {
				s.Name = j.name(m.Names[s.Name])
			}
			j.m.Lines[j.line+i] = append(j.m.Lines[j.line+i], s)
		}
	}
}

// rooted puts a root before a source, unless the source needs none.
func rooted(root, source string) string {
	if root == "" || strings.HasPrefix(source, "/") || strings.Contains(source, "://") {
		return source
	}
	return strings.TrimSuffix(root, "/") + "/" + source
}

func (j *Joiner) source(name string, content *string) int {
	if i, ok := j.sources[name]; ok {
		return i
	}
	if j.sources == nil {
		j.sources = map[string]int{}
	}
	j.sources[name] = len(j.m.Sources)
	j.m.Sources = append(j.m.Sources, name)
	j.m.Contents = append(j.m.Contents, content)
	return j.sources[name]
}

func (j *Joiner) name(name string) int {
	if i, ok := j.names[name]; ok {
		return i
	}
	if j.names == nil {
		j.names = map[string]int{}
	}
	j.names[name] = len(j.m.Names)
	j.m.Names = append(j.m.Names, name)
	return j.names[name]
}

// Map returns the map of all that was added; nil if no file had one.
func (j *Joiner) Map() *Map {
	if !j.anything {
		return nil
	}
	return &j.m
}

// Units is the width of a text in UTF-16, in which columns count.
func Units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
