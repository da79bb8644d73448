package livereload_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// deep is a page with components: everything a person touches lies in shadow roots, one of
// which appears late, and in elements that are edited in place.
const deep = `<!doctype html><head><link rel=stylesheet href="/mark.css"></head><body>
<x-card></x-card><x-card id=second></x-card><p><b>one</b></p><div id=note contenteditable><p>first</p></div>
<div contenteditable data-realtimectl-private id=own></div><button id=late>late</button>
<script>
window.counts = {more: 0, text: 0, sent: []}
const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { if (JSON.parse(text).t === 'do') counts.sent.push(text); return send.call(this, text) }
customElements.define('x-card', class extends HTMLElement {
	constructor() {
		super()
		this.attachShadow({mode: 'open'}).innerHTML = '<style>#box{height:90px;overflow:auto}#box p{height:900px;margin:0}</style><input><input type=checkbox>' +
			'<select><option>a<option>b<option>c</select><button>more</button><div id=box><p>x</div><div id=edit contenteditable></div><div><slot></slot></div>'
		this.shadowRoot.querySelector('button').onclick = () => counts.more++
		this.shadowRoot.addEventListener('change', (e) => { this.changed = e.target.localName })
	}
})
note.addEventListener('input', () => { counts.text++; window.model = note.textContent })
late.onclick = () => { const el = document.createElement('x-card'); el.id = 'third'; document.body.append(el) }
window.card = (n) => document.querySelectorAll('x-card')[n].shadowRoot
window.part = (n, selector) => card(n).querySelector(selector)
</script>`

// clickIn clicks the middle of an element that an expression finds.
func (b *tab) clickIn(expr string) {
	b.t.Helper()
	at := eval[[]float64](b, "(() => { const el = "+expr+"; el.scrollIntoView({block: 'center'}); const r = el.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()")
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

func TestGhostModeReachesIntoShadowRoots(t *testing.T) {
	_, a, b := ghosts(t, deep)
	a.front()
	a.clickIn("part(1, 'button')")
	b.until("counts.more === 1")
	a.clickIn("part(1, 'input')")
	a.do(chromedp.KeyEvent("Padeiro"))
	b.until("part(1, 'input').value === 'Padeiro' && part(0, 'input').value === ''")
	a.clickIn("part(0, '[type=checkbox]')")
	b.until("part(0, '[type=checkbox]').checked && !part(1, '[type=checkbox]').checked && document.querySelector('x-card').changed === 'input'")
	a.run("part(0, 'select').focus()")
	a.do(chromedp.KeyEvent("c"))
	b.until("part(0, 'select').value === 'c' && document.querySelector('x-card').changed === 'select'")
	a.run("part(1, '#box').scrollTop = 240")
	b.until("Math.abs(part(1, '#box').scrollTop - 240) < 2 && part(0, '#box').scrollTop === 0")
	a.clickIn("part(0, '#edit')")
	a.do(chromedp.KeyEvent("in place"))
	b.until("part(0, '#edit').textContent === 'in place'")

	a.clickIn("late") // a component that was not there when ghost mode began
	b.until("document.querySelectorAll('x-card').length === 3")
	a.clickIn("part(2, '[type=checkbox]')")
	b.until("part(2, '[type=checkbox]').checked")
	if got := eval[string](b, "counts.sent.join()"); got != "" {
		t.Errorf("the second page sent %s", got)
	}
}

func TestGhostModeMirrorsWhatIsEditedInPlace(t *testing.T) {
	_, a, b := ghosts(t, deep)
	a.front()
	a.clickIn("note")
	a.do(chromedp.KeyEvent(" € «à noite» "))
	b.until("model === note.textContent && note.textContent === " + eval[string](a, "JSON.stringify(note.textContent)"))
	if got := eval[string](b, "model"); !contains(strings.ReplaceAll(got, "\u00a0", " "), "€ «à noite»") {
		t.Errorf("the second page shows %q", got)
	}
	a.run(`document.execCommand('insertHTML', false, '<b class=x>bold</b> <a href="/there">link</a><img src=x onerror="window.hacked=1"><a href="java\tscript:hacked=1">y</a>')`)
	b.until("note.querySelector('b.x')?.textContent === 'bold' && note.querySelector('a').getAttribute('href') === '/there' && note.innerText === " + eval[string](a, "JSON.stringify(note.innerText)"))
	if got := eval[string](b, "[...note.querySelectorAll('*')].flatMap((el) => [...el.attributes]).map((x) => x.name + '=' + x.value).filter((x) => /^on|script:/i.test(x)).join() + counts.sent"); got != "" {
		t.Errorf("what could run came along, or an echo was sent: %s", got)
	}
	a.clickIn("own")
	a.do(chromedp.KeyEvent("mine"))
	a.clickIn("note")
	a.do(chromedp.KeyEvent("!"))
	b.until("note.textContent.includes('!')")
	if got := eval[string](b, "own.textContent"); got != "" {
		t.Errorf("what is private was mirrored: %q", got)
	}
}

func TestPasswordThatIsShownIsStillNone(t *testing.T) {
	_, a, b := ghosts(t, `<!doctype html><head><link rel=stylesheet href="/mark.css"></head><body><input id=a type=password><input id=b><button id=show>show</button>
<x-form></x-form><script>
show.onclick = () => { a.type = 'text'; inner().type = 'text' }
customElements.define('x-form', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<input type=password>' } })
window.inner = () => document.querySelector('x-form').shadowRoot.querySelector('input')
</script>`)
	a.front()
	a.do(chromedp.Click("#show"), chromedp.SendKeys("#a", "hunter2"))
	a.clickIn("inner()")
	a.do(chromedp.KeyEvent("hunter3"), chromedp.SendKeys("#b", "x"))
	b.until("b.value === 'x'")
	if got := eval[string](b, "a.type + a.value + inner().type + inner().value"); got != "texttext" {
		t.Errorf("the second page shows %q", got)
	}
}

func TestTheBackButtonDoesNotBecomeAnEcho(t *testing.T) {
	_, a, b := ghosts(t, `<!doctype html><head><link rel=stylesheet href="/mark.css"></head><body><a id=one href="#one">1</a><a id=two href="#two">2</a>
<script>window.sent = []; const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { const m = JSON.parse(text); if (m.t === 'do') sent.push(m.do.k); return send.call(this, text) }</script>`)
	a.front()
	for range 5 {
		a.do(chromedp.Click("#one"), chromedp.Click("#two"))
	}
	b.until("location.hash === '#two' && history.length === " + eval[string](a, "'' + history.length"))
	if got := eval[string](b, "sent.join()"); got != "" {
		t.Errorf("the second page sent %s", got)
	}
	a.do(chromedp.NavigateBack())
	b.until("location.hash === '#one'")
}

func TestWhatIsInAShadowRootSurvivesAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": deep, "mark.css": ""})
	a := open(t, s.url)
	a.run("part(1, 'input').value = 'Padeiro'; part(1, '[type=checkbox]').checked = true; part(0, 'select').value = 'b'; part(1, '#box').scrollTop = 240; part(1, 'input').focus()")
	a.mark()
	s.save(1, "index.html", deep+"<!-- new -->")
	a.reloaded()
	a.until("part(1, 'input').value === 'Padeiro' && part(1, '[type=checkbox]').checked && part(0, 'select').value === 'b' && part(1, '#box').scrollTop === 240")
	a.until("card(1).activeElement === part(1, 'input')")
}
