package livereload_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/livereload"
)

// source is a module whose third line throws when it is called.
const source = `// A comment that is not in the script.
export function post(job: { title: string } | null): string {
  return job!.title.toUpperCase();
}
document.addEventListener("job", () => post(null));
`

// compile returns the script made of source, and its map.
func compile(t *testing.T, sourceMap api.SourceMap) (script, mapped string) {
	t.Helper()
	result := api.Transform(source, api.TransformOptions{
		Loader: api.LoaderTS, MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		Sourcemap: sourceMap, Sourcefile: "../src/jobs.ts", Format: api.FormatIIFE,
	})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors[0].Text)
	}
	return string(result.Code), string(result.Map)
}

func TestErrorsOfPagesAreTracedToTheirSource(t *testing.T) {
	for _, external := range []bool{true, false} {
		t.Run(fmt.Sprintf("map in a file of its own: %v", external), func(t *testing.T) {
			script, mapped := compile(t, api.SourceMapInline)
			if external {
				script, mapped = compile(t, api.SourceMapExternal)
				script += "//# sourceMappingURL=jobs.js.map?v=1\n"
			}
			errs := make(chan livereload.PageError, 10)
			s := serve(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }}, map[string]string{
				"index.html":      `<!doctype html><head><script src="/app/jobs.js"></script></head>`,
				"app/jobs.js":     script,
				"app/jobs.js.map": mapped,
			})
			b := open(t, s.url)
			s.users("/app/jobs.js", 1)
			b.run("document.dispatchEvent(new Event('job'))")
			want := livereload.PageError{Page: "/", Diagnostic: diag.Diagnostic{
				Source: "page", Path: "src/jobs.ts", Line: 3, Column: 15,
				Message: "Uncaught TypeError: Cannot read properties of null (reading 'title')",
				Excerpt: diag.Excerpt([]byte(source), 3, 15),
				Hint:    "the page / shows it too, in the console of its developer tools",
			}}
			if diff := cmp.Diff(want, <-errs); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRejectionsAndErrorsWithoutAMapAreReportedWhereTheyAre(t *testing.T) {
	errs := make(chan livereload.PageError, 10)
	s := serve(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }}, map[string]string{
		"index.html": `<!doctype html><head><script src="/a.js"></script></head>`,
		"a.js":       "function fail() {\n  throw new RangeError('too far')\n}\naddEventListener('a', () => fail())\naddEventListener('b', async () => fail())\naddEventListener('c', () => Promise.reject('just text'))",
	})
	b := open(t, s.url)
	s.users("/a.js", 1)
	for _, tt := range []struct {
		event, message, position string
	}{
		{"a", "Uncaught RangeError: too far", "a.js:2:9"},
		{"b", "unhandled rejection: RangeError: too far", "a.js:2:9"},
		{"c", "unhandled rejection: just text", ""},
	} {
		b.run("dispatchEvent(new Event('" + tt.event + "'))")
		d := (<-errs).Diagnostic
		if diff := cmp.Diff([]string{tt.message, tt.position}, []string{d.Message, d.Position()}); diff != "" {
			t.Errorf("event %s (-want +got):\n%s", tt.event, diff)
		}
	}
}

func TestErrorsBeforeTheServerAnswersAreReported(t *testing.T) {
	errs := make(chan livereload.PageError, 10)
	s := serve(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }}, map[string]string{
		"index.html": `<!doctype html><head></head><script defer src="/late.js"></script>`,
		"late.js":    "setTimeout(() => nowhere())",
	})
	b := open(t, s.url)
	b.until("document.readyState === 'complete'")
	s.users("/late.js", 1)
	b.run("setTimeout(() => nowhere())") // the script may have come first
	if e := <-errs; !strings.Contains(e.Diagnostic.Message, "nowhere is not defined") {
		t.Errorf("got %q", e.Diagnostic.Message)
	}
}

func TestReportsAreLimited(t *testing.T) {
	errs := make(chan livereload.PageError, 1000)
	s := newServer(t, livereload.Options{OnPageError: func(e livereload.PageError) { errs <- e }})
	c, hi := s.page(uses())
	if hi["report"] != true {
		t.Error("the page was not asked to report")
	}
	const reports = 500
	for i := range reports {
		c.send(message{"t": "error", "error": map[string]any{"message": fmt.Sprint(i)}})
	}
	c.send(message{"t": "uses"})
	c.next()
	if n := len(errs); n < 5 || n > reports/5 {
		t.Errorf("%d of %d reports came through", n, reports)
	}
}

func TestHostileReportsDoNoHarm(t *testing.T) {
	errs := make(chan livereload.PageError, 100)
	s := newServer(t, livereload.Options{
		OnPageError: func(e livereload.PageError) { errs <- e },
		Served: fstest.MapFS{
			"ok.js":     {Data: []byte("x")},
			"bad.js":    {Data: []byte("x\n//# sourceMappingURL=data:application/json;base64,@@@\n")},
			"empty.js":  {Data: []byte("x\n//# sourceMappingURL=data:application/json;base64,e30=")},
			"away.js":   {Data: []byte("x\n//# sourceMappingURL=http://evil.example/x.map")},
			"climb.js":  {Data: []byte("x\n//# sourceMappingURL=../../../../etc/passwd")},
			"itself.js": {Data: []byte("x\n//# sourceMappingURL=itself.js")},
		},
	})
	tests := []struct {
		report   map[string]any
		position string
	}{
		{map[string]any{"message": "1", "url": "http://h/../../etc/passwd", "line": 1, "column": 1}, "etc/passwd:1:1"},
		{map[string]any{"message": "2", "url": "http://h/%2e%2e/%00", "line": 1, "column": 1}, ""},
		{map[string]any{"message": "3", "url": "::", "line": 1, "column": 1}, ""},
		{map[string]any{"message": "4", "url": "http://h/ok.js", "line": -1, "column": -1}, "ok.js"},
		{map[string]any{"message": "5", "url": "http://h/bad.js", "line": 1, "column": 1}, "bad.js:1:1"},
		{map[string]any{"message": "6", "url": "http://h/empty.js", "line": 1, "column": 1}, "empty.js:1:1"},
		{map[string]any{"message": "7", "url": "http://h/away.js", "line": 1, "column": 1}, "away.js:1:1"},
		{map[string]any{"message": "8", "url": "http://h/climb.js", "line": 1, "column": 1}, "climb.js:1:1"},
		{map[string]any{"message": "9", "stack": "at http://h/itself.js:99999999999999999999:1"}, "itself.js"},
		{map[string]any{"message": strings.Repeat("é", 5000) + "\n" + "second line"}, ""},
	}
	for _, tt := range tests {
		c, _ := s.page(uses())
		c.send(message{"t": "error", "error": tt.report})
		d := (<-errs).Diagnostic
		if d.Position() != tt.position || len(d.Message) > 2100 || strings.Contains(d.Message, "\n") {
			t.Errorf("report %.40v: at %q, %d bytes of message", tt.report, d.Position(), len(d.Message))
		}
	}
}

func TestWithoutAListenerPagesAreNotAskedToReport(t *testing.T) {
	s := newServer(t, livereload.Options{})
	c, hi := s.page(uses())
	if hi["report"] != false {
		t.Error("the page was asked to report")
	}
	c.send(message{"t": "error", "error": map[string]any{"message": "x"}})
	c.send(message{"t": "uses"})
	if m := c.next(); m["t"] != "prints" {
		t.Errorf("got %v", m)
	}
}
