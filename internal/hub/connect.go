package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/auth"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Authenticator decides who may connect; [auth.Checker] is one.
type Authenticator interface {
	// Check returns who a client is, an [*auth.Refusal] whose message the client gets, or
	// another error when it could not be decided.
	Check(ctx context.Context, r auth.Request) (auth.Identity, error)
}

// authHeaders are the headers of a handshake that an Authenticator may need.
func authHeaders() []string {
	return []string{
		"Authorization", "Cookie", "Origin", "User-Agent", "Accept-Language",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Xsrf-Token",
	}
}

// connect lets a client into a namespace, or tells it why not.
func (p *peer) connect(ctx context.Context, old *member, pkt *socketio.Packet) error {
	if old != nil {
		if p.conn.Revision() == 4 && !old.away.Load() {
			return nil // clients of the first generation ask for "/" again
		}
		p.drop(old)
		old.leave(clientDisconnect, false)
	}
	if message := p.closed(pkt.Namespace); message != "" {
		p.conn.Refuse(pkt.Namespace, message, nil)
		return nil
	}
	who, err := p.identify(ctx, pkt)
	if refusal := (*auth.Refusal)(nil); errors.As(err, &refusal) {
		p.conn.Refuse(pkt.Namespace, refusal.Message, refusal.Data)
		return nil
	}
	if err != nil {
		p.hub.told.Once("auth", p.hub.opts.Log.Warn, "clients cannot be authenticated: "+err.Error(), "event", "hub.auth")
		p.conn.Refuse(pkt.Namespace, "authentication unavailable", nil)
		return nil
	}
	p.admit(pkt, who)
	return nil
}

// closed says why nobody, or this client, may enter a namespace; "" lets it try.
func (p *peer) closed(namespace string) string {
	if !p.hub.declared(namespace) {
		p.hub.told.Once("namespace "+namespace, p.hub.opts.Log.Warn,
			fmt.Sprintf("a client asked for the namespace %s, which is not declared", printable(namespace)),
			"event", "hub.refused", "hint", "add it to hub.namespaces, or name it in a rule of hub.relays")
		return "Invalid namespace"
	}
	if p.conn.Full() {
		return "Too many namespaces"
	}
	return ""
}

// identify asks who the client is.
func (p *peer) identify(ctx context.Context, pkt *socketio.Packet) (auth.Identity, error) {
	if p.hub.opts.Auth == nil {
		return auth.Identity{}, nil
	}
	shake := p.conn.Session().Handshake()
	who, err := p.hub.opts.Auth.Check(ctx, auth.Request{
		Namespace: pkt.Namespace, Auth: slices.Clone(pkt.Data),
		Header: shake.Header, Query: shake.Query, Address: shake.Address,
	})
	if err != nil {
		return who, fmt.Errorf("authenticate: %w", err)
	}
	return who, nil
}

// admit makes the client a member: it hears so first, then what it missed, then whatever
// comes.
func (p *peer) admit(pkt *socketio.Packet, who auth.Identity) {
	namespace := strings.Clone(pkt.Namespace)
	m := &member{hub: p.hub, conn: p.conn, shard: p.shard}
	back := p.hub.recovery.claim(p.hub, namespace, pkt.Data, who)
	switch {
	case back != nil:
		m.id, m.pid = back.ID, back.PID
	default:
		m.id = p.socketID(namespace)
		m.pid = p.hub.recovery.newPID(p.conn.Revision(), m.id)
	}
	m.describe(slices.Clone(pkt.Data), who)
	p.members = append(p.members, m)
	p.hub.recovery.enter(m, namespace, p.conn.Accept(namespace, m.id, m.pid), back)
	p.count()
	if !who.Expires.IsZero() {
		m.expire(time.Until(who.Expires))
	}
	if p.hub.tail.listens() {
		p.hub.tail.tell(m.line(lineConnect))
	}
	m.runHooks(p.hub.rules.Load().Connect, nil)
	p.hub.opts.Log.Debug("a client joined "+namespace, "event", "hub.connected", "id", m.id,
		"namespace", namespace, "transport", p.conn.Session().Transport(), "recovered", back != nil,
		"address", p.conn.Session().Handshake().Address, "revision", p.conn.Revision())
}

// socketID makes the public id. A client of revision 4 knows one id only, its session's.
func (p *peer) socketID(namespace string) string {
	switch {
	case p.conn.Revision() == 5:
		return engineio.NewSocketID()
	case namespace == "/":
		return p.conn.Session().ID()
	}
	return namespace + "#" + p.conn.Session().ID()
}

// describe sets what rules know of the member.
func (m *member) describe(authData json.RawMessage, who auth.Identity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.granted = who.Rooms
	m.client.ID, m.client.Auth, m.client.User = m.id, authData, who.User
	m.client.Rooms = func() []string { return m.ns.roomsOf(m) }
}
