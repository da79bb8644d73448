package engineio

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/notes"
)

// Handler is the level above: it talks with one session.
type Handler interface {
	// ServeSession runs in the session's own goroutine, until Receive fails or it has
	// nothing more to say; the session ends when it returns. ctx ends with the server.
	ServeSession(ctx context.Context, s *Session) error
}

// Server accepts sessions over HTTP and hands each to its Handler.
type Server struct {
	handler    Handler
	opts       Options
	wheel      *wheel
	caps       *caps
	notes      notes.Notes
	bufs       buffers
	writers    writers
	compressed compressed
	ping       *Batch
	wave       wave
	began      time.Time

	started chan struct{} // closed when Run has begun
	// ctx is Run's: sessions begin in requests, and outlive them.
	ctx context.Context
	wg  sync.WaitGroup // sessions, and the goroutines that empty backlogs

	mu       sync.RWMutex // guards what follows
	sessions map[string]*Session
	stopped  bool
}

// New makes a server. It answers requests once Run has begun.
func New(handler Handler, opts Options) *Server {
	srv := &Server{
		handler:  handler,
		opts:     opts.withDefaults(),
		ping:     NewBatch(newText(packetPing)),
		began:    time.Now(),
		started:  make(chan struct{}),
		sessions: map[string]*Session{},
	}
	srv.wheel = newWheel(srv)
	srv.caps = newCaps(srv.opts)
	return srv
}

// now returns the nanoseconds since the server began.
func (srv *Server) now() int64 { return int64(time.Since(srv.began)) }

// Run keeps the heartbeats until ctx is done. Then it tells every client goodbye and
// returns when the last session has ended. It is called once.
func (srv *Server) Run(ctx context.Context) error {
	srv.ctx = ctx
	close(srv.started)
	srv.wheel.run(ctx.Done())
	srv.mu.Lock()
	srv.stopped = true
	open := make([]*Session, 0, len(srv.sessions))
	for _, s := range srv.sessions {
		open = append(open, s)
	}
	srv.mu.Unlock()
	for _, s := range open {
		s.close(ShuttingDown, nil, closeGoingAway)
	}
	srv.wg.Wait()
	return nil
}

// lastFarewell is how long a stopping server waits for clients to answer: a person is
// waiting for the prompt.
const lastFarewell = 250 * time.Millisecond

// farewell returns how long a closing WebSocket stays open for the client's answer.
func (srv *Server) farewell(reason Reason) time.Duration {
	if reason == ShuttingDown {
		return min(lastFarewell, srv.opts.CloseTimeout)
	}
	return srv.opts.CloseTimeout
}

// Sessions returns how many sessions are open.
func (srv *Server) Sessions() int {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	return len(srv.sessions)
}

// ServeHTTP serves the requests of one path: handshakes, polls, posts and upgrades.
// Before Run it waits for it; after Run it answers 503.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-srv.started:
	case <-r.Context().Done():
		return
	}
	if !srv.allowOrigin(w, r) {
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	if err := srv.serve(w, r); err != nil {
		srv.noteRefused(r, err)
		err.write(w)
	}
}

// serve answers a request, or returns why it does not.
func (srv *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	q, err := parseParams(r)
	if err != nil {
		return err
	}
	switch {
	case q.transport == "websocket" && srv.opts.WebSocketOff, q.transport == "polling" && srv.opts.PollingOff:
		return unknownTransport()
	case q.transport == "websocket" != isUpgrade(r):
		return badRequest("transport=websocket goes with an Upgrade header, and only that: a proxy in between may strip it")
	case q.sid == "":
		return srv.handshake(w, r, q)
	}
	s := srv.session(q.sid)
	if s == nil {
		return unknownSession()
	}
	if !s.sameClient(r) {
		return unknownSession()
	}
	if s.rev != q.rev {
		return badRequest("EIO is not what the session began with")
	}
	if q.transport == "websocket" {
		return srv.upgrade(w, r, s)
	}
	q.base64 = q.base64 || s.base64
	return srv.poll(w, r, s, q)
}

// session returns an open session, or one whose last packets wait to be fetched.
func (srv *Server) session(sid string) *Session {
	srv.mu.RLock()
	s := srv.sessions[sid]
	srv.mu.RUnlock()
	if s != nil && srv.wheel.overdue(s) {
		s.abort(PingTimeout, errNoPong)
		return nil
	}
	return s
}

var errStopped = errors.New("the server has stopped")

// enter counts work that Run waits for, ended by wg.Done; false after the end of Run.
func (srv *Server) enter() bool {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	if !srv.stopped {
		srv.wg.Add(1)
	}
	return !srv.stopped
}

// start registers a session and gives it its goroutine.
func (srv *Server) start(s *Session) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.stopped {
		return errStopped
	}
	srv.sessions[s.id] = s
	srv.wave.joined(srv.now())
	srv.wheel.add(s)
	srv.wg.Go(s.run)
	return nil
}

// release is the end of a session's goroutine. A poll may still fetch its last packets.
func (srv *Server) release(s *Session) {
	if d := s.linger(); d > 0 {
		time.AfterFunc(d, func() { srv.forget(s) })
		return
	}
	srv.forget(s)
}

// forget makes a session's id unknown.
func (srv *Server) forget(s *Session) {
	srv.mu.Lock()
	_, known := srv.sessions[s.id]
	delete(srv.sessions, s.id)
	srv.mu.Unlock()
	if known {
		srv.caps.leave(s.addr)
	}
}
