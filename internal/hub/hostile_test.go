package hub_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Each entry is a packet, or several, that has brought down, blocked or misled a server
// of the family; «closed» is what the client gets, else it goes on.
func TestPacketsThatBrokeOtherServers(t *testing.T) {
	s := start(t, development(), hub.Options{})
	other := s.join("/")
	for name, tt := range map[string]struct {
		packets []string
		closed  bool
	}{
		"CVE-2024-38355: an event called error":           {[]string{`42["error"]`}, false},
		"CVE-2023-32695: a name that is an object":        {[]string{`42[{"toString":"foo"}]`}, true},
		"CVE-2022-2421: a placeholder with a method name": {[]string{`451-["client:x",{"_placeholder":true,"num":"splice"}]`}, true},
		"CVE-2022-2421: a placeholder beyond the last":    {[]string{`451-["client:x",{"_placeholder":true,"num":10}]`}, true},
		"CVE-2026-33151: attachments without end":         {[]string{`4599999999999-["client:x"]`}, true},
		"CVE-2026-69185: attachments nothing names":       {[]string{`4510-["client:x"]`}, true},
		"CVE-2020-36049: a packet of digits":              {[]string{"42" + strings.Repeat("1", 900_000)}, true},
		"CVE-2020-36049: a count of digits":               {[]string{"45" + strings.Repeat("1", 900_000) + "-"}, true},
		"quirk: a count in exponents":                     {[]string{`451e1-["client:x"]`}, true},
		"quirk: an id without end":                        {[]string{`42999999999999999999999["client:x"]`}, true},
		"deep JSON":                                       {[]string{`42["client:x",` + strings.Repeat("[", 400_000)}, true},
		"a prototype":                                     {[]string{`42["client:x",{"__proto__":{"a":1}}]`}, false},
		"a namespace from Object.prototype":               {[]string{`40/__proto__,`, `40/constructor,`}, false},
		"a connect payload from Object.prototype":         {[]string{`40{"__proto__":{"pid":"x"},"constructor":1}`}, false},
		"an event for a namespace it is not in":           {[]string{`42/chat,["client:x"]`}, true},
		"an engine packet for servers":                    {[]string{`0{}`}, true},
	} {
		c := s.join("/")
		for _, p := range tt.packets {
			c.send(p)
		}
		if closed := c.endsBefore(`4398[]`); closed != tt.closed {
			t.Errorf("%s: closed %v", name, closed)
		}
	}
	other.send(`4298["fence"]`)
	other.endsBefore(`4398[]`)
}

// endsBefore sends a fence and reads up to its answer, or the end of the connection.
func (c *client) endsBefore(answer string) bool {
	c.t.Helper()
	_ = c.conn.WriteMessage(websocket.TextMessage, []byte(`4298["fence"]`)) // it may be closed by now
	for {
		_, data, err := c.next()
		if err != nil {
			return true
		}
		if data == answer {
			return false
		}
	}
}

// CVE-2022-41940: a reset that nobody listened for.
func TestAConnectionThatBreaksOffAnywhereHarmsNobody(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a := s.join("/")
	request := "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + s.http.Listener.Addr().String() +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
		"\x81\x82\x00\x00\x00\x0040\x81\x92\x00\x00\x00\x0042[\"client:created\"]"
	for cut := 1; cut < len(request); cut += 7 {
		conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(request[:cut]))
		_ = conn.(*net.TCPConn).SetLinger(0) // a reset, not a close
		conn.Close()
	}
	s.untilClients(1)
	if a.endsBefore(`4398[]`) {
		t.Error("another client was cut off")
	}
}

func TestAClientThatWasSentAwayEmitsNoMore(t *testing.T) {
	s := start(t, development(), hub.Options{})
	a, b := s.join("/"), s.join("/")
	s.Disconnect("/", []string{a.id})
	a.expect("41")
	a.send(`42["client:forged"]`)
	a.connect("/")
	a.fence()
	b.fence()
}

func TestAClientMayBeInSoManyNamespacesAndRooms(t *testing.T) {
	rules := []relay.Rule{
		fenceRule(),
		{On: "enter", Join: []string{"*"}, To: []string{"none"}, Ack: "args"},
		{On: "rooms", To: []string{"none"}, Ack: []any{"$rooms"}},
	}
	s := start(t, rules, hub.Options{
		Namespaces: []string{"/n*"}, MaxRooms: 2, Protocol: socketio.Options{MaxNamespaces: 2},
	})
	a := s.join("/")
	a.connect("/n1")
	a.send("40/n2,")
	a.expect(`44/n2,{"message":"Too many namespaces"}`)
	for i := range 4 {
		a.send(fmt.Sprintf(`42%d["enter","r%d"]`, i, i))
		a.expect(fmt.Sprintf(`43%d["r%d"]`, i, i))
	}
	a.send(`429["rooms"]`)
	a.expect(`439[["r0","r1"]]`)
}

func TestARefusedEventAnswersWhoAsked(t *testing.T) {
	s := start(t, []relay.Rule{{On: "small", MaxSize: 10, Ack: "args"}}, hub.Options{})
	a := s.join("/")
	a.send(`421["small","0123456789"]`)
	var answer []struct{ Code, Error string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(a.read(), "431")), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer) != 1 || answer[0].Code != "size" || answer[0].Error == "" {
		t.Errorf("answer %v", answer)
	}
}

func TestWithoutANamespaceASessionEnds(t *testing.T) {
	s := start(t, development(), hub.Options{Protocol: socketio.Options{ConnectTimeout: 20 * time.Millisecond}})
	s.dial("4").expectClosed()
	s.join("/").fence()
}

func TestASlowReaderIsDroppedAndRecovers(t *testing.T) {
	engine := engineio.Options{MaxBacklog: 200_000}
	s := start(t, roomRules(), hub.Options{Protocol: socketio.Options{Engine: engine}, Recovery: hub.Recovery{MaxBytes: 64 << 20}})
	slow, me := s.comeBack(identity{})
	quick := s.join("/")
	const n = 1500
	pad := strings.Repeat("x", 20_000)
	event := func(i int) string { return fmt.Sprintf(`["e",%d,"%s"]`, i, pad) }
	for i := range n {
		m := hub.Message{Event: "e", Args: []json.RawMessage{json.RawMessage(fmt.Sprint(i)), json.RawMessage(`"` + pad + `"`)}}
		if _, err := s.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		quick.expect("42" + event(i))
	}
	s.untilClients(1)
	// What the kernels on both ends still hold of the old connection counts as received.
	received := 0
	for {
		_, data, err := slow.next()
		if err != nil {
			break
		}
		if data != "42"+event(received) {
			t.Fatalf("got %.40q, want number %d", data, received)
		}
		received++
	}
	back, now := s.comeBack(me)
	if now != me {
		t.Fatal("it did not come back as itself")
	}
	first := back.read()
	var number int
	if _, err := fmt.Sscanf(first, `42["e",%d,`, &number); err != nil || number > received {
		t.Fatalf("%d were received, then came %.40q", received, first)
	}
	for i := number + 1; i < n; i++ {
		back.expect("42" + event(i))
	}
	back.fence()
}

func TestRequestsBesideTheProtocolAreToldTheWay(t *testing.T) {
	s := start(t, nil, hub.Options{})
	for path, status := range map[string]int{
		"/socket.io/nothing.js": http.StatusNotFound,
		"/socket.io/1/":         http.StatusNotFound, // clients 0.9
		"/socket.io?EIO=4":      http.StatusBadRequest,
		"/socket.io/":           http.StatusBadRequest,
	} {
		resp, err := s.http.Client().Get(s.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}
