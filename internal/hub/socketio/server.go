package socketio

import (
	"context"
	"net/http"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
)

// Handler is the level above: it talks with one client.
type Handler interface {
	// ServeConn runs in the session's own goroutine, until Receive fails or it has nothing
	// more to say; the session ends when it returns. ctx ends with the server.
	ServeConn(ctx context.Context, c *Conn) error
}

// Server speaks Socket.IO over the sessions of an Engine.IO server.
type Server struct {
	engine  *engineio.Server
	handler Handler
	opts    Options
}

// New makes a server. It answers requests once Run has begun.
func New(handler Handler, opts Options) *Server {
	opts.Engine.JSONText = true
	srv := &Server{handler: handler, opts: opts.withDefaults()}
	srv.engine = engineio.New(srv, opts.Engine)
	return srv
}

// ServeHTTP serves the requests of the hub's path; see [engineio.Server.ServeHTTP].
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { srv.engine.ServeHTTP(w, r) }

// Run runs until ctx is done and every session has ended; see [engineio.Server.Run].
func (srv *Server) Run(ctx context.Context) error { return srv.engine.Run(ctx) }

// Sessions returns how many sessions are open.
func (srv *Server) Sessions() int { return srv.engine.Sessions() }

// ServeSession implements [engineio.Handler].
func (srv *Server) ServeSession(ctx context.Context, s *engineio.Session) error {
	s.CloseAfter(srv.opts.ConnectTimeout, engineio.ForcedClose)
	return srv.handler.ServeConn(ctx, &Conn{
		session: s, revision: s.Revision() + 1, opts: &srv.opts, implicit: s.Revision() == 3,
	})
}
