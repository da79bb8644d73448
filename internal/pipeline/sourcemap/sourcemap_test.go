package sourcemap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// origin says where a word of a generated text comes from, as "source:line:column".
func origin(t *testing.T, m *Map, text, word string) string {
	t.Helper()
	i := strings.Index(text, word)
	if i < 0 {
		t.Fatalf("no %q in %q", word, text)
	}
	line := strings.Count(text[:i], "\n")
	column := Units(text[strings.LastIndexByte(text[:i], '\n')+1 : i])
	s, ok := m.at(Segment{Source: 0, Line: line, SourceColumn: column})
	if !ok {
		return "nowhere"
	}
	return fmt.Sprintf("%s:%d:%d", m.Sources[s.Source], s.Line, s.SourceColumn)
}

func TestAMapIsReadAsItWasWritten(t *testing.T) {
	content := "one two\n\n  é𝒳 three"
	m := Of("a.js", content)
	again, err := Parse(m.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.JSON(), again.JSON()); diff != "" {
		t.Errorf("map (-first +again):\n%s", diff)
	}
	if got := origin(t, again, content, "three"); got != "a.js:2:6" {
		t.Errorf("three comes from %s", got)
	}
}

func TestJoinedMapsLeadToTheirFiles(t *testing.T) {
	a, b := "a1\na2", "b1 b2\nb3\n"
	var j Joiner
	j.Add(a, Of("a.js", a))
	j.Add(";", nil)
	j.Add(b, Of("b.js", b))
	j.Add("/* banner */\n", nil)
	j.Add(a, Of("a.js", a))
	text := a + ";" + b + "/* banner */\n" + a
	m := j.Map()
	for word, want := range map[string]string{"a2": "a.js:1:0", "b1": "b.js:0:0", "b2": "b.js:0:3", "b3": "b.js:1:0"} {
		if got := origin(t, m, text, word); got != want {
			t.Errorf("%s comes from %s, want %s", word, got, want)
		}
	}
	if diff := cmp.Diff([]string{"a.js", "b.js"}, m.Sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if (&Joiner{}).Map() != nil {
		t.Error("a map of nothing")
	}
}

func TestAMapGoesThroughTheOneBeforeIt(t *testing.T) {
	written, middle, last := "let wordA = 1\nlet wordB = 2", "x;\nlet wordA = 1\nlet wordB = 2", "let wordB = 2,wordA = 1"
	first := Of("src.js", written).Moved(1, 0)
	second := &Map{File: "out.js", Sources: []string{"middle.js"}, Lines: [][]Segment{{
		{Column: 0, Line: 2, Name: -1}, {Column: 4, Line: 2, SourceColumn: 4, Name: -1}, {Column: 14, Line: 1, SourceColumn: 4, Name: -1},
	}}}
	m := second.Through(first)
	if got := origin(t, m, last, "wordA"); got != "src.js:0:4" {
		t.Errorf("wordA comes from %s", got)
	}
	if got := origin(t, m, last, "wordB"); got != "src.js:1:4" {
		t.Errorf("wordB comes from %s", got)
	}
	if got := origin(t, first, middle, "x"); got != "nowhere" {
		t.Errorf("what was inserted comes from %s", got)
	}
}

func TestBrokenMapsAreRefused(t *testing.T) {
	for _, text := range []string{
		`{`, `{"version":3,"sources":["a"],"mappings":"AAAA,!"}`, `{"version":3,"sources":[],"mappings":"AAAA"}`,
		`{"version":3,"sources":["a"],"mappings":"AA"}`, `{"version":3,"sources":["a"],"mappings":"AADA"}`, `{"version":3,"sources":["a"],"mappings":"gggggggg"}`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AAAA,SAAS;AACA", 1)
	f.Add(";;;A,AAAAA", 2)
	f.Fuzz(func(t *testing.T, mappings string, sources int) {
		lines, err := decode(mappings, sources)
		if err != nil {
			return
		}
		again, err := decode(encode(lines), sources)
		if err != nil {
			t.Fatalf("%q: written again it is not read: %v", mappings, err)
		}
		if encode(again) != encode(lines) {
			t.Errorf("%q became %q", mappings, encode(again))
		}
	})
}
