package engineio

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fuzzLimit = 1000 // packets

// packets and frames in a form that compares.
func show(packets []packet) []string {
	var out []string
	for _, p := range packets {
		out = append(out, fmt.Sprintf("%c %v %q", p.kind, p.binary, p.data))
	}
	return out
}

// messages makes frames of the packets that are messages; ok is false if some are not.
func messages(packets []packet) (frames []*Frame, ok bool) {
	for _, p := range packets {
		if p.kind != packetMessage {
			return nil, false
		}
		if p.binary {
			frames = append(frames, BinaryFrame(p.data))
			continue
		}
		frames = append(frames, TextFrame(p.data))
	}
	return frames, true
}

// roundTrip fails unless messages that were decoded come back the same from an encoding.
func roundTrip(t *testing.T, in []byte, packets []packet, encode func([]*Frame) []byte, decode func([]byte) ([]packet, error)) {
	t.Helper()
	frames, ok := messages(packets)
	if !ok {
		return
	}
	again, err := decode(encode(frames))
	if err != nil {
		t.Fatalf("%q: encoded as %q: %v", in, encode(frames), err)
	}
	if diff := cmp.Diff(show(packets), show(again)); diff != "" {
		t.Fatalf("%q (-first +again):\n%s", in, diff)
	}
}

func FuzzPayload4(f *testing.F) {
	for _, seed := range []string{"4hello", "4a\x1e4b\x1ebAQIDBA==\x1e2", "bAQIDBA", "6", "\x1e", "4é€😀", "b====", "1\x1e1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := decodePayload4(body, fuzzLimit)
		for _, p := range packets {
			if p.binary || !bytes.Contains(p.data, []byte{separator}) {
				continue
			}
			t.Fatalf("a separator inside a packet of %q", body)
		}
		if err == nil {
			roundTrip(t, body, packets, encodePayload4, func(b []byte) ([]packet, error) { return decodePayload4(b, fuzzLimit) })
		}
	})
}

func FuzzText3(f *testing.F) {
	for _, seed := range []string{"6:4hello", "2:4a10:b4AQIDBA==1:2", "3:4😀", "5:4é€😀", "10:4Ã©â\u0082¬ð\u009f\u0098\u0080", "0:", "9:4a", ":4", "99999999999:4"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		plain := textPlain // what the encoder writes is encoded once
		packets, err := decodeText3(body, fuzzLimit, &plain)
		if err == nil {
			decode := func(b []byte) ([]packet, error) { return decodeText3(b, fuzzLimit, &plain) }
			roundTrip(t, body, packets, encodeText3, decode)
		}
		unknown := textUndecided
		if _, second := decodeText3(body, fuzzLimit, &unknown); (err == nil) != (second == nil) {
			t.Fatalf("%q: %v as a plain client, %v as an unknown one", body, err, second)
		}
	})
}

func FuzzBinary3(f *testing.F) {
	for _, seed := range []string{"\x00\x06\xff4hello", "\x01\x05\xff\x04\x01\x02\x03\x04", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04", "\x00\xff", "\x02\x01\xff4", "\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := decodeBinary3(body, fuzzLimit)
		if err == nil {
			roundTrip(t, body, packets, encodeBinary3, func(b []byte) ([]packet, error) { return decodeBinary3(b, fuzzLimit) })
		}
	})
}

func TestTextIsCountedInUTF16Units(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é€": 2, "😀": 2, "a😀é": 4} {
		if got := utf16Len([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
		if n, ok := utf16Prefix([]byte(text+"tail"), want); !ok || n != len(text) {
			t.Errorf("%q: prefix of %d bytes, %v", text, n, ok)
		}
	}
}

func TestHowAClientEncodesTextIsSettledByItsFirstWordBeyondASCII(t *testing.T) {
	twice := "Ã©" // é, encoded twice
	for name, tt := range map[string]struct{ in, want []string }{
		"a client up to 1.7":         {[]string{"a", twice, "a"}, []string{"a", "é", "a"}},
		"a client from 2.0 on":       {[]string{"a", "é", twice}, []string{"a", "é", twice}},
		"a later one with an emoji":  {[]string{"😀", twice}, []string{"😀", twice}},
		"an old one, then something": {[]string{twice, "é"}, []string{"é", "é"}},
	} {
		var enc textEncoding
		var got []string
		for _, text := range tt.in {
			got = append(got, string(enc.decode([]byte(text))))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTextForClientsThatUndoUTF8TwiceIsASCII(t *testing.T) {
	got := string(encodeASCII3([]*Frame{TextFrame([]byte(`2["é€😀"]`))}))
	if diff := cmp.Diff(`30:42["\u00e9\u20ac\ud83d\ude00"]`, got); diff != "" {
		t.Error(diff)
	}
}

// worstPayloads decode a megabyte each, in the shapes that cost others most; limit is
// how many packets a payload may have.
func worstPayloads(limit int) map[string]func() {
	const size = 1_000_000
	var (
		enc        textEncoding
		separators = bytes.Repeat([]byte{separator}, size)
		packets    = bytes.Repeat([]byte("4\x1e"), size/2)
		base64     = []byte("b" + strings.Repeat("=", size))
		lengths    = bytes.Repeat([]byte("1:4"), size/3)
		digits     = bytes.Repeat([]byte("1"), size)
		emoji      = []byte("500000:4" + strings.Repeat("😀", size/4))
		doubled    = []byte("500001:4" + strings.Repeat("Ã", size/2))
		binary     = bytes.Repeat([]byte{0, 1, 0xff, '4'}, size/4)
	)
	return map[string]func(){
		"separators": func() { _, _ = decodePayload4(separators, limit) },
		"packets":    func() { _, _ = decodePayload4(packets, limit) },
		"base64":     func() { _, _ = decodePayload4(base64, limit) },
		"lengths":    func() { _, _ = decodeText3(lengths, limit, &enc) },
		"digits":     func() { _, _ = decodeText3(digits, limit, &enc) },
		"emoji":      func() { _, _ = decodeText3(emoji, limit, &enc) },
		"doubled":    func() { _, _ = decodeText3(doubled, limit, &enc) },
		"binary":     func() { _, _ = decodeBinary3(binary, limit) },
	}
}

// CVE-2020-36048: a megabyte that held others up for seconds. It may cost 50 ms, which
// BenchmarkWorstPayload measures; the test is generous, because a quadratic parser takes
// minutes.
func TestTheWorstPayloadsAreCheap(t *testing.T) {
	for name, decode := range worstPayloads(noLimit) {
		done := make(chan struct{})
		go func() { defer close(done); decode() }()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatalf("%s: more than linear", name)
		}
	}
}

func BenchmarkWorstPayload(b *testing.B) {
	for name, decode := range worstPayloads(Options{}.withDefaults().MaxPackets) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				decode()
			}
		})
	}
}

func BenchmarkEncodePoll(b *testing.B) {
	frames := make([]*Frame, 16)
	for i := range frames {
		frames[i] = TextFrame([]byte(`2["server:created:job",{"id":12,"title":"Carpenter","city":"São Paulo"}]`))
	}
	for name, encode := range map[string]func([]*Frame) []byte{
		"4": encodePayload4, "3 text": encodeText3, "3 ascii": encodeASCII3, "3 binary": encodeBinary3,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				encode(frames)
			}
		})
	}
}

func BenchmarkDecodePayload4(b *testing.B) {
	body := bytes.Repeat([]byte("42[\"client:created:job\",{\"id\":12}]\x1e"), 16)
	body = body[:len(body)-1]
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := decodePayload4(body, fuzzLimit); err != nil {
			b.Fatal(err)
		}
	}
}
