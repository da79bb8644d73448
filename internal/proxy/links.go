package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// mapLinks lets the absolute links in a page of the target lead to the proxy. Only values of
// attributes change, never scripts, and only links to the target's exact origin.
func (p *Proxy) mapLinks(res *http.Response, seen string) error {
	theirs := p.target.Scheme + "://" + p.target.Host
	if theirs == seen || res.Request.Method == http.MethodHead || res.StatusCode == http.StatusPartialContent || !isHTML(res.Header.Get("Content-Type")) {
		return nil
	}
	codings, ok := contentCodings(res.Header)
	compressed := len(codings) > 0
	if !ok || compressed && res.Request.Header.Get("Accept-Encoding") != "identity" {
		return nil // the browser asked for it compressed: not a page that is looked into
	}
	var src io.Reader = res.Body
	if compressed {
		decoded, err := decodeAll(codings, res.Body)
		if err != nil {
			return fmt.Errorf("answer of %s: %w", p.name, err)
		}
		src = decoded
	}
	res.Body = &linkBody{p.links.get(src, theirs, seen), p.links, res.Body}
	// res.ContentLength stays: ReverseProxy flushes after every piece when it is unknown.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"} {
		res.Header.Del(name)
	}
	return nil
}

// maxKept bounds what is kept of a page to find out later where in it a link lies.
const maxKept = 1 << 20 // bytes

// linkReader reads a page and maps the links in its start tags. It passes on every piece as
// soon as the target sends it, up to an unfinished tag.
//
// Most pages name their origin nowhere, and looking for a name is thirty times faster than
// telling tags from text. So pieces pass unread, and are kept, until one has the name; only
// then are those that passed scanned, to know what it stands in.
type linkReader struct {
	src          io.Reader
	theirs, seen string

	name     []byte // what every link has
	kept     []byte // passed on since the scanner was last asked
	held     []byte // the beginning of a tag whose end has not come
	scanning bool   // a link was found
	passed   int    // how much of the next span is out already

	scan  scanner
	chunk []byte
	ready []byte       // mapped and not read yet; lies in chunk or in out
	out   bytes.Buffer // what is no longer in chunk
	err   error
}

// linkReaders lends readers out: what a page of 100 KiB needs would otherwise be made and
// cleared for each. Unlike a sync.Pool it keeps them from one collection to the next.
type linkReaders struct{ free chan *linkReader }

const (
	// freeReaders and freeSize bound what is kept for the next pages.
	freeReaders = 16
	freeSize    = 256 << 10 // bytes
)

func newLinkReaders() linkReaders { return linkReaders{make(chan *linkReader, freeReaders)} }

func (p linkReaders) get(src io.Reader, theirs, seen string) *linkReader {
	var l *linkReader
	select {
	case l = <-p.free:
	default:
		l = &linkReader{chunk: make([]byte, linkChunk)}
	}
	l.out.Reset()
	*l = linkReader{chunk: l.chunk, kept: l.kept[:0], out: l.out}
	l.src, l.theirs, l.seen = src, theirs, seen
	l.name = []byte(theirs[strings.Index(theirs, "//"):])
	return l
}

func (p linkReaders) put(l *linkReader) {
	l.src = nil
	if cap(l.kept) > freeSize {
		l.kept = nil
	}
	if l.out.Cap() > freeSize {
		l.out = bytes.Buffer{}
	}
	select {
	case p.free <- l:
	default: // enough are there
	}
}

// linkBody is the body of one answer.
type linkBody struct {
	*linkReader // nil: it is back
	lender      linkReaders
	closer      io.Closer
}

// Read reads the page with its links mapped.
func (b *linkBody) Read(p []byte) (int, error) {
	if b.linkReader == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.linkReader.Read(p)
}

// Close closes the target's answer.
func (b *linkBody) Close() error {
	if b.linkReader != nil {
		b.lender.put(b.linkReader)
		b.linkReader = nil
	}
	return b.closer.Close()
}

// linkChunk is the largest piece that is read at once.
const linkChunk = 64 << 10 // bytes

// Read gives out what is mapped, and reads on when all of it is out.
func (l *linkReader) Read(p []byte) (int, error) {
	for len(l.ready) == 0 && l.err == nil {
		l.out.Reset()
		n, err := l.src.Read(l.chunk)
		l.feed(l.chunk[:n])
		if l.err = err; err != nil {
			l.end()
		}
	}
	if len(l.ready) > 0 {
		n := copy(p, l.ready)
		l.ready = l.ready[n:]
		return n, nil
	}
	return 0, l.err
}

// feed takes the next piece of the page and makes what can go out ready.
func (l *linkReader) feed(p []byte) {
	if len(l.held) > 0 {
		p = l.join(p)
	}
	if !l.scanning {
		p = l.pass(p)
	}
	switch {
	case l.scanning:
		l.mapSpans(p)
	case l.out.Len() > 0:
		l.out.Write(p)
	default:
		l.ready = p // nothing is before it: no need to copy
		return
	}
	l.ready = l.out.Bytes()
}

// join completes the tag that has begun before p, as far as p has it, and returns the rest.
func (l *linkReader) join(p []byte) (rest []byte) {
	end := bytes.IndexByte(p, '>') + 1
	if end == 0 {
		end = len(p)
	}
	tag := append(l.held, p[:end]...)
	l.held = nil
	if whole := l.pass(tag); l.scanning {
		l.mapSpans(whole)
	} else {
		l.out.Write(whole)
	}
	return p[end:]
}

// pass looks for a link in p. It returns what may go out, and keeps back a tag that begins
// at the end of p. With a link in it, all of p is for the scanner, which is told of what
// passed before.
func (l *linkReader) pass(p []byte) []byte {
	whole, begun := cutTag(p)
	if bytes.Contains(whole, l.name[len("//"):]) { // slashes are everywhere, the host is not
		l.scanning = true
		l.catchUp()
		l.passed = len(l.scan.held)
		return p
	}
	l.kept = append(l.kept, whole...)
	l.held = append(l.held, begun...)
	if len(l.kept) > maxKept {
		l.catchUp()
	}
	return whole
}

// cutTag cuts off a tag that begins at the end of p and may go on.
func cutTag(p []byte) (whole, begun []byte) {
	i := bytes.LastIndexByte(p, '<')
	if i < 0 || len(p)-i > maxTag || bytes.IndexByte(p[i:], '>') >= 0 {
		return p, nil
	}
	return p[:i], p[i:]
}

// catchUp lets the scanner see what has passed.
func (l *linkReader) catchUp() {
	for p := l.kept; len(p) > 0; {
		_, p = l.scan.next(p)
	}
	l.kept = l.kept[:0]
}

// mapSpans passes p on with its links mapped.
func (l *linkReader) mapSpans(p []byte) {
	for len(p) > 0 {
		var sp span
		sp, p = l.scan.next(p)
		if sp.kind == kindStart && bytes.Contains(sp.bytes, l.name) {
			sp.bytes = l.mapTag(sp.bytes)
		}
		l.emit(sp.bytes)
	}
}

func (l *linkReader) emit(p []byte) {
	n := min(l.passed, len(p))
	l.passed -= n
	l.out.Write(p[n:])
}

// end makes ready what waited for more.
func (l *linkReader) end() {
	if !l.scanning {
		l.ready = append(l.ready[:len(l.ready):len(l.ready)], l.held...)
		l.held = nil
		return
	}
	l.emit(l.scan.drop())
	l.ready = l.out.Bytes()
}

// mapTag maps the links in the attributes of one tag, event handlers excepted.
func (l *linkReader) mapTag(tag []byte) []byte {
	var out bytes.Buffer
	from := 0
	for a := range attributes(tag) {
		if strings.HasPrefix(a.name, "on") {
			continue
		}
		out.Write(tag[from:a.start])
		out.WriteString(replaceOrigin(string(tag[a.start:a.end]), l.theirs, l.seen))
		from = a.end
	}
	out.Write(tag[from:])
	return out.Bytes()
}

// replaceOrigin replaces every occurrence of an origin in text that is not the beginning of
// a longer one. "//host" without a scheme counts where nothing stands before it.
func replaceOrigin(text, theirs, seen string) string {
	var out strings.Builder
	bare := theirs[strings.Index(theirs, "//"):]
	for {
		i := strings.Index(text, bare)
		if i < 0 {
			out.WriteString(text)
			return out.String()
		}
		after := i + len(bare)
		scheme := strings.TrimSuffix(theirs, bare)
		switch {
		case after < len(text) && !strings.ContainsRune("/?#&,;'\")\\ \t\r\n", rune(text[after])):
			out.WriteString(text[:after])
		case strings.HasSuffix(text[:i], scheme):
			out.WriteString(text[:i-len(scheme)] + seen)
		case i == 0 || strings.ContainsRune(" ,('\"=", rune(text[i-1])):
			out.WriteString(text[:i] + seen[strings.Index(seen, "//"):])
		default:
			out.WriteString(text[:after])
		}
		text = text[after:]
	}
}
