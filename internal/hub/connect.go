package hub

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// connect lets a client into a namespace, or tells it why not.
func (p *peer) connect(ctx context.Context, old *member, pkt *socketio.Packet) error {
	if old != nil {
		if p.conn.Revision() == 4 && !old.away.Load() {
			return nil // clients of the first generation ask for "/" again
		}
		p.drop(old)
		old.leave(clientDisconnect, false)
	}
	if !p.hub.declared(pkt.Namespace) {
		p.hub.told.once("namespace "+pkt.Namespace, p.hub.opts.Log.Warn,
			fmt.Sprintf("a client asked for the namespace %s, which is not declared", printable(pkt.Namespace)),
			"event", "hub.refused", "hint", "add it to hub.namespaces, or name it in a rule of hub.relays")
		p.conn.Refuse(pkt.Namespace, "Invalid namespace", nil)
		return nil
	}
	if p.conn.Full() {
		p.conn.Refuse(pkt.Namespace, "Too many namespaces", nil)
		return nil
	}
	p.admit(pkt)
	return nil
}

// admit makes the client a member: it hears so first, then whatever comes.
func (p *peer) admit(pkt *socketio.Packet) {
	m := &member{hub: p.hub, id: p.socketID(pkt.Namespace), conn: p.conn, shard: p.shard}
	namespace := strings.Clone(pkt.Namespace)
	p.conn.Accept(namespace, m.id, "")
	p.hub.enter(m, namespace)
	m.identify(slices.Clone(pkt.Data), nil)
	p.members = append(p.members, m)
	m.runHooks(p.hub.relays.Load().Connect, nil)
	p.hub.opts.Log.Debug("a client joined "+namespace, "event", "hub.connected", "id", m.id,
		"namespace", namespace, "transport", p.conn.Session().Transport(),
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
