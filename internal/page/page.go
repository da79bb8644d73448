// Package page writes the few pages that this program answers with itself: a host that is
// not allowed, a project without an index.html, a back-end that is down.
//
// They share one look, light and dark, narrow and wide. A page has no external part and
// carries a Content-Security-Policy that allows its own style and script by hash and
// nothing else, so that nothing a request brings along can ever run in it. Every value is
// escaped by html/template.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

//go:embed page.css
var style string

//go:embed page.html
var markup string

// Page is one answer for a person who looks at a browser.
type Page struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	// Title is what happened, one short sentence without a full stop.
	Title string
	// Lead explains it in a sentence or two.
	Lead string
	// Facts are what was looked at: a label and its values, shown as written.
	Facts []Fact
	// Steps are the ways out, best first.
	Steps []Step
	// Live is shown as what the page is doing by itself; empty when it does nothing.
	Live string
	// Script runs in the page. It is part of this program, never of a request.
	Script string
}

// Fact is a label with the values that belong to it.
type Fact struct {
	Label  string
	Values []string
}

// Step is one way out: what to do, and the line to type or to add, if there is one.
type Step struct {
	Text string
	Code string
}

// ServeHTTP writes the page; a HEAD request gets its headers only.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := p.render()
	if err != nil {
		// The template is ours and its data are strings; a failure is a bug, told plainly.
		http.Error(w, p.Title, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	SetSafe(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy())
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a browser that has gone needs no answer
	}
}

func (p Page) render() ([]byte, error) {
	tmpl, err := template.New("page").Parse(markup)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = tmpl.Execute(&out, struct {
		Page
		Style  template.CSS
		Script template.JS
	}{p, template.CSS(style), template.JS(p.Script)})
	return out.Bytes(), err
}

func (p Page) policy() string {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; style-src " + hash(style)
	if p.Script != "" {
		policy += "; script-src " + hash(p.Script) + "; connect-src 'self'"
	}
	return policy
}

// hash is the source expression that allows exactly this inline text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// SetSafe sets the two headers every answer of our own carries: other origins may not
// embed it, and no browser may guess another type for it.
func SetSafe(h http.Header) {
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
}

// Text answers in plain text, for programs and for requests that are not navigations.
// A final newline is added.
func Text(w http.ResponseWriter, status int, text string) {
	SetSafe(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// Navigation reports whether a browser asks for a document to show. Sec-Fetch-Dest decides
// when the browser sends it (fetch metadata exist on trustworthy origins only: localhost
// and https); else an Accept header that names HTML does, unless a script says it is the
// one asking.
func Navigation(r *http.Request) bool {
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" {
		return (dest == "document" || dest == "iframe" || dest == "frame") && acceptsHTML(r)
	}
	return acceptsHTML(r) && !strings.EqualFold(r.Header.Get("X-Requested-With"), "XMLHttpRequest")
}

func acceptsHTML(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			kind, params, _ := strings.Cut(strings.TrimSpace(part), ";")
			kind = strings.ToLower(strings.TrimSpace(kind))
			if (kind == "text/html" || kind == "application/xhtml+xml") && !refused(params) {
				return true
			}
		}
	}
	return false
}

// refused reports a quality of zero: «anything but this».
func refused(params string) bool {
	q := strings.ReplaceAll(strings.ToLower(params), " ", "")
	return q == "q=0" || strings.HasPrefix(q, "q=0.0") && strings.Trim(q[2:], "0.") == ""
}
