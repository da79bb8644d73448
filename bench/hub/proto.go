package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Proto is what differs between the servers under test. A server that speaks
// Socket.IO over WebSocket needs none of its own: it uses "sio".
type Proto interface {
	Connected(l *Loop, c *Conn)                       // TCP is up
	Opened(l *Loop, c *Conn)                          // HTTP upgrade is done
	Message(l *Loop, c *Conn, m []byte) error         // one text message
	Publish(l *Loop, c *Conn, obj []byte)             // client:created:job
	Echo(l *Loop, c *Conn, id uint32, obj []byte)     // a call that is answered
	Join(l *Loop, c *Conn, id uint32, room int)       // enter a room; answered
	PublishRoom(l *Loop, c *Conn, room int, o []byte) // an event to a room
}

func newProto(name string) (Proto, error) {
	switch name {
	case "sio":
		return &sio{path: "/socket.io/?EIO=4&transport=websocket", v: 4}, nil
	case "sio3": // Engine.IO 3: Socket.IO 1 and 2
		return &sio{path: "/socket.io/?EIO=3&transport=websocket", v: 3}, nil
	case "sio-poll":
		return &sio{path: "/socket.io/?EIO=4&transport=websocket", v: 4, poll: true}, nil
	case "sio-up":
		return &sio{path: "/socket.io/?EIO=4&transport=websocket", v: 4, up: true}, nil
	case "tcp":
		return rawProto{}, nil
	}
	return nil, fmt.Errorf("unknown protocol %q", name)
}

// sio is Engine.IO + Socket.IO on the default namespace.
type sio struct {
	path string
	v    int
	poll bool // stay on long-polling (client 0, which publishes, does not)
	up   bool // as browsers do: begin with long-polling and upgrade
}

func (s *sio) Connected(l *Loop, c *Conn) {
	switch {
	case c.from != nil:
		l.upgrade(c, s.path+"&sid="+c.from.sid)
	case s.up || s.poll && c.idx > 0:
		c.poll = &pollState{}
		c.st = stOpening
		l.pollGet(c)
	default:
		l.upgrade(c, s.path)
	}
}

func (s *sio) Opened(l *Loop, c *Conn) {
	if c.from != nil {
		l.SendText(c, []byte("2probe"))
	}
}

func (s *sio) send(l *Loop, c *Conn, body []byte) {
	if c.poll != nil {
		c.poll.post = append(c.poll.post, string(body))
		return
	}
	l.SendText(c, body)
}

var errShort = errors.New("empty packet")

// Message takes one Engine.IO packet.
func (s *sio) Message(l *Loop, c *Conn, m []byte) error {
	if len(m) == 0 {
		return errShort
	}
	switch m[0] {
	case '4':
		return s.packet(l, c, m)
	case '2':
		l.pings++
		s.send(l, c, []byte("3"))
	case '0':
		return s.open(l, c, m)
	case '3':
		if string(m) == "3probe" && c.from != nil {
			c.from.poll.probed = c // goes on when the pending GET is answered
		}
	case '6': // noop
	case '1':
		return errors.New("engine close packet")
	default:
		return fmt.Errorf("unexpected packet %.40q", m)
	}
	return nil
}

// packet takes a Socket.IO packet.
func (s *sio) packet(l *Loop, c *Conn, m []byte) error {
	if len(m) < 2 {
		return errShort
	}
	switch m[1] {
	case '2':
		l.h.Event(c, m)
	case '3':
		ack(l, c, m)
	case '0':
		return s.connected(l, c)
	case '4':
		return fmt.Errorf("connect error: %s", m)
	case '1':
		return fmt.Errorf("disconnected: %s", m)
	}
	return nil
}

func (s *sio) connected(l *Loop, c *Conn) error {
	if !s.up {
		l.SetReady(c)
		return nil
	}
	w, err := l.Dial(c.idx)
	if err != nil {
		return err
	}
	w.from = c
	return nil
}

func (s *sio) open(l *Loop, c *Conn, m []byte) error {
	_, rest, found := bytes.Cut(m, []byte(`"sid":"`))
	sid, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		return fmt.Errorf("open packet without sid: %s", m)
	}
	c.sid = string(sid)
	if s.v >= 4 {
		s.send(l, c, []byte("40"))
	}
	return nil
}

func (s *sio) Publish(l *Loop, c *Conn, obj []byte) {
	s.send(l, c, append(append([]byte(`42["client:created:job",`), obj...), ']'))
}

func (s *sio) Echo(l *Loop, c *Conn, id uint32, obj []byte) {
	b := strconv.AppendUint(append(make([]byte, 0, len(obj)+32), "42"...), uint64(id), 10)
	b = append(append(append(b, `["echo",`...), obj...), ']')
	s.send(l, c, b)
}

func (s *sio) Join(l *Loop, c *Conn, id uint32, room int) {
	s.send(l, c, fmt.Appendf(nil, `42%d["join","room-%d"]`, id, room))
}

func (s *sio) PublishRoom(l *Loop, c *Conn, room int, obj []byte) {
	s.send(l, c, append(append([]byte(`42["room:msg",`), obj...), ']'))
}

// rawProto puts the same bytes on a bare TCP connection, in unmasked frames: the server
// sends "42[..." on to all clients as it is, "4R<room>[..." to a room's, and returns
// "42<id>..." to the sender.
type rawProto struct{}

// Connected: the server says "40" once the client is registered.
func (rawProto) Connected(_ *Loop, c *Conn) { c.st = stOpening }

func (rawProto) Opened(*Loop, *Conn) {}

func (rawProto) Message(l *Loop, c *Conn, m []byte) error {
	switch {
	case bytes.HasPrefix(m, []byte("42[")), bytes.HasPrefix(m, []byte("4R")):
		l.h.Event(c, m)
	case bytes.HasPrefix(m, []byte("42")):
		ack(l, c, m)
	case string(m) == "40":
		l.SetReady(c)
	default:
		return fmt.Errorf("unexpected message %.40q", m)
	}
	return nil
}

func (rawProto) Publish(l *Loop, c *Conn, obj []byte) {
	l.Write(c, appendUnmasked(nil, fmt.Appendf(nil, `42["server:created:job",%s]`, obj)))
}

func (rawProto) Echo(l *Loop, c *Conn, id uint32, obj []byte) {
	l.Write(c, appendUnmasked(nil, fmt.Appendf(nil, `42%d["echo",%s]`, id, obj)))
}

func (rawProto) Join(l *Loop, c *Conn, id uint32, room int) {
	l.Write(c, appendUnmasked(nil, fmt.Appendf(nil, `4J%d,42%d[]`, room, id)))
}

func (rawProto) PublishRoom(l *Loop, c *Conn, room int, obj []byte) {
	l.Write(c, appendUnmasked(nil, fmt.Appendf(nil, `4R%d[%s]`, room, obj)))
}

// ack hands on "42<id>..." or "43<id>...".
func ack(l *Loop, c *Conn, m []byte) {
	i := 2
	for i < len(m) && m[i] >= '0' && m[i] <= '9' {
		i++
	}
	l.h.Ack(c, uint32(parseUint(m[2:])), m[i:])
}

func parseUint(b []byte) uint64 {
	var v uint64
	for _, d := range b {
		if d < '0' || d > '9' {
			break
		}
		v = v*10 + uint64(d-'0')
	}
	return v
}
