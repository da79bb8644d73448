package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

const me = "123456789.1234567890"

// result is an Outcome in a form that tests can write down.
type result struct {
	Rule           int
	Refused        string // "code: message"
	Join, Leave    []string
	Payload        string
	Attachments    []int
	To             string
	Ack            string
	AckAttachments []int
}

func compile(t testing.TB, rules ...Rule) *Set {
	t.Helper()
	set, err := Compile(rules, Options{Dir: "testdata"})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func client() *Client {
	return &Client{
		ID:    me,
		Auth:  json.RawMessage(`{"token":"secret","room":"blue"}`),
		User:  json.RawMessage(`{"id":7,"name":"Ana \"Á\"","tags":["x","y"],"ok":true}`),
		Rooms: func() []string { return []string{"lobby", `q"`} },
	}
}

// raise matches and applies an event of the client; Rule is -1 when nothing matches.
func raise(set *Set, name string, event Event) result {
	m, ok := set.Match("/", name, event.Client == nil)
	if !ok {
		return result{Rule: -1}
	}
	var out Outcome
	return read(&m, &event, &out)
}

func read(m *Match, event *Event, out *Outcome) result {
	r := result{Rule: m.Index()}
	if err := m.Apply(event, out); err != nil {
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			return result{Rule: -2, Refused: err.Error()}
		}
		r.Refused = refusal.Code + ": " + refusal.Message
		return r
	}
	r.Join, r.Leave = out.Join, out.Leave
	if out.Emit {
		r.Payload, r.Attachments, r.To = string(out.Payload), out.Attachments, describe(out.Target)
	}
	if out.Ack {
		r.Ack, r.AckAttachments = string(out.AckPayload), out.AckAttachments
	}
	return r
}

func describe(t Target) string {
	var words []string
	if t.AsPublished {
		words = append(words, "as published")
	}
	if t.All {
		words = append(words, "all")
	}
	for _, room := range t.Rooms {
		words = append(words, "room:"+room)
	}
	if t.ExceptSelf {
		words = append(words, "-self")
	}
	if t.Self {
		words = append(words, "+self")
	}
	return strings.Join(words, " ")
}

// same compares results; nil and empty lists count as equal.
func same(t *testing.T, want, got result) {
	t.Helper()
	lists := func(r result) string { return fmt.Sprintf("%+v", r) }
	if diff := cmp.Diff(lists(want), lists(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const job = `{"id":12345678901234567890,"z":1.50,"a":"é€😀"}`

func TestWhatARuleMakesOfAnEvent(t *testing.T) {
	tests := []struct {
		name  string
		rule  Rule
		event string
		args  string
		want  result
	}{
		{"development", Development()[0], "client:created:job", job, result{Payload: `["server:created:job",` + job + `]`, To: "all"}},
		{"no argument", Development()[0], "client:ping", ``, result{Payload: `["server:ping"]`, To: "all"}},
		{"several", Development()[0], "client:a", `1, null ,"x"`, result{Payload: `["server:a",1, null ,"x"]`, To: "all"}},
		{"name that needs escapes", Development()[0], "client:a\"\n\u2028", ``, result{Payload: "[\"server:a\\\"\\u000a\u2028\"]", To: "all"}},
		{"its own name", Rule{On: "chat:*", To: []string{"others"}}, "chat:say", `1`, result{Payload: `["chat:say",1]`, To: "all -self"}},
		{"self", Rule{On: "echo", To: []string{"self"}}, "echo", `1`, result{Payload: `["echo",1]`, To: "+self"}},
		{"room by capture", Rule{On: "job:*:say", Emit: "said", To: []string{"room:job-$1"}}, "job:7:say", ``, result{Payload: `["said"]`, To: "room:job-7"}},
		{"room by id", Rule{On: "x", To: []string{"room:$id"}}, "x", ``, result{Payload: `["x"]`, To: "room:" + me}},
		{"room by argument", Rule{On: "to", Emit: "msg", To: []string{"room:u-$args.1.id"}, Args: []any{"$2"}}, "to", `{"id":"ana"},"hi"`, result{Payload: `["msg","hi"]`, To: "room:u-ana"}},
		{"rooms without the sender", Rule{On: "x", To: []string{"others", "room:a", "room:b-$user.id"}}, "x", ``, result{Payload: `["x"]`, To: "room:a room:b-7 -self"}},
		{"rooms and the sender", Rule{On: "x", To: []string{"room:a", "self"}}, "x", ``, result{Payload: `["x"]`, To: "room:a +self"}},
		{"none swallows", Rule{On: "x", To: []string{"none"}}, "x", `1`, result{}},
		{"captures in order", Rule{On: "*:*:**", Emit: "$3/$2/$1/$$"}, "a:b:c:d", ``, result{Payload: `["c:d/b/a/$"]`, To: "all"}},
		{"a dot behind a capture is text", Rule{On: "*:*", Emit: "${1}x.$on.2.$1.y"}, "a:b", ``, result{}}, // compiled below
		{"user in emit", Rule{On: "x", Emit: "from-$user.id"}, "x", ``, result{Payload: `["from-7"]`, To: "all"}},

		{"args: positions", Rule{On: "x", Emit: "y", Args: []any{"$2", "$1", "$3"}}, "x", `1,{"b":[2]}`, result{Payload: `["y",{"b":[2]},1,null]`, To: "all"}},
		{"args: everything inside", Rule{On: "x", Emit: "y", Args: []any{"$id", "$*", "$args"}}, "x", `1,2`, result{Payload: `["y","` + me + `",1,2,[1,2]]`, To: "all"}},
		{"args: spread of nothing", Rule{On: "x", Emit: "y", Args: []any{"$*", "$id", "$*"}}, "x", ``, result{Payload: `["y","` + me + `"]`, To: "all"}},
		{"args: only a spread of nothing", Rule{On: "x", Emit: "y", Args: []any{"$*", "$*"}}, "x", ``, result{Payload: `["y"]`, To: "all"}},
		{"args: none", Rule{On: "x", Emit: "y", Args: []any{}}, "x", `1,2`, result{Payload: `["y"]`, To: "all"}},
		{"args: literals", Rule{On: "x", Emit: "y", Args: []any{"a<b", 1, nil, true, 1.5, map[string]any{"k$1": "v"}}}, "x", `9`, result{Payload: `["y","a<b",1,null,true,1.5,{"k$1":"v"}]`, To: "all"}},
		{"args: raw literal keeps order and precision", Rule{On: "x", Emit: "y", Args: []any{json.RawMessage(`{"z":1e400,"a":"$1"}`)}}, "x", `"hi"`, result{Payload: `["y",{"z":1e400,"a":"hi"}]`, To: "all"}},
		{"args: nested", Rule{On: "x:*", Emit: "y", Args: []any{map[string]any{"by": "$user.name", "job": "$1", "list": []any{"$rooms", "$on.1"}}}}, "x:z", `{"a":1}`, result{Payload: `["y",{"by":"Ana \"Á\"","job":{"a":1},"list":[["lobby","q\""],"z"]}]`, To: "all"}},
		{"args: members", Rule{On: "x", Emit: "y", Args: []any{"$1.a.b", "$1.list.1", "$user.tags.0", "$1.no.such", "$1.list.9"}}, "x", `{"a":{"b":1.0,"b":2.0},"list":["p","q"]}`, result{Payload: `["y",2.0,"q","x",null,null]`, To: "all"}},
		{"args: text with values", Rule{On: "x:*", Emit: "y", Args: []any{`"$1" by $user.name ($user.id, ${on.1}, $user.ok$user.no) $$5`}}, "x:\"", `"a\n\u00e9"`, result{Payload: `["y","\"a\n\u00e9\" by Ana \"Á\" (7, \", true) $5"]`, To: "all"}},
		{"args: about the event", Rule{On: "x:**", Emit: "y", Args: []any{"$event", "$ns"}}, "x:a:b", ``, result{Payload: `["y","x:a:b","/"]`, To: "all"}},
		{"args: auth to self", Rule{On: "x", Emit: "y", To: []string{"self"}, Args: []any{"$auth", "$auth.room"}}, "x", ``, result{Payload: `["y",{"token":"secret","room":"blue"},"blue"]`, To: "+self"}},

		{"ack args", Rule{On: "x", Ack: "args"}, "x", `1,"a"`, result{Ack: `[1,"a"]`}},
		{"ack args of none", Rule{On: "x", Ack: "args"}, "x", ``, result{Ack: `[]`}},
		{"ack none", Rule{On: "x", To: []string{"self"}, Ack: "none"}, "x", ``, result{Payload: `["x"]`, To: "+self"}},
		{"ack object", Rule{On: "x", Ack: map[string]any{"ok": true, "id": "$1.id"}}, "x", `{"id":5}`, result{Ack: `[{"id":5,"ok":true}]`}},
		{"ack list", Rule{On: "x", Ack: []any{nil, "$id"}}, "x", ``, result{Ack: `[null,"` + me + `"]`}},
		{"ack empty list", Rule{On: "x", Ack: []any{}}, "x", `1`, result{Ack: `[]`}},
		{"ack value", Rule{On: "x", Ack: "$1"}, "x", `[1]`, result{Ack: `[[1]]`}},
		{"ack raw word", Rule{On: "x", Ack: json.RawMessage(`"args"`)}, "x", `1`, result{Ack: `[1]`}},
		{"ack raw list", Rule{On: "x", Ack: json.RawMessage(`["$*", {"z":1.0}]`), Args: []any{json.RawMessage(`"$*"`)}, To: []string{"self"}}, "x", `1`, result{Payload: `["x",1]`, To: "+self", Ack: `[1,{"z":1.0}]`}},
		{"ack raw object", Rule{On: "x", Ack: json.RawMessage(`{"z":"$1","a":null}`)}, "x", `1`, result{Ack: `[{"z":1,"a":null}]`}},
		{"ack raw null", Rule{On: "x", Ack: json.RawMessage(`null`)}, "x", `1`, result{Ack: `[null]`}},
		{"ack number", Rule{On: "x", Ack: 42}, "x", ``, result{Ack: `[42]`}},

		{"join by capture", Rule{On: "join:*", Join: []string{"chat-$1"}}, "join:a", ``, result{Join: []string{"chat-a"}}},
		{"join by pattern", Rule{On: "join", Join: []string{"job:*", "chat:**"}}, "join", `"job:7"`, result{Join: []string{"job:7"}}},
		{"join a list by pattern", Rule{On: "join", Join: []string{"job:*", "chat:**"}}, "join", `["job:7","chat:a:b"]`, result{Join: []string{"job:7", "chat:a:b"}}},
		{"leave and tell", Rule{On: "leave:*", Leave: []string{"chat-$1"}, To: []string{"room:chat-$1"}}, "leave:a", ``, result{Leave: []string{"chat-a"}, Payload: `["leave:a"]`, To: "room:chat-a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "a dot behind a capture is text" {
				tt.want = result{Payload: `["ax.b.a.y"]`, To: "all"}
				tt.event = "a:b"
				tt.rule.Emit = "${1}x.${on.2}.$1.y"
			}
			set := compile(t, tt.rule)
			event := Event{Client: client(), Args: []byte(tt.args), WantsAck: true}
			got := raise(set, tt.event, event)
			same(t, tt.want, got)
			for _, payload := range []string{got.Payload, got.Ack} {
				if payload != "" && rawjson.Valid([]byte(payload), maxDepth) != nil {
					t.Errorf("not JSON: %s", payload)
				}
			}
		})
	}
}

func TestWhatARuleRefuses(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name   string
		rule   Rule
		event  string
		args   string
		client Client
		want   string
	}{
		{"reserved name", Rule{On: "client:*", Emit: "$1"}, "client:disconnect", ``, Client{}, "name: the outgoing event's name is reserved"},
		{"reserved name, pieces", Rule{On: "*:*", Emit: "$1$2"}, "con:nect", ``, Client{}, "name: the outgoing event's name is reserved"},
		{"name too long", Rule{On: "*", Emit: "$1$1"}, long, ``, Client{}, "name: the outgoing event's name is too long"},
		{"no user to name", Rule{On: "x", Emit: "$user.id"}, "x", ``, Client{}, "name: a value for a name is missing or neither text nor a number"},
		{"a name that is an object", Rule{On: "x", To: []string{"room:r-$args.1"}}, "x", `{}`, Client{}, "name: a value for a name is missing or neither text nor a number"},
		{"a room of nothing", Rule{On: "x", To: []string{"room:$args.1"}}, "x", `""`, Client{}, "room: the room's name is empty, too long or not printable"},
		{"a room with a line break", Rule{On: "x", Join: []string{"r-$args.1"}}, "x", `"a\u001b[2J"`, Client{}, "room: the room's name is empty, too long or not printable"},
		{"a room too long", Rule{On: "x:*", Join: []string{"r-$1"}}, "x:" + long, ``, Client{}, "room: the room's name is empty, too long or not printable"},
		{"another client's own room", Rule{On: "join:*", Join: []string{"$1"}}, "join:987654321.0987654321", ``, Client{}, "room: a room of this name belongs to one client"},
		{"another client's own room, asked", Rule{On: "join", Join: []string{"*"}}, "join", `"987654321.0987654321"`, Client{}, "room: this room is not open to clients"},
		{"another client's own room in a namespace", Rule{On: "join:*", Join: []string{"$1"}}, "join:/chat#987654321.0987654321", ``, Client{}, "room: a room of this name belongs to one client"},
		{"leaving another's room by argument", Rule{On: "x", Leave: []string{"$args.1"}}, "x", `"987654321.0987654321"`, Client{}, "room: a room of this name belongs to one client"},
		{"a room outside the pattern", Rule{On: "join", Join: []string{"job:*"}}, "join", `"admin"`, Client{}, "room: this room is not open to clients"},
		{"one of the rooms outside", Rule{On: "join", Join: []string{"job:*"}}, "join", `["job:1","admin"]`, Client{}, "room: this room is not open to clients"},
		{"no room", Rule{On: "join", Join: []string{"job:*"}}, "join", ``, Client{}, "args: a room name is expected as the first argument"},
		{"a room that is a number", Rule{On: "join", Join: []string{"job:*"}}, "join", `7`, Client{}, "args: a room name, or a list of them, is expected as the first argument"},
		{"too many rooms", Rule{On: "join", Join: []string{"*"}}, "join", `["a"` + strings.Repeat(`,"a"`, 64) + `]`, Client{}, "room: too many rooms at once"},
		{"no user", Rule{On: "x", To: []string{"all"}, Auth: "required"}, "x", ``, Client{}, "auth: authentication required"},
		{"too big", Rule{On: "x", To: []string{"all"}, MaxSize: 8}, "x", `"1234567"`, Client{}, "size: 9 bytes are more than the 8 allowed"},
		{"schema", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `{"title":"a","salary":"1"}`, Client{}, "schema: /salary: got string, want number"},
		{"schema, too big to look at", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `"` + strings.Repeat("a", 100_000) + `"`, Client{}, "size: 100002 bytes are more than the 100000 allowed"},
		{"schema, nothing", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", ``, Client{}, "schema: exactly one argument is expected"},
		{"schema, something behind", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `{"title":"a"},{}`, Client{}, "schema: exactly one argument is expected"},
		{"schema, number that fills the memory", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `{"title":"a","salary":1e999999999}`, Client{}, "schema: a number is too large"},
		{"schema, negative exponent", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `{"title":"a","x":[1E-999999999]}`, Client{}, "schema: a number is too large"},
		{"schema, endless digits", Rule{On: "x", To: []string{"all"}, Schema: "job.schema.json"}, "x", `{"title":"a","salary":` + strings.Repeat("9", 101) + `}`, Client{}, "schema: a number is too large"},
		{"list in a text", Rule{On: "x", Emit: "y", Args: []any{"got $1!"}}, "x", `[1]`, Client{}, "args: a value to be inserted into a text is a list or an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := compile(t, tt.rule)
			event := Event{Client: &tt.client, Args: []byte(tt.args)}
			same(t, result{Refused: tt.want}, raise(set, tt.event, event))
		})
	}
}

func TestTheFirstMatchWins(t *testing.T) {
	set := compile(t,
		Rule{On: "client:created:job", Emit: "a"},
		Rule{On: "client:secret:**", To: []string{"none"}},
		Rule{On: "client:*", Emit: "b", Namespace: "/chat"},
		Rule{On: "client:*", Emit: "c", Auth: "required"},
		Rule{On: "client:**", Emit: "d"},
	)
	tests := []struct {
		ns, event string
		want      int // -1: none
	}{
		{"/", "client:created:job", 0},
		{"/", "client:secret:x", 1},
		{"/chat", "client:x", 2},
		{"/", "client:x", 3},
		{"/chat", "client:x:y", 4},
		{"/", "server:x", -1},
		{"/", "connect", -1},
	}
	for _, tt := range tests {
		got := -1
		if m, ok := set.Match(tt.ns, tt.event, false); ok {
			got = m.Index()
		}
		if got != tt.want {
			t.Errorf("%s %s: rule %d, want %d", tt.ns, tt.event, got, tt.want)
		}
	}
	same(t, result{Rule: 3, Refused: "auth: authentication required"}, raise(set, "client:x", Event{Client: &Client{}}))
}

func TestHooksAllRunAndOnlyForTheirMoment(t *testing.T) {
	set := compile(t,
		Rule{On: "**", To: []string{"all"}},
		Rule{On: "connect", Emit: "auth", To: []string{"self"}, Args: []any{"$auth"}},
		Rule{On: "connect", Join: []string{"user-$user.id"}, Emit: "server:user:online", To: []string{"others"}, Args: []any{"$id"}},
		Rule{On: "connect", Emit: "chat", To: []string{"self"}, Namespace: "/chat"},
		Rule{On: "disconnect", Emit: "server:user:offline", Args: []any{"$id", "$1"}},
	)
	var got []result
	var out Outcome
	for m := range set.Connect("/") {
		got = append(got, read(m, &Event{Client: client()}, &out))
		got[len(got)-1].Join = append([]string(nil), out.Join...)
	}
	for m := range set.Disconnect("/") {
		got = append(got, read(m, &Event{Client: client(), Args: []byte(`"transport close"`)}, &out))
	}
	want := []result{
		{Rule: 1, Payload: `["auth",{"token":"secret","room":"blue"}]`, To: "+self"},
		{Rule: 2, Join: []string{"user-7"}, Payload: `["server:user:online","` + me + `"]`, To: "all -self"},
		{Rule: 4, Payload: `["server:user:offline","` + me + `","transport close"]`, To: "all"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d rules ran, want %d", len(got), len(want))
	}
	for i := range want {
		same(t, want[i], got[i])
	}
	for range set.Connect("/chat") {
		break // a consumer may stop early
	}
	without := Event{Client: &Client{ID: me}}
	for m := range set.Connect("/") {
		same(t, result{Rule: 1, Payload: `["auth",{}]`, To: "+self"}, read(m, &without, &out))
		break
	}
}
