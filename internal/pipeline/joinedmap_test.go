package pipeline

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-sourcemap/sourcemap"

	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
)

// TestJoinedMapLeadsEveryWordHome joins annotated scripts and looks up words of the
// result in the map.
func TestJoinedMapLeadsEveryWordHome(t *testing.T) {
	sources := map[string]string{
		"src/a.js": "'use strict'\nangular.module('app').run(function ($http) { alpha($http); })",
		"src/b.js": "// é😀 before\nvar é = 1; /* 😀 */ beta(é);\n",
		"src/c.js": "!gamma(delta);", // the reader used here skips what maps to 1:0
	}
	var parts []part
	for _, name := range []string{"src/a.js", "src/b.js", "src/c.js"} {
		list, err := angular.Annotate(sources[name])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{name: name, source: sources[name], inserted: list, code: angular.Apply(sources[name], list)})
	}
	code, _ := join(parts)
	data, err := base64.StdEncoding.DecodeString(joinedMap(parts))
	if err != nil {
		t.Fatal(err)
	}
	m, err := sourcemap.Parse("", data)
	if err != nil {
		t.Fatal(err)
	}
	for word, name := range map[string]string{"alpha": "src/a.js", "beta": "src/b.js", "gamma": "src/c.js", "function": "src/a.js"} {
		line, column := position(code, word)
		source, _, fromLine, fromColumn, ok := m.Source(line, column)
		wantLine, wantColumn := position(sources[name], word)
		if !ok || source != name || fromLine != wantLine || fromColumn != wantColumn {
			t.Errorf("%s at %d:%d leads to %s:%d:%d, want %s:%d:%d", word, line, column, source, fromLine, fromColumn, name, wantLine, wantColumn)
		}
	}
}

// position returns where a word stands: the line from 1, the column from 0 in UTF-16.
func position(text, word string) (line, column int) {
	before, _, _ := strings.Cut(text, word)
	last := before[strings.LastIndexByte(before, '\n')+1:]
	for _, r := range last {
		column += utf16.RuneLen(r)
	}
	return strings.Count(before, "\n") + 1, column
}
