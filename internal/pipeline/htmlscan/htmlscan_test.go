package htmlscan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is what a test compares: every tag with its attributes as the page spells them.
func seen(d *Doc) []string {
	var out []string
	for _, t := range d.Tags {
		line := t.Name
		for _, a := range t.Attrs {
			line += " [" + a.Name + "|" + a.Value + "|" + a.Raw.Text(d.Src) + "]"
		}
		if t.Content.End > t.Content.Start {
			line += " {" + t.Content.Text(d.Src) + "}"
		}
		out = append(out, line)
	}
	return out
}

func TestScanFindsTagsAsABrowserDoes(t *testing.T) {
	tests := []struct {
		name, page string
		want       []string
	}{
		{"quotes", `<a href="x" b='y' c=z d>`, []string{`a [href|x|x] [b|y|y] [c|z|z] [d||]`}},
		{"upper case", `<SCRIPT SRC=a.js></SCRIPT>`, []string{`script [src|a.js|a.js]`}},
		{"only A to Z have a lower case", "<x-\u0130 \u212aK=1>", []string{"x-\u0130 [\u212ak|1|1]"}},
		{"entities", `<a href="?a=1&amp;b=2">`, []string{`a [href|?a=1&b=2|?a=1&amp;b=2]`}},
		{"angle in value", `<a title="a > b" href=x>`, []string{`a [title|a > b|a > b] [href|x|x]`}},
		{"spaces around equals", "<a href\n =\t'x'/>", []string{`a [href|x|x]`}},
		{"slash in unquoted value", `<a href=/a/b/>`, []string{`a [href|/a/b/|/a/b/]`}},
		{"tags in a script are text", `<script>if (a<b) "<img src=x>"</script><b>`, []string{`script {if (a<b) "<img src=x>"}`, `b`}},
		{"tags in a comment are not tags", `<!-- <img src=x> --><b>`, []string{`b`}},
		{"noscript is looked into", `<noscript><img src=x></noscript><b>`, []string{`noscript {<img src=x>}`, `img [src|x|x]`, `b`}},
		{"title is text", `<title><b></title><i>`, []string{`title`, `i`}},
		{"cut off", `<p><a href="x`, []string{`p`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, seen(Scan([]byte(tt.page)))); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndOfAScriptIsBehindItsEndTag(t *testing.T) {
	page := `<script src="a.js"></script><script>x</script>`
	d := Scan([]byte(page))
	var got []string
	for _, tag := range d.Tags {
		got = append(got, page[tag.Span.Start:tag.End])
	}
	if diff := cmp.Diff([]string{`<script src="a.js"></script>`, `<script>x</script>`}, got); diff != "" {
		t.Errorf("elements (-want +got):\n%s", diff)
	}
}

func TestEndsOfHeadAndBodyAreFound(t *testing.T) {
	page := "<head><title>a</title></head><body><p></body>"
	d := Scan([]byte(page))
	if got := page[d.HeadEnd:]; !strings.HasPrefix(got, "</head>") {
		t.Errorf("head ends at %q", got)
	}
	if got := page[d.BodyEnd:]; got != "</body>" {
		t.Errorf("body ends at %q", got)
	}
	if d := Scan([]byte("<p>")); d.HeadEnd != -1 || d.BodyEnd != -1 {
		t.Errorf("a page without either: %d, %d", d.HeadEnd, d.BodyEnd)
	}
}

func TestEditsTouchNothingElse(t *testing.T) {
	page := `<!DOCTYPE html>` + "\r\n" + `<A   HREF='x'  title=t>é</A><img src=y>`
	d := Scan([]byte(page))
	var e Edits
	e.SetAttr(d.Tags[0], "href", "it's & more")
	e.SetAttr(d.Tags[1], "src", "z")
	e.SetAttr(d.Tags[1], "alt", `"q"`)
	e.DropAttr(d.Src, d.Tags[0], "title")
	want := `<!DOCTYPE html>` + "\r\n" + `<A   HREF='it&#39;s &amp; more'>é</A><img alt="&quot;q&quot;" src="z">`
	if diff := cmp.Diff(want, string(e.Apply(d.Src))); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestAttributesGoBehindTheNameThatThePageHas(t *testing.T) {
	page := "<x-\u0130\u212a>"
	d := Scan([]byte(page))
	var e Edits
	e.SetAttr(d.Tags[0], "a", "1")
	if got, want := string(e.Apply(d.Src)), "<x-\u0130\u212a a=\"1\">"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOverlappingEditsKeepTheFirst(t *testing.T) {
	var e Edits
	e.Replace(Span{2, 4}, "X")
	e.Replace(Span{1, 3}, "Y")
	e.Replace(Span{5, 5}, "1")
	e.Replace(Span{5, 5}, "2")
	if got, want := string(e.Apply([]byte("abcdef"))), "aYde12f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPositionCountsCharacters(t *testing.T) {
	src := []byte("a\néé<b>")
	if line, col := Position(src, 6); line != 2 || col != 3 {
		t.Errorf("got %d:%d, want 2:3", line, col)
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`<a href="x" b='y' c=z d>`, `<script>a</script>`, `<!-- build:js({.tmp,src}) a.js -->`,
		`<noscript><style>a{}</noscript>`, `<a =b ==c "d" '=>`, "<a\x00b=\xff>", `</`, `<a/`, `<script/>x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		d := Scan([]byte(page))
		var e Edits
		for _, tag := range d.Tags {
			checkTag(t, page, tag)
			for _, a := range tag.Attrs {
				e.Replace(a.Raw, page[a.Raw.Start:a.Raw.End])
			}
		}
		for _, c := range d.Comments {
			checkSpan(t, page, c.Span)
		}
		for _, end := range d.Ends {
			checkSpan(t, page, end.Span)
			if !strings.HasPrefix(page[end.Span.Start:], "</") {
				t.Errorf("end tag %+v of %q", end, page)
			}
		}
		if got := string(e.Apply(d.Src)); got != page {
			t.Errorf("replacing every value by itself changed the page:\n%q\n%q", page, got)
		}
	})
}

func checkTag(t *testing.T, page string, tag Tag) {
	t.Helper()
	checkSpan(t, page, tag.Span)
	checkSpan(t, page, tag.Content)
	if page[tag.Span.Start] != '<' || tag.End < tag.Span.End {
		t.Errorf("tag %+v of %q", tag, page)
	}
	for _, a := range tag.Attrs {
		checkSpan(t, page, a.Whole)
		checkSpan(t, page, a.Raw)
		if a.Whole.Start < tag.Span.Start || a.Whole.End > tag.Span.End {
			t.Errorf("attribute %+v lies outside of its tag %+v in %q", a, tag.Span, page)
		}
	}
}

func checkSpan(t *testing.T, page string, s Span) {
	t.Helper()
	if s.Start < 0 || s.End < s.Start || s.End > len(page) {
		t.Fatalf("span %+v outside of %q", s, page)
	}
}
