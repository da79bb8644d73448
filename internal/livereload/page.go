package livereload

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// maxMessage bounds a message from a page: its list of URLs is the largest.
	maxMessage = 512 << 10 // bytes
	// maxUses bounds the URLs of one page. A page with more is told of every change.
	maxUses = 8000
	// maxPath bounds one URL path; longer ones are left out.
	maxPath = 2048 // bytes
	// queueSize bounds what waits for one page that does not read.
	queueSize = 64 // messages
	// helloWithin is how long a new connection may stay silent.
	helloWithin = 15 * time.Second
	// pingEvery and pongWithin find connections that died without a word. Intermediate
	// proxies commonly cut after 60 s of silence.
	pingEvery  = 25 * time.Second
	pongWithin = 60 * time.Second
	// writeWithin bounds one write.
	writeWithin = 10 * time.Second
)

// page is one connected document.
type page struct {
	id   string // what a page without a WebSocket names in its messages; nobody can guess it
	out  chan *frame
	stop context.CancelFunc

	// What follows is guarded by the server's mu.
	known   bool // said hello
	doc     string
	files   []string // that may stand behind doc
	uses    map[string]bool
	tooMany bool // uses is not complete
}

// ServeHTTP is the line to one page: a WebSocket, or, for a page whose WebSocket does not
// come through, an event stream with one POST for each message of the page. It ends when
// the page leaves or r.Context() is done. Any other request changes nothing and is refused.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own(w)
	switch {
	case !s.opts.CheckOrigin(r):
		http.Error(w, "this origin may not connect", http.StatusForbidden)
	case websocket.IsWebSocketUpgrade(r) && r.Header.Get("Origin") == "" && !s.authorized(r):
		http.Error(w, "a program that is no browser needs the token", http.StatusForbidden)
	case websocket.IsWebSocketUpgrade(r):
		s.socket(w, r)
	case asksForStream(r):
		s.stream(w, r)
	case r.Method == http.MethodPost:
		s.post(w, r)
	default:
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this is a WebSocket", http.StatusUpgradeRequired)
	}
}

// own sets the headers that all answers of this package carry.
func own(w http.ResponseWriter) {
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// enter makes room for a page, whose line ends with its context; nil when there is none.
func (s *Server) enter(stop context.CancelFunc) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pages) >= maxPages {
		return nil
	}
	p := &page{id: rand.Text(), out: make(chan *frame, queueSize), stop: stop, uses: map[string]bool{}}
	s.pages[p] = struct{}{}
	return p
}

func noRoom(w http.ResponseWriter) {
	http.Error(w, "too many pages", http.StatusServiceUnavailable)
}

// leave forgets a page whose line has ended.
func (s *Server) leave(p *page, why error) {
	s.mu.Lock()
	delete(s.pages, p)
	doc := p.doc
	s.mu.Unlock()
	p.stop()
	s.opts.Log.Debug(fmt.Sprintf("live reload: %s left: %v", doc, why), slog.String("event", "livereload.left"))
}

// queue puts a message before the page without waiting. A page that does not take its
// messages is disconnected; its client comes back and learns what it missed.
func (p *page) queue(m *frame) bool {
	select {
	case p.out <- m:
		return true
	default:
		p.stop()
		return false
	}
}

// take does what a message of the page says. One that is not understood is an error, and
// ends the line: only our own script speaks here.
func (s *Server) take(p *page, data []byte) error {
	var m fromPage
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	switch m.Type {
	case typeHello:
		s.hello(p, m)
	case typeUses:
		s.moreUses(p, m)
	case typeError:
		s.pageError(p, m.Error)
	case typeDo:
		s.relay(p, m.Do)
	default:
		return errUnknown
	}
	return nil
}

var errUnknown = errors.New("a message of an unknown type")

// hello notes what the page shows and tells it what it missed.
func (s *Server) hello(p *page, m fromPage) {
	files := s.seen.documentFiles(m.Doc)
	prints := s.printsOf(m.Uses, m.Doc, files)
	since := ago(m.Age)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.known, p.doc, p.files = true, m.Doc, files
	p.add(m.Uses)
	p.queue(prepare(encode(hiMessage{
		Type: typeHi, Boot: s.boot, Gen: s.gen, Prints: prints, Errors: s.mistakes, Ghost: s.ghost,
		State: !s.opts.NoState, Report: s.opts.OnPageError != nil,
	})))
	s.catchUp(p, m, prints, since)
}

// moreUses adds what the page loaded after its hello.
func (s *Server) moreUses(p *page, m fromPage) {
	prints := s.printsOf(m.Uses, "", nil)
	since := ago(m.Age)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.add(m.Uses)
	p.queue(prepare(encode(printsMessage{Type: typePrints, Prints: prints})))
	s.tell(p, s.changedIn(m.Uses, func(c moment) bool { return c.at.After(since) }), false, "")
}

// maxAge keeps an age from a page's clock sane.
const maxAge = 24 * time.Hour

func ago(milliseconds float64) time.Time {
	age := min(max(0, time.Duration(milliseconds*float64(time.Millisecond))), maxAge)
	return time.Now().Add(-age)
}

func (p *page) add(paths []string) {
	for _, path := range paths {
		if len(p.uses) >= maxUses {
			p.tooMany = true
			return
		}
		if strings.HasPrefix(path, "/") && len(path) <= maxPath {
			p.uses[path] = true
		}
	}
}

// printsOf returns the fingerprint of each path. That of doc is the fingerprint of the
// file behind it, if it is known.
func (s *Server) printsOf(paths []string, doc string, files []string) []string {
	prints := make([]string, min(len(paths), maxUses))
	for i := range prints {
		path := paths[i]
		if path == doc && len(files) == 1 {
			path = files[0]
		}
		prints[i] = s.seen.of(path)
	}
	return prints
}

// catchUp tells a page what changed since it was loaded or since it was last connected.
// It needs mu.
func (s *Server) catchUp(p *page, m fromPage, prints []string, since time.Time) {
	paths := slices.Concat(m.Uses, p.files)
	switch {
	case m.Boot == "": // just loaded
		after := func(c moment) bool { return c.at.After(since) }
		s.tell(p, s.changedIn(paths, after), after(s.all), "")
	case m.Boot == s.boot:
		later := func(c moment) bool { return c.gen > m.Gen }
		s.tell(p, s.changedIn(paths, later), later(s.all) || m.Gen < s.floor, "")
	case s.opts.Served == nil: // nothing is known of what was served before
		s.tell(p, nil, true, s.boot)
	default:
		s.tell(p, differing(m, prints), false, s.boot)
	}
}

// differing lists the paths whose fingerprint is not the one the page knows.
func differing(m fromPage, now []string) []string {
	var list []string
	for i := range min(len(now), len(m.Prints)) {
		if m.Prints[i] != "" && m.Prints[i] != now[i] {
			list = append(list, m.Uses[i])
		}
	}
	return list
}

func (s *Server) changedIn(paths []string, relevant func(moment) bool) []string {
	var list []string
	for _, path := range paths {
		if c, ok := s.changed[path]; ok && relevant(c) {
			list = append(list, path)
		}
	}
	return list
}

// tell sends one page the paths that changed. It needs mu.
func (s *Server) tell(p *page, paths []string, all bool, once string) {
	if len(paths) == 0 && !all {
		return
	}
	t := telling{gen: s.gen, prints: map[string]string{}}
	m := t.build(paths, all)
	m.Once = once
	p.queue(prepare(encode(m)))
}
