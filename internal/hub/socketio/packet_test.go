package socketio

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// text and data make messages.
func text(s string) engineio.Message { return engineio.Message{Data: []byte(s)} }
func data(s string) engineio.Message { return engineio.Message{Binary: true, Data: []byte(s)} }

// decodeAll feeds messages to a new connection and returns the packets that come out.
func decodeAll(messages ...engineio.Message) ([]Packet, error) {
	opts := Options{}.withDefaults()
	c := &Conn{opts: &opts, revision: 5}
	var got []Packet
	for _, m := range messages {
		p, err := c.decode(m)
		if err != nil {
			return got, err
		}
		if p != nil {
			got = append(got, *p)
		}
	}
	return got, nil
}

func call(name, args string, count int) rawjson.Call {
	return rawjson.Call{Name: []byte(name), Args: []byte(args), Count: count}
}

func TestPacketsAreReadAsTheProtocolWritesThem(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []engineio.Message
		want Packet
	}{
		"connect":                 {[]engineio.Message{text(`0`)}, Packet{Type: Connect, Namespace: "/"}},
		"connect with auth":       {[]engineio.Message{text(`0/admin,{"token":"x"}`)}, Packet{Type: Connect, Namespace: "/admin", Data: []byte(`{"token":"x"}`)}},
		"connect without a comma": {[]engineio.Message{text(`0/admin`)}, Packet{Type: Connect, Namespace: "/admin"}},
		"disconnect":              {[]engineio.Message{text(`1/admin,`)}, Packet{Type: Disconnect, Namespace: "/admin"}},
		"event": {[]engineio.Message{text(`2["a",1,"b"]`)}, Packet{
			Type: Event, Namespace: "/", Data: []byte(`["a",1,"b"]`), Call: call(`"a"`, `1,"b"`, 2),
		}},
		"event with an id": {[]engineio.Message{text(`2/n,12["a"]`)}, Packet{
			Type: Event, Namespace: "/n", ID: 12, HasID: true, Data: []byte(`["a"]`), Call: call(`"a"`, ``, 0),
		}},
		"event named by a number": {[]engineio.Message{text(`2[1]`)}, Packet{
			Type: Event, Namespace: "/", Data: []byte(`[1]`), Call: call(`1`, ``, 0),
		}},
		"an event that is called error": {[]engineio.Message{text(`2["error"]`)}, Packet{
			Type: Event, Namespace: "/", Data: []byte(`["error"]`), Call: call(`"error"`, ``, 0),
		}},
		"ack": {[]engineio.Message{text(`37[1]`)}, Packet{
			Type: Ack, Namespace: "/", ID: 7, HasID: true, Data: []byte(`[1]`), Call: call(`1`, ``, 0),
		}},
		"a placeholder in a text packet is data": {[]engineio.Message{text(`2["a",{"_placeholder":true,"num":"x"}]`)}, Packet{
			Type: Event, Namespace: "/", Data: []byte(`["a",{"_placeholder":true,"num":"x"}]`),
			Call: call(`"a"`, `{"_placeholder":true,"num":"x"}`, 1),
		}},
		"binary event": {[]engineio.Message{text(`52-/n,3["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`), data("x"), data("yz")}, Packet{
			Type: Event, Namespace: "/n", ID: 3, HasID: true,
			Data:        []byte(`["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`),
			Call:        call(`"a"`, `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`, 2),
			Attachments: [][]byte{[]byte("x"), []byte("yz")},
		}},
		"binary event without attachments": {[]engineio.Message{text(`50-["a"]`)}, Packet{
			Type: Event, Namespace: "/", Data: []byte(`["a"]`), Call: call(`"a"`, ``, 0), Attachments: [][]byte{},
		}},
		"binary ack": {[]engineio.Message{text(`61-5[{"_placeholder":true,"num":0}]`), data("")}, Packet{
			Type: Ack, Namespace: "/", ID: 5, HasID: true, Data: []byte(`[{"_placeholder":true,"num":0}]`),
			Call: call(`{"_placeholder":true,"num":0}`, ``, 0), Attachments: [][]byte{{}},
		}},
	} {
		got, err := decodeAll(tt.in...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range got { // nil and empty are the same to a reader of Data
			if len(got[i].Data) == 0 {
				got[i].Data = nil
			}
			for j, a := range got[i].Attachments {
				if a == nil {
					got[i].Attachments[j] = []byte{}
				}
			}
		}
		if diff := cmp.Diff([]Packet{tt.want}, got, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestABreachOfTheProtocolIsAnError(t *testing.T) {
	hole := `{"_placeholder":true,"num":0}`
	for name, in := range map[string][]engineio.Message{
		"nothing":                           {text(``)},
		"a letter":                          {text(`abc`)},
		"an unknown type":                   {text(`7`)},
		"a connect error of a client":       {text(`4{"message":"x"}`)},
		"an event that is an object":        {text(`2{}`)},
		"an event without a payload":        {text(`2`)},
		"an event without a name":           {text(`2[]`)},
		"an id and garbage":                 {text(`2abc["a"]`)},
		"garbage behind the array":          {text(`2["a"]x`)},
		"a name that is an object":          {text(`2[{"toString":"x"}]`)},
		"a name that is null":               {text(`2[null]`)},
		"a name that is true":               {text(`2[true]`)},
		"a reserved name":                   {text(`2["connect"]`)},
		"a reserved name in escapes":        {text(`2["\u0063onnect"]`)},
		"newListener":                       {text(`2["newListener"]`)},
		"a long name":                       {text(`2["` + strings.Repeat("x", 300) + `"]`)},
		"a long namespace":                  {text(`0/` + strings.Repeat("x", 300) + `,`)},
		"a long id":                         {text(`2` + strings.Repeat("1", 30) + `["a"]`)},
		"an ack without an id":              {text(`3[]`)},
		"an ack that is an object":          {text(`31{}`)},
		"a disconnect with a payload":       {text(`1{}`)},
		"a connect payload that is a list":  {text(`0[]`)},
		"a connect payload that is broken":  {text(`0{"a":}`)},
		"JSON that is too deep":             {text(`2["a",` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `]`)},
		"broken JSON":                       {text(`2["a",]`)},
		"text that is not UTF-8 in JSON":    {text("2[\"a\",\"\xff\"]")},
		"too many attachments":              {text(`511-["a"]`)},
		"attachments without end":           {text(`599999999999999999999-["a"]`)},
		"a count in exponents":              {text(`51e1-["a"]`)},
		"a count with a space":              {text(`5 1-["a"]`)},
		"no count":                          {text(`5-["a"]`)},
		"a binary packet without a dash":    {text(`51["a",` + hole + `]`)},
		"a placeholder of nothing":          {text(`50-["a",` + hole + `]`)},
		"a placeholder beyond the last":     {text(`51-["a",{"_placeholder":true,"num":1}]`)},
		"a placeholder with a string":       {text(`51-["a",{"_placeholder":true,"num":"splice"}]`)},
		"a placeholder below zero":          {text(`51-["a",{"_placeholder":true,"num":-1}]`)},
		"attachments that nothing names":    {text(`51-["a"]`)},
		"bytes without a packet":            {text(`2["a"]`), data("x")},
		"text in place of an attachment":    {text(`51-["a",` + hole + `]`), text(`2["a"]`)},
		"more bytes than announced":         {text(`51-["a",` + hole + `]`), data("x"), data("y")},
		"attachments over the limit":        {text(`52-["a",` + hole + `,{"_placeholder":true,"num":1}]`), data(strings.Repeat("x", 6_000_000)), data(strings.Repeat("x", 6_000_000))},
		"a msgpack packet that is cut":      {data("\x83\xa4type\x02")},
		"text of a client that is msgpack":  {data("\x82\xa4type\x00\xa3nsp\xa1/"), text(`2["a"]`)},
		"a msgpack packet with no type":     {data("\x81\xa3nsp\xa1/")},
		"a msgpack namespace without slash": {data("\x82\xa4type\x00\xa3nsp\xa1x")},
	} {
		if got, err := decodeAll(in...); err == nil {
			t.Errorf("%s: accepted as %+v", name, got)
		}
	}
}

func TestAClientShowsByItsFirstPacketThatItSpeaksMsgpack(t *testing.T) {
	// {type:2, nsp:"/", data:["a", bin 01 02], id:3}
	packet := "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a\xc4\x02\x01\x02\xa2id\x03"
	got, err := decodeAll(data("\x82\xa4type\x00\xa3nsp\xa1/"), data(packet))
	if err != nil {
		t.Fatal(err)
	}
	p := got[1]
	if p.Type != Event || !p.HasID || p.ID != 3 || string(p.Call.Name) != `"a"` || !bytes.Equal(p.Attachments[0], []byte{1, 2}) {
		t.Errorf("got %+v", p)
	}
}

func TestAnOutgoingPacketIsEncodedForEachParser(t *testing.T) {
	o := NewEvent("/n", []byte(`["a",{"_placeholder":true,"num":0}]`), [][]byte{{1, 2}}, false)
	packed := o.Batch(Msgpack)
	if packed != o.Batch(Msgpack) {
		t.Error("encoded twice")
	}
	back, err := decodeAll(data("\x82\xa4type\x00\xa3nsp\xa1/"), data(string(packed.Frames()[0].Content())))
	if err != nil {
		t.Fatal(err)
	}
	if p := back[1]; p.Namespace != "/n" || string(p.Data) != `["a",{"_placeholder":true,"num":0}]` || !bytes.Equal(p.Attachments[0], []byte{1, 2}) {
		t.Errorf("got %+v", p)
	}
	var frames []string
	for _, f := range o.Batch(JSON).Frames() {
		frames = append(frames, string(f.Content()))
	}
	if diff := cmp.Diff([]string{`51-/n,["a",{"_placeholder":true,"num":0}]`, "\x01\x02"}, frames); diff != "" {
		t.Error(diff)
	}
}

// FuzzDecode feeds anything to the packet parser: what it accepts must be JSON that
// can be sent on, and come back the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`0`, `0/admin,{"token":"x"}`, `1`, `2["a",1]`, `2/n,12["a",{"b":[1.0,null]}]`, `37[1]`,
		`51-["a",{"_placeholder":true,"num":0}]`, `61-5[{"_placeholder":true,"num":0}]`, `2[1]`,
		`4{}`, `2["connect"]`, `599999-["a"]`, `51e1-["a"]`, `2["\u0063onnect"]`, `2["é€😀"]`,
	} {
		f.Add(seed, false)
	}
	f.Add("\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1a\xc4\x02\x01\x02\xa2id\x03", true)
	f.Fuzz(func(t *testing.T, in string, binary bool) {
		messages := []engineio.Message{{Data: []byte(in), Binary: binary}}
		for range 10 {
			messages = append(messages, data("x"))
		}
		got, _ := decodeAll(messages...)
		for _, p := range got {
			if p.Type != Event {
				continue
			}
			if err := rawjson.Valid(p.Data, 200); err != nil {
				t.Fatalf("%q was accepted as %q: %v", in, p.Data, err)
			}
			again := NewEvent(p.Namespace, p.Data, p.Attachments, false)
			var frames []engineio.Message
			for _, fr := range again.Batch(JSON).Frames() {
				frames = append(frames, engineio.Message{Binary: len(frames) > 0, Data: fr.Content()})
			}
			back, err := decodeAll(frames...)
			if err != nil || len(back) != 1 || !bytes.Equal(back[0].Data, p.Data) {
				t.Fatalf("%q went out as %v and came back as %+v, %v", in, frames, back, err)
			}
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	opts := Options{}.withDefaults()
	c := &Conn{opts: &opts, revision: 5}
	m := text(`2["client:created:job",{"id":12,"title":"Carpenter","city":"São Paulo","tags":["wood","house"]}]`)
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Data)))
	for b.Loop() {
		if _, err := c.decode(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeEvent(b *testing.B) {
	payload := []byte(`["server:created:job",{"id":12,"title":"Carpenter","city":"São Paulo","tags":["wood","house"]}]`)
	b.ReportAllocs()
	for b.Loop() {
		NewEvent("/", payload, nil, false).Batch(JSON)
	}
}
