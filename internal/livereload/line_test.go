package livereload_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

func TestPageIsKeptFreshWhereNoWebSocketComesThrough(t *testing.T) {
	errs := make(chan livereload.PageError, 10)
	s := serve(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }}, map[string]string{
		"index.html": `<!doctype html><head><link rel=stylesheet href="/a.css"></head><p id=text>old<input id=name name=name>`, "a.css": "p{color:red}",
	})
	s.policy = "default-src 'self'"
	s.blocked.Store("WebSocket")
	a, b := open(t, s.url), open(t, s.url)
	a.mark()
	b.mark()
	s.save(2, "a.css", "p{color:green}")
	a.until(color("p") + "===" + green)
	b.until(color("p") + "===" + green)

	s.stop() // it comes back by itself, on the way that it knows
	s.write("a.css", "p{color:blue}")
	s.start()
	a.until(color("p") + "===" + blue)
	a.notReloaded()
	s.users("/a.css", 2)

	a.run("setTimeout(() => { throw new Error('reported') })")
	if e := <-errs; !contains(e.Diagnostic.Message, "reported") {
		t.Errorf("got %q", e.Diagnostic.Message)
	}
	s.SetGhost(true)
	a.front()
	a.do(chromedp.SendKeys("#name", "Padeiro à noite"))
	b.until("document.getElementById('name').value === 'Padeiro à noite'") // in the order it was typed

	s.save(2, "index.html", `<!doctype html><head></head><p id=text>new`)
	a.reloaded()
	b.reloaded()
	a.until("text.textContent === 'new'")
}

func TestTheOtherWayIsTriedOnceAndNeverInALoop(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><script>
window.sockets = 0
WebSocket = class extends WebSocket { constructor(u) { super(u); sockets++ } }
const later = setTimeout; setTimeout = (f, ms, ...more) => later(f, ms === 5000 ? ms : Math.min(ms, 20), ...more)
</script></head>`,
	})
	s.blocked.Store("everything")
	b := open(t, s.url)
	b.mark()
	b.until("sockets >= 8")
	if got := s.asked.Load(); got != 1 {
		t.Errorf("the page asked for an event stream %d times", got)
	}
	b.notReloaded()
	s.blocked.Store("")
	s.users("/index.html", 1)
	b.notReloaded()
}

func TestPageWhosePolicyForbidsAllConnectionsIsLeftAlone(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><script>
const later = setTimeout; setTimeout = (f, ms, ...more) => later(() => { window.turns = (window.turns || 0) + 1; f() }, ms === 5000 ? ms : Math.min(ms, 20), ...more)
</script></head>`,
	})
	s.policy = "connect-src 'none'"
	b := open(t, s.url)
	b.mark()
	b.until("window.turns >= 8")
	if s.Pages() != 0 || s.asked.Load() != 0 {
		t.Errorf("%d pages came through, %d streams", s.Pages(), s.asked.Load())
	}
	b.notReloaded()
}
