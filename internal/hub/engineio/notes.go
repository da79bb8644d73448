package engineio

import (
	"errors"
	"fmt"
	"net/http"
)

// noteRefused notes a request that was not served.
func (srv *Server) noteRefused(r *http.Request, f *refusal) {
	if f.code == codeSession {
		// Every client asks once for its old session after a restart: no news.
		srv.opts.Log.Debug("a client asked for a session that has ended", "event", "hub.refused", "code", f.code)
		return
	}
	if !srv.notes.First(fmt.Sprint(f.code, f.hint)) {
		return
	}
	srv.opts.Log.Warn(fmt.Sprintf("refused a client from %s: %s", r.RemoteAddr, f.message),
		"event", "hub.refused", "status", f.status, "code", f.code, "hint", f.hint)
}

// noteBacklog notes a client that does not read.
func (srv *Server) noteBacklog(s *Session, err error) {
	if errors.Is(err, errBacklog) && srv.notes.First("backlog") {
		srv.opts.Log.Warn(fmt.Sprintf("disconnected %s, which does not read what is sent to it", s.shake.Address),
			"event", "hub.slow", "limit", srv.opts.MaxBacklog,
			"hint", "a client that is back in time recovers what it missed; hub.limits.backlog says how far it may be behind")
	}
}

// noteBreach notes a WebSocket that was closed for what it sent.
func (srv *Server) noteBreach(s *Session, breach *closeError) {
	if !srv.notes.First(fmt.Sprint("breach ", breach.code, breach.reason)) {
		return
	}
	hint := ""
	if breach.code == closeTooBig {
		hint = fmt.Sprintf("a message may have %d bytes: raise hub.limits.max-payload, or send less at a time", srv.opts.MaxPayload)
	}
	srv.opts.Log.Warn(fmt.Sprintf("closed the WebSocket of %s: %s", s.shake.Address, breach.reason),
		"event", "hub.breach", "code", breach.code, "hint", hint)
}
