package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

func TestBlocksAreFound(t *testing.T) {
	page := `<!-- inject:js --> a <!-- endinject --><!--inject:css--><!--  endinject  -->
<script>"<!-- inject:js --><!-- endinject -->"</script><!-- injected --><!-- inject:partials --><!-- other -->`
	doc := htmlscan.Scan([]byte(page))
	found, open := blocks(doc, "inject")
	var got []string
	for _, b := range found {
		got = append(got, b.arg+"|"+b.inner.Text(doc.Src)+"|")
	}
	if diff := cmp.Diff([]string{"js| a |", "css||"}, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if want := strings.Index(page, "<!-- inject:partials"); open != want {
		t.Errorf("open block at %d, want %d", open, want)
	}
}

func TestBuildBlockArguments(t *testing.T) {
	for comment, want := range map[string]buildBlock{
		"build:js({.tmp,src}) scripts/app.js":           {kind: "js", alts: []string{".tmp", "src"}, target: "scripts/app.js"},
		"build:css styles/a.css media=\"print\"":        {kind: "css", target: "styles/a.css", attrs: `media="print"`},
		"build:js(a/{b,c}/d) x.js async defer":          {kind: "js", alts: []string{"a/b/d", "a/c/d"}, target: "x.js", attrs: "async defer"},
		"build:remove":                                  {kind: "remove"},
		"build:js(src) x.js":                            {kind: "js", alts: []string{"src"}, target: "x.js"},
		"build:js({.tmp/serve, .tmp/partials , src}) x": {kind: "js", alts: []string{".tmp/serve", ".tmp/partials", "src"}, target: "x"},
	} {
		doc := htmlscan.Scan([]byte("<!-- " + comment + " --><!-- endbuild -->"))
		found, _ := buildBlocks(doc)
		if len(found) != 1 {
			t.Errorf("%s: found %d blocks", comment, len(found))
			continue
		}
		found[0].block = block{}
		if diff := cmp.Diff(want, found[0], cmp.AllowUnexported(buildBlock{}, block{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", comment, diff)
		}
	}
}

func TestByFolderIsTheOrderOfStreams(t *testing.T) {
	want := []string{"a.js", "z.js", "app/b.js", "lib/a.js", "app/x/a.js", "app/z/a.js", "app/x/y/a.js"}
	for i, a := range want {
		for j, b := range want {
			if got := byFolder(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s, %s: %d", a, b, got)
			}
		}
	}
}

// FuzzBlocks fills and replaces every block of a page; what is outside of blocks must
// stay, byte for byte.
func FuzzBlocks(f *testing.F) {
	f.Add("<!-- build:js({.tmp,src}) a.js --><script src=x></script><!-- endbuild -->")
	f.Add("<!-- inject:js --><!-- endinject --><!-- bower:css --> \r\n <!-- endbower -->")
	f.Add("<!-- build:css a --><!--[if IE]><link href=x><![endif]--><!-- endbuild -->x<!-- build:js")
	f.Fuzz(func(t *testing.T, page string) {
		doc := htmlscan.Scan([]byte(page))
		found, _ := buildBlocks(doc)
		var edits htmlscan.Edits
		var outside strings.Builder
		at := 0
		for _, b := range found {
			edits.Replace(b.whole(), "")
			outside.WriteString(page[at:b.start.Start])
			at = b.end.End
		}
		outside.WriteString(page[at:])
		if got := string(edits.Apply(doc.Src)); got != outside.String() {
			t.Errorf("%q became %q, want %q", page, got, outside.String())
		}
		for _, kind := range []string{"inject", "bower"} {
			list, _ := blocks(doc, kind)
			var edits htmlscan.Edits
			for _, b := range list {
				fill(&edits, doc.Src, b, []string{"<x>"})
			}
			again, _ := blocks(htmlscan.Scan(edits.Apply(doc.Src)), kind)
			if len(again) != len(list) {
				t.Errorf("%q: %d blocks, %d after filling", page, len(list), len(again))
			}
		}
		htmlmin.Normal(page)
	})
}

func BenchmarkNormalizeHTML(b *testing.B) {
	page := strings.Repeat(`<div class="a  b" ng-if="x && {{ y }}"><input disabled><p>text</p></div>`+"\n", 100)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		htmlmin.Normal(page)
	}
}
