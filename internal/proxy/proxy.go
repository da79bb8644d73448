// Package proxy stands in front of an application.
//
// [Inject] adds the reload script to the HTML of any handler. [New] forwards to another
// server, our own back-end or the application of a user. What is built on
// net/http/httputil stays as it is there: one handler
// type, composed by its hooks.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// HostRule says which Host header the target gets.
type HostRule int

const (
	// HostAuto keeps the browser's Host for a target on this machine, so that the links an
	// application makes of it are right, and sends the target's own name to all others,
	// which choose the site by it.
	HostAuto HostRule = iota
	// HostKeep sends the Host the browser sent.
	HostKeep
	// HostTarget sends the target's host name.
	HostTarget
)

// Options configure a Proxy.
type Options struct {
	// Target is where requests go: http or https, with a path in front of every request's
	// path if it has one. Any certificate will do for a target on this machine.
	Target *url.URL
	// Name is how messages call the target; "" means its address.
	Name string
	// StripPrefix is taken off the path of every request that has it ("/api"), and put in
	// front of the redirects that come back. "" keeps paths as they are.
	StripPrefix string
	// Host chooses the Host header.
	Host HostRule
	// Ready, if set, returns nil once the target answers; at once when it is up. It lets
	// requests wait while a back-end restarts: every request waits for it before it is sent,
	// and a GET or HEAD without a body that finds nobody listening is sent again.
	Ready func(ctx context.Context) error
	// Hold bounds that wait; 0 means 5 seconds.
	Hold time.Duration
	// Log gets a warning when the target stops to answer and a note when it answers again;
	// nil discards.
	Log *slog.Logger
}

// Limits of a connection to the target.
const (
	// dialTimeout is what a browser waits for a host that does not answer at all.
	dialTimeout = 5 * time.Second
	// idleConns keeps what a page with many files needs at once; net/http's own default
	// is 2 and closes all others after each burst.
	idleConns = 64
	// smallUpload is what net/http reads to its end by itself before it answers.
	smallUpload = 256 << 10 // bytes
	// defaultHold is how long a restarting back-end is waited for.
	defaultHold = 5 * time.Second
)

// Proxy forwards requests to one target, upgrades included. Any goroutine may use it.
type Proxy struct {
	target    *url.URL
	name      string
	strip     string
	keepHost  bool
	log       *slog.Logger
	reverse   *httputil.ReverseProxy
	transport *http.Transport
	buffers   sync.Pool
	links     linkReaders
	cookie    sync.Once   // the warning about Secure cookies
	down      atomic.Bool // the last request got no answer
}

// New returns a Proxy for o, or an error when the target is no http or https address.
// Close it to close idle connections.
func New(o Options) (*Proxy, error) {
	if o.Target == nil || o.Target.Host == "" || o.Target.Scheme != "http" && o.Target.Scheme != "https" {
		return nil, fmt.Errorf("proxy target %v: want http://host:port or https://host", o.Target)
	}
	p := &Proxy{target: o.Target, name: o.Name, strip: strings.TrimSuffix(o.StripPrefix, "/"), log: o.Log, links: newLinkReaders()}
	p.keepHost = o.Host == HostKeep || o.Host == HostAuto && isLocal(o.Target.Hostname())
	if p.name == "" {
		p.name = o.Target.Scheme + "://" + o.Target.Host
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.transport = newTransport(o.Target.Hostname())
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      holdFor(p.transport, o.Ready, o.Hold),
		ModifyResponse: p.modifyResponse,
		ErrorHandler:   p.fail,
		ErrorLog:       slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
		BufferPool:     p,
	}
	return p, nil
}

func newTransport(host string) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     trusting(host),
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     90 * time.Second, // as http.DefaultTransport
		// A server that knows 100-continue answers at once; one that does not gets the body.
		ExpectContinueTimeout: time.Second,
		// What the browser accepts is forwarded; the proxy must not add to it.
		DisableCompression: true,
	}
}

// isLocal reports whether a target is on this machine, by its name or address.
func isLocal(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.IsLoopback() || addr.IsUnspecified())
}

// Close closes the connections that wait for further requests. Connections in use close
// with their request.
func (p *Proxy) Close() error {
	p.transport.CloseIdleConnections()
	return nil
}

// ServeHTTP forwards r. Bodies stream in both directions; the answer to an upgrade is the
// target's own, and a switched connection lives until either side or r's context ends it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && (r.ContentLength < 0 || r.ContentLength > smallUpload) && r.Header.Get("Upgrade") == "" {
		// An answer may begin before the upload ends; without this net/http would read the
		// rest of the upload first. What it did not read must not become a request.
		_ = http.NewResponseController(w).EnableFullDuplex() // not supported: as before
		w.Header().Set("Connection", "close")
	}
	// A target that names no type leaves it to the browser; net/http would name one.
	w.Header()["Content-Type"] = nil
	if r.Body == nil || r.Body == http.NoBody {
		p.reverse.ServeHTTP(w, r)
		return
	}
	inner := *r
	inner.Body = &upload{r.Body}
	p.reverse.ServeHTTP(w, &inner)
}

// errUpload is a request whose own side failed, which is no fault of the target.
var errUpload = errors.New("the body of the request broke off or is not valid")

// upload marks what fails on the browser's side.
type upload struct{ io.ReadCloser }

// Read passes on what the browser sends.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", errUpload, err)
	}
	return n, err
}

// rewrite makes the outgoing request. ReverseProxy has already taken away hop-by-hop
// headers and whatever the browser said about forwarding.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Path, r.Out.URL.RawPath = p.stripped(r.In.URL)
	r.SetURL(p.target)
	r.Out.URL.RawQuery = joinQuery(p.target.RawQuery, r.In.URL.RawQuery)
	r.Out.URL.ForceQuery = r.In.URL.ForceQuery
	r.Out.Trailer = r.In.Trailer // filled once the body is read; a copy would stay empty
	r.SetXForwarded()
	r.Out.Header.Set("X-Forwarded-Port", portOf(r.In))
	r.Out.Header.Set("Forwarded", forwarded(r.In))
	if p.keepHost {
		r.Out.Host = r.In.Host
		return
	}
	// A target that compares Origin with Host would take the page for a foreign one.
	own, theirs := visibleOrigin(r.In), p.target.Scheme+"://"+p.target.Host
	if r.In.Header.Get("Origin") == own {
		r.Out.Header.Set("Origin", theirs)
	}
	if rest, ok := cutOrigin(r.In.Header.Get("Referer"), own); ok {
		r.Out.Header.Set("Referer", theirs+rest)
	}
}

// stripped returns the path without StripPrefix, which ends at a segment border.
func (p *Proxy) stripped(u *url.URL) (path, raw string) {
	path, ok := cutPath(u.Path, p.strip)
	if !ok || p.strip == "" {
		return u.Path, u.RawPath
	}
	if raw, ok := cutPath(u.RawPath, p.strip); ok {
		return path, raw
	}
	return path, ""
}

// cutPath cuts a prefix of whole segments off a path; what is left starts with "/".
func cutPath(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok:
		return path, false
	case rest == "":
		return "/", true
	case rest[0] != '/':
		return path, false
	}
	return rest, true
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// visibleOrigin is the origin under which the browser sees r.
func visibleOrigin(r *http.Request) string { return schemeOf(r) + "://" + r.Host }

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func portOf(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return port
	}
	if r.TLS != nil {
		return "443"
	}
	return "80"
}

// forwarded is the header of RFC 7239 for one hop.
func forwarded(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "unknown"
	}
	if strings.Contains(host, ":") {
		host = `"[` + host + `]"`
	}
	return fmt.Sprintf("for=%s;host=%q;proto=%s", host, r.Host, schemeOf(r))
}

// Get and Put let ReverseProxy reuse its copy buffers.
func (p *Proxy) Get() []byte {
	if buf, ok := p.buffers.Get().(*[]byte); ok {
		return *buf
	}
	return make([]byte, linkChunk)
}

// Put takes a buffer back.
func (p *Proxy) Put(buf []byte) { p.buffers.Put(&buf) }

// errNotReady is a back-end that did not come up in time.
var errNotReady = errors.New("the back-end did not become ready in time")
