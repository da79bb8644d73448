package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// maxLibrary bounds a library file, in bytes: the largest official one, a source map, has
// about 300 KB.
const maxLibrary = 4 << 20

// library serves the client library under the names the official server has for it.
type library struct {
	packages       []fs.FS
	bundle, module []byte
	allow          func(*http.Request) bool
}

func newLibrary(o Options) *library {
	return &library{packages: o.Packages, bundle: o.Bundle, module: o.Module, allow: o.AllowOrigin}
}

// has reports whether a name is one of the library's.
func (l *library) has(name string) bool {
	return slices.Contains([]string{
		"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js",
	}, strings.TrimSuffix(name, ".map"))
}

// find returns a file of the project's own package, or else of the bundled client. Old
// packages have one file only, for which the minified one is then the same.
func (l *library) find(name string) []byte {
	names := []string{name}
	if name == "socket.io.min.js" {
		names = append(names, "socket.io.js")
	}
	for _, pkg := range l.packages {
		for _, n := range names {
			for _, dir := range []string{"socket.io-client/dist", "socket.io-client"} {
				if data := readFile(pkg, path.Join(dir, n)); data != nil {
					return data
				}
			}
		}
		if _, err := fs.Stat(pkg, "socket.io-client"); err == nil {
			return nil // never half of one library and half of another
		}
	}
	switch name {
	case "socket.io.js", "socket.io.min.js":
		return l.bundle
	case "socket.io.esm.min.js":
		return l.module
	}
	return nil
}

// readFile returns a file's content; nil when there is none to serve.
func readFile(files fs.FS, name string) []byte {
	f, err := files.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxLibrary {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxLibrary))
	if err != nil {
		return nil
	}
	return data
}

// serve answers with the library. Pages of our other port load it too, hence same-site.
// A module that is imported across origins needs CORS on top of that.
func (l *library) serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && l.allow != nil && l.allow(r) {
		h.Set("Access-Control-Allow-Origin", origin)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-site")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
		return
	}
	data := l.find(name)
	if len(data) == 0 {
		http.Error(w, "the client library that is served has no "+name, http.StatusNotFound)
		return
	}
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	if strings.HasSuffix(name, ".map") {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	sum := sha256.Sum256(data)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:15])+`"`)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
