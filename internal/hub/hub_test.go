package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

func development() []relay.Rule { return append([]relay.Rule{fenceRule()}, relay.Development()...) }

func TestAnEventOfOneBrowserReachesAll(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a, b := s.join("/"), s.join("/")
	a.send(`42["client:created:job",{"b":1,"a":12345678901234567890,"text":"é€😀"}]`)
	want := `42["server:created:job",{"b":1,"a":12345678901234567890,"text":"é€😀"}]`
	a.expect(want)
	b.expect(want)
}

func TestEventsOfOneClientKeepTheirOrderForEverybody(t *testing.T) {
	rules := append(development(), relay.Rule{On: "ask", Ack: "args", To: []string{"none"}})
	s := start(t, rules, hub.Options{Shards: 3})
	clients := []*client{s.join("/"), s.join("/"), s.join("/"), s.join("/")}
	const n = 500
	go func() {
		for i := range n {
			clients[0].send(fmt.Sprintf(`42["client:n",%d]`, i))
			clients[0].send(fmt.Sprintf(`42%d["ask",%d]`, i, i))
		}
	}()
	for i := range n {
		clients[0].expect(fmt.Sprintf(`42["server:n",%d]`, i), fmt.Sprintf(`43%d[%d]`, i, i))
	}
	for _, c := range clients[1:] {
		for i := range n {
			c.expect(fmt.Sprintf(`42["server:n",%d]`, i))
		}
	}
}

func TestATargetLimitsWhoHears(t *testing.T) {
	rules := []relay.Rule{
		fenceRule(),
		{On: "enter", Join: []string{"*"}, To: []string{"none"}, Ack: "args"},
		{On: "exit", Leave: []string{"*"}, To: []string{"none"}, Ack: "args"},
		{On: "others", To: []string{"others"}},
		{On: "self", To: []string{"self"}},
		{On: "room", To: []string{"room:red"}},
		{On: "room-others", To: []string{"others", "room:red"}},
	}
	s := start(t, rules, hub.Options{Shards: 2})
	a, b, c := s.join("/"), s.join("/"), s.join("/")
	for _, x := range []*client{a, b} {
		x.send(`421["enter","red"]`)
		x.expect(`431["red"]`)
	}
	for _, event := range []string{"others", "self", "room", "room-others"} {
		a.send(fmt.Sprintf(`42["%s"]`, event))
	}
	a.expect(`42["self"]`, `42["room"]`)
	b.expect(`42["others"]`, `42["room"]`, `42["room-others"]`)
	c.expect(`42["others"]`)
	c.fence()
	b.send(`422["exit","red"]`)
	b.expect(`432["red"]`)
	a.send(`42["room"]`)
	a.expect(`42["room"]`)
	b.fence()
}

func TestBinaryAttachmentsPassWithTheirEvent(t *testing.T) {
	s := start(t, append(development(), relay.Rule{On: "echo", To: []string{"none"}, Ack: "args"}), hub.Options{})
	a, b := s.join("/"), s.join("/")
	a.send(`452-["client:file",{"_placeholder":true,"num":1},"x",{"_placeholder":true,"num":0}]`)
	a.sendBytes([]byte{1, 2, 3})
	a.sendBytes([]byte{4})
	for _, c := range []*client{a, b} {
		text := c.read()
		var first, second string
		switch text {
		case `452-["server:file",{"_placeholder":true,"num":1},"x",{"_placeholder":true,"num":0}]`:
			second, first = "\x04", "\x01\x02\x03"
		case `452-["server:file",{"_placeholder":true,"num":0},"x",{"_placeholder":true,"num":1}]`:
			first, second = "\x04", "\x01\x02\x03"
		default:
			t.Fatalf("got %q", text)
		}
		c.expect(first, second)
	}
	a.send(`451-7["echo",{"_placeholder":true,"num":0}]`)
	a.sendBytes([]byte{9})
	a.expect(`461-7[{"_placeholder":true,"num":0}]`, "\x09")
}

func TestNamespacesAreApartAndOthersAreRefused(t *testing.T) {
	s := start(t, development(), hub.Options{Namespaces: []string{"/chat", "/org-*"}})
	a, b, c := s.join("/"), s.join("/chat"), s.join("/org-7")
	b.send(`42/chat,["client:hi"]`)
	b.expect(`42/chat,["server:hi"]`)
	c.send("40/random,")
	c.expect(`44/random,{"message":"Invalid namespace"}`)
	c.send("40/org-7/deep,")
	c.expect(`44/org-7/deep,{"message":"Invalid namespace"}`)
	a.fence()
}

// CVE-2017-16031: ids that can be guessed.
func TestSocketIdsHaveTheShapeBackEndsExpect(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.dial("4")
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{20}$`).MatchString(a.id) {
		t.Errorf("session id %q", a.id)
	}
	a.connect("/")
	if !regexp.MustCompile(`^[0-9]{9}\.[0-9]{10}$`).MatchString(a.id) {
		t.Errorf("socket id %q", a.id)
	}
}

func TestRulesForConnectAndDisconnectSpeakOfWhoComesAndGoes(t *testing.T) {
	rules := []relay.Rule{
		{On: "connect", Emit: "online", To: []string{"others"}, Args: []any{"$id"}},
		{On: "disconnect", Emit: "offline", To: []string{"others"}, Args: []any{"$id", "$1"}},
	}
	s := start(t, rules, hub.Options{})
	a := s.join("/")
	b := s.join("/")
	a.expect(fmt.Sprintf(`42["online",%q]`, b.id))
	b.send("41")
	a.expect(fmt.Sprintf(`42["offline",%q,"client namespace disconnect"]`, b.id))
	c := s.join("/")
	a.expect(fmt.Sprintf(`42["online",%q]`, c.id))
	c.conn.Close()
	a.expect(fmt.Sprintf(`42["offline",%q,"transport close"]`, c.id))
}

func TestReplacedRulesServeTheNextEventOnTheSameConnection(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	a.send(`42["client:x"]`)
	a.expect(`42["server:x"]`)
	set, err := relay.Compile([]relay.Rule{{On: "client:*", Emit: "new:$1"}}, relay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetRelays(set); err != nil {
		t.Fatal(err)
	}
	a.send(`42["client:x"]`)
	a.expect(`42["new:x"]`)
}

func TestPublishCountsItsReceivers(t *testing.T) {
	s := start(t, []relay.Rule{fenceRule(), {On: "enter", Join: []string{"*"}, To: []string{"none"}, Ack: "args"}}, hub.Options{Shards: 2})
	a, b, c := s.join("/"), s.join("/"), s.join("/")
	for _, x := range []*client{a, b} {
		x.send(`421["enter","red"]`)
		x.expect(`431["red"]`)
	}
	args := []json.RawMessage{json.RawMessage(`{"id":1}`)}
	for _, tt := range []struct {
		m    hub.Message
		want int
		to   []*client
	}{
		{hub.Message{Event: "server:created:job", Args: args}, 3, []*client{a, b, c}},
		{hub.Message{Event: "e", Rooms: []string{"red"}}, 2, []*client{a, b}},
		{hub.Message{Event: "e", Rooms: []string{"red", c.id, a.id}}, 3, []*client{a, b, c}},
		{hub.Message{Event: "e", Rooms: []string{"blue"}}, 0, nil},
		{hub.Message{Event: "e", Except: []string{"red"}}, 1, []*client{c}},
		{hub.Message{Event: "e", Rooms: []string{"red"}, Except: []string{a.id}}, 1, []*client{b}},
		{hub.Message{Event: "e", Namespace: "/none"}, 0, nil},
	} {
		got, err := s.Publish(context.Background(), tt.m)
		if err != nil || got != tt.want {
			t.Errorf("%+v: delivered %d, %v; want %d", tt.m, got, err, tt.want)
		}
		payload := `42["e"]`
		if tt.m.Args != nil {
			payload = `42["server:created:job",{"id":1}]`
		}
		for _, x := range tt.to {
			x.expect(payload)
		}
	}
	for _, x := range []*client{a, b, c} {
		x.fence()
	}
}

func TestPublishRefusesWhatIsNoEvent(t *testing.T) {
	s := start(t, nil, hub.Options{})
	for _, m := range []hub.Message{
		{},
		{Event: strings.Repeat("x", 300)},
		{Event: "disconnect"},
		{Event: "e", Args: []json.RawMessage{json.RawMessage(`{`)}},
		{Event: "e", Args: []json.RawMessage{json.RawMessage(`1],"x"`)}},
		{Event: "e", Args: []json.RawMessage{json.RawMessage(strings.Repeat("[", 200) + strings.Repeat("]", 200))}},
	} {
		if _, err := s.Publish(context.Background(), m); !errors.Is(err, hub.ErrMessage) {
			t.Errorf("%.60v: %v", m, err)
		}
	}
}

func TestDisconnectSendsClientsAwayAndKeepsTheirSession(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a, b := s.join("/"), s.join("/")
	if n := s.Disconnect("/", []string{a.id}); n != 1 {
		t.Fatalf("disconnected %d", n)
	}
	a.expect("41")
	if diff := cmp.Diff(2, s.Clients()); diff != "" {
		t.Error(diff)
	}
	a.connect("/")
	b.send(`42["client:x"]`)
	a.expect(`42["server:x"]`)
}

func TestWhoIsCountedHearsWhatComesNext(t *testing.T) {
	s := start(t, nil, hub.Options{Shards: 2})
	waiting := s.dial("4")
	s.join("/")
	s.untilClients(1) // the other session has entered no namespace
	for n := 2; n <= 200; n++ {
		c := waiting
		waiting = s.dial("4")
		c.send("40")
		s.untilClients(n)
		s.publish(n, hub.Message{Event: "now", Args: []json.RawMessage{json.RawMessage(strconv.Itoa(n))}})
		if reply := c.read(); !strings.HasPrefix(reply, "40") {
			t.Fatalf("client %d: got %q", n, reply)
		}
		c.expect(`42["now",` + strconv.Itoa(n) + `]`)
	}
}

func TestTheEndOfTheHubTellsEveryClient(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	_, open := s.get("EIO=4&transport=polling")
	sid := open[strings.Index(open, `"sid":"`)+7:][:20]
	polled := make(chan string)
	go func() {
		_, body := s.get("EIO=4&transport=polling&sid=" + sid)
		polled <- body
	}()
	a.fence()
	s.stop()
	a.expectClosed()
	if body := <-polled; body != "1" && !strings.Contains(body, "Session ID unknown") {
		t.Errorf("the poll under way got %q", body)
	}
	if status, _ := s.get("EIO=4&transport=polling"); status != 503 {
		t.Errorf("after the end: %d", status)
	}
}
