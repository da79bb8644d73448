package livereload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// asksForStream reports whether r is what an EventSource sends.
func asksForStream(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// stream is the line to a page over an event stream. A browser sends no Origin with an
// EventSource of the same origin, and says so in Sec-Fetch-Site where it has that header;
// a page of another origin always sends one, and could not read the answer.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		http.Error(w, "this origin may not connect", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p := s.enter(cancel)
	if p == nil {
		noRoom(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx in front of us must not wait for more
	p.queue(prepare(encode(lineMessage{Type: typeLine, ID: p.id})))
	s.leave(p, s.events(ctx, p, w))
}

var errSilent = errors.New("the page said nothing")

// events sends what is queued until ctx is done or the page cannot be reached.
func (s *Server) events(ctx context.Context, p *page, w http.ResponseWriter) error {
	rc := http.NewResponseController(w)
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	silent := time.NewTimer(helloWithin)
	defer silent.Stop()
	for {
		text := ":\n\n"
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-silent.C:
			if !s.saidHello(p) {
				return errSilent
			}
			continue
		case m := <-p.out:
			text = "data: " + string(m.text) + "\n\n" // JSON has no line breaks
		case <-ping.C:
		}
		_ = rc.SetWriteDeadline(time.Now().Add(writeWithin)) // a writer that has none does without
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if err := rc.Flush(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
}

func (s *Server) saidHello(p *page) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.known
}

// post takes one message of a page that has an event stream. Browsers name the origin of
// every POST, so a request without one comes from no page.
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	p := s.pageWith(r.URL.Query().Get("id"))
	if p == nil || r.Header.Get("Origin") == "" {
		http.Error(w, "no page has this line", http.StatusNotFound)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err == nil {
		err = s.take(p, data)
	}
	if err != nil {
		p.stop()
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// pageWith returns the page whose line has an id; nil if there is none.
func (s *Server) pageWith(id string) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.pages {
		if p.id == id {
			return p
		}
	}
	return nil
}
