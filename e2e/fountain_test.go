package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// TestProjectOfTheOfficialGeneratorLives serves a FountainJS project as the generator wrote
// it, builds it by its own task, and serves that: its page shows what its data says.
func TestProjectOfTheOfficialGeneratorLives(t *testing.T) {
	needSetup(t, "chromium")
	made := realpart.Made(t, "fountain")
	b := board{binary: newBoard(t).binary, dir: filepath.Join(t.TempDir(), "fountain")}
	for _, part := range []string{"bower_components", "conf", "gulp_tasks", "src"} {
		if err := os.CopyFS(b.path(part), os.DirFS(filepath.Join(made, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"bower.json", "gulpfile.js", "package.json"} {
		data, err := os.ReadFile(filepath.Join(made, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b.path(file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const want = `document.querySelectorAll('fountain-tech').length > 5 && document.querySelector('fountain-tech h3').textContent !== '' && getComputedStyle(document.querySelector('.tech')).borderRadius !== '0px'`
	b.lives(t, realpart.Browser(t), want)
}
