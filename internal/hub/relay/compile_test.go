package relay

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// complaints compiles rules that are wrong and returns "message | hint" lines.
func complaints(t *testing.T, rules ...Rule) string {
	t.Helper()
	set, err := Compile(rules, Options{Dir: "testdata"})
	if err == nil {
		return lines(set.Warnings())
	}
	var list diag.List
	if !errors.As(err, &list) || set != nil {
		t.Fatalf("got %v, %v; want a diag.List and no set", set, err)
	}
	return lines(list)
}

func lines(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s: %s", d.Severity, d.Message)
		if d.Hint != "" {
			b.WriteString(" | " + d.Hint)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestEveryMistakeIsToldWithItsKeyAndTheWayOut(t *testing.T) {
	tests := []struct {
		name string
		rule Rule
		want string
	}{
		{"no on", Rule{Emit: "x"}, `error: relay rule 1 (""): on: is missing | name the event, as in on: "client:**", or connect or disconnect`},
		{"reserved on", Rule{On: "connect_error", Emit: "x"}, `error: relay rule 1 ("connect_error"): on: no client can send "connect_error" | connect and disconnect are the moments a rule can name`},
		{"dollar in on", Rule{On: "client:$1", Emit: "x"}, `error: relay rule 1 ("client:$1"): on: holds a '$' | on is a pattern: * is one segment between ':', ** the rest; $1 in emit is what * took`},
		{"star inside a segment", Rule{On: "client:job-*", Emit: "x"}, `error: relay rule 1 ("client:job-*"): on: in "job-*" the '*' does not stand for a whole segment between ':' | as in on: "client:*:job" or on: "client:**"`},
		{"rest in the middle", Rule{On: "**:job", Emit: "x"}, `error: relay rule 1 ("**:job"): on: "**" takes the rest and must be the last segment | as in on: "client:*:job" or on: "client:**"`},
		{"ten wildcards", Rule{On: "*:*:*:*:*:*:*:*:*:*", Emit: "x"}, `error: relay rule 1 ("*:*:*:*:*:*:*:*:*:*"): on: more than 9 wildcards | as in on: "client:*:job" or on: "client:**"`},
		{"nothing to do", Rule{On: "x"}, `error: relay rule 1 ("x"): does nothing | give it emit, to, ack, join or leave; to: none swallows the event on purpose`},
		{"only conditions", Rule{On: "x", Rate: "1/s", Ack: "none"}, `error: relay rule 1 ("x"): does nothing | give it emit, to, ack, join or leave; to: none swallows the event on purpose`},
		{"capture that is not there", Rule{On: "a:*", Emit: "b:$2"}, `error: relay rule 1 ("a:*"): emit: $2: on has only one *`},
		{"captures of none", Rule{On: "a", Join: []string{"b:$1"}}, `error: relay rule 1 ("a"): join: $1: on has no * to take it from | as in join: "job-$1", or join: "job:*" for a room the client names itself`},
		{"captures of two", Rule{On: "*:*", Emit: "y", Args: []any{"$on.3"}}, `error: relay rule 1 ("*:*"): args: element 1: $on.3: on has only 2 *`},
		{"reserved emit", Rule{On: "a", Emit: "disconnect"}, `error: relay rule 1 ("a"): emit: "disconnect" is a name that clients raise themselves | take another name, such as "server:user:online"`},
		{"long emit", Rule{On: "a", Emit: strings.Repeat("x", 257)}, `error: relay rule 1 ("a"): emit: the name is longer than 256 bytes`},
		{"lone dollar", Rule{On: "a", Emit: "US$"}, `error: relay rule 1 ("a"): emit: a single "$": write "$$" for a dollar`},
		{"open brace", Rule{On: "a", Emit: "${id"}, `error: relay rule 1 ("a"): emit: "${" without "}"`},
		{"empty member", Rule{On: "a", Emit: "${user..id}"}, `error: relay rule 1 ("a"): emit: $user..id: an empty name`},
		{"unknown value", Rule{On: "a", Emit: "$usr"}, `error: relay rule 1 ("a"): emit: $usr: unknown value "usr" | did you mean "user"?`},
		{"member of an id", Rule{On: "a", Emit: "$id.x"}, `error: relay rule 1 ("a"): emit: $id.x: it has no members; write ${…} around it if text follows`},
		{"argument chooses the name", Rule{On: "a", Emit: "$args.1"}, `error: relay rule 1 ("a"): emit: $args.1: the sender would choose the event's name freely; take captures of on`},
		{"auth chooses the name", Rule{On: "a", Emit: "$auth.x"}, `error: relay rule 1 ("a"): emit: $auth.x: the sender would choose the event's name freely; take captures of on`},
		{"list in a name", Rule{On: "a", Emit: "$*"}, `error: relay rule 1 ("a"): emit: $*: a list has no place in a name`},
		{"rooms in a room", Rule{On: "a", To: []string{"room:$rooms"}}, `error: relay rule 1 ("a"): to: $rooms: a list has no place in a name | as in to: "room:lobby" or to: "room:job-$1"`},
		{"unknown target", Rule{On: "a", To: []string{"other"}}, `error: relay rule 1 ("a"): to: unknown target "other" | did you mean "others"?`},
		{"target far off", Rule{On: "a", To: []string{"lobby"}}, `error: relay rule 1 ("a"): to: unknown target "lobby" | known: all, others, self, none, room:NAME`},
		{"room without a name", Rule{On: "a", To: []string{"room:"}}, `error: relay rule 1 ("a"): to: the room has no name | as in to: "room:lobby" or to: "room:job-$1"`},
		{"room too long", Rule{On: "a", To: []string{"room:" + strings.Repeat("x", 257)}}, `error: relay rule 1 ("a"): to: the room's name is longer than 256 bytes | as in to: "room:lobby" or to: "room:job-$1"`},
		{"none and all", Rule{On: "a", To: []string{"none", "all"}}, `error: relay rule 1 ("a"): to: none stands beside other targets`},
		{"all and a room", Rule{On: "a", To: []string{"all", "room:x"}}, `error: relay rule 1 ("a"): to: all stands beside other targets | for everyone but the sender write to: others`},
		{"others and self", Rule{On: "a", To: []string{"others", "self"}}, `error: relay rule 1 ("a"): to: others and self contradict each other | for everyone, the sender included, write to: all`},
		{"none with emit", Rule{On: "a", Emit: "b", To: []string{"none"}}, `error: relay rule 1 ("a"): to: nobody receives what emit and args say`},
		{"args without emit", Rule{On: "a", Ack: "args", Args: []any{"$1"}}, `error: relay rule 1 ("a"): to: nobody receives what emit and args say`},
		{"spread inside", Rule{On: "a", Emit: "b", Args: []any{[]any{"$*"}}}, `error: relay rule 1 ("a"): args: element 1: "$*" must be an element of the list itself; write "$args" for all arguments as one array`},
		{"list in a text", Rule{On: "a", Emit: "b", Args: []any{1, "in $rooms"}}, `error: relay rule 1 ("a"): args: element 2: a list cannot be inserted into a text`},
		{"argument 0", Rule{On: "a", Emit: "b", Args: []any{"$0"}}, `error: relay rule 1 ("a"): args: element 1: $0: a number from 1 to 32 is expected`},
		{"on without number", Rule{On: "a", Emit: "b", Args: []any{"$on"}}, `error: relay rule 1 ("a"): args: element 1: $on: a number must follow, as in $on.1`},
		{"not JSON", Rule{On: "a", Emit: "b", Args: []any{func() {}}}, `error: relay rule 1 ("a"): args: element 1: not a JSON value: json: unsupported type: func()`},
		{"placeholder literal", Rule{On: "a", Emit: "b", Args: []any{map[string]any{"_placeholder": true}}}, `error: relay rule 1 ("a"): args: element 1: the key "_placeholder" marks binary data and cannot be written here`},
		{"credentials to all", Rule{On: "connect", Emit: "b", Args: []any{map[string]any{"a": "$auth.name"}}}, `error: relay rule 1 ("connect"): args: $auth holds the client's credentials and would reach others | send $user, or a value the client gives as an argument; $auth is for to: self`},
		{"unknown ack", Rule{On: "a", Ack: "arg"}, `error: relay rule 1 ("a"): ack: unknown answer "arg" | to answer with that text write ack: ["arg"]`},
		{"wrong ack", Rule{On: "a", Ack: []any{"$foo"}}, `error: relay rule 1 ("a"): ack: element 1: $foo: unknown value "foo" | known: id, event, ns, auth, user, rooms, args, on`},
		{"pattern with value", Rule{On: "a:*", Join: []string{"x:$1:*"}}, `error: relay rule 1 ("a:*"): join: "x:$1:*" mixes '*' and '$' | a room is either named by the rule ($) or by the client within a pattern (*)`},
		{"bad pattern", Rule{On: "a", Leave: []string{"x*"}}, `error: relay rule 1 ("a"): leave: in "x*" the '*' does not stand for a whole segment between ':' | as in leave: "job:*"`},
		{"namespace", Rule{On: "a", Emit: "b", Namespace: "chat"}, `error: relay rule 1 ("a"): namespace: a namespace begins with '/' | as in namespace: "/chat" or namespace: "/org-*"`},
		{"from", Rule{On: "a", Emit: "b", From: "sever"}, `error: relay rule 1 ("a"): from: unknown origin "sever" | did you mean "server"?`},
		{"auth", Rule{On: "a", Emit: "b", Auth: "yes"}, `error: relay rule 1 ("a"): auth: unknown value "yes" | known: required, optional`},
		{"rate", Rule{On: "a", Emit: "b", Rate: "10"}, `error: relay rule 1 ("a"): rate: "10" is no rate | a rate reads 10/s, 100/m or 1000/h, with "burst 30" behind it if wanted`},
		{"rate of nothing", Rule{On: "a", Emit: "b", Rate: "0/s"}, `error: relay rule 1 ("a"): rate: "0/s" is no rate | a rate's numbers lie between 1 and 1000000`},
		{"rate with words", Rule{On: "a", Emit: "b", Rate: "1/s burst many"}, `error: relay rule 1 ("a"): rate: "1/s burst many" is no rate | a rate reads 10/s, 100/m or 1000/h, with "burst 30" behind it if wanted`},
		{"size", Rule{On: "a", Emit: "b", MaxSize: -1}, `error: relay rule 1 ("a"): max-size: is negative`},
		{"no schema file", Rule{On: "a", Emit: "b", Schema: "none.json"}, `error: relay rule 1 ("a"): schema: no file none.json: file does not exist | the file is looked up in the project's folder`},
		{"self after the end", Rule{On: "disconnect", Emit: "b", To: []string{"self"}}, `error: relay rule 1 ("disconnect"): to: the client has gone | write to: others or to: all`},
		{"join after the end", Rule{On: "disconnect", Join: []string{"b"}}, `error: relay rule 1 ("disconnect"): join: the client has gone and left its rooms`},
		{"hook without emit", Rule{On: "connect", To: []string{"all"}}, `error: relay rule 1 ("connect"): emit: is missing: "connect" itself cannot be sent | as in emit: "server:user:online"`},
		{"hook with limits", Rule{On: "connect", Emit: "a", From: "client", Schema: "job.schema.json", MaxSize: 1, Rate: "1/s", Ack: "args"}, `error: relay rule 1 ("connect"): from: has no meaning on connect, which is not an event a client sends
error: relay rule 1 ("connect"): schema: has no meaning on connect, which is not an event a client sends
error: relay rule 1 ("connect"): max-size: has no meaning on connect, which is not an event a client sends
error: relay rule 1 ("connect"): rate: has no meaning on connect, which is not an event a client sends
error: relay rule 1 ("connect"): ack: has no meaning on connect, which is not an event a client sends`},
		{"hook with pattern", Rule{On: "connect", Join: []string{"a:*"}}, `error: relay rule 1 ("connect"): join: on connect no client names a room | name the room without '*'`},
		{"publish with client keys", Rule{On: "a", From: "server", Auth: "required", Rate: "1/s", Ack: "args", Join: []string{"x"}, Leave: []string{"x"}}, `error: relay rule 1 ("a"): auth: has no meaning with from: server, where there is no client
error: relay rule 1 ("a"): rate: has no meaning with from: server, where there is no client
error: relay rule 1 ("a"): ack: has no meaning with from: server, where there is no client
error: relay rule 1 ("a"): join: has no meaning with from: server, where there is no client
error: relay rule 1 ("a"): leave: has no meaning with from: server, where there is no client`},
		{"publish with a client's value", Rule{On: "a", From: "server", Args: []any{"$id"}}, `error: relay rule 1 ("a"): $id has no meaning with from: server, where there is no client`},
		{"publish without a sender", Rule{On: "a", From: "server", To: []string{"others"}}, `error: relay rule 1 ("a"): to: a publish of the back-end has no sender | write to: all or a room`},
		{"open rooms by template", Rule{On: "join:*", Join: []string{"$1"}}, `warning: relay rule 1 ("join:*"): join: lets a client join any room, also one meant for somebody else | let the name begin with something fixed, as in join: "chat:$1" or join: "chat:*"`},
		{"open rooms by pattern", Rule{On: "join", Join: []string{"**"}}, `warning: relay rule 1 ("join"): join: lets a client join any room, also one meant for somebody else | let the name begin with something fixed, as in join: "chat:$1" or join: "chat:*"`},
		{"all well", Rule{On: "a:*", Emit: "b:$1", Join: []string{"c:$1", "d:*"}}, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, complaints(t, tt.rule)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesAreHeldAgainstEachOther(t *testing.T) {
	tests := []struct {
		name  string
		rules []Rule
		want  string
	}{
		{"unreachable", []Rule{{On: "client:**", Emit: "a"}, {On: "client:x", Emit: "b"}}, `warning: relay rule 2 ("client:x"): on: is never reached, rule 1 ("client:**") takes every such event | the first match wins: move it above rule 1`},
		{"reachable in another namespace", []Rule{{On: "client:**", Emit: "a", Namespace: "/a"}, {On: "client:x", Emit: "b"}}, ``},
		{"unreachable in one namespace", []Rule{{On: "*", Emit: "a"}, {On: "b", Emit: "c", Namespace: "/a"}}, `warning: relay rule 2 ("b"): on: is never reached, rule 1 ("*") takes every such event | the first match wins: move it above rule 1`},
		{"reachable by the back-end", []Rule{{On: "*", Emit: "a"}, {On: "b", From: "server"}}, ``},
		{"hooks repeat", []Rule{{On: "connect", Emit: "a"}, {On: "connect", Emit: "b"}}, ``},
		{"forging by rule", []Rule{{On: "job:new", Emit: "server:created:job"}, {On: "server:created:*", From: "server"}}, `error: relay rule 1 ("job:new"): emit: another rule keeps "server:created:job" for the back-end (from: server) | emit another name, or take from: server away`},
		{"forging elsewhere", []Rule{{On: "job:new", Emit: "server:x"}, {On: "server:x", From: "server", Namespace: "/a"}}, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, complaints(t, tt.rules...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAComplaintStandsWhereTheFileHasTheKey(t *testing.T) {
	locate := func(rule int, key string) diag.Diagnostic {
		return diag.Diagnostic{Path: "realtimectl.yaml", Line: 10 + rule, Column: 3, Excerpt: key}
	}
	_, err := Compile([]Rule{{On: "a", Emit: "b"}, {On: "b", To: []string{"slef"}}, {On: "c"}}, Options{Locate: locate})
	want := diag.List{
		{Severity: diag.Error, Source: "relay", Path: "realtimectl.yaml", Line: 11, Column: 3, Excerpt: "to", Message: `relay rule 2 ("b"): to: unknown target "slef"`, Hint: `did you mean "self"?`},
		{Severity: diag.Error, Source: "relay", Path: "realtimectl.yaml", Line: 12, Column: 3, Message: `relay rule 3 ("c"): does nothing`, Hint: `give it emit, to, ack, join or leave; to: none swallows the event on purpose`},
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestABrokenSchemaIsToldAtCompileTime(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"broken.json":  `{"type": }`,
		"invalid.json": `{"type": "strng"}`,
		"ref.json":     `{"$ref": "missing.json"}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Compile([]Rule{{On: "a", Emit: "b", Schema: path}}, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), `relay rule 1 ("a"): schema: `+path+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASetTellsWhatItWasMadeOf(t *testing.T) {
	rules := []Rule{
		{On: "a", Emit: "b", Namespace: "/chat"},
		{On: "b", Emit: "b", Namespace: "/org-*"},
		{On: "connect", Emit: "c", Namespace: "/chat"},
		{On: "c", Emit: "b"},
	}
	set := compile(t, rules...)
	if set.Len() != 4 {
		t.Errorf("Len is %d", set.Len())
	}
	if diff := cmp.Diff([]string{"/chat", "/org-*"}, set.Namespaces()); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	m, ok := set.Match("/org-1", "b", false)
	if !ok {
		t.Fatal("no match")
	}
	if diff := cmp.Diff(rules[1], m.Rule()); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
}

func TestTheExamplesOfTheManualCompile(t *testing.T) {
	compile(t,
		Rule{On: "client:created:job", Emit: "server:created:job", To: []string{"all"}, Schema: "job.schema.json"},
		Rule{On: "chat:*:say", To: []string{"others", "room:chat-$1"}, Rate: "5/s"},
		Rule{On: "chat:join", Join: []string{"chat-$args.1"}, Ack: "args"},
		Rule{On: "client:**", Emit: "server:$1"},
		Rule{On: "connect", Emit: "server:user:online", To: []string{"others"}, Args: []any{"$id"}},
		Rule{On: "connect", Join: []string{"user-$user.id"}, Auth: "required"},
		Rule{On: "message-with-ack", Ack: "args"},
	)
}
