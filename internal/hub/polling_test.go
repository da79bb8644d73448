package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/hub"
)

// A client has the whole of a large answer before the handler that wrote it returns. Its
// next poll may come by another connection, as any proxy with a pool of them does it.
func TestAClientMayPollAgainAsSoonAsItHasTheAnswer(t *testing.T) {
	s := start(t, nil, hub.Options{})
	_, open := s.get("EIO=4&transport=polling")
	var shake struct{ SID string }
	if err := json.Unmarshal([]byte(open[1:]), &shake); err != nil {
		t.Fatal(err)
	}
	session := "EIO=4&transport=polling&sid=" + shake.SID
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
