package hub

import (
	"encoding/json"
	"sync"
	"sync/atomic"

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
	conn  *socketio.Conn
	shard *shard
	ns    *namespace
	seat  seat // in the namespace's group

	// Guarded by ns.mu.
	rooms []*seat
	gone  bool // has left; joins no more

	mu     sync.Mutex // guards client, what rules know and count of it
	client relay.Client

	left sync.Once
	away atomic.Bool // has left; its events are ignored

	// The shard's own.
	out   []*socketio.Outgoing // this round's packets
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
		if tell {
			m.send(socketio.NewDisconnect(m.ns.name))
		}
		m.runHooks(m.hub.relays.Load().Disconnect, rawjson.AppendString(nil, reason))
		m.hub.exit(m)
		m.hub.opts.Log.Debug("a client left "+m.ns.name+": "+reason,
			"event", "hub.disconnected", "id", m.id, "namespace", m.ns.name, "reason", reason)
	})
	return first
}

// apply runs a rule for the member.
func (m *member) apply(match *relay.Match, ev *relay.Event, out *relay.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	ev.Client = &m.client
	return match.Apply(ev, out)
}

// identify sets what rules know of the member.
func (m *member) identify(auth, user json.RawMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.client.ID, m.client.Auth, m.client.User = m.id, auth, user
	m.client.Rooms = func() []string { return m.ns.roomsOf(m) }
}
