package stack

import (
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/auth"
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

// recovery keeps what clients miss while they are away for a moment.
func recovery(cfg *config.Config) hub.Recovery {
	r := cfg.Hub.Recovery
	o := hub.Recovery{Off: !r.Enabled, Window: r.Window, MaxBytes: int(r.Size)}
	if r.Store != "" {
		o.Store = cfg.Abs(r.Store)
	}
	return o
}

// authenticator decides who may connect; nil, where the configuration names no way to
// tell, lets everybody in.
func authenticator(cfg *config.Config) (*auth.Checker, error) {
	a := cfg.Hub.Auth
	if !a.Required && a.SecretFile == "" && a.SecretEnv == "" && a.KeyFile == "" && a.JWKSFile == "" && a.URL == "" {
		return nil, nil
	}
	abs := func(path string) string {
		if path == "" {
			return ""
		}
		return cfg.Abs(path)
	}
	return auth.New(auth.Options{
		Required: a.Required, SecretFile: abs(a.SecretFile), SecretEnv: a.SecretEnv,
		KeyFile: abs(a.KeyFile), JWKSFile: abs(a.JWKSFile), Issuer: a.Issuer, Audience: a.Audience,
		RoomsClaim: a.RoomsClaim, URL: a.URL, Timeout: a.Timeout,
		Locate: func(key string) diag.Diagnostic { return cfg.Diagnostic("hub.auth."+key, "", "") },
	})
}
