package templates_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
	"github.com/realtimectl/realtimectl/templates"
)

// patience bounds one step, so that a page that hangs is told by its step.
const patience = 20 * time.Second

// strictPolicy is stricter than what a production server would send.
const strictPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'"

// call sends a request to a handler.
func call(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// site serves a written template: its files, its API, and a hub that can be taken away.
type site struct {
	*httptest.Server
	api    http.Handler
	dir    string
	hubOff atomic.Bool
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir()}
	mustWrite(t, s.dir, templates.Options{Name: "Abacate"})
	s.api = openStore(t, s.dir)
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api)
	mux.HandleFunc("/socket.io/socket.io.js", func(w http.ResponseWriter, r *http.Request) {
		if s.hubOff.Load() {
			http.NotFound(w, r)
			return
		}
		http.ServeFile(w, r, "testdata/hub.js")
	})
	mux.HandleFunc("/", s.file)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// file answers a file of src, or index.html for the address of a page.
func (s *site) file(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", strictPolicy)
	w.Header().Set("Cache-Control", "no-cache")
	path := filepath.Join(s.dir, "src", filepath.FromSlash(r.URL.Path))
	if filepath.Ext(path) == "" {
		path = filepath.Join(s.dir, "src", "index.html")
	}
	http.ServeFile(w, r, path)
}

// newBrowser starts one Chromium for a test; what goes wrong on a page fails the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	ctx := realpart.Browser(t)
	listen(t, ctx)
	return ctx
}

// newTab opens another tab of the same browser.
func newTab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	listen(t, ctx)
	return ctx
}

// listen reports uncaught errors of a page.
func listen(t *testing.T, ctx context.Context) {
	t.Helper()
	err := chromedp.Listen(ctx, func(event any) {
		if thrown, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page threw: %+v", thrown.ExceptionDetails)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// eval returns the value of an expression in a page.
func eval[T any](t *testing.T, ctx context.Context, js string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

// until waits for an expression to become true. It looks from within the page, without
// what a content security policy forbids.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wait := `new Promise((done) => { const look = () => (` + js + `) ? done(true) : setTimeout(look, 10); look(); })`
	if _, err := chromedp.Run(within, chromedp.Evaluate[chromedp.Void](wait, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatalf("waiting for %s: %v; the page says:\n%s", js, err, eval[string](t, ctx, "document.body.innerText"))
	}
}

// typed fills a field of the form as a person would: focus, keys.
func typed(name, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(`form [name="`+name+`"]`, text)
}

const (
	rows = `document.querySelectorAll('.job').length`
	live = `document.getElementById('state').dataset.state === 'live'`

	// settled is a page that has its jobs and has stopped moving.
	settled = live + ` && document.querySelector('h1') && !document.querySelector('[aria-busy=true]') &&
		!document.getAnimations().some((one) => one instanceof CSSTransition)`
)

// use says in which language and size a page is seen.
func use(language string, width, height int64) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.EmulateViewport(width, height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetUserAgentOverride,
				emulation.SetUserAgentOverrideParams{UserAgent: "test", AcceptLanguage: language})
			return err
		}))
}

func TestAPostedJobAppearsOnEveryPageOnce(t *testing.T) {
	s, first := newSite(t), newBrowser(t)
	run(t, first, use("en", 1280, 900), chromedp.Navigate(s.URL))
	second := newTab(t, first)
	run(t, second, use("pt-BR", 1280, 900), chromedp.Navigate(s.URL))
	for _, tab := range []context.Context{first, second} {
		until(t, tab, live+" && "+rows+" === 6")
	}

	const title = `<script>alert(1)</script> & "co"`
	run(t, first, typed("title", title), typed("company", "Ólá Ltd"), typed("place", "Évora"),
		typed("salary", "2.500"), typed("description", "Twenty characters at the very least."),
		chromedp.Click(`[data-part="send"]`))
	for _, tab := range []context.Context{first, second} {
		until(t, tab, rows+" === 7")
		if got := eval[string](t, tab, `document.querySelector('.job-title a').textContent`); got != title {
			t.Errorf("first in the list: %q", got)
		}
	}
	until(t, first, `document.querySelector('.form-done').textContent.startsWith('Posted.')`)
	if got := eval[[]string](t, first, `fakeHub.emitted`); cmp.Diff([]string{"client:created:job"}, got) != "" {
		t.Errorf("emitted %v", got)
	}
	if got := eval[string](t, second, `document.getElementById('announcer').textContent`); got != "Nova vaga: "+title+", Ólá Ltd" {
		t.Errorf("announced %q", got)
	}
	if !eval[bool](t, second, `!document.querySelector('.job .badge').hidden`) {
		t.Error("the new job has no badge")
	}
	if got := eval[string](t, first, `document.querySelector('form [name=title]').value`); got != "" {
		t.Errorf("the form still holds %q", got)
	}
}

func TestWhatWasMissedWhileAwayIsFetched(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, live+" && "+rows+" === 6")
	eval[chromedp.Void](t, tab, `fakeHub.drop()`)
	until(t, tab, `document.getElementById('state').textContent.trim() === 'Reconnecting'`)
	for i := range 25 { // more than one page of them
		post(t, s, fmt.Sprintf("Missed %d", i))
	}
	eval[chromedp.Void](t, tab, `fakeHub.join()`)
	until(t, tab, rows+" === 31")
	if got := eval[string](t, tab, `document.querySelector('.feed-count').textContent`); got != "31 open jobs" {
		t.Errorf("count: %q", got)
	}
}

func post(t *testing.T, s *site, title string) string {
	t.Helper()
	body := fmt.Sprintf(`{"title":%q,"company":"Co & Co","place":"Faro","mode":"remote","kind":"contract","description":"Twenty characters at least."}`, title)
	status, answer := call(t, s.api, "POST", "/api/jobs", body)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	var job struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &job); err != nil {
		t.Fatal(err)
	}
	return job.ID
}

func TestOlderJobsComePageByPage(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	for i := range 20 {
		post(t, s, fmt.Sprintf("More %d", i))
	}
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, live+" && "+rows+" === 20")
	run(t, tab, chromedp.Click(`[data-part="more"]`))
	until(t, tab, rows+" === 26 && document.querySelector('[data-part=more]').hidden")
}

func TestMistakesAreSaidAtTheirFields(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	run(t, tab, use("pt-PT", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, live)
	run(t, tab, typed("title", "ab"), typed("salary", "muito"), typed("link", "javascript:alert(1)"),
		chromedp.Click(`[data-part="send"]`))
	until(t, tab, `document.activeElement.matches('.form-errors')`)
	want := []string{
		"Título da vaga: pelo menos 3 caracteres, por favor",
		"Empresa: preencha, por favor",
		"Cidade: preencha, por favor",
		"Salário mensal: um número inteiro, por favor",
		"Onde se candidatar: um endereço que comece com https://, por favor",
		"Como é o trabalho: preencha, por favor",
	}
	if diff := cmp.Diff(want, eval[[]string](t, tab, `[...document.querySelectorAll('.form-errors li')].map((li) => li.textContent)`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	described := `document.getElementById(document.querySelector('form [name=title]').getAttribute('aria-describedby')).textContent`
	if got := eval[string](t, tab, described); got != want[0] {
		t.Errorf("at the field: %q", got)
	}
	run(t, tab, chromedp.Click(`.form-errors a`))
	until(t, tab, `document.activeElement.name === 'title'`)
	run(t, tab, typed("title", "c"))
	if n := eval[int](t, tab, `document.querySelectorAll('.form-errors li').length`); n != 5 {
		t.Errorf("%d mistakes are left after one was mended", n)
	}
	if n := eval[int](t, tab, rows); n != 6 {
		t.Errorf("%d jobs", n)
	}
}

func TestWhatTheAPIRefusesIsShownInTheForm(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	schema := filepath.Join(s.dir, "data/job.schema.json")
	data, err := os.ReadFile(schema)
	if err != nil {
		t.Fatal(err)
	}
	stricter := strings.Replace(string(data), `"minLength": 3`, `"minLength": 30`, 1)
	if err := os.WriteFile(schema, []byte(stricter), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, live)
	run(t, tab, typed("title", "Too short"), typed("company", "Company"), typed("place", "Place"),
		typed("description", "Twenty characters at the very least."),
		chromedp.Click(`[data-part="send"]`))
	until(t, tab, `document.querySelector('.form-errors li')?.textContent === 'Job title: at least 30 characters, please'`)
	if got := eval[[]string](t, tab, `fakeHub.emitted`); len(got) != 0 {
		t.Errorf("emitted %v", got)
	}
}

func TestAddressesOfPagesWork(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL+"/jobs/realtime-engineer"))
	until(t, tab, `document.querySelector('h1')?.textContent === 'Realtime engineer' && document.title === 'Realtime engineer · Abacate'`)
	run(t, tab, chromedp.Click(`.back a`))
	until(t, tab, `location.pathname === '/' && `+rows+` === 6 && document.activeElement.tagName === 'H1'`)
	run(t, tab, chromedp.Click(`.job-title a[href="/jobs/mapmaker"]`))
	until(t, tab, `document.querySelector('h1').textContent === 'Mapmaker for night trains'`)
	id := post(t, s, "While reading")
	eval[chromedp.Void](t, tab, `fetch('/api/jobs/`+id+`').then((r) => r.json()).then((job) => fakeHub.say('server:created:job', job))`)
	until(t, tab, `document.querySelector('[data-part=fresh]').textContent === '1 new'`)
	run(t, tab, chromedp.NavigateBack())
	until(t, tab, rows+` === 7`)
	run(t, tab, chromedp.Navigate(s.URL+"/jobs/none"))
	until(t, tab, `document.querySelector('h1')?.textContent === 'This job is gone'`)
	run(t, tab, chromedp.Navigate(s.URL+"/nowhere"))
	until(t, tab, `document.querySelector('h1')?.textContent === 'Nothing grows here'`)
}

func TestThePageWorksWithoutAHub(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	s.hubOff.Store(true)
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, rows+` === 6 && document.getElementById('state').textContent.trim() === 'Not live'`)
	run(t, tab, typed("title", "Posted alone"), typed("company", "Company"), typed("place", "Place"),
		typed("description", "Twenty characters at the very least."),
		chromedp.Click(`[data-part="send"]`))
	until(t, tab, rows+" === 7")
}

func TestForgedEventsChangeNothing(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	run(t, tab, use("en", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, live+" && "+rows+" === 6")
	eval[chromedp.Void](t, tab, `for (const x of [null, 7, 'x', {}, {id: 1}, {id: 'mapmaker', title: 'No', company: '', place: '', createdAt: ''}]) fakeHub.say('server:created:job', x)`)
	post(t, s, "A real one")
	eval[chromedp.Void](t, tab, `fakeHub.join()`)
	until(t, tab, rows+" === 7")
	if got := eval[bool](t, tab, `document.body.innerText.includes('Mapmaker for night trains')`); !got {
		t.Error("a job was replaced by an event")
	}
}

func TestLanguageAndThemeAreSwitchedAndKept(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	run(t, tab, use("pt-BR", 1280, 900), chromedp.Navigate(s.URL))
	until(t, tab, rows+" === 6")
	state := `[document.documentElement.lang, document.querySelector('.feed-count').textContent,
		document.getElementById('theme').getAttribute('aria-pressed'), getComputedStyle(document.body).backgroundColor]`
	before := eval[[]string](t, tab, state)
	run(t, tab, chromedp.Click(`[data-language="en"]`), chromedp.Click(`#theme`))
	after := eval[[]string](t, tab, state)
	if diff := cmp.Diff([]string{"pt", "6 vagas abertas", "false"}, before[:3]); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"en", "6 open jobs", "true"}, after[:3]); diff != "" || before[3] == after[3] {
		t.Errorf("after: %v (-want +got):\n%s", after, diff)
	}
	run(t, tab, chromedp.Reload())
	until(t, tab, rows+" === 6")
	if diff := cmp.Diff(after, eval[[]string](t, tab, state)); diff != "" {
		t.Errorf("after a reload (-before +after):\n%s", diff)
	}
}

func TestPagesFitEveryScreenAndNameEverything(t *testing.T) {
	s, tab := newSite(t), newBrowser(t)
	post(t, s, strings.Repeat("Averylongwordthatgoeson", 3))
	shots := t.ArtifactDir()
	for _, language := range []string{"en", "pt"} {
		for _, width := range []int64{320, 360, 768, 1024, 1280, 1600} {
			paths := []string{"/"}
			if width == 320 || width == 1280 {
				paths = append(paths, "/jobs/baker-early", "/nowhere")
			}
			for _, path := range paths {
				run(t, tab, use(language, width, 900), chromedp.Navigate(s.URL+path))
				until(t, tab, settled)
				if bad := eval[[]string](t, tab, realpart.Accessible); len(bad) > 0 {
					t.Errorf("%s %s at %d: %s", language, path, width, strings.Join(bad, "\n"))
				}
			}
		}
	}
	for _, theme := range []string{"light", "dark"} {
		eval[chromedp.Void](t, tab, `localStorage.setItem('theme', '`+theme+`')`)
		for _, width := range []int64{360, 1280} {
			for name, path := range map[string]string{"home": "/", "job": "/jobs/realtime-engineer"} {
				for _, language := range []string{"en", "pt"} {
					shoot(t, tab, s.URL+path, language, width, filepath.Join(shots, fmt.Sprintf("%s-%s-%s-%d.png", name, theme, language, width)))
				}
			}
		}
	}
}

func shoot(t *testing.T, tab context.Context, url, language string, width int64, file string) {
	t.Helper()
	run(t, tab, use(language, width, 900), chromedp.Navigate(url))
	until(t, tab, settled)
	if bad := eval[[]string](t, tab, realpart.Accessible); len(bad) > 0 {
		t.Errorf("%s: %s", filepath.Base(file), strings.Join(bad, "\n"))
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o600); err != nil {
		t.Fatal(err)
	}
}
