package engineio

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// probePause is how long a poll waits while a WebSocket is being probed: the client must
// get to its upgrade, but not poll in a tight loop until then.
const probePause = 100 * time.Millisecond

// poll serves a GET or POST of a session.
func (srv *Server) poll(w http.ResponseWriter, r *http.Request, s *Session, q params) *refusal {
	if s.polling == nil || s.ws.Load() != nil {
		return badRequest("the session has moved to a WebSocket")
	}
	switch r.Method {
	case http.MethodGet:
		return srv.get(w, r, s, q)
	case http.MethodPost:
		return srv.post(w, r, s, q)
	}
	return badRequest("a session is polled with GET and POST")
}

// get answers with what waits for the client, as soon as there is something.
func (srv *Server) get(w http.ResponseWriter, r *http.Request, s *Session, q params) *refusal {
	queue, err := srv.fetch(r, s)
	if err != nil {
		return err
	}
	srv.answerPoll(w, r, s, q, queue)
	return nil
}

// fetch waits for something to send. The poll is over when it returns, not when the
// answer is written: a client that has all of it may poll again before this side knows.
func (srv *Server) fetch(r *http.Request, s *Session) ([]*Batch, *refusal) {
	if !s.polling.begin(&s.polling.getting) {
		s.close(TransportError, errOverlap, closeNormal)
		return nil, badRequest("a poll is under way already")
	}
	defer s.polling.done(&s.polling.getting)
	s.polling.landed()
	if srv.enter() {
		defer srv.wg.Done()
	} // else the session has ended, and the poll gets the farewell without waiting
	probed := s.polling.isProbing()
	for {
		queue, last := s.polling.take()
		if last && s.ws.Load() == nil {
			srv.forget(s)
		}
		switch {
		case len(queue) > 0:
			return queue, nil
		case last:
			return nil, unknownSession()
		case !s.await(r, probed):
			return []*Batch{NewBatch(newText(packetNoop))}, nil
		}
	}
}

// await waits until there is something to send. It returns false when the poll is to
// end without, because a WebSocket is probed: the client waits for its poll before it
// upgrades. A poll that comes during the probe is held for a while.
func (s *Session) await(r *http.Request, probed bool) bool {
	var pause <-chan time.Time
	if probed {
		timer := time.NewTimer(probePause)
		defer timer.Stop()
		pause = timer.C
	}
	select {
	case <-s.polling.wake:
		return probed || !s.polling.isProbing()
	case <-pause:
		return false
	case <-r.Context().Done():
		s.abort(TransportClose, errors.New("the client gave up its poll"))
		return true
	}
}

// answerPoll writes batches as one payload.
func (srv *Server) answerPoll(w http.ResponseWriter, r *http.Request, s *Session, q params, queue []*Batch) {
	body, kind := srv.opts.encodePoll(s.rev, q, queue)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if len(body) >= srv.opts.CompressFrom && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		body = srv.compress(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that is gone misses its heartbeat
}

// encodePoll chooses the framing a client understands (see doc.go for why).
func (o *Options) encodePoll(rev int, q params, queue []*Batch) (body []byte, kind string) {
	b := queue[0]
	if len(queue) > 1 {
		b = JoinBatches(queue)
	}
	switch {
	case rev == 4:
		return b.form(formPoll4, encodePayload4), "text/plain; charset=UTF-8"
	case q.jsonp == "" && !q.base64 && (q.stamped || hasBinary(b.frames)):
		return b.form(formPoll3Binary, encodeBinary3), "application/octet-stream"
	case o.JSONText && q.stamped:
		body = b.form(formPoll3ASCII, encodeASCII3)
	default:
		body = b.form(formPoll3Text, encodeText3)
	}
	if q.jsonp != "" {
		return jsonp(q.jsonp, body), "text/javascript; charset=UTF-8"
	}
	return body, "text/plain; charset=UTF-8"
}

// jsonp wraps a payload into a call of the client's callback.
func jsonp(callback string, payload []byte) []byte {
	text, _ := json.Marshal(string(payload)) // a string always marshals
	return fmt.Appendf(nil, "___eio[%s](%s);", callback, text)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, param, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(coding, "gzip") && !strings.HasPrefix(strings.TrimSpace(param), "q=0") {
			return true
		}
	}
	return false
}

// compressed remembers the last poll that was compressed: a fan-out gives the same body,
// made once, to many polls one after the other.
type compressed struct {
	mu   sync.Mutex // guards what follows
	zw   *gzip.Writer
	body *byte // the first byte of what was compressed, which tells one encoding from another
	size int
	gzip []byte
}

// compress returns body in gzip. One at a time: the work is bounded by the payload, and
// a writer takes most of a megabyte.
func (srv *Server) compress(body []byte) []byte {
	c := &srv.compressed
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.body == &body[0] && c.size == len(body) {
		return c.gzip
	}
	if c.zw == nil {
		c.zw, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	}
	var buf bytes.Buffer
	c.zw.Reset(&buf)
	_, _ = c.zw.Write(body) // a Buffer takes everything
	_ = c.zw.Close()
	c.body, c.size, c.gzip = &body[0], len(body), buf.Bytes()
	return c.gzip
}

// post takes in a payload and answers when its packets have been dealt with.
func (srv *Server) post(w http.ResponseWriter, r *http.Request, s *Session, q params) *refusal {
	if err := srv.receive(w, r, s, q); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html") // as every client of the family expects
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, "ok")
	return nil
}

// receive deals with a payload. The post is over when it returns: see fetch.
func (srv *Server) receive(w http.ResponseWriter, r *http.Request, s *Session, q params) *refusal {
	if !s.polling.begin(&s.polling.posting) {
		s.close(TransportError, errOverlap, closeNormal)
		return badRequest("a post is under way already")
	}
	defer s.polling.done(&s.polling.posting)
	body, err := srv.readBody(w, r, q)
	if err != nil {
		s.abort(TransportError, errors.New(err.message))
		return err
	}
	packets, wrong := decodePost(s, q, isBytes(r), body, srv.opts.MaxPackets)
	if wrong != nil {
		s.abort(ParseError, wrong)
		return badRequest(wrong.Error())
	}
	if !s.hand(r, packets) {
		return unknownSession()
	}
	return nil
}

// isBytes reports whether a POST is in the binary framing of revision 3.
func isBytes(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/octet-stream"
}

// readBody reads a POST's body within the limit.
func (srv *Server) readBody(w http.ResponseWriter, r *http.Request, q params) ([]byte, *refusal) {
	max := int64(srv.opts.MaxPayload)
	if q.jsonp != "" {
		max *= 3 // the form's escapes
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(srv.opts.MessageTimeout)) // a test's recorder has none
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return nil, tooLarge(fmt.Sprintf("a payload may have %d bytes: raise hub.limits.max-payload, or send less at a time", srv.opts.MaxPayload))
	}
	if err != nil {
		return nil, badRequest("the body ended early")
	}
	return body, nil
}

// decodePost reads a POST's packets in the framing it came in.
func decodePost(s *Session, q params, binary bool, body []byte, limit int) ([]packet, error) {
	switch {
	case s.rev == 4 && binary:
		return nil, errPacketType // revision 4 knows text payloads only
	case s.rev == 4:
		return decodePayload4(body, limit)
	case q.jsonp != "":
		payload, err := formPayload(body)
		if err != nil {
			return nil, err
		}
		return decodeText3(payload, limit, &s.polling.encoding)
	case binary:
		return decodeBinary3(body, limit)
	}
	return decodeText3(body, limit, &s.polling.encoding)
}

var errForm = errors.New("a form without the field d")

// formPayload reads the payload out of a JSONP client's form. The client writes line ends
// as `\n` and what looks like that already as `\\n`.
func formPayload(body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("d") {
		return nil, errForm
	}
	d := form.Get("d")
	out := make([]byte, 0, len(d))
	for i := 0; i < len(d); i++ {
		switch {
		case strings.HasPrefix(d[i:], `\\n`):
			out = append(out, `\n`...)
			i += 2
		case strings.HasPrefix(d[i:], `\n`):
			out = append(out, '\n')
			i++
		default:
			out = append(out, d[i])
		}
	}
	return out, nil
}

// hand gives packets to the session's goroutine and waits until it has dealt with them.
// A close packet ends the session before the answer, so that the next request knows.
func (s *Session) hand(r *http.Request, packets []packet) bool {
	leaves := slices.IndexFunc(packets, func(p packet) bool { return p.kind == packetClose })
	if leaves >= 0 {
		packets = packets[:leaves]
	}
	if len(packets) > 0 && !s.deliver(r, packets) {
		return false
	}
	if leaves >= 0 {
		s.leave()
	}
	return true
}

func (s *Session) deliver(r *http.Request, packets []packet) bool {
	in := inbound{packets: packets, done: make(chan struct{})}
	select {
	case s.polling.inbox <- in:
	case <-s.closed:
		return false
	case <-s.polling.switched:
		return false
	case <-r.Context().Done():
		return false
	}
	select {
	case <-in.done:
	case <-s.closed:
	case <-r.Context().Done():
	}
	return true
}
