package store

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// reply is a whole answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// jsonReply answers with a body that has an ETag.
func jsonReply(status int, body []byte) reply {
	return reply{status: status, body: body, header: http.Header{
		"Content-Type": {"application/json"},
		"Etag":         {etag(body)},
	}}
}

// etag names a body by its content. 16 bytes of SHA-256 leave no chance of two alike.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

func (a reply) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if tag := h.Get("Etag"); reading && a.status == http.StatusOK && names(r.Header.Values("If-None-Match"), tag) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the browser has gone: nobody is left to be told
	}
}

// names says whether a list of entity tags, as in If-None-Match, contains tag.
func names(lists []string, tag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == "*" || one == tag {
				return true
			}
		}
	}
	return false
}
