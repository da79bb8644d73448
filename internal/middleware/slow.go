package middleware

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Network is a slow line. All requests share its bandwidth, as they would share the line.
type Network struct {
	// Latency is the time one round trip takes; every request waits for one.
	Latency time.Duration
	// Down and Up are bytes per second; 0 is unlimited.
	Down, Up int
}

// kbit is a thousand bits per second, in bytes.
const kbit = 1000 / 8

// NetworkNames are the names ParseNetwork knows, slowest first.
func NetworkNames() []string { return []string{"2g", "slow-3g", "3g", "fast-3g", "dsl", "cable", "4g"} }

// ParseNetwork returns a network by the name under which the testing tools of the web know
// it.
func ParseNetwork(name string) (Network, error) {
	switch strings.ToLower(name) {
	case "2g":
		return Network{800 * time.Millisecond, 280 * kbit, 256 * kbit}, nil
	case "slow-3g":
		return Network{400 * time.Millisecond, 400 * kbit, 400 * kbit}, nil
	case "3g":
		return Network{300 * time.Millisecond, 1600 * kbit, 768 * kbit}, nil
	case "fast-3g":
		return Network{150 * time.Millisecond, 1600 * kbit, 768 * kbit}, nil
	case "dsl":
		return Network{50 * time.Millisecond, 1500 * kbit, 384 * kbit}, nil
	case "cable":
		return Network{28 * time.Millisecond, 5000 * kbit, 1000 * kbit}, nil
	case "4g":
		return Network{170 * time.Millisecond, 9000 * kbit, 9000 * kbit}, nil
	}
	return Network{}, fmt.Errorf("network %q is not known; one of %s", name, strings.Join(NetworkNames(), ", "))
}

// packet is the most that passes at once: what a line of any speed would deliver in one go.
const packet = 1460 // bytes, the payload of a TCP segment on Ethernet

// Slow lets requests and answers pass as slowly as over the network. A connection that is
// taken over (a WebSocket) waits for its latency once and is not slowed further.
func Slow(n Network) Middleware {
	down, up := limiter(n.Down), limiter(n.Up)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := wait(r.Context(), n.Latency); err != nil {
				return // the browser has gone
			}
			inner := *r
			if r.Body != nil && up != nil {
				inner.Body = &slowBody{ReadCloser: r.Body, ctx: r.Context, limit: up}
			}
			if down != nil {
				w = &slowWriter{response: response{w}, ctx: r.Context, limit: down}
			}
			next.ServeHTTP(w, &inner)
		})
	}
}

func limiter(bytesPerSecond int) *rate.Limiter {
	if bytesPerSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytesPerSecond), packet)
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// slowBody reads an upload at the line's speed.
type slowBody struct {
	io.ReadCloser
	ctx   func() context.Context
	limit *rate.Limiter
}

// Read reads at most one packet, once the line has room for it.
func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), packet)])
	if waitErr := b.limit.WaitN(b.ctx(), n); waitErr != nil {
		return n, fmt.Errorf("upload: %w", waitErr)
	}
	return n, err
}

// slowWriter writes an answer at the line's speed.
type slowWriter struct {
	response
	ctx   func() context.Context
	limit *rate.Limiter
}

// Write writes packet by packet, flushing each: the browser shall see it arrive slowly.
func (w *slowWriter) Write(p []byte) (int, error) {
	sent := 0
	for len(p) > 0 {
		n := min(len(p), packet)
		if err := w.limit.WaitN(w.ctx(), n); err != nil {
			return sent, fmt.Errorf("answer: %w", err)
		}
		m, err := w.ResponseWriter.Write(p[:n])
		sent += m
		if err != nil {
			return sent, err
		}
		if len(p) > n {
			w.Flush()
		}
		p = p[n:]
	}
	return sent, nil
}
