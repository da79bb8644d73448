package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// scaffold is a template, and how a person uses its page.
type scaffold struct {
	name     string
	packages map[string]string // what npm would install, from where it is here
	live     string            // true once the page is connected and has its content
	say      func(tab, string) // brings something into the world
	shows    func(string) string
	pages    []string // beside the first one
}

func scaffolds() []scaffold {
	board := scaffold{
		live:  connected + ` && document.querySelectorAll('.job').length >= 6`,
		say:   tab.fill,
		shows: lists,
	}
	var list []scaffold
	for _, name := range []string{"jobs", "jobs-ts", "jobs-angular", "laravel"} {
		s := board
		s.name = name
		list = append(list, s)
	}
	list[2].pages = []string{"/jobs/mapmaker", "/nowhere"} // the others have those of jobs, which its own tests look at
	list[2].packages = map[string]string{
		"angular": "angular", "@uirouter": "@uirouter", "angular-socket-io": "angular-socket-io", "socket.io-client": "client-4.8",
	}
	return append(list, scaffold{
		name: "minimal",
		live: `document.getElementById('state').classList.contains('live')`,
		say:  tab.pin,
		shows: func(text string) string {
			return fmt.Sprintf(`[...document.querySelectorAll('#wall li')].some(li => li.textContent === %q)`, text)
		},
	})
}

// fill fills in the form of a board by the keyboard alone.
func (p tab) fill(title string) {
	p.t.Helper()
	keys := func(name, text string) chromedp.Action[chromedp.Void] {
		return chromedp.SendKeys(`form [name="`+name+`"]`, text)
	}
	p.run(keys("title", title), keys("company", "Companhia do Mar"), keys("place", "Lisboa"),
		keys("description", "Twenty characters at the very least."), chromedp.Focus(`form button`), chromedp.KeyEvent("\r"))
}

func (p tab) pin(text string) {
	p.t.Helper()
	p.run(chromedp.SendKeys(`#text`, text+"\r"))
}

func (p tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// install links the packages of the set-up into a project, as npm install would.
func (s scaffold) install(t *testing.T, dir string) {
	t.Helper()
	for name, from := range s.packages {
		source, err := filepath.Abs(filepath.Join("node_modules", from))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(source); err != nil {
			realpart.Missing(t, "the package "+name)
		}
		if err := os.MkdirAll(filepath.Join(dir, "node_modules"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, "node_modules", name), os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryTemplateIsLive opens each project as a developer does and as it goes into
// production: what is said in one window is in the other, without a reload.
func TestEveryTemplateIsLive(t *testing.T) {
	needSetup(t, "chromium")
	b := newBoard(t)
	browser := realpart.Browser(t)
	for _, s := range scaffolds() {
		t.Run(s.name, func(t *testing.T) {
			b.dir = filepath.Join(t.TempDir(), "Meu mural")
			b.run(t, "init", b.dir, "--template", s.name, "--no-install", "--yes")
			s.install(t, b.dir)
			t.Run("development", func(t *testing.T) {
				dev := b.serve(t, "--proxy-port", "0", "--app-port", "0")
				s.talk(t, browser, dev.Proxy)
				s.look(t, browser, dev.Proxy)
			})
			t.Run("production", func(t *testing.T) {
				b.run(t, "build", b.dir)
				s.talk(t, browser, b.serve(t, "--mode", "production", "--app-port", "0").App)
			})
		})
	}
}

// talk says something in one window and waits for it in both.
func (s scaffold) talk(t *testing.T, browser context.Context, url string) {
	t.Helper()
	const text = `<b>Cartógrafa</b> & "é€😀"`
	writer, reader := open(t, browser, url), open(t, browser, url)
	writer.until(s.live)
	reader.until(s.live)
	reader.do(`window.untouched = true`)
	s.say(writer, text)
	reader.until(s.shows(text))
	writer.until(s.shows(text))
	reader.until(`window.untouched === true && document.title.includes('Meu mural')`)
}

// looks are the windows in which every page is looked at.
func looks() []look {
	return []look{
		{320, "light"}, {320, "dark"}, {768, "dark"}, {1024, "light"}, {1280, "light"}, {1280, "dark"}, {1600, "light"},
	}
}

// look is a window: its width, and whether its system prefers light or dark.
type look struct {
	width int64
	theme string
}

// look holds every page to what a checker would say first, and keeps pictures.
func (s scaffold) look(t *testing.T, browser context.Context, url string) {
	t.Helper()
	page := open(t, browser, url)
	page.until(s.live)
	for _, text := range []string{"Café com pão", "A rather long note that needs more than one line of its own", "3"} {
		if s.name == "minimal" { // its wall is empty for whoever comes late
			s.say(page, text)
			page.until(s.shows(text))
		}
	}
	const still = `document.querySelector('h1') && !document.getAnimations().some((one) => one instanceof CSSTransition)`
	for i, path := range append([]string{"/"}, s.pages...) {
		if i > 0 {
			page.run(chromedp.Navigate(url + path))
		}
		for _, l := range looks() {
			page.run(chromedp.EmulateViewport(l.width, 900), emulateTheme(l.theme))
			page.until(still)
			page.check(fmt.Sprintf("%s %s at %d, %s", s.name, path, l.width, l.theme))
			page.picture(filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d-%s-%d.png", s.name, i, l.theme, l.width)))
		}
	}
}

func (p tab) check(what string) {
	p.t.Helper()
	bad, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](realpart.Accessible))
	if err != nil {
		p.t.Fatal(err)
	}
	if len(bad) > 0 {
		p.t.Errorf("%s:\n%s", what, strings.Join(bad, "\n"))
	}
}

func (p tab) picture(file string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// emulateTheme is a system that prefers light or dark.
func emulateTheme(theme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	})
}
