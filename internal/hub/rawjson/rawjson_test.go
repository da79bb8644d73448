package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const depth = 100

func TestEventCutsTheNameFromTheArguments(t *testing.T) {
	type cut struct {
		Name, Args string
		Count      int
	}
	tests := []struct {
		text string
		want cut
	}{
		{`["a"]`, cut{`"a"`, ``, 0}},
		{`["a",1]`, cut{`"a"`, `1`, 1}},
		{` [ "a" , {"x" : [1,2]} , null ] `, cut{`"a"`, `{"x" : [1,2]} , null`, 2}},
		{`["client:created:job",{"id":12345678901234567890,"z":1e400,"a":"é€😀"}]`, cut{`"client:created:job"`, `{"id":12345678901234567890,"z":1e400,"a":"é€😀"}`, 1}},
		{`[7,"x"]`, cut{`7`, `"x"`, 1}},
		{`["a",[[]],"],["]`, cut{`"a"`, `[[]],"],["`, 2}},
		{`[]`, cut{}},
		{"[\n]", cut{}},
	}
	for _, tt := range tests {
		call, err := Event([]byte(tt.text), depth)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, cut{string(call.Name), string(call.Args), call.Count}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestWhatIsNoArrayOfValuesIsRefusedWithItsPlace(t *testing.T) {
	tests := []struct {
		text, want string
	}{
		{``, `offset 0: '[' expected`},
		{`{}`, `offset 0: '[' expected`},
		{`[`, `offset 1: ']' expected`},
		{`["a"`, `offset 4: ']' expected`},
		{`["a",]`, `offset 5: value expected`},
		{`["a"]]`, `offset 4: ',' expected`},
		{`[1],[2]`, `offset 2: ',' expected`},
		{`["a" 1]`, `offset 5: ',' expected`},
		{`[,]`, `offset 1: value expected`},
		{`["a",tru]`, `offset 5: unknown word`},
		{`["a",01]`, `offset 6: ',' expected`},
		{`["a",1.]`, `offset 7: digit expected`},
		{`["a",1e]`, `offset 7: digit expected`},
		{`["a",-]`, `offset 5: value expected`},
		{`["a","\x"]`, `offset 6: unknown escape`},
		{`["a","\u12"]`, `offset 6: unknown escape`},
		{"[\"a\",\"\x01\"]", `offset 6: control character in a string`},
		{"[\"a\",\"\xff\"]", `offset 6: not UTF-8`},
		{`["a]`, `offset 1: string not closed`},
		{`["a",{"b"}]`, `offset 9: ':' expected`},
		{`["a",{b:1}]`, `offset 6: key expected`},
		{`["a",{"b":1,}]`, `offset 12: key expected`},
		{`["a",{"b":1]]`, `offset 11: ',' or closing bracket expected`},
		{`["a",[1,2]`, `offset 9: not closed`},
	}
	for _, tt := range tests {
		_, err := Event([]byte(tt.text), depth)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != tt.want {
			t.Errorf("Event(%s): got %v, want %s", tt.text, err, tt.want)
		}
		if _, err := Split([]byte(tt.text), depth); err == nil || err.Error() != tt.want {
			t.Errorf("Split(%s): got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestSplitReturnsTheElementsAsTheyStand(t *testing.T) {
	got, err := Split([]byte(` [ 1.50 , "a,b" ,{ "x":[] }, [ ] ,null]`), depth)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`1.50`, `"a,b"`, `{ "x":[] }`, `[ ]`, `null`}
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cap(got[0]) != len(got[0]) {
		t.Error("appending to an element would write into the next one")
	}
}

func TestAppendFirstLeavesTheRestUnread(t *testing.T) {
	for n, want := range [][]string{{}, {`1`}, {`1`, `[2]`}} {
		got, err := AppendFirst(nil, []byte(`1,[2],oops`), n, depth)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("first %d (-want +got):\n%s", n, diff)
		}
	}
	if _, err := AppendFirst(nil, []byte(`1,[2],oops`), 3, depth); err == nil {
		t.Error("the third element was taken")
	}
}

func texts(elements [][]byte) []string {
	out := make([]string, len(elements))
	for i, e := range elements {
		out[i] = string(e)
	}
	return out
}

func TestDepthCountsTheOutermostContainer(t *testing.T) {
	tests := []struct {
		text  string
		limit int
		ok    bool
	}{
		{`[]`, 1, true},
		{`[1]`, 1, true},
		{`[[]]`, 1, false},
		{`[[]]`, 2, true},
		{`[{"a":[]}]`, 2, false},
		{`[{"a":[]}]`, 3, true},
	}
	for _, tt := range tests {
		_, event := Event([]byte(tt.text), tt.limit)
		_, split := Split([]byte(tt.text), tt.limit)
		valid := Valid([]byte(tt.text), tt.limit)
		if (event == nil) != tt.ok || (split == nil) != tt.ok || (valid == nil) != tt.ok {
			t.Errorf("%s in %d: Event %v, Split %v, Valid %v; want ok %v", tt.text, tt.limit, event, split, valid, tt.ok)
		}
	}
}

func TestAHostileDepthEndsAtTheLimit(t *testing.T) {
	for _, open := range []string{"[", `{"a":`, `[{"a":[`} {
		text := []byte(strings.Repeat(open, 1<<18))
		err := Valid(text, depth)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Reason != "nested too deep" || syntax.Offset > 6*depth {
			t.Errorf("%q repeated: got %v", open, err)
		}
	}
}

func TestPlaceholdersMustBeExactlyWhatReceiversExpect(t *testing.T) {
	tests := []struct {
		name, list string
		n          int
		want       string // "" = fine
	}{
		{"one", `{"_placeholder":true,"num":0}`, 1, ""},
		{"other order, spaces", `{ "num" : 1 , "_placeholder" : true }`, 2, ""},
		{"deep", `[{"a":{"_placeholder":true,"num":0}}],7`, 1, ""},
		{"twice the same", `{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}`, 1, ""},
		{"no attachments: plain data", `{"_placeholder":true,"num":"x"}`, 0, ""},
		{"as a value", `"_placeholder",{"a":"_placeholder"}`, 1, ""},
		{"a longer key", `{"_placeholders":true,"num":9}`, 1, ""},
		{"quotes in a string", `"{\"_placeholder\":true,\"num\":9}"`, 1, ""},
		{"out of range", `{"_placeholder":true,"num":1}`, 1, "offset 0: placeholder of an attachment that is not there"},
		{"far out of range", `{"_placeholder":true,"num":99999999999999999999}`, 1, "offset 1: malformed placeholder"},
		{"negative", `{"_placeholder":true,"num":-1}`, 1, "offset 1: malformed placeholder"},
		{"fraction", `{"_placeholder":true,"num":0.5}`, 1, "offset 1: malformed placeholder"},
		{"exponent", `{"_placeholder":true,"num":0e0}`, 1, "offset 1: malformed placeholder"},
		{"text", `{"_placeholder":true,"num":"0"}`, 1, "offset 1: malformed placeholder"},
		{"inherited name", `{"_placeholder":true,"num":"splice"}`, 1, "offset 1: malformed placeholder"},
		{"no number", `{"_placeholder":true}`, 1, "offset 1: malformed placeholder"},
		{"truthy", `{"_placeholder":1,"num":0}`, 1, "offset 1: malformed placeholder"},
		{"third member", `{"_placeholder":true,"num":0,"num":5}`, 1, "offset 1: malformed placeholder"},
		{"same member twice", `{"_placeholder":true,"_placeholder":true}`, 1, "offset 1: malformed placeholder"},
		{"behind another member", `{"a":[1],"_placeholder":true,"num":0}`, 1, "offset 9: malformed placeholder"},
		{"escaped key", `{"\u005fplaceholder":true,"num":0}`, 1, "offset 1: malformed placeholder"},
		{"escapes of other letters", `{"\n\b\f\r\t\/\"\\":1,"\u00e9_placeholder":1,"_placeholde\u0073":1,"\u005fplaceholderé":1,"\u005fplace":1}`, 1, ""},
		{"wholly escaped key", `{"num":0,"\u005f\u0070\u006c\u0061\u0063\u0065\u0068\u006f\u006c\u0064\u0065\u0072":true}`, 1, "offset 9: malformed placeholder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Valid([]byte("["+tt.list+"]"), depth); err != nil {
				t.Fatalf("the case itself: %v", err)
			}
			got := ""
			if err := Placeholders([]byte(tt.list), tt.n); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAppendHolesReturnsThemInOrderOfAppearance(t *testing.T) {
	list := `"x",{"num":2,"_placeholder":true},[{"_placeholder":true,"num":0}]`
	holes, err := AppendHoles(nil, []byte(list), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []Hole{{4, 33, 2}, {35, 64, 0}}
	if diff := cmp.Diff(want, holes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHasPlaceholderSeesEverySpelling(t *testing.T) {
	for value, want := range map[string]bool{
		`{"a":{"_placeholder":true,"num":0}}`: true,
		`{"_place\u0068older":false}`:         true,
		`{"_placeholder":null}`:               true,
		`{"a":"_placeholder"}`:                false,
		`{"\u0000":1}`:                        false,
		`null`:                                false,
	} {
		if got := HasPlaceholder([]byte(value)); got != want {
			t.Errorf("%s: got %v", value, got)
		}
	}
}

func TestAppendStringWritesWhatJSONReadsBack(t *testing.T) {
	for _, s := range []string{"", "plain", `"q\`, "a\x00\x1f\x7fb\n", "é€😀", "a\xffb", "\xed\xa0\x80", strings.Repeat("é", 9)} {
		raw := AppendString(nil, s)
		if err := Valid(raw, 1); err != nil {
			t.Errorf("%q → %s: %v", s, raw, err)
		}
		got, ok := Unquote(raw)
		if want := string([]rune(s)); !ok || got != want {
			t.Errorf("%q → %s → %q, want %q", s, raw, got, want)
		}
	}
}

func TestUnquoteResolvesEscapes(t *testing.T) {
	for raw, want := range map[string]string{`"a\u00e9\n"`: "aé\n", `"\ud83d\ude00"`: "😀", `"\ud800"`: "\uFFFD"} {
		if got, ok := Unquote([]byte(raw)); !ok || got != want {
			t.Errorf("%s: got %q, %v", raw, got, ok)
		}
	}
	for _, raw := range []string{`1`, `{}`, ``, `null`} {
		if got, ok := Unquote([]byte(raw)); ok {
			t.Errorf("%s: got %q as a string", raw, got)
		}
	}
}

func TestScanningDoesNotAllocate(t *testing.T) {
	text := []byte(`["client:created:job",{"title":"Só \"hoje\"","n":[1,2.5e3,{"_placeholder":true,"num":0}]},null]`)
	var room [4][][]byte
	dst := make([][]byte, 0, len(room))
	allocs := testing.AllocsPerRun(100, func() {
		call, err := Event(text, depth)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := AppendFirst(dst, call.Args, math.MaxInt, depth); err != nil {
			t.Fatal(err)
		}
		if err := Placeholders(call.Args, 1); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// FuzzValid holds the scanner against encoding/json, which differs in two known
// points: it does not look at UTF-8 and nests to 10,000.
func FuzzValid(f *testing.F) {
	for _, seed := range []string{
		`["a",{"b":[1,-0.5e+7,true,false,null,"\u00e9\\\"é"]}]`, `[]`, `{}`, ` 1 `, `"abcdefgh\u0000"`, `[1,]`, `{"a":1,"a":2}`,
		"\"12345678\x7f\x1f\"", "\"1234567é\"", "\"!!!!!!!!\"", "\"~~~~~~~#[]\"", `-`, `0e`, `1.5E-3`, `[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want := json.Valid(text) && utf8.Valid(text)
		got := Valid(text, 10_000) == nil
		if got != want {
			t.Fatalf("Valid(%q) = %v, encoding/json says %v", text, got, want)
		}
		elements, err := Split(text, 10_000)
		array := want && bytes.HasPrefix(bytes.TrimLeft(text, " \n\r\t"), []byte("["))
		if (err == nil) != array {
			t.Fatalf("Split(%q): %v", text, err)
		}
		call, callErr := Event(text, 10_000)
		if (callErr == nil) != array {
			t.Fatalf("Event(%q): %v", text, callErr)
		}
		if array {
			sameAsReference(t, text, elements, call)
		}
	})
}

func sameAsReference(t *testing.T, text []byte, elements [][]byte, call Call) {
	t.Helper()
	var want []json.RawMessage
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(elements) {
		t.Fatalf("%q: %d elements, want %d", text, len(elements), len(want))
	}
	for i := range want {
		if !bytes.Equal(want[i], elements[i]) {
			t.Fatalf("%q: element %d is %q, want %q", text, i, elements[i], want[i])
		}
	}
	args, err := AppendFirst(nil, call.Args, math.MaxInt, 10_000)
	if err != nil || len(args) != call.Count || len(args) != max(0, len(want)-1) {
		t.Fatalf("%q: arguments %q, count %d, %v", text, args, call.Count, err)
	}
}

// FuzzPlaceholders holds the search for placeholders against a decoder: what it lets
// through must be what a receiver finds.
func FuzzPlaceholders(f *testing.F) {
	for _, seed := range []string{
		`{"_placeholder":true,"num":0}`, `[{"num":1,"_placeholder":true},{"\u005fplaceholder":true,"num":0}]`,
		`{"a":{"_placeholder":true,"num":0,"x":[]}}`, `{"_placeholder":"_placeholder"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if Valid(text, depth) != nil {
			return
		}
		holes, err := AppendHoles(nil, text, 3)
		if err != nil {
			return
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return // a number beyond float64
		}
		if got := count(value); got > len(holes) {
			t.Fatalf("%q: a receiver finds %d placeholders, we %d", text, got, len(holes))
		}
		for _, h := range holes {
			var p struct {
				Placeholder bool `json:"_placeholder"`
				Num         int  `json:"num"`
			}
			if err := json.Unmarshal(text[h.Start:h.End], &p); err != nil || !p.Placeholder || p.Num != h.Num || h.Num > 2 {
				t.Fatalf("%q: hole %+v is %q", text, h, text[h.Start:h.End])
			}
		}
	})
}

func count(value any) int {
	n := 0
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			n += count(e)
		}
	case map[string]any:
		if _, ok := v["_placeholder"]; ok {
			n++
		}
		for _, e := range v {
			n += count(e)
		}
	}
	return n
}

func BenchmarkEvent(b *testing.B) {
	small := []byte(`["client:created:job",{"id":"j1","title":"Desenvolvedor Go","salary":12000,"tags":["go","remoto"]}]`)
	large := []byte(`["a","` + strings.Repeat("Lorem ipsum dolor sit amet, é. ", 2000) + `"]`)
	deep := []byte(`["a",` + strings.Repeat("[", 90) + strings.Repeat("1,", 20_000) + "1" + strings.Repeat("]", 90) + `]`)
	for _, bench := range []struct {
		name string
		text []byte
	}{{"small", small}, {"text", large}, {"numbers", deep}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				if _, err := Event(bench.text, depth); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
