package hub

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// replayFor is how long an Idempotency-Key is remembered: longer than a back-end retries.
	replayFor = 10 * time.Minute
	// maxReplays bounds the keys remembered; of more, the latest count.
	maxReplays = 10_000
	// maxKey bounds an Idempotency-Key, in bytes.
	maxKey = 200
)

// PublishHandler lets back-ends raise events: POST a [Message] as JSON, with the token as
// a Bearer credential, and get {"delivered":n}. A request that carries the
// Idempotency-Key of an earlier one gets its answer and publishes nothing. An empty token
// refuses everybody.
func (h *Hub) PublishHandler(token string) http.Handler {
	return &publisher{hub: h, key: newCredential(token), replays: map[string]*replay{}}
}

type publisher struct {
	hub *Hub
	key credential

	mu      sync.Mutex // guards replays
	replays map[string]*replay
}

// replay is the answer to a request with a key; done is closed when it is known.
type replay struct {
	at     time.Time
	body   [sha256.Size]byte
	done   chan struct{}
	status int
	answer publishAnswer
}

type publishAnswer struct {
	Delivered *int   `json:"delivered,omitempty"`
	Error     string `json:"error,omitempty"`
}

func failed(message string) publishAnswer { return publishAnswer{Error: message} }

// ServeHTTP implements http.Handler.
func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/json")
	status, answer := p.answer(w, r)
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a caller that is gone needs no answer
}

func (p *publisher) answer(w http.ResponseWriter, r *http.Request) (int, publishAnswer) {
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, failed("use POST")
	}
	if !p.key.fits(r) {
		return http.StatusUnauthorized, failed("the header Authorization: Bearer TOKEN is missing or wrong")
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return http.StatusUnsupportedMediaType, failed("send Content-Type: application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(p.hub.opts.MaxPublish)))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return http.StatusRequestEntityTooLarge, failed("the body is over the limit")
	}
	if err != nil {
		return http.StatusBadRequest, failed("the body ended early")
	}
	return p.once(r, body)
}

// once publishes, unless a request with the same key has done so.
func (p *publisher) once(r *http.Request, body []byte) (int, publishAnswer) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return p.publish(r, body)
	}
	if len(key) > maxKey {
		return http.StatusBadRequest, failed("the Idempotency-Key is too long")
	}
	sum := sha256.Sum256(body)
	rep, first := p.claim(key, sum)
	switch {
	case rep.body != sum:
		return http.StatusUnprocessableEntity, failed("the Idempotency-Key belongs to another request")
	case first:
		rep.status, rep.answer = p.publish(r, body)
		close(rep.done)
		if rep.status >= http.StatusInternalServerError {
			p.forget(key, rep) // it was not carried out: a retry may be
		}
	}
	select {
	case <-rep.done:
		return rep.status, rep.answer
	case <-r.Context().Done():
		return http.StatusServiceUnavailable, failed("cancelled")
	}
}

// claim returns what is known of a key; first says that this request is to carry it out.
func (p *publisher) claim(key string, body [sha256.Size]byte) (rep *replay, first bool) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if rep := p.replays[key]; rep != nil && now.Sub(rep.at) < replayFor {
		return rep, false
	}
	if len(p.replays) >= maxReplays {
		p.sweep(now)
	}
	rep = &replay{at: now, body: body, done: make(chan struct{})}
	p.replays[key] = rep
	return rep, true
}

// sweep forgets what has expired and, if that is less, the older half: what came last is
// what is most likely tried again. With p.mu held.
func (p *publisher) sweep(now time.Time) {
	times := make([]time.Time, 0, len(p.replays))
	for _, rep := range p.replays {
		times = append(times, rep.at)
	}
	slices.SortFunc(times, time.Time.Compare)
	middle := times[len(times)/2]
	maps.DeleteFunc(p.replays, func(_ string, rep *replay) bool {
		return now.Sub(rep.at) >= replayFor || rep.at.Before(middle)
	})
	if len(p.replays) >= maxReplays {
		clear(p.replays) // all of one instant
	}
}

func (p *publisher) forget(key string, rep *replay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.replays[key] == rep {
		delete(p.replays, key)
	}
}

func (p *publisher) publish(r *http.Request, body []byte) (int, publishAnswer) {
	var m Message
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return http.StatusBadRequest, failed("the body is not an event: " + err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return http.StatusBadRequest, failed("the body holds more than one event")
	}
	n, err := p.hub.Publish(r.Context(), m)
	switch {
	case errors.Is(err, ErrMessage):
		return http.StatusUnprocessableEntity, failed(err.Error())
	case err != nil:
		return http.StatusServiceUnavailable, failed(err.Error())
	}
	return http.StatusOK, publishAnswer{Delivered: &n}
}
