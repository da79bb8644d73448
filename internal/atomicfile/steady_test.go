package atomicfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

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

// TestReadSteadyWaitsForTheWriterItself stops in the middle of a write for longer than an
// editor does, as a compiler stops that empties its output first.
func TestReadSteadyWaitsForTheWriterItself(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who writes")
	}
	for name, read := range map[string]func(*os.File) ([]byte, os.FileInfo, error){
		"steady": atomicfile.ReadSteady, "replaced": atomicfile.ReadReplaced,
	} {
		path := filepath.Join(t.TempDir(), "a.css")
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := out.WriteString("ha"); err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 1)
		go func() {
			text, _, err := read(file)
			got <- fmt.Sprint(string(text), err)
		}()
		<-time.After(50 * time.Millisecond) // far more than settledAfter
		if _, err := out.WriteString("lf"); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if text := <-got; text != "half<nil>" {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestReadReplacedDoesNotWaitForTheAgeOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.js")
	if err := atomicfile.Write(path, []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, _, err := atomicfile.ReadReplaced(file); err != nil || string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestReadSteadyTakesWhatIsWrittenForEver reads a log that somebody keeps open.
func TestReadSteadyTakesWhatIsWrittenForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString("line\n"); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if text, err := atomicfile.ReadFileSteady(path); err != nil || string(text) != "line\n" {
		t.Errorf("%q, %v", text, err)
	}
}
