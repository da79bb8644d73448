package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

func TestReadSteadyWaitsForTheEndOfASave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.js")
	for _, steps := range [][]string{{"new"}, {"n", "e", "w"}} {
		f, err := os.Create(path) // empty now
		if err != nil {
			t.Fatal(err)
		}
		type result struct {
			text []byte
			err  error
		}
		got := make(chan result, 1)
		go func() {
			text, err := atomicfile.ReadFileSteady(path)
			got <- result{text, err}
		}()
		for _, step := range steps {
			if _, err := f.WriteString(step); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if r := <-got; r.err != nil || string(r.text) != "new" {
			t.Errorf("steps %q: %q, %v", steps, r.text, r.err)
		}
	}
}

func TestReadSteadyTakesAnEmptyFileInTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := atomicfile.ReadFileSteady(path); err != nil || len(text) > 0 {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := atomicfile.ReadFileSteady(path + "x"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}
