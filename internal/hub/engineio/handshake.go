package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// params are the query parameters of the protocol.
type params struct {
	rev       int
	first     bool // EIO=2: a client 1.0
	transport string
	sid       string
	base64    bool   // b64: the client cannot take binary payloads
	stamped   bool   // t: a real client, which defeats caches
	jsonp     string // j: the number of the callback; "" is no JSONP
	extra     url.Values
}

// parseParams reads the query. EIO=2 is what clients 1.0 call revision 3.
func parseParams(r *http.Request) (params, *refusal) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return params{}, badRequest("the query cannot be read")
	}
	p := params{
		transport: q.Get("transport"),
		sid:       q.Get("sid"),
		base64:    q.Get("b64") != "",
		stamped:   q.Has("t"),
		jsonp:     q.Get("j"),
	}
	if p.transport != "polling" && p.transport != "websocket" {
		return p, unknownTransport()
	}
	switch q.Get("EIO") {
	case "2":
		p.rev, p.first = 3, true
	case "3":
		p.rev = 3
	case "4":
		p.rev = 4
	default:
		return p, unknownProtocol()
	}
	if p.jsonp != "" && (p.rev == 4 || !isDigits(p.jsonp)) {
		return p, badRequest("j is the number of a JSONP callback of revision 3")
	}
	for _, own := range []string{"EIO", "transport", "sid", "b64", "t", "j"} {
		delete(q, own)
	}
	if len(q) > 0 {
		p.extra = q
	}
	return p, nil
}

// maxCallbackDigits bounds the number of a JSONP callback; clients count from 0.
const maxCallbackDigits = 9

func isDigits(s string) bool {
	if len(s) > maxCallbackDigits {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// handshake begins a session over either transport.
func (srv *Server) handshake(w http.ResponseWriter, r *http.Request, q params) *refusal {
	if r.Method != http.MethodGet {
		return badMethod()
	}
	if !srv.enter() {
		return busy(errStopped.Error())
	}
	defer srv.wg.Done()
	addr := clientAddress(r)
	if err := srv.caps.enter(addr); err != nil {
		return err
	}
	s := srv.newSession(r, q)
	s.addr = addr
	var err error
	if q.transport == "websocket" {
		err = srv.openWebSocket(w, r, s)
	} else {
		err = srv.openPolling(w, r, s, q)
	}
	if err != nil {
		srv.caps.leave(addr)
	}
	if errors.Is(err, errStopped) && q.transport == "polling" {
		return busy(err.Error())
	}
	return nil // anything else has been answered, or is no longer HTTP
}

func (srv *Server) newSession(r *http.Request, q params) *Session {
	s := &Session{
		srv:    srv,
		id:     newSID(),
		rev:    q.rev,
		base64: q.base64,
		first:  q.first,
		closed: make(chan struct{}),
		shake: Handshake{
			Address: r.RemoteAddr,
			Query:   q.extra,
			Secure:  r.TLS != nil,
			Time:    time.Now(),
		},
	}
	if q.rev == 3 {
		s.id = NewSocketID()
	}
	for _, name := range srv.opts.KeepHeaders {
		if v := r.Header.Values(name); len(v) > 0 {
			if s.shake.Header == nil {
				s.shake.Header = http.Header{}
			}
			s.shake.Header[http.CanonicalHeaderKey(name)] = v
		}
	}
	return s
}

// openPolling answers the first poll with the open packet.
func (srv *Server) openPolling(w http.ResponseWriter, r *http.Request, s *Session, q params) error {
	s.polling = newPolling()
	open := NewBatch(newText(packetOpen, srv.openData(s, true)))
	if err := srv.start(s); err != nil {
		return err
	}
	// It is not queued but answered at once, so it comes first whatever the session's
	// goroutine has to say by now.
	srv.answerPoll(w, r, s, q, []*Batch{open})
	return nil
}

// openData is the content of the open packet (section "Handshake" of the protocol).
func (srv *Server) openData(s *Session, polling bool) []byte {
	upgrades := "[]"
	if polling && !srv.opts.WebSocketOff {
		upgrades = `["websocket"]`
	}
	data := fmt.Appendf(nil, `{"sid":"%s","upgrades":%s,"pingInterval":%d,"pingTimeout":%d`,
		s.id, upgrades, srv.opts.PingInterval.Milliseconds(), srv.opts.PingTimeout.Milliseconds())
	if s.rev == 4 {
		data = strconv.AppendInt(append(data, `,"maxPayload":`...), int64(srv.opts.MaxPayload), 10)
	}
	return append(data, '}')
}

// newSID makes a session id: 15 random bytes as 20 characters of base64url, the shape
// that sticky load balancers look for.
func newSID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewSocketID makes a public socket id: nine digits, a dot, ten digits, from crypto/rand.
// Back-end libraries of the Pusher family accept no other shape, and its 20 characters
// tell cluster adapters that it names a socket.
func NewSocketID() string {
	var id [20]byte
	var pool [32]byte
	at := 0
	for at < len(id) {
		_, _ = rand.Read(pool[:]) // never fails (crypto/rand)
		for _, b := range pool {
			if at == 9 {
				id[at] = '.'
				at++
			}
			if at < len(id) && b < 250 { // 250 is a multiple of 10: each digit is as likely
				id[at] = '0' + b%10
				at++
			}
		}
	}
	return string(id[:])
}
