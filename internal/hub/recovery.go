package hub

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

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
	// MaxBytes bounds what is kept for those who are away, in bytes (16 MiB).
	MaxBytes int
	// Store is a file that carries it over a restart of the hub; "" keeps it in memory.
	Store string
}

func (r Recovery) withDefaults() Recovery {
	r.Window = cmp.Or(r.Window, 2*time.Minute)
	r.MaxBytes = limit(r.MaxBytes, 16<<20)
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
	bytes   int // of history and absent
	swept   time.Time
	absent  map[string]*absent
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
	Rooms              []string
	At                 time.Time
	Got                uint64  // the last event it has
	member             *member // who knows better what it has; nil after a restart
}

// Rough costs of bookkeeping beside the bytes that are kept.
const (
	pastCost   = 200
	absentCost = 400
)

// sweeps is how often within a window the members that are away are looked through.
const sweeps = 8

func newRecovery(opts Recovery) *recovery {
	return &recovery{opts: opts.withDefaults(), absent: map[string]*absent{}}
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

// claim finds who comes back by what a CONNECT carries: nil for a new client, or one
// whose time is over. A connection it had that still seems open is ended.
func (r *recovery) claim(h *Hub, namespace string, data []byte) *absent {
	var auth struct{ PID string }
	if r.opts.Off || len(data) == 0 || json.Unmarshal(data, &auth) != nil || auth.PID == "" {
		return nil
	}
	h.supersede(namespace, auth.PID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetOld(time.Now())
	a := r.absent[auth.PID]
	if a == nil || a.Namespace != namespace {
		return nil
	}
	r.remove(a)
	if r.from(a) < r.lost {
		return nil // some of what it missed is gone
	}
	return a
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
	d := delivery{packet: connect, opens: m}
	m.got.Store(r.seq)
	if back != nil {
		for _, room := range back.Rooms {
			m.ns.join(m, room, m.hub.opts.MaxRooms)
		}
		from := r.from(back)
		m.got.Store(from)
		d.missed = r.missed(back, from)
	}
	m.shard.push(d)
}

// from returns the last event a client is known to have: the last one handed to its
// session, less what the session had not delivered; with r.mu held.
func (r *recovery) from(a *absent) uint64 {
	if a.member == nil {
		return a.Got
	}
	got := a.member.got.Load()
	untaken := a.member.conn.Session().Untaken()
	for i := len(r.history) - 1; i >= 0 && untaken > 0; i-- {
		if p := r.history[i]; p.seq <= got && p.isFor(a) {
			untaken -= p.packet.Size()
			got = p.seq - 1
		}
	}
	return got
}

// missed returns the events after one that were for a client.
func (r *recovery) missed(a *absent, after uint64) []*past {
	var found []*past
	for _, p := range r.history {
		if p.seq > after && p.isFor(a) {
			found = append(found, p)
		}
	}
	return found
}

// isFor reports whether an event was for a client that is away.
func (p *past) isFor(a *absent) bool {
	in := func(room string) bool { return room == a.ID || slices.Contains(a.Rooms, room) }
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
	a := &absent{
		ID: m.id, PID: m.pid, Namespace: m.ns.name, Rooms: m.ns.roomsOf(m),
		At: time.Now(), member: m,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.absent[a.PID] = a
	r.bytes += absentCost
	r.forgetOld(a.At)
}

func (r *recovery) remove(a *absent) {
	delete(r.absent, a.PID)
	r.bytes -= absentCost
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

// forgetOld drops what is beyond the window or the bytes; with r.mu held.
func (r *recovery) forgetOld(now time.Time) {
	n := 0
	for n < len(r.history) && (now.Sub(r.history[n].at) > r.opts.Window || r.bytes > r.opts.MaxBytes) {
		r.bytes -= r.history[n].packet.Size() + pastCost
		r.lost = r.history[n].seq
		r.history[n] = nil // so that it can be collected before the slice moves
		n++
	}
	r.history = r.history[n:]
	if now.Sub(r.swept) > r.opts.Window/sweeps || r.bytes > r.opts.MaxBytes {
		r.sweep(now)
	}
}

// sweep forgets the members whose time is over, and any when there are too many; with
// r.mu held.
func (r *recovery) sweep(now time.Time) {
	r.swept = now
	for _, a := range r.absent {
		if now.Sub(a.At) > r.opts.Window || r.bytes > r.opts.MaxBytes {
			r.remove(a)
		}
	}
}
