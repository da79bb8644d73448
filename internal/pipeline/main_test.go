package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// The clock of a gulpfile's expressions stops by itself, some seconds after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// edit saves a file of a project and returns its path.
func edit(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
