package livereload_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

func TestChangedDocumentReloadsOnlyThePagesThatShowIt(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><p id=text>old`,
		"other.html": `<!doctype html><head></head><p id=text>other`,
	})
	one, two, other := open(t, s.url), open(t, s.url+"/index.html"), open(t, s.url+"/other.html")
	for _, b := range []*tab{one, two, other} {
		b.mark()
	}
	s.users("/other.html", 1)
	s.save(2, "index.html", `<!doctype html><head></head><p id=text>new`)
	for _, b := range []*tab{one, two} {
		b.reloaded()
		b.until("text.textContent === 'new'")
	}
	other.notReloaded()
}

func TestScriptModulesAndFetchedTemplatesReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><p id=text></p><script type=module>
import { word } from '/app/word.js'; text.textContent = word + await (await fetch('/app/part.html')).text()</script>`,
		"app/word.js":   `export const word = 'a'`,
		"app/part.html": `b`,
	})
	b := open(t, s.url)
	b.until("text.textContent === 'ab'")
	b.mark()
	s.save(1, "app/word.js", `export const word = 'A'`)
	b.reloaded()
	b.until("text.textContent === 'Ab'")
	b.mark()
	s.save(1, "app/part.html", `B`)
	b.reloaded()
	b.until("text.textContent === 'AB'")
}

func TestWhatAPageLoadsLaterConcernsItFromThenOn(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head>`,
		"late.js":    `window.late = 1`,
	})
	b := open(t, s.url)
	s.users("/index.html", 1)
	s.users("/late.js", 0)
	if n := s.Notify(livereload.Change{Paths: []string{"/late.js"}}); n != 0 {
		t.Errorf("%d pages were told of a script that none uses", n)
	}
	b.mark()
	b.run("const el = document.createElement('script'); el.src = '/late.js'; document.head.append(el)")
	b.until("window.late === 1")
	s.save(1, "late.js", `window.late = 2`)
	b.reloaded()
}

func TestFileThatWasMissingReloadsWhenItAppears(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><script src="/missing.js"></script><link rel=stylesheet href="/missing.css"></head><p>text`,
	})
	b := open(t, s.url)
	s.users("/missing.js", 1)
	s.save(1, "missing.css", "p{color:green}")
	b.until(color("p") + "===" + green)
	b.mark()
	s.save(1, "missing.js", "window.found = true")
	b.reloaded()
	b.until("window.found")
}

func TestOnlyTheFrameReloadsIfOnlyItUsesWhatChanged(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><iframe id=frame src="/inner.html"></iframe>`,
		"inner.html": `<!doctype html><head></head><p id=text>old`,
	})
	b := open(t, s.url)
	b.mark()
	s.save(1, "inner.html", `<!doctype html><head></head><p id=text>new`)
	b.until("frame.contentDocument.body?.textContent === 'new'")
	b.notReloaded()
}

func TestAllReloadsEveryPage(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": `<!doctype html><head></head>`, "b.html": `<!doctype html><head></head>`})
	one, two := open(t, s.url), open(t, s.url+"/b.html")
	one.mark()
	two.mark()
	s.users("/index.html", 1)
	s.users("/b.html", 1)
	if n := s.Notify(livereload.Change{All: true}); n != 2 {
		t.Errorf("%d pages were told, want 2", n)
	}
	one.reloaded()
	two.reloaded()
}

func TestWhatAPersonDidSurvivesAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><style>body{height:5000px}#box{height:100px;overflow:auto}#box p{height:900px;width:2000px}</style></head><body>
<form><input name=title><input name=note value=given><textarea name=text></textarea><input type=checkbox name=on><input type=radio name=r value=1 checked><input type=radio name=r value=2>
<select name=s><option>a<option>b<option>c</select><select name=m multiple><option>a<option>b<option>c</select>
<input type=password name=secret><input name=cc autocomplete="cc-number"><input name=own data-realtimectl-private><input type=hidden name=h value=""></form>
<div id=box><p>x</p></div><div id=late></div>
<script>setTimeout(() => { late.innerHTML = '<input name=late>' }, 20); window.heard = [];
document.addEventListener('input', (e) => heard.push(e.target.name))</script>`,
	})
	b := open(t, s.url)
	b.until("document.querySelector('[name=late]')")
	b.run(`const f = document.forms[0].elements;
f.title.value = 'Padeiro «à noite»'; f.note.value = ''; f.text.value = 'two\nlines'; f.on.checked = true; f.r.value = '2'; f.s.selectedIndex = 2
f.m.options[0].selected = f.m.options[2].selected = true; f.secret.value = 'hunter2'; f.cc.value = '4111'; f.own.value = 'mine'; f.h.value = 'hidden'
document.querySelector('[name=late]').value = 'came late'; f.text.focus(); f.text.setSelectionRange(1, 4)
box.scrollTo(150, 300); window.scrollTo(0, 1234)`)
	b.mark()
	s.save(1, "index.html", readFile(t, s, "index.html")+"<!-- new -->")
	b.reloaded()
	const f = "document.forms[0].elements"
	for _, want := range []string{
		f + ".title.value === 'Padeiro «à noite»'", f + ".note.value === ''", f + ".text.value === 'two\\nlines'", f + ".on.checked",
		f + ".r.value === '2'", f + ".s.selectedIndex === 2", "[..." + f + ".m.options].map((o) => +o.selected).join('') === '101'",
		"document.querySelector('[name=late]').value === 'came late'", "document.activeElement === " + f + ".text",
		f + ".text.selectionStart === 1 && " + f + ".text.selectionEnd === 4", "box.scrollTop === 300 && box.scrollLeft === 150", "window.scrollY === 1234",
		"heard.includes('title') && heard.includes('late')",
	} {
		b.until(want)
	}
	if got := eval[string](b, f+".secret.value + "+f+".cc.value + "+f+".own.value"); got != "" {
		t.Errorf("private fields were kept: %q", got)
	}
	if got := eval[int](b, "sessionStorage.length"); got != 0 {
		t.Errorf("session storage keeps %s", eval[string](b, "JSON.stringify(sessionStorage)"))
	}
}

func TestPrivateFieldsNeverReachTheStorage(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><input type=password value="" id=pw><input type=text name=userPassword><input name=title>
<script>const set = sessionStorage.setItem; Storage.prototype.setItem = function (k, v) { document.cookie = 'stored=' + encodeURIComponent(v); return set.call(this, k, v) }</script>`,
	})
	b := open(t, s.url)
	b.run("pw.value = 'hunter2'; document.querySelector('[name=userPassword]').value = 'hunter3'; document.querySelector('[name=title]').value = 'shown'")
	b.mark()
	s.save(1, "index.html", readFile(t, s, "index.html")+" ")
	b.reloaded()
	if got := eval[string](b, "decodeURIComponent(document.cookie)"); !contains(got, "shown") || contains(got, "hunter") {
		t.Errorf("stored: %s", got)
	}
}

func TestStateCanBeLeftToTheBrowser(t *testing.T) {
	s := serve(t, livereload.Options{NoState: true}, map[string]string{
		"index.html": `<!doctype html><head></head><div id=box style="height:100px;overflow:auto"><p style="height:900px">x</div>`,
	})
	b := open(t, s.url)
	b.run("box.scrollTop = 300")
	b.mark()
	s.save(1, "index.html", readFile(t, s, "index.html")+" ")
	b.reloaded()
	s.users("/index.html", 1)
	if got := eval[int](b, "box.scrollTop"); got != 0 {
		t.Errorf("the container was scrolled to %d", got)
	}
}

func TestRestartReloadsOnlyWhatChangedMeanwhile(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css"><script src="/a.js"></script></head><p>text`,
		"b.html":     `<!doctype html><head><script src="/b.js"></script></head>`,
		"a.css":      "p{color:red}", "a.js": "window.version = 1", "b.js": "",
	})
	a, b := open(t, s.url), open(t, s.url+"/b.html")
	a.mark()
	b.mark()
	s.users("/a.css", 1)
	s.users("/b.js", 1)

	restart := func() {
		s.stop()
		s.write("a.css", readFile(t, s, "a.css")) // another time, the same bytes
		s.start()
		s.users("/a.css", 1)
		s.users("/b.js", 1)
	}
	restart()
	a.notReloaded()
	b.notReloaded()

	s.stop()
	s.write("a.css", "p{color:green}")
	s.start()
	a.until(color("p") + "===" + green) // swapped: no reload is needed for that
	a.notReloaded()

	s.stop()
	s.write("a.js", "window.version = 2")
	s.start()
	a.reloaded()
	a.until("window.version === 2")
	a.mark()
	restart()
	a.notReloaded()
	b.notReloaded()
}

func TestPageThatWasAwayLearnsWhatItMissed(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css">
<script>const Own = WebSocket; window.sockets = []; WebSocket = class extends Own { constructor(u) { if (window.blocked) throw new Error('offline'); super(u); sockets.push(this) } }</script></head><p>text`,
		"a.css": "p{color:red}",
	})
	b := open(t, s.url)
	b.until(color("p") + "===" + red)
	b.mark()
	s.users("/a.css", 1)
	s.Disconnect() // as a sleeping laptop does
	s.users("/a.css", 0)
	s.write("a.css", "p{color:green}")
	if n := s.Notify(livereload.Change{Paths: []string{"/a.css"}}); n != 0 {
		t.Errorf("%d pages were told while none was there", n)
	}
	b.until(color("p") + "===" + green)
	b.notReloaded()
}

func TestWithoutKnowledgeARestartReloadsOnce(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": `<!doctype html><head></head>`})
	b := open(t, s.url)
	s.users("/index.html", 1)
	b.mark()
	s.stop()
	s.opts.Served = nil
	s.start()
	b.reloaded()
	s.users("/index.html", 1)
	b.mark()
	s.Disconnect()
	s.users("/index.html", 1)
	b.notReloaded()
}

func TestStrictPolicyAndOwnSocketIOAreRespected(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css"><script src="/app.js"></script></head><p>text`,
		"app.js":     `window.io = 'the app'; window.violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI)); window.names = Object.keys(window)`,
		"a.css":      "p{color:red}",
	})
	s.policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
	b := open(t, s.url)
	b.mark()
	s.save(1, "a.css", "p{color:green}")
	b.until(color("p") + "===" + green)
	s.Notify(livereload.Change{Diagnostics: mistakes})
	b.until("document.querySelector('realtimectl-overlay')")
	if got := eval[string](b, "violations.join()"); got != "" {
		t.Errorf("the page's policy was violated: %s", got)
	}
	if got := eval[string](b, "io + Object.keys(window).filter((n) => !names.includes(n) && n !== 'names' && n !== 'kept')"); got != "the app" {
		t.Errorf("names on window: %q", got)
	}
	b.do(chromedp.KeyEvent("\x1b"))
	b.until("!document.querySelector('realtimectl-overlay')")
	b.notReloaded()
}

func TestHiddenPageWaitsUntilSomebodyLooks(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><script>
window.away = false; window.sockets = 0; window.timers = 0
Object.defineProperty(document, 'hidden', { get: () => away })
WebSocket = class extends WebSocket { constructor(u) { super(u); sockets++; this.addEventListener('close', () => { window.gone = true }) } }
const later = setTimeout; setTimeout = (f, ...more) => later(() => { f(); if (window.gone) timers++ }, ...more)
</script></head>`,
	})
	b := open(t, s.url)
	s.users("/index.html", 1)
	b.run("away = true")
	s.Disconnect()
	b.until("timers > 0") // the time to come back has come
	if got := eval[int](b, "sockets"); got != 1 {
		t.Errorf("the hidden page made %d connections", got)
	}
	b.run("away = false; document.dispatchEvent(new Event('visibilitychange'))")
	s.users("/index.html", 1)
}

func TestPageKeepsTryingWithMoreAndMorePatience(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><script>
window.waits = []
WebSocket = class extends WebSocket { constructor(u) { super(u); this.addEventListener('close', () => { window.gone = true }) } }
const later = setTimeout; setTimeout = (f, ms, ...more) => { const back = window.gone && ms !== 30 && ms < 5000 /* 30: what was loaded meanwhile; 5000: a line that is silent */; if (back) waits.push(ms); return later(f, back ? 0 : ms, ...more) }
</script></head>`,
	})
	b := open(t, s.url)
	s.users("/index.html", 1)
	s.stop()
	b.until("waits.length >= 8")
	waits := eval[[]float64](b, "waits.slice(0, 8)")
	for i, wait := range waits {
		most := min(2000, 100*float64(int(1)<<i))
		if wait < most/2 || wait > most {
			t.Errorf("wait %d is %v ms, want between %v and %v: %v", i+1, wait, most/2, most, waits)
		}
	}
	s.start()
	s.users("/index.html", 1)
}
