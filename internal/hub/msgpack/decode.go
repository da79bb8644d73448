package msgpack

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// The first bytes of values; the MessagePack specification, section "Overview".
const (
	fixMap   = 0x80
	fixArray = 0x90
	fixStr   = 0xa0
	nilByte  = 0xc0
	falseB   = 0xc2
	trueB    = 0xc3
	bin8     = 0xc4
	ext8     = 0xc7
	float32B = 0xca
	float64B = 0xcb
	uint8B   = 0xcc
	uint16B  = 0xcd
	uint32B  = 0xce
	uint64B  = 0xcf
	int8B    = 0xd0
	int64B   = 0xd3
	fixExt1  = 0xd4
	fixExt16 = 0xd8
	str8     = 0xd9
	array16  = 0xdc
	map16    = 0xde
	fixNeg   = 0xe0
)

// decoder reads one frame and writes JSON.
type decoder struct {
	in          []byte
	at          int
	out         []byte
	attachments [][]byte
	limits      Limits
	forged      bool // an object has the key that marks attachments
}

func (d *decoder) fail(reason string) error {
	return &Error{Offset: d.at, Reason: reason}
}

// take returns the next n bytes.
func (d *decoder) take(n uint64) ([]byte, error) {
	if n > uint64(len(d.in)-d.at) {
		return nil, d.fail("the frame ends early")
	}
	b := d.in[d.at : d.at+int(n) : d.at+int(n)]
	d.at += int(n)
	return b, nil
}

// uint reads a big-endian number of 1, 2, 4 or 8 bytes.
func (d *decoder) uint(size uint64) (uint64, error) {
	b, err := d.take(size)
	if err != nil {
		return 0, err
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, nil
}

func (d *decoder) peek() (byte, error) {
	if d.at >= len(d.in) {
		return 0, d.fail("the frame ends early")
	}
	return d.in[d.at], nil
}

// header reads the first byte of a value and, for strings, binaries, extensions and
// containers, its length.
func (d *decoder) header() (first byte, length uint64, err error) {
	if first, err = d.peek(); err != nil {
		return 0, 0, err
	}
	d.at++
	switch {
	case first < fixMap, first >= fixNeg:
	case first < fixArray:
		return fixMap, uint64(first & 0x0f), nil
	case first < fixStr:
		return fixArray, uint64(first & 0x0f), nil
	case first < nilByte:
		return fixStr, uint64(first & 0x1f), nil
	case first >= bin8 && first < ext8:
		length, err = d.uint(1 << (first - bin8))
		return bin8, length, err
	case first >= ext8 && first < float32B:
		length, err = d.uint(1 << (first - ext8))
		return ext8, length, err
	case first >= fixExt1 && first <= fixExt16:
		return fixExt1, 1 << (first - fixExt1), nil
	case first >= str8 && first < array16:
		length, err = d.uint(1 << (first - str8))
		return fixStr, length, err
	case first >= array16 && first < map16:
		length, err = d.uint(2 << (first - array16))
		return fixArray, length, err
	case first >= map16:
		length, err = d.uint(2 << (first - map16))
		return fixMap, length, err
	}
	return first, 0, nil
}

func (d *decoder) mapHeader() (uint64, error) {
	first, n, err := d.header()
	if err == nil && first != fixMap {
		err = d.fail("a map is expected")
	}
	return n, err
}

// key reads a string.
func (d *decoder) key() ([]byte, error) {
	first, n, err := d.header()
	if err == nil && first != fixStr {
		err = d.fail("a string is expected")
	}
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

// whole reads a number from 0 on; false for nil and undefined.
func (d *decoder) whole() (uint64, bool, error) {
	if d.isUndefined() {
		return 0, false, d.skip(1)
	}
	first, _, err := d.header()
	switch {
	case err != nil:
		return 0, false, err
	case first == nilByte:
		return 0, false, nil
	case first < fixMap:
		return uint64(first), true, nil
	case first >= uint8B && first <= uint64B:
		n, err := d.uint(1 << (first - uint8B))
		return n, true, err
	}
	return 0, false, d.fail("a whole number is expected")
}

// isUndefined looks for how notepack writes undefined: an extension of one byte, of
// type 0.
func (d *decoder) isUndefined() bool {
	rest := d.in[d.at:]
	return len(rest) >= 3 && rest[0] == fixExt1 && rest[1] == 0
}

// value writes the next value, which stands inside depth containers, as JSON.
func (d *decoder) value(depth int) error {
	first, n, err := d.header()
	if err != nil {
		return err
	}
	switch first {
	case fixMap, fixArray:
		if depth >= d.limits.Depth {
			return d.fail("nested too deep")
		}
		if first == fixMap {
			return d.object(n, depth+1)
		}
		return d.array(n, depth+1)
	case fixStr:
		text, err := d.take(n)
		d.out = rawjson.AppendString(d.out, text)
		return err
	case bin8:
		bytes, err := d.take(n)
		if err != nil {
			return err
		}
		return d.attach(bytes)
	case ext8, fixExt1:
		return d.extension(first, n)
	case nilByte:
		d.out = append(d.out, "null"...)
	case falseB:
		d.out = append(d.out, "false"...)
	case trueB:
		d.out = append(d.out, "true"...)
	default:
		return d.number(first)
	}
	return nil
}

func (d *decoder) array(n uint64, depth int) error {
	d.out = append(d.out, '[')
	for i := range n {
		if i > 0 {
			d.out = append(d.out, ',')
		}
		if err := d.value(depth); err != nil {
			return err
		}
	}
	d.out = append(d.out, ']')
	return nil
}

func (d *decoder) object(n uint64, depth int) error {
	d.out = append(d.out, '{')
	start := len(d.out)
	for range n {
		key, err := d.key()
		if err != nil {
			return err
		}
		if d.isUndefined() {
			d.at += 3
			continue
		}
		if len(d.out) > start {
			d.out = append(d.out, ',')
		}
		d.forged = d.forged || string(key) == "_placeholder"
		d.out = append(rawjson.AppendString(d.out, key), ':')
		if err := d.value(depth); err != nil {
			return err
		}
	}
	d.out = append(d.out, '}')
	return nil
}

// attach writes a placeholder.
func (d *decoder) attach(bytes []byte) error {
	if len(d.attachments) >= d.limits.Attachments {
		return d.fail("too many attachments")
	}
	d.out = fmt.Appendf(d.out, `{"_placeholder":true,"num":%d}`, len(d.attachments))
	d.attachments = append(d.attachments, bytes)
	return nil
}

func (d *decoder) number(first byte) error {
	switch {
	case first < fixMap || first >= fixNeg:
		d.out = strconv.AppendInt(d.out, int64(int8(first)), 10)
	case first == float32B:
		n, err := d.uint(4)
		d.float(float64(math.Float32frombits(uint32(n))))
		return err
	case first == float64B:
		n, err := d.uint(8)
		d.float(math.Float64frombits(n))
		return err
	case first >= uint8B && first <= uint64B:
		n, err := d.uint(1 << (first - uint8B))
		d.out = strconv.AppendUint(d.out, n, 10)
		return err
	case first >= int8B && first <= int64B:
		size := uint64(1) << (first - int8B)
		n, err := d.uint(size)
		unused := 64 - 8*size // shifted out and back in, for the sign
		d.out = strconv.AppendInt(d.out, int64(n<<unused)>>unused, 10)
		return err
	default:
		return d.fail("unknown kind of value")
	}
	return nil
}

// float writes a number as JavaScript would; NaN and the infinities are null there.
func (d *decoder) float(f float64) {
	const fixedFrom, fixedBelow = 1e-6, 1e21 // ECMAScript, Number::toString
	switch abs := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		d.out = append(d.out, "null"...)
	case f == 0 || abs >= fixedFrom && abs < fixedBelow:
		d.out = strconv.AppendFloat(d.out, f, 'f', -1, 64)
	default:
		d.out = strconv.AppendFloat(d.out, f, 'e', -1, 64)
	}
}

// The extensions that occur: type 0 is notepack's own, -1 the standard's timestamp.
const (
	extNotepack  = 0
	extTimestamp = -1
)

// extension reads an extension whose length is known. notepack writes an ArrayBuffer
// with a length byte, and undefined and dates with a fixed length.
func (d *decoder) extension(first byte, n uint64) error {
	kind, err := d.take(1)
	if err != nil {
		return err
	}
	body, err := d.take(n)
	if err != nil {
		return err
	}
	fixed := first == fixExt1
	switch {
	case int8(kind[0]) == extTimestamp:
		return d.timestamp(body)
	case kind[0] != extNotepack:
		return d.fail("unknown extension")
	case !fixed:
		return d.attach(body)
	case n == 1:
		d.out = append(d.out, "null"...)
		return nil
	case n == 8:
		d.date(time.UnixMilli(int64(binary.BigEndian.Uint64(body))))
		return nil
	}
	return d.fail("unknown extension")
}

// timestamp reads the three forms of the specification, section "Timestamp extension
// type".
func (d *decoder) timestamp(body []byte) error {
	switch len(body) {
	case 4:
		d.date(time.Unix(int64(binary.BigEndian.Uint32(body)), 0))
	case 8:
		n := binary.BigEndian.Uint64(body)
		d.date(time.Unix(int64(n&(1<<34-1)), int64(n>>34)))
	case 12:
		seconds := int64(binary.BigEndian.Uint64(body[4:]))
		d.date(time.Unix(seconds, int64(binary.BigEndian.Uint32(body))))
	default:
		return d.fail("a malformed timestamp")
	}
	return nil
}

// date writes what JSON.stringify makes of a Date; null outside the years that need
// no sign.
func (d *decoder) date(t time.Time) {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		d.out = append(d.out, "null"...)
		return
	}
	d.out = t.AppendFormat(d.out, `"2006-01-02T15:04:05.000Z"`)
}

// skip passes over the next value, at most depth containers deep.
func (d *decoder) skip(depth int) error {
	first, n, err := d.header()
	if err != nil {
		return err
	}
	switch first {
	case fixMap, fixArray:
		if depth == 0 {
			return d.fail("nested too deep")
		}
		if first == fixMap {
			n *= 2 // a length has 32 bits
		}
		for range n {
			if err := d.skip(depth - 1); err != nil {
				return err
			}
		}
		return nil
	case fixStr, bin8:
		_, err = d.take(n)
	case ext8, fixExt1:
		_, err = d.take(1 + n)
	case float32B:
		_, err = d.take(4)
	case float64B:
		_, err = d.take(8)
	default:
		err = d.skipNumber(first)
	}
	return err
}

func (d *decoder) skipNumber(first byte) error {
	var err error
	switch {
	case first >= uint8B && first <= uint64B:
		_, err = d.take(1 << (first - uint8B))
	case first >= int8B && first <= int64B:
		_, err = d.take(1 << (first - int8B))
	}
	return err
}
