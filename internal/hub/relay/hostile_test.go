package relay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

func TestNoBrowserCanForgeWhatIsKeptForTheServer(t *testing.T) {
	set := compile(t,
		Rule{On: "server:created:*", From: "server"},
		Rule{On: "news", From: "server", Emit: "server:news", To: []string{"room:readers"}, Args: []any{"$1.title"}},
		Rule{On: "ping", From: "any", To: []string{"all"}},
		Rule{On: "chat", From: "any", Emit: "said"},
		Rule{On: "client:**", Emit: "server:$1"},
		Rule{On: "**", To: []string{"others"}},
	)
	browser := func(name string) result {
		return raise(set, name, Event{Client: client(), Args: []byte(`{"title":1}`)})
	}
	server := func(name string) result { return raise(set, name, Event{Args: []byte(`{"title":1}`)}) }

	same(t, result{Rule: -1}, browser("server:created:job"))
	same(t, result{Rule: -1}, browser("news"))
	same(t, result{Rule: 4, Refused: "from: only the server may raise this event"}, browser("client:created:job"))
	same(t, result{Rule: 4, Payload: `["server:gone",{"title":1}]`, To: "all"}, browser("client:gone"))
	same(t, result{Rule: 2, Payload: `["ping",{"title":1}]`, To: "all"}, browser("ping"))
	same(t, result{Rule: 3, Payload: `["said",{"title":1}]`, To: "all"}, browser("chat"))

	same(t, result{Rule: 0, Payload: `["server:created:job",{"title":1}]`, To: "as published"}, server("server:created:job"))
	same(t, result{Rule: 1, Payload: `["server:news",1]`, To: "room:readers"}, server("news"))
	same(t, result{Rule: 2, Payload: `["ping",{"title":1}]`, To: "all"}, server("ping"))
	same(t, result{Rule: 3, Payload: `["said",{"title":1}]`, To: "as published"}, server("chat"))
	same(t, result{Rule: -1}, server("client:created:job"))
}

func TestAttachmentsFollowTheirArguments(t *testing.T) {
	hole := func(n int) string { return fmt.Sprintf(`{"_placeholder":true,"num":%d}`, n) }
	in := `"a",` + hole(0) + `,{"f":` + hole(1) + `},` + hole(2)
	tests := []struct {
		name string
		rule Rule
		want result
	}{
		{"as they are", Rule{On: "x", Emit: "y", Ack: "args"}, result{
			Payload: `["y",` + in + `]`, Attachments: []int{0, 1, 2}, To: "all",
			Ack: `[` + in + `]`, AckAttachments: []int{0, 1, 2},
		}},
		{"reordered", Rule{On: "x", Emit: "y", Args: []any{"$4", "$2"}}, result{
			Payload: `["y",` + hole(0) + `,` + hole(1) + `]`, Attachments: []int{2, 0}, To: "all",
		}},
		{"repeated", Rule{On: "x", Emit: "y", Args: []any{"$3.f", "$3"}}, result{
			Payload: `["y",` + hole(0) + `,{"f":` + hole(0) + `}]`, Attachments: []int{1}, To: "all",
		}},
		{"dropped", Rule{On: "x", Emit: "y", Args: []any{"$1"}, Ack: "$2"}, result{
			Payload: `["y","a"]`, To: "all", Ack: `[` + hole(0) + `]`, AckAttachments: []int{0},
		}},
		{"forged in auth and user", Rule{On: "x", Emit: "y", To: []string{"self"}, Args: []any{"$2", "$auth", "$user.f", "$auth.num"}}, result{
			Payload: `["y",` + hole(0) + `,null,null,null]`, Attachments: []int{0}, To: "+self",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Client{Auth: json.RawMessage(`{"_placeholder":true,"num":99}`), User: json.RawMessage(`{"f":` + hole(7) + `}`)}
			event := Event{Client: c, Args: []byte(in), Attachments: 3, WantsAck: true}
			same(t, tt.want, raise(compile(t, tt.rule), "x", event))
		})
	}
	t.Run("in a text packet they are plain data", func(t *testing.T) {
		set := compile(t, Rule{On: "x", Emit: "y", Args: []any{"$1"}})
		same(t, result{Payload: `["y",` + hole(9) + `]`, To: "all"}, raise(set, "x", Event{Client: client(), Args: []byte(hole(9))}))
	})
	t.Run("attachments count for max-size", func(t *testing.T) {
		set := compile(t, Rule{On: "x", Emit: "y", MaxSize: 1000})
		event := Event{Client: client(), Args: []byte(hole(0)), Attachments: 1, AttachmentBytes: 1000}
		same(t, result{Refused: "size: 1029 bytes are more than the 1000 allowed"}, raise(set, "x", event))
	})
}

func TestARateIsKeptPerClientAndRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := []Rule{{On: "a", Emit: "y", Rate: "2/s"}, {On: "b", Emit: "y", Rate: "1/m burst 3"}}
		set := compile(t, rules...)
		ana, ben := client(), client()
		through := func(set *Set, c *Client, name string) int {
			n := 0
			for range 10 {
				if raise(set, name, Event{Client: c}).Refused == "" {
					n++
				}
			}
			return n
		}
		got := []int{through(set, ana, "a"), through(set, ana, "b"), through(set, ben, "a")}
		<-time.After(500 * time.Millisecond)
		got = append(got, through(set, ana, "a"))
		<-time.After(2 * time.Minute)
		got = append(got, through(set, ana, "b"), through(compile(t, rules...), ana, "b"))
		if diff := cmp.Diff([]int{2, 3, 2, 1, 2, 3}, got); diff != "" {
			t.Errorf("let through: own a, own b, other's a, a after 0.5 s, b after 2 m, b of a new set (-want +got):\n%s", diff)
		}
	})
}

func TestAMissWithLiteralsAndAnAppliedRuleDoNotAllocate(t *testing.T) {
	set := compile(t, Rule{On: "a:b:c", To: []string{"room:x"}}, Rule{On: "client:**", Emit: "server:$1"}, Rule{On: "x", Emit: "y", Args: []any{"$2", "$id", map[string]any{"n": "$1"}}, Ack: "args"})
	event := &Event{Client: client(), Args: []byte(job + `,2`), WantsAck: true}
	var out Outcome
	run := func(name string, want bool) func() {
		return func() {
			m, ok := set.Match("/", name, false)
			if ok != want {
				t.Fatalf("%s: match %v", name, ok)
			}
			if !ok {
				return
			}
			if err := m.Apply(event, &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]bool{"nothing": false, "a:b:c": true, "client:created:job": true, "x": true} {
		f := run(name, want)
		f()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// FuzzApply looks for an event that makes a rule's payload something other than the
// JSON it must be, or panic.
func FuzzApply(f *testing.F) {
	set := compile(f,
		Rule{On: "client:**", Emit: "server:$1", Ack: "args"},
		Rule{On: "t:*:*", Emit: "$2$1", To: []string{"room:r-$args.1"}, Args: []any{"$2.a", "x $1 $on.1", "$*", []any{"$args"}}, Ack: []any{"$3"}},
		Rule{On: "join", Join: []string{"a:**"}, Leave: []string{"b-$args.2"}},
		Rule{On: "s", Emit: "y", Schema: "job.schema.json"},
	)
	for _, seed := range []string{`1`, `{"_placeholder":true,"num":1},2`, `"a:b","c"`, `{"title":"x","salary":1e5}`, ``, ` `} {
		for _, name := range []string{"client:x", "t:a:b", "join", "s"} {
			f.Add(name, []byte(seed), 2)
		}
	}
	f.Fuzz(func(t *testing.T, name string, args []byte, attachments int) {
		call, err := rawjson.Event([]byte(`["n"`+comma(args)+`]`), 50)
		if err != nil || attachments < 0 || attachments > 10 || rawjson.Placeholders(call.Args, attachments) != nil {
			return
		}
		m, ok := set.Match("/", name, false)
		if !ok {
			return
		}
		var out Outcome
		if m.Apply(&Event{Client: client(), Args: call.Args, Attachments: attachments, WantsAck: true}, &out) != nil {
			return
		}
		if out.Emit {
			sound(t, out.Payload, len(out.Attachments), attachments)
		}
		if out.Ack {
			sound(t, out.AckPayload, len(out.AckAttachments), attachments)
		}
	})
}

func comma(args []byte) string {
	if len(args) == 0 {
		return ""
	}
	return "," + string(args)
}

func sound(t *testing.T, payload []byte, out, in int) {
	t.Helper()
	if _, err := rawjson.Event(payload, 60); err != nil {
		t.Fatalf("%q: %v", payload, err)
	}
	if in == 0 {
		return
	}
	holes, err := rawjson.AppendHoles(nil, payload, out)
	if err != nil || out > in || len(holes) < out {
		t.Fatalf("%q with %d attachments of %d: %v", payload, out, in, err)
	}
}

func BenchmarkMatch(b *testing.B) {
	rules := make([]Rule, 0, 101)
	for i := range 100 {
		rules = append(rules, Rule{On: fmt.Sprintf("client:*:thing%d", i), Emit: "x"})
	}
	set := compile(b, append(rules, Development()...)...)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := set.Match("/", "client:created:job", false); !ok {
			b.Fatal("no match")
		}
	}
}

func BenchmarkApply(b *testing.B) {
	set := compile(b, append([]Rule{{On: "client:moved", Emit: "server:moved", Args: []any{"$id", "$1"}}}, Development()...)...)
	event := &Event{Client: client(), Args: []byte(`{"id":"j1","title":"Desenvolvedor Go","salary":12000,"tags":["go","remoto"]}`)}
	for _, name := range []string{"client:created:job", "client:moved"} {
		b.Run(name, func(b *testing.B) {
			var out Outcome
			b.ReportAllocs()
			for b.Loop() {
				m, _ := set.Match("/", name, false)
				if err := m.Apply(event, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestSchemaReferencesLeadToFilesOnly(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.json", `{"$ref":"b.json"}`)
	write("b.json", `{"type":"string"}`)
	write("net.json", `{"$ref":"http://127.0.0.1:9/x.json"}`)
	if _, err := Compile([]Rule{{On: "x", Emit: "y", Schema: "a.json"}}, Options{Dir: dir}); err != nil {
		t.Errorf("reference to a file: %v", err)
	}
	if _, err := Compile([]Rule{{On: "x", Emit: "y", Schema: "net.json"}}, Options{Dir: dir}); err == nil {
		t.Error("a reference to the network was followed")
	}
}

// worst returns lists of arguments, each of a shape that costs most for its size
// somewhere.
func worst(size int) map[string]string {
	repeat := func(text string) string { return strings.Repeat(text, size/len(text)) }
	list := func(text string) string { return "[" + strings.TrimSuffix(repeat(text+","), ",") + "]" }
	return map[string]string{
		"empty objects":  list(`{}`),
		"empty lists":    list(`[]`),
		"numbers":        list(`1`),
		"escapes":        `"` + repeat(`\u00e9`) + `"`,
		"escaped keys":   list(`{"\u0061":1}`),
		"same key":       `{` + strings.TrimSuffix(repeat(`"a":1,`), ",") + `}`,
		"many arguments": strings.TrimSuffix(repeat(`0,`), ","),
		"placeholders":   list(`{"_placeholder":true,"num":9}`),
		"nearly":         list(`{"_placeholder":true,"num":9}`)[:size/2] + `{"num":9}]`,
		"space":          `[` + strings.Repeat(" ", size) + `]`,
		"deep":           strings.Repeat("[", 90) + repeat(`"a",`) + `1` + strings.Repeat("]", 90),
		"deep objects":   strings.Repeat(`{"a":`, 90) + `"` + repeat("a") + `"` + strings.Repeat("}", 90),
		"one string":     `"` + repeat("é€😀 ") + `"`,
	}
}

// BenchmarkWorst shows what the worst shapes cost, from the check of a packet's text to
// the outcome: a megabyte of them, and for a schema the most it looks at.
func BenchmarkWorst(b *testing.B) {
	set := compile(b,
		Rule{On: "copy", Emit: "y"},
		Rule{On: "cut", Emit: "y", Args: []any{"$1.a.a.a", "$1.0", "$args", "$user.id"}},
		Rule{On: "schema", Emit: "y", Schema: "job.schema.json"},
	)
	for name, size := range map[string]int{"copy": 1 << 20, "cut": 1 << 20, "schema": defaultSchemaSize - 1000} {
		for shape, args := range worst(size) {
			b.Run(name+"/"+shape, func(b *testing.B) { benchmarkPacket(b, set, name, args) })
		}
	}
}

func benchmarkPacket(b *testing.B, set *Set, name, args string) {
	text := []byte(`["` + name + `",` + args + `]`)
	var out Outcome
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		call, err := rawjson.Event(text, 100)
		if err != nil {
			b.Fatal(err)
		}
		if err := rawjson.Placeholders(call.Args, 10); err != nil {
			b.Fatal(err)
		}
		m, _ := set.Match("/", name, false)
		_ = m.Apply(&Event{Client: client(), Args: call.Args, Attachments: 10}, &out)
	}
}

// TestASetServesManyGoroutines is for the race detector: rules, schemas and patterns
// are shared by every client.
func TestASetServesManyGoroutines(t *testing.T) {
	set := compile(t,
		Rule{On: "client:**", Emit: "server:$1", Schema: "job.schema.json", Rate: "1000/s", Namespace: "/org-*"},
		Rule{On: "server:**", From: "server"},
		Rule{On: "x:*", To: []string{"room:r-$1", "room:lobby"}, Args: []any{"$2", "$1", "$rooms"}, Ack: "args", Join: []string{"r-$1"}},
	)
	want := result{Rule: 2, Join: []string{"r-7"}, Payload: `["x:7",2,{"title":"a"},["lobby","q\""]]`, To: "room:lobby room:r-7", Ack: `[{"title":"a"},2]`}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c := client()
			var out Outcome
			for range 100 {
				if m, ok := set.Match("/org-1", "client:made", false); ok {
					read(&m, &Event{Client: c, Args: []byte(`{"title":"a"}`)}, &out)
				}
				m, _ := set.Match("/", "x:7", false)
				same(t, want, read(&m, &Event{Client: c, Args: []byte(`{"title":"a"},2`), WantsAck: true}, &out))
			}
		})
	}
	group.Wait()
}
