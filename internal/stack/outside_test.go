package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// awaitText waits until the server answers with a text.
func awaitText(t *testing.T, url, want string) {
	t.Helper()
	limit := time.Now().Add(20 * time.Second)
	for {
		_, text, err := answerOf(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, want) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%s never has %q:\n%s", url, want, text)
		}
	}
}

func TestFolderThatALaterEditImportsIsWatchedFromThenOn(t *testing.T) {
	dir := t.TempDir()
	i := run(t, load(t, dir, map[string]string{
		"realtimectl.yaml": free,
		"src/index.html":   `<!doctype html><script type="module" src="main.ts"></script>`,
		"src/main.ts":      "console.log(1 as number);\n",
		"beside/b.ts":      "export const b: string = 'one';\n",
		"data/d.txt":       "one",
	}), nil)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("src/main.ts", "import { b } from '../beside/b';\nimport d from '../data/d.txt?raw';\nconsole.log(b, d);\n")
	awaitText(t, i.App+"/@packages/beside/b.ts.js", `"one"`)
	write("beside/b.ts", "export const b: string = 'two';\n")
	awaitText(t, i.App+"/@packages/beside/b.ts.js", `"two"`)
	write("data/d.txt", "two")
	awaitText(t, i.App+"/main.ts", `"two"`)
}
