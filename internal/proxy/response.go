package proxy

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// modifyResponse makes an answer of the target true for the address the browser sees.
func (p *Proxy) modifyResponse(res *http.Response) error {
	if p.down.CompareAndSwap(true, false) {
		p.log.Info(p.name+" answers again", "event", "proxy.up", "target", p.name)
	}
	out := res.Request
	seen := out.Header.Get("X-Forwarded-Proto") + "://" + out.Header.Get("X-Forwarded-Host") // both set by rewrite
	header := res.Header
	for _, name := range []string{"Location", "Content-Location"} {
		if value := header.Get(name); value != "" {
			header.Set(name, p.mapURL(value, seen))
		}
	}
	if delay, target, ok := cutRefresh(header.Get("Refresh")); ok {
		header.Set("Refresh", delay+p.mapURL(target, seen))
	}
	p.mapCookies(header, seen)
	p.dropPromises(header, seen)
	return p.mapLinks(res, seen)
}

// dropPromises takes away what the target says of its own address for a time to come. Said
// by localhost, "only https" would lock out every other project on this machine.
func (p *Proxy) dropPromises(header http.Header, seen string) {
	if seen == p.target.Scheme+"://"+p.target.Host {
		return
	}
	header.Del("Alt-Svc")
	if _, host, _ := strings.Cut(seen, "://"); isLocal(hostOnly(host)) {
		header.Del("Strict-Transport-Security")
	}
}

// mapURL turns a URL of the target into the one the browser has to use. Only the exact
// origin is the target's: another port of the same host is another server.
func (p *Proxy) mapURL(text, seen string) string {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return text
	}
	if u.Host == "" && u.Scheme == "" {
		if !strings.HasPrefix(u.Path, "/") {
			return text
		}
		return p.mapPath(text)
	}
	rest, ok := cutOrigin(text, p.target.Scheme+"://"+p.target.Host)
	if u.Scheme == "" {
		rest, ok = cutOrigin(p.target.Scheme+":"+text, p.target.Scheme+"://"+p.target.Host)
	}
	if !ok {
		return text
	}
	return seen + p.mapPath(rest)
}

// mapPath turns a path at the target into the path at the proxy: without the target's own
// path, with the prefix that was stripped.
func (p *Proxy) mapPath(path string) string {
	base := strings.TrimSuffix(p.target.Path, "/")
	if base != "" {
		bare := path[:strings.IndexAny(path+"?", "?#")]
		rest, ok := cutPath(bare, base)
		if !ok {
			return path // outside of what the proxy shows
		}
		path = rest + path[len(bare):]
	}
	return p.strip + path
}

// cutOrigin cuts an origin off a URL. The default port of a scheme may be there or not; what
// follows must not belong to the host any more, so "http://localhost:34100" does not start
// with "http://localhost:3410".
func cutOrigin(text, origin string) (rest string, ok bool) {
	scheme, host, _ := strings.Cut(origin, "://")
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	bare := strings.TrimSuffix(host, port)
	if len(text) < len(scheme)+3 || !strings.EqualFold(text[:len(scheme)+3], scheme+"://") {
		return text, false
	}
	after := text[len(scheme)+3:]
	for _, h := range []string{bare + port, bare} {
		if h != bare+port && h != host && bare != host {
			continue
		}
		if len(after) >= len(h) && strings.EqualFold(after[:len(h)], h) && endsHost(after[len(h):]) {
			return after[len(h):], true
		}
	}
	return text, false
}

// endsHost reports whether a host has ended where rest begins.
func endsHost(rest string) bool { return rest == "" || strings.ContainsRune("/?#", rune(rest[0])) }

// cutRefresh splits "5; url=/next" before the URL.
func cutRefresh(value string) (delay, target string, ok bool) {
	i := strings.Index(strings.ToLower(value), "url=")
	if i < 0 {
		return value, "", false
	}
	return value[:i+len("url=")], value[i+len("url="):], true
}

// mapCookies changes only what would make a browser drop a cookie that it takes from the
// target itself; every other byte stays.
func (p *Proxy) mapCookies(header http.Header, seen string) {
	cookies := header["Set-Cookie"]
	if len(cookies) == 0 {
		return
	}
	scheme, host, _ := strings.Cut(seen, "://")
	host = hostOnly(host)
	trusted := scheme == "https" || isLocal(host)
	mapped := make([]string, len(cookies))
	for i, cookie := range cookies {
		mapped[i] = p.mapCookie(cookie, host, trusted)
	}
	header["Set-Cookie"] = mapped
}

func (p *Proxy) mapCookie(cookie, host string, trusted bool) string {
	parts := strings.Split(cookie, ";")
	secure := false
	for _, part := range parts[1:] {
		secure = secure || strings.EqualFold(strings.TrimSpace(part), "secure")
	}
	kept := parts[:1]
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "domain":
			if covers(value, hostOnly(p.target.Host)) && !covers(value, host) {
				continue
			}
		case "path":
			if mapped := p.mapCookiePath(value); mapped != value {
				part = key + "=" + mapped
			}
		case "secure", "partitioned":
			if !trusted {
				continue
			}
		case "samesite":
			if !trusted && secure && strings.EqualFold(value, "none") {
				part = key + "=Lax"
			}
		}
		kept = append(kept, part)
	}
	if secure && !trusted {
		p.cookie.Do(func() {
			p.log.Warn("cookies of "+p.name+" lose Secure: "+host+" is reached by plain http", "event", "proxy.cookie",
				"hint", "open the page as http://localhost, or serve with --https")
		})
	}
	return strings.Join(kept, ";")
}

// mapCookiePath maps the path of a cookie, but not "/": such a cookie is meant for all, and
// one like XSRF-TOKEN is read by pages that lie beside what the proxy shows.
func (p *Proxy) mapCookiePath(path string) string {
	if path == "/" || !strings.HasPrefix(path, "/") {
		return path
	}
	return p.mapPath(path)
}

// covers reports whether a cookie's Domain includes host (RFC 6265 section 5.1.3).
func covers(domain, host string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	host = strings.ToLower(host)
	if domain == host {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err != nil && domain != "" && strings.HasSuffix(host, "."+domain)
}

func hostOnly(authority string) string {
	u := url.URL{Host: authority}
	return u.Hostname()
}
