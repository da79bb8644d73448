package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// appOf copies one of the applications, with the packages that were installed for all.
func appOf(t *testing.T, binary, name string) board {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", name)); err != nil {
		realpart.Missing(t, "the npm package "+name)
	}
	b := board{binary: binary, dir: filepath.Join(t.TempDir(), name)}
	if err := os.CopyFS(b.dir, os.DirFS(filepath.Join("apps", name))); err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(packages, b.path("node_modules")); err != nil {
		t.Fatal(err)
	}
	return b
}

// shows is true in a page whose <output> has a text.
func shows(text string) string {
	return `document.querySelector('output')?.innerText.trim() === ` + "`" + strings.TrimSpace(text) + "`"
}

func TestApplicationsOfModules(t *testing.T) {
	needSetup(t, "chromium")
	binary := newBoard(t).binary
	browser := realpart.Browser(t)
	t.Run("edits", func(t *testing.T) { editApplication(t, binary, browser) })
	for _, name := range []string{"lit", "preact", "react", "sass"} {
		t.Run(name, func(t *testing.T) {
			b := appOf(t, binary, name)
			b.lives(t, browser, shows(b.read(t, "expected")))
		})
	}
}

// editApplication edits an application that is served: what works, what does not, and
// what fails in the page.
func editApplication(t *testing.T, binary string, browser context.Context) {
	b := appOf(t, binary, "preact")
	s := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	page := open(t, browser, s.Proxy)
	page.until(shows(b.read(t, "expected")))
	replace := func(file, old, now string) {
		t.Helper()
		text := b.read(t, file)
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %q", file, old)
		}
		b.save(t, file, strings.Replace(text, old, now, 1))
	}

	replace("src/parts/index.ts", "hello", "good morning")
	page.until(shows("good morning preact 1 late 3 40 2"))

	page.do(`window.untouched = true`)
	replace("src/app.module.css", "3px", "5px")
	page.until(`getComputedStyle(document.querySelector('output')).outlineWidth === '5px' && window.untouched === true`)

	good := b.read(t, "src/parts/index.ts")
	replace("src/parts/index.ts", "name}", "name")
	line := s.out.await(t, "change.broken")
	for _, want := range []string{`"path":"src/parts/index.ts"`, `"line":`, `"column":`, `"excerpt":`} {
		if !strings.Contains(line, want) {
			t.Errorf("the message lacks %s: %s", want, line)
		}
	}
	page.until(`document.querySelector('realtimectl-overlay') !== null && window.untouched === true`)
	page.do(`location.reload()`)
	page.until(shows("good morning preact 1 late 3 40 2")) // the last good state
	page.until(`document.querySelector('realtimectl-overlay') !== null`)

	b.save(t, "src/parts/index.ts", good)
	page.until(`document.querySelector('realtimectl-overlay') === null`)

	page.do(`document.querySelector('output').click()`)
	line = s.out.await(t, "page.error")
	for _, want := range []string{`"path":"src/app.tsx"`, `"line":24`, "clicked app"} {
		if !strings.Contains(line, want) {
			t.Errorf("the error of the page is not told with %s: %s", want, line)
		}
	}
	resp, err := http.Get(s.App + "/src/app.tsx")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), "\n//# sourceMappingURL=data:") || resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("no script with a source map: %s, %v\n%s", resp.Header.Get("Content-Type"), err, text)
	}
}
