// Package realpart finds the real programs that tests need: a browser, an interpreter,
// packages of npm.
//
// A part that is missing skips the test and says so; where the environment variable CI
// is set, it fails. `make setup` installs all of them. Only tests import this package.
package realpart

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp"
)

// Command returns the path of the first of the named programs that is installed.
func Command(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, names[0])
	return ""
}

// Package returns the folder of an npm package that the test set-up has installed.
func Package(t testing.TB, name string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(here), "..", "..", "e2e", "node_modules", name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		Missing(t, "npm "+name)
	}
	return dir
}

// Made returns the folder of a project that the test set-up has made.
func Made(t testing.TB, name string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(here), "..", "..", "e2e", ".cache", name)
	if _, err := os.Stat(dir + ".made"); err != nil {
		Missing(t, "the project "+name)
	}
	return dir
}

// Missing ends the test because a part is not there.
func Missing(t testing.TB, part string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; `make setup` installs it", part)
	}
	t.Skipf("SKIPPED: %s is missing; `make setup` installs it", part)
}

// Browser starts a headless Chromium and returns its context: its first tab, in which
// every chromedp.NewContext is a further one. Pages in the background run as fast as
// the one in front. It ends with the test. Short runs leave it out.
func Browser(t testing.TB) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("short runs start no browser")
	}
	path := Command(t, "chromium", "chromium-browser", "google-chrome")
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), flags(path, t.TempDir())...)
	t.Cleanup(stop)
	browser, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(func() { _ = chromedp.Cancel(browser) }) // waits for its end; how it ended does not matter
	return browser
}

func flags(path, profile string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoFirstRun,
		chromedp.NoSandbox,
		chromedp.NoDefaultBrowserCheck,
		chromedp.DisableGPU,
		chromedp.WindowSize(1100, 800),
		chromedp.Flag("headless", "new"),
		chromedp.Flag("mute-audio", true),
		// It is to talk to nobody but us.
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		// Several pages are open side by side; none may be slowed down for being hidden.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
	}
}
