package run_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// noBreak marks a file of an archive that does not end with a line break.
const noBreak = "\n\\ no line break\n"

// unpack writes an archive's files into a new folder and returns what the real plugins
// made of them.
func unpack(t *testing.T, archive string) (dir string, want map[string]string) {
	t.Helper()
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]string{}
	want = map[string]string{}
	for _, f := range parsed.Files {
		data := strings.TrimSuffix(string(f.Data), noBreak)
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = data
			continue
		}
		inputs[f.Name] = data
	}
	dir = project(t, inputs)
	for name, data := range want {
		want[name] = strings.ReplaceAll(data, "/PROJECT", dir)
	}
	return dir, want
}

// dataMap is a map inside of a file.
var dataMap = regexp.MustCompile(`;base64,([A-Za-z0-9+/=]+)`)

// mapIn returns the source map that a file is, or holds; "" = none.
func mapIn(text string) string {
	if strings.HasPrefix(text, `{"version":3,`) {
		return text
	}
	m := dataMap.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	data, _ := base64.StdEncoding.DecodeString(m[1])
	return string(data)
}

// withoutMappings returns a file with what a map says of its sources written in one way,
// and without what leads to them: ours lead to each word.
func withoutMappings(text string) string {
	m, err := sourcemap.Parse([]byte(mapIn(text)))
	if err != nil {
		return text
	}
	m.Lines, m.Names = nil, nil
	if strings.HasPrefix(text, "{") {
		return string(m.JSON())
	}
	return dataMap.ReplaceAllString(text, ";"+string(m.JSON()))
}

// compareMaps checks that whatever the real map leads to, ours leads to.
func compareMaps(t *testing.T, name, want, got string) {
	t.Helper()
	theirs, err := sourcemap.Parse([]byte(mapIn(want)))
	if err != nil {
		return
	}
	ours, err := sourcemap.Parse([]byte(mapIn(got)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	known := map[string]bool{}
	eachPlace(ours, func(place string) { known[place] = true })
	eachPlace(theirs, func(place string) {
		if !known[place] {
			t.Errorf("%s does not lead %s", name, place)
		}
	})
}

// eachPlace calls fn with all that a map leads to.
func eachPlace(m *sourcemap.Map, fn func(place string)) {
	for line, segments := range m.Lines {
		for _, s := range segments {
			if s.Source >= 0 {
				fn(fmt.Sprintf("from %d:%d to %s:%d:%d", line, s.Column, m.Sources[s.Source], s.Line, s.SourceColumn))
			}
		}
	}
}

// TestPluginsWriteWhatTheRealOnesWrite runs the gulpfiles in testdata/plugins. What the
// real plugins make of them was recorded by testdata/want.mjs.
func TestPluginsWriteWhatTheRealOnesWrite(t *testing.T) {
	archives, err := filepath.Glob("testdata/plugins/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			dir, want := unpack(t, archive)
			plan, err := record.Record(dir, record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if plan.Found != nil {
				t.Fatal(plan.Found)
			}
			result, err := run.New(run.Options{Dir: dir, Plan: plan}).Run(t.Context(), "default")
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range result.Diagnostics {
				t.Log(d.Error())
			}
			got := map[string]string{}
			for name, data := range result.Files {
				got[name] = string(data)
			}
			for name, text := range got {
				compareMaps(t, name, want[name], text)
				got[name], want[name] = withoutMappings(text), withoutMappings(want[name])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("files (-real +ours):\n%s", diff)
			}
		})
	}
}
