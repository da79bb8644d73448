package engineio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Frame bits and opcodes of RFC 6455, section 5.2.
const (
	finBit       = 0x80
	reservedBits = 0x70
	maskBit      = 0x80

	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// Close codes of RFC 6455, section 7.4.1.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closeProtocol  = 1002
	closeNoUTF8    = 1007
	closePolicy    = 1008
	closeTooBig    = 1009
)

// closeError is a breach of the WebSocket protocol or of a limit, with its close code.
type closeError struct {
	code   int
	reason string
}

func (e *closeError) Error() string { return fmt.Sprintf("websocket: %s (%d)", e.reason, e.code) }

func violation(reason string) error { return &closeError{closeProtocol, reason} }

// header is a client frame's head.
type header struct {
	op   byte
	fin  bool
	size int // of the head itself
	len  int // of the content
	key  [4]byte
}

// errPartial says that the bytes read so far do not hold the whole head.
var errPartial = errors.New("partial frame")

// parseHeader reads the head of a client's frame. A content longer than maxLen is
// refused before a byte of it is read.
func parseHeader(b []byte, maxLen int) (header, error) {
	if len(b) < 2 {
		return header{}, errPartial
	}
	h := header{op: b[0] & 0x0f, fin: b[0]&finBit != 0, size: 2, len: int(b[1] &^ maskBit)}
	switch {
	case b[0]&reservedBits != 0:
		return h, violation("a reserved bit is set")
	case b[1]&maskBit == 0:
		return h, violation("a client frame without a mask")
	case h.op >= opClose && (!h.fin || h.len > 125):
		return h, violation("a control frame that is fragmented or too long")
	case h.op > opPong || h.op > opBinary && h.op < opClose:
		return h, violation("an unknown opcode")
	}
	if err := h.extend(b, maxLen); err != nil {
		return h, err
	}
	if len(b) < h.size+4 {
		return h, errPartial
	}
	copy(h.key[:], b[h.size:])
	h.size += 4
	return h, nil
}

// extend reads the long forms of the length.
func (h *header) extend(b []byte, maxLen int) error {
	switch h.len {
	case 126:
		if len(b) < 4 {
			return errPartial
		}
		h.size, h.len = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return errPartial
		}
		n := binary.BigEndian.Uint64(b[2:])
		if n > uint64(maxLen) {
			return &closeError{closeTooBig, "a message over the limit"}
		}
		h.size, h.len = 10, int(n)
	}
	if h.op < opClose && h.len > maxLen {
		return &closeError{closeTooBig, "a message over the limit"}
	}
	return nil
}

// unmask undoes the client's mask in place (section 5.3), eight bytes at a time.
func unmask(key [4]byte, b []byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

// checkClose validates the content of a close frame (section 5.5.1).
func checkClose(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) == 1 {
		return violation("a close frame of one byte")
	}
	code := int(binary.BigEndian.Uint16(b))
	if code < 1000 || code >= 5000 || code >= 1004 && code <= 1006 || code >= 1015 && code < 3000 {
		return violation("an invalid close code")
	}
	if !utf8.Valid(b[2:]) {
		return &closeError{closeNoUTF8, "a close reason that is not UTF-8"}
	}
	return nil
}

// closeFrame makes the server's close frame.
func closeFrame(code int) []byte {
	buf := make([]byte, headroom, headroom+2)
	buf = binary.BigEndian.AppendUint16(buf, uint16(code))
	return buf[putHeader(buf, opClose):]
}

// pongFrame answers a WebSocket ping with its own content.
func pongFrame(data []byte) []byte {
	buf := append(make([]byte, headroom, headroom+len(data)), data...)
	return buf[putHeader(buf, opPong):]
}
