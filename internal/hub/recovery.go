package hub

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/auth"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Recovery configures connection state recovery: a client of revision 4 (Socket.IO 4.6
// and later) that comes back after a break finds its id, its rooms and what it missed.
type Recovery struct {
	// Off turns it off.
	Off bool
	// Window is how long a client may be away (2 minutes).
	Window time.Duration
	// MaxBytes bounds what is kept for those who are away, in bytes (16 MiB): half for
	// events, half for who they are.
	MaxBytes int
	// Store is a file that carries it over a restart of the hub; "" keeps it in memory.
	Store string
}

func (r Recovery) withDefaults() Recovery {
	r.Window = cmp.Or(r.Window, 2*time.Minute)
	r.MaxBytes = engineio.Limit(r.MaxBytes, 16<<20)
	return r
}

// recovery remembers who is away and the events of the last while. What a client has got
// is known from its session, so nothing is added to the events on the wire.
type recovery struct {
	opts Recovery

	// mu orders events: who holds it may number an event and queue it in every shard, or
	// put a member among the receivers. Nothing waits under it.
	mu      sync.Mutex
	seq     uint64 // of the last event
	lost    uint64 // of the last event that was dropped from the history
	history []*past
	bytes   int // of history
	absent  map[string]*absent
	order   []*absent // by the time they left; some have come back
	waiting int       // bytes of absent
	swept   time.Time
}

// past is an event that somebody may have missed.
type past struct {
	seq    uint64
	at     time.Time
	space  string // its namespace
	packet *socketio.Outgoing
	all    bool
	rooms  []string // socket ids are rooms
	except []string
}

// absent is a member that may come back.
type absent struct {
	ID, PID, Namespace string
	User               json.RawMessage `json:",omitempty"`
	Rooms              []string        // those it joined by rules
	Granted            []string        // those its identity gave it
	At                 time.Time
	Got                uint64          // the last event it has
	member             *member         // who knows better what it has; nil once that is settled
	in                 map[string]bool // its rooms and its id
}

// Rough costs of bookkeeping beside the bytes that are kept.
const (
	pastCost   = 200
	absentCost = 400
	roomCost   = 32
)

// sweeps is how often within a window the members that are away are looked through.
const sweeps = 8

// settled is how long after its end a session may still be busy with its last writes.
const settled = 5 * time.Second

func newRecovery(opts Recovery) *recovery {
	return &recovery{opts: opts.withDefaults(), absent: map[string]*absent{}}
}

// cost is what it takes to remember a member.
func (a *absent) cost() int {
	n := absentCost + len(a.User)
	for _, room := range slices.Concat(a.Rooms, a.Granted) {
		n += len(room) + roomCost
	}
	return n
}

// newPID makes the secret by which a member may come back; "" for one that cannot. It
// begins with the socket id, which finds the member if it is still here.
func (r *recovery) newPID(revision int, id string) string {
	if r.opts.Off || revision < 5 {
		return ""
	}
	var secret [15]byte
	_, _ = rand.Read(secret[:]) // never fails (crypto/rand)
	return id + "." + base64.RawURLEncoding.EncodeToString(secret[:])
}

// claim finds who comes back by what a CONNECT carries: nil for a new client, one whose
// time is over, or another person. A connection it had that still seems open is ended.
func (r *recovery) claim(h *Hub, namespace string, data []byte, who auth.Identity) *absent {
	var claim struct{ PID string }
	if r.opts.Off || len(data) == 0 || json.Unmarshal(data, &claim) != nil || claim.PID == "" {
		return nil
	}
	h.supersede(namespace, claim.PID)
	a := r.take(claim.PID, namespace)
	if a == nil || person(a.User) != person(who.User) {
		return nil
	}
	a.Granted = slices.DeleteFunc(a.Granted, func(room string) bool { return !slices.Contains(who.Rooms, room) })
	a.in = map[string]bool{a.ID: true}
	for _, room := range slices.Concat(a.Rooms, a.Granted) {
		a.in[room] = true
	}
	return a
}

// take removes the record of a member that comes back; nil if it cannot.
func (r *recovery) take(pid, namespace string) *absent {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetOld(time.Now())
	a := r.absent[pid]
	if a == nil || a.Namespace != namespace {
		return nil
	}
	r.remove(a)
	if r.from(a) < r.lost {
		return nil // some of what it missed is gone
	}
	return a
}

// person tells users apart by what does not change from token to token.
func person(user json.RawMessage) string {
	var who struct{ Sub, ID json.RawMessage }
	if json.Unmarshal(user, &who) == nil && len(who.Sub)+len(who.ID) > 0 {
		return string(who.Sub) + " " + string(who.ID)
	}
	return string(user)
}

// supersede ends the connection of a member whose client has come back by another one.
func (h *Hub) supersede(namespace, pid string) {
	end := strings.LastIndexByte(pid, '.')
	ns := h.find(namespace)
	if end < 0 || ns == nil {
		return
	}
	ns.mu.RLock()
	m := ns.ids[pid[:end]]
	ns.mu.RUnlock()
	if m != nil && subtle.ConstantTimeCompare([]byte(m.pid), []byte(pid)) == 1 {
		m.conn.Session().Drop(engineio.TransportClose)
		m.leave(string(engineio.TransportClose), false)
	}
}

// enter makes a member one of its namespace's, in step with the events: it hears that it
// is connected, then what it missed, then everything that is numbered from now on.
func (r *recovery) enter(m *member, namespace string, connect *socketio.Outgoing, back *absent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.hub.enter(m, namespace)
	for _, room := range m.granted {
		m.ns.join(m, room, m.hub.opts.MaxRooms)
	}
	d := delivery{packet: connect, opens: m}
	m.since = r.seq
	m.got.Store(r.seq)
	if back != nil {
		for _, room := range back.Rooms {
			m.ns.join(m, room, m.hub.opts.MaxRooms)
		}
		from := r.from(back)
		m.since = from
		m.got.Store(from)
		d.missed = r.missed(back, from)
	}
	m.shard.push(d)
}

// from returns the last event a client is known to have: the last one handed to its
// session, less what the session had not delivered; with r.mu held. What the session had
// not delivered may hold more than events, but none from before the client came.
func (r *recovery) from(a *absent) uint64 {
	if a.member == nil {
		return a.Got
	}
	got := a.member.got.Load()
	untaken := a.member.conn.Session().Untaken()
	for i := len(r.history) - 1; i >= 0 && untaken > 0; i-- {
		p := r.history[i]
		if p.seq <= a.member.since {
			break
		}
		if p.seq <= got && p.isFor(a) {
			untaken -= p.packet.Size()
			got = p.seq - 1
		}
	}
	return got
}

// missed returns the events after one that were for a client; with r.mu held.
func (r *recovery) missed(a *absent, after uint64) []*past {
	first := sort.Search(len(r.history), func(i int) bool { return r.history[i].seq > after })
	var found []*past
	for _, p := range r.history[first:] {
		if p.isFor(a) {
			found = append(found, p)
		}
	}
	return found
}

// isFor reports whether an event was for a client that is away.
func (p *past) isFor(a *absent) bool {
	in := func(room string) bool { return a.in[room] }
	return p.space == a.Namespace && !slices.ContainsFunc(p.except, in) &&
		(p.all || slices.ContainsFunc(p.rooms, in))
}

// keep remembers a member that left for a reason that is not its own will.
func (r *recovery) keep(m *member, reason string) {
	switch reason {
	case string(engineio.TransportClose), string(engineio.TransportError), string(engineio.PingTimeout),
		string(engineio.ForcedClose), string(engineio.ShuttingDown):
	default:
		return
	}
	if m.pid == "" {
		return
	}
	a := &absent{ID: m.id, PID: m.pid, Namespace: m.ns.name, User: m.user(), At: time.Now(), member: m}
	a.in = map[string]bool{a.ID: true}
	for _, room := range m.ns.roomsOf(m) {
		a.in[room] = true
		if slices.Contains(m.granted, room) {
			a.Granted = append(a.Granted, room)
		} else {
			a.Rooms = append(a.Rooms, room)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(a)
	r.forgetOld(a.At)
}

func (r *recovery) add(a *absent) {
	r.absent[a.PID] = a
	r.order = append(r.order, a)
	r.waiting += a.cost()
}

func (r *recovery) remove(a *absent) {
	if r.absent[a.PID] == a {
		delete(r.absent, a.PID)
		r.waiting -= a.cost()
	}
}

// record numbers an event and keeps it, and calls queue while nothing else can be
// numbered. A volatile event is not kept.
func (r *recovery) record(p *past, queue func(seq uint64)) {
	if r.opts.Off {
		queue(0)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	p.seq, p.at = r.seq, time.Now()
	if !p.packet.Volatile() {
		r.history = append(r.history, p)
		r.bytes += p.packet.Size() + pastCost
		r.forgetOld(p.at)
	}
	queue(p.seq)
}

// forgetOld drops what is beyond the window or the bytes; with r.mu held. Members that
// are away take half of the bytes at most, so that their number cannot cost the others
// what they missed.
func (r *recovery) forgetOld(now time.Time) {
	n := 0
	for n < len(r.history) && (now.Sub(r.history[n].at) > r.opts.Window || r.bytes > r.opts.MaxBytes/2) {
		r.bytes -= r.history[n].packet.Size() + pastCost
		r.lost = r.history[n].seq
		r.history[n] = nil // so that it can be collected before the slice moves
		n++
	}
	r.history = r.history[n:]
	for len(r.order) > 0 && (now.Sub(r.order[0].At) > r.opts.Window || r.waiting > r.opts.MaxBytes/2) {
		r.remove(r.order[0])
		r.order[0] = nil
		r.order = r.order[1:]
	}
	if now.Sub(r.swept) > r.opts.Window/sweeps {
		r.sweep(now)
	}
}

// sweep lets go of members whose last writes are done, and of those that came back; with
// r.mu held.
func (r *recovery) sweep(now time.Time) {
	r.swept = now
	r.order = slices.DeleteFunc(r.order, func(a *absent) bool { return r.absent[a.PID] != a })
	for _, a := range r.order {
		if a.member != nil && now.Sub(a.At) > settled {
			a.Got, a.member, a.in = r.from(a), nil, nil
		}
	}
}
