package socketio

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// Parser is how a client writes packets.
type Parser int

// The parsers: the default one, and socket.io-msgpack-parser. A client shows by its
// first packet which one it uses.
const (
	JSON Parser = iota
	Msgpack
)

// Conn is one client: packets of any number of namespaces over one session. Receive,
// Accept, Refuse and Leave belong to the goroutine that runs [Handler.ServeConn]; the
// rest may be called from anywhere.
type Conn struct {
	session  *engineio.Session
	revision int // of the Socket.IO protocol
	opts     *Options
	parser   Parser
	first    bool     // a packet has come; the parser is settled
	implicit bool     // revision 3: the client is in "/" without asking
	spaces   []string // the namespaces the client is in
	partial  *partial // nil mostly
}

// partial is a binary packet that waits for its attachments.
type partial struct {
	packet Packet
	want   int // attachments still to come
	size   int // bytes of attachments so far
}

// Session returns the session below.
func (c *Conn) Session() *engineio.Session { return c.session }

// Parser returns how the client writes packets.
func (c *Conn) Parser() Parser { return c.parser }

// Revision returns the Socket.IO protocol revision: 4 for clients 1.x and 2.x (who may
// be of revision 3, which looks the same to a server), 5 for 3.x and 4.x.
func (c *Conn) Revision() int { return c.revision }

// Send sends a packet behind everything sent before; see [engineio.Session.Send].
func (c *Conn) Send(o *Outgoing) { c.session.Send(o.Batch(c.parser)) }

// Receive waits for the client's next packet. A breach of the protocol is an error,
// after which the session is of no use.
func (c *Conn) Receive() (*Packet, error) {
	if c.implicit {
		c.implicit = false
		return &Packet{Type: Connect, Namespace: "/", Data: queryAuth(c.session.Handshake().Query)}, nil
	}
	for {
		m, err := c.session.Receive()
		if err != nil {
			return nil, err
		}
		p, err := c.decode(m)
		if err != nil {
			return nil, fmt.Errorf("socket.io: %w", err)
		}
		if p != nil {
			return p, nil
		}
	}
}

// decode reads a message; nil without an error means that attachments are missing yet.
func (c *Conn) decode(m engineio.Message) (*Packet, error) {
	if !c.first {
		c.first = true
		if m.Binary && c.Revision() == 5 {
			c.parser = Msgpack
		}
	}
	switch {
	case c.parser == Msgpack && m.Binary:
		return c.decodeMsgpack(m.Data)
	case c.parser == Msgpack:
		return nil, errOrder
	case m.Binary:
		return c.attach(m.Data)
	}
	return c.decodeText(m.Data)
}

func (c *Conn) decodeText(text []byte) (*Packet, error) {
	if c.partial != nil {
		return nil, errOrder
	}
	h, data, err := parseHead(text, c.opts)
	if err != nil {
		return nil, err
	}
	p := Packet{Type: h.kind, ID: h.id, HasID: h.hasID, Data: data}
	if h.kind >= binaryEvent {
		p.Type -= binaryEvent - Event
		p.Attachments = [][]byte{}
	}
	if err := c.place(&p, h.namespace); err != nil {
		return nil, err
	}
	if h.attachments > 0 {
		// The text is gone with the next message, and its attachments are messages.
		p.Data = slices.Clone(p.Data)
	}
	if err := p.check(c.opts); err != nil {
		return nil, err
	}
	if p.Attachments != nil {
		if err := checkPlaceholders(p.Data, h.attachments); err != nil {
			return nil, err
		}
	}
	if h.attachments > 0 {
		c.partial = &partial{packet: p, want: h.attachments}
		return nil, nil
	}
	return &p, nil
}

// place sets a packet's namespace. The name of one the client is in costs no copy.
func (c *Conn) place(p *Packet, name []byte) error {
	p.Namespace = "/"
	if len(name) > 0 {
		if i := slices.IndexFunc(c.spaces, func(s string) bool { return s == string(name) }); i >= 0 {
			p.Namespace = c.spaces[i]
			return nil
		}
		p.Namespace = string(name)
	}
	if p.Type != Connect {
		return nil
	}
	path, query, asked := strings.Cut(p.Namespace, "?")
	p.Namespace = path
	if asked && c.Revision() == 4 && len(p.Data) == 0 {
		values, err := url.ParseQuery(query)
		if err != nil {
			return errNamespace
		}
		p.Data = queryAuth(values)
	}
	return nil
}

// queryAuth turns the query a client of revision 4 gives with a namespace into what
// later clients send as a payload. Nil for an empty query.
func queryAuth(query url.Values) []byte {
	if len(query) == 0 {
		return nil
	}
	flat := make(map[string]string, len(query))
	for name := range query {
		flat[name] = query.Get(name)
	}
	data, _ := json.Marshal(flat) // strings always marshal
	return data
}

// attach adds bytes to the packet that waits for them.
func (c *Conn) attach(data []byte) (*Packet, error) {
	w := c.partial
	if w == nil {
		return nil, errOrder
	}
	w.size += len(data)
	if w.size > c.opts.MaxAttachmentBytes {
		return nil, errAttachments
	}
	w.packet.Attachments = append(w.packet.Attachments, slices.Clone(data))
	w.want--
	if w.want > 0 {
		return nil, nil
	}
	c.partial = nil
	return &w.packet, nil
}

// In reports whether the client is in a namespace.
func (c *Conn) In(namespace string) bool { return slices.Contains(c.spaces, namespace) }

// Full reports whether the client is in as many namespaces as it may be.
func (c *Conn) Full() bool { return len(c.spaces) >= c.opts.MaxNamespaces }

// Accept lets the client into a namespace and returns the CONNECT packet that tells it
// so, and its socket id; sending it is the caller's. With a pid, the client may come back
// after a break (connection state recovery); "" for none.
func (c *Conn) Accept(namespace, id, pid string) *Outgoing {
	c.spaces = append(c.spaces, namespace)
	c.session.CloseAfter(0, "")
	if c.Revision() == 4 {
		return encode(reply{kind: Connect, namespace: namespace}, false)
	}
	data := rawjson.AppendString([]byte(`{"sid":`), id)
	if pid != "" {
		data = rawjson.AppendString(append(data, `,"pid":`...), pid)
	}
	data = append(data, '}')
	return encode(reply{kind: Connect, namespace: namespace, data: data}, false)
}

// Refuse tells the client why it may not enter a namespace. Data, if any, is raw JSON.
func (c *Conn) Refuse(namespace, message string, data json.RawMessage) {
	var payload []byte
	switch {
	case c.Revision() == 5:
		payload, _ = json.Marshal(struct { // data is valid JSON
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		}{message, data})
	case len(data) > 0:
		payload = data
	default:
		payload = rawjson.AppendString(nil, message)
	}
	c.Send(encode(reply{kind: ConnectError, namespace: namespace, data: payload}, false))
}

// Leave forgets that the client is in a namespace.
func (c *Conn) Leave(namespace string) {
	c.spaces = slices.DeleteFunc(c.spaces, func(s string) bool { return s == namespace })
}
