package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// holdFor returns a transport that waits while the target restarts.
func holdFor(next http.RoundTripper, ready func(context.Context) error, limit time.Duration) http.RoundTripper {
	if ready == nil {
		return next
	}
	if limit <= 0 {
		limit = defaultHold
	}
	return &holding{next: next, ready: ready, limit: limit}
}

// holding holds requests back until the target is ready. A WebSocket is never held: its
// client connects again by itself, and a late answer to an upgrade helps nobody.
type holding struct {
	next  http.RoundTripper
	ready func(context.Context) error
	limit time.Duration
}

// retryPause lets a process that has just opened its port get to accepting.
const retryPause = 50 * time.Millisecond

// RoundTrip sends r when the target is ready; a GET that nobody received is sent again.
func (h *holding) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Upgrade") != "" {
		return h.next.RoundTrip(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.limit)
	defer cancel()
	for {
		if err := h.ready(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", errNotReady, err)
		}
		res, err := h.next.RoundTrip(r)
		if err == nil || !repeatable(r) || !neverSent(err) {
			return res, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retryPause):
		}
	}
}

func repeatable(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.Body == nil || r.Body == http.NoBody)
}

// neverSent reports that no connection came about, so the target has not seen the request.
func neverSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
