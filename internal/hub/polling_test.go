package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/hub"
)

// A client has the whole of a large answer before the handler that wrote it returns. Its
// next poll may come by another connection, as any proxy with a pool of them does it.
func TestAClientMayPollAgainAsSoonAsItHasTheAnswer(t *testing.T) {
	s := start(t, nil, hub.Options{})
	session := s.pollingSession()
	s.do(http.MethodPost, session, "text/plain;charset=UTF-8", "40")
	s.get(session) // that it is connected
	large, err := json.Marshal(strings.Repeat("x", 300_000))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if _, err := s.Publish(t.Context(), hub.Message{Event: "x", Args: []json.RawMessage{large}}); err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
		resp, err := (&http.Client{Transport: transport}).Get(s.url(session))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadFull(resp.Body, make([]byte, resp.ContentLength))
		t.Cleanup(func() { resp.Body.Close() })
		if resp.StatusCode != http.StatusOK || err != nil {
			t.Fatalf("poll %d: %s, %d bytes, %v", i, resp.Status, n, err)
		}
	}
}

// What waits for a client that polls is not with it yet, also when the client itself ends
// the connection and comes back by another one.
func TestAPollingClientThatEndsItsConnectionGetsBackWhatWaited(t *testing.T) {
	s := start(t, nil, hub.Options{})
	if _, err := s.Publish(t.Context(), hub.Message{Event: "before it came"}); err != nil {
		t.Fatal(err)
	}
	session := s.pollingSession()
	s.do(http.MethodPost, session, "text/plain;charset=UTF-8", "40")
	_, connected := s.get(session)
	var me identity
	if err := json.Unmarshal([]byte(strings.TrimPrefix(connected, "40")), &me); err != nil {
		t.Fatalf("%q: %v", connected, err)
	}
	s.publish(1, hub.Message{Event: "waited"})
	s.untilClients(1)
	s.do(http.MethodPost, session, "text/plain;charset=UTF-8", "1")
	s.untilClients(0)
	s.publish(0, hub.Message{Event: "missed"})
	a, now := s.comeBack(me)
	if diff := cmp.Diff(me, now); diff != "" {
		t.Errorf("identity (-before +after):\n%s", diff)
	}
	a.expect(`42["waited"]`, `42["missed"]`)
}

// pollingSession shakes hands and returns the query of the session's polls.
func (s *server) pollingSession() string {
	s.t.Helper()
	_, open := s.get("EIO=4&transport=polling")
	var shake struct{ SID string }
	if err := json.Unmarshal([]byte(open[1:]), &shake); err != nil {
		s.t.Fatal(err)
	}
	return "EIO=4&transport=polling&sid=" + shake.SID
}
