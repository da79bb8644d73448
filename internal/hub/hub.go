package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/notes"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Hub connects clients with each other and with the back-end, by rules.
type Hub struct {
	opts    Options
	server  *socketio.Server
	library *library
	rules   atomic.Pointer[rules]
	shards  []*shard
	next    atomic.Uint32 // the shard of the next client
	clients atomic.Int64
	told    notes.Notes
	tail    *tail

	outcomes outcomes
	recovery *recovery
	nobody   *namespace // stands for a namespace without members

	mu         sync.RWMutex // guards namespaces
	namespaces map[string]*namespace
}

// maxShards bounds the fan-out loops: each more costs a wake-up an event.
const maxShards = 16

// New makes a hub. It accepts clients once Run has begun.
func New(opts Options) (*Hub, error) {
	opts.Path = "/" + strings.Trim(cmp.Or(opts.Path, "/socket.io/"), "/") + "/"
	opts.MaxPending = engineio.Limit(opts.MaxPending, 4_096)
	opts.MaxEventRate = engineio.Limit(opts.MaxEventRate, 10_000)
	opts.MaxRooms = engineio.Limit(opts.MaxRooms, 1_000)
	opts.MaxPublish = engineio.Limit(opts.MaxPublish, 1_000_000)
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Protocol.Engine.AllowOrigin = opts.AllowOrigin
	opts.Protocol.Engine.Log = opts.Log
	if opts.Auth != nil {
		opts.Protocol.Engine.KeepHeaders = authHeaders()
	}
	h := &Hub{opts: opts, namespaces: map[string]*namespace{}, library: newLibrary(opts), tail: newTail()}
	h.server = socketio.New(h, opts.Protocol)
	for range cmp.Or(opts.Shards, min(runtime.GOMAXPROCS(0), maxShards)) {
		h.shards = append(h.shards, newShard(len(h.shards), opts.MaxPending))
	}
	h.nobody = newNamespace("", len(h.shards))
	h.recovery = newRecovery(opts.Recovery)
	if err := h.recovery.load(); err != nil {
		opts.Log.Warn(err.Error(), "event", "hub.recovery", "hint", "clients that were connected begin anew")
	}
	if err := h.SetRelays(opts.Relays); err != nil {
		return nil, err
	}
	return h, nil
}

// rules are what is replaced together.
type rules struct {
	*relay.Set
	namespaces *relay.Namespaces
}

// SetRelays replaces the rules; nil means none. No connection notices: an event under
// way is relayed by the old rules, the next by the new ones. Clients stay in namespaces
// that are no longer declared until they leave.
func (h *Hub) SetRelays(set *relay.Set) error {
	if set == nil {
		empty, err := relay.Compile(nil, relay.Options{})
		if err != nil {
			return fmt.Errorf("compile no rules: %w", err)
		}
		set = empty
	}
	namespaces, err := relay.CompileNamespaces(slices.Concat(h.opts.Namespaces, set.Namespaces()))
	if err != nil {
		return fmt.Errorf("hub namespaces: %w", err)
	}
	h.rules.Store(&rules{set, namespaces})
	return nil
}

// Run serves clients until ctx is done; then it says goodbye to each and returns when
// all of them, and every loop, have ended. It is called once.
func (h *Hub) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	for _, s := range h.shards {
		loops.Go(s.run)
	}
	err := h.server.Run(ctx)
	for _, s := range h.shards {
		s.stop()
	}
	loops.Wait()
	h.tail.end()
	err = errors.Join(err, h.recovery.save())
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}

// Clients returns how many clients are connected: each from when it is let into its first
// namespace, until its session ends. What is published to that namespace after a client was
// counted reaches it.
func (h *Hub) Clients() int { return int(h.clients.Load()) }

// ServeHTTP serves the hub's path: the protocol at the path itself, the client library
// in files below it. Before Run it waits for it; after Run it answers 503.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch name := strings.TrimPrefix(r.URL.Path, h.opts.Path); {
	case name == "" || r.URL.Path+"/" == h.opts.Path:
		h.server.ServeHTTP(w, r)
	case h.library.has(name):
		h.library.serve(w, r, name)
	default:
		h.misdirected(w, r, name)
	}
}

// misdirected answers a request below the hub's path that is for nothing there.
func (h *Hub) misdirected(w http.ResponseWriter, r *http.Request, name string) {
	hint := "the hub's path is " + h.opts.Path + ", with nothing behind it"
	if strings.HasPrefix(name, "1/") {
		hint = "Socket.IO clients 0.9 and older speak another protocol: take 1.0 or later"
	}
	h.told.Once("path "+name, h.opts.Log.Warn,
		fmt.Sprintf("a client asked for %s, where the hub has nothing", printable(r.URL.Path)),
		"event", "hub.refused", "hint", hint)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.Error(w, hint, http.StatusNotFound)
}

// Disconnect sends the members of rooms out of a namespace, as a server does on purpose:
// they do not come back by themselves. A socket id is a room. It returns how many.
func (h *Hub) Disconnect(namespace string, rooms []string) int {
	ns := h.find(namespace)
	if ns == nil {
		return 0
	}
	n := 0
	for _, m := range ns.members(rooms) {
		if m.leave(serverDisconnect, true) {
			n++
		}
	}
	return n
}
