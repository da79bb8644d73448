package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
