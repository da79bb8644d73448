package hub

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

const (
	// maxListeners bounds who listens at one time: people with a terminal.
	maxListeners = 32
	// maxLines bounds the lines that wait for one listener; what comes on top is dropped
	// and counted, because nobody who looks on may slow the hub down.
	maxLines = 256
	// maxLineArgs bounds the arguments in one line, in bytes; larger ones are left out, so
	// that a listener holds back 8 MiB at most.
	maxLineArgs = 32 << 10
	// lineTimeout is how long a listener may take for what is written to it at once.
	lineTimeout = 10 * time.Second
)

// The kinds of lines.
const (
	lineConnect    = "connect"
	lineDisconnect = "disconnect"
	lineEvent      = "event"   // of a client, or of a rule on connect or disconnect
	linePublish    = "publish" // of the back-end
	lineRefused    = "refused" // an event that no rule knows, or that its rule does not let through
	lineDropped    = "dropped" // lines the listener was too slow for
)

// line is one line of what a listener gets.
type line struct {
	Time      time.Time       `json:"time"`
	Kind      string          `json:"kind"`
	Namespace string          `json:"namespace,omitempty"`
	ID        string          `json:"id,omitempty"`        // of the client
	Event     string          `json:"event,omitempty"`     // as it came
	Args      json.RawMessage `json:"args,omitempty"`      // as they came; bytes are placeholders
	Size      int             `json:"size,omitempty"`      // of arguments too large to be shown
	Emit      string          `json:"emit,omitempty"`      // as it goes out
	To        []string        `json:"to,omitempty"`        // all, others, self, room:NAME
	Except    []string        `json:"except,omitempty"`    // rooms
	Delivered *int            `json:"delivered,omitempty"` // receivers of a publish
	Code      string          `json:"code,omitempty"`      // of a refusal
	Reason    string          `json:"reason,omitempty"`    // of a refusal, or why a client left
	Count     int64           `json:"count,omitempty"`     // of dropped lines
}

// tail shows what happens to those who listen. While nobody does it costs an atomic load
// an event.
type tail struct {
	ended chan struct{}

	mu   sync.Mutex                  // guards changes of list
	list atomic.Pointer[[]*listener] // replaced, never changed; nil when nobody listens
}

// listener is one who listens.
type listener struct {
	pattern   relay.Pattern
	namespace string   // "" is all
	kinds     []string // nil is all
	lines     chan []byte
	dropped   atomic.Int64
}

func newTail() *tail { return &tail{ended: make(chan struct{})} }

// listens reports whether a line would be read by anybody.
func (t *tail) listens() bool { return t.list.Load() != nil }

// end sends every listener home.
func (t *tail) end() { close(t.ended) }

// add and remove replace the list; false means that there are too many.
func (t *tail) add(l *listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	var now []*listener
	if p := t.list.Load(); p != nil {
		now = *p
	}
	if len(now) >= maxListeners {
		return false
	}
	now = append(slices.Clone(now), l)
	t.list.Store(&now)
	return true
}

func (t *tail) remove(l *listener) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(*t.list.Load()), func(x *listener) bool { return x == l })
	if len(rest) == 0 {
		t.list.Store(nil)
		return
	}
	t.list.Store(&rest)
}

// tell passes a line on. It never waits.
func (t *tail) tell(l line) {
	list := t.list.Load()
	if list == nil {
		return
	}
	var text []byte
	for _, x := range *list {
		if !x.wants(&l) {
			continue
		}
		if text == nil {
			text = l.encode()
		}
		select {
		case x.lines <- text:
		default:
			x.dropped.Add(1)
		}
	}
}

func (x *listener) wants(l *line) bool {
	if x.namespace != "" && x.namespace != l.Namespace || x.kinds != nil && !slices.Contains(x.kinds, l.Kind) {
		return false
	}
	return x.pattern.Match(cmp.Or(l.Event, l.Kind)) || l.Emit != "" && x.pattern.Match(l.Emit)
}

// encode writes the line as JSON, with what is too large left out.
func (l *line) encode() []byte {
	if len(l.Args) > maxLineArgs {
		l.Args, l.Size = nil, len(l.Args)
	}
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(l) // strings, numbers and checked JSON always encode
	return b.Bytes()
}

// line begins a line about a member.
func (m *member) line(kind string) line {
	return line{Kind: kind, Namespace: m.ns.name, ID: m.id}
}

// with adds an event, and what a rule made of it unless out is nil. What it takes of them
// is good until they are used again.
func (l line) with(event string, args []byte, out *relay.Outcome) line {
	l.Event = event
	l.Args = slices.Concat([]byte{'['}, args, []byte{']'})
	if out != nil && out.Emit {
		l.Emit, l.To = string(out.Name), describe(&out.Target)
	}
	return l
}

// refused adds why an event went nowhere.
func (l line) refused(err error) line {
	l.Kind, l.Code, l.Reason = lineRefused, "unmatched", "no rule relays it"
	if r := (*relay.Refusal)(nil); errors.As(err, &r) {
		l.Code, l.Reason = r.Code, r.Message
	}
	return l
}

// describe writes a target in the words of the rules.
func describe(to *relay.Target) []string {
	var words []string
	switch {
	case to.ExceptSelf:
		words = append(words, "others")
	case to.All:
		words = append(words, "all")
	}
	if to.Self {
		words = append(words, "self")
	}
	return append(words, roomWords(to.Rooms)...)
}

func roomWords(rooms []string) []string {
	words := make([]string, len(rooms))
	for i, room := range rooms {
		words[i] = "room:" + room
	}
	return words
}

// published tells of a publish that went out.
func (h *Hub) published(m *Message, args []byte, out *relay.Outcome, delivered int) {
	l := line{Kind: linePublish, Namespace: m.Namespace, Except: m.Except, Delivered: &delivered}.with(m.Event, args, out)
	l.Emit = cmp.Or(l.Emit, m.Event)
	if out.Target.AsPublished {
		l.To = roomWords(m.Rooms)
	}
	if len(l.To) == 0 {
		l.To = []string{"all"}
	}
	h.tail.tell(l)
}

// ListenHandler shows what happens in the hub while it happens: GET with the token as a
// Bearer credential is answered with lines of JSON (application/x-ndjson), until the
// caller has enough or Run ends. The query says of what: pattern (of event names, as in
// a rule's on; names as they came and as they went out count), namespace, and kind
// (connect, disconnect, event, publish, refused, with commas between them).
//
// A listener that does not keep up misses lines, and is told how many by one of kind
// dropped. An empty token refuses everybody.
func (h *Hub) ListenHandler(token string) http.Handler {
	key := newCredential(token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		switch {
		case r.Method != http.MethodGet:
			header.Set("Allow", http.MethodGet)
			http.Error(w, "use GET", http.StatusMethodNotAllowed)
			return
		case !key.fits(r):
			header.Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the header Authorization: Bearer TOKEN is missing or wrong", http.StatusUnauthorized)
			return
		}
		l, err := newListener(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !h.tail.add(l) {
			http.Error(w, fmt.Sprintf("%d are listening already", maxListeners), http.StatusServiceUnavailable)
			return
		}
		defer h.tail.remove(l)
		h.opts.Log.Debug("somebody listens to the hub", "event", "hub.listening", "address", r.RemoteAddr)
		l.serve(w, r, h.tail.ended)
	})
}

func newListener(r *http.Request) (*listener, error) {
	q := r.URL.Query()
	l := &listener{namespace: q.Get("namespace"), lines: make(chan []byte, maxLines)}
	if text := q.Get("pattern"); text != "" {
		var err error
		if l.pattern, err = relay.ParsePattern(text); err != nil {
			return nil, err
		}
	}
	known := []string{lineConnect, lineDisconnect, lineEvent, linePublish, lineRefused}
	for kind := range strings.SplitSeq(q.Get("kind"), ",") {
		switch {
		case kind == "":
		case slices.Contains(known, kind):
			l.kinds = append(l.kinds, kind)
		default:
			return nil, fmt.Errorf("unknown kind %q; known: %s", kind, strings.Join(known, ", "))
		}
	}
	return l, nil
}

// serve writes lines as they come.
func (x *listener) serve(w http.ResponseWriter, r *http.Request, ended <-chan struct{}) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold lines back
	w.WriteHeader(http.StatusOK)
	for {
		_ = control.SetWriteDeadline(time.Now().Add(lineTimeout)) // a test's recorder has none
		if err := x.writeWaiting(w); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case text := <-x.lines:
			if _, err := w.Write(text); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-ended:
			_ = x.writeWaiting(w) // the last words; a listener that is gone needs none
			return
		}
	}
}

// writeWaiting writes what is there already, and how much is not.
func (x *listener) writeWaiting(w http.ResponseWriter) error {
	for {
		select {
		case text := <-x.lines:
			if _, err := w.Write(text); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			continue
		default:
		}
		n := x.dropped.Swap(0)
		if n == 0 {
			return nil
		}
		l := line{Kind: lineDropped, Count: n}
		if _, err := w.Write(l.encode()); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
}
