// Command conformance serves what the official protocol test suites expect of a server,
// on one port and for all revisions at once: an Engine.IO echo at /engine.io/, and the
// hub at /socket.io/, whose whole behaviour comes from relay rules.
//
//	go run ./e2e/conformance --port 3000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

func main() {
	port := flag.Int("port", 3000, "port to listen on, on 127.0.0.1; 0 takes any free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *port); err != nil {
		fmt.Fprintln(os.Stderr, "conformance: error:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, port int) error {
	s, err := newServer()
	if err != nil {
		return err
	}
	// The suites say localhost; where that is ::1 first, Node.js 20 and later come here next.
	ln, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	srv := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.run(ctx) })
	group.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
	return group.Wait()
}

// The timings the suites are written for.
func timings() engineio.Options {
	return engineio.Options{
		PingInterval: 300 * time.Millisecond,
		PingTimeout:  200 * time.Millisecond,
		MaxPayload:   1_000_000,
	}
}

// rules are the Socket.IO half of what the suites expect.
func rules() []relay.Rule {
	return []relay.Rule{
		{On: "connect", Emit: "auth", To: []string{"self"}, Args: []any{"$auth"}},
		{On: "message", Emit: "message-back", To: []string{"self"}},
		{On: "message-with-ack", Ack: "args"},
	}
}

// server is both halves.
type server struct {
	engine *engineio.Server
	hub    *hub.Hub
}

func newServer() (*server, error) {
	set, err := relay.Compile(rules(), relay.Options{})
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	h, err := hub.New(hub.Options{
		Relays:     set,
		Namespaces: []string{"/custom"},
		Protocol:   socketio.Options{Engine: timings(), ConnectTimeout: time.Second},
		// The suites want nothing but an id in the answer to a CONNECT.
		Recovery: hub.Recovery{Off: true},
	})
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	return &server{engine: engineio.New(echo{}, timings()), hub: h}, nil
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", s.engine)
	mux.Handle("/socket.io/", s.hub)
	return mux
}

// run keeps both until ctx is done and all sessions have ended.
func (s *server) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.engine.Run(ctx) })
	group.Go(func() error { return s.hub.Run(ctx) })
	return group.Wait()
}

// echo says back what it hears: text as text, bytes as bytes.
type echo struct{}

// ServeSession implements [engineio.Handler].
func (echo) ServeSession(_ context.Context, s *engineio.Session) error {
	for {
		msg, err := s.Receive()
		if err != nil {
			return err
		}
		frame := engineio.TextFrame(msg.Data)
		if msg.Binary {
			frame = engineio.BinaryFrame(msg.Data)
		}
		s.Send(engineio.NewBatch(frame))
	}
}
