package msgpack

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

var limits = Limits{Depth: 64, Attachments: 10}

// packet is a Packet in a form that tests can write down.
type packet struct {
	Type        int
	Namespace   string
	ID          string
	Data        string
	Attachments []string
}

func readable(p Packet) packet {
	r := packet{Type: p.Type, Namespace: p.Namespace, Data: string(p.Data)}
	if p.HasID {
		r.ID = fmt.Sprint(p.ID)
	}
	for _, a := range p.Attachments {
		r.Attachments = append(r.Attachments, hex.EncodeToString(a))
	}
	return r
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What socket.io-msgpack-parser 3.0.2 wrote for these packets.
const (
	npmConnect     = "83a47479706500a36e7370a12fa464617461d40000"
	npmConnectAuth = "83a47479706500a36e7370a52f63686174a46461746181a5746f6b656ea178"
	npmEvent       = "85a47479706502a46461746192b2636c69656e743a637265617465643a6a6f6286a2696401a57469746c65a9c3a9e282acf09f9880a16e9acb3ff8000000000000ffd0dfd1ff38d2fffeee90d3fffffffed5fa0e00cc80cd012cce00011170cf000000012a05f200a174c3a166c2a17ac0a76f7074696f6e7381a8636f6d7072657373c3a2696407a36e7370a12f"
	npmBinary      = "84a47479706502a46461746195a166c40301020381a161c702000405d4000082a175d40000a164d7000000015896dfd07ba76f7074696f6e7381a8636f6d7072657373c3a36e7370a12f"
	npmDisconnect  = "83a47479706501a36e7370a12fa76f7074696f6e7381a8636f6d7072657373c3"
	npmAck         = "84a47479706503a26964ce00010000a36e7370a12fa46461746192d92878787878787878787878787878787878787878787878787878787878787878787878787878787878dc00140000000000000000000000000000000000000000"
)

func TestDecodeReadsWhatTheOfficialParserWrites(t *testing.T) {
	tests := []struct {
		name, frame string
		want        packet
	}{
		{"connect", npmConnect, packet{Type: 0, Namespace: "/"}},
		{"connect with auth", npmConnectAuth, packet{Type: 0, Namespace: "/chat", Data: `{"token":"x"}`}},
		{"event", npmEvent, packet{Type: 2, Namespace: "/", ID: "7", Data: `["client:created:job",{"id":1,"title":"é€😀","n":[1.5,-1,-33,-200,-70000,-5000000000,128,300,70000,5000000000],"t":true,"f":false,"z":null}]`}},
		{"binary", npmBinary, packet{Type: 2, Namespace: "/", Data: `["f",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}},null,{"d":"2016-11-24T15:06:40.123Z"}]`, Attachments: []string{"010203", "0405"}}},
		{"disconnect", npmDisconnect, packet{Type: 1, Namespace: "/"}},
		{"ack", npmAck, packet{Type: 3, Namespace: "/", ID: "65536", Data: `["` + strings.Repeat("x", 40) + `",[0` + strings.Repeat(",0", 19) + `]]`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode(unhex(t, tt.frame), limits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, readable(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendWritesWhatTheOfficialParserReads(t *testing.T) {
	tests := []struct {
		name string
		p    Packet
		want string // as the official parser orders it but for data, which is last
	}{
		{"connect", Packet{Namespace: "/", Data: []byte(`{"sid":"x"}`)}, "83a47479706500a36e7370a12fa46461746181a3736964a178"},
		{"disconnect", Packet{Type: 1, Namespace: "/"}, "82a47479706501a36e7370a12f"},
		{"ack", Packet{Type: 3, Namespace: "/", ID: 65536, HasID: true, Data: []byte(`["` + strings.Repeat("x", 40) + `",[0` + strings.Repeat(", 0", 19) + `]]`)}, "84a47479706503a36e7370a12fa26964ce00010000" + npmAck[strings.Index(npmAck, "a464617461"):]},
		{"event", Packet{Type: 2, Namespace: "/", Data: []byte(` [ "client:created:job" , { "id" : 1 , "title" : "\u00e9€\ud83d\ude00", "n":[1.5,-1,-33,-200,-70000,-5000000000,128,300,70000,5000000000],"t":true,"f":false,"z":null } ] `)}, "83a47479706502a36e7370a12f" + between(npmEvent, "a464617461", "a76f7074696f6e73")},
		{"binary", Packet{Type: 2, Namespace: "/", Data: []byte(`["f",{"_placeholder":true,"num":1},{"a":{"num":0,"_placeholder":true},"b":[],"c":{}}]`), Attachments: [][]byte{{4, 5}, {1, 2, 3}}}, "83a47479706502a36e7370a12fa46461746193a166c40301020383a161c4020405a16290a16380"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.p.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, hex.EncodeToString(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	inner, _, _ := strings.Cut(rest, to)
	return from + inner
}

// event wraps the MessagePack of a value as the data of an event.
func event(value []byte) []byte {
	frame := append([]byte{0x83}, appendString(nil, "type")...)
	frame = appendString(append(frame, 2), "nsp")
	frame = appendString(appendString(frame, "/"), "data")
	return append(frame, value...)
}

func TestValuesKeepTheirMeaning(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"uint64", "cfffffffffffffffff", `18446744073709551615`},
		{"int64", "d38000000000000000", `-9223372036854775808`},
		{"int8", "d080", `-128`},
		{"int16", "d1ffff", `-1`},
		{"int32", "d280000000", `-2147483648`},
		{"negative fixint", "e0", `-32`},
		{"float32", "ca3fc00000", `1.5`},
		{"float64", "cb3fb999999999999a", `0.1`},
		{"large float", "cb444b1ae4d6e2ef50", `1e+21`},
		{"NaN", "cb7ff8000000000000", `null`},
		{"infinity", "caff800000", `null`},
		{"str8", "d90161", `"a"`},
		{"str16", "da0002c3a9", `"é"`},
		{"str32", "db0000000161", `"a"`},
		{"control characters", "a5 00 22 5c 0a 7f", "\"\\u0000\\\"\\\\\\u000a\x7f\""},
		{"not UTF-8", "a2 61 ff", `"a�"`},
		{"array16", "dc000101", `[1]`},
		{"array32", "dd0000000101", `[1]`},
		{"map16", "de0001a16101", `{"a":1}`},
		{"map32", "df00000001a161c0", `{"a":null}`},
		{"undefined first", "82a161d40000a16201", `{"b":1}`},
		{"date", "d7000000000000000000", `"1970-01-01T00:00:00.000Z"`},
		{"date before 1970", "d700ffffffffffffffff", `"1969-12-31T23:59:59.999Z"`},
		{"date far off", "d7007fffffffffffffff", `null`},
		{"timestamp 32", "d6ff00000001", `"1970-01-01T00:00:01.000Z"`},
		{"timestamp 64", "d7ff773594000000000a", `"1970-01-01T00:00:10.500Z"`},
		{"timestamp 96", "c70cff1dcd6500ffffffffffffffff", `"1969-12-31T23:59:59.500Z"`},
		{"__proto__", "81a95f5f70726f746f5f5f01", `{"__proto__":1}`},
		{"_placeholder without binary", "81ac5f706c616365686f6c646572c3", `{"_placeholder":true}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode(event(unhex(t, tt.value)), limits)
			if err != nil {
				t.Fatal(err)
			}
			if string(p.Data) != tt.want {
				t.Errorf("got %s, want %s", p.Data, tt.want)
			}
		})
	}
}

func TestNumbersOfJSONFindTheirForm(t *testing.T) {
	for text, want := range map[string]string{
		`0`: "00", `127`: "7f", `128`: "cc80", `255`: "ccff", `256`: "cd0100", `65536`: "ce00010000",
		`9007199254740993`: "cf0020000000000001", `18446744073709551615`: "cfffffffffffffffff",
		`18446744073709551616`: "cb43f0000000000000", `1e400`: "cb7ff0000000000000", `-1e400`: "cbfff0000000000000",
		`-0`: "cb8000000000000000", `1.0`: "cb3ff0000000000000", `-32`: "e0", `-33`: "d0df", `-32768`: "d18000",
		`-32769`: "d2ffff7fff", `-9223372036854775808`: "d38000000000000000", `1E2`: "cb4059000000000000",
	} {
		got, err := appendJSON(nil, []byte(text), nil)
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x, %v; want %s", text, got, err, want)
		}
	}
}

func TestHostileFramesAreRefused(t *testing.T) {
	data := func(value string) []byte { return event(unhex(t, value)) }
	raw := func(frame string) []byte { return unhex(t, frame) }
	many := append([]byte{0x9b}, bytes.Repeat([]byte{0xc4, 0}, 11)...)
	tests := []struct {
		name   string
		frame  []byte
		reason string
	}{
		{"nothing", nil, "the frame ends early"},
		{"no map", raw("90"), "a map is expected"},
		{"text frame", []byte("42[]"), "a map is expected"},
		{"empty map", raw("80"), "type or nsp is missing"},
		{"no nsp", raw("81a47479706502"), "type or nsp is missing"},
		{"type 5", raw("82a47479706505a36e7370a12f"), "unknown packet type"},
		{"negative type", raw("82a474797065ffa36e7370a12f"), "a whole number is expected"},
		{"type of nothing", raw("82a474797065c0a36e7370a12f"), "unknown packet type"},
		{"nsp a number", raw("82a47479706502a36e737001"), "a string is expected"},
		{"id a string", raw("83a47479706502a36e7370a12fa26964a131"), "a whole number is expected"},
		{"id a fraction", raw("83a47479706502a36e7370a12fa26964cb3ff8000000000000"), "a whole number is expected"},
		{"type twice", raw("83a47479706502a47479706502a36e7370a12f"), "the same key twice"},
		{"key a number", raw("8101"), "a string is expected"},
		{"more behind", append(raw("82a47479706501a36e7370a12f"), 0), "more bytes behind the packet"},
		{"array of 4 billion", data("ddffffffff"), "the frame ends early"},
		{"map of 4 billion", data("dfffffffff"), "the frame ends early"},
		{"string of 4 GiB", data("dbffffffff"), "the frame ends early"},
		{"binary of 4 GiB", data("c6ffffffff"), "the frame ends early"},
		{"extension of 4 GiB", data("c9ffffffff00"), "the frame ends early"},
		{"half a number", data("cf00"), "the frame ends early"},
		{"half a length", data("dc00"), "the frame ends early"},
		{"never used byte", data("c1"), "unknown kind of value"},
		{"unknown extension", data("d40500"), "unknown extension"},
		{"notepack extension of another size", data("d5000000"), "unknown extension"},
		{"malformed timestamp", data("c702ff0000"), "a malformed timestamp"},
		{"too deep", data(strings.Repeat("91", 65) + "00"), "nested too deep"},
		{"far too deep", event(bytes.Repeat([]byte{0x91}, 1<<20)), "nested too deep"},
		{"far too deep in options", append(raw("83a47479706502a36e7370a12fa76f7074696f6e73"), bytes.Repeat([]byte{0x91}, 1<<20)...), "nested too deep"},
		{"too many attachments", event(many), "too many attachments"},
		{"forged placeholder", data("9281ac5f706c616365686f6c646572c3c40101"), "the key \"_placeholder\" beside binary data"},
		{"map in a map key", data("818001"), "a string is expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.frame, limits)
			if e, ok := err.(*Error); !ok || e.Reason != tt.reason {
				t.Errorf("got %v, want %s", err, tt.reason)
			}
		})
	}
}

func TestDepthIsTheSameAsForText(t *testing.T) {
	for _, depth := range []int{63, 64, 65} {
		text := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		frame := event(append(bytes.Repeat([]byte{0x91}, depth-1), 0x90))
		_, packed := Decode(frame, limits)
		if plain := rawjson.Valid(text, limits.Depth); (packed == nil) != (plain == nil) {
			t.Errorf("depth %d: as MessagePack %v, as text %v", depth, packed, plain)
		}
	}
}

func TestAClaimedLengthCostsNothing(t *testing.T) {
	frame := event(unhex(t, "ddffffffff"))
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := Decode(frame, limits); err == nil {
			t.Fatal("decoded")
		}
	})
	if allocs > 4 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestWhatIsNotCheckedJSONIsAnErrorAndNoPanic(t *testing.T) {
	for _, text := range []string{`tru`, `[1,x]`, `-`, `"a`, `{"_placeholder":true,"num":5}`} {
		p := Packet{Type: 2, Namespace: "/", Data: []byte(text), Attachments: [][]byte{{1}}}
		if _, err := p.Append(nil); err == nil && text != `"a` {
			t.Errorf("%s was written", text)
		}
	}
}

// FuzzDecode looks for a frame that makes Decode panic or yield something else than
// checked JSON with fitting placeholders, or that changes when it goes out and comes
// back in.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{npmConnect, npmConnectAuth, npmEvent, npmBinary, npmDisconnect, npmAck, "82a47479706502a36e7370a12f", "ddffffffff"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, err := Decode(frame, limits)
		if err != nil || p.Data == nil {
			return
		}
		if err := rawjson.Valid(p.Data, limits.Depth); err != nil {
			t.Fatalf("%x: %s: %v", frame, p.Data, err)
		}
		if err := rawjson.Placeholders(p.Data, len(p.Attachments)); err != nil {
			t.Fatalf("%x: %s: %v", frame, p.Data, err)
		}
		again, err := p.Append(nil)
		if err != nil {
			t.Fatalf("%s: %v", p.Data, err)
		}
		q, err := Decode(again, limits)
		if err != nil {
			t.Fatalf("%s: %x: %v", p.Data, again, err)
		}
		if diff := cmp.Diff(normal(t, p), normal(t, q)); diff != "" {
			t.Fatalf("%x (-first +second):\n%s", frame, diff)
		}
	})
}

// normal undoes the one difference there may be: 1e2 comes back as 100.
func normal(t *testing.T, p Packet) packet {
	t.Helper()
	r := readable(p)
	var v any
	if err := json.Unmarshal(p.Data, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	r.Data = string(text)
	return r
}

// FuzzAppend holds the encoder against encoding/json.
func FuzzAppend(f *testing.F) {
	for _, seed := range []string{`["a",{"b":[1,-0.5e+7,true,false,null,"\u00e9\\\"é"]}]`, `[[],{},[{}],{"a":[]}]`, ` [ 1 , [ ] ] `, `"x"`, `1e400`, `"{[,"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want any
		if rawjson.Valid(text, limits.Depth) != nil || json.Unmarshal(text, &want) != nil {
			return
		}
		p := Packet{Type: 2, Namespace: "/", Data: text}
		frame, err := p.Append(nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		q, err := Decode(frame, limits)
		if err != nil {
			t.Fatalf("%s: %x: %v", text, frame, err)
		}
		var got any
		if err := json.Unmarshal(q.Data, &got); err != nil {
			t.Fatalf("%s: %v", q.Data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s → %x → %s", text, frame, q.Data)
		}
	})
}

// worst returns frames of about 1 MB whose shape costs most for their size.
func worst() map[string][]byte {
	const size = 1 << 20
	long := func(first byte, n int, rest []byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{first}, uint32(n)), rest...)
	}
	floats := bytes.Repeat(binary.BigEndian.AppendUint64([]byte{float64B}, math.Float64bits(-1.2345678901234567e-300)), size/9)
	keys := bytes.Repeat([]byte{0xa1, 'a', nilByte}, size/3)
	return map[string][]byte{
		"floats":   event(long(array16+1, size/9, floats)),
		"controls": event(long(str8+2, size, make([]byte, size))),
		"keys":     event(long(map16+1, size/3, keys)),
		"lists":    event(long(array16+1, size, bytes.Repeat([]byte{fixArray}, size))),
	}
}

func TestAMegabyteOfTheWorstShapeStaysLinear(t *testing.T) {
	const most = 7 // bytes of JSON for a byte of MessagePack: \u0000 and a comma
	for name, frame := range worst() {
		p, err := Decode(frame, limits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(p.Data) > most*len(frame) {
			t.Errorf("%s: %d bytes became %d", name, len(frame), len(p.Data))
		}
		if _, err := p.Append(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	bench := worst()
	bench["event"] = unhex(b, npmEvent)
	for name, frame := range bench {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, err := Decode(frame, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	p, err := Decode(unhex(b, npmEvent), limits)
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = p.Append(dst[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
