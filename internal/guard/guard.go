// Package guard decides who may talk to the listeners of this program.
//
// Two attacks are as old as development servers. A page anywhere can point its own host
// name at 127.0.0.1 and then read everything a local server answers (DNS rebinding): the
// Host allow-list ends that. A page anywhere can open a WebSocket to localhost, which no
// browser checks for it: the Origin rule ends that.
//
// Host names that are always allowed: localhost, everything below .localhost, and IP
// literals, which cannot be rebound. The Origin rule is stricter: an IP literal is no
// excuse there, since any page can be served from one.
package guard

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/page"
)

// Options say whom to trust beside the request's own host.
type Options struct {
	// Hosts are further allowed host names, without port: "abacate.test" is that name,
	// ".abacate.test" or "*.abacate.test" that name and all below it. Entries that are not
	// host names allow nothing.
	Hosts []string
	// Ports are our own listeners. Pages served from one of them may call the others under
	// the same host name.
	Ports []int
	// Origins are further trusted origins, exact: "https://abacate.com".
	Origins []string
}

// Guard holds the rules. It never changes after New, so any goroutine may use it.
type Guard struct {
	hosts    map[string]bool
	suffixes []string
	ports    map[string]bool
	origins  map[string]bool
}

// New returns the guard for o. The zero Options allow local names and same-origin calls.
func New(o Options) *Guard {
	g := &Guard{hosts: map[string]bool{}, ports: map[string]bool{}, origins: map[string]bool{}}
	for _, host := range o.Hosts {
		g.addHost(strings.ToLower(strings.TrimSpace(host)))
	}
	for _, port := range o.Ports {
		g.ports[strconv.Itoa(port)] = true
	}
	for _, origin := range o.Origins {
		if a, ok := parseOrigin(strings.TrimSuffix(strings.TrimSpace(origin), "/")); ok {
			g.origins[a.String()] = true
		}
	}
	return g
}

func (g *Guard) addHost(host string) {
	below := strings.TrimPrefix(host, "*")
	if strings.HasPrefix(below, ".") && validName(below[1:]) {
		g.suffixes = append(g.suffixes, below)
		host = below[1:]
	}
	if validName(host) {
		g.hosts[host] = true
	}
}

// Handler passes on requests whose target is well formed and whose Host is allowed, and
// answers all others itself: 400 malformed, 403 not allowed, 405 for CONNECT and TRACE.
// It judges what the request finally addresses, so the absolute form ("GET http://host/")
// and the :authority of HTTP/2 count like a Host header; next sees the origin form only.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
			page.Text(w, http.StatusMethodNotAllowed, r.Method+" is not served here")
			return
		}
		host, _, ok := splitHost(r.Host)
		if !ok || !wellFormed(r) {
			page.Text(w, http.StatusBadRequest, "malformed request: its Host or its target is not valid")
			return
		}
		if !g.allowed(host) {
			refuse(w, r, host)
			return
		}
		next.ServeHTTP(w, originForm(r))
	})
}

// wellFormed refuses what a server may read in one way and a file system or an upstream in
// another: a fragment in the target, schemes that are not the web's, a WebSocket that begins
// with a body.
func wellFormed(r *http.Request) bool {
	scheme := r.URL.Scheme
	return !strings.Contains(r.RequestURI, "#") &&
		(scheme == "" || (scheme == "http" || scheme == "https") && r.URL.Host != "") &&
		r.URL.User == nil &&
		(r.ContentLength == 0 || !opensSocket(r)) &&
		(strings.HasPrefix(r.URL.Path, "/") || r.URL.Path == "" && scheme != "" || r.RequestURI == "*" && r.Method == http.MethodOptions)
}

// opensSocket reports whether WebSocket is among the protocols that a request asks for, as a
// server behind us may read them.
func opensSocket(r *http.Request) bool {
	for _, line := range r.Header["Upgrade"] {
		for name := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "websocket") {
				return true
			}
		}
	}
	return false
}

// originForm drops scheme and authority from an absolute target. Whatever forwards the
// request later must never take its destination from it.
func originForm(r *http.Request) *http.Request {
	if r.URL.Scheme == "" && r.URL.Host == "" {
		return r
	}
	clean := *r
	target := *r.URL
	target.Scheme, target.Host = "", ""
	if target.Path == "" {
		target.Path = "/"
	}
	clean.URL = &target
	clean.RequestURI = target.RequestURI()
	return &clean
}

func (g *Guard) allowed(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || g.hosts[host] || isIP(host) {
		return true
	}
	return slices.ContainsFunc(g.suffixes, func(s string) bool { return strings.HasSuffix(host, s) })
}

func refuse(w http.ResponseWriter, r *http.Request, host string) {
	line := fmt.Sprintf("serve:\n  allowed-hosts: [ %q ]", host)
	if !page.Navigation(r) {
		page.Text(w, http.StatusForbidden, fmt.Sprintf(
			"host %q is not allowed; to allow it, add to realtimectl.yaml:\n\n%s", host, line))
		return
	}
	page.Page{
		Status: http.StatusForbidden,
		Title:  "This host name is not allowed",
		Lead: "The address in your browser leads here, but under a name this server does not know. " +
			"Answering to any name would let a foreign web page read your project.",
		Facts: []page.Fact{
			{Label: "Asked for", Values: []string{host}},
			{Label: "Allowed", Values: []string{"localhost, *.localhost", "IP addresses", "serve.allowed-hosts in realtimectl.yaml"}},
		},
		Steps: []page.Step{
			{Text: "If the name is yours, add it to realtimectl.yaml and start again:", Code: line},
			{Text: "Else use http://localhost with the port of this address."},
		},
	}.ServeHTTP(w, r)
}

// Pages passes on requests of pages that AllowOrigin lets in, and of programs that are no
// browser; the refusal names the line that would let a page in.
func (g *Guard) Pages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.AllowOrigin(r) {
			next.ServeHTTP(w, r)
			return
		}
		named := r.Header.Get("Origin")
		text := fmt.Sprintf("origin %.200q is not allowed", named)
		if o, ok := parseOrigin(named); ok && o.web() && len(r.Header["Origin"]) == 1 {
			text += fmt.Sprintf("; to allow it, add to realtimectl.yaml:\n\nhub:\n  origins: [ %q ]", named)
		}
		page.Text(w, http.StatusForbidden, text)
	})
}

// Upgrades is Pages for WebSockets alone: no browser checks for a server who opens one.
func (g *Guard) Upgrades(next http.Handler) http.Handler {
	pages := g.Pages(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if opensSocket(r) {
			pages.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// AllowOrigin reports whether the page that sent r may do so: there is no Origin header
// (not a browser), it is the request's own host and port, it is another of our listeners
// under the same host name, or it is configured. "null", repeated and malformed headers
// are refused, and so is every origin when the request's Host itself is not allowed, and
// one of plain http when the request is not: anybody on the way can serve such a page.
// Use it on every upgrade, event stream, control call and polling handshake.
func (g *Guard) AllowOrigin(r *http.Request) bool {
	values, present := r.Header["Origin"]
	if !present {
		return true
	}
	if len(values) != 1 {
		return false
	}
	origin, ok := parseOrigin(values[0])
	if !ok {
		return false
	}
	if g.origins[origin.String()] {
		return true
	}
	host, port, ok := splitHost(r.Host)
	if !ok || !g.allowed(host) || origin.host != host || !origin.web() || r.TLS != nil && origin.scheme != "https" {
		return false
	}
	if port == "" {
		// Behind a proxy that ends TLS only the page knows its scheme.
		port = defaultPort(origin.scheme)
	}
	return origin.port == port || g.ports[origin.port] && g.ports[port]
}

// origin is scheme, host and port, each in its one normal form; the port is always there
// for the schemes of the web.
type origin struct{ scheme, host, port string }

func (o origin) String() string { return o.scheme + "://" + net.JoinHostPort(o.host, o.port) }

func (o origin) web() bool { return o.scheme == "http" || o.scheme == "https" }

// parseOrigin reads the serialisation of RFC 6454 section 6.2 and nothing more: no user,
// path, query or fragment. Apps in a shell have schemes of their own ("capacitor://localhost");
// they are read so that they can be configured.
func parseOrigin(text string) (origin, bool) {
	scheme, rest, found := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !found || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" {
		return origin{}, false
	}
	host, port, ok := splitHost(rest)
	if !ok {
		return origin{}, false
	}
	if port == "" {
		port = defaultPort(scheme)
	}
	return origin{scheme, host, port}, true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return ""
}

// splitHost reads "host", "host:port" or "[ipv6]:port" strictly and returns the host in
// lower case, without brackets and without the final dot of a rooted name.
func splitHost(authority string) (host, port string, ok bool) {
	if rest, found := strings.CutPrefix(authority, "["); found {
		host, rest, found = strings.Cut(rest, "]")
		addr, err := netip.ParseAddr(host)
		port, hasPort := strings.CutPrefix(rest, ":")
		ok = found && err == nil && addr.Is6() && addr.Zone() == "" && (rest == "" || hasPort && validPort(port))
		return addr.String(), port, ok
	}
	host, port, hasPort := strings.Cut(strings.ToLower(authority), ":")
	host = strings.TrimSuffix(host, ".")
	if hasPort && !validPort(port) {
		return "", "", false
	}
	return host, port, validName(host)
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && port[0] != '0'
}

// validName reports whether host can be a DNS name or an IPv4 address: labels of letters,
// digits, '-' and '_' (which real intranets use), 253 characters at most (RFC 1035 section 2.3.4).
func validName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
