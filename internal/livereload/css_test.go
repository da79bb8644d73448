package livereload_test

import (
	"testing"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// color is the computed colour of the first element that a selector finds.
func color(selector string) string {
	return "getComputedStyle(document.querySelector('" + selector + "')).color"
}

const (
	red   = "'rgb(255, 0, 0)'"
	green = "'rgb(0, 128, 0)'"
	blue  = "'rgb(0, 0, 255)'"
)

func TestStyleSheetIsSwappedWithoutAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html":   `<!doctype html><head><link rel="stylesheet" href="/app/jobs.css?v=1" integrity="" title=""></head><p>text`,
		"app/jobs.css": "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	s.save(1, "app/jobs.css", "p{color:green}")
	b.until(color("p") + "===" + green)
	s.save(1, "app/jobs.css", "p{color:blue}")
	b.until(color("p") + "===" + blue + " && document.querySelectorAll('link').length === 1")
	b.notReloaded()
}

func TestEveryPlaceThatUsesAStyleSheetIsSwapped(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css?v=1&x=2#frag"></head>
<body><link rel=stylesheet href="a.css" media="screen" title="kept" id="second" data-own="1">
<p>text</p><div id=host></div><iframe id=blank></iframe><iframe id=own src="/frame.html"></iframe>
<script>
host.attachShadow({mode: 'open'}).innerHTML = '<link rel=stylesheet href="/a.css"><section><p>in a shadow</p></section>'
const inner = document.createElement('div'); host.shadowRoot.querySelector('section').append(inner)
inner.attachShadow({mode: 'open'}).innerHTML = '<link rel=stylesheet href="/a.css"><p>in a shadow in a shadow</p>'
blank.contentDocument.body.innerHTML = '<link rel=stylesheet href="/a.css"><p>in a frame without an address</p>'
</script>`,
		"frame.html": `<!doctype html><head><link rel=stylesheet href="/a.css"></head><p>framed`,
		"a.css":      "p{color:red}",
	})
	b := open(t, s.url)
	colors := func(want string) string {
		return `[document.querySelector('p'), host.shadowRoot.querySelector('p'),
			host.shadowRoot.querySelector('div').shadowRoot.querySelector('p'),
			blank.contentDocument.querySelector('p'), own.contentDocument.querySelector('p')
		].every((el) => el && el.ownerDocument.defaultView.getComputedStyle(el).color === ` + want + `)`
	}
	b.until(colors(red))
	b.mark()
	b.run("own.contentWindow.kept = true")
	s.save(2, "a.css", "p{color:green}") // the page and the frame that has its own script
	b.until(colors(green) + " && document.querySelectorAll('link').length === 2")
	b.notReloaded()
	if !eval[bool](b, "own.contentWindow.kept === true") {
		t.Error("the frame was reloaded")
	}
	if !eval[bool](b, `second.media === 'screen' && second.title === 'kept' && second.dataset.own === '1'
		&& second.parentNode === document.body && document.querySelector('link').href.includes('?v=1&x=2&__rt=')`) {
		t.Errorf("a link lost something: %s", eval[string](b, "[...document.querySelectorAll('link')].map((l) => l.outerHTML).join()"))
	}
}

func TestImportedStyleSheetsAreSwappedAtAnyDepth(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html":     `<!doctype html><head><link rel=stylesheet href="/top.css"><style>@import "/inline.css";</style></head><p>text</p><b>x</b>`,
		"top.css":        `@import "sub/middle.css" screen; p{font-style:italic}`,
		"sub/middle.css": `@import url("deep.css") layer(base);`,
		"sub/deep.css":   "p{color:red}",
		"inline.css":     "b{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red + "&&" + color("b") + "===" + red)
	b.mark()
	s.save(1, "sub/deep.css", "p{color:green}")
	b.until(color("p") + "===" + green)
	s.save(1, "sub/middle.css", `@import url("deep.css") layer(base);p{text-align:right}`)
	b.until("getComputedStyle(document.querySelector('p')).textAlign==='right' &&" + color("p") + "===" + green)
	s.save(1, "inline.css", "b{color:green}")
	b.until(color("b") + "===" + green)
	s.save(1, "sub/deep.css", "p{color:blue}")
	b.until(color("p") + "===" + blue)
	b.notReloaded()
}

func TestMediaAlternatesAndDisabledSheetsStayAsTheyAre(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/print.css" media=print id=paper>
<link rel="alternate stylesheet" title=other href="/other.css" id=other><link rel=stylesheet href="/off.css" id=off></head>
<p>text</p><script>addEventListener('load', () => { off.sheet.disabled = true; window.ready = true })</script>`,
		"print.css": "p{color:red}",
		"other.css": "p{color:red}",
		"off.css":   "p{color:red}",
	})
	b := open(t, s.url)
	b.until("window.ready")
	b.mark()
	for _, name := range []string{"print.css", "other.css", "off.css"} {
		s.save(1, name, "p{color:green}")
	}
	b.until(`[...document.querySelectorAll('link')].every((l) => l.href.includes('__rt=') && l.sheet) && document.querySelectorAll('link').length === 3`)
	if got := eval[string](b, color("p")); got != "rgb(0, 0, 0)" {
		t.Errorf("one of the sheets applies: %s", got)
	}
	if got := eval[string](b, "paper.media + other.title + other.rel + off.sheet.disabled"); got != "printotheralternate stylesheettrue" {
		t.Errorf("got %q", got)
	}
	b.notReloaded()
}

func TestStyleSheetThatDoesNotLoadLeavesTheOldOne(t *testing.T) {
	errs := make(chan livereload.PageError, 10)
	s := serve(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css"></head><p>text`,
		"a.css":      "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	s.users("/a.css", 1)
	s.remove("a.css")
	s.Notify(livereload.Change{Paths: []string{"/a.css"}})
	if e := <-errs; e.Diagnostic.Message != "/a.css did not load; the old one stays" {
		t.Errorf("got %q", e.Diagnostic.Message)
	}
	if got := eval[string](b, color("p")); got != "rgb(255, 0, 0)" {
		t.Errorf("the old style sheet is gone: %s", got)
	}
	s.save(1, "a.css", "p{color:green}")
	b.until(color("p") + "===" + green + "&& document.querySelectorAll('link').length === 1")
	b.notReloaded()
}

func TestConstructedStyleSheetNeedsAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><p>text<script>
fetch('/a.css').then((r) => r.text()).then((text) => {
	const sheet = new CSSStyleSheet(); sheet.replaceSync(text); document.adoptedStyleSheets = [sheet]
})</script>`,
		"a.css": "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	s.save(1, "a.css", "p{color:green}")
	b.reloaded()
	b.until(color("p") + "===" + green)
}

func TestSavesInQuickSuccessionEndWithTheLast(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css"></head><p>text`,
		"a.css":      "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	for _, c := range []string{"green", "blue", "red", "green", "blue", "green", "red", "green", "blue"} {
		s.save(1, "a.css", "p{color:"+c+"}")
	}
	b.until(color("p") + "===" + blue + "&& document.querySelectorAll('link').length === 1")
	b.notReloaded()
}
