package main

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"unsafe"
)

// connState is how far a client has come.
type connState uint8

const (
	stNew connState = iota
	stConnecting
	stUpgrading // waiting for the HTTP 101
	stOpening   // protocol handshake
	stReady
	stClosed
)

// Conn is one client.
type Conn struct {
	fd     int
	idx    int
	st     connState
	wantW  bool
	paused bool
	sid    string
	in     []byte // an incomplete tail of the input
	frag   []byte // a message of several frames
	out    []byte // what the socket did not take yet
	t0     int64
	room   int
	next   uint32 // next sequence number expected
	nmsg   uint64
	poll   *pollState
	from   *Conn // the polling connection that this one takes over from
	quiet  bool  // closing it is part of the protocol
}

// slowBuffer is the receive buffer of a slow client, in bytes: little, so that what it does
// not read stays with the server soon.
const slowBuffer = 8192

// ipBindAddressNoPort (linux/in.h) leaves the choice of the port to connect, so that
// each source address has all ports for itself.
const ipBindAddressNoPort = 24

// The example of RFC 6455, section 1.3.
const (
	wsKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	wsAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// Dial starts a non-blocking connect.
func (l *Loop) Dial(idx int) (*Conn, error) {
	fd, err := l.socket(idx)
	if err != nil {
		return nil, fmt.Errorf("client %d: %w", idx, err)
	}
	c := &Conn{fd: fd, idx: idx, st: stConnecting, t0: l.Now(), wantW: true}
	l.conns = at(l.conns, fd, c)
	l.all = at(l.all, idx, c) // an upgrade takes the place of its polling connection
	l.pending++
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return nil, fmt.Errorf("client %d: epoll: %w", idx, err)
	}
	return c, nil
}

// socket returns a socket that is connecting.
func (l *Loop) socket(idx int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	option := func(level, name, value int) {
		if err == nil {
			err = syscall.SetsockoptInt(fd, level, name, value)
		}
	}
	option(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if idx >= 1 && idx <= l.slow {
		option(syscall.SOL_SOCKET, syscall.SO_RCVBUF, slowBuffer)
	}
	if l.sources > 1 && err == nil {
		option(syscall.IPPROTO_IP, ipBindAddressNoPort, 1)
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(2 + idx%l.sources)}})
	}
	if err == nil {
		err = syscall.Connect(fd, &l.addr)
	}
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		_ = syscall.Close(fd)
		return 0, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// at sets list[i], which may lie behind the end.
func at(list []*Conn, i int, c *Conn) []*Conn {
	for len(list) <= i {
		list = append(list, nil)
	}
	list[i] = c
	return list
}

// mod says whether to wait for c to be writable as well.
func (l *Loop) mod(c *Conn, w bool) {
	if c.wantW == w || c.paused {
		c.wantW = w
		return
	}
	c.wantW = w
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
	if w {
		ev.Events |= syscall.EPOLLOUT
	}
	syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_MOD, c.fd, &ev)
}

// Pause stops reading from c.
func (l *Loop) Pause(c *Conn) {
	c.paused = true
	syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_DEL, c.fd, nil)
}

// Resume reads from c again, if it is still there.
func (l *Loop) Resume(c *Conn) {
	if c.st == stClosed {
		return
	}
	c.paused = false
	c.wantW = false
	syscall.EpollCtl(l.ep, syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)})
}

// Write sends raw bytes, keeping what the socket does not take.
func (l *Loop) Write(c *Conn, b []byte) {
	if c.st == stClosed {
		return
	}
	if len(c.out) > 0 {
		c.out = append(c.out, b...)
		return
	}
	n := l.rawWrite(c, b)
	if n < len(b) {
		c.out = append(c.out, b[n:]...)
		l.mod(c, true)
	}
}

// rawWrite returns how much the socket took; an error closes the client.
func (l *Loop) rawWrite(c *Conn, b []byte) int {
	done := 0
	for done < len(b) {
		n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(c.fd), uintptr(unsafe.Pointer(&b[done])), uintptr(len(b)-done))
		if e == syscall.EINTR {
			continue
		}
		if e == syscall.EAGAIN {
			break
		}
		if e != 0 {
			l.Close(c, fmt.Errorf("write: %w", e))
			return len(b)
		}
		done += int(n)
	}
	return done
}

// Close resets the connection (no TIME_WAIT is left behind).
func (l *Loop) Close(c *Conn, err error) {
	if c.st == stClosed {
		return
	}
	old := c.st
	c.st = stClosed
	switch old {
	case stReady:
		l.ready--
	default:
		l.pending--
	}
	l.closed++
	syscall.SetsockoptLinger(c.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	syscall.Close(c.fd)
	l.conns[c.fd] = nil
	if err != nil && l.firstErr == nil {
		l.firstErr = fmt.Errorf("client %d (%v): %w", c.idx, old, err)
	}
	if l.h != nil && !c.quiet {
		l.h.Closed(c, err)
	}
}

func (s connState) String() string {
	return [...]string{"new", "connecting", "upgrading", "opening", "ready", "closed"}[s]
}

// SetReady is called by a protocol once the client can receive events.
func (l *Loop) SetReady(c *Conn) {
	if c.st == stReady || c.st == stClosed {
		return
	}
	c.st = stReady
	l.pending--
	l.ready++
	l.h.Ready(c)
}

// upgrade asks for a WebSocket.
func (l *Loop) upgrade(c *Conn, path string) {
	c.st = stUpgrading
	l.Write(c, []byte("GET "+path+" HTTP/1.1\r\nHost: 127.0.0.1:"+strconv.Itoa(l.addr.Port)+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+wsKey+"\r\n\r\n"))
}

// SendText sends one WebSocket text message.
func (l *Loop) SendText(c *Conn, body []byte) { l.Write(c, appendFrame(nil, opText, body)) }
