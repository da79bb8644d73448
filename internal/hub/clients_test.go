package hub_test

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

func TestClientsOfEveryGenerationShareANamespace(t *testing.T) {
	rules := append([]relay.Rule{{On: "id", To: []string{"none"}, Ack: []any{"$id"}}}, development()...)
	s := start(t, rules, hub.Options{Namespaces: []string{"/chat"}})
	modern := s.join("/")
	old := s.dial("3")
	old.expect("40")
	old.send(`421["id"]`)
	old.expect(`431["` + old.id + `"]`)
	old.send("40/chat")
	old.expect("40/chat,")
	old.send(`42/chat,2["id"]`)
	old.expect(`43/chat,2["/chat#` + old.id + `"]`)
	packed := s.dial("4")
	packed.sendBytes([]byte("\x82\xa4type\x00\xa3nsp\xa1/"))
	if _, hello, err := packed.next(); err != nil || !strings.Contains(hello, "sid") {
		t.Fatalf("got %q, %v", hello, err)
	}
	old.send(`42["client:file","é€😀"]`)
	for _, c := range []*client{modern, old} {
		c.expect(`42["server:file","é€😀"]`)
	}
	kind, data, err := packed.next()
	if err != nil || kind != websocket.BinaryMessage || !strings.Contains(data, "\xabserver:file\xaaé€😀"[0:12]) {
		t.Fatalf("got %d %q, %v", kind, data, err)
	}
	// Bytes go from the packed form to the attachments of the others.
	packed.sendBytes([]byte("\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa8client:b\xc4\x02\x01\x02"))
	for _, c := range []*client{modern, old} {
		c.expect(`451-["server:b",{"_placeholder":true,"num":0}]`)
	}
	modern.expect("\x01\x02")
	old.expect("\x04\x01\x02")
	if _, data, err = packed.next(); err != nil || !strings.Contains(data, "\xc4\x02\x01\x02") {
		t.Fatalf("got %q, %v", data, err)
	}
	// And the other way, from revision 3.
	old.send(`451-["client:c",{"_placeholder":true,"num":0}]`)
	old.sendBytes([]byte("\x04\x07"))
	modern.expect(`451-["server:c",{"_placeholder":true,"num":0}]`, "\x07")
}
