package livereload_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience bounds how long a test waits for something that must come.
const patience = 20 * time.Second

// browser is the one Chromium of all tests here.
var browser struct {
	once   sync.Once
	ctx    context.Context
	cancel []context.CancelFunc
	dir    string
	err    error
}

func startBrowser() {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		browser.err = fmt.Errorf("no Chromium is installed: run make setup")
		return
	}
	if browser.dir, browser.err = os.MkdirTemp("", "livereload-browser-"); browser.err != nil {
		return
	}
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(browser.dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("mute-audio", true),
		chromedp.WindowSize(1100, 800))
	ctx, cancelCtx := chromedp.NewContext(alloc)
	browser.ctx, browser.cancel = ctx, []context.CancelFunc{cancelCtx, cancelAlloc}
	browser.err = chromedp.Do(ctx)
}

func closeBrowser() {
	if browser.ctx != nil {
		if err := chromedp.Cancel(browser.ctx); err != nil {
			fmt.Fprintln(os.Stderr, "closing the browser:", err)
		}
	}
	for _, cancel := range browser.cancel {
		cancel()
	}
	if browser.dir != "" {
		_ = os.RemoveAll(browser.dir) // a late helper process may still hold a file
	}
}

// tab is one page in the browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens a URL in a new tab. Without a browser the test is skipped, loudly; where
// CI is set that is a failure.
func open(t *testing.T, url string) *tab {
	t.Helper()
	browser.once.Do(startBrowser)
	if browser.err != nil && os.Getenv("CI") == "" {
		t.Skipf("SKIPPED, NOT TESTED IN A BROWSER: %v", browser.err)
	}
	if browser.err != nil {
		t.Fatal(browser.err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // without a limit: it would end the tab
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(url))
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of an expression in the page.
func eval[T any](b *tab, expr string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expr))
	if err != nil {
		b.t.Fatalf("%s: %v", expr, err)
	}
	return v
}

// run runs a statement in the page.
func (b *tab) run(statement string) {
	b.t.Helper()
	eval[bool](b, "(() => {"+statement+"; return true})()")
}

// until waits until an expression is true. While the page reloads there is nothing to
// ask, which is no failure.
func (b *tab) until(expr string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(b.ctx, time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expr+")"))
		cancel()
		if err == nil && ok {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	b.t.Fatalf("waited in vain for %s", expr)
}

// mark leaves a variable in the page that only a reload can take away.
func (b *tab) mark() { b.t.Helper(); b.run("window.kept = true") }

// reloaded waits until the page is another than the one that was marked.
func (b *tab) reloaded() {
	b.t.Helper()
	b.until("window.kept === undefined && document.readyState === 'complete'")
}

// notReloaded fails if the page is another.
func (b *tab) notReloaded() {
	b.t.Helper()
	if !eval[bool](b, "window.kept === true") {
		b.t.Error("the page was reloaded")
	}
}

// front makes the tab the one that a person looks at.
func (b *tab) front() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.BringToFront, cdp.Empty{}); err != nil {
		b.t.Fatal(err)
	}
}
