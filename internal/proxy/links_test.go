package proxy

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	theirs = "http://127.0.0.1:3010"
	seen   = "https://localhost:3000"
)

// eager maps links with the scanner alone, all at once.
func eager(page []byte) string {
	l := newLinkReaders().get(nil, theirs, seen)
	l.scanning = true
	l.mapSpans(page)
	l.end()
	return l.out.String()
}

// FuzzLinksInPieces compares what passes unread with what is read from the beginning.
func FuzzLinksInPieces(f *testing.F) {
	for _, seed := range []string{
		`<a href="http://127.0.0.1:3010/a">x</a>`,
		`<p title=">" data-x='<' class=a href="http://127.0.0.1:3010/">text`,
		`<script>if (a<b) x("<a href='http://127.0.0.1:3010/'>")</script><a href=//127.0.0.1:3010>y`,
		`<!-- <a href="http://127.0.0.1:3010/"> --><textarea><a href="http://127.0.0.1:3010/"></textarea><img srcset="http://127.0.0.1:3010/1 1x, //127.0.0.1:3010/2 2x">`,
		strings.Repeat("<b>text</b>", 50) + `<a href=http://127.0.0.1:3010>`, "<", "<a href=http://127.0.0.1:3010", "a <",
	} {
		for _, size := range []int{1, 2, 7, 1000} {
			f.Add([]byte(seed), size)
		}
	}
	f.Fuzz(func(t *testing.T, page []byte, size int) {
		if size < 1 || size > 1<<16 {
			return
		}
		got, err := io.ReadAll(newLinkReaders().get(pieces{bytes.NewReader(page), size}, theirs, seen))
		if err != nil {
			t.Fatal(err)
		}
		if want := eager(page); string(got) != want {
			t.Errorf("in pieces of %d:\n%q\nat once:\n%q", size, got, want)
		}
	})
}

// pieces reads a few bytes at a time.
type pieces struct {
	r    io.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.size)]) }

func TestPageThatNamesItsOriginLateIsMapped(t *testing.T) {
	link, mapped := `<a href="`+theirs+`/a">x</a>`, `<a href="`+seen+`/a">x</a>`
	text, script := strings.Repeat("<p>text</p>\n", 3*maxKept/12), strings.Repeat("if (a<b) c;\n", 3*maxKept/12)
	for _, tt := range []struct{ name, page, want string }{
		{"after much text", text + link, text + mapped},
		{"after a long comment", "<!--" + text + "-->" + link, "<!--" + text + "-->" + mapped},
		{"in a long comment", "<!--" + text + link, "<!--" + text + link},
		{"in a long script", "<script>" + script + link, "<script>" + script + link},
		{"in an attribute without end", `<p title="` + strings.Repeat("x", linkChunk) + link, `<p title="` + strings.Repeat("x", linkChunk) + link},
	} {
		src := iotest.HalfReader(strings.NewReader(tt.page))
		got, err := io.ReadAll(newLinkReaders().get(src, theirs, seen))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v, ends with %q", tt.name, err, got[max(0, len(got)-100):])
		}
	}
}

func TestReaderThatIsLentAgainHasForgotten(t *testing.T) {
	lent := newLinkReaders()
	for _, page := range []string{`<a href="` + theirs + `">`, `<p title="`, "plain <"} {
		b := &linkBody{lent.get(strings.NewReader(page), theirs, seen), lent, io.NopCloser(nil)}
		if got, err := io.ReadAll(b); err != nil || string(got) != eager([]byte(page)) {
			t.Errorf("%q became %q, %v", page, got, err)
		}
		for range 2 { // the second time it may belong to another answer
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
		if n, err := b.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("read %d after the end, %v", n, err)
		}
	}
}

func BenchmarkLinks(b *testing.B) {
	plain := []byte("<head></head>" + strings.Repeat("lorem ipsum <b>dolor</b> sit amet ", 3000))
	for name, page := range map[string][]byte{"none": plain, "one at the end": append(bytes.Clone(plain), `<a href="`+theirs+`/">`...)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			lent := newLinkReaders()
			for b.Loop() {
				l := lent.get(bytes.NewReader(page), theirs, seen)
				if _, err := io.Copy(io.Discard, l); err != nil {
					b.Fatal(err)
				}
				lent.put(l)
			}
		})
	}
}
