package e2e

import (
	"context"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// TestDocsWork follows README.md and each page of docs from top to bottom, as a reader
// would: in an empty folder, with the real program. This is how a page is written:
//
//	```sh        A script. Every line must succeed. The next block goes on in the folder
//	             where this one ends, with the environment of a new shell.
//	```console   What a terminal shows: commands behind "$ ", and what they print, which
//	             is compared. … is any text, a line of it any lines; times, durations,
//	             ids and spaces in a row may differ. Without a "$ " at its beginning it is
//	             what the program that was begun last prints next.
//	             `realtimectl serve` and `realtimectl listen` keep running, in both kinds:
//	             until the next one begins or the page ends.
//	```yaml      Must be a valid realtimectl.yaml.
//	```events    What clients send and hear under the rules of the yaml before it; see
//	             docsevents_test.go.
//	```js ```html ```css ```json ```php ```go ```python ```ruby ```text
//	             js, json and php must at least be well-formed.
//
// If the line before a block ends in "`NAME`:", the block is that whole file and is
// written. A block that cannot run here says so behind its language: ```sh not-run: WHY.
// There must be few.
//
// <!-- window NAME: EXPRESSION --> opens http://localhost:3000 in a window of a real
// browser, if it is not open yet, and waits until the JavaScript expression is true. The
// window named direct shows http://localhost:3010.
// <!-- windows connected --> waits until all of them hear the hub and live reload.
// <!-- key R --> presses a key in the terminal of what runs.
// <!-- project NAME --> puts the project testdata/NAME.txtar into the folder.
//
// Ports 3000 and 3010 in the text stand for free ones.
func TestDocsWork(t *testing.T) {
	needSetup(t, "node", "chromium", "git", "php")
	browser := realpart.Browser(t)
	binary := newBoard(t).binary
	for _, page := range pages(t) {
		t.Run(strings.TrimPrefix(page, "../"), func(t *testing.T) {
			t.Parallel()
			s := newSession(t, binary, browser)
			for _, b := range readPage(t, page) {
				s.follow(page, b)
			}
		})
	}
}

// pages are README.md and what lies in docs. The reference is made by the program, and
// its blocks are the program's own help, which has tests of its own.
func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"../README.md"}
	err := filepath.WalkDir("../docs", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "reference" {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// maxNotRun bounds the blocks that nobody tests.
const maxNotRun = 12

func TestFewBlocksAreLeftOut(t *testing.T) {
	var left []string
	for _, page := range pages(t) {
		for _, b := range readPage(t, page) {
			if b.notRun != "" {
				left = append(left, page+": "+b.notRun)
			}
		}
	}
	t.Logf("not run:\n%s", strings.Join(left, "\n"))
	if len(left) > maxNotRun {
		t.Errorf("%d blocks are not run, more than %d", len(left), maxNotRun)
	}
}

// session is one reader: a folder that was empty, a shell, windows.
type session struct {
	t       *testing.T
	browser context.Context
	windows map[string]tab
	binary  string
	modules string // the packages of the set-up
	home    string // the folder of the session's own files, beside the reader's
	dir     string // where the shell is
	ports   ports
	yaml    string // the last configuration shown
	// programs are those that run, serve and listen; runs is the one begun last.
	programs map[string]*program
	runs     *program
}

func newSession(t *testing.T, binary string, browser context.Context) *session {
	t.Helper()
	s := &session{t: t, browser: browser, windows: map[string]tab{}, programs: map[string]*program{}, binary: binary, home: t.TempDir(), ports: freePorts(t)}
	s.dir = filepath.Join(s.home, "reader")
	modules, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	s.modules = modules
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.programs["listen"].stop(t)
		s.programs["serve"].stop(t)
	})
	return s
}

// follow does what a block says.
func (s *session) follow(page string, b block) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("%s:%d does not work; what runs has printed:\n%s", page, b.line, s.runs)
		}
	}()
	switch {
	case b.notRun != "":
	case b.file != "":
		s.save(b)
	case b.kind == "sh":
		s.script(b.text)
	case b.kind == "console":
		s.transcript(b.text)
	case b.kind == "yaml":
		s.yaml = b.text
		s.validate(b.text)
	case b.kind == "events":
		s.events(b.text)
	case b.kind == "window":
		s.window(b.window).until(b.text)
	case b.kind == "windows":
		s.connected()
	case b.kind == "key":
		s.runs.press(s.t, b.text)
	case b.kind == "project":
		s.unpack(b.text)
	case slices.Contains(languages(), b.kind):
		s.wellFormed(b)
	default:
		s.t.Fatalf("a comment begins with %q", b.kind)
	}
}

// save writes a file that the page shows whole.
func (s *session) save(b block) {
	s.t.Helper()
	write(s.t, filepath.Join(s.dir, filepath.FromSlash(b.file)), s.ports.real(b.text))
	if b.kind == "yaml" {
		s.shell("realtimectl config validate --config " + b.file)
		return
	}
	s.wellFormed(b)
}

// window returns a window of the browser that shows the page.
func (s *session) window(name string) tab {
	s.t.Helper()
	if w, ok := s.windows[name]; ok {
		return w
	}
	url := "http://localhost:3000/"
	if name == "direct" {
		url = "http://localhost:3010/"
	}
	w := open(s.t, s.browser, s.ports.real(url))
	s.windows[name] = w
	return w
}

// connected waits until every window is connected. What is sent before, it would miss.
func (s *session) connected() {
	s.t.Helper()
	for _, w := range s.windows {
		w.until(fmt.Sprintf(`fetch("/__realtimectl/health").then((a) => a.json()).then((h) => h.clients === %d && h.pages === h.clients)`, len(s.windows)))
		return
	}
}

// command is a command line as the reader's shell would run it.
func (s *session) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-ec", line)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(),
		"PATH="+filepath.Dir(s.binary)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"NODE_PATH="+s.modules, "HOME="+s.home, "TMPDIR="+s.home, "NO_COLOR=1", "TERM=xterm", "CI=",
		"GOPATH="+build.Default.GOPATH, "GOCACHE="+filepath.Join(os.Getenv("HOME"), ".cache", "go-build"),
		"REALTIMECTL_SERVE_PROXY="+s.ports.real("localhost:3000"),
		"REALTIMECTL_SERVE_APP="+s.ports.real("localhost:3010"),
		"REALTIMECTL_SERVE_STRICT_PORT=true",
	)
	return cmd
}
