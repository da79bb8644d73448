package pipeline

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/realtimectl/realtimectl/internal/diag"
)

var update = flag.Bool("update", false, "write what the code gives into the golden files")

// TestBuildGolden builds every archive of testdata/build: its files "in/…" are the
// project, "out/…" the whole output folder (compressed siblings aside), "diagnostics"
// what was found. The archive's comment sets options, one "name: value" a line.
func TestBuildGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/build/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := oddFolder(t)
			writeArchive(t, ar, dir)
			got := buildArchive(t, ar, dir)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(ar)), string(txtar.Format(got))); diff != "" {
				t.Errorf("archive (-want +got; -update accepts):\n%s", diff)
			}
		})
	}
}

// oddFolder returns a new folder whose name means something to globs, addresses, shells
// and expressions: nothing may take it for more than a name.
func oddFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's #1 (a|b) [c] {d,e} %20 $& \u00e9!")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeArchive puts an archive's "in/" files into a folder.
func writeArchive(t *testing.T, ar *txtar.Archive, dir string) {
	t.Helper()
	for _, f := range ar.Files {
		if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
			write(t, filepath.Join(dir, name), string(f.Data))
		}
	}
}

// buildArchive builds the project in dir and returns the archive with its output.
func buildArchive(t *testing.T, ar *txtar.Archive, dir string) *txtar.Archive {
	t.Helper()
	got := &txtar.Archive{Comment: ar.Comment}
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, "in/") {
			got.Files = append(got.Files, f)
		}
	}
	report, err := Build(t.Context(), archiveOptions(t, ar, dir))
	var found diag.List
	switch {
	case err == nil:
		found = report.Diagnostics
		got.Files = append(got.Files, readTree(t, report.Out)...)
	case !errors.As(err, &found):
		t.Fatal(err)
	}
	if len(found) > 0 {
		got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: []byte(show(found))})
	}
	return got
}

func archiveOptions(t *testing.T, ar *txtar.Archive, dir string) BuildOptions {
	t.Helper()
	opts := BuildOptions{Dir: dir}
	for line := range strings.Lines(string(ar.Comment)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !ok:
		case name == "base":
			opts.Base = value
		case name == "sourcemap":
			opts.SourceMap = true
		case name == "minify":
			opts.NoMinify = value == "no"
		case name == "integrity":
			opts.Integrity = true
		case name == "target":
			opts.Target = value
		case name == "server":
			opts.ServerPaths = strings.Fields(value)
		}
	}
	return opts
}

// readTree returns the text files of an output folder as archive files, sorted.
func readTree(t *testing.T, dir string) []txtar.File {
	t.Helper()
	var files []txtar.File
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{".gz", ".br", ".zst"}, filepath.Ext(p)) {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(dir, p)
		if len(data) > 0 && data[len(data)-1] != '\n' {
			data = append(data, "\n(no newline)\n"...) // an archive's files end in one
		}
		files = append(files, txtar.File{Name: "out/" + filepath.ToSlash(name), Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// show prints diagnostics as a person reads them.
func show(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		severity := d.Severity
		if severity == "" {
			severity = diag.Error
		}
		b.WriteString(string(severity) + " [" + d.Source + "] " + d.Error() + "\n")
		if d.Excerpt != "" {
			b.WriteString(d.Excerpt + "\n")
		}
		if d.Hint != "" {
			b.WriteString("hint: " + d.Hint + "\n")
		}
	}
	return b.String()
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// project writes files into a new folder and returns it, symbolic links resolved.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(oddFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

// mustBuild builds and fails the test on an error.
func mustBuild(t *testing.T, ctx context.Context, opts BuildOptions) *Report {
	t.Helper()
	report, err := Build(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
