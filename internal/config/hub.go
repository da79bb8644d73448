package config

import (
	"encoding/json"
	"time"
)

// Hub configures Socket.IO.
type Hub struct {
	Path string `yaml:"path" default:"/socket.io/" doc:"URL path of the hub."`
	// Relays is nil when the file does not say: the caller then takes its default for
	// the mode. A list that is empty in the file is empty and not nil.
	Relays     []Relay  `yaml:"relays" doc:"What happens to an event from a browser; the first rule that matches wins."`
	Origins    []string `yaml:"origins" doc:"Other sites whose pages may connect, such as https://abacate.com."`
	Namespaces []string `yaml:"namespaces" doc:"Namespaces beside / that clients may join; * stands for characters other than /, as in /org-*."`
	Publish    Publish  `yaml:"publish" doc:"How back-ends send events."`
	Auth       Auth     `yaml:"auth" doc:"Who may connect, and as whom."`
	Recovery   Recovery `yaml:"recovery" doc:"What a client missed while it was away for a moment is sent again."`
	Limits     Limits   `yaml:"limits" doc:"What one client may cost. 0 means the default too."`
}

// Relay is one rule of hub.relays as it stands in the file: it is checked for its
// shape here, and for its sense by the package that compiles it, whose messages
// [Config.Diagnostic] places in the file by the rule's Key.
type Relay struct {
	// Key is the rule's own key, such as "hub.relays[2]".
	Key string `yaml:"-"`

	On        string            `yaml:"on" doc:"Event name: * matches one ':'-separated part, ** the rest; also connect and disconnect."`
	Emit      string            `yaml:"emit" doc:"Name of the event that is sent; $1 is what the first * matched."`
	To        Words             `yaml:"to" doc:"Who gets it: all (default), others, self, or room:NAME; a list means all of them together."`
	Args      []json.RawMessage `yaml:"args" doc:"Arguments of the event sent; left out, those of the event received."`
	Ack       json.RawMessage   `yaml:"ack" doc:"What the sender's acknowledgement gets: args, none, or a value."`
	Join      Words             `yaml:"join" doc:"Room the sender enters: job-$1, or job:* for a room the sender names itself."`
	Leave     Words             `yaml:"leave" doc:"Room the sender leaves; written like join."`
	Namespace string            `yaml:"namespace" doc:"The rule holds in this namespace; left out, in every one. * stands for characters other than /."`
	From      string            `yaml:"from" enum:"client,server,any" doc:"server: only a back-end may raise this event, no browser."`
	Auth      string            `yaml:"auth" enum:"required,optional" doc:"required: only for clients that proved who they are."`
	Schema    string            `yaml:"schema" doc:"JSON Schema file the first argument must satisfy."`
	MaxSize   Size              `yaml:"max-size" doc:"Largest event, arguments and attachments together, such as 16KiB."`
	Rate      string            `yaml:"rate" doc:"How often one client may send it, such as 10/s, 100/m, or 10/s burst 30."`
}

// Publish is hub.publish.
type Publish struct {
	TokenFile string `yaml:"token-file" default:".realtimectl/token" doc:"File with the token that POST /__realtimectl/emit asks for; made if it is missing."`
}

// Auth is hub.auth; a zero value asks nobody anything. JWT keys and URL exclude each other.
type Auth struct {
	Required   bool          `yaml:"required" doc:"Refuse clients that do not prove who they are."`
	SecretFile string        `yaml:"secret-file" doc:"File with the secret of HS256 tokens."`
	SecretEnv  string        `yaml:"secret-env" doc:"Environment variable with the secret of HS256 tokens."`
	KeyFile    string        `yaml:"key-file" doc:"PEM file with the public key of RS256 tokens."`
	JWKSFile   string        `yaml:"jwks-file" doc:"File with a JSON Web Key Set."`
	Issuer     string        `yaml:"issuer" doc:"The iss claim a token must have."`
	Audience   string        `yaml:"audience" doc:"The aud claim a token must have."`
	RoomsClaim string        `yaml:"rooms-claim" doc:"Claim with the rooms a client is put into."`
	URL        string        `yaml:"url" doc:"Back-end address that is asked at each connect and answers allow, user and rooms."`
	Timeout    time.Duration `yaml:"timeout" default:"5s" doc:"How long the back-end may take to answer."`
}

// Recovery is hub.recovery.
type Recovery struct {
	Enabled bool          `yaml:"enabled" default:"true" doc:"Keep events for clients that come back."`
	Window  time.Duration `yaml:"window" default:"2m" doc:"How long a client may be away."`
	Size    Size          `yaml:"size" default:"16MiB" doc:"Most bytes kept for all clients together."`
	Store   string        `yaml:"store" doc:"File that lets recovery survive a restart of the hub."`
}

// Limits is hub.limits. The hub documents the reason for each default.
type Limits struct {
	PingInterval          time.Duration `yaml:"ping-interval" default:"25s" doc:"Time between two heartbeats."`
	PingTimeout           time.Duration `yaml:"ping-timeout" default:"20s" doc:"A client that does not answer a heartbeat for this long is gone."`
	ConnectTimeout        time.Duration `yaml:"connect-timeout" default:"45s" doc:"A connection that joins no namespace for this long is closed."`
	UpgradeTimeout        time.Duration `yaml:"upgrade-timeout" default:"10s" doc:"An upgrade from polling to WebSocket that takes longer is given up."`
	MessageTime           time.Duration `yaml:"message-time" default:"30s" doc:"Time one message may take to arrive."`
	MaxPayload            Size          `yaml:"max-payload" default:"1000000" doc:"Largest message from a client."`
	Connections           int           `yaml:"connections" default:"100000" doc:"Most clients at once."`
	ConnectionsPerAddress int           `yaml:"connections-per-address" default:"1000" doc:"Most clients at once from one IP address; loopback is exempt."`
	Handshakes            int           `yaml:"handshakes" default:"50" doc:"New connections a second from one IP address; loopback is exempt."`
	Events                int           `yaml:"events" default:"10000" doc:"Events a second from one client; a faster one is read from later."`
	Backlog               Size          `yaml:"backlog" default:"4MiB" doc:"Bytes that may wait for a slow client before it is dropped."`
	Attachments           int           `yaml:"attachments" default:"10" doc:"Binary attachments of one event."`
	AttachmentBytes       Size          `yaml:"attachment-bytes" default:"10000000" doc:"Bytes of all attachments of one event."`
	PayloadPackets        int           `yaml:"payload-packets" default:"1000" doc:"Packets in one polling request."`
	Fragments             int           `yaml:"fragments" default:"256" doc:"WebSocket frames of one message."`
	Depth                 int           `yaml:"depth" default:"100" doc:"Nesting of arrays and objects in an event."`
	Namespaces            int           `yaml:"namespaces" default:"50" doc:"Namespaces one client may join."`
	Rooms                 int           `yaml:"rooms" default:"1000" doc:"Rooms one client may be in."`
	NameLength            int           `yaml:"name-length" default:"256" doc:"Length of an event or namespace name, in bytes."`
}
