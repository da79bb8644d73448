package engineio

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

var errLength = errors.New("a length that does not fit its payload")

// maxLengthDigits bounds a packet's length field: nine digits say more than any body holds.
const maxLengthDigits = 9

// decodeText3 splits a text payload of revision 3: `<length>:<packet>` repeated, the
// length counted in UTF-16 units, as the JavaScript clients count. Bytes travel as
// 'b', type, base64.
//
// Clients 1.3 to 1.7 encode text as UTF-8 twice, later ones once; nothing in the request
// tells them apart. The first packet beyond ASCII settles it for the session, in *enc.
func decodeText3(body []byte, limit int, enc *textEncoding) ([]packet, error) {
	if len(body) == 0 {
		return nil, errEmpty
	}
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	var packets []packet
	for len(body) > 0 {
		if len(packets) == limit {
			return nil, errManyPackets
		}
		raw, rest, err := cutText3(body)
		if err != nil {
			return nil, err
		}
		body = rest
		p, err := decodePacket3(raw, enc)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

// cutText3 cuts the first packet off a text payload.
func cutText3(body []byte) (raw, rest []byte, err error) {
	units, at := 0, 0
	for at < len(body) && body[at] >= '0' && body[at] <= '9' && at < maxLengthDigits {
		units = units*10 + int(body[at]-'0')
		at++
	}
	if at == 0 || at == len(body) || body[at] != ':' {
		return nil, nil, errLength
	}
	n, ok := utf16Prefix(body[at+1:], units)
	if !ok {
		return nil, nil, errLength
	}
	return body[at+1 : at+1+n], body[at+1+n:], nil
}

// utf16Prefix returns how many bytes of text hold exactly units UTF-16 units.
func utf16Prefix(text []byte, units int) (n int, ok bool) {
	for units > 0 && n < len(text) {
		if text[n] < utf8.RuneSelf {
			n++
			units--
			continue
		}
		r, size := utf8.DecodeRune(text[n:])
		n += size
		units--
		if r > 0xffff {
			units--
		}
	}
	return n, units == 0
}

// utf16Len returns how many UTF-16 units text has.
func utf16Len(text []byte) int {
	units := 0
	for _, b := range text {
		if b&0xc0 != 0x80 { // the first byte of a character
			units++
		}
		if b >= 0xf0 { // a character beyond U+FFFF takes two
			units++
		}
	}
	return units
}

func decodePacket3(raw []byte, enc *textEncoding) (packet, error) {
	if len(raw) == 0 {
		return packet{}, errEmpty
	}
	if raw[0] == 'b' {
		if len(raw) < 2 || !validKind(raw[1]) {
			return packet{}, errPacketType
		}
		data, err := decodeBase64(raw[2:])
		return packet{kind: raw[1], binary: true, data: data}, err
	}
	if !validKind(raw[0]) {
		return packet{}, errPacketType
	}
	data := raw[1:]
	if enc != nil {
		data = enc.decode(data)
	}
	return packet{kind: raw[0], data: data}, nil
}

// textEncoding is what a client's text payloads have shown so far.
type textEncoding int8

const (
	textUndecided textEncoding = iota // ASCII only
	textPlain                         // UTF-8, as a client from 2.0 on
	textTwice                         // UTF-8 of UTF-8, as clients 1.3 to 1.7
)

// decode returns the text a client meant.
func (e *textEncoding) decode(text []byte) []byte {
	if *e == textPlain || isASCII(text) {
		return text
	}
	once, ok := doublyEncoded(text)
	if ok {
		*e = textTwice
		return once
	}
	if *e == textUndecided {
		*e = textPlain
	}
	return text
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// doublyEncoded undoes one of two UTF-8 encodings, when text can be the result of two:
// all its characters are below U+0100, and as bytes they are UTF-8.
func doublyEncoded(text []byte) ([]byte, bool) {
	for _, b := range text {
		if b > 0xc3 { // the first byte of a character above U+00FF
			return nil, false
		}
	}
	once := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if b := text[i]; b < utf8.RuneSelf {
			once = append(once, b)
			continue
		}
		once = append(once, text[i]<<6|text[i+1]&0x3f)
		i++
	}
	return once, utf8.Valid(once)
}

// decodeBinary3 splits a binary payload of revision 3: per packet 0 (text) or 1 (bytes),
// the decimal digits of the byte length as one byte each, 255, the packet. A text packet
// opens with its type as a character, a byte packet with its type as a number.
func decodeBinary3(body []byte, limit int) ([]packet, error) {
	if len(body) == 0 {
		return nil, errEmpty
	}
	var packets []packet
	for len(body) > 0 {
		if len(packets) == limit {
			return nil, errManyPackets
		}
		binary := body[0]
		raw, rest, err := cutBinary3(body[1:])
		if err != nil || binary > 1 {
			return nil, errLength
		}
		body = rest
		p, err := decodeCut3(raw, binary == 1)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

func cutBinary3(body []byte) (raw, rest []byte, err error) {
	n, at := 0, 0
	for at < len(body) && body[at] <= 9 && at < maxLengthDigits {
		n = n*10 + int(body[at])
		at++
	}
	if at == 0 || at == len(body) || body[at] != 0xff || n > len(body)-at-1 {
		return nil, nil, errLength
	}
	return body[at+1 : at+1+n], body[at+1+n:], nil
}

func decodeCut3(raw []byte, binary bool) (packet, error) {
	if len(raw) == 0 {
		return packet{}, errEmpty
	}
	if !binary {
		if !utf8.Valid(raw) {
			return packet{}, errNotUTF8
		}
		return decodePacket3(raw, nil)
	}
	if !validKind(raw[0] + '0') {
		return packet{}, errPacketType
	}
	return packet{kind: raw[0] + '0', binary: true, data: raw[1:]}, nil
}

// encodeText3 is the text payload with bytes in base64, for clients that ask for it (b64=1).
func encodeText3(frames []*Frame) []byte {
	return encodeTexts3(frames, func(text []byte) []byte { return text })
}

// encodeASCII3 is the same for text that is JSON, written in ASCII: clients 1.3 to 1.7
// undo UTF-8 once more than later ones do, and nothing tells them apart before they speak.
func encodeASCII3(frames []*Frame) []byte { return encodeTexts3(frames, escapeJSON) }

// escapeJSON writes what is beyond ASCII as \u escapes, which mean the same in JSON.
func escapeJSON(text []byte) []byte {
	if isASCII(text) {
		return text
	}
	out := make([]byte, 0, 2*len(text))
	for _, r := range string(text) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func encodeTexts3(frames []*Frame, write func([]byte) []byte) []byte {
	var buf []byte
	for _, f := range frames {
		if !f.binary {
			text := write(f.packet())
			buf = strconv.AppendInt(buf, int64(utf16Len(text)), 10)
			buf = append(append(buf, ':'), text...)
			continue
		}
		n := base64.StdEncoding.EncodedLen(len(f.content())) + 2
		buf = strconv.AppendInt(buf, int64(n), 10)
		buf = append(buf, ':', 'b', packetMessage)
		buf = base64.StdEncoding.AppendEncode(buf, f.content())
	}
	return buf
}

// encodeBinary3 is the inverse of decodeBinary3.
func encodeBinary3(frames []*Frame) []byte {
	var buf []byte
	for _, f := range frames {
		if f.binary {
			buf = appendLength3(append(buf, 1), len(f.content())+1)
			buf = append(append(buf, packetMessage-'0'), f.content()...)
			continue
		}
		buf = appendLength3(append(buf, 0), len(f.packet()))
		buf = append(buf, f.packet()...)
	}
	return buf
}

// appendLength3 writes a length as one byte a digit, closed by 255.
func appendLength3(buf []byte, n int) []byte {
	at := len(buf)
	buf = strconv.AppendInt(buf, int64(n), 10)
	for i := at; i < len(buf); i++ {
		buf[i] -= '0'
	}
	return append(buf, 0xff)
}

// hasBinary reports whether a payload needs the binary framing.
func hasBinary(frames []*Frame) bool {
	for _, f := range frames {
		if f.binary {
			return true
		}
	}
	return false
}

// joinASCII is what a WebSocket of a client 1.0 gets: see encodeASCII3.
func joinASCII(frames []*Frame) []byte {
	var buf []byte
	for _, f := range frames {
		if !f.binary && !isASCII(f.packet()) {
			f = newText(f.packet()[0], escapeJSON(f.content()))
		}
		buf = append(buf, f.ws(3)...)
	}
	return buf
}
