package engineio

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"
)

// readBuffer is the size of the pooled buffers: a page, which holds dozens of usual
// messages. A connection owns one only while it has unread bytes.
const readBuffer = 4 << 10

// buffers lends read buffers.
type buffers struct{ pool sync.Pool }

func (p *buffers) get() []byte {
	if b, ok := p.pool.Get().(*[readBuffer]byte); ok {
		return b[:]
	}
	return make([]byte, readBuffer)
}

func (p *buffers) put(b []byte) {
	if cap(b) == readBuffer {
		p.pool.Put((*[readBuffer]byte)(b[:readBuffer]))
	}
}

// reader takes messages from one WebSocket. While the client is silent it waits without
// a buffer. One goroutine at a time.
type reader struct {
	conn  net.Conn
	raw   syscall.RawConn // nil: conn is read with a buffer at hand
	try   func(fd uintptr) bool
	out   *output // for pongs and the answer to a close frame
	bufs  *buffers
	limit readLimits

	buf        []byte // pooled, or grown for a long frame; nil while nothing is unread
	start, end int    // the unread part of buf
	message    []byte // the fragments of a message so far
	op         byte   // what kind of message they are; 0 between messages
	fragments  int
	timed      bool // a read deadline is set, because part of a message waits for the rest
	fresh      bool // a message has been completed since it was set
	n          int  // results of try
	err        error
}

type readLimits struct {
	message   int // bytes
	fragments int
	time      time.Duration // from a message's first byte to its last
}

func newReader(conn net.Conn, out *output, bufs *buffers, limit readLimits) *reader {
	r := &reader{conn: conn, raw: out.raw, out: out, bufs: bufs, limit: limit}
	if r.raw != nil {
		r.try = r.readReady
	}
	return r
}

// next returns the next message. Its bytes stay valid until the following call.
// io.EOF means that the client closed as the protocol asks.
func (r *reader) next() (op byte, data []byte, err error) {
	r.message = nil // the one handed out before is no longer needed
	for {
		h, content, err := r.frame()
		if err != nil {
			return 0, nil, err
		}
		if h.op >= opClose {
			if err := r.control(h.op, content); err != nil {
				return 0, nil, err
			}
			continue
		}
		op, data, done, err := r.join(h, content)
		if err != nil {
			return 0, nil, err
		}
		if done {
			r.fresh = true
			return op, data, r.checkText(op, data)
		}
	}
}

func (r *reader) checkText(op byte, data []byte) error {
	if op == opText && !utf8.Valid(data) {
		return &closeError{closeNoUTF8, "text that is not UTF-8"}
	}
	return nil
}

// join adds a frame to the message it belongs to (section 5.4).
func (r *reader) join(h header, content []byte) (op byte, data []byte, done bool, err error) {
	if (h.op == opContinuation) != (r.op != 0) {
		return 0, nil, false, violation("a fragment out of place")
	}
	if h.op != opContinuation && h.fin {
		return h.op, content, true, nil
	}
	if h.op != opContinuation {
		r.op, r.fragments = h.op, 0
	}
	r.fragments++
	if r.fragments > r.limit.fragments {
		return 0, nil, false, &closeError{closePolicy, "a message of too many fragments"}
	}
	if len(r.message)+len(content) > r.limit.message {
		return 0, nil, false, &closeError{closeTooBig, "a message over the limit"}
	}
	r.message = append(r.message, content...)
	if !h.fin {
		return 0, nil, false, nil
	}
	op, r.op = r.op, 0
	return op, r.message, true, nil
}

func (r *reader) control(op byte, content []byte) error {
	switch op {
	case opPing:
		return r.out.write(pongFrame(content), false)
	case opClose:
		if err := checkClose(content); err != nil {
			return err
		}
		return io.EOF
	}
	return nil
}

// frame returns the next whole frame, unmasked, and waits for it if it must.
func (r *reader) frame() (header, []byte, error) {
	for {
		h, err := parseHeader(r.buf[r.start:r.end], r.limit.message)
		if err == nil && r.end-r.start >= h.size+h.len {
			content := r.buf[r.start+h.size : r.start+h.size+h.len]
			r.start += h.size + h.len
			unmask(h.key, content)
			return h, content, nil
		}
		if err != nil && !errors.Is(err, errPartial) {
			return h, nil, err
		}
		if err := r.fill(); err != nil {
			return h, nil, err
		}
	}
}

// fill reads more bytes behind the unread ones.
func (r *reader) fill() error {
	r.makeRoom()
	if err := r.timeMessage(); err != nil {
		return err
	}
	if r.raw == nil {
		return r.fillBlocking()
	}
	err := r.raw.Read(r.try)
	if r.err != nil {
		err = r.err
	}
	r.end += r.n
	r.n, r.err = 0, nil
	return err
}

// readReady is called by RawConn.Read until it returns true. It holds no buffer while it
// waits, unless part of a frame is in it.
func (r *reader) readReady(fd uintptr) bool {
	if r.buf == nil {
		r.buf = r.bufs.get()
	}
	n, ready, err := tryRead(fd, r.buf[r.end:])
	if !ready {
		r.release()
		return false
	}
	r.n, r.err = n, err
	return true
}

func (r *reader) fillBlocking() error {
	if r.buf == nil {
		r.buf = r.bufs.get()
	}
	n, err := r.conn.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	return err
}

// makeRoom moves the unread bytes to the front, and doubles the buffer when a frame
// fills it: memory follows what has arrived, never a length that was only claimed.
func (r *reader) makeRoom() {
	r.release()
	if r.end < len(r.buf) || r.buf == nil {
		return
	}
	if r.start == 0 {
		grown := make([]byte, min(2*len(r.buf), r.limit.message+readBuffer))
		copy(grown, r.buf[:r.end])
		r.bufs.put(r.buf)
		r.buf = grown
		return
	}
	copy(r.buf, r.buf[r.start:r.end])
	r.start, r.end = 0, r.end-r.start
}

// release gives the buffer back when nothing in it is unread.
func (r *reader) release() {
	if r.buf == nil || r.start != r.end {
		return
	}
	r.bufs.put(r.buf)
	r.buf, r.start, r.end = nil, 0, 0
}

// timeMessage bounds the time a message may take, once its first byte is here.
func (r *reader) timeMessage() error {
	partial := r.op != 0 || r.start != r.end
	if partial == r.timed && !(partial && r.fresh) {
		return nil
	}
	r.timed, r.fresh = partial, false
	var deadline time.Time
	if partial {
		deadline = time.Now().Add(r.limit.time)
	}
	return r.conn.SetReadDeadline(deadline)
}
