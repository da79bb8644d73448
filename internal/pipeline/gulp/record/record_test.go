package record_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// project writes the files of an archive into a folder of its own.
func project(t testing.TB, files []txtar.File) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// planText is all of a plan, with names of the project's folder taken out.
func planText(dir string, p *gulp.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gulp %d, %s, of %s\n", p.Version, p.Gulpfile, strings.Join(p.Files, " "))
	seen := map[gulp.Work]bool{}
	if p.Top != nil {
		writeWork(&b, p.Top, seen)
	}
	for _, t := range p.Tasks {
		fmt.Fprintf(&b, "\ntask %s = %s  (%s)\n", t.Name, workText(t.Work), t.Place)
		writeWork(&b, t.Work, seen)
	}
	for _, d := range p.Found {
		fmt.Fprintf(&b, "\n%s: %s\n", d.Severity, d.Error())
	}
	abs, err := filepath.EvalSymlinks(dir)
	if err != nil {
		abs = dir
	}
	return strings.ReplaceAll(b.String(), abs, "DIR")
}

func writeWork(b *strings.Builder, w gulp.Work, seen map[gulp.Work]bool) {
	switch w := w.(type) {
	case *gulp.Series:
		for _, x := range w.Of {
			writeWork(b, x, seen)
		}
	case *gulp.Parallel:
		for _, x := range w.Of {
			writeWork(b, x, seen)
		}
	case *gulp.Body:
		if seen[w] {
			return
		}
		seen[w] = true
		if len(w.Actions) > 0 {
			fmt.Fprintf(b, "  %s (%s)\n", workText(w), w.Place)
		}
		for _, a := range w.Actions {
			fmt.Fprintf(b, "    %s\n", actionText(a))
		}
		for _, a := range w.Actions {
			switch a := a.(type) {
			case *gulp.Start:
				writeWork(b, a.Work, seen)
			case *gulp.Watch:
				writeWork(b, a.Work, seen)
			}
		}
	}
}

// TestGulpfiles records each project of testdata/*.txtar; its file "plan" is what has to
// come out.
func TestGulpfiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no projects: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			last := len(a.Files) - 1
			if a.Files[last].Name != "plan" {
				a.Files = append(a.Files, txtar.File{Name: "plan"})
				last++
			}
			dir := project(t, a.Files[:last])
			p, err := record.Record(dir, record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := planText(dir, p)
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[last].Data), got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}
