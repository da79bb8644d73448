package socketio

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// Type is what a packet is for (section "Packet types" of the Socket.IO protocol). The
// binary variants of the wire are told by [Packet.Attachments] instead.
type Type int

// The packet types, with their numbers on the wire.
const (
	Connect      Type = 0
	Disconnect   Type = 1
	Event        Type = 2
	Ack          Type = 3
	ConnectError Type = 4

	binaryEvent Type = 5
	binaryAck   Type = 6
)

// Packet is one decoded packet of a client. Its slices are valid until the next call of
// [Conn.Receive].
type Packet struct {
	Type      Type
	Namespace string
	// ID is the acknowledgement's number, when HasID says that there is one.
	ID    uint64
	HasID bool
	// Data is the raw JSON payload: what a CONNECT carries (nil for nothing), or the whole
	// array of an EVENT or ACK.
	Data []byte
	// Call is the array of an EVENT or ACK taken apart.
	Call rawjson.Call
	// Attachments are the bytes that placeholders in Data stand for. Nil for a packet
	// that is not binary, whose placeholders are inert.
	Attachments [][]byte
}

// A breach of the protocol by a client ends its session with "parse error".
var (
	errType        = errors.New("unknown packet type")
	errAttachments = errors.New("a wrong number of attachments")
	errNamespace   = errors.New("a namespace that is malformed or too long")
	errID          = errors.New("an acknowledgement id that is too long or out of place")
	errPayload     = errors.New("a payload that does not fit its packet type")
	errName        = errors.New("an event name that is missing, reserved or too long")
	errOrder       = errors.New("text and bytes in the wrong order")
)

// maxQuery bounds the query that clients of revision 4 put behind a namespace, in bytes:
// it may hold a token.
const maxQuery = 8 << 10

// maxIDDigits keeps an acknowledgement id within 64 bits: clients count from 0.
const maxIDDigits = 19

// head is a packet's text before its payload.
type head struct {
	kind        Type
	attachments int
	namespace   []byte // nil for "/"
	id          uint64
	hasID       bool
}

// parseHead reads the text form: type, attachments and '-', namespace and ',', id.
func parseHead(text []byte, o *Options) (head, []byte, error) {
	if len(text) == 0 || text[0] < '0' || text[0] > '6' {
		return head{}, nil, errType
	}
	h := head{kind: Type(text[0] - '0')}
	rest := text[1:]
	if h.kind >= binaryEvent {
		n, tail, ok := cutNumber(rest)
		if !ok || len(tail) == 0 || tail[0] != '-' || n > uint64(o.MaxAttachments) {
			return h, nil, errAttachments
		}
		h.attachments, rest = int(n), tail[1:]
	}
	if len(rest) > 0 && rest[0] == '/' {
		name, tail, _ := bytes.Cut(rest, []byte{','})
		path, query, _ := bytes.Cut(name, []byte{'?'})
		if len(path) > o.MaxNameLength || len(query) > maxQuery {
			return h, nil, errNamespace
		}
		if h.namespace, rest = name, tail; len(name) == 1 {
			h.namespace = nil
		}
	}
	if len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		id, tail, ok := cutNumber(rest)
		if !ok {
			return h, nil, errID
		}
		h.id, h.hasID, rest = id, true, tail
	}
	return h, rest, nil
}

// cutNumber reads decimal digits; false when there are none or too many.
func cutNumber(b []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		if i == maxIDDigits {
			return 0, b, false
		}
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

// check validates a packet's payload in one scan and takes its array apart.
func (p *Packet) check(o *Options) error {
	switch p.Type {
	case Connect:
		return p.checkConnect(o)
	case Disconnect:
		if len(p.Data) > 0 {
			return errPayload
		}
		return nil
	case Event, Ack:
		return p.checkCall(o)
	}
	return errType // CONNECT_ERROR is the server's to send
}

func (p *Packet) checkConnect(o *Options) error {
	if len(p.Data) == 0 {
		p.Data = nil
		return nil
	}
	if p.HasID || p.Data[0] != '{' {
		return errPayload
	}
	if err := rawjson.Valid(p.Data, o.MaxDepth); err != nil {
		return fmt.Errorf("connect payload: %w", err)
	}
	return nil
}

func (p *Packet) checkCall(o *Options) error {
	if len(p.Data) == 0 || p.Data[0] != '[' {
		return errPayload
	}
	call, err := rawjson.Event(p.Data, o.MaxDepth)
	if err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	p.Call = call
	if p.Type == Ack {
		if !p.HasID {
			return errID
		}
		return nil
	}
	return checkName(call.Name, o)
}

// checkName accepts what the official parser accepts as an event's name: a string that
// is not one of its own, or a number.
func checkName(name []byte, o *Options) error {
	if len(name) == 0 || len(name) > o.MaxNameLength {
		return errName
	}
	if c := name[0]; c != '"' && c != '-' && (c < '0' || c > '9') {
		return errName
	}
	if bytes.IndexByte(name, '\\') >= 0 {
		plain, ok := rawjson.Unquote(name)
		if !ok {
			return errName
		}
		name = []byte(`"` + plain + `"`)
	}
	switch string(name) {
	case `"connect"`, `"connect_error"`, `"disconnect"`, `"disconnecting"`, `"newListener"`, `"removeListener"`:
		return errName
	}
	return nil
}

// checkPlaceholders wants the placeholders of a binary packet to name all its
// attachments and no others, as every encoder of the family writes them: bytes that
// nothing stands for would only cost the receivers memory.
func checkPlaceholders(payload []byte, attachments int) error {
	var space [16]rawjson.Hole
	holes, err := rawjson.AppendHoles(space[:0], payload, attachments)
	if err != nil {
		return fmt.Errorf("placeholders: %w", err)
	}
	named := make(map[int]bool, attachments)
	for _, hole := range holes {
		named[hole.Num] = true
	}
	if len(named) != attachments {
		return errAttachments
	}
	return nil
}
