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
	res.Body = &linkReader{src: src, closer: res.Body, theirs: theirs, seen: seen}
	// res.ContentLength stays: ReverseProxy flushes after every piece when it is unknown.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"} {
		res.Header.Del(name)
	}
	return nil
}

// linkReader reads a page and maps the links in its start tags. It passes on every piece as
// soon as the target sends it.
type linkReader struct {
	src          io.Reader
	closer       io.Closer
	theirs, seen string

	scan  scanner
	chunk [decodeBuffer]byte
	out   bytes.Buffer
	err   error
}

// Read gives out what is mapped, and reads on when all of it is out.
func (l *linkReader) Read(p []byte) (int, error) {
	for l.out.Len() == 0 && l.err == nil {
		n, err := l.src.Read(l.chunk[:])
		l.feed(l.chunk[:n])
		if l.err = err; err != nil {
			l.out.Write(l.scan.drop())
		}
	}
	if l.out.Len() > 0 {
		return l.out.Read(p)
	}
	return 0, l.err
}

// Close closes the target's answer.
func (l *linkReader) Close() error { return l.closer.Close() }

func (l *linkReader) feed(p []byte) {
	for len(p) > 0 {
		var sp span
		sp, p = l.scan.next(p)
		if sp.kind == kindStart && bytes.Contains(sp.bytes, []byte(l.theirs[strings.Index(l.theirs, "//"):])) {
			sp.bytes = l.mapTag(sp.bytes)
		}
		l.out.Write(sp.bytes)
	}
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
