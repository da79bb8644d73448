package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
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
	if dir, err = filepath.EvalSymlinks(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{}
	for _, f := range parsed.Files {
		data := strings.TrimSuffix(string(f.Data), noBreak)
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = strings.ReplaceAll(data, "/PROJECT", dir)
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, want
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
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("files (-real +ours):\n%s", diff)
			}
		})
	}
}
