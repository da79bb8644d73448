package engineio

import (
	"encoding/binary"
	"sync/atomic"
)

// headroom is what the longest unmasked WebSocket header takes (RFC 6455, section 5.2).
const headroom = 10

// Frame is one message, encoded once and then shared by all its receivers. It is never
// changed after it was made, so any number of goroutines may send it.
type Frame struct {
	binary bool
	buf    []byte // a whole WebSocket frame; for text the packet type is its first byte
	body   int    // where the frame's content starts in buf
	rev3   atomic.Pointer[[]byte]
}

// TextFrame makes a text message of the parts, which are copied.
func TextFrame(parts ...[]byte) *Frame { return newText(packetMessage, parts...) }

// BinaryFrame makes a binary message of data, which is copied.
func BinaryFrame(data []byte) *Frame {
	buf := append(make([]byte, headroom, headroom+len(data)), data...)
	return sealed(buf, opBinary)
}

// newText makes a text packet of any type.
func newText(kind byte, parts ...[]byte) *Frame {
	n := 1
	for _, p := range parts {
		n += len(p)
	}
	buf := append(make([]byte, headroom, headroom+n), kind)
	for _, p := range parts {
		buf = append(buf, p...)
	}
	return sealed(buf, opText)
}

// sealed writes the WebSocket header into the headroom, directly before the content.
func sealed(buf []byte, op byte) *Frame {
	start := putHeader(buf, op)
	return &Frame{binary: op == opBinary, buf: buf[start:], body: headroom - start}
}

// putHeader writes a final frame's header so that it ends where the headroom ends, and
// returns where it starts.
func putHeader(buf []byte, op byte) int {
	n := len(buf) - headroom
	start := headroom - 2
	switch {
	case n < 126:
		buf[start+1] = byte(n)
	case n < 1<<16:
		start = headroom - 4
		buf[start+1] = 126
		binary.BigEndian.PutUint16(buf[start+2:], uint16(n))
	default:
		start = headroom - 10
		buf[start+1] = 127
		binary.BigEndian.PutUint64(buf[start+2:], uint64(n))
	}
	buf[start] = finBit | op
	return start
}

// Content returns a message's text or bytes, which are not to be changed.
func (f *Frame) Content() []byte { return f.content() }

// content returns the packet without its type: a message's text or bytes.
func (f *Frame) content() []byte {
	if f.binary {
		return f.buf[f.body:]
	}
	return f.buf[f.body+1:]
}

// packet returns the packet as text payloads carry it: type, then text. Text frames only.
func (f *Frame) packet() []byte { return f.buf[f.body:] }

// ws returns the frame as it goes over a WebSocket. Revision 3 puts the packet type,
// as a number, before bytes; revision 4 does not.
func (f *Frame) ws(rev int) []byte {
	if rev == 4 || !f.binary {
		return f.buf
	}
	if p := f.rev3.Load(); p != nil {
		return *p
	}
	data := f.buf[f.body:]
	buf := append(make([]byte, headroom, headroom+1+len(data)), packetMessage-'0')
	buf = append(buf, data...)
	buf = buf[putHeader(buf, opBinary):]
	f.rev3.Store(&buf)
	return buf
}

// Batch is messages that leave together, in order. Each form a wire needs is encoded on
// first use and then shared, so that a thousand receivers cost one encoding.
// A Batch is immutable and safe for concurrent use.
type Batch struct {
	frames   []*Frame
	volatile bool
	size     int // bytes of content, what a backlog is counted in
	forms    [formCount]atomic.Pointer[[]byte]
}

// The forms in which a batch leaves.
const (
	formWS4 = iota
	formWS3
	formWS2
	formPoll4
	formPoll3Text
	formPoll3ASCII
	formPoll3Binary
	formCount
)

// NewBatch makes a batch of the frames; the slice belongs to it from now on.
func NewBatch(frames ...*Frame) *Batch {
	b := &Batch{frames: frames}
	for _, f := range frames {
		b.size += len(f.buf)
	}
	return b
}

// Frames returns the batch's messages, not to be changed.
func (b *Batch) Frames() []*Frame { return b.frames }

// Size returns how many bytes the batch takes on a WebSocket.
func (b *Batch) Size() int { return b.size }

// NewVolatile makes a batch that a receiver who is behind may miss: it is dropped where
// something older still waits to be sent.
func NewVolatile(frames ...*Frame) *Batch {
	b := NewBatch(frames...)
	b.volatile = true
	return b
}

// form returns the cached form, made by build when it is needed first. Two goroutines
// may both build it; both results are equal.
func (b *Batch) form(i int, build func([]*Frame) []byte) []byte {
	if p := b.forms[i].Load(); p != nil {
		return *p
	}
	enc := build(b.frames)
	b.forms[i].Store(&enc)
	return enc
}

// ws returns all frames joined, ready for one write.
func (b *Batch) ws(rev int) []byte {
	if len(b.frames) == 1 {
		return b.frames[0].ws(rev)
	}
	if rev == 4 {
		return b.form(formWS4, func(fs []*Frame) []byte { return joinWS(fs, 4) })
	}
	return b.form(formWS3, func(fs []*Frame) []byte { return joinWS(fs, 3) })
}

func joinWS(frames []*Frame, rev int) []byte {
	n := 0
	for _, f := range frames {
		n += len(f.ws(rev))
	}
	buf := make([]byte, 0, n)
	for _, f := range frames {
		buf = append(buf, f.ws(rev)...)
	}
	return buf
}

// JoinBatches makes one batch of several, in order; it is volatile when all of them are.
func JoinBatches(batches []*Batch) *Batch {
	n := 0
	for _, b := range batches {
		n += len(b.frames)
	}
	frames := make([]*Frame, 0, n)
	volatile := true
	for _, b := range batches {
		frames = append(frames, b.frames...)
		volatile = volatile && b.volatile
	}
	joined := NewBatch(frames...)
	joined.volatile = volatile
	return joined
}
