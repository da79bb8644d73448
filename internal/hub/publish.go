package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Message is an event that the back-end raises.
type Message struct {
	// Namespace is where ("/").
	Namespace string `json:"namespace,omitempty"`
	// Event is its name.
	Event string `json:"event"`
	// Args are its arguments, each a JSON value.
	Args []json.RawMessage `json:"args,omitempty"`
	// Rooms are who gets it (everybody); a socket id is a room.
	Rooms []string `json:"rooms,omitempty"`
	// Except are rooms that do not get it; a socket id is a room.
	Except []string `json:"except,omitempty"`
	// Volatile lets a client that is behind miss it.
	Volatile bool `json:"volatile,omitempty"`
}

// ErrMessage is wrapped by what [Hub.Publish] returns for a message that cannot be sent.
var ErrMessage = errors.New("not a valid event")

const (
	// maxDepth bounds the nesting of a publish, as that of clients' events.
	maxDepth = 100
	// maxEventName bounds an event's name in bytes.
	maxEventName = 256
)

// Publish raises an event as the back-end: a rule with «from: server» may rename or
// redirect it; without one it goes out as it is. It returns how many clients it was
// handed to, once it was. A message that is not valid, or that a rule refuses, is an
// error that wraps [ErrMessage].
func (h *Hub) Publish(ctx context.Context, m Message) (delivered int, err error) {
	if m.Namespace == "" {
		m.Namespace = "/"
	}
	args, err := m.check()
	if err != nil {
		return 0, err
	}
	out := relay.Outcome{Emit: true, Target: relay.Target{AsPublished: true}}
	if match, ok := h.rules.Load().Match(m.Namespace, m.Event, true); ok {
		if err := match.Apply(&relay.Event{Args: args}, &out); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrMessage, err)
		}
	} else {
		out.Payload = callPayload(m.Event, args)
	}
	if !out.Emit {
		return 0, nil
	}
	packet := socketio.NewEvent(m.Namespace, out.Payload, nil, m.Volatile)
	delivered, err = h.deliver(ctx, packet, m, out.Target)
	if h.tail.listens() && err == nil {
		h.published(&m, args, &out, delivered)
	}
	return delivered, err
}

// deliver sends a publish and waits until every shard has counted its receivers.
func (h *Hub) deliver(ctx context.Context, packet *socketio.Outgoing, m Message, to relay.Target) (int, error) {
	rooms := to.Rooms
	if to.AsPublished {
		rooms = m.Rooms
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("publish %s: %w", m.Event, err)
	}
	d := delivery{packet: packet, tally: &tally{done: make(chan struct{})}}
	ns := h.find(m.Namespace)
	if ns == nil {
		ns = h.nobody // those who are away may still come for it
	}
	d.groups, d.single = ns.resolve(rooms)
	all := len(rooms) == 0 && (to.All || to.AsPublished)
	if all {
		d.groups = []*group{ns.all}
	}
	if len(m.Except) > 0 {
		d.except = &audience{}
		d.except.groups, d.except.single = ns.resolve(m.Except)
	}
	d.tally.waiting.Store(int32(len(h.shards)))
	h.dispatch(d, &past{space: m.Namespace, packet: packet, all: all, rooms: rooms, except: m.Except})
	select {
	case <-d.tally.done:
	case <-ctx.Done(): // it is on its way all the same: the count is what is known by now
	}
	return int(d.tally.count.Load()), nil
}

// check validates a message and returns its arguments as one list.
func (m *Message) check() ([]byte, error) {
	if m.Event == "" || len(m.Event) > maxEventName {
		return nil, fmt.Errorf("%w: a name has 1 to %d bytes", ErrMessage, maxEventName)
	}
	if slices.Contains(reservedNames(), m.Event) {
		return nil, fmt.Errorf("%w: %q is a name of the protocol's own", ErrMessage, m.Event)
	}
	for i, arg := range m.Args {
		if err := rawjson.Valid(arg, maxDepth); err != nil {
			return nil, fmt.Errorf("%w: argument %d: %w", ErrMessage, i+1, err)
		}
	}
	list := make([][]byte, len(m.Args))
	for i, arg := range m.Args {
		list[i] = arg
	}
	return bytes.Join(list, []byte{','}), nil
}

// reservedNames are the names that clients keep for themselves.
func reservedNames() []string {
	return []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
}

// callPayload writes the array of an event.
func callPayload(event string, args []byte) []byte {
	payload := rawjson.AppendString([]byte{'['}, event)
	if len(args) > 0 {
		payload = append(append(payload, ','), args...)
	}
	return append(payload, ']')
}
