package socketio

import (
	"strconv"
	"sync/atomic"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
)

// Outgoing is a packet for any number of receivers: encoded once for each parser, then
// shared. It is immutable and safe for concurrent use.
type Outgoing struct {
	text   *engineio.Batch // the default parser's form
	packed atomic.Pointer[engineio.Batch]
	reply  reply
	// volatile marks a packet that a receiver who is behind may miss.
	volatile bool
}

// reply is a packet of the server; its data and attachments lie in the frames of the
// default parser's form.
type reply struct {
	kind        Type
	namespace   string
	id          uint64
	hasID       bool
	data        []byte
	attachments [][]byte
}

// NewEvent makes an EVENT of a raw JSON array, whose placeholders, if any, refer to the
// attachments. Both are copied. A volatile one may be missed by a receiver who is behind.
func NewEvent(namespace string, payload []byte, attachments [][]byte, volatile bool) *Outgoing {
	return encode(reply{kind: Event, namespace: namespace, data: payload, attachments: attachments}, volatile)
}

// NewAck makes the ACK of an event's id, of a raw JSON array like [NewEvent].
func NewAck(namespace string, id uint64, payload []byte, attachments [][]byte) *Outgoing {
	return encode(reply{
		kind: Ack, namespace: namespace, id: id, hasID: true, data: payload, attachments: attachments,
	}, false)
}

// NewDisconnect makes a DISCONNECT from a namespace.
func NewDisconnect(namespace string) *Outgoing {
	return encode(reply{kind: Disconnect, namespace: namespace}, false)
}

// encode makes the default parser's form, the only copy of the payload there is.
func encode(r reply, volatile bool) *Outgoing {
	var space [64]byte
	head := r.appendHead(space[:0])
	frames := make([]*engineio.Frame, 1, 1+len(r.attachments))
	frames[0] = engineio.TextFrame(head, r.data)
	r.data = frames[0].Content()[len(head):]
	if len(r.attachments) > 0 {
		copied := make([][]byte, len(r.attachments))
		for i, a := range r.attachments {
			f := engineio.BinaryFrame(a)
			frames, copied[i] = append(frames, f), f.Content()
		}
		r.attachments = copied
	}
	return &Outgoing{text: batch(frames, volatile), reply: r, volatile: volatile}
}

func batch(frames []*engineio.Frame, volatile bool) *engineio.Batch {
	if volatile {
		return engineio.NewVolatile(frames...)
	}
	return engineio.NewBatch(frames...)
}

// Batch returns the packet encoded for a parser.
func (o *Outgoing) Batch(p Parser) *engineio.Batch {
	if p == JSON {
		return o.text
	}
	if b := o.packed.Load(); b != nil {
		return b
	}
	b := batch([]*engineio.Frame{o.reply.msgpack()}, o.volatile)
	o.packed.Store(b)
	return b
}

// Payload returns an event's raw JSON array, not to be changed.
func (o *Outgoing) Payload() []byte { return o.reply.data }

// Attachments returns the bytes its placeholders stand for, not to be changed.
func (o *Outgoing) Attachments() [][]byte { return o.reply.attachments }

// Size returns how many bytes the default parser's form takes on a WebSocket.
func (o *Outgoing) Size() int { return o.text.Size() }

// Volatile reports whether a receiver who is behind may miss the packet.
func (o *Outgoing) Volatile() bool { return o.volatile }

// Join makes one batch of several packets, for receivers that get them all.
func Join(packets []*Outgoing, p Parser) *engineio.Batch {
	if len(packets) == 1 {
		return packets[0].Batch(p)
	}
	batches := make([]*engineio.Batch, len(packets))
	for i, o := range packets {
		batches[i] = o.Batch(p)
	}
	return engineio.JoinBatches(batches)
}

// appendHead writes the inverse of what parseHead reads.
func (r *reply) appendHead(b []byte) []byte {
	kind := r.kind
	if len(r.attachments) > 0 {
		kind += binaryEvent - Event
	}
	b = append(b, '0'+byte(kind))
	if len(r.attachments) > 0 {
		b = append(strconv.AppendInt(b, int64(len(r.attachments)), 10), '-')
	}
	if r.namespace != "/" {
		b = append(append(b, r.namespace...), ',')
	}
	if r.hasID {
		b = strconv.AppendUint(b, r.id, 10)
	}
	return b
}
