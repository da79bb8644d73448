package hub

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Why a client left a namespace, beside the reasons of its session.
const (
	serverDisconnect = "server namespace disconnect"
	clientDisconnect = "client namespace disconnect"
)

// member is one client in one namespace: what the official server calls a socket.
type member struct {
	hub   *Hub
	id    string
	pid   string // the secret by which it may come back; "" if it may not
	conn  *socketio.Conn
	shard *shard
	ns    *namespace
	seat  seat          // in the namespace's group
	got   atomic.Uint64 // the last event that was handed to its session
	since uint64        // the last event from before it came; guarded by recovery.mu

	// Guarded by ns.mu.
	rooms []*seat
	gone  bool // has left; joins no more

	mu      sync.Mutex   // guards what follows
	granted []string     // rooms its identity gave it
	client  relay.Client // what rules know and count of it
	expiry  *time.Timer  // nil, or what ends it with its token

	left sync.Once
	away atomic.Bool // has left; its events are ignored

	// The shard's own.
	open  bool                 // it has been told that it is connected; what was queued before is not for it
	out   []*socketio.Outgoing // this round's packets
	last  uint64               // the last of them that is in the history
	round uint64               // the last delivery that has seen the member
}

// send sends one packet behind everything sent before.
func (m *member) send(o *socketio.Outgoing) { m.shard.send(m, o) }

// leave takes the member out of its namespace; tell sends it a DISCONNECT. It returns
// false if it had left before. Rules for «disconnect» run while its rooms are known.
func (m *member) leave(reason string, tell bool) bool {
	first := false
	m.left.Do(func() {
		first = true
		m.away.Store(true)
		m.stopClock()
		if tell {
			m.send(socketio.NewDisconnect(m.ns.name))
		}
		m.hub.recovery.keep(m, reason)
		if m.hub.tail.listens() {
			l := m.line(lineDisconnect)
			l.Reason = reason
			m.hub.tail.tell(l)
		}
		if reason != string(engineio.ShuttingDown) { // everybody leaves, and nobody is left to hear it
			m.runHooks(m.hub.rules.Load().Disconnect, rawjson.AppendString(nil, reason))
		}
		m.hub.exit(m)
		m.hub.opts.Log.Debug("a client left "+m.ns.name+": "+reason,
			"event", "hub.disconnected", "id", m.id, "namespace", m.ns.name, "reason", reason)
	})
	return first
}

// user returns who the member was found to be.
func (m *member) user() json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.client.User
}

// expire sends the member away after d, when its token ends; at once if it has ended.
func (m *member) expire(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expiry = time.AfterFunc(d, func() { m.leave(serverDisconnect, true) })
}

// stopClock takes back what expire set.
func (m *member) stopClock() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expiry != nil {
		m.expiry.Stop()
	}
}

// apply runs a rule for the member.
func (m *member) apply(match *relay.Match, ev *relay.Event, out *relay.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	ev.Client = &m.client
	return match.Apply(ev, out)
}
