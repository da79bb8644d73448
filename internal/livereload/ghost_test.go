package livereload_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// board is a page with everything that ghost mode mirrors. Its model is kept by events,
// as frameworks do.
const board = `<!doctype html><head><link rel=stylesheet href="/mark.css"><style>body{height:4000px}#box{height:90px;width:200px;overflow:auto}#box p{height:900px;margin:0}</style></head><body>
<form id=form><input name=title><textarea name=text></textarea><label id=label><input type=checkbox name=remote> remote</label>
<input type=radio name=level value=1><input type=radio name=level value=2><select name=place><option>Lisboa<option>Porto<option>Braga</select>
<input type=password name=secret><input name=own data-realtimectl-private><button id=send>send</button></form>
<button id=more type=button>more</button><div id=box><p>x</p></div><a id=link href="#there">there</a>
<script>
window.model = {}; window.counts = {more: 0, submit: 0, sent: 0}
for (const type of ['input', 'change']) document.addEventListener(type, (e) => { model[e.target.name] = e.target.type === 'checkbox' ? e.target.checked : e.target.value })
more.onclick = () => counts.more++
form.onsubmit = (e) => { e.preventDefault(); counts.submit++ }
const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { if (JSON.parse(text).t === 'do') counts.sent++; return send.call(this, text) }
window.state = () => JSON.stringify([form.title.value, form.text.value, form.remote.checked, form.level.value, form.place.value, counts.more, box.scrollTop, Math.round(scrollY / 10), model.title, model.text, model.remote, model.level, model.place])
</script>`

// ghosts opens a page in two tabs, with ghost mode switched on.
func ghosts(t *testing.T, html string) (s *site, a, b *tab) {
	t.Helper()
	s = serve(t, livereload.Options{}, map[string]string{"index.html": html, "mark.css": ""})
	a, b = open(t, s.url), open(t, s.url)
	s.users("/mark.css", 2)
	s.SetGhost(true)
	s.settle(a, b)
	return s, a, b
}

// settle waits until the tabs have done all that they were told: messages keep their
// order, and a new colour in a style sheet is the last.
func (s *site) settle(tabs ...*tab) {
	s.t.Helper()
	s.marks++
	s.save(len(tabs), "mark.css", fmt.Sprintf(":root{--mark:%d}", s.marks))
	for _, b := range tabs {
		b.until(fmt.Sprintf("getComputedStyle(document.documentElement).getPropertyValue('--mark') === '%d'", s.marks))
	}
}

func TestGhostModeMirrorsWhatAPersonDoes(t *testing.T) {
	_, a, b := ghosts(t, board)
	a.front()
	a.do(chromedp.Click("#more"))
	b.until("counts.more === 1")
	a.do(chromedp.SendKeys("[name=title]", "Padeiro"), chromedp.SendKeys("[name=text]", "à noite"))
	b.until("form.title.value === 'Padeiro' && model.title === 'Padeiro' && model.text === 'à noite'")
	a.do(chromedp.Click("[name=remote]"))
	b.until("form.remote.checked && model.remote === true")
	a.do(chromedp.Click("#label"))
	b.until("!form.remote.checked && model.remote === false")
	a.do(chromedp.Click("[value='2']"))
	b.until("form.level.value === '2' && model.level === '2'")
	a.do(chromedp.Focus("[name=place]"), chromedp.KeyEvent("P"))
	b.until("form.place.value === 'Porto' && model.place === 'Porto'")
	a.do(chromedp.Click("#more"))
	b.until("counts.more === 2")
	a.run("scrollTo(0, 800)")
	b.until("Math.abs(scrollY - 800) < 2")
	a.run("box.scrollTop = 240")
	b.until("Math.abs(box.scrollTop - 240) < 2")
	a.do(chromedp.Click("#link"))
	b.until("location.hash === '#there'")
	if got := eval[int](b, "counts.sent"); got != 0 {
		t.Errorf("the second page sent %d deeds back", got)
	}
}

func TestGhostModeNeitherEchoesNorSubmitsNorTellsSecrets(t *testing.T) {
	_, a, b := ghosts(t, board)
	a.front()
	a.do(chromedp.SendKeys("[name=secret]", "hunter2"), chromedp.SendKeys("[name=own]", "mine"), chromedp.Click("#send"),
		chromedp.SendKeys("[name=title]", "x"+kb.Enter))
	a.until("counts.submit === 2")
	b.until("form.title.value === 'x'") // the last of them: what was sent before it has arrived
	a.run("scrollTo(0, 500)")
	b.until("Math.abs(scrollY - 500) < 2")
	if got := eval[string](b, "form.secret.value + form.own.value + counts.submit + ',' + counts.sent"); got != "0,0" {
		t.Errorf("secrets, submits and messages of the second page: %q, want \"0,0\"", got)
	}
}

func TestFiftyMixedDeedsEndInTheSameState(t *testing.T) {
	_, a, b := ghosts(t, board)
	tabs := []*tab{a, b}
	for i := range 50 {
		from, to := tabs[i/5%2], tabs[1-i/5%2]
		from.front()
		switch i % 5 {
		case 0:
			from.do(chromedp.SendKeys("[name=title]", fmt.Sprint(i)))
		case 1:
			from.do(chromedp.Click("[name=remote]"))
		case 2:
			from.do(chromedp.Click("#more"))
		case 3:
			from.do(chromedp.Click(fmt.Sprintf("[value='%d']", i/5%2+1)))
		case 4:
			from.run(fmt.Sprintf("box.scrollTop = %d", i*3))
		}
		want := eval[string](from, "JSON.stringify([form.title.value, form.remote.checked, form.level.value, counts.more, box.scrollTop])")
		to.until(fmt.Sprintf("JSON.stringify([form.title.value, form.remote.checked, form.level.value, counts.more, box.scrollTop]) === %q", want))
	}
	if x, y := eval[string](a, "state()"), eval[string](b, "state()"); x != y {
		t.Errorf("one page is in the state %s, the other in %s", x, y)
	}
}

func TestGhostModeIsOffUntilSwitchedOnAndOffAgain(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{"index.html": board, "mark.css": ""})
	a, b := open(t, s.url), open(t, s.url)
	s.settle(a, b)
	a.front()
	a.do(chromedp.SendKeys("[name=title]", "1"))
	a.run("document.activeElement.blur()") // leaving the field is a deed of its own
	s.SetGhost(true)
	s.settle(a, b)
	a.do(chromedp.SendKeys("[name=text]", "2"))
	b.until("form.text.value === '2'")
	if got := eval[string](b, "form.title.value"); !s.Ghost() || got != "" {
		t.Errorf("what was typed before ghost mode was mirrored: %q", got)
	}
	s.SetGhost(false)
	s.settle(a, b)
	a.do(chromedp.SendKeys("[name=text]", "3"))
	s.settle(a, b)
	if got := eval[string](b, "form.text.value"); s.Ghost() || got != "2" {
		t.Errorf("ghost mode is off, but the other page shows %q", got)
	}
}

func TestGhostModeFollowsLinks(t *testing.T) {
	s := serve(t, livereload.Options{Ghost: true}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/mark.css"></head><a id=link href="/next.html">next</a>`,
		"next.html":  `<!doctype html><head></head><p>next`,
		"mark.css":   "",
	})
	a, b := open(t, s.url), open(t, s.url)
	s.settle(a, b)
	a.front()
	a.do(chromedp.Click("#link"))
	a.until("location.pathname === '/next.html'")
	b.until("location.pathname === '/next.html'")
}
