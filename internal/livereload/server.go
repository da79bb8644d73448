// Package livereload tells open pages what changed, so that they show it.
//
// Every page that holds the client script keeps one line open, a WebSocket as a rule, and
// says which of the server's URLs it shows. [Server.Notify] tells only the pages that use
// what changed: a style sheet, an image or a font is swapped in place, anything else
// reloads the page; mistakes appear over the page until they are mended. A page that
// was away (a restart of the server, a sleeping laptop) learns of what it missed when
// it is back, and of nothing else.
//
// The line tells pages what to fetch and takes reports. Nothing a page sends can
// read a file, run a command or change what the server serves.
//
// The URLs of this package are [ClientPath], [LivePath] and [ControlPath].
package livereload

import (
	"crypto/rand"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// The URL paths under which a server is meant to be reached.
const (
	ClientPath  = "/__realtimectl/client.js"
	LivePath    = "/__realtimectl/live"
	ControlPath = "/__realtimectl/reload"
)

// Options configures a [Server]; the zero value works.
type Options struct {
	// CheckOrigin decides which pages may connect; nil lets in pages of the same host and
	// port. Requests without an Origin, which come from no page, are asked for Token.
	CheckOrigin func(*http.Request) bool
	// Token lets programs connect and use [Server.ControlHandler]; "" lets none.
	Token string
	// Served is what the development server answers, by URL path without the first slash.
	// With it a page that comes back after a restart of the server knows whether what it
	// shows is still what is served, and errors of pages are traced through source maps.
	// Nil: a page that comes back after a restart reloads once.
	Served fs.FS
	// Resolve returns the URL path under which a file is served, for [Server.ControlHandler];
	// nil serves no file.
	Resolve func(file string) (urlPath string, ok bool)
	// Ghost switches ghost mode on from the start; see [Server.SetGhost].
	Ghost bool
	// NoState keeps pages from carrying scroll position, focus and form values over a
	// reload.
	NoState bool
	// NoOverlay keeps mistakes from being shown in the page.
	NoOverlay bool
	// OnPageError gets the errors of pages: uncaught exceptions and unhandled rejections,
	// at most a few a second. It is called from several goroutines and must not block.
	// Nil: pages do not report them.
	OnPageError func(PageError)
	// Log gets what pages do, at debug level; nil discards.
	Log *slog.Logger
}

// Change is what Notify tells.
type Change struct {
	// Paths are the URL paths whose content changed, unescaped: "/app/jobs.css".
	Paths []string
	// All makes every page reload; for changes whose URLs are not known, such as the
	// templates of a back-end.
	All bool
	// Diagnostics are shown over every page if one of them is an error, until a change
	// comes without.
	Diagnostics diag.List
}

const (
	// maxPages bounds the sockets; beyond them a page does without live reload.
	maxPages = 4096
	// maxRemembered bounds the paths remembered for pages that are away. When there are
	// more, such a page reloads.
	maxRemembered = 20000
)

// Server keeps the connections to the pages. Its methods may be called concurrently.
type Server struct {
	opts Options
	boot string // tells this run of the server from others
	seen fingerprints
	gate *rate.Limiter // for reports of errors in pages

	mu      sync.Mutex // guards what follows; held while queueing, never while writing to a socket
	pages   map[*page]struct{}
	gen     uint64 // counts the changes
	changed map[string]moment
	all     moment // of the last change that concerned every page
	floor   uint64 // what happened up to this change is forgotten
	ghost   bool
	// mistakes are those shown now; nil if there are none.
	mistakes diag.List
}

// moment is when something changed.
type moment struct {
	gen uint64
	at  time.Time
}

// New returns a server without pages.
func New(opts Options) *Server {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.CheckOrigin == nil {
		opts.CheckOrigin = sameOrigin
	}
	return &Server{
		opts: opts, boot: rand.Text(), ghost: opts.Ghost, gate: rate.NewLimiter(errorsPerSecond, errorBurst),
		seen:  fingerprints{served: opts.Served, known: map[string]fingerprint{}},
		pages: map[*page]struct{}{}, changed: map[string]moment{},
	}
}

func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// Pages returns how many documents are connected, frames included.
func (s *Server) Pages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for range s.shown() {
		n++
	}
	return n
}

// shown ranges over the pages that have said hello; the others learn all they need when
// they do. It needs mu.
func (s *Server) shown() iter.Seq[*page] {
	return func(yield func(*page) bool) {
		for p := range s.pages {
			if p.known && !yield(p) {
				return
			}
		}
	}
}

// Notify tells the pages that use one of the changed paths, shows or clears the
// mistakes, and returns how many pages it told anything. It does not wait for them: a
// page that does not read is disconnected, and learns what it missed when it is back.
func (s *Server) Notify(c Change) (pages int) {
	t := s.telling(c.Paths)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember(c)
	t.gen = s.gen
	report := s.report(c.Diagnostics)
	for p := range s.shown() {
		told := false
		if report != nil {
			told = p.queue(report)
		}
		if m := t.message(p, c.All); m != nil {
			told = p.queue(m) || told
		}
		if told {
			pages++
		}
	}
	return pages
}

// remember notes a change for the pages that are away. It needs mu.
func (s *Server) remember(c Change) {
	if len(c.Paths) == 0 && !c.All {
		return
	}
	s.gen++
	now := moment{gen: s.gen, at: time.Now()}
	if c.All {
		s.all = now
	}
	if len(s.changed)+len(c.Paths) > maxRemembered {
		clear(s.changed)
		s.floor = s.gen
	}
	for _, path := range c.Paths {
		s.changed[path] = now
	}
}

// report returns the message that shows the mistakes, or clears those shown before;
// nil if there is nothing to say. It needs mu.
func (s *Server) report(list diag.List) *frame {
	showing := s.mistakes != nil
	s.mistakes = nil
	if list.Err() != nil && !s.opts.NoOverlay {
		s.mistakes = list
	}
	if s.mistakes == nil && !showing {
		return nil
	}
	return prepare(encode(errorsMessage{Type: typeErrors, Errors: s.mistakes}))
}

// SetGhost switches ghost mode: what a person does in one browser (clicks, scrolling,
// input, following links) happens in the others that show the same page.
func (s *Server) SetGhost(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ghost == on {
		return
	}
	s.ghost = on
	m := prepare(encode(ghostSwitch{Type: typeGhost, On: on}))
	for p := range s.shown() {
		p.queue(m)
	}
}

// Ghost reports whether ghost mode is on.
func (s *Server) Ghost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ghost
}
