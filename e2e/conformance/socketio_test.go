package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// Socket.IO protocol 5 over WebSocket: what the hub does by its rules alone.

var socketID = regexp.MustCompile(`^\d{9}\.\d{10}$`)

// connect enters a namespace and checks everything that comes of it.
func connect(t *testing.T, s *socket, namespace, auth string) {
	t.Helper()
	prefix := namespace
	if prefix != "" {
		prefix += ","
	}
	s.send("40" + prefix + auth)
	text, accepted := strings.CutPrefix(s.read(), "40"+prefix)
	if !accepted {
		t.Fatalf("connect to %q: got %q", namespace, text)
	}
	var reply map[string]string
	if err := json.Unmarshal([]byte(text), &reply); err != nil {
		t.Fatal(err)
	}
	if len(reply) != 1 || !socketID.MatchString(reply["sid"]) {
		t.Errorf("reply %v, want nothing but a sid of 9 digits, a dot and 10 digits", reply)
	}
	if auth == "" {
		auth = "{}"
	}
	s.want("42" + prefix + `["auth",` + auth + `]`)
}

func TestConnect(t *testing.T) {
	for name, tt := range map[string]struct{ namespace, auth string }{
		"main namespace":                  {"", ""},
		"main namespace with a payload":   {"", `{"token":"123"}`},
		"custom namespace":                {"/custom", ""},
		"custom namespace with a payload": {"/custom", `{"token":"é€😀"}`},
	} {
		t.Run(name, func(t *testing.T) {
			connect(t, startPeer(t, "/socket.io/").webSocketSession("4"), tt.namespace, tt.auth)
		})
	}
}

func TestUnknownNamespaceIsRefused(t *testing.T) {
	s := startPeer(t, "/socket.io/").webSocketSession("4")
	s.send("40/random")
	s.want(`44/random,{"message":"Invalid namespace"}`)
}

func TestSessionWithoutNamespaceIsClosed(t *testing.T) {
	s := startPeer(t, "/socket.io/").webSocketSession("4")
	// Heartbeats alone do not keep it: it is closed before the client runs out of answers.
	for range 10 {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		if string(data) == "2" {
			s.send("3")
		}
	}
	t.Error("still open after ten heartbeats")
}

func TestDisconnectLeavesTheConnectionOpen(t *testing.T) {
	s := startPeer(t, "/socket.io/").webSocketSession("4")
	connect(t, s, "", "")
	s.send("41")
	s.want("2")
}

func TestNamespacesAreLeftOneByOne(t *testing.T) {
	s := startPeer(t, "/socket.io/").webSocketSession("4")
	connect(t, s, "", "")
	connect(t, s, "/custom", "")
	s.send("41/custom")
	s.send(`42["message","message to main namespace"]`)
	s.want(`42["message-back","message to main namespace"]`)
}

func TestEvents(t *testing.T) {
	const two = `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`
	for name, tt := range map[string]struct{ send, want []any }{
		"text":        {[]any{`42["message",1,"2",{"3":[true]}]`}, []any{`42["message-back",1,"2",{"3":[true]}]`}},
		"as written":  {[]any{`42["message",1.00,1e400,{"b":1,"a":"\u00e9"}]`}, []any{`42["message-back",1.00,1e400,{"b":1,"a":"\u00e9"}]`}},
		"without any": {[]any{`42["message"]`}, []any{`42["message-back"]`}},
		"binary": {
			[]any{`452-["message",` + two + `]`, []byte{1, 2, 3}, []byte{4, 5, 6}},
			[]any{`452-["message-back",` + two + `]`, []byte{1, 2, 3}, []byte{4, 5, 6}},
		},
		"acknowledged": {[]any{`42456["message-with-ack",1,"2",{"3":[false]}]`}, []any{`43456[1,"2",{"3":[false]}]`}},
		"binary, acknowledged": {
			[]any{`452-789["message-with-ack",` + two + `]`, []byte{1, 2, 3}, []byte{4, 5, 6}},
			[]any{`462-789[` + two + `]`, []byte{1, 2, 3}, []byte{4, 5, 6}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := startPeer(t, "/socket.io/").webSocketSession("4")
			connect(t, s, "", "")
			for _, message := range tt.send {
				if text, ok := message.(string); ok {
					s.send(text)
					continue
				}
				s.sendBytes(message.([]byte)...)
			}
			s.want(tt.want...)
		})
	}
}

func TestInvalidPacketsCloseTheConnection(t *testing.T) {
	for _, packet := range []string{
		"4abc", "42{}", `42abc["message-with-ack",1,"2",{"3":[false]}]`, "42", "42[]", "42[{}]", `42["message"`, `42["message"]x`,
		`451-["message"]`, `4511-["message"]`, "43[]x", "47",
	} {
		t.Run(packet, func(t *testing.T) {
			t.Parallel()
			s := startPeer(t, "/socket.io/").webSocketSession("4")
			connect(t, s, "", "")
			s.send(packet)
			if packet == `451-["message"]` {
				s.send(`42["message","instead of the attachment"]`)
			}
			s.wantClosed()
		})
	}
}

func TestFirstPacketHasToBeAConnect(t *testing.T) {
	s := startPeer(t, "/socket.io/").webSocketSession("4")
	s.send("4abc")
	s.wantClosed()
}
