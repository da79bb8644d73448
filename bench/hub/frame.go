package main

import (
	"encoding/binary"
	"errors"
)

const (
	opCont   = 0
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

var (
	errMasked    = errors.New("server sent a masked frame")
	errReserved  = errors.New("server set a reserved bit (compression was not offered)")
	errFragments = errors.New("continuation frame out of place")
	errTooBig    = errors.New("frame over 64 MiB")
)

// parseFrame looks at one unmasked server frame at the head of b; size 0 says
// that the frame is not complete yet.
func parseFrame(b []byte) (op byte, fin bool, payload []byte, size int, err error) {
	if len(b) < 2 {
		return
	}
	if b[1]&0x80 != 0 {
		err = errMasked
		return
	}
	if b[0]&0x70 != 0 {
		err = errReserved
		return
	}
	op, fin = b[0]&0x0f, b[0]&0x80 != 0
	n, h := int(b[1]), 2
	switch n {
	case 126:
		if len(b) < 4 {
			return
		}
		n, h = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 10 {
			return
		}
		u := binary.BigEndian.Uint64(b[2:])
		if u > 64<<20 {
			err = errTooBig
			return
		}
		n, h = int(u), 10
	}
	if len(b) < h+n {
		return
	}
	return op, fin, b[h : h+n], h + n, nil
}

var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// appendFrame appends a masked client frame.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, maskKey[:]...)
	at := len(dst)
	dst = append(dst, payload...)
	for i := range payload {
		dst[at+i] ^= maskKey[i&3]
	}
	return dst
}

// appendUnmasked appends a server's frame, which the plain TCP server takes from clients
// as well.
func appendUnmasked(dst, payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|opText, byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|opText, 126, byte(n>>8), byte(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|opText, 127), uint64(n))
	}
	return append(dst, payload...)
}
