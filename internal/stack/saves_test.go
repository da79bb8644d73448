package stack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

// marked is the text of a version of a file that shows whether it is whole: a comment
// says which version it is at its beginning and at its end, with much between them.
func marked(kind, version string) string {
	body := strings.Repeat(map[string]string{
		".css": ".a { color: red }\n", ".html": "<p>text</p>\n", ".ts": "export const f = (n: number) => n;\n", ".js": "f(1);\n",
	}[kind], 400)
	switch kind {
	case ".html":
		return "<!doctype html><script type=\"module\" src=\"mod.ts\"></script><!-- inject:js --><!-- endinject -->\n<!--<" + version + ">-->\n" + body + "<!--<" + version + ">-->\n"
	case ".ts":
		return "console.log('<" + version + ">');\n" + strings.Replace(body, "f =", "g =", 1)[:len("export const g = (n: number) => n;\n")] + strings.Repeat("console.log(1);\n", 400) + "console.log('<" + version + ">');\n"
	}
	return "/*<" + version + ">*/\n" + body + "/*<" + version + ">*/\n"
}

// versionOf returns the version that an answer holds, "" if it is torn.
func versionOf(answer string) string {
	_, rest, ok := strings.Cut(answer, "<v")
	version, rest, _ := strings.Cut(rest, ">")
	if !ok || !strings.Contains(rest, "<v"+version+">") {
		return ""
	}
	return version
}

// saved are files of a wired project, and the URLs under which they are served: from the
// sources, and from the generated layer.
var saved = map[string]string{
	"src/index.html": "/", "src/app/a.js": "/app/a.js", "src/a.css": "/a.css", "src/mod.ts": "/mod.ts",
}

func savedProject(t *testing.T) (dir string, i Info) {
	t.Helper()
	dir = t.TempDir()
	files := map[string]string{"realtimectl.yaml": free}
	for name := range saved {
		files[name] = marked(filepath.Ext(name), "v0")
	}
	i = run(t, load(t, dir, files), nil)
	return dir, i
}

// TestNoAnswerIsTornWhileFilesAreSaved asks 10,000 times for files that are saved all the
// while, in the ways of editors.
func TestNoAnswerIsTornWhileFilesAreSaved(t *testing.T) {
	polls := int64(10_000)
	if testing.Short() {
		polls = 1_000
	}
	dir, i := savedProject(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var left atomic.Int64
	left.Store(polls)
	var saving, asking sync.WaitGroup
	for name, url := range saved {
		a := &author{file: filepath.Join(dir, name)}
		saving.Go(func() { a.save(t, ctx) })
		for range 2 {
			asking.Go(func() {
				for left.Add(-1) >= 0 && !t.Failed() {
					status, text, err := answerOf(ctx, i.App+url)
					if err != nil || status != http.StatusOK || versionOf(text) == "" && !a.stalled(text == "") {
						t.Errorf("%s: %d, %v, %d bytes: %.80q … %q", url, status, err, len(text), text, text[max(0, len(text)-80):])
					}
				}
			})
		}
	}
	asking.Wait()
	stop()
	saving.Wait()
}

// author saves one file again and again.
type author struct {
	file string
	mu   sync.Mutex // held during a save
	slow time.Time  // when a save last took longer than a file may stay half written
	idle time.Time  // when one last took longer than a file may stay empty
}

// save saves the file until ctx ends: emptied and written, and by a rename.
func (a *author) save(t *testing.T, ctx context.Context) {
	pause := time.NewTicker(15 * time.Millisecond) // an author's tools save not much faster
	defer pause.Stop()
	for n := 1; ; n++ {
		text := []byte(marked(filepath.Ext(a.file), fmt.Sprint("v", n)))
		write := os.WriteFile
		if n%2 == 0 {
			write = atomicfile.Write
		}
		a.mu.Lock()
		start := time.Now()
		err := write(a.file, text, 0o644)
		took := time.Since(start)
		if took > 4*time.Millisecond {
			a.slow = time.Now()
		}
		if took > 200*time.Millisecond {
			a.idle = time.Now()
		}
		a.mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// stalled reports whether the machine has just stopped the author in the middle of a save
// for so long that nobody could take it for one: with the file empty, or half written.
func (a *author) stalled(empty bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if empty {
		return time.Since(a.idle) < time.Second
	}
	return time.Since(a.slow) < time.Second
}

func answerOf(ctx context.Context, url string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept", "text/html,*/*")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// TestTheLastOfTwoWritesWins writes each file twice, at every gap from 0 to 60 ms, and
// asks for it in between, as pages do while an editor formats on save.
func TestTheLastOfTwoWritesWins(t *testing.T) {
	dir, i := savedProject(t)
	n := 0
	write := func(name string) string {
		n++
		version := fmt.Sprint(n)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(marked(filepath.Ext(name), "v"+version)), 0o644); err != nil {
			t.Fatal(err)
		}
		return version
	}
	for gap := time.Duration(0); gap <= 60*time.Millisecond; gap += 5 * time.Millisecond {
		for name, url := range saved {
			write(name)
			<-time.After(gap)
			between := make(chan error, 1)
			go func() {
				_, _, err := answerOf(t.Context(), i.App+url)
				between <- err
			}()
			want := write(name)
			if err := <-between; err != nil {
				t.Fatal(err)
			}
			awaitVersion(t, i.App+url, want, fmt.Sprintf("%s at a gap of %v", name, gap))
		}
	}
}

// awaitVersion waits until the server answers with a version.
func awaitVersion(t *testing.T, url, want, what string) {
	t.Helper()
	limit := time.Now().Add(20 * time.Second)
	for {
		_, text, err := answerOf(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		got := versionOf(text)
		if got == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%s: version %q stays, want %q", what, got, want)
		}
	}
}
