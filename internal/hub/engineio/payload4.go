package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"
)

// separator stands between the packets of a revision 4 payload.
const separator = 0x1e

// Mistakes in a payload. All of them end the session with "parse error".
var (
	errEmpty       = errors.New("empty payload or packet")
	errPacketType  = errors.New("unknown packet type")
	errBase64      = errors.New("bytes that are not base64")
	errNotUTF8     = errors.New("text that is not UTF-8")
	errManyPackets = errors.New("too many packets in one payload")
)

// decodePayload4 splits a long-polling body of revision 4: packets between separators,
// bytes as 'b' and base64 (section "HTTP long-polling" of the protocol).
// The packets point into body, except for bytes. At most limit packets are accepted.
func decodePayload4(body []byte, limit int) ([]packet, error) {
	if len(body) == 0 {
		return nil, errEmpty
	}
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	if bytes.Count(body, []byte{separator}) >= limit {
		return nil, errManyPackets
	}
	var packets []packet
	for raw := range bytes.SplitSeq(body, []byte{separator}) {
		p, err := decodePacket4(raw)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

func decodePacket4(raw []byte) (packet, error) {
	if len(raw) == 0 {
		return packet{}, errEmpty
	}
	if raw[0] == 'b' {
		data, err := decodeBase64(raw[1:])
		return packet{kind: packetMessage, binary: true, data: data}, err
	}
	if !validKind(raw[0]) {
		return packet{}, errPacketType
	}
	return packet{kind: raw[0], data: raw[1:]}, nil
}

// decodeBase64 accepts padded and unpadded text: clients differ.
func decodeBase64(text []byte) ([]byte, error) {
	text = bytes.TrimRight(text, "=")
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(data, text)
	if err != nil {
		return nil, errBase64
	}
	return data[:n], nil
}

// encodePayload4 is the inverse of decodePayload4.
func encodePayload4(frames []*Frame) []byte {
	n := 0
	for _, f := range frames {
		n += len(f.buf)*4/3 + 4
	}
	buf := make([]byte, 0, n)
	for i, f := range frames {
		if i > 0 {
			buf = append(buf, separator)
		}
		if f.binary {
			buf = base64.StdEncoding.AppendEncode(append(buf, 'b'), f.content())
			continue
		}
		buf = append(buf, f.packet()...)
	}
	return buf
}
