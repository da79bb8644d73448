package pipeline

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

func TestReferencesOfAPageAreFound(t *testing.T) {
	dir := project(t, map[string]string{
		"src/a.js": "", "src/deep/a.js": "", "src/i.png": "", "src/ä b.png": "", "public/p.png": "", "src/app.webmanifest": "{}",
		"bower_components/x/x.js": "",
	})
	tests := []struct {
		name, tag string
		want      string // kind file tail
	}{
		{"module", `<script type="module" src="a.js?v=1"></script>`, "module deep/a.js ?v=1"},
		{"rooted", `<script type=module src=/a.js></script>`, "module a.js "},
		{"up", `<script src="../a.js"></script>`, "script a.js "},
		{"above the root", `<script src="../../../bower_components/x/x.js"></script>`, "script bower_components/x/x.js "},
		{"old type", `<script type="text/javascript" src="a.js"></script>`, "script deep/a.js "},
		{"data", `<script type="application/json" src="a.js"></script>`, ""},
		{"template", `<script type="text/ng-template" id="x"><img src="/i.png"></script>`, ""},
		{"image", `<img src="/i.png#x">`, "asset i.png #x"},
		{"escaped", `<img src="/%C3%A4%20b.png">`, "asset ä b.png "},
		{"static", `<img src="/p.png">`, "pinned  "},
		{"other site", `<img src="https://example.org/i.png">`, "asset  "},
		{"same scheme", `<img src="//example.org/i.png">`, "asset  "},
		{"data URL", `<img src="data:image/png;base64,xx">`, "asset  "},
		{"expression", `<img src="{{ vm.src }}">`, "asset  "},
		{"icon", `<link rel="shortcut icon" href="/i.png">`, "asset i.png "},
		{"manifest", `<link rel="manifest" href="/app.webmanifest">`, "pinned app.webmanifest "},
		{"style", `<link rel="StyleSheet" href="/missing.css">`, "style  "},
		{"link of another kind", `<link rel="canonical" href="/i.png">`, ""},
		{"page", `<a href="/i.png">x</a>`, ""},
		{"poster", `<video poster="/i.png"></video>`, "asset i.png "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := newTree(dir, Layout{Src: "src"}, ".tmp", "dist")
			if err != nil {
				t.Fatal(err)
			}
			p, _ := tree.readPage(filepath.Join(tree.src, "deep/index.html"), htmlscan.Scan([]byte("<!doctype html>"+tt.tag)))
			var got []string
			for _, r := range p.refs {
				if r.file != "" {
					r.file = tree.url(r.file)
				}
				got = append(got, fmt.Sprintf("%s %s %s", kindName(r.kind), r.file, r.tail))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
		})
	}
}

func kindName(k refKind) string {
	return [...]string{"asset", "pinned", "srcset", "module", "inline", "script", "style", "preload", "inlinestyle", "styleattr"}[k]
}

func TestBaseOfAPageCounts(t *testing.T) {
	for _, tt := range []struct{ base, url, want string }{
		{"", "a.js", "deep/a.js"},
		{`<base href="/">`, "a.js", "a.js"},
		{`<base href="/x/">`, "a.js", "x/a.js"},
		{`<base href="../">`, "a.js", "a.js"},
		{`<base href="y/">`, "../a.js", "deep/a.js"},
		{`<base href="https://example.org/">`, "a.js", "deep/a.js"},
		{`<base href="/x/">`, "/a.js", "a.js"},
	} {
		tree, err := newTree(t.TempDir(), Layout{Src: "src"}, ".tmp")
		if err != nil {
			t.Fatal(err)
		}
		p, _ := tree.readPage(filepath.Join(tree.src, "deep/index.html"), htmlscan.Scan([]byte(tt.base)))
		if got := p.urlPath(tt.url); got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.base, tt.url, got, tt.want)
		}
	}
}

func TestImportMapLookup(t *testing.T) {
	m := importMap{
		Imports: map[string]string{"a": "/a.js", "lib/": "/lib/", "lib/deep/": "/deep/", "lib/deep/x.js": "/x.js"},
		Scopes:  map[string]map[string]string{"/old/": {"a": "/a1.js"}},
	}
	for _, tt := range []struct {
		name, from, want string
		ok               bool
	}{
		{"a", "/main.js", "/a.js", true},
		{"a", "/old/main.js", "/a1.js", true},
		{"lib/b.js", "/old/main.js", "/lib/b.js", true},
		{"lib/deep/c.js", "/", "/deep/c.js", true},
		{"lib/deep/x.js", "/", "/x.js", true},
		{"lib", "/", "", false},
		{"other", "/", "", false},
	} {
		if got, ok := m.lookup(tt.name, tt.from); got != tt.want || ok != tt.ok {
			t.Errorf("%s from %s: got %q, %v", tt.name, tt.from, got, ok)
		}
	}
}

func TestMentionsWantsTheWholeName(t *testing.T) {
	for text, want := range map[string]bool{
		`fetch("a.png")`: true, `url(img/a.png)`: true, `a.png`: true, `xa.png`: false, `a.pngx`: false,
		`data.png a.png.bak`: false, `-a.png /a.png`: true, ``: false,
	} {
		if got := mentions([]byte(text), "a.png"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestMinifyKeepsWhatTemplatesNeed(t *testing.T) {
	for in, want := range map[string]string{
		"<my-a>a</my-a>   <my-b>b</my-b>":                "<my-a>a</my-a> <my-b>b</my-b>",
		`<input type="text" ng-if="a && b">`:             `<input type="text" ng-if="a && b">`,
		`<option value="">All</option><a href="">x</a>`:  `<option value>All</option><a href>x</a>`,
		"<p>{{ a   | b }}</p>":                           "<p>{{ a   | b }}</p>",
		"<pre> a\n  b </pre>":                            "<pre> a\n  b </pre>",
		"<!-- gone --><ul><li>a</li></ul>":               "<ul><li>a</li></ul>",
		"<script>var a = 1;  // kept\n</script>":         "<script>var a = 1;  // kept\n</script>",
		"<!--[if lt IE 9]><b></b><![endif]-->":           "<!--[if lt IE 9]><b></b><![endif]-->",
		`<svg viewBox="0 0 1 1"><linearGradient/></svg>`: `<svg viewBox="0 0 1 1"><linearGradient/></svg>`,
	} {
		got, err := htmlmin.Minify([]byte(in), htmlmin.Options{})
		if err != nil || string(got) != want {
			t.Errorf("%s\n got %s\nwant %s (%v)", in, got, want, err)
		}
	}
}

func TestRewriteCSSChangesOnlyAddresses(t *testing.T) {
	local := func(address string) (string, error) { return strings.Replace(address, "in/", "out/", 1), nil }
	for in, want := range map[string]string{
		`a { b: url(in/x.png) }`:                   `a { b: url('out/x.png') }`,
		`a { b: url( "in/x.png" ) url('y.png') }`:  `a { b: url('out/x.png') url('y.png') }`,
		`/* url(in/x.png) */ a { c: "url(in/y)" }`: `/* url(in/x.png) */ a { c: "url(in/y)" }`,
		`a { b: url(data:image/png;base64,in/x) }`: `a { b: url('data:image/png;base64,out/x') }`,
		`a { b: c }`: `a { b: c }`,
	} {
		if got, _, err := rewriteCSS(in, local); err != nil || got != want {
			t.Errorf("%s\n got %s\nwant %s (%v)", in, got, want, err)
		}
	}
}
