package proxy

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// pass sends page through a document in chunks of size bytes.
func pass(t testing.TB, page string, size int, xml bool) string {
	t.Helper()
	var out bytes.Buffer
	d := &document{out: &out, insert: "<S>", xml: xml, amend: func(p string) string { return p + "; ours" }}
	for len(page) > 0 {
		n := min(size, len(page))
		if _, err := d.Write([]byte(page[:n])); err != nil {
			t.Fatal(err)
		}
		page = page[n:]
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhereTheElementGoes(t *testing.T) {
	for _, tt := range []struct{ name, page, want string }{
		{"after head", "<!doctype html><html><head><title>x</title></head></html>", "<!doctype html><html><head><S><title>x</title></head></html>"},
		{"head with attributes", `<head data-x='>' lang=pt><p>`, `<head data-x='>' lang=pt><S><p>`},
		{"upper case", "<HTML><HEAD>\n<TITLE>", "<HTML><HEAD><S>\n<TITLE>"},
		{"without head", "<!doctype html><html lang=en>\n<body>x", "<!doctype html><html lang=en>\n<S><body>x"},
		{"without head and html", "<!doctype html>\n<title>x</title>", "<!doctype html>\n<S><title>x</title>"},
		{"text only", "hello", "<S>hello"},
		{"space before text", " \n hello", " \n <S>hello"},
		{"header is not head", "<html><header>x", "<html><S><header>x"},
		{"a head in a comment", "<!-- <head> --><html><head>x", "<!-- <head> --><html><head><S>x"},
		{"a comment with dashes", "<!-- a -- b --- <head> --!><head>", "<!-- a -- b --- <head> --!><head><S>"},
		{"an empty comment", "<!--><head>", "<!--><head><S>"},
		{"an almost empty comment", "<!---><head>", "<!---><head><S>"},
		{"a comment that starts like an end", "<!--!><head>--><head>", "<!--!><head>--><head><S>"},
		{"a conditional comment", "<!--[if IE]><html class=ie><![endif]--><html><head>", "<!--[if IE]><html class=ie><![endif]--><html><head><S>"},
		{"a head in a script", "<html><script>'<head>'</script><head>", "<html><S><script>'<head>'</script><head>"},
		{"a head in an attribute", `<html data-a="<head>"><head>`, `<html data-a="<head>"><head><S>`},
		{"a > in an attribute", `<html data-a="a>b"><head>`, `<html data-a="a>b"><head><S>`},
		{"an unquoted attribute with a quote", `<html data-a=a"b><head>`, `<html data-a=a"b><head><S>`},
		{"a solidus before a quote", `<html a/="x>"><head>`, `<html a/="x><S>"><head>`},
		{"an xml declaration", `<?xml version="1.0"?><html><head>`, `<?xml version="1.0"?><html><head><S>`},
		{"a declaration that is none", "<!foo><![CDATA[x]]><!><head>", "<!foo><![CDATA[x]]><!><head><S>"},
		{"an end tag first", "</p><head>", "<S></p><head>"},
		{"an empty end tag", "</><head>", "</><head><S>"},
		{"a less-than sign", "1 < 2", "<S>1 < 2"},
		{"a byte order mark", utf8Mark + "<html><head>", utf8Mark + "<html><head><S>"},
		{"a byte order mark before text", utf8Mark + "x", utf8Mark + "<S>x"},
		{"text that starts like a mark", "\xef\xbc\xa1", "<S>\xef\xbc\xa1"},
		{"UTF-16", "\xff\xfe<\x00h\x00", "\xff\xfe<\x00h\x00"},
		{"latin-1", "<head><title>\xe9\xe8</title>", "<head><S><title>\xe9\xe8</title>"},
		{"an unfinished tag", "<html><hea", "<html><S><hea"},
		{"an unfinished comment", "<html><!-- x", "<html><!-- x<S>"},
		{"a frameset", "<html><frameset>", "<html><S><frameset>"},
		{"an empty page", "", ""},
		{"one byte", "x", "<S>x"},
		{"the start of a mark only", "\xef", "<S>\xef"},
		{
			"a policy", `<head><meta http-equiv="content-security-policy" content="default-src &#39;self&#39;">`,
			`<head><S><meta http-equiv="content-security-policy" content="default-src &#39;self&#39;; ours">`,
		},
		{
			"a policy without quotes", `<head><meta content=default-src http-equiv=Content-Security-Policy />`,
			`<head><S><meta content="default-src; ours" http-equiv=Content-Security-Policy />`,
		},
		{
			"a policy before head", `<meta http-equiv=Content-Security-Policy content='a'><head>`,
			`<S><meta http-equiv=Content-Security-Policy content='a; ours'><head>`,
		},
		{
			"policies where they do not count",
			`<head><script>"<meta http-equiv=Content-Security-Policy content=a>"</script><template><meta http-equiv=Content-Security-Policy content=b></template></head><meta http-equiv=Content-Security-Policy content=c>`,
			`<head><S><script>"<meta http-equiv=Content-Security-Policy content=a>"</script><template><meta http-equiv=Content-Security-Policy content=b></template></head><meta http-equiv=Content-Security-Policy content=c>`,
		},
		{"another meta", `<head><meta name=description content=x><meta charset=utf-8>`, `<head><S><meta name=description content=x><meta charset=utf-8>`},
		{"end tags that only look like one", "<head><script></scripts></script x><title>", "<head><S><script></scripts></script x><title>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 7, 1 << 20} {
				if got := pass(t, tt.page, size, false); got != tt.want {
					t.Fatalf("in chunks of %d:\n got %q\nwant %q", size, got, tt.want)
				}
			}
		})
	}
}

func TestXHTMLStaysWellFormed(t *testing.T) {
	for page, want := range map[string]string{
		`<?xml version="1.0"?><html xmlns="x"><head/><body/></html>`: `<?xml version="1.0"?><html xmlns="x"><head/><S><body/></html>`,
		`<?xml version="1.0"?><!-- nothing -->`:                      `<?xml version="1.0"?><!-- nothing -->`,
	} {
		if got := pass(t, page, 4, true); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestATagWithoutEndIsNotHeldForEver(t *testing.T) {
	page := `<html><img src="` + strings.Repeat("x", maxTag) + "\"><head>"
	if got := pass(t, page, 4096, false); got != "<html><S>"+page[len("<html>"):] {
		t.Errorf("the page changed: %q…", got[:60])
	}
}

func TestWhatPrecedesTheHeadIsSentAtOnce(t *testing.T) {
	var out bytes.Buffer
	d := &document{out: &out, insert: "<S>"}
	for _, step := range []struct{ in, want string }{
		{"<!doctype html><html>\n", "<!doctype html><html>\n"},
		{"<hea", "<!doctype html><html>\n"},
		{"d>", "<!doctype html><html>\n<head><S>"},
		{"<p>text", "<!doctype html><html>\n<head><S><p>text"},
		{"<unfinished", "<!doctype html><html>\n<head><S><p>text<unfinished"},
	} {
		if _, err := d.Write([]byte(step.in)); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != step.want {
			t.Errorf("after %q: %q, want %q", step.in, got, step.want)
		}
	}
}

// The scanner must find the same tags as a parser that others have tested for years.
func FuzzScannerAgreesWithTheTokenizer(f *testing.F) {
	for _, seed := range []string{
		"<!doctype html><html><head a=1 b='>'><script>x</script><p>", "<!-- a --><b c=\"d\">", "</a ><br/>", "<a b=c/d>", "<title>&lt;</title>", "a<b", "<a =b>",
	} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, page string, size int) {
		if strings.ContainsAny(page, "\x00\r") || len(page) > 1<<12 || unlike(page) {
			t.Skip() // the tokenizer rewrites these, or reads them by rules that need a tree
		}
		var passed bytes.Buffer
		got := scanTags(page, max(1, size&15), &passed)
		if passed.String() != page {
			t.Fatalf("the bytes changed:\n%q\n%q", page, passed.String())
		}
		if want := tokenizerTags(page); fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%q:\n got %q\nwant %q", page, got, want)
		}
	})
}

func unlike(page string) bool {
	text := strings.ToLower(page)
	for _, word := range []string{"plaintext", "noscript", "<![cdata[", "<!--", "/script"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return strings.ContainsFunc(page, func(r rune) bool { return r > 126 || r < ' ' && r != '\n' && r != '\t' })
}

func scanTags(page string, size int, passed *bytes.Buffer) (tags []string) {
	var s scanner
	for p := []byte(page); len(p) > 0; {
		chunk := p[:min(size, len(p))]
		p = p[len(chunk):]
		for len(chunk) > 0 {
			var sp span
			sp, chunk = s.next(chunk)
			passed.Write(sp.bytes)
			if sp.kind == kindStart {
				tags = append(tags, sp.name)
			}
			if sp.kind == kindEnd {
				tags = append(tags, "/"+sp.name)
			}
		}
	}
	passed.Write(s.drop())
	return tags
}

func tokenizerTags(page string) (tags []string) {
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return tags
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			raw := string(z.Raw())
			if !strings.HasSuffix(raw, ">") {
				return tags // cut off by the end of the page
			}
			name, _ := z.TagName()
			if kind == html.EndTagToken {
				tags = append(tags, "/"+string(name))
			} else {
				tags = append(tags, string(name))
			}
		}
	}
}

func BenchmarkDocument(b *testing.B) {
	page := []byte("<!doctype html><html><head><title>x</title></head><body>" + strings.Repeat("<p class=\"a\">some text &amp; more</p>\n", 3000))
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		d := &document{out: &discard{}, insert: "<S>"}
		for p := page; len(p) > 0; p = p[min(len(p), 32<<10):] {
			_, _ = d.Write(p[:min(len(p), 32<<10)])
		}
		_ = d.Close()
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
