package stack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// openPage connects as the script of a page does that shows everything.
type openPage struct {
	t    *testing.T
	conn *websocket.Conn
}

func (i Info) openPage(t *testing.T, uses ...string) *openPage {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(i.Proxy, "http")+livereload.LivePath, http.Header{"Origin": {i.Proxy}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	p := &openPage{t: t, conn: conn}
	if err := conn.WriteJSON(map[string]any{"t": "hello", "doc": "/", "uses": uses}); err != nil {
		t.Fatal(err)
	}
	if hi := p.next(); hi.Type != "hi" {
		t.Fatalf("the answer to hello is %+v", hi)
	}
	return p
}

// told is what a page hears.
type told struct {
	Type   string   `json:"t"`
	Reload bool     `json:"reload"`
	Paths  []string `json:"paths"`
}

func (p *openPage) next() told {
	p.t.Helper()
	var m told
	if err := p.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	if err := p.conn.ReadJSON(&m); err != nil {
		p.t.Fatal(err)
	}
	return m
}

// edits are saves of one kind of file: what the n-th one writes, the URL whose answer must
// then hold a text, and that text.
type edits struct {
	name string
	file string // "new" in it: each save makes another file, and the next one removes it
	text func(n int) string
	url  string
	want func(n int) string
}

func numbered(format string) func(int) string {
	return func(n int) string { return fmt.Sprintf(format, n) }
}

// follow makes one edit after the other. When the page hears of one, the answers must be
// those of after it.
func (e edits) follow(t *testing.T, dir string, i Info, p *openPage, rounds int) {
	before := ""
	for n := 1; n <= rounds; n++ {
		file := filepath.Join(dir, strings.ReplaceAll(e.file, "new", fmt.Sprint("new", n)))
		save := os.WriteFile
		if n%2 == 0 {
			save = atomicfile.Write
		}
		if before != "" && before != file {
			if err := os.Rename(before, file); err != nil {
				t.Fatal(err)
			}
		} else if err := save(file, []byte(e.text(n)), 0o644); err != nil {
			t.Fatal(err)
		}
		before = file
		for m := p.next(); m.Type != "change"; {
			m = p.next()
		}
		if _, text, err := answerOf(t.Context(), i.App+e.url); err != nil || !strings.Contains(text, e.want(n)) {
			t.Fatalf("round %d: the page is told, and %s does not hold %q yet: %v\n%.600s", n, e.url, e.want(n), err, text)
		}
	}
}

// rounds is how often each kind of file is saved.
const rounds = 20

// TestNoPageIsToldBeforeTheOutputIsThere edits each kind of file while a page is open that
// uses what becomes of it.
func TestNoPageIsToldBeforeTheOutputIsThere(t *testing.T) {
	sass := realpart.Package(t, "sass")
	dir := t.TempDir()
	const page = "<!doctype html><html ng-app=\"app\"><title>%d</title>\n<link rel=\"stylesheet\" href=\"main.css\">\n<!-- inject:css --><!-- endinject -->\n<!-- bower:js --><!-- endbower -->\n<!-- inject:js --><!-- endinject -->\n<!-- inject:partials --><!-- endinject -->\n<script type=\"module\" src=\"mod.ts\"></script>\n"
	project := load(t, dir, map[string]string{
		"realtimectl.yaml":        free + "pipeline: { config: { module: app.config, from: conf/app.json } }\n",
		"bower.json":              `{"dependencies": {"a": "1"}}`,
		"bower_components/a/a.js": "a", "bower_components/a/b.js": "b", "bower_components/a/bower.json": `{"name": "a", "main": "a.js"}`,
		"conf/app.json":     `{"n": 0}`,
		"src/index.html":    fmt.Sprintf(page, 0),
		"src/app/app.js":    "angular.module('app', []);\n",
		"src/app/part.html": "<p>0</p>",
		"src/plain.css":     "a { z-index: 0 }",
		"src/main.scss":     "@use 'part';",
		"src/_part.scss":    "b { z-index: 0 }",
		"src/img/dot.svg":   "<svg/>",
		"src/mod.ts":        "import { n } from './dep';\nimport './mod.css';\nconsole.log(n);\n",
		"src/dep.ts":        "export const n: number = 0;\n",
		"src/mod.css":       "c { z-index: 0 }",
	})
	if err := os.MkdirAll(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sass, filepath.Join(dir, "node_modules/sass")); err != nil {
		t.Fatal(err)
	}
	i := run(t, project, nil)
	for _, e := range []edits{
		{"CSS", "src/plain.css", numbered("a { z-index: %d }"), "/plain.css", numbered("z-index: %d }")},
		{"a partial of Sass", "src/_part.scss", numbered("b { z-index: %d }"), "/main.css", numbered("z-index: %d;")},
		{"TypeScript", "src/dep.ts", numbered("export const n: number = %d;\n"), "/dep.ts", numbered("n = %d;")},
		{"CSS that a script imports", "src/mod.css", numbered("c { z-index: %d }"), "/@styles/index.css", numbered("z-index: %d;")},
		{"a template", "src/app/part.html", numbered("<p>%d</p>"), "/templateCacheHtml.js", numbered("<p>%d</p>")},
		{"an image", "src/img/dot.svg", numbered("<svg id='n%d'/>"), "/img/dot.svg", numbered("n%d'")},
		{"settings", "conf/app.json", numbered(`{"n": %d}`), "/app.js", numbered(`"n", %d)`)},
		{"the page", "src/index.html", numbered(page), "/", numbered("<title>%d<")},
		{"bower.json", "bower.json", func(n int) string {
			return fmt.Sprintf(`{"dependencies": {"a": "1"}, "overrides": {"a": {"main": ["%c.js"]}}}`, 'a'+rune(n%2))
		}, "/", func(n int) string { return fmt.Sprintf("bower_components/a/%c.js", 'a'+rune(n%2)) }},
		{"a file that comes", "src/app/new.js", numbered("// %d\n"), "/", numbered("app/new%d.js")},
	} {
		t.Run(e.name, func(t *testing.T) {
			p := i.openPage(t, "/", "/plain.css", "/main.css", "/mod.ts", "/dep.ts", "/@styles/index.css", "/templateCacheHtml.js", "/img/dot.svg", "/app.js")
			e.follow(t, dir, i, p, rounds)
		})
	}
}
