package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// TestTheReferenceIsWhatTheProgramSays compares docs/reference with what `docs markdown`
// writes.
func TestTheReferenceIsWhatTheProgramSays(t *testing.T) {
	made := filepath.Join(t.TempDir(), "reference")
	if out, err := exec.Command("realtimectl", "docs", "markdown", "--out", made).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(pagesIn(t, made), pagesIn(t, "../../docs/reference")); diff != "" {
		t.Errorf("docs/reference is out of date: run `go generate ./cmd/realtimectl`, and remove pages of what is gone (-want +got):\n%s", diff)
	}
}

// TestManPagesAreWellFormed asks the formatters themselves.
func TestManPagesAreWellFormed(t *testing.T) {
	made := filepath.Join(t.TempDir(), "man")
	cmd := exec.Command("realtimectl", "docs", "man", "--out", made)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1793000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, formatter := range [][]string{
		{"mandoc", "-Tlint", "-Wwarning"},
		{"man", "--warnings", "--encoding=UTF-8", "--local-file"},
	} {
		t.Run(formatter[0], func(t *testing.T) {
			program := realpart.Command(t, formatter[0])
			for name := range pagesIn(t, made) {
				page := exec.Command(program, append(formatter[1:], filepath.Join(made, name))...)
				page.Env = append(os.Environ(), "MANPAGER=cat", "LC_ALL=C.UTF-8")
				var said bytes.Buffer
				page.Stderr = &said
				shown, err := page.Output()
				if err != nil || said.Len() > 0 {
					t.Errorf("%s: %v\n%s%s", name, err, said.String(), shown)
				}
			}
		})
	}
}

func pagesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[e.Name()] = string(text)
	}
	return pages
}
