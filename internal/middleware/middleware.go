// Package middleware holds what a user may put around a server by configuration: path
// rewrites, header rules, text replacement, CORS, basic auth, a request log, and a slow
// network. Each is a function from handler to handler, does one thing, and passes streams,
// flushes and upgrades on.
//
// Rules name paths by patterns: "*" stands for one segment, "**" for any number of them, as
// in "/api/**"; each star captures what it matches.
package middleware

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Chain wraps h so that the first of list sees a request first.
func Chain(h http.Handler, list ...Middleware) http.Handler {
	for i := len(list) - 1; i >= 0; i-- {
		h = list[i](h)
	}
	return h
}

// Pattern matches paths. The zero Pattern matches every path.
type Pattern struct{ re *regexp.Regexp }

// ParsePattern reads a pattern; "" is "/**". It fails on one that does not start with a
// slash, and on a star that is only a part of a segment.
func ParsePattern(text string) (Pattern, error) {
	if text == "" {
		return Pattern{}, nil
	}
	if !strings.HasPrefix(text, "/") {
		return Pattern{}, fmt.Errorf("path pattern %q: must start with /", text)
	}
	var re strings.Builder
	for segment := range strings.SplitSeq(text[1:], "/") {
		switch {
		case segment == "**":
			re.WriteString("(?:/(.*))?")
		case segment == "*":
			re.WriteString("/([^/]+)")
		case strings.Contains(segment, "*"):
			return Pattern{}, fmt.Errorf("path pattern %q: a star must be a whole segment", text)
		default:
			re.WriteString("/" + regexp.QuoteMeta(segment))
		}
	}
	return Pattern{re: regexp.MustCompile("^" + re.String() + "$")}, nil
}

// Match reports whether the pattern matches the whole path.
func (p Pattern) Match(path string) bool { return p.re == nil || p.re.MatchString(path) }

// response wraps a ResponseWriter. What it does not override reaches the connection.
type response struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (r response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for handlers that ask for an http.Flusher.
func (r response) Flush() { _ = r.FlushError() }

// FlushError is Flush for http.ResponseController.
func (r response) FlushError() error { return http.NewResponseController(r.ResponseWriter).Flush() }

// Hijack is for handlers that ask for an http.Hijacker, as WebSocket libraries do.
func (r response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// PathRule sends requests for From to To, in which $1, $2 are what the stars of From matched.
type PathRule struct{ From, To string }

// RewritePaths changes the path that the next handler sees; the first rule that matches
// counts. The browser's address stays.
func RewritePaths(rules []PathRule) (Middleware, error) {
	type compiled struct {
		from Pattern
		to   string
	}
	var list []compiled
	for _, rule := range rules {
		from, err := ParsePattern(rule.From)
		if err != nil {
			return nil, err
		}
		if from.re == nil || !strings.HasPrefix(rule.To, "/") {
			return nil, fmt.Errorf("path rule %q to %q: both must start with /", rule.From, rule.To)
		}
		// "$1x" means the first star, then an x.
		to := regexp.MustCompile(`\$(\d)`).ReplaceAllString(rule.To, "$${$1}")
		list = append(list, compiled{from, to})
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, rule := range list {
				if !rule.from.Match(r.URL.Path) {
					continue
				}
				inner, target := *r, *r.URL
				target.Path, target.RawPath = rule.from.re.ReplaceAllString(r.URL.Path, rule.to), ""
				inner.URL = &target
				next.ServeHTTP(w, &inner)
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// HeaderRule changes the headers of answers to paths that match Path.
type HeaderRule struct {
	Path   string
	Set    map[string]string
	Remove []string
}

// Headers applies every rule that matches, in order, at the moment the answer's header is
// sent.
func Headers(rules []HeaderRule) (Middleware, error) {
	patterns := make([]Pattern, len(rules))
	for i, rule := range rules {
		var err error
		if patterns[i], err = ParsePattern(rule.Path); err != nil {
			return nil, err
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var matching []HeaderRule
			for i, p := range patterns {
				if p.Match(r.URL.Path) {
					matching = append(matching, rules[i])
				}
			}
			if len(matching) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			hw := &headerWriter{response: response{w}, rules: matching}
			next.ServeHTTP(hw, r)
			hw.apply() // a handler that wrote nothing
		})
	}, nil
}

type headerWriter struct {
	response
	rules   []HeaderRule
	applied bool
}

func (w *headerWriter) apply() {
	if w.applied {
		return
	}
	w.applied = true
	for _, rule := range w.rules {
		for _, name := range rule.Remove {
			w.Header().Del(name)
		}
		for name, value := range rule.Set {
			w.Header().Set(name, value)
		}
	}
}

// WriteHeader applies the rules once, before the final header.
func (w *headerWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.apply()
	}
	w.response.WriteHeader(status)
}

// Write applies the rules before an implied header.
func (w *headerWriter) Write(p []byte) (int, error) {
	w.apply()
	return w.ResponseWriter.Write(p)
}

// FlushError applies the rules before an implied header.
func (w *headerWriter) FlushError() error {
	w.apply()
	return w.response.FlushError()
}

// Flush is FlushError without its error.
func (w *headerWriter) Flush() { _ = w.FlushError() }
