package livereload

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	// maxControlBody bounds a control request.
	maxControlBody = 256 << 10 // bytes
	// maxControlPaths bounds the paths one request may name.
	maxControlPaths = 1000
)

// controlRequest is the body of a control request; an empty body means all.
type controlRequest struct {
	// Paths are the URL paths that changed. Without any, and without files, every page
	// reloads.
	Paths []string `json:"paths"`
	// Files are files that changed; Options.Resolve knows their URL paths.
	Files []string `json:"files"`
}

// ControlHandler lets other tools on this machine do what [Server.Notify] does:
//
//	POST /__realtimectl/reload
//	Authorization: Bearer TOKEN
//	{"paths": ["/app/jobs.css"], "files": ["src/app/jobs.css"]}
//
// An empty body, or one without paths and files, reloads every page. The answer is
// {"pages": N}, how many were told. A file that is not served is refused with status
// 422 and {"error": …}; no page is told then.
func (s *Server) ControlHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own(w)
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST")
			http.Error(w, "use POST", http.StatusMethodNotAllowed)
			return
		}
		if !s.opts.CheckOrigin(r) {
			http.Error(w, "this origin may not control anything", http.StatusForbidden)
			return
		}
		if !s.authorized(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
			return
		}
		c, err := readControl(http.MaxBytesReader(w, r.Body, maxControlBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if file := s.resolve(&c); file != "" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write(encode(map[string]string{"error": file + " is not served; name the file that pages load"}))
			return
		}
		_, _ = w.Write(encode(map[string]int{"pages": s.reload(c)})) // the caller may have left
	})
}

// authorized compares in a time that does not depend on where the tokens differ.
func (s *Server) authorized(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.opts.Token))
	return strings.EqualFold(scheme, "Bearer") && s.opts.Token != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

var (
	errControlBody  = errors.New(`the body must be empty or {"paths": ["/app/jobs.css"], "files": ["src/app/jobs.css"]}`)
	errControlPaths = errors.New(`"paths" must be URL paths that begin with "/", "files" names of files, both together at most 1000`)
)

func readControl(body io.Reader) (controlRequest, error) {
	var c controlRequest
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, errControlBody
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return c, errControlBody
	}
	if len(c.Paths)+len(c.Files) > maxControlPaths {
		return c, errControlPaths
	}
	for _, path := range c.Paths {
		if !strings.HasPrefix(path, "/") || len(path) > maxPath {
			return c, errControlPaths
		}
	}
	for _, file := range c.Files {
		if file == "" || len(file) > maxPath {
			return c, errControlPaths
		}
	}
	return c, nil
}

// resolve turns the files into paths. It returns the first one that has none; "" means
// that all have.
func (s *Server) resolve(c *controlRequest) (unserved string) {
	for _, file := range c.Files {
		path, ok := "", false
		if s.opts.Resolve != nil {
			path, ok = s.opts.Resolve(file)
		}
		if !ok {
			return file
		}
		c.Paths = append(c.Paths, path)
	}
	return ""
}

// reload tells the pages, and leaves the mistakes that are shown where they are.
func (s *Server) reload(c controlRequest) int {
	s.mu.Lock()
	shown := s.mistakes
	s.mu.Unlock()
	return s.Notify(Change{Paths: c.Paths, All: len(c.Paths) == 0, Diagnostics: shown})
}
