package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// bench is a flow whose ends are in the test's hands.
type bench struct {
	changes
	rebuilt [][]string
	told    []livereload.Change
	reread  int
	out     bytes.Buffer
}

// newBench returns a flow in which every file is served under its own name, and the
// pipeline answers with result and err.
func newBench(result pipeline.Result, err error, pages int) *bench {
	b := &bench{}
	b.changes = changes{
		dir: "/p", rules: []string{"/p/realtimectl.yaml", "/p/data/job.schema.json"},
		log: slog.New(slog.NewJSONHandler(&b.out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		rebuild: func(_ context.Context, paths []string) (pipeline.Result, error) {
			b.rebuilt = append(b.rebuilt, paths)
			return result, err
		},
		resolve: func(file string) []string {
			if url, ok := strings.CutPrefix(file, "/p/src"); ok {
				return []string{url}
			}
			return nil
		},
		notify: func(c livereload.Change) int {
			b.told = append(b.told, c)
			return pages
		},
		reread: func() { b.reread++ },
		exists: func(path string) bool { return !strings.Contains(path, "gone") },
		open:   func() int { return 1 },
	}
	return b
}

// record is the one line that was logged.
func (b *bench) record(t *testing.T) map[string]any {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(b.out.Bytes(), &r); err != nil {
		t.Fatalf("logged %q: %v", b.out.String(), err)
	}
	return r
}

func TestSavedStylesheetIsToldByItsURL(t *testing.T) {
	b := newBench(pipeline.Result{Changed: []string{"/p/src/app/jobs.css"}}, nil, 2)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/app/jobs.css"}})
	if diff := cmp.Diff([]livereload.Change{{Paths: []string{"/app/jobs.css"}}}, b.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	r := b.record(t)
	if msg, _ := r["msg"].(string); !strings.HasPrefix(msg, "css   src/app/jobs.css  injected  ") || !strings.HasSuffix(msg, " ms  2 pages") {
		t.Errorf("line %q", msg)
	}
	if r["event"] != "change.applied" || r["pages"] != 2.0 {
		t.Errorf("record %v", r)
	}
}

func TestAnythingButStylesheetsReloads(t *testing.T) {
	files := []string{"/p/src/app/jobs.css", "/p/src/app/main.js", "/p/src/index.html"}
	b := newBench(pipeline.Result{Changed: files}, nil, 1)
	b.apply(t.Context(), watch.Batch{Paths: files})
	msg, _ := b.record(t)["msg"].(string)
	if !strings.Contains(msg, "src/app/jobs.css and 2 more  reloaded") || !strings.HasSuffix(msg, "1 page") {
		t.Errorf("line %q", msg)
	}
}

func TestMistakeIsShownAndTheOldStateStays(t *testing.T) {
	mistake := diag.List{{Path: "src/app/main.js", Line: 3, Message: "unexpected )"}}
	b := newBench(pipeline.Result{Diagnostics: mistake}, nil, 1)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/app/main.js"}})
	if diff := cmp.Diff([]livereload.Change{{Paths: []string{}, Diagnostics: mistake}}, b.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	r := b.record(t)
	if r["level"] != "ERROR" || r["event"] != "change.broken" || r["diagnostics"] == nil {
		t.Errorf("record %v", r)
	}
}

func TestMistakesOfOtherFilesAreCountedAndNotToldAgain(t *testing.T) {
	mistake := diag.Diagnostic{Path: "src/app/main.js", Line: 3, Message: "unexpected )"}
	warning := diag.Diagnostic{Severity: diag.Warning, Path: "src/a.js", Message: "new"}
	for _, tt := range []struct {
		name, saved string
		found       diag.List
		event, end  string
		want        string
	}{
		{"another file", "/p/src/a.css", diag.List{mistake}, "change.applied", "  1 page, 1 mistake elsewhere", ""},
		{"another file with a warning", "/p/src/a.css", diag.List{mistake, warning}, "change.applied", "  1 page, 1 mistake elsewhere", "src/a.js: new"},
		{"the same file", "/p/src/app/main.js", diag.List{mistake}, "change.broken", "  open pages stay as they are", "src/app/main.js:3: unexpected )"},
		{"its mending", "/p/src/app/main.js", nil, "change.applied", "  1 page", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(pipeline.Result{Changed: []string{tt.saved}, Diagnostics: tt.found}, nil, 1)
			b.changes.told = diag.List{mistake}
			b.apply(t.Context(), watch.Batch{Paths: []string{tt.saved}})
			r := b.record(t)
			if msg, _ := r["msg"].(string); r["event"] != tt.event || !strings.HasSuffix(msg, tt.end) {
				t.Errorf("line %q, event %v", msg, r["event"])
			}
			if got, _ := r["diagnostics"].(string); got != tt.want {
				t.Errorf("diagnostics %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLostNotificationsRebuildEverything(t *testing.T) {
	b := newBench(pipeline.Result{}, nil, 0)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/a.js"}, Rescan: true})
	if diff := cmp.Diff([][]string{nil}, b.rebuilt); diff != "" {
		t.Errorf("rebuilt (-want +got):\n%s", diff)
	}
}

func TestConfigurationIsRereadAndNotRebuilt(t *testing.T) {
	b := newBench(pipeline.Result{}, nil, 0)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/data/job.schema.json", "/p/realtimectl.yaml"}})
	if b.reread != 1 || b.rebuilt != nil || b.told != nil {
		t.Errorf("reread %d times, rebuilt %v, told %v", b.reread, b.rebuilt, b.told)
	}
}

func TestFailedRebuildTellsThePersonAndNotThePages(t *testing.T) {
	b := newBench(pipeline.Result{}, errors.New("disk full"), 0)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/a.js"}})
	if r := b.record(t); r["level"] != "ERROR" || !strings.Contains(r["msg"].(string), "disk full") {
		t.Errorf("record %v", r)
	}
	if b.told != nil {
		t.Errorf("told the pages %v", b.told)
	}
}

// withoutTime is the line without the time it took, which is never the same.
func withoutTime(line any) string {
	text, _ := line.(string)
	return regexp.MustCompile(`  \d+ ms  `).ReplaceAllString(text, "  N ms  ")
}

func TestChangeThatNoPageUsesSaysSo(t *testing.T) {
	for pages, want := range map[int]string{0: "no page is open", 2: "no open page uses it"} {
		b := newBench(pipeline.Result{Changed: []string{"/p/src/a.js"}}, nil, 0)
		b.open = func() int { return pages }
		b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/a.js"}})
		if got := withoutTime(b.record(t)["msg"]); got != "js    src/a.js  rebuilt  N ms  "+want {
			t.Errorf("line %q", got)
		}
	}
}

func TestRemovedFileIsNotCalledSaved(t *testing.T) {
	for line, paths := range map[string][]string{
		"css   src/gone.css  removed  N ms  no open page uses it":               {"/p/src/gone.css"},
		"css   src/gone.css, src/kept.css  rebuilt  N ms  no open page uses it": {"/p/src/gone.css", "/p/src/kept.css"},
		"css   src/gone.css and 2 more  removed  N ms  no open page uses it":    {"/p/src/gone.css", "/p/src/gone.js", "/p/src/gone.html"},
	} {
		b := newBench(pipeline.Result{Changed: paths}, nil, 0)
		b.apply(t.Context(), watch.Batch{Paths: paths})
		if got := withoutTime(b.record(t)["msg"]); got != line {
			t.Errorf("line %q; want %q", got, line)
		}
	}
}

func TestChangeThatConcernsNobodyIsQuiet(t *testing.T) {
	b := newBench(pipeline.Result{}, nil, 0)
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/notes.txt"}})
	if r := b.record(t); r["level"] != "DEBUG" {
		t.Errorf("record %v", r)
	}
}

func TestPagesOfAForeignServerReloadUnlessTheyUseTheStylesheet(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		pages int
		want  []livereload.Change
	}{
		{"a stylesheet in use", "/p/src/a.css", 1, []livereload.Change{{Paths: []string{"/a.css"}}}},
		{"a stylesheet under another URL", "/p/src/a.css", 0, []livereload.Change{{Paths: []string{"/a.css"}}, {All: true}}},
		{"a template", "/p/views/home.php", 1, []livereload.Change{{All: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(pipeline.Result{Changed: []string{tt.file}}, nil, tt.pages)
			b.foreign = true
			b.apply(t.Context(), watch.Batch{Paths: []string{tt.file}})
			if diff := cmp.Diff(tt.want, b.told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPagesOfAServerThatTellsThemItselfAreLeftToIt(t *testing.T) {
	b := newBench(pipeline.Result{Changed: []string{"/p/src/a.vue"}}, nil, 0)
	b.foreign, b.hot = true, "Vite"
	b.apply(t.Context(), watch.Batch{Paths: []string{"/p/src/a.vue"}})
	if diff := cmp.Diff([]livereload.Change{{}}, b.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if msg, _ := b.record(t)["msg"].(string); !strings.HasPrefix(msg, "vue   src/a.vue  saved  ") || !strings.HasSuffix(msg, "  the pages hear of it from Vite") {
		t.Errorf("line %q", msg)
	}
}

func TestWhatTheProgramItselfWritesIsNoChange(t *testing.T) {
	dir := t.TempDir()
	own, err := os.Create(filepath.Join(dir, "out.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ignore := either(dependencies(nil), ownOutput(own, os.Stdin))
	for name, want := range map[string]bool{"out.txt": true, "a.txt": false, "gone.txt": false} {
		if got := ignore(filepath.Join(dir, name), false); got != want {
			t.Errorf("%s is ignored: %v", name, got)
		}
	}
	if !ignore(filepath.Join(dir, "node_modules"), true) {
		t.Error("packages are not ignored")
	}
}
