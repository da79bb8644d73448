package relay

import (
	"github.com/realtimectl/realtimectl/internal/diag"
)

// Rule is one entry of hub.relays. The zero value of a field means that the key is
// absent. [Compile] checks every field.
type Rule struct {
	// On is the pattern of the event's name, or "connect" or "disconnect". Required.
	On string
	// Emit is the template of the outgoing name. "" with To given: the event's own name.
	Emit string
	// To holds all (the default), others, self, none or room:NAME. Several rooms are
	// their union; others beside rooms leaves the sender out, self adds it. A publish
	// of the back-end goes where it says itself unless To says otherwise.
	To []string
	// Args are the outgoing arguments, templates of any JSON shape; nil = ["$*"].
	// A json.RawMessage keeps key order and number precision; elsewhere too.
	Args []any
	// Ack answers a client that asked: nil or "none" = no answer, "args" = the event's
	// arguments, a list = these arguments, another value = that one argument.
	Ack any
	// Join and Leave name rooms: a template ("job-$1"), or a pattern ("job:*", "*")
	// which the client's first argument, a room name or a list of them, must match.
	Join, Leave []string
	// Namespace limits the rule; "" = every namespace. "*" in it stands for characters
	// other than '/', "**" for any.
	Namespace string
	// From says who may raise the event: "client" (the default), "server" (the
	// back-end alone), "any".
	From string
	// Auth is "optional" (the default) or "required": only a client with a User.
	Auth string
	// Schema is a JSON Schema file that the event's one argument must satisfy.
	Schema string
	// MaxSize bounds the bytes of the arguments with their attachments; 0 = 100,000 with
	// a Schema, else no bound but the hub's own.
	MaxSize int64
	// Rate bounds how often one client may raise the event: "10/s", "100/m",
	// "1000/h", "10/s burst 30". The burst is the count unless given.
	Rate string
}

// Options go with the rules to [Compile].
type Options struct {
	// Dir is the folder that relative Schema files are looked up in.
	Dir string
	// Locate returns a diagnostic with the Path, Line, Column and Excerpt of a key of
	// a rule, counted from 0; key "" is the rule itself. nil: nothing is known.
	Locate func(rule int, key string) diag.Diagnostic
}

// Development returns the rules that stand in for a missing hub.relays during
// development: what any browser sends as client:… reaches all as server:….
func Development() []Rule {
	return []Rule{{On: "client:**", Emit: "server:$1", To: []string{"all"}}}
}

const (
	onConnect    = "connect"
	onDisconnect = "disconnect"
)

// reserved reports names that Socket.IO clients raise themselves; a packet with such a
// name would deceive, or break, its receiver.
func reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}
