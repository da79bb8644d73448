package engineio

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// noteEvery is how often a cause that persists is told again.
	noteEvery = 10 * time.Minute
	// maxNotes bounds what is told in that time: a client can make up causes without end.
	maxNotes = 64
)

// notes tells an operator why clients are refused, once per cause.
type notes struct {
	log *slog.Logger

	mu    sync.Mutex // guards what follows
	told  map[string]bool
	since time.Time // when told was last emptied
}

func newNotes(log *slog.Logger) *notes {
	return &notes{log: log, told: map[string]bool{}}
}

// first reports whether a cause is to be told now.
func (n *notes) first(cause string) bool {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.since) >= noteEvery {
		n.since, n.told = now, map[string]bool{}
	}
	if n.told[cause] || len(n.told) >= maxNotes {
		return false
	}
	n.told[cause] = true
	return true
}

// refused notes a request that was not served.
func (n *notes) refused(r *http.Request, f *refusal) {
	if f.code == codeSession {
		// Every client asks once for its old session after a restart: no news.
		n.log.Debug("a client asked for a session that has ended", "event", "hub.refused", "code", f.code)
		return
	}
	if !n.first(fmt.Sprint(f.code, f.hint)) {
		return
	}
	n.log.Warn(fmt.Sprintf("refused a client from %s: %s", r.RemoteAddr, f.message),
		"event", "hub.refused", "status", f.status, "code", f.code, "hint", f.hint)
}

// noteBacklog notes a client that does not read.
func (srv *Server) noteBacklog(s *Session, err error) {
	if errors.Is(err, errBacklog) && srv.notes.first("backlog") {
		srv.opts.Log.Warn(fmt.Sprintf("disconnected %s, which does not read what is sent to it", s.shake.Address),
			"event", "hub.slow", "limit", srv.opts.MaxBacklog,
			"hint", "a client that is back in time recovers what it missed; hub.limits.backlog says how far it may be behind")
	}
}

// noteBreach notes a WebSocket that was closed for what it sent.
func (srv *Server) noteBreach(s *Session, breach *closeError) {
	if !srv.notes.first(fmt.Sprint("breach ", breach.code, breach.reason)) {
		return
	}
	hint := ""
	if breach.code == closeTooBig {
		hint = fmt.Sprintf("a message may have %d bytes: raise hub.limits.max-payload, or send less at a time", srv.opts.MaxPayload)
	}
	srv.opts.Log.Warn(fmt.Sprintf("closed the WebSocket of %s: %s", s.shake.Address, breach.reason),
		"event", "hub.breach", "code", breach.code, "hint", hint)
}
