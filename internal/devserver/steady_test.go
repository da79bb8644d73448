package devserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoAnswerIsTheMiddleOfASave(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.js": "old"})
	file := filepath.Join(dir, "src/a.js")
	srv := listen(t, project(t, dir))
	for _, save := range []struct {
		name  string
		write func(f *os.File)
	}{
		{"emptied, then written", func(f *os.File) { fill(t, f, "new") }},
		{"written in two steps", func(f *os.File) { fill(t, f, "ne"); fill(t, f, "w") }},
	} {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0) // empty now
		if err != nil {
			t.Fatal(err)
		}
		answer := make(chan string, 1)
		go func() { answer <- ask(t, srv, "/a.js").Body }()
		select {
		case got := <-answer:
			t.Fatalf("%s: answered %q before the save was over", save.name, got)
		default: // it is being looked at
		}
		save.write(f)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got := <-answer; got != "new" {
			t.Errorf("%s: answered %q", save.name, got)
		}
	}
}

func fill(t *testing.T, f *os.File, text string) {
	t.Helper()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestFileThatIsEmptyForGoodIsServedEmpty(t *testing.T) {
	dir := tree(t, map[string]string{"src/a.js": "", "src/b.js": strings.Repeat("x", maxSteady+1)})
	srv := listen(t, project(t, dir))
	if a := ask(t, srv, "/a.js"); a.Status != 200 || a.Body != "" {
		t.Errorf("empty: %d %q", a.Status, a.Body)
	}
	if b := ask(t, srv, "/b.js"); len(b.Body) != maxSteady+1 {
		t.Errorf("large: %d bytes", len(b.Body))
	}
}
