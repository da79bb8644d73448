package record_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
)

// values evaluates expressions in one gulpfile and returns what each gives, as JSON.
func values(t *testing.T, expressions []string) []string {
	t.Helper()
	var src strings.Builder
	src.WriteString("const path = require('path'), url = require('url'), util = require('util'), querystring = require('querystring'), crypto = require('crypto');\n")
	src.WriteString("const EventEmitter = require('events'), assert = require('assert'), os = require('os'), _ = require('lodash'), out = [];\n")
	src.WriteString("const note = f => { try { const v = f(); out.push(v === undefined ? 'undefined' : JSON.stringify(v)); } catch (e) { out.push('throws ' + e); } };\n")
	for _, e := range expressions {
		src.WriteString("note(() => (" + e + "));\n")
	}
	src.WriteString("require('gulp').task('values', done => { require('fs').writeFileSync('values.json', JSON.stringify(out)); done(); });\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gulpfile.js"), []byte(src.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	plan, err := record.Record(dir, record.Options{})
	if err != nil || plan.Found != nil {
		t.Fatal(err, plan)
	}
	var out []string
	for _, a := range plan.Task("values").Work.(*gulp.Body).Actions {
		if w, ok := a.(*gulp.Write); ok {
			if err := json.Unmarshal(w.Contents, &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(out) != len(expressions) {
		t.Fatalf("%d values of %d expressions", len(out), len(expressions))
	}
	return out
}

// testdata/node.txt holds what node and lodash themselves give.
func TestNodesModulesAndLodashGiveWhatTheyGiveInNode(t *testing.T) {
	data, err := os.ReadFile("testdata/node.txt")
	if err != nil {
		t.Fatal(err)
	}
	var expressions, want []string
	for line := range strings.Lines(string(data)) {
		if e, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ⇒ "); ok {
			expressions, want = append(expressions, e), append(want, value)
		}
	}
	if len(want) < 600 {
		t.Fatalf("only %d expressions", len(want))
	}
	for i, got := range values(t, expressions) {
		if got != want[i] {
			t.Errorf("%s\n node %s\n ours %s", expressions[i], want[i], got)
		}
	}
}
