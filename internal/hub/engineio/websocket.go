package engineio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// openWebSocket begins a session on a WebSocket.
func (srv *Server) openWebSocket(w http.ResponseWriter, r *http.Request, s *Session) error {
	ws, err := srv.accept(w, r)
	if err != nil {
		return err
	}
	s.ws.Store(ws)
	s.reading = ws
	if err := srv.start(s); err != nil {
		ws.out.close()
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// accept completes the WebSocket handshake. If it fails the request has been answered.
func (srv *Server) accept(w http.ResponseWriter, r *http.Request) (*socket, error) {
	// Without sizes it makes do with the buffers of net/http: its codec is not used after
	// the handshake, so it should own none.
	up := websocket.Upgrader{
		// The origin has been checked for every transport alike.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, _ int, reason error) {
			badRequest(strings.TrimPrefix(reason.Error(), "websocket: ")).write(w)
		},
	}
	header := http.Header{}
	for name, values := range w.Header() {
		header[name] = values
	}
	conn, err := up.Upgrade(hijackable{w}, r, header)
	if err != nil {
		return nil, fmt.Errorf("accept a websocket: %w", err)
	}
	return srv.newSocket(conn.NetConn()), nil
}

// newSocket takes over a connection after its handshake.
func (srv *Server) newSocket(conn net.Conn) *socket {
	out := &output{
		conn: conn, raw: rawConn(conn), writers: &srv.writers,
		max: srv.opts.MaxBacklog, wg: &srv.wg,
	}
	in := newReader(conn, out, &srv.bufs, readLimits{
		message: srv.opts.MaxPayload, fragments: srv.opts.MaxFragments, time: srv.opts.MessageTimeout,
	})
	return &socket{in: in, out: out}
}

// hijackable finds the connection behind any number of wrapped ResponseWriters.
type hijackable struct{ http.ResponseWriter }

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("hijack: %w", err)
	}
	return conn, rw, nil
}

var errNotUpgrade = errors.New("something else than a probe and an upgrade")

// upgrade moves a session from polling to a WebSocket: the client probes it, gets the
// same back, ends its polls and says so (section "Upgrade" of the protocol). A second
// WebSocket is closed; the session goes on where it is.
func (srv *Server) upgrade(w http.ResponseWriter, r *http.Request, s *Session) *refusal {
	if !srv.enter() {
		return busy(errStopped.Error())
	}
	ws, err := srv.accept(w, r)
	if err != nil {
		srv.wg.Done()
		return nil // accept has answered
	}
	if s.polling == nil || s.ws.Load() != nil || !s.polling.begin(&s.polling.upgrading) {
		// A browser tells a script nothing of a refused handshake, but it does of a closed
		// WebSocket.
		ws.out.finish(closeFrame(closePolicy), 0)
		srv.wg.Done()
		return nil
	}
	go func() { // so that the goroutine of net/http, with its buffers, can end
		defer srv.wg.Done()
		err := srv.probe(ws, s)
		s.polling.done(&s.polling.upgrading) // before the client can know that it may try again
		if err != nil {
			ws.out.close()
		}
	}()
	return nil
}

// probe runs the upgrade; an error leaves the session with its polls.
func (srv *Server) probe(ws *socket, s *Session) error {
	deadline := time.AfterFunc(srv.opts.UpgradeTimeout, ws.out.close)
	defer deadline.Stop()
	stopped := context.AfterFunc(srv.ctx, ws.out.close)
	defer stopped()
	if err := ws.expect(s.rev, packetPing, "probe"); err != nil {
		return err
	}
	if err := ws.out.write(newText(packetPong, []byte("probe")).buf, false); err != nil {
		return err
	}
	s.polling.probe(true)
	if err := ws.expect(s.rev, packetUpgrade, ""); err != nil {
		s.polling.probe(false)
		return err
	}
	if !deadline.Stop() || !stopped() || !s.polling.move(s, ws) {
		return errClosed
	}
	return nil
}

// expect reads one packet and wants it to be this one.
func (ws *socket) expect(rev int, kind byte, data string) error {
	op, raw, err := ws.in.next()
	if err != nil {
		return err
	}
	p, err := decodeMessage(op, raw, rev)
	if err != nil {
		return err
	}
	if p.kind != kind || string(p.data) != data {
		return errNotUpgrade
	}
	return nil
}
