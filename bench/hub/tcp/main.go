// Command tcp is the limit that other servers are held against: what the kernel's TCP path
// allows on this machine when a broadcast is nothing but write(2) of bytes that are ready.
// One epoll loop; no HTTP, no handshake, no protocol, only frames of the same size.
//
// A frame that begins with "42[" goes to all connections, "4R<room>[" to a room's; after
// "4J<room>," the sender is in a room. Any other frame, and the rest of that one, goes
// back to its sender. Events to all that wait at the same time leave in one write.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
)

// connection is one client.
type connection struct {
	fd      int
	in, out []byte // an incomplete frame; what the socket did not take
}

// server is the loop and all it knows.
type server struct {
	epoll, listener int
	byFD            []*connection
	all             []*connection
	buf             []byte
	batch           []byte // frames for everybody, of one round
	rooms           [][]*connection
}

func main() {
	port, err := strconv.Atoi(os.Getenv("PORT"))
	if err == nil {
		err = serve(port)
	}
	fmt.Fprintln(os.Stderr, "tcp:", err)
	os.Exit(1)
}

func serve(port int) error {
	runtime.LockOSThread()
	s := &server{buf: make([]byte, 1<<18)}
	var err error
	if s.epoll, err = syscall.EpollCreate1(0); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	if s.listener, err = listen(port); err != nil {
		return fmt.Errorf("listen on port %d: %w", port, err)
	}
	if err := s.watch(syscall.EPOLL_CTL_ADD, s.listener, syscall.EPOLLIN); err != nil {
		return err
	}
	events := make([]syscall.EpollEvent, 512)
	for {
		n, err := syscall.EpollWait(s.epoll, events, -1)
		if err != nil && err != syscall.EINTR {
			return fmt.Errorf("epoll: %w", err)
		}
		for i := range max(n, 0) {
			if err := s.event(int(events[i].Fd), events[i].Events); err != nil {
				return err
			}
		}
		s.broadcast()
	}
}

func listen(port int) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	return fd, syscall.Listen(fd, 4096)
}

func (s *server) watch(op, fd int, events uint32) error {
	if err := syscall.EpollCtl(s.epoll, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

func (s *server) event(fd int, events uint32) error {
	if fd == s.listener {
		return s.accept()
	}
	c := s.byFD[fd]
	if c == nil {
		return nil
	}
	if events&syscall.EPOLLOUT != 0 {
		if err := s.flush(c); err != nil {
			return err
		}
	}
	if events&^uint32(syscall.EPOLLOUT) != 0 {
		return s.read(c)
	}
	return nil
}

func (s *server) accept() error {
	for {
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK)
		if err != nil {
			return nil // nobody else waits
		}
		if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		for len(s.byFD) <= fd {
			s.byFD = append(s.byFD, nil)
		}
		c := &connection{fd: fd}
		s.byFD[fd] = c
		s.all = append(s.all, c)
		if err := s.watch(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN|syscall.EPOLLRDHUP); err != nil {
			return err
		}
		if err := s.send(c, []byte{0x81, 2, '4', '0'}); err != nil {
			return err
		}
	}
}

func (s *server) broadcast() {
	if len(s.batch) == 0 {
		return
	}
	for _, c := range s.all {
		_ = s.send(c, s.batch) // a connection that is gone is noticed when it is read
	}
	s.batch = s.batch[:0]
}

// send writes, and keeps what the socket does not take.
func (s *server) send(c *connection, b []byte) error {
	waiting := len(c.out) > 0
	c.out = append(c.out, c.write(b)...)
	if waiting || len(c.out) == 0 {
		return nil
	}
	return s.watch(syscall.EPOLL_CTL_MOD, c.fd, syscall.EPOLLIN|syscall.EPOLLOUT|syscall.EPOLLRDHUP)
}

// flush writes what was kept.
func (s *server) flush(c *connection) error {
	kept := c.out
	c.out = nil
	c.out = c.write(kept)
	if len(c.out) > 0 {
		return nil
	}
	return s.watch(syscall.EPOLL_CTL_MOD, c.fd, syscall.EPOLLIN|syscall.EPOLLRDHUP)
}

// write returns what has to wait.
func (c *connection) write(b []byte) []byte {
	for len(b) > 0 && len(c.out) == 0 {
		n, err := syscall.Write(c.fd, b)
		switch err {
		case nil:
			b = b[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return b
		default:
			return nil
		}
	}
	return b
}

func (s *server) read(c *connection) error {
	off := copy(s.buf, c.in)
	n, err := syscall.Read(c.fd, s.buf[off:])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return nil
	}
	if err != nil || n == 0 {
		s.byFD[c.fd] = nil
		s.all = slices.DeleteFunc(s.all, func(x *connection) bool { return x == c })
		return syscall.Close(c.fd)
	}
	b := s.buf[:off+n]
	for {
		head, size := frame(b)
		if size == 0 {
			break
		}
		if err := s.handle(c, b[:size], b[head:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	c.in = append(c.in[:0], b...)
	return nil
}

// handle does what a frame asks for.
func (s *server) handle(c *connection, frame, text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("42[")):
		s.batch = append(s.batch, frame...)
		return nil
	case bytes.HasPrefix(text, []byte("4R")):
		for _, member := range s.rooms[number(text[2:])] {
			if err := s.send(member, frame); err != nil {
				return err
			}
		}
		return nil
	case bytes.HasPrefix(text, []byte("4J")):
		room := number(text[2:])
		for len(s.rooms) <= room {
			s.rooms = append(s.rooms, nil)
		}
		s.rooms[room] = append(s.rooms[room], c)
		_, answer, _ := bytes.Cut(text, []byte(","))
		return s.send(c, append([]byte{0x81, byte(len(answer))}, answer...))
	}
	return s.send(c, frame)
}

// number reads the digits that text begins with.
func number(text []byte) int {
	n := 0
	for _, d := range text {
		if d < '0' || d > '9' {
			break
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// frame returns the sizes of an unmasked frame's head and of the whole; 0 says that it is
// not complete.
func frame(b []byte) (head, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	head, size = 2, int(b[1]&0x7f)
	switch {
	case size == 126 && len(b) >= 4:
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		head, size = 10, int(binary.BigEndian.Uint64(b[2:]))
	case size >= 126:
		return 0, 0
	}
	if len(b) < head+size {
		return 0, 0
	}
	return head, head + size
}
