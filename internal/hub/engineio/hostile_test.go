package engineio

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rawClient is a WebSocket client that may break every rule.
type rawClient struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// raw completes the handshake by hand, with more header lines.
func (s *running) raw(query, lines string) (*rawClient, *http.Response) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /engine.io/?%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", query, s.http.Listener.Addr(), lines)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &rawClient{s.t, conn, in}, resp
}

// open begins a session and takes the open packet.
func (s *running) open() *rawClient {
	s.t.Helper()
	c, resp := s.raw("transport=websocket&EIO=4", "")
	if resp.StatusCode != http.StatusSwitchingProtocols {
		s.t.Fatal(resp.Status)
	}
	if op, _ := c.read(); op != opText {
		s.t.Fatalf("opcode %d", op)
	}
	return c
}

// frame makes a masked frame.
func frame(first byte, content string) []byte {
	b := []byte{first}
	switch n := len(content); {
	case n < 126:
		b = append(b, maskBit|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, maskBit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, maskBit|127), uint64(n))
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i := range len(content) {
		b = append(b, content[i]^key[i&3])
	}
	return b
}

func (c *rawClient) write(b ...[]byte) {
	c.t.Helper()
	for _, part := range b {
		if _, err := c.conn.Write(part); err != nil {
			return // the server may have had enough
		}
	}
}

// read returns the next frame; opcode 0 stands for the end of the connection.
func (c *rawClient) read() (op byte, content string) {
	c.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return 0, ""
	}
	n := int(head[1])
	if n == 126 {
		var long [2]byte
		if _, err := io.ReadFull(c.in, long[:]); err != nil {
			return 0, ""
		}
		n = int(binary.BigEndian.Uint16(long[:]))
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return 0, ""
	}
	return head[0] & 0xf, string(data)
}

// closeCode reads until the server closes and returns its code.
func (c *rawClient) closeCode() int {
	c.t.Helper()
	for {
		switch op, content := c.read(); op {
		case opClose:
			return int(binary.BigEndian.Uint16([]byte(content)))
		case 0:
			return 0
		}
	}
}

func TestAWebSocketThatBreaksTheRulesIsClosedWithItsCode(t *testing.T) {
	s := start(t, Options{MaxPayload: 1000, MaxFragments: 8})
	text, cont, fin := byte(opText), byte(opContinuation), byte(finBit)
	var flood []byte
	flood = append(flood, frame(text, "4")...)
	for range 20 {
		flood = append(flood, frame(cont, "")...)
	}
	for name, tt := range map[string]struct {
		sent []byte
		code int
	}{
		"no mask":                                  {[]byte{fin | text, 2, '4', 'a'}, closeProtocol},
		"CVE-2022-21676: a reserved bit":           {frame(fin|0x40|text, "4a"), closeProtocol},
		"an unknown opcode":                        {frame(fin|3, "4a"), closeProtocol},
		"an unknown control opcode":                {frame(fin|0xb, ""), closeProtocol},
		"a long ping":                              {frame(fin|opPing, strings.Repeat("x", 126)), closeProtocol},
		"a fragmented ping":                        {frame(opPing, "x"), closeProtocol},
		"a continuation of nothing":                {frame(fin|cont, "4a"), closeProtocol},
		"a message inside a message":               {append(frame(text, "4a"), frame(fin|text, "4b")...), closeProtocol},
		"CVE-2016-10542: a message over the limit": {frame(fin|text, "4"+strings.Repeat("a", 1000)), closeTooBig},
		"fragments over the limit":                 {append(frame(text, "4"+strings.Repeat("a", 900)), frame(fin|cont, strings.Repeat("a", 900))...), closeTooBig},
		"a claim of 2^63 bytes":                    {[]byte{fin | text, maskBit | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, closeTooBig},
		"CVE-2026-48779: too many fragments":       {flood, closePolicy},
		"text that is not UTF-8":                   {frame(fin|text, "4\xff"), closeNoUTF8},
		"a close of one byte":                      {frame(fin|opClose, "x"), closeProtocol},
		"a close with a reserved code":             {frame(fin|opClose, "\x03\xed"), closeProtocol},
		"an empty message":                         {frame(fin|text, ""), closeProtocol},
		"an unknown packet":                        {frame(fin|text, "abc"), closeProtocol},
		"a proper close":                           {frame(fin|opClose, "\x03\xe8bye"), closeNormal},
	} {
		c := s.open()
		c.write(tt.sent)
		if got := c.closeCode(); got != tt.code {
			t.Errorf("%s: %d, want %d", name, got, tt.code)
		}
	}
	c := s.open()
	c.write(frame(fin|text, "4alive"))
	if _, got := c.read(); got != "4alive" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestFragmentsAndPingsBetweenThemMakeOneMessage(t *testing.T) {
	s := start(t, Options{})
	c := s.open()
	c.write(frame(opText, "4é"), frame(finBit|opPing, "are you there"), frame(opContinuation, "€"), frame(finBit|opContinuation, "😀"))
	var got []string
	for range 2 {
		op, content := c.read()
		got = append(got, fmt.Sprint(op, " ", content))
	}
	if diff := cmp.Diff([]string{"10 are you there", "1 4é€😀"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMessageByteByByteIsReadAndManyAtOnceToo(t *testing.T) {
	s := start(t, Options{})
	c := s.open()
	long := "4" + strings.Repeat("0123456789", 1000)
	for _, b := range frame(finBit|opText, "4slow") {
		c.write([]byte{b})
	}
	c.write(frame(finBit|opText, long), append(append(frame(finBit|opText, "4a"), frame(finBit|opText, "4b")...), frame(finBit|opText, long)...))
	for _, want := range []string{"4slow", long, "4a", "4b", long} {
		if _, got := c.read(); got != want {
			t.Fatalf("got %.40q, want %.40q", got, want)
		}
	}
}

func TestAMessageThatIsNeverFinishedEndsTheSession(t *testing.T) {
	s := start(t, Options{MessageTimeout: 50 * time.Millisecond})
	for name, sent := range map[string][]byte{
		"half a frame":   frame(finBit|opText, "4hello")[:5],
		"half a message": frame(opText, "4hello"),
	} {
		c := s.open()
		c.write(sent)
		if err := <-s.ended; err == nil {
			t.Errorf("%s: the session went on", name)
		}
	}
}

func TestABusyClientIsNotTakenForASlowOne(t *testing.T) {
	s := start(t, Options{MessageTimeout: 100 * time.Millisecond})
	c := s.open()
	message := frame(finBit|opText, "4"+strings.Repeat("x", 700))
	sent := 0
	c.write(message[:300])
	// As many as are under way: a client that does not read its echoes is a slow one.
	echoes := make(chan struct{}, 100)
	done := make(chan int, 1)
	go func() {
		n := 0
		for op, _ := c.read(); op == opText; op, _ = c.read() {
			<-echoes
			n++
		}
		done <- n
	}()
	say := func(frames ...[]byte) {
		select {
		case echoes <- struct{}{}:
			c.write(frames...)
		case n := <-done:
			t.Fatalf("cut off after %d of %d messages: %v", n, sent, <-s.ended)
		}
	}
	for until := time.Now().Add(400 * time.Millisecond); time.Now().Before(until); sent++ {
		say(message[300:], message[:300])
	}
	say(message[300:], frame(finBit|opClose, "\x03\xe8"))
	if got := <-done; got != sent+1 {
		t.Errorf("%d of %d messages came back", got, sent+1)
	}
}

func TestHandshakesThatBrokeOtherServers(t *testing.T) {
	s := start(t, Options{})
	for name, tt := range map[string]struct {
		query, lines string
		status       int
	}{
		"a transport from Object.prototype":                       {"transport=__proto__&EIO=4", "", 400},
		"a transport that is a list":                              {"transport[]=polling&EIO=4", "", 400},
		"a constructor":                                           {"transport=constructor&EIO=4", "", 400},
		"GHSA-5v72-xg48-5rpm: an extension from Object.prototype": {"transport=websocket&EIO=4", "Sec-WebSocket-Extensions: constructor\r\n", 101},
		"CVE-2021-32640: a subprotocol of spaces":                 {"transport=websocket&EIO=4", "Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 50_000) + "b\r\n", 101},
		"a wrong version":                                         {"transport=websocket&EIO=4", "Sec-WebSocket-Version: 8\r\n", 101},
		"an unknown session":                                      {"transport=websocket&EIO=4&sid=x", "", 400},
		"polling that upgrades":                                   {"transport=polling&EIO=4", "", 400},
		"CVE-2024-37890: many headers":                            {"transport=websocket&EIO=4", strings.Repeat("X-A: b\r\n", 2000), 101},
	} {
		_, resp := s.raw(tt.query, tt.lines)
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	c := s.open()
	c.write(frame(finBit|opText, "4alive"))
	if _, got := c.read(); got != "4alive" {
		t.Errorf("afterwards: %q", got)
	}
}

// CVE-2026-59725: others never answer it.
func TestABinaryPostOfRevision4IsRefusedAtOnce(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("4", "")
	status, _, _ := s.do(http.MethodPost, q, "application/octet-stream", "4hello")
	if status != http.StatusBadRequest {
		t.Errorf("status %d", status)
	}
	if got := s.get(q); got != "Bad Request" {
		t.Errorf("the next poll: %q", got)
	}
}

func TestAClientThatDoesNotReadIsDroppedAndOthersHear(t *testing.T) {
	s := start(t, Options{MaxBacklog: 100_000})
	slow, quick := s.sessionOf(s.open()), s.open()
	sess := s.sessionOf(quick)
	heard := make(chan int)
	go func() {
		n := 0
		for ; n < 2000; n++ {
			if op, _ := quick.read(); op != opText {
				break
			}
		}
		heard <- n
	}()
	big := NewBatch(TextFrame([]byte(strings.Repeat("x", 10_000))))
	for range 2000 {
		slow.Send(big)
		if !sess.Send(big) {
			t.Fatal("the quick client was dropped")
		}
		// This loop is faster than any network; the quick client is as quick as it can be.
		waitFor(t, func() bool { return sess.ws.Load().out.idle() })
	}
	if got := <-heard; got != 2000 {
		t.Errorf("the quick client heard %d of 2000", got)
	}
	<-slow.Done()
	if lost := slow.Untaken(); lost < 100_000-10_000-headroom {
		t.Errorf("%d bytes are said to be untaken", lost)
	}
}

// sessionOf finds the session of a connection.
func (s *running) sessionOf(c *rawClient) *Session {
	s.t.Helper()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, sess := range s.sessions {
		if sess.shake.Address == c.conn.LocalAddr().String() {
			return sess
		}
	}
	s.t.Fatal("no such session")
	return nil
}

func (o *output) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size == 0
}

func TestSessionsAreCountedByAddress(t *testing.T) {
	c := newCaps(Options{MaxSessions: 5, MaxPerAddress: 2, HandshakeRate: 1}.withDefaults())
	at := func(remote, forwarded string) *refusal {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return c.enter(clientAddress(r))
	}
	var got []int
	for _, tt := range [][2]string{
		{"10.0.0.1:1", ""}, {"10.0.0.1:2", ""}, {"10.0.0.1:3", ""}, // the third is over
		{"127.0.0.1:1", "1.2.3.4, 10.0.0.1"}, // as a proxy on this machine says: the same
		{"10.0.0.2:1", "10.0.0.9"},           // anybody else is not asked
		{"127.0.0.1:1", ""}, {"[::1]:1", ""}, // five
		{"127.0.0.1:1", ""}, // all
	} {
		status := 0
		if f := at(tt[0], tt[1]); f != nil {
			status = f.status
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{0, 0, 429, 429, 0, 0, 0, 503}, got); diff != "" {
		t.Error(diff)
	}
	c.leave(parseAddress("10.0.0.2:1"))
	if at("10.0.0.3:1", "") != nil {
		t.Error("a place that was freed is not given")
	}
}

func TestHandshakesInARowAreSlowedDown(t *testing.T) {
	c := newCaps(Options{HandshakeRate: 10}.withDefaults())
	now := time.Now()
	addr := parseAddress("10.0.0.1:1")
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.visitor(addr, now)
	v.tokens = 0
	if v = c.visitor(addr, now.Add(time.Second)); v.tokens != 10 {
		t.Errorf("%v tokens after a second", v.tokens)
	}
	if v = c.visitor(addr, now.Add(time.Hour)); v.tokens != 10*burstSeconds {
		t.Errorf("%v tokens after an hour", v.tokens)
	}
}

func TestASessionOfRevision3BelongsToTheAddressItBeganAt(t *testing.T) {
	s := start(t, Options{})
	q := s.poll("3", "")
	req, err := http.NewRequest(http.MethodPost, s.http.URL+"/engine.io/?"+q, strings.NewReader("2:4x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "10.1.1.1")
	resp, err := s.http.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Error(resp.Status)
	}
	if got := s.post(q, "2:4x"); got != "200 ok" {
		t.Errorf("its own client: %q", got)
	}
}

// touchy panics when it is told to.
type touchy struct{}

func (touchy) ServeSession(_ context.Context, s *Session) error {
	for {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		if string(m.Data) == "panic" {
			panic("as told")
		}
		s.Send(NewBatch(TextFrame(m.Data)))
	}
}

func TestAPanicEndsItsSessionAlone(t *testing.T) {
	s := serve(t, touchy{}, nil, Options{})
	a, b := s.open(), s.open()
	a.write(frame(finBit|opText, "4panic"))
	a.closeCode()
	b.write(frame(finBit|opText, "4alive"))
	if _, got := b.read(); got != "4alive" {
		t.Errorf("got %q", got)
	}
}

func TestPollsAreCompressedForThoseWhoAccept(t *testing.T) {
	s := start(t, Options{})
	text := strings.Repeat("hello ", 1000)
	q := s.poll("4", "")
	s.post(q, "4"+text)
	req, err := http.NewRequest(http.MethodGet, s.http.URL+"/engine.io/?"+q, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.http.Client().Do(req) // the transport asks for gzip and undoes it
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "4"+text || !resp.Uncompressed {
		t.Errorf("%d bytes, %v, compressed %v", len(body), err, resp.Uncompressed)
	}
}
