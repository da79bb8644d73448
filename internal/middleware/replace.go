package middleware

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// TextRule replaces text in answers to paths that match Path.
type TextRule struct {
	Path string
	// Find is the text, byte for byte; With takes its place.
	Find, With string
	// Types are the media types to look into; nil: HTML, CSS, JavaScript, JSON and plain text.
	Types []string
}

// ReplaceText applies every rule that matches, in order, while the answer streams. Of such
// a request the next handler sees no Accept-Encoding but identity and no validators, since
// its own entity tags would not tell when a rule changes; a compressed answer passes as it is.
func ReplaceText(rules []TextRule) (Middleware, error) {
	patterns := make([]Pattern, len(rules))
	for i, rule := range rules {
		var err error
		if patterns[i], err = ParsePattern(rule.Path); err != nil {
			return nil, err
		}
		if rule.Find == "" {
			return nil, errors.New("text rule: nothing to find")
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var matching []TextRule
			for i, p := range patterns {
				if p.Match(r.URL.Path) {
					matching = append(matching, rules[i])
				}
			}
			if len(matching) == 0 || r.Header.Get("Upgrade") != "" || r.Method == http.MethodHead {
				next.ServeHTTP(w, r)
				return
			}
			inner := *r
			inner.Header = r.Header.Clone()
			inner.Header.Set("Accept-Encoding", "identity")
			for _, name := range []string{"If-None-Match", "If-Modified-Since", "Range", "If-Range"} {
				inner.Header.Del(name)
			}
			tw := &textWriter{response: response{w}, rules: matching}
			next.ServeHTTP(tw, &inner)
			tw.finish()
		})
	}, nil
}

// textWriter replaces in one answer.
type textWriter struct {
	response
	rules   []TextRule
	decided bool
	out     io.Writer // nil: pass
	chain   []*replacer
}

// WriteHeader decides by the answer whether to look into it.
func (w *textWriter) WriteHeader(status int) {
	if !w.decided && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.decide(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *textWriter) decide(status int) {
	w.decided = true
	header := w.Header()
	if coding := header.Get("Content-Encoding"); status < 200 || status == http.StatusPartialContent || coding != "" && coding != "identity" {
		return
	}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	out := io.Writer(w.ResponseWriter)
	for i := len(w.rules) - 1; i >= 0; i-- {
		if rule := w.rules[i]; concerns(rule, kind) {
			r := &replacer{out: out, find: []byte(rule.Find), with: []byte(rule.With)}
			out, w.chain = r, append([]*replacer{r}, w.chain...)
		}
	}
	if len(w.chain) == 0 {
		return
	}
	w.out = out
	for _, name := range []string{"Content-Length", "ETag", "Last-Modified", "Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"} {
		header.Del(name)
	}
}

func concerns(rule TextRule, kind string) bool {
	types := rule.Types
	if types == nil {
		types = []string{"text/html", "application/xhtml+xml", "text/css", "text/javascript", "application/javascript", "application/json", "text/plain"}
	}
	for _, t := range types {
		if strings.EqualFold(t, kind) {
			return true
		}
	}
	return false
}

// Write replaces and passes on.
func (w *textWriter) Write(p []byte) (int, error) {
	if !w.decided {
		if _, ok := w.Header()["Content-Type"]; !ok {
			w.Header().Set("Content-Type", http.DetectContentType(p))
		}
		w.decide(http.StatusOK)
	}
	if w.out == nil {
		return w.ResponseWriter.Write(p)
	}
	return w.out.Write(p)
}

// FlushError sends what cannot be the beginning of a match.
func (w *textWriter) FlushError() error {
	if !w.decided {
		w.decide(http.StatusOK)
	}
	return w.response.FlushError()
}

// Flush is FlushError without its error.
func (w *textWriter) Flush() { _ = w.FlushError() }

func (w *textWriter) finish() {
	for _, r := range w.chain {
		_ = r.end() // fails only when the browser has gone
	}
}

// replacer replaces one text in a stream. It holds back only bytes that may begin a match.
type replacer struct {
	out        io.Writer
	find, with []byte
	held       []byte
}

// Write takes the next piece; matches may span pieces.
func (r *replacer) Write(p []byte) (int, error) {
	text := append(r.held, p...)
	var done bytes.Buffer
	for {
		i := bytes.Index(text, r.find)
		if i < 0 {
			break
		}
		done.Write(text[:i])
		done.Write(r.with)
		text = text[i+len(r.find):]
	}
	keep := overlap(text, r.find)
	done.Write(text[:len(text)-keep])
	r.held = bytes.Clone(text[len(text)-keep:])
	if done.Len() > 0 {
		if _, err := r.out.Write(done.Bytes()); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// overlap returns how many bytes at the end of text may begin find.
func overlap(text, find []byte) int {
	for n := min(len(text), len(find)-1); n > 0; n-- {
		if bytes.HasPrefix(find, text[len(text)-n:]) {
			return n
		}
	}
	return 0
}

func (r *replacer) end() error {
	if len(r.held) == 0 {
		return nil
	}
	_, err := r.out.Write(r.held)
	return err
}
