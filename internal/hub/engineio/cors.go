package engineio

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// allowOrigin refuses pages that may not talk to the server, whatever the transport: a
// WebSocket is not bound by CORS, so a check of polls alone would be none. An allowed
// page may read the answers, credentials included, because old clients send them always.
func (srv *Server) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if len(r.Header.Values("Origin")) > 1 || !srv.trusts(impliedOrigin(r)) {
		err := forbidden("the page's origin " + shorten(origin, 100) + " is not allowed; to allow it, add to realtimectl.yaml: hub: { origins: [ " + strconv.Quote(shorten(origin, 100)) + " ] }")
		srv.noteRefused(r, err)
		err.write(w)
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	return true
}

// impliedOrigin returns the request with the Origin it would have if browsers sent one
// with every request. Script and image tags send none, and a script tag is how JSONP
// reads answers across origins; what their pages are, Sec-Fetch-Site and Referer tell.
func impliedOrigin(r *http.Request) *http.Request {
	site := r.Header.Get("Sec-Fetch-Site")
	tagged := site == "cross-site" || site == "same-site" || site == "" && r.URL.Query().Has("j")
	if r.Header.Get("Origin") != "" || !tagged {
		return r
	}
	origin := "null"
	if u, err := url.Parse(r.Referer()); err == nil && u.Host != "" {
		origin = u.Scheme + "://" + u.Host
	}
	implied := *r
	implied.Header = r.Header.Clone()
	implied.Header.Set("Origin", origin)
	return &implied
}

// trusts decides about a request's origin; one without is no browser's, or its own page's.
func (srv *Server) trusts(r *http.Request) bool {
	if len(r.Header.Values("Origin")) == 0 {
		return true
	}
	if srv.opts.AllowOrigin != nil {
		return srv.opts.AllowOrigin(r)
	}
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// maxRequestHeaders bounds the header names a preflight answer repeats, in bytes.
const maxRequestHeaders = 1000

// preflight tells a browser what an allowed page may send.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" && len(names) <= maxRequestHeaders {
		h.Set("Access-Control-Allow-Headers", names)
	}
	h.Set("Access-Control-Max-Age", "600")
	h.Add("Vary", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}

// shorten cuts what a client sent before it is repeated to a person.
func shorten(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
