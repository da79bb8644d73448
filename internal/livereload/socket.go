package livereload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// socket is the line to a page over a WebSocket: one goroutine writes, this one reads.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p := s.enter(cancel)
	if p == nil {
		noRoom(w)
		return
	}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: writeWithin,
		CheckOrigin:      func(*http.Request) bool { return true }, // checked before
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.leave(p, err)
		return
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		p.write(ctx, conn)
	}()
	s.leave(p, s.read(p, conn))
	<-written
}

// write sends what is queued until ctx is done, and then closes the connection.
func (p *page) write(ctx context.Context, conn *websocket.Conn) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer conn.Close()
	for {
		var err error
		select {
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			return
		case m := <-p.out:
			err = errors.Join(conn.SetWriteDeadline(time.Now().Add(writeWithin)), conn.WritePreparedMessage(m.socket))
		case <-ping.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin))
		}
		if err != nil {
			return // the reader notices
		}
	}
}

// read takes the page's messages until the connection ends.
func (s *Server) read(p *page, conn *websocket.Conn) error {
	conn.SetReadLimit(maxMessage)
	if err := conn.SetReadDeadline(time.Now().Add(helloWithin)); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWithin)) })
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := s.take(p, data); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(pongWithin)); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}
