package livereload

import (
	"context"
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
	conn *websocket.Conn
	out  chan frame
	stop context.CancelFunc

	// What follows is guarded by the server's mu.
	doc     string
	files   []string // that may stand behind doc
	uses    map[string]bool
	tooMany bool // uses is not complete
}

// ServeHTTP is the WebSocket of one page. It ends when the page leaves or r.Context()
// is done. A request that is no WebSocket upgrade changes nothing and is refused.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own(w)
	if !s.opts.CheckOrigin(r) {
		http.Error(w, "this origin may not connect", http.StatusForbidden)
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this is a WebSocket", http.StatusUpgradeRequired)
		return
	}
	if s.Pages() >= maxPages {
		http.Error(w, "too many pages", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: writeWithin,
		CheckOrigin:      func(*http.Request) bool { return true }, // checked above
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.opts.Log.Debug(fmt.Sprintf("live reload: %v", err), slog.String("event", "livereload.refused"))
		return
	}
	s.serve(ctx, &page{conn: conn, out: make(chan frame, queueSize), stop: cancel, uses: map[string]bool{}})
}

// own sets the headers that all answers of this package carry.
func own(w http.ResponseWriter) {
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// serve runs the page: one goroutine writes, this one reads.
func (s *Server) serve(ctx context.Context, p *page) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		p.write(ctx)
	}()
	err := s.read(p)
	s.leave(p)
	p.stop()
	<-written
	s.opts.Log.Debug(fmt.Sprintf("live reload: %s left: %v", p.doc, err), slog.String("event", "livereload.left"))
}

func (s *Server) leave(p *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, p)
}

// queue puts a message before the page without waiting. A page that does not take its
// messages is disconnected; its client comes back and learns what it missed.
func (p *page) queue(m frame) bool {
	select {
	case p.out <- m:
		return true
	default:
		p.stop()
		return false
	}
}

// write sends what is queued until ctx is done, and then closes the connection.
func (p *page) write(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer p.conn.Close()
	for {
		var err error
		select {
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			_ = p.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			return
		case m := <-p.out:
			err = errors.Join(p.conn.SetWriteDeadline(time.Now().Add(writeWithin)), p.conn.WritePreparedMessage(m))
		case <-ping.C:
			err = p.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin))
		}
		if err != nil {
			return // the reader notices
		}
	}
}

// read takes the page's messages until the connection ends. A message that is not
// understood ends it: only our own script speaks here.
func (s *Server) read(p *page) error {
	p.conn.SetReadLimit(maxMessage)
	if err := p.conn.SetReadDeadline(time.Now().Add(helloWithin)); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	p.conn.SetPongHandler(func(string) error { return p.conn.SetReadDeadline(time.Now().Add(pongWithin)) })
	for {
		var m fromPage
		_, data, err := p.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := json.Unmarshal(data, &m); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := s.take(p, m); err != nil {
			return err
		}
		if err := p.conn.SetReadDeadline(time.Now().Add(pongWithin)); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}

var errUnknown = errors.New("a message of an unknown type")

func (s *Server) take(p *page, m fromPage) error {
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

// hello registers the page and tells it what it missed.
func (s *Server) hello(p *page, m fromPage) {
	files := s.seen.documentFiles(m.Doc)
	prints := s.printsOf(m.Uses, m.Doc, files)
	since := ago(m.Age)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[p] = struct{}{}
	p.doc, p.files = m.Doc, files
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
