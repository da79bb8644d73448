package hub

import (
	"slices"
	"sync"
)

// namespace is the members of one namespace and their rooms. It exists while it has
// members.
type namespace struct {
	name string
	all  *group

	mu    sync.RWMutex // guards ids and rooms
	ids   map[string]*member
	rooms map[string]*group
}

// group is a set of members, split by shard: everybody in a namespace, or a room.
type group struct {
	parts []part
}

// part is the members of a group that one shard serves.
type part struct {
	mu    sync.Mutex // guards seats; held while a round collects, never while it writes
	seats []*seat
}

// seat is a member's place in a group. It knows its index, so that leaving costs the
// same in any group.
type seat struct {
	member *member
	group  *group
	room   string // "" in the group of a whole namespace
	index  int
}

func newNamespace(name string, shards int) *namespace {
	return &namespace{name: name, all: newGroup(shards), ids: map[string]*member{}, rooms: map[string]*group{}}
}

func newGroup(shards int) *group { return &group{parts: make([]part, shards)} }

func (g *group) add(s *seat) {
	p := &g.parts[s.member.shard.index]
	p.mu.Lock()
	defer p.mu.Unlock()
	s.index = len(p.seats)
	p.seats = append(p.seats, s)
}

func (g *group) remove(s *seat) {
	p := &g.parts[s.member.shard.index]
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.seats) - 1
	p.seats[s.index] = p.seats[last]
	p.seats[s.index].index = s.index
	p.seats[last] = nil
	p.seats = p.seats[:last]
}

// lens returns the members in each shard's part.
func (p *part) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seats)
}

func (g *group) empty() bool {
	for i := range g.parts {
		if g.parts[i].len() > 0 {
			return false
		}
	}
	return true
}

// find returns a namespace that has members, or nil.
func (h *Hub) find(name string) *namespace {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.namespaces[name]
}

// enter puts a member into its namespace, which begins to exist with it.
func (h *Hub) enter(m *member, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ns := h.namespaces[name]
	if ns == nil {
		ns = newNamespace(name, len(h.shards))
		h.namespaces[name] = ns
	}
	m.ns = ns
	m.seat = seat{member: m, group: ns.all}
	ns.mu.Lock()
	ns.ids[m.id] = m
	ns.mu.Unlock()
	ns.all.add(&m.seat)
}

// exit takes a member out of its namespace and its rooms.
func (h *Hub) exit(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m.ns.leaveAll(m)
	m.ns.all.remove(&m.seat)
	m.ns.mu.Lock()
	delete(m.ns.ids, m.id)
	empty := len(m.ns.ids) == 0
	m.ns.mu.Unlock()
	if empty {
		delete(h.namespaces, m.ns.name)
	}
}

// join puts a member into a room, once; false when it is in as many as it may be.
func (ns *namespace) join(m *member, room string, max int) bool {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if m.gone || slices.ContainsFunc(m.rooms, func(s *seat) bool { return s.room == room }) {
		return true
	}
	if len(m.rooms) >= max {
		return false
	}
	g := ns.rooms[room]
	if g == nil {
		g = newGroup(len(ns.all.parts))
		ns.rooms[room] = g
	}
	s := &seat{member: m, group: g, room: room}
	m.rooms = append(m.rooms, s)
	g.add(s)
	return true
}

// leave takes a member out of a room.
func (ns *namespace) leave(m *member, room string) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	i := slices.IndexFunc(m.rooms, func(s *seat) bool { return s.room == room })
	if i < 0 {
		return
	}
	ns.stand(m.rooms[i])
	m.rooms = slices.Delete(m.rooms, i, i+1)
}

// leaveAll takes a member out of all its rooms, for good.
func (ns *namespace) leaveAll(m *member) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	for _, s := range m.rooms {
		ns.stand(s)
	}
	m.rooms, m.gone = nil, true
}

// stand frees a seat in a room, and forgets the room with its last member; with ns.mu
// held.
func (ns *namespace) stand(s *seat) {
	s.group.remove(s)
	if s.group.empty() {
		delete(ns.rooms, s.room)
	}
}

// roomsOf lists the rooms a member is in, sorted.
func (ns *namespace) roomsOf(m *member) []string {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	names := make([]string, len(m.rooms))
	for i, s := range m.rooms {
		names[i] = s.room
	}
	slices.Sort(names)
	return names
}

// resolve turns names into groups and single members: a socket id is a room of its own.
func (ns *namespace) resolve(names []string) (groups []*group, single []*member) {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	for _, name := range names {
		if m := ns.ids[name]; m != nil {
			single = append(single, m)
		}
		if g := ns.rooms[name]; g != nil {
			groups = append(groups, g)
		}
	}
	return groups, single
}

// members returns everybody in the rooms, each once; nil rooms mean the namespace.
func (ns *namespace) members(rooms []string) []*member {
	groups, found := ns.resolve(rooms)
	if rooms == nil {
		groups = []*group{ns.all}
	}
	for _, g := range groups {
		for i := range g.parts {
			found = g.parts[i].appendTo(found)
		}
	}
	seen := make(map[*member]bool, len(found))
	return slices.DeleteFunc(found, func(m *member) bool {
		twice := seen[m]
		seen[m] = true
		return twice
	})
}

func (p *part) appendTo(found []*member) []*member {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.seats {
		found = append(found, s.member)
	}
	return found
}

// declared reports whether clients may enter a namespace.
func (h *Hub) declared(name string) bool { return h.rules.Load().namespaces.Has(name) }
