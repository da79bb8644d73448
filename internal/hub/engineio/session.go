package engineio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Reason says why a session ended, in the words of the official server.
type Reason string

// The reasons. All but the last two are the client's or the network's doing, after which
// a client may want to recover.
const (
	TransportClose Reason = "transport close"
	TransportError Reason = "transport error"
	PingTimeout    Reason = "ping timeout"
	ParseError     Reason = "parse error"
	ForcedClose    Reason = "forced close"
	ShuttingDown   Reason = "server shutting down"
)

// ClosedError is what [Session.Receive] returns once the session has ended.
type ClosedError struct {
	Reason Reason
	// Err is the cause, when there is more to say; nil otherwise.
	Err error
}

// Error returns the reason and the cause.
func (e *ClosedError) Error() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ClosedError) Unwrap() error { return e.Err }

// Handshake is what a client said when its session began.
type Handshake struct {
	// Address is the remote address, host:port.
	Address string
	// Query holds the parameters that are not the protocol's own; nil when there are none.
	Query url.Values
	// Header holds the headers that Options.KeepHeaders names.
	Header http.Header
	// Secure tells HTTPS.
	Secure bool
	// Time is when the session began.
	Time time.Time
}

// Session is one client, whatever transport it uses at the moment. Send, Close and the
// accessors may be called from any goroutine; Receive only from the one that runs
// [Handler.ServeSession].
type Session struct {
	srv *Server
	id  string
	rev int
	// base64 says that the client asked for text payloads only (revision 3).
	base64 bool
	// first says that the client is of the first generation (1.0), which undoes UTF-8
	// twice on WebSockets too.
	first bool
	shake Handshake
	addr  netip.Addr // what the session is counted under

	ws      atomic.Pointer[socket] // nil while polling
	polling *polling               // nil when the session began as a WebSocket

	closed  chan struct{} // closed when the session ends
	endOnce sync.Once
	end     *ClosedError // set before closed is closed

	beat beat

	// For the goroutine of the session alone.
	reading *socket
	batch   inbound
}

// socket is a WebSocket a session uses.
type socket struct {
	in       *reader
	out      *output
	encoding textEncoding // for the session's goroutine
}

// ID returns the session's id. In revision 4 it is a secret between the two ends.
func (s *Session) ID() string { return s.id }

// Revision returns the Engine.IO revision the client speaks: 3 or 4.
func (s *Session) Revision() int { return s.rev }

// Handshake returns what the client said when the session began; it is not to be changed.
func (s *Session) Handshake() *Handshake { return &s.shake }

// Transport returns the transport in use: "polling" or "websocket".
func (s *Session) Transport() string {
	if s.ws.Load() != nil {
		return "websocket"
	}
	return "polling"
}

// Send queues a batch behind everything sent before and returns at once; false means that
// the session has ended and the batch is lost. A client that is too far behind is
// disconnected.
func (s *Session) Send(b *Batch) bool {
	var err error
	if ws := s.ws.Load(); ws != nil {
		err = ws.out.write(s.wire(b), b.volatile)
	} else {
		err = s.polling.send(s, b)
	}
	if err != nil && !errors.Is(err, errClosed) {
		s.srv.noteBacklog(s, err)
		s.abort(TransportError, err)
	}
	return err == nil
}

// wire returns a batch as this session's WebSocket carries it.
func (s *Session) wire(b *Batch) []byte {
	if s.first && s.srv.opts.JSONText {
		return b.form(formWS2, joinASCII)
	}
	return b.ws(s.rev)
}

// Untaken returns, once the session has ended, how many bytes of what was sent the
// client is known not to have taken in: what waited here, what the kernel still held,
// and a poll's answer that no other poll has confirmed.
func (s *Session) Untaken() int {
	if ws := s.ws.Load(); ws != nil {
		return ws.out.untaken()
	}
	return s.polling.untaken()
}

// Close ends the session: the client gets what was sent before, then the transport's
// farewell. It returns at once; repeated calls do nothing.
func (s *Session) Close(reason Reason) { s.close(reason, nil, closeNormal) }

// Drop ends the session without a farewell, for a client that has another by now.
func (s *Session) Drop(reason Reason) { s.abort(reason, nil) }

// CloseAfter closes the session when d has passed, unless it is called again; zero
// cancels it.
func (s *Session) CloseAfter(d time.Duration, reason Reason) {
	s.srv.wheel.expire(s, d, reason)
}

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.closed }

// close ends the session with a farewell.
func (s *Session) close(reason Reason, cause error, code int) {
	s.endOnce.Do(func() {
		s.finish(reason, cause)
		if s.polling != nil {
			s.polling.finish()
		}
		if ws := s.ws.Load(); ws != nil {
			ws.out.finish(closeFrame(code), s.srv.farewell(reason))
		}
	})
}

// abort ends the session without one: the client is not listening.
func (s *Session) abort(reason Reason, cause error) {
	s.endOnce.Do(func() {
		s.finish(reason, cause)
		if s.polling != nil {
			s.polling.abort()
			s.srv.forget(s)
		}
		if ws := s.ws.Load(); ws != nil {
			ws.out.close()
		}
	})
}

// leave ends the session because the client says so in a POST. Its poll, which may be
// under way or just behind, is released with a noop.
func (s *Session) leave() {
	s.endOnce.Do(func() {
		s.finish(TransportClose, nil)
		s.polling.leave()
	})
}

// expire ends the session because its client is not heard of. A poll that comes late
// finds no session; a WebSocket gets a farewell, which costs nothing.
func (s *Session) expire() {
	if s.ws.Load() == nil {
		s.abort(PingTimeout, errNoPong)
		return
	}
	s.close(PingTimeout, errNoPong, closeNormal)
}

// leftLinger is how long the last poll of a client that has left may be behind.
const leftLinger = time.Second

// linger says for how long the session's id is still known after its end.
func (s *Session) linger() time.Duration {
	if s.polling == nil {
		return 0
	}
	waits, left := s.polling.unfetched()
	switch {
	case !waits:
		return 0
	case left:
		return leftLinger
	}
	return s.srv.opts.LingerTimeout
}

func (s *Session) finish(reason Reason, cause error) {
	s.end = &ClosedError{Reason: reason, Err: cause}
	close(s.closed)
	s.srv.wheel.remove(s)
}

// Receive waits for the client's next message. It returns a [*ClosedError] when the
// session has ended, also when it was closed from this side.
func (s *Session) Receive() (Message, error) {
	for {
		p, err := s.next()
		if err != nil {
			return Message{}, err
		}
		s.alive()
		switch p.kind {
		case packetMessage:
			return Message{Binary: p.binary, Data: p.data}, nil
		case packetPing:
			s.answerPing(p.data)
		case packetClose:
			s.close(TransportClose, nil, closeNormal)
		case packetOpen:
			s.close(ParseError, errPacketType, closeProtocol)
		}
	}
}

// alive notes that the client has been heard of.
func (s *Session) alive() {
	if s.rev == 3 {
		s.beat.touch(s.srv.now())
		return
	}
	s.beat.heard.Store(true)
}

// answerPing serves the clients of revision 3, who send the heartbeats.
func (s *Session) answerPing(data []byte) {
	if s.rev == 3 {
		s.Send(NewBatch(newText(packetPong, data)))
	}
}

// next returns the next packet, from the WebSocket as soon as there is one.
func (s *Session) next() (packet, error) {
	for {
		select {
		case <-s.closed:
			s.batch.release()
			return packet{}, s.end
		default:
		}
		if p, ok := s.batch.pop(); ok {
			return p, nil
		}
		if s.reading != nil {
			return s.read()
		}
		select {
		case s.batch = <-s.polling.inbox:
		case s.reading = <-s.polling.upgraded:
			s.lastPost()
		case <-s.closed:
		}
	}
}

// lastPost takes in a POST that was there before the upgrade, and turns away any other.
func (s *Session) lastPost() {
	select {
	case s.batch = <-s.polling.inbox:
	default:
	}
	close(s.polling.switched)
}

// read returns the next packet of the WebSocket.
func (s *Session) read() (packet, error) {
	op, data, err := s.reading.in.next()
	if err != nil {
		return packet{}, s.readFailed(err)
	}
	p, err := decodeMessage(op, data, s.rev)
	if err != nil {
		s.close(ParseError, err, closeProtocol)
		return packet{}, s.end
	}
	if s.first && !p.binary {
		p.data = s.reading.encoding.decode(p.data)
	}
	return p, nil
}

// decodeMessage reads a packet out of a WebSocket message.
func decodeMessage(op byte, data []byte, rev int) (packet, error) {
	switch {
	case op == opBinary && rev == 4:
		return packet{kind: packetMessage, binary: true, data: data}, nil
	case len(data) == 0:
		return packet{}, errEmpty
	case op == opBinary && validKind(data[0]+'0'):
		return packet{kind: data[0] + '0', binary: true, data: data[1:]}, nil
	case op == opText && validKind(data[0]):
		return packet{kind: data[0], data: data[1:]}, nil
	}
	return packet{}, errPacketType
}

// readFailed ends the session for a failed read and returns what Receive returns.
func (s *Session) readFailed(err error) error {
	breach := (*closeError)(nil)
	switch {
	case errors.Is(err, io.EOF):
		s.close(TransportClose, nil, closeNormal)
	case errors.As(err, &breach):
		s.srv.noteBreach(s, breach)
		s.close(TransportError, err, breach.code)
	default:
		s.abort(TransportClose, fmt.Errorf("read: %w", err))
	}
	<-s.closed // another goroutine may be the one that closes
	return s.end
}

// run is the one goroutine of a session.
func (s *Session) run() {
	if s.polling == nil {
		s.greet()
	}
	err := s.serve()
	reason := ForcedClose
	if closed := (*ClosedError)(nil); errors.As(err, &closed) {
		reason = closed.Reason
	} else if err != nil {
		reason = ParseError
	}
	s.close(reason, err, closeNormal)
	s.drainInput()
	s.srv.release(s)
}

// serve calls the handler. A panic ends this session alone, as in net/http.
func (s *Session) serve() (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.srv.opts.Log.Error(fmt.Sprintf("a session failed: %v", p), "event", "hub.panic", "stack", string(debug.Stack()))
			err = &ClosedError{Reason: TransportError}
		}
	}()
	return s.srv.handler.ServeSession(s.srv.ctx, s)
}

// openPause lets clients of revision 3 attach their listener between the end of the
// WebSocket's handshake and the first packet: some lose a packet that comes with it.
const openPause = 5 * time.Millisecond

// greet sends the open packet of a session that begins as a WebSocket.
func (s *Session) greet() {
	if s.rev == 3 {
		pause := time.NewTimer(openPause)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-s.closed:
		}
	}
	s.Send(NewBatch(newText(packetOpen, s.srv.openData(s, false))))
}

// drainInput takes in what the client sends until it has answered the farewell: closing
// a connection with unread bytes would cut off the last words sent to it.
func (s *Session) drainInput() {
	s.batch.release()
	if s.reading == nil && s.polling != nil {
		select {
		case s.reading = <-s.polling.upgraded:
		default:
		}
	}
	if s.reading == nil {
		return
	}
	defer s.reading.out.close()
	for range s.srv.opts.MaxPackets { // a client that talks on is cut off
		if _, _, err := s.reading.in.next(); err != nil {
			return
		}
	}
}
