package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/time/rate"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

var errNotConnected = errors.New("a packet for a namespace the client is not in")

// peer is one client's side of the conversation. It belongs to the session's goroutine.
type peer struct {
	hub     *Hub
	conn    *socketio.Conn
	shard   *shard
	members []*member
	counted bool          // among the hub's clients
	pace    *rate.Limiter // nil until the first event

	lastRaw, lastName string // the last event's name, raw and plain
}

// ServeConn implements [socketio.Handler].
func (h *Hub) ServeConn(ctx context.Context, c *socketio.Conn) error {
	p := &peer{hub: h, conn: c, shard: h.shards[h.next.Add(1)%uint32(len(h.shards))]}
	defer p.uncount()
	err := p.serve(ctx)
	reason := string(engineio.ParseError)
	if closed := (*engineio.ClosedError)(nil); errors.As(err, &closed) {
		reason = string(closed.Reason)
	} else {
		h.told.Once("breach "+err.Error(), h.opts.Log.Warn,
			fmt.Sprintf("disconnected %s, which broke the protocol: %v", c.Session().Handshake().Address, err), "event", "hub.breach")
	}
	for _, m := range p.members {
		m.leave(reason, false)
	}
	return err
}

// count makes the client one of those that are connected. It comes after the client's
// place in its shard's queue, so that whoever sees the number may rely on it.
func (p *peer) count() {
	if !p.counted {
		p.counted = true
		p.hub.clients.Add(1)
	}
}

// uncount takes it back at the end of the session.
func (p *peer) uncount() {
	if p.counted {
		p.hub.clients.Add(-1)
	}
}

// serve handles packets until one cannot be received or breaks the protocol.
func (p *peer) serve(ctx context.Context) error {
	for {
		pkt, err := p.conn.Receive()
		if err != nil {
			return err
		}
		if err := p.wait(ctx); err != nil {
			return err
		}
		if err := p.handle(ctx, pkt); err != nil {
			return err
		}
	}
}

func (p *peer) handle(ctx context.Context, pkt *socketio.Packet) error {
	m := p.member(pkt.Namespace)
	switch {
	case pkt.Type == socketio.Connect:
		return p.connect(ctx, m, pkt)
	case m == nil:
		return fmt.Errorf("hub: %w", errNotConnected)
	case m.away.Load():
		return nil // it was sent away while this was on its way
	case pkt.Type == socketio.Disconnect:
		p.drop(m)
		m.leave(clientDisconnect, false)
	case pkt.Type == socketio.Event:
		p.event(m, pkt)
	}
	return nil // an ACK: the hub never asks for one
}

// wait slows a client down that sends packets faster than it may.
func (p *peer) wait(ctx context.Context) error {
	if p.pace == nil {
		p.pace = rate.NewLimiter(rate.Limit(p.hub.opts.MaxEventRate), p.hub.opts.MaxEventRate)
	}
	if p.pace.Allow() {
		return nil
	}
	if err := p.pace.Wait(ctx); err != nil {
		return fmt.Errorf("hub: wait for the event rate: %w", err)
	}
	return nil
}

func (p *peer) member(namespace string) *member {
	for _, m := range p.members {
		if m.ns.name == namespace {
			return m
		}
	}
	return nil
}

func (p *peer) drop(m *member) {
	p.members = slices.DeleteFunc(p.members, func(x *member) bool { return x == m })
	p.conn.Leave(m.ns.name)
}
