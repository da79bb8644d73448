package stack

import (
	"net"
	"net/http"
	"strings"
)

// mount is where a back-end answers: under a path, under a host name, or under a path
// of a host name.
type mount struct {
	host    string // without port, lower case; "" is every host
	path    string // "/api"; "" is every path
	handler http.Handler
}

// matches reports whether a request goes to the mount. A path matches on whole
// segments: "/api" takes "/api" and "/api/jobs", not "/apix".
func (m mount) matches(host, path string) bool {
	if m.host != "" && m.host != host {
		return false
	}
	rest, ok := strings.CutPrefix(path, m.path)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(m.path, "/"))
}

// weight orders mounts that match the same request: a host before none, then the
// longer path.
func (m mount) weight() int {
	if m.host != "" {
		return 1<<16 + len(m.path)
	}
	return len(m.path)
}

// routes sends each request to the most specific of the mounts that there are now, or to
// rest.
func routes(now func() []mount, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mounts := now()
		if len(mounts) == 0 {
			rest.ServeHTTP(w, r)
			return
		}
		best, weight := rest, -1
		host := hostName(r.Host)
		for _, m := range mounts {
			if m.matches(host, r.URL.Path) && m.weight() > weight {
				best, weight = m.handler, m.weight()
			}
		}
		best.ServeHTTP(w, r)
	})
}

// hostName is a Host header without its port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
