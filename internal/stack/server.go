package stack

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of our listeners. A request that is slower or larger than these is not a
// browser's.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// drainTime is how long requests under way may take to end in production; in
// development a stop ends them at once.
const drainTime = 10 * time.Second

// server answers HTTP on one binding.
type server struct {
	binding *binding
	handler http.Handler
	log     *slog.Logger
	drain   time.Duration
	// tls makes it https; nil is plain http.
	tls *tls.Config
	// plain answers who speaks plain http to it all the same.
	plain http.Handler
}

// run serves until ctx is done. It then accepts nothing new, lets requests under
// way end for s.drain, cancels the context of those that are left (WebSockets and
// streams, which Shutdown does not know), and returns once every handler has.
func (s *server) run(ctx context.Context) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var handlers sync.WaitGroup
	srv := &http.Server{
		Handler:           counted(&handlers, patient(s.handler, uploadPause, restPause)),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler().WithAttrs([]slog.Attr{slog.String("event", "server.error")}), slog.LevelDebug),
		TLSConfig:         s.tls,
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	failed := make(chan error, len(s.binding.listeners))
	var accepting sync.WaitGroup
	for _, ln := range s.binding.listeners {
		accepting.Go(func() { failed <- s.accept(srv, ln) })
	}
	err := firstFailure(ctx, failed)
	err = errors.Join(err, s.stop(ctx, srv, cancel))
	accepting.Wait()
	handlers.Wait()
	return err
}

// accept serves one listener until the server is shut down.
func (s *server) accept(srv *http.Server, ln net.Listener) error {
	if s.tls == nil {
		return srv.Serve(ln)
	}
	// The configuration holds the certificates.
	return srv.ServeTLS(plainListener{ln, s.plain}, "", "")
}

// firstFailure returns nil when ctx is done, or the reason why a listener gave up.
func firstFailure(ctx context.Context, failed <-chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func (s *server) stop(ctx context.Context, srv *http.Server, cancelRequests context.CancelFunc) error {
	if s.drain == 0 {
		cancelRequests()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(s.drain, time.Second))
	defer cancel()
	err := srv.Shutdown(grace)
	cancelRequests()
	if errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	}
	return err
}

// counted lets handlers wait for every request that next answers, hijacked ones
// included.
func counted(handlers *sync.WaitGroup, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		next.ServeHTTP(w, r)
	})
}
