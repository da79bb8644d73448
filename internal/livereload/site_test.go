package livereload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/livereload"
)

// site is a folder that is served as the development server does, with live reload.
type site struct {
	t    *testing.T
	dir  string
	opts livereload.Options
	addr string
	url  string

	*livereload.Server
	stop func()

	marks int // how often settle was called

	// policy is the Content-Security-Policy of every page.
	policy string
	// blocked says what does not come through: "WebSocket", "everything" or "".
	blocked atomic.Value
	asked   atomic.Int32 // how often a page asked for an event stream
}

// serve starts a site with the given files.
func serve(t *testing.T, opts livereload.Options, files map[string]string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), opts: opts, addr: "127.0.0.1:0"}
	s.opts.Served, s.opts.Token = os.DirFS(s.dir), "secret"
	for name, text := range files {
		s.write(name, text)
	}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start begins to serve, on the address it had before if it had one.
func (s *site) start() {
	s.t.Helper()
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.url = "http://" + s.addr
	s.Server = livereload.New(s.opts)
	mux := http.NewServeMux()
	mux.Handle(livereload.ClientPath, s.Client())
	mux.HandleFunc(livereload.LivePath, s.line)
	mux.Handle(livereload.ControlPath, s.ControlHandler())
	mux.HandleFunc("/", s.file)
	ctx, cancel := context.WithCancel(s.t.Context())
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	s.stop = func() {
		cancel()
		if err := srv.Close(); err != nil {
			s.t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			s.t.Error(err)
		}
		s.stop = func() {}
	}
}

// line is the way to the server, with what may lie on it.
func (s *site) line(w http.ResponseWriter, r *http.Request) {
	blocked := s.blocked.Load()
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		s.asked.Add(1)
	}
	if blocked == "everything" || blocked == "WebSocket" && r.Header.Get("Upgrade") != "" {
		http.Error(w, "no such thing comes through", http.StatusBadGateway)
		return
	}
	s.ServeHTTP(w, r)
}

// file answers with a file of the folder; HTML gets the script.
func (s *site) file(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	text, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(name)))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if !strings.HasSuffix(name, ".html") {
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(text)))
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if s.policy != "" {
		w.Header().Set("Content-Security-Policy", s.policy)
	}
	page := strings.Replace(string(text), "<head>", `<head><script src="`+livereload.ClientPath+`" async></script>`, 1)
	_, _ = w.Write([]byte(page))
}

func (s *site) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// users waits until so many pages are known to use a path.
func (s *site) users(path string, n int) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for s.Users(path) != n {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d pages use %s, want %d", s.Users(path), path, n)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// save writes a file that n pages use, and tells them.
func (s *site) save(n int, name, text string) {
	s.t.Helper()
	s.users("/"+name, n)
	s.write(name, text)
	if got := s.Notify(livereload.Change{Paths: []string{"/" + name}}); got != n {
		s.t.Errorf("%d pages were told of %s, want %d", got, name, n)
	}
}

func (s *site) remove(name string) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, filepath.FromSlash(name))); err != nil {
		s.t.Fatal(err)
	}
}

func readFile(t *testing.T, s *site, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func contains(text, part string) bool { return strings.Contains(text, part) }
