package socketio

import (
	"fmt"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/msgpack"
)

// decodeMsgpack reads a packet of socket.io-msgpack-parser, which is one object in one
// binary message, attachments included.
func (c *Conn) decodeMsgpack(frame []byte) (*Packet, error) {
	raw, err := msgpack.Decode(frame, msgpack.Limits{Depth: c.opts.MaxDepth, Attachments: c.opts.MaxAttachments})
	if err != nil {
		return nil, fmt.Errorf("msgpack: %w", err)
	}
	if len(raw.Namespace) > c.opts.MaxNameLength || raw.Namespace == "" || raw.Namespace[0] != '/' {
		return nil, errNamespace
	}
	p := Packet{Type: Type(raw.Type), ID: raw.ID, HasID: raw.HasID, Data: raw.Data, Attachments: raw.Attachments}
	if err := c.place(&p, []byte(raw.Namespace)); err != nil {
		return nil, err
	}
	if err := p.check(c.opts); err != nil {
		return nil, err
	}
	return &p, nil
}

// msgpack writes the packet for socket.io-msgpack-parser.
func (r *reply) msgpack() *engineio.Frame {
	p := msgpack.Packet{
		Type: int(r.kind), Namespace: r.namespace, ID: r.id, HasID: r.hasID,
		Data: r.data, Attachments: r.attachments,
	}
	if len(p.Data) == 0 {
		p.Data = nil // left out: clients take a null in its place for a breach
	}
	frame, err := p.Append(nil)
	if err != nil {
		// The data has been checked as JSON; a client must not hang for it all the same.
		return engineio.BinaryFrame(nil)
	}
	return engineio.BinaryFrame(frame)
}
