package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/auth"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// roomRules are the development rules and a room to enter.
func roomRules() []relay.Rule {
	return append([]relay.Rule{
		{On: "enter", Join: []string{"*"}, To: []string{"none"}, Ack: "args"},
		{On: "room", To: []string{"room:red"}},
		{On: "others", To: []string{"others"}},
	}, development()...)
}

type identity struct {
	SID string `json:"sid"`
	PID string `json:"pid"`
}

// comeBack opens a new connection that claims an earlier one.
func (s *server) comeBack(who identity) (*client, identity) {
	s.t.Helper()
	c := s.dial("4")
	claim, err := json.Marshal(map[string]string{"pid": who.PID, "offset": ""})
	if err != nil {
		s.t.Fatal(err)
	}
	if who.PID == "" {
		claim = nil
	}
	c.send("40" + string(claim))
	var now identity
	if err := json.Unmarshal([]byte(strings.TrimPrefix(c.read(), "40")), &now); err != nil {
		s.t.Fatal(err)
	}
	c.id = now.SID
	return c, now
}

// publish raises an event and fails unless n clients get it.
func (s *server) publish(n int, m hub.Message) {
	s.t.Helper()
	got, err := s.Publish(context.Background(), m)
	if err != nil || got != n {
		s.t.Fatalf("publish %s: %d, %v; want %d", m.Event, got, err, n)
	}
}

// lose ends the connection of c as a lost network does, and returns when only left clients
// are there. A client may have its answer before it is counted.
func (s *server) lose(c *client, left int) {
	s.t.Helper()
	s.untilClients(left + 1)
	c.conn.Close()
	s.untilClients(left)
}

// untilClients waits until so many clients are connected.
func (s *server) untilClients(n int) {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for s.Clients() != n {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%d clients, want %d", s.Clients(), n)
		}
	}
}

func TestAClientThatComesBackFindsItsIdItsRoomsAndWhatItMissed(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Shards: 2})
	a, me := s.comeBack(identity{})
	b := s.join("/")
	a.send(`421["enter","red"]`)
	a.expect(`431["red"]`)
	b.send(`42["client:first"]`)
	a.expect(`42["server:first"]`)
	s.lose(a, 1)
	s.publish(1, hub.Message{Event: "all"})
	s.publish(0, hub.Message{Event: "red", Rooms: []string{"red"}})
	s.publish(0, hub.Message{Event: "blue", Rooms: []string{"blue"}})
	s.publish(0, hub.Message{Event: "mine", Rooms: []string{me.SID}})
	s.publish(1, hub.Message{Event: "not mine", Except: []string{me.SID}})
	s.publish(1, hub.Message{Event: "volatile", Volatile: true})
	a, now := s.comeBack(me)
	if diff := cmp.Diff(me, now); diff != "" {
		t.Errorf("identity (-before +after):\n%s", diff)
	}
	a.expect(`42["all"]`, `42["red"]`, `42["mine"]`)
	b.send(`42["room"]`)
	a.expect(`42["room"]`)
	a.fence()
}

func TestRecoveryNeedsNoFirstEventAndRepeatsNone(t *testing.T) {
	s := start(t, roomRules(), hub.Options{})
	a, me := s.comeBack(identity{})
	for i := range 5 {
		s.lose(a, 0)
		s.publish(0, hub.Message{Event: fmt.Sprint("missed ", i)})
		a, _ = s.comeBack(me)
		a.expect(fmt.Sprintf(`42["missed %d"]`, i))
		s.publish(1, hub.Message{Event: fmt.Sprint("live ", i)})
		a.expect(fmt.Sprintf(`42["live %d"]`, i))
	}
}

func TestAClientMayComeBackBeforeItsOldConnectionIsFoundDead(t *testing.T) {
	s := start(t, roomRules(), hub.Options{})
	old, me := s.comeBack(identity{})
	a, now := s.comeBack(me)
	if diff := cmp.Diff(me, now); diff != "" {
		t.Error(diff)
	}
	old.expectClosed()
	s.publish(1, hub.Message{Event: "x"})
	a.expect(`42["x"]`)
}

func TestWhoLeftOnPurposeOrIsNotKnownBeginsAnew(t *testing.T) {
	s := start(t, roomRules(), hub.Options{})
	a, me := s.comeBack(identity{})
	a.send("41")
	a.send("40")
	a.read()
	if _, now := s.comeBack(me); now == me {
		t.Error("a client that had left came back as itself")
	}
	b, me := s.comeBack(identity{})
	s.lose(b, 2)
	for _, pid := range []string{"x", me.SID + ".", me.SID + ".AAAAAAAAAAAAAAAAAAAA", strings.ToUpper(me.PID)} {
		if _, now := s.comeBack(identity{me.SID, pid}); now.SID == me.SID {
			t.Errorf("pid %q was taken for %q", pid, me.PID)
		}
	}
}

func TestWithoutTheEventsItMissedAClientBeginsAnew(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Recovery: hub.Recovery{MaxBytes: 6000}})
	a, me := s.comeBack(identity{})
	s.lose(a, 0)
	for range 5 {
		s.publish(0, hub.Message{Event: "x", Args: []json.RawMessage{json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)}})
	}
	c, now := s.comeBack(me)
	if now.SID == me.SID {
		t.Error("came back although events are gone")
	}
	c.fence()
}

func TestRecoverySurvivesARestart(t *testing.T) {
	opts := hub.Options{Recovery: hub.Recovery{Store: filepath.Join(t.TempDir(), "recovery.json")}}
	first := start(t, roomRules(), opts)
	a, me := first.comeBack(identity{})
	a.send(`421["enter","red"]`)
	a.expect(`431["red"]`)
	b, other := first.comeBack(identity{})
	first.lose(b, 1)
	first.publish(1, hub.Message{Event: "before", Args: []json.RawMessage{json.RawMessage(`{"b":1,"a":"é"}`)}})
	a.expect(`42["before",{"b":1,"a":"é"}]`)
	first.stop()
	second := start(t, roomRules(), opts)
	second.publish(0, hub.Message{Event: "between", Rooms: []string{"red"}})
	a, now := second.comeBack(me)
	if diff := cmp.Diff(me, now); diff != "" {
		t.Error(diff)
	}
	a.expect(`42["between"]`)
	b, now = second.comeBack(other)
	if diff := cmp.Diff(other, now); diff != "" {
		t.Error(diff)
	}
	b.expect(`42["before",{"b":1,"a":"é"}]`)
	b.fence()
}

func TestRecoveryCanBeTurnedOff(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Recovery: hub.Recovery{Off: true}})
	if _, me := s.comeBack(identity{}); me.PID != "" {
		t.Errorf("pid %q", me.PID)
	}
}

// guests lets everybody in under the name in auth.name, with a room of that name.
type guests struct{}

func (guests) Check(_ context.Context, r auth.Request) (auth.Identity, error) {
	var data struct{ Name string }
	if len(r.Auth) > 0 {
		if err := json.Unmarshal(r.Auth, &data); err != nil {
			return auth.Identity{}, err
		}
	}
	if data.Name == "" {
		return auth.Identity{}, nil
	}
	user, err := json.Marshal(map[string]any{"sub": data.Name, "iat": time.Now().UnixNano()})
	return auth.Identity{User: user, Rooms: []string{data.Name}}, err
}

func TestAnotherPersonDoesNotComeBackAsTheOneWhoLeft(t *testing.T) {
	s := start(t, roomRules(), hub.Options{Auth: guests{}})
	for name, same := range map[string]bool{"ana": true, "eve": false, "": false} {
		a := s.dial("4")
		a.send(`40{"name":"ana"}`)
		var me, now identity
		if err := json.Unmarshal([]byte(a.read()[2:]), &me); err != nil {
			t.Fatal(err)
		}
		s.lose(a, 0)
		s.publish(0, hub.Message{Event: "for ana", Rooms: []string{"ana"}})
		b := s.dial("4")
		b.send(fmt.Sprintf(`40{"name":%q,"pid":%q}`, name, me.PID))
		if err := json.Unmarshal([]byte(b.read()[2:]), &now); err != nil {
			t.Fatal(err)
		}
		if (now == me) != same {
			t.Errorf("%q came back as %v, was %v", name, now, me)
		}
		if same {
			b.expect(`42["for ana"]`)
		}
		s.publish(map[bool]int{true: 1}[same], hub.Message{Event: "for ana", Rooms: []string{"ana"}})
		if same {
			b.expect(`42["for ana"]`)
		}
		b.fence()
		s.lose(b, 0)
	}
}

func TestAStoreThatIsBrokenIsToldAndLeftBehind(t *testing.T) {
	for _, content := range []string{"", "{", `{"Absent":[null],"History":[{"Payload":["x"]}]}`} {
		file := filepath.Join(t.TempDir(), "recovery.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := start(t, roomRules(), hub.Options{Recovery: hub.Recovery{Store: file}})
		s.join("/").fence()
	}
}
