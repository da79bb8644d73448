package livereload_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/livereload"
)

// mistakes are what the overlay shows in these tests.
var mistakes = diag.List{
	{
		Source: "styles", Path: "src/app/jobs/jobs.scss", Line: 12, Column: 3, Message: `expected "}" before the end of the file`,
		Excerpt: diag.Excerpt([]byte("\n\n\n\n\n\n\n\n\n.job {\n  color: $ink;\n  .title {\n    font-weight: 600;\n"), 12, 3),
		Hint:    "the block that begins in line 10 is never closed",
	},
	{
		Source: "scripts", Path: "src/app/jobs/jobs.service.js", Line: 3, Column: 26, Message: `Unexpected "<img src=x onerror=window.hacked=true>"`,
		Excerpt: diag.Excerpt([]byte("export function jobs(http) {\n  const list = http.get('/api/jobs');\n  return list.then((answer =>  answer.data);\n}\n"), 3, 26),
	},
	{Severity: diag.Warning, Source: "wiredep", Path: "bower.json", Message: "the component angular-toastr names no files", Hint: `add "overrides": { "angular-toastr": { "main": ["dist/angular-toastr.js"] } }`},
}

func TestOverlayAppearsAndClears(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": `<!doctype html><head></head><button id=mine>x</button><iframe src="/in.html"></iframe>`, "in.html": `<!doctype html><head></head>`})
	b := open(t, s.url)
	s.users("/index.html", 2-1)
	s.users("/in.html", 1)
	b.run("mine.focus(); window.keys = []; addEventListener('keydown', (e) => keys.push(e.key))")
	b.mark()
	const shown = "document.querySelector('realtimectl-overlay')"
	if n := s.Notify(livereload.Change{Diagnostics: mistakes}); n != 2 {
		t.Errorf("%d pages were told, want 2", n)
	}
	b.until(shown + "&& document.activeElement.localName === 'realtimectl-overlay'")
	if eval[bool](b, "!!frames[0].document.querySelector('realtimectl-overlay') || window.hacked === true") {
		t.Error("the overlay is shown in the frame, or a message was parsed as HTML")
	}

	b.do(chromedp.KeyEvent("\x1b"))
	b.until("!" + shown + "&& document.activeElement === mine")
	if got := eval[string](b, "keys.join()"); got != "" {
		t.Errorf("the page heard the keys %q", got)
	}

	s.Notify(livereload.Change{Diagnostics: mistakes[:1]})
	b.until(shown)
	s.Notify(livereload.Change{})
	b.until("!" + shown)

	s.Notify(livereload.Change{Diagnostics: mistakes[2:]}) // warnings are for the terminal
	s.Notify(livereload.Change{Diagnostics: mistakes})
	b.until(shown)
	late := open(t, s.url) // a page that comes later is told as well
	late.until(shown)
	s.Notify(livereload.Change{})
	late.until("!" + shown)
	b.notReloaded()
}

func TestOverlayClearsForAPageThatWasAwayWhenItWasMended(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": `<!doctype html><head></head>`})
	b := open(t, s.url)
	s.users("/index.html", 1)
	s.Notify(livereload.Change{Diagnostics: mistakes})
	b.until("document.querySelector('realtimectl-overlay')")
	s.stop()
	s.start()
	b.until("!document.querySelector('realtimectl-overlay')")
}

func TestOverlayCanBeSwitchedOff(t *testing.T) {
	s := serve(t, livereload.Options{NoOverlay: true}, map[string]string{"index.html": `<!doctype html><head></head>`, "a.js": ""})
	b := open(t, s.url)
	s.users("/index.html", 1)
	if n := s.Notify(livereload.Change{Diagnostics: mistakes}); n != 0 {
		t.Errorf("%d pages were told, want none", n)
	}
	b.until("document.readyState === 'complete'")
	if eval[bool](b, "!!document.querySelector('realtimectl-overlay')") {
		t.Error("the overlay is shown")
	}
}
