package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// deed is something that a person does with mouse and keyboard.
type deed struct {
	name string
	do   func(p tab, n int)
}

// middle brings an element into view and returns where its middle is. A key comes first:
// scrolling without a hand would be taken for the work of the deed that was just mirrored.
func (p tab) middle(expression string) (x, y float64) {
	p.t.Helper()
	p.act(chromedp.KeyEvent(kb.Shift))
	at, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(
		`(() => { const el = %s; el.scrollIntoView({ block: 'center' }); const r = el.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, expression)))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return at[0], at[1]
}

// clickOn clicks the middle of an element, wherever it lies.
func (p tab) clickOn(expression string) {
	p.t.Helper()
	x, y := p.middle(expression)
	p.act(chromedp.MouseClickXY(x, y))
}

func (p tab) act(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// typeInto clicks an element and types.
func typeInto(expression string) func(tab, int) {
	return func(p tab, n int) {
		p.clickOn(expression)
		p.act(chromedp.KeyEvent(fmt.Sprintf("%d é ", n)))
	}
}

func clickOn(expression string) func(tab, int) {
	return func(p tab, _ int) { p.clickOn(expression) }
}

// press gives an element the focus, as the tabulator does, and presses a key.
func press(expression string, keys ...string) func(tab, int) {
	return func(p tab, n int) {
		p.do(expression + ".focus({ preventScroll: true })")
		p.act(chromedp.KeyEvent(keys[n%len(keys)]))
	}
}

// wheel turns the wheel of the mouse over an element.
func wheel(expression string, right, down float64) func(tab, int) {
	return func(p tab, _ int) {
		x, y := p.middle(expression)
		p.act(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseWheel, x, y, func(e *input.DispatchMouseEventParams) {
			e.DeltaX, e.DeltaY = right, down
		}))
	}
}

func deeds() []deed {
	return []deed{
		{"text", typeInto("plain.title")},
		{"text in lines", typeInto("plain.text")},
		{"a checkbox", clickOn("plain.remote")},
		{"a label", clickOn("label")},
		{"a radio button", clickOn("plain.level[0]")},
		{"the other radio button", clickOn("plain.level[1]")},
		{"a select", press("plain.place", "P", "B", "L")},
		{"a select of many", clickOn("plain.skills.options[1]")},
		{"a range", press("plain.pay", "\ue014", "\ue012")},
		{"AngularJS: text", typeInto("document.getElementById('ng-title')")},
		{"AngularJS: text in lines", typeInto("document.getElementById('ng-text')")},
		{"AngularJS: a checkbox", clickOn("document.getElementById('ng-remote')")},
		{"AngularJS: a radio button", clickOn("document.getElementById('ng-one')")},
		{"AngularJS: the other", clickOn("document.getElementById('ng-two')")},
		{"AngularJS: a select", press("document.getElementById('ng-place')", "B", "P", "L")},
		{"AngularJS: a button", clickOn("document.getElementById('ng-more')")},
		{"AngularJS: an item of a list", clickOn("document.querySelector('.remove')")},
		{"AngularJS: edited in place", typeInto("document.getElementById('ng-note')")},
		{"a field in a component", typeInto("document.querySelector('x-card').shadowRoot.querySelector('input')")},
		{"a button in a component", clickOn("document.querySelector('x-card').shadowRoot.querySelector('button')")},
		{"scrolling a box", wheel("box", 30, 70)},
		{"scrolling the page", wheel("document.querySelector('x-card')", 1, 120)},
		{"a link on the page", clickOn("there")},
		{"a password", typeInto("plain.secret")},
		{"AngularJS: a password", typeInto("document.getElementById('ng-pass')")},
		{"sending the form", clickOn("send")},
	}
}

// ghostPair opens the page in two browsers of their own, with ghost mode on.
func ghostPair(t *testing.T) (b board, one, two tab) {
	t.Helper()
	b = newBoard(t)
	for name, from := range map[string]string{"src/ghost.html": "ghost.html", "src/angular.js": "node_modules/angular/angular.js"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		b.save(t, name, string(text))
	}
	b.save(t, "src/ghost2.html", `<!doctype html><head></head><a id="back" href="/ghost.html">back</a><div id="box" style="height:90px;overflow:auto"><p style="height:900px">x</div>`)
	s := b.serve(t, "--ghost", "--proxy-port", "0", "--app-port", "0")
	visit := func(browser context.Context) tab { return open(t, browser, s.Proxy+"/ghost.html") }
	one, two = visit(realpart.Browser(t)), visit(realpart.Browser(t))
	for _, p := range []tab{one, two} {
		p.until("typeof state === 'function'")
	}
	one.leads(two)
	two.leads(one)
	return b, one, two
}

// leads waits until what is done in one browser happens in the other.
func (p tab) leads(to tab) {
	p.t.Helper()
	for n := 1; n < 500; n++ {
		p.do(fmt.Sprintf("box.scrollTop = %d; new Promise((done) => setTimeout(done, 20))", n%90+1))
		if at, err := chromedp.Run(to.ctx, chromedp.Evaluate[float64]("box.scrollTop")); err == nil && at > 0 {
			p.do("box.scrollTop = 0")
			to.until("box.scrollTop === 0")
			return
		}
	}
	p.t.Fatal("ghost mode is not on")
}

func (p tab) state() string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("state()"))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// follows waits until both browsers are in one state.
func follows(t *testing.T, from, to tab, what string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("after %s (-from +to):\n%s", what, cmp.Diff(pretty(from.state()), pretty(to.state())))
		}
	}()
	from.until("new Promise((done) => { const s = state(); setTimeout(() => done(s === state()), 100) })") // it has come to rest
	to.until(fmt.Sprintf("(state() === %q)", from.state()))
}

func pretty(state string) any {
	var v any
	_ = json.Unmarshal([]byte(state), &v)
	return v
}

// TestFiftyDeedsInTwoBrowsersEndInOneState is ghost mode as people use it: two browsers,
// one hand now in this, now in that.
func TestFiftyDeedsInTwoBrowsersEndInOneState(t *testing.T) {
	needSetup(t, "chromium")
	b, one, two := ghostPair(t)
	list := deeds()
	order := rand.New(rand.NewPCG(8, 15)).Perm(len(list))
	sent := 0
	for i := range 2 * len(list) {
		from, to := one, two
		if i/4%2 == 1 {
			from, to = two, one
		}
		d := list[order[i%len(list)]]
		to.do("told.length = 0")
		d.do(from, i)
		if d.name == "sending the form" {
			sent++
		}
		follows(t, from, to, d.name)
		if echo := to.told(); echo != "[]" {
			t.Fatalf("%s came back: %s", d.name, echo)
		}
		if told := from.told(); strings.Contains(told, "secret") || strings.Contains(told, "ng-pass") {
			t.Fatalf("a password was told: %s", told)
		}
	}
	if x, y := one.state(), two.state(); x != y {
		t.Errorf("the browsers differ (-one +two):\n%s", cmp.Diff(pretty(x), pretty(y)))
	}
	if n := strings.Count(b.read(t, "data/db.json"), `"Padeiro"`); n != sent || sent != 2 {
		t.Errorf("the form was sent %d times, and arrived %d times", sent, n)
	}
	one.clickOn("next")
	two.until("location.pathname === '/ghost2.html'")
	one.until("location.pathname === '/ghost2.html'")
	two.leads(one) // both have found the server again
	two.clickOn("document.getElementById('back')")
	one.until("typeof state === 'function' && location.pathname === '/ghost.html'")
}

// told is what a page told the others.
func (p tab) told() string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("JSON.stringify(told)"))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}
