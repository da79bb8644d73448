// Package msgpack translates between the packets of socket.io-msgpack-parser and raw
// JSON with attachments, so that clients of both parsers can share a namespace.
//
// That parser writes a whole packet, {type, nsp, data, id}, as one MessagePack map in
// one binary frame; binary data stands inside, without placeholders. Here data becomes
// JSON text in which {"_placeholder":true,"num":N} stands for the N-th attachment, the
// form that the rest of the hub works on, and back.
//
// What JSON has no word for, the default parser has none for either: a Date becomes
// its ISO text, undefined becomes null in a list and nothing in an object, NaN and the
// infinities become null. Integers keep their 64 bits; what JSON writes with more
// becomes a float.
//
// Decoding is safe on hostile input: time and memory are linear in the frame's length,
// whatever lengths it claims; depth and attachments are bounded; nothing is allocated
// for a claim.
package msgpack

import (
	"errors"
	"fmt"
)

// Packet is one Socket.IO packet.
type Packet struct {
	// Type is 0 CONNECT, 1 DISCONNECT, 2 EVENT, 3 ACK or 4 CONNECT_ERROR: this parser
	// knows no binary variants.
	Type      int
	Namespace string
	ID        uint64 // of the acknowledgement, if HasID
	HasID     bool
	// Data is JSON text; nil = absent.
	Data []byte
	// Attachments are what the placeholders in Data stand for. Of a decoded packet they
	// are slices of the frame.
	Attachments [][]byte
}

// Limits bound what [Decode] takes.
type Limits struct {
	Depth       int // nesting of Data, the outermost container counting as 1
	Attachments int // binary values in Data
}

// Error says where a frame, or a packet's Data, is not what it must be.
type Error struct {
	Offset int // bytes from the start
	Reason string
}

// Error returns "offset 3: nested too deep".
func (e *Error) Error() string {
	return fmt.Sprintf("offset %d: %s", e.Offset, e.Reason)
}

const maxType = 4 // CONNECT_ERROR

// Decode reads a frame.
func Decode(frame []byte, limits Limits) (Packet, error) {
	d := decoder{in: frame, limits: limits}
	p, err := d.packet()
	if err != nil {
		return Packet{}, err
	}
	return p, nil
}

// The keys of a packet, each allowed once.
const (
	keyType = 1 << iota
	keyNamespace
	keyID
	keyData
)

func (d *decoder) packet() (Packet, error) {
	var p Packet
	n, err := d.mapHeader()
	if err != nil {
		return p, err
	}
	seen := 0
	for range n {
		key, err := d.key()
		if err != nil {
			return p, err
		}
		bit, err := d.member(&p, string(key))
		if err != nil {
			return p, err
		}
		if seen&bit != 0 {
			return p, d.fail("the same key twice")
		}
		seen |= bit
	}
	switch {
	case d.at < len(d.in):
		return p, d.fail("more bytes behind the packet")
	case seen&keyType == 0 || seen&keyNamespace == 0:
		return p, d.fail("type or nsp is missing")
	case d.forged && len(d.attachments) > 0:
		return p, d.fail("the key \"_placeholder\" beside binary data")
	}
	if p.Data == nil {
		return p, nil
	}
	p.Attachments = d.attachments
	return p, nil
}

// member reads the value of one key of the packet.
func (d *decoder) member(p *Packet, key string) (bit int, err error) {
	switch key {
	case "type":
		n, ok, err := d.whole()
		if err == nil && (!ok || n > maxType) {
			err = d.fail("unknown packet type")
		}
		p.Type = int(n)
		return keyType, err
	case "nsp":
		name, err := d.key()
		p.Namespace = string(name)
		return keyNamespace, err
	case "id":
		p.ID, p.HasID, err = d.whole()
		return keyID, err
	case "data":
		if d.isUndefined() {
			return keyData, d.skip(1)
		}
		if err := d.value(0); err != nil {
			return keyData, err
		}
		p.Data = d.out
		return keyData, nil
	}
	return 0, d.skip(d.limits.Depth) // options, and what later versions may add
}

// Append appends the frame of a packet. Data must be checked JSON, its placeholders
// included.
func (p *Packet) Append(dst []byte) ([]byte, error) {
	members := 2
	if p.HasID {
		members++
	}
	if p.Data != nil {
		members++
	}
	dst = append(dst, fixMap|byte(members))
	dst = append(appendString(dst, "type"), byte(p.Type))
	dst = appendString(appendString(dst, "nsp"), p.Namespace)
	if p.HasID {
		dst = appendUint(appendString(dst, "id"), p.ID)
	}
	if p.Data == nil {
		return dst, nil
	}
	return appendJSON(appendString(dst, "data"), p.Data, p.Attachments)
}

var errData = errors.New("data is not checked JSON")
