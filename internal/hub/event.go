package hub

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// outcomes lends what rules write their results to, so that an event allocates none and
// an idle client holds none.
type outcomes struct{ pool sync.Pool }

func (p *outcomes) get() *relay.Outcome {
	if out, ok := p.pool.Get().(*relay.Outcome); ok {
		return out
	}
	return &relay.Outcome{}
}

func (p *outcomes) put(out *relay.Outcome) { p.pool.Put(out) }

// event relays what a client emitted, by the first rule that fits.
func (p *peer) event(m *member, pkt *socketio.Packet) {
	match, ok := p.hub.rules.Load().Match(m.ns.name, p.eventName(pkt.Call.Name), false)
	if !ok {
		p.hub.unmatched(m, pkt)
		if p.hub.tail.listens() {
			p.hub.tail.tell(m.line(lineEvent).with(p.lastName, pkt.Call.Args, nil).refused(nil))
		}
		return
	}
	ev := relay.Event{Args: pkt.Call.Args, Attachments: len(pkt.Attachments), WantsAck: pkt.HasID}
	for _, a := range pkt.Attachments {
		ev.AttachmentBytes += int64(len(a))
	}
	out := p.hub.outcomes.get()
	defer p.hub.outcomes.put(out)
	if err := m.apply(&match, &ev, out); err != nil {
		p.hub.refused(m, pkt, err)
		if p.hub.tail.listens() {
			p.hub.tail.tell(m.line(lineEvent).with(p.lastName, pkt.Call.Args, nil).refused(err))
		}
		return
	}
	if p.hub.tail.listens() {
		p.hub.tail.tell(m.line(lineEvent).with(p.lastName, pkt.Call.Args, out))
	}
	m.carryOut(out, pkt.Attachments)
	if out.Ack && pkt.HasID {
		m.send(socketio.NewAck(m.ns.name, pkt.ID, out.AckPayload, pick(pkt.Attachments, out.AckAttachments)))
	}
}

// eventName returns a raw name as a string. A client mostly repeats its last one, which
// then costs no copy.
func (p *peer) eventName(raw []byte) string {
	if string(raw) == p.lastRaw {
		return p.lastName
	}
	name, ok := rawjson.Unquote(raw)
	if !ok {
		name = string(raw) // a number
	}
	p.lastRaw, p.lastName = string(raw), name
	return name
}

// runHooks runs the rules for «connect» or «disconnect».
func (m *member) runHooks(rules func(namespace string) iter.Seq[*relay.Match], args []byte) {
	var out relay.Outcome
	for match := range rules(m.ns.name) {
		if err := m.apply(match, &relay.Event{Args: args}, &out); err != nil {
			m.hub.opts.Log.Debug("a rule refused: "+err.Error(), "event", "hub.refused", "id", m.id)
			continue
		}
		if m.hub.tail.listens() && out.Emit {
			m.hub.tail.tell(m.line(lineEvent).with(match.Rule().On, args, &out))
		}
		m.carryOut(&out, nil)
	}
}

// carryOut does what a rule decided: rooms first, then the event.
func (m *member) carryOut(out *relay.Outcome, attachments [][]byte) {
	for _, room := range out.Join {
		if !m.ns.join(m, room, m.hub.opts.MaxRooms) {
			m.hub.told.Once("rooms", m.hub.opts.Log.Warn, "a client is in as many rooms as it may be",
				"event", "hub.limit", "hint", "raise hub.limits.rooms")
		}
	}
	for _, room := range out.Leave {
		m.ns.leave(m, room)
	}
	if !out.Emit {
		return
	}
	packet := socketio.NewEvent(m.ns.name, out.Payload, pick(attachments, out.Attachments), false)
	m.emit(packet, &out.Target)
}

// pick returns the attachments a rule uses, in its order.
func pick(attachments [][]byte, order []int) [][]byte {
	if len(order) == 0 {
		return nil
	}
	picked := make([][]byte, len(order))
	for i, n := range order {
		picked[i] = attachments[n]
	}
	return picked
}

// emit sends an event to its target.
func (m *member) emit(packet *socketio.Outgoing, to *relay.Target) {
	d := delivery{packet: packet}
	p := &past{space: m.ns.name, packet: packet, all: to.All}
	if to.All {
		d.groups = []*group{m.ns.all}
	} else {
		p.rooms = slices.Clone(to.Rooms)
		d.groups, d.single = m.ns.resolve(to.Rooms)
	}
	switch {
	case to.Self:
		d.single = append(d.single, m)
		p.rooms = append(p.rooms, m.id)
	case to.ExceptSelf:
		d.except = &audience{single: []*member{m}}
		p.except = []string{m.id}
	}
	m.hub.dispatch(d, p)
}

// dispatch queues an event for its receivers, in step with the history.
func (h *Hub) dispatch(d delivery, p *past) {
	for _, s := range h.shards {
		s.await()
	}
	h.recovery.record(p, func(seq uint64) {
		d.seq = seq
		for _, s := range h.shards {
			if d.tally != nil || d.reaches(s) {
				s.push(d)
			}
		}
	})
}

// reaches reports whether a delivery has receivers in a shard, so that a small room does
// not wake every loop.
func (d *delivery) reaches(s *shard) bool {
	for _, m := range d.single {
		if m.shard == s {
			return true
		}
	}
	for _, g := range d.groups {
		if g.parts[s.index].len() > 0 {
			return true
		}
	}
	return false
}

// unmatched notes an event that no rule knows: on the first run of a project, the most
// likely reason why nothing arrives.
func (h *Hub) unmatched(m *member, pkt *socketio.Packet) {
	name := printable(string(pkt.Call.Name))
	h.told.Once("unmatched "+name, h.opts.Log.Info,
		fmt.Sprintf("no rule relays the event %s in namespace %s", name, printable(m.ns.name)),
		"event", "hub.unmatched", "name", name, "namespace", m.ns.name, "hint", "add a rule to hub.relays")
}

// refused notes an event that its rule does not let through, and tells the client when
// it has asked for an answer.
func (h *Hub) refused(m *member, pkt *socketio.Packet, err error) {
	code := "refused"
	if r := (*relay.Refusal)(nil); errors.As(err, &r) {
		code = r.Code
	}
	name := printable(string(pkt.Call.Name))
	h.told.Once("refused "+code+name, h.opts.Log.Info,
		fmt.Sprintf("a rule refuses the event %s: %v", name, err), "event", "hub.refused", "code", code)
	if !pkt.HasID {
		return
	}
	answer := append(rawjson.AppendString([]byte(`[{"error":`), err.Error()), `,"code":`...)
	answer = append(rawjson.AppendString(answer, code), `}]`...)
	m.send(socketio.NewAck(m.ns.name, pkt.ID, answer, nil))
}
