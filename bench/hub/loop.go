package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// Handler is what happens to the clients of a loop.
type Handler interface {
	Ready(c *Conn)
	Event(c *Conn, body []byte) // a relayed event
	Ack(c *Conn, id uint32, body []byte)
	Closed(c *Conn, err error)
}

// Loop is the generator: all clients on one epoll loop and one thread. A goroutine a
// client would cost about as much per delivery as the servers under test do, and the
// generator would then be what is measured.
type Loop struct {
	ep      int
	conns   []*Conn // by fd
	all     []*Conn // by index
	addr    syscall.SockaddrInet4
	sources int // number of loopback source addresses
	proto   Proto
	h       Handler
	buf     []byte
	evs     []syscall.EpollEvent
	now     int64 // ns since start, refreshed at each read
	start   time.Time
	busy    bool // busy-poll: never sleep in epoll_wait

	idleNs, totalNs int64 // time spent in empty polls
	pings           uint64

	pending, ready, closed int
	slow                   int // clients 1..slow get a small receive buffer
	firstErr               error
}

// NewLoop makes a loop whose clients connect to addr, an IPv4 address with a port.
func NewLoop(addr string, p Proto, sources int) (*Loop, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ip := net.ParseIP(host).To4()
	if ip == nil {
		return nil, fmt.Errorf("%s: want an IPv4 address", host)
	}
	pn, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	l := &Loop{ep: ep, proto: p, sources: max(sources, 1), buf: make([]byte, 1<<20), evs: make([]syscall.EpollEvent, 1024), start: time.Now(), busy: true}
	l.addr.Port = pn
	copy(l.addr.Addr[:], ip)
	return l, nil
}

// Now is the time since the loop was made, in nanoseconds.
func (l *Loop) Now() int64 { return int64(time.Since(l.start)) }

var errEOF = errors.New("closed by the server")

// sysEpollPwait2 (Linux 5.11) takes nanoseconds; package syscall does not know it.
const sysEpollPwait2 = 441

// wait returns how many events came within d. Without time to wait the runtime need not
// know of the call.
func (l *Loop) wait(d time.Duration) int {
	timeout := syscall.NsecToTimespec(int64(max(d, 0)))
	call := syscall.Syscall6
	if d <= 0 {
		call = syscall.RawSyscall6
	}
	for {
		n, _, errno := call(sysEpollPwait2, uintptr(l.ep), uintptr(unsafe.Pointer(&l.evs[0])), uintptr(len(l.evs)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
		switch errno {
		case 0:
			return int(n)
		case syscall.EINTR:
		default:
			panic(errno) // the loop itself is broken
		}
	}
}

// Step polls once, for at most d (not at all when busy-polling).
func (l *Loop) Step(d time.Duration) {
	begin := l.Now()
	if l.busy {
		d = 0
	}
	n := l.wait(d)
	l.now = l.Now()
	if n == 0 {
		l.idleNs += l.now - begin
	}
	for i := range l.evs[:n] {
		if c := l.conns[l.evs[i].Fd]; c != nil {
			l.event(c, l.evs[i].Events)
		}
	}
	l.totalNs += l.Now() - begin
}

func (l *Loop) event(c *Conn, events uint32) {
	if c.st == stConnecting {
		l.connected(c, events)
		return
	}
	if events&syscall.EPOLLOUT != 0 && len(c.out) > 0 {
		n := l.rawWrite(c, c.out)
		if c.st == stClosed {
			return
		}
		c.out = append(c.out[:0], c.out[n:]...)
		if len(c.out) == 0 {
			l.mod(c, false)
		}
	}
	if events&^uint32(syscall.EPOLLOUT) != 0 {
		l.read(c)
	}
}

// connected: a connect has ended, one way or the other.
func (l *Loop) connected(c *Conn, events uint32) {
	if events&(syscall.EPOLLOUT|syscall.EPOLLERR|syscall.EPOLLHUP) == 0 {
		return
	}
	errno, err := syscall.GetsockoptInt(c.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err == nil && errno != 0 {
		err = syscall.Errno(errno)
	}
	if err != nil {
		l.Close(c, fmt.Errorf("connect: %w", err))
		return
	}
	l.mod(c, false)
	l.proto.Connected(l, c)
}

func (l *Loop) read(c *Conn) {
	off := copy(l.buf, c.in)
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&l.buf[off])), uintptr(len(l.buf)-off))
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return
	case errno != 0:
		l.Close(c, fmt.Errorf("read: %w", errno))
		return
	case n == 0:
		l.Close(c, errEOF)
		return
	}
	l.now = l.Now()
	b := l.buf[:off+int(n)]
	used, err := l.feed(c, b)
	if c.st == stClosed {
		return
	}
	if err == nil && len(b)-used > len(l.buf)/2 {
		err = errTooBig
	}
	if err != nil {
		l.Close(c, err)
		return
	}
	c.in = append(c.in[:0], b[used:]...)
	if len(c.in) == 0 && cap(c.in) > 64<<10 {
		c.in = nil
	}
}

// feed consumes whole messages at the head of b.
func (l *Loop) feed(c *Conn, b []byte) (used int, err error) {
	if c.poll != nil {
		return l.feedPoll(c, b)
	}
	if c.st == stUpgrading {
		if used, err = l.upgraded(c, b); used == 0 || err != nil {
			return used, err
		}
	}
	for used < len(b) && c.st != stClosed {
		op, fin, payload, n, err := parseFrame(b[used:])
		if err != nil || n == 0 {
			return used, err
		}
		used += n
		if err := l.frame(c, op, fin, payload); err != nil {
			return used, err
		}
	}
	return used, nil
}

// upgraded consumes the answer to an upgrade, once it is whole.
func (l *Loop) upgraded(c *Conn, b []byte) (used int, err error) {
	head, _, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if !whole {
		return 0, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) || !bytes.Contains(head, []byte(wsAccept)) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return 0, fmt.Errorf("upgrade refused: %s", line)
	}
	c.st = stOpening
	l.proto.Opened(l, c)
	return len(head) + 4, nil
}

// frame takes one WebSocket frame.
func (l *Loop) frame(c *Conn, op byte, fin bool, payload []byte) error {
	switch op {
	case opText, opCont:
		if (op == opCont) != (len(c.frag) > 0) {
			return errFragments
		}
		if !fin || op == opCont {
			c.frag = append(c.frag, payload...)
			if !fin {
				return nil
			}
			payload = c.frag
			c.frag = c.frag[:0]
		}
		c.nmsg++
		return l.proto.Message(l, c, payload)
	case opPing:
		l.pings++
		l.Write(c, appendFrame(nil, opPong, payload))
	case opPong:
	case opClose:
		return fmt.Errorf("close frame %q", payload)
	default:
		return fmt.Errorf("unexpected frame type %d", op)
	}
	return nil
}

// ConnectAll opens clients [from, to) with at most par under way at once.
func (l *Loop) ConnectAll(from, to, par int, limit time.Duration) error {
	end := l.Now() + int64(limit)
	next := from
	for next < to || l.pending > 0 {
		for next < to && l.pending < par {
			if _, err := l.Dial(next); err != nil {
				return err
			}
			next++
		}
		l.Step(10 * time.Millisecond)
		if l.firstErr != nil {
			return l.firstErr
		}
		if l.Now() > end {
			return fmt.Errorf("%d of %d clients connected after %v (%d pending)", l.ready, to, limit, l.pending)
		}
	}
	return nil
}
