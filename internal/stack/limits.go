package stack

import (
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/hub/engineio"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// protocol gives the hub the limits of the configuration; what is 0 there stays the
// default of the level that knows why.
func protocol(l config.Limits) socketio.Options {
	return socketio.Options{
		Engine: engineio.Options{
			PingInterval: l.PingInterval, PingTimeout: l.PingTimeout,
			UpgradeTimeout: l.UpgradeTimeout, MessageTimeout: l.MessageTime,
			MaxPayload: int(l.MaxPayload), MaxPackets: l.PayloadPackets, MaxFragments: l.Fragments,
			MaxBacklog: int(l.Backlog), MaxSessions: l.Connections,
			MaxPerAddress: l.ConnectionsPerAddress, HandshakeRate: l.Handshakes,
		},
		ConnectTimeout: l.ConnectTimeout, MaxAttachments: l.Attachments,
		MaxAttachmentBytes: int(l.AttachmentBytes), MaxDepth: l.Depth,
		MaxNameLength: l.NameLength, MaxNamespaces: l.Namespaces,
	}
}
