package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// masked is a frame as a browser sends it, under the mask 0.
func masked(first, length byte, payload string) string {
	return string([]byte{first, 0x80 | length}) + "\x00\x00\x00\x00" + payload
}

// frames are what no browser sends once a WebSocket is open.
func frames() map[string]string {
	return map[string]string{
		"no mask":                           "\x81\x02{}",
		"a reserved bit":                    masked(0xc1, 2, "{}"),
		"all reserved bits":                 masked(0xf1, 2, "{}"),
		"a reserved kind of message":        masked(0x83, 2, "{}"),
		"a reserved kind of control":        masked(0x8b, 0, ""),
		"a ping in pieces":                  masked(0x09, 1, "x"),
		"a ping that is too long":           "\x89\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("x", 126),
		"an end without a beginning":        masked(0x80, 2, "{}"),
		"two beginnings":                    masked(0x01, 1, "{") + masked(0x81, 1, "}"),
		"the longest length":                "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"a length beyond all":               "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"a close with half a code":          masked(0x88, 1, "\x03"),
		"a close with a code nobody sends":  masked(0x88, 2, "\x03\xed"),
		"a close whose reason is no text":   masked(0x88, 3, "\x03\xe8\xff"),
		"text that is none":                 masked(0x81, 2, "\xc3\x28"),
		"a message that is larger than any": "\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("x", 1<<16),
		"HTTP":                              "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"nothing, and gone":                 "",
		"half a frame, and gone":            "\x81",
	}
}

// TestFramesThatNoBrowserSends opens both kinds of WebSocket and breaks the protocol. Each
// connection must end, and the next one work.
func TestFramesThatNoBrowserSends(t *testing.T) {
	needSetup(t)
	s := newBoard(t).serve(t, "--proxy-port", "0", "--app-port", "0")
	for _, to := range []struct{ name, address, path string }{
		{"live reload", s.Proxy, "/__realtimectl/live"},
		{"hub through the proxy", s.Proxy, "/socket.io/?EIO=4&transport=websocket"},
		{"hub", s.App, "/socket.io/?EIO=3&transport=websocket"},
	} {
		u, err := url.Parse(to.address)
		if err != nil {
			t.Fatal(err)
		}
		for name, frame := range frames() {
			t.Run(to.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				breakFrame(t, u.Host, to.path, frame)
			})
		}
	}
}

func breakFrame(t *testing.T, host, path, frame string) {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, host, host)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v %v", resp, err)
	}
	_, _ = io.WriteString(conn, frame) // it may be refused before all of it is out
	if len(frame) < 2 {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	_, err = io.Copy(io.Discard, in)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		t.Error("the connection stays open")
	}
}
