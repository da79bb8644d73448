package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/page"
)

// InjectOptions configure Inject.
type InjectOptions struct {
	// ScriptURL is the path of the script on the same origin: "/__realtimectl/client.js".
	// The script may connect to everything in its folder.
	ScriptURL string
}

// Inject wraps next so that its HTML pages load one more script. The answer decides: status
// 2xx, 4xx or 5xx with a body, HTML or XHTML, no attachment, no part of a range; of the
// request it only counts that a browser navigates (partials fetched by a script stay as they
// are). The element goes in where the head begins, while the page streams; policies of the
// page are amended so that the script may run; validators, lengths and digests, which would
// speak of the page before, are adapted. All other answers pass untouched.
//
// Of a navigation, next sees an Accept-Encoding of "identity"; an answer that is compressed
// all the same (gzip, deflate, br, zstd) is decoded.
func Inject(next http.Handler, o InjectOptions) http.Handler {
	sum := sha256.Sum256([]byte("1 " + o.ScriptURL)) // raise the number when the element changes
	in := &injection{script: o.ScriptURL, mark: "-rt" + hex.EncodeToString(sum[:3])}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead || r.Header.Get("Upgrade") != "" || !page.Navigation(r) {
			next.ServeHTTP(w, r)
			return
		}
		inner := *r
		inner.Header = r.Header.Clone()
		inner.Header.Set("Accept-Encoding", "identity")
		iw := &injector{ResponseWriter: w, request: r, injection: in, ours: in.restoreValidators(inner.Header)}
		defer iw.abandon()
		next.ServeHTTP(iw, &inner)
		iw.finish()
	})
}

// injection is what all answers share.
type injection struct {
	script string
	mark   string // at the end of every entity tag of a page with our element
}

// restoreValidators turns the validators of pages with our element back into those of next,
// and drops all others: a copy from before, made by another server on this port or by an
// older version, must not be declared fresh. It reports whether one was ours.
func (in *injection) restoreValidators(header http.Header) (ours bool) {
	tags := strings.Join(header.Values("If-None-Match"), ",")
	header.Del("If-None-Match")
	header.Del("If-Modified-Since")
	var restored []string
	for tag := range strings.SplitSeq(tags, ",") {
		opaque, ok := strings.CutPrefix(strings.TrimSpace(tag), `W/"`)
		if !ok {
			continue
		}
		if t, ok := strings.CutSuffix(opaque, in.mark+`s"`); ok {
			restored = append(restored, `"`+t+`"`)
		} else if t, ok := strings.CutSuffix(opaque, in.mark+`w"`); ok {
			restored = append(restored, `W/"`+t+`"`)
		} else if t, ok := strings.CutSuffix(opaque, in.mark+`m"`); ok {
			seconds, err := strconv.ParseInt(t, 16, 64)
			if err == nil {
				header.Set("If-Modified-Since", time.Unix(seconds, 0).UTC().Format(http.TimeFormat))
				ours = true
			}
		}
	}
	if len(restored) > 0 {
		header.Set("If-None-Match", strings.Join(restored, ", "))
	}
	return ours || len(restored) > 0
}

// replaceValidators marks the entity tag. A page that has a date only gets a tag made of
// it, since a date alone cannot say whether our element is in.
func (in *injection) replaceValidators(header http.Header) {
	tag := header.Get("ETag")
	weak := strings.TrimPrefix(tag, "W/")
	opaque := strings.Trim(weak, `"`)
	switch {
	case tag != "" && weak != tag:
		header.Set("ETag", `W/"`+opaque+in.mark+`w"`)
	case tag != "":
		header.Set("ETag", `W/"`+opaque+in.mark+`s"`)
	default:
		if t, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
			header.Set("ETag", `W/"`+strconv.FormatInt(t.Unix(), 16)+in.mark+`m"`)
		}
	}
}

// wants reports whether an answer of that kind is a page to put the element into, and which codings to
// undo before, last first.
func (in *injection) wants(status int, kind string, header http.Header) (codings []string, ok bool) {
	if status < 200 || status >= 300 && status < 400 ||
		status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusPartialContent {
		return nil, false
	}
	if header.Get("Content-Length") == "0" || header.Get("Content-Range") != "" || !isHTML(kind) {
		return nil, false
	}
	if disposition, _, _ := strings.Cut(header.Get("Content-Disposition"), ";"); strings.EqualFold(strings.TrimSpace(disposition), "attachment") {
		return nil, false
	}
	return contentCodings(header)
}

func isHTML(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		kind = strings.TrimSpace(kind)
	}
	charset := strings.ToLower(params["charset"])
	return (kind == "text/html" || kind == "application/xhtml+xml") &&
		!strings.HasPrefix(charset, "utf-16") && !strings.HasPrefix(charset, "utf-32")
}

// adapt changes the headers of a page that gets the element, and returns the document that
// does it; its output is set by the caller.
func (in *injection) adapt(header http.Header, r *http.Request) *document {
	a := in.access(r, header)
	a.amendHeaders(header)
	in.replaceValidators(header)
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Accept-Ranges"} {
		header.Del(name)
	}
	if len(header["Cache-Control"]) == 0 {
		header.Set("Cache-Control", "no-cache")
	}
	xml := strings.Contains(strings.ToLower(header.Get("Content-Type")), "xhtml")
	return &document{insert: in.element(a.nonce, xml), amend: a.amend, xml: xml}
}

// access is what our script needs under the host and scheme of this request.
func (in *injection) access(r *http.Request, header http.Header) access {
	httpScheme, wsScheme := "http://", "ws://"
	if r.TLS != nil {
		httpScheme, wsScheme = "https://", "wss://"
	}
	folder := strings.TrimSuffix(path.Dir(in.script), "/") + "/"
	a := access{script: httpScheme + r.Host + in.script, connects: []string{httpScheme + r.Host + folder, wsScheme + r.Host + folder}}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || strings.ContainsRune(";,'\"<>&", c) }) {
		a.script, a.connects = "'self'", []string{"'self'"} // an unguarded host must not write policies
	}
	nonce, needed := pageNonce(header)
	if needed && nonce == "" {
		nonce = newNonce()
	}
	a.nonce = nonce
	return a
}

// newNonce returns 128 random bits, as CSP3 section 7.1 asks.
func newNonce() string {
	var bits [16]byte
	_, _ = rand.Read(bits[:]) // never fails: crypto/rand
	return base64.StdEncoding.EncodeToString(bits[:])
}

func (in *injection) element(nonce string, xml bool) string {
	async, attr := "async", ""
	if xml {
		async = `async="async"`
	}
	if nonce != "" {
		attr = ` nonce="` + nonce + `"`
	}
	return fmt.Sprintf(`<script src="%s" %s%s></script>`, html.EscapeString(in.script), async, attr)
}

// contentCodings returns the codings of an answer in the order in which to undo them; not
// ok when we cannot.
func contentCodings(header http.Header) (codings []string, ok bool) {
	for name := range strings.SplitSeq(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity":
		case "gzip", "x-gzip", "deflate", "br", "zstd":
			codings = append(codings, name)
		default:
			return nil, false
		}
	}
	slices.Reverse(codings)
	return codings, true
}
