package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// patience bounds every wait of these tests. It is long because it is only used up by
// what would fail anyway.
const patience = 30 * time.Second

// board is a project written by init, for the commands to work on.
type board struct {
	binary, dir string
}

// newBoard builds realtimectl with the race detector and lets it write the template.
func newBoard(t *testing.T) board {
	t.Helper()
	b := board{binary: filepath.Join(t.TempDir(), "realtimectl"), dir: filepath.Join(t.TempDir(), "board")}
	if runtime.GOOS == "windows" {
		b.binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", b.binary, "../cmd/realtimectl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	b.run(t, "init", b.dir)
	return b
}

// another is a second project for the same binary.
func (b board) another(t *testing.T) board {
	t.Helper()
	b.dir = filepath.Join(t.TempDir(), "board")
	b.run(t, "init", b.dir)
	return b
}

// run runs a command to its end, which must be a good one.
func (b board) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), b.binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("realtimectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// lives fails unless want becomes true in the page, served from its sources without a
// complaint as well as from its build.
func (b board) lives(t *testing.T, browser context.Context, want string) {
	t.Helper()
	s := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	open(t, browser, s.Proxy).until(want)
	s.stop(t)
	if text := s.out.String(); strings.Contains(text, `"level":"error"`) || strings.Contains(text, `"level":"warn"`) {
		t.Errorf("serve complains:\n%s", text)
	}
	b.run(t, "build", b.dir)
	production := b.serve(t, "--mode", "production", "--app-port", "0")
	open(t, browser, production.App).until(want)
}

func (b board) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b board) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (b board) save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serving is a running `realtimectl serve`.
type serving struct {
	PID        int
	App, Proxy string // URLs
	cmd        *exec.Cmd
	out        *output
}

// serve starts the server and waits until it is ready. It is stopped at the end of the
// test, if the test does not do so itself, and must then end cleanly.
func (b board) serve(t *testing.T, args ...string) *serving {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	args = append([]string{"serve", b.dir, "--ready-file", ready, "--log-format", "json", "-v"}, args...)
	s := &serving{cmd: exec.Command(b.binary, args...), out: newOutput()}
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	s.out.await(t, `"event":"server.ready"`)
	text, err := os.ReadFile(ready)
	if err != nil {
		t.Fatalf("after server.ready: %v\n%s", err, s.out)
	}
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatalf("ready file %q: %v", text, err)
	}
	return s
}

// stop interrupts the server as Ctrl-C does and waits for its end.
func (s *serving) stop(t *testing.T) {
	t.Helper()
	if s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Errorf("interrupt: %v", err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v:\n%s", err, s.out)
	}
}

// kill ends the server without giving it a chance to clean up.
func (s *serving) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err == nil {
		t.Error("a killed server ended well")
	}
}

// output collects what a program prints and lets a test wait for a part of it.
type output struct {
	mu   sync.Mutex // guards text and more
	text bytes.Buffer
	more chan struct{} // closed and replaced at each write
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns the first line that contains part.
func (o *output) await(t *testing.T, part string) (line string) {
	t.Helper()
	o.until(t, part, func(text string) bool {
		for row := range strings.Lines(text) {
			if strings.Contains(row, part) {
				line = strings.TrimRight(row, "\r\n")
				return true
			}
		}
		return false
	})
	return line
}

// until waits until what was printed so far is as it should be.
func (o *output) until(t *testing.T, what string, done func(text string) bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		o.mu.Lock()
		text, more := o.text.String(), o.more
		o.mu.Unlock()
		if done(text) {
			return
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("no line with %q in:\n%s", what, text)
		}
	}
}

// tab is one page in the browser.
type tab struct {
	ctx context.Context
	t   *testing.T
}

// open opens a page in a tab of its own, with a browser profile of its own, and waits
// until it is connected to the hub and to live reload.
func open(t *testing.T, browser context.Context, url string) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	return tab{ctx, t}
}

// until waits until a JavaScript expression is true, over reloads of the page.
func (p tab) until(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	check := fmt.Sprintf(`new Promise(done => {
		const look = async () => (await (%s)) ? done(true) : again();
		const again = () => setTimeout(() => look().catch(again), 10);
		look().catch(again);
	})`, expression)
	for ctx.Err() == nil {
		// A reload ends the page in which the expression was waited for.
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](check, chromedp.EvalAwaitPromise)); err == nil && ok {
			return
		}
	}
	seen, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location + "\n" + document.documentElement.outerHTML`))
	p.t.Fatalf("never true: %s (%v)\nthe page shows:\n%s", expression, err, seen)
}

func (p tab) do(script string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](script, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
}

const connected = `document.getElementById('state').dataset.state === 'live'`

// post fills in the form as a user would and sends it.
func (p tab) post(title string) {
	p.t.Helper()
	p.do(fmt.Sprintf(`(() => {
		const form = document.querySelector('form');
		const set = (name, value) => { form.elements[name].value = value; };
		set('title', %q); set('company', 'Companhia do Mar'); set('place', 'Lisboa');
		set('description', 'Barcos, velas e mapas.');
		form.requestSubmit();
	})()`, title))
}

func lists(title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('.job-title a')].some(a => a.textContent === %q)`, title)
}

func TestJobBoardLive(t *testing.T) {
	needSetup(t, "chromium")
	b := newBoard(t)
	s := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	browser := realpart.Browser(t)

	t.Run("a job posted in one page appears in the other without a reload", func(t *testing.T) {
		writer, reader := open(t, browser, s.Proxy), open(t, browser, s.Proxy)
		writer.until(connected)
		reader.until(connected)
		reader.do(`window.untouched = true`)
		writer.post("Cartógrafa é€😀")
		reader.until(lists("Cartógrafa é€😀"))
		writer.until(lists("Cartógrafa é€😀"))
		reader.until(`window.untouched === true`)
		if db := b.read(t, "data/db.json"); !strings.Contains(db, "Cartógrafa é€😀") {
			t.Errorf("the job is not on disk:\n%s", db)
		}
	})

	t.Run("a saved stylesheet is swapped in without a reload", func(t *testing.T) {
		page := open(t, browser, s.Proxy)
		page.until(connected)
		page.do(`window.untouched = true`)
		b.save(t, "src/app/jobs.css", b.read(t, "src/app/jobs.css")+"\nbody { outline: 7px solid rgb(1, 2, 3); }\n")
		page.until(`getComputedStyle(document.body).outlineWidth === '7px'`)
		page.until(`window.untouched === true`)
		line := s.out.await(t, `"event":"change.applied"`)
		for _, want := range []string{"src/app/jobs.css", "injected", " ms  ", " page"} {
			if !strings.Contains(line, want) {
				t.Errorf("the line of the change does not say %q: %s", want, line)
			}
		}
	})

	t.Run("a saved page reloads", func(t *testing.T) {
		page := open(t, browser, s.Proxy)
		page.until(connected)
		page.do(`window.untouched = true`)
		b.save(t, "src/index.html", strings.Replace(b.read(t, "src/index.html"), "</footer>", `<p id="saved">saved</p></footer>`, 1))
		page.until(`document.getElementById('saved') !== null && window.untouched === undefined`)
	})

	t.Run("a page on one port connects to the hub on the other", func(t *testing.T) {
		page := open(t, browser, s.Proxy)
		page.until(connected)
		page.do(fmt.Sprintf(`window.other = new Promise((ok, no) => {
			const socket = io.connect(%q, { transports: ['polling', 'websocket'], withCredentials: true });
			socket.on('connect', () => ok(socket.id));
			socket.on('connect_error', no);
		})`, s.App))
		page.do(`window.other.then(id => { window.otherID = id; })`)
		page.until(`/^\d{9}\.\d{10}$/.test(window.otherID)`)
	})

	t.Run("live reload leaves no trace in the page's globals", func(t *testing.T) {
		page := open(t, browser, s.Proxy)
		page.until(connected)
		own, err := chromedp.Run(page.ctx, chromedp.Evaluate[[]string](
			`Object.getOwnPropertyNames(window).filter(name => /realtimectl|livereload/i.test(name))`))
		if err != nil || len(own) > 0 {
			t.Errorf("globals of ours: %v, %v", own, err)
		}
	})
}

func TestPageSurvivesARestartOfServe(t *testing.T) {
	needSetup(t, "chromium")
	b := newBoard(t)
	first := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	page := open(t, realpart.Browser(t), first.Proxy)
	page.until(connected)
	page.do(`window.untouched = true`)
	// Killed, so that it frees nothing by itself.
	first.kill(t)
	page.until(`!(` + connected + `)`)

	second := b.serve(t, "--strict-port", "--proxy-port", port(first.Proxy), "--app-port", port(first.App))
	page.until(connected)
	page.until(`window.untouched === true`)
	page.post("After the restart")
	page.until(lists("After the restart"))
	b.save(t, "src/app/jobs.css", b.read(t, "src/app/jobs.css")+"\nbody { outline: 9px solid rgb(1, 2, 3); }\n")
	page.until(`getComputedStyle(document.body).outlineWidth === '9px'`)
	second.stop(t)
}

func TestBuiltBoardWorksInProduction(t *testing.T) {
	needSetup(t, "chromium")
	b := newBoard(t)
	b.run(t, "build", b.dir)
	s := b.serve(t, "--mode", "production", "--app-port", "0")
	if s.Proxy != "" {
		t.Errorf("production has a development proxy at %s", s.Proxy)
	}
	page := open(t, realpart.Browser(t), s.App)
	page.until(connected)
	page.post("From dist")
	page.until(lists("From dist"))
	page.until(`document.querySelector('script[src*="__realtimectl"]') === null`)
}

func TestNothingIsLeftAfterStop(t *testing.T) {
	needSetup(t)
	b := newBoard(t)
	s := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	s.stop(t)
	again := b.serve(t, "--strict-port", "--proxy-port", port(s.Proxy), "--app-port", port(s.App))
	again.stop(t)
	for _, name := range []string{".tmp", "dist"} {
		if _, err := os.Stat(b.path(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("serve of a project that needs no build left %s: %v", name, err)
		}
	}
}

func port(url string) string { return url[strings.LastIndex(url, ":")+1:] }
