package livereload

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"time"
)

//go:generate go run ./client

// clientScript is made from the folder client by go generate.
//
//go:embed client.js
var clientScript []byte

// Client answers with the script that pages load. It may be cached, and is asked for
// anew each time it is used, so that a page never runs the script of another version.
func (s *Server) Client() http.Handler {
	sum := sha256.Sum256(clientScript)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own(w)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(clientScript))
	})
}
