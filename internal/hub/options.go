package hub

import (
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/realtimectl/realtimectl/internal/hub/relay"
	"github.com/realtimectl/realtimectl/internal/hub/socketio"
)

// Options configures a [Hub]. Zero fields have defaults; a negative limit means «none».
type Options struct {
	// Path is the hub's path on its listener ("/socket.io/").
	Path string
	// Relays are the rules to begin with (none); see [Hub.SetRelays].
	Relays *relay.Set
	// Namespaces are declared beside "/" and those that rules name; patterns as in the
	// rules. Others are refused with "Invalid namespace".
	Namespaces []string
	// AllowOrigin decides for each request with an Origin header; nil allows the request's
	// own host only.
	AllowOrigin func(*http.Request) bool
	// Protocol configures the levels below: timings and limits. Its Engine.AllowOrigin and
	// Engine.Log are set by the hub.
	Protocol socketio.Options

	// Auth decides who may connect; nil lets everybody in.
	Auth Authenticator
	// Recovery configures what happens when a client comes back after a break.
	Recovery Recovery

	// Packages are folders to look for the project's own client library in: a
	// node_modules or bower_components each. The first that has a file serves it.
	Packages []fs.FS
	// Bundle and Module are the library that is served when no package has it: as a
	// script, and as an ES module. Empty answers 404.
	Bundle, Module []byte

	// Shards is the number of fan-out loops (one a processor, 16 at most).
	Shards int
	// MaxPending bounds the events that wait in a fan-out loop (4,096); whoever publishes
	// more waits, and with it the client it reads from.
	MaxPending int
	// MaxEventRate bounds the events a second of one client (10,000, bursts of as many):
	// a faster one is read from later, nothing is lost.
	MaxEventRate int
	// MaxRooms bounds the rooms a client may be in (1,000).
	MaxRooms int
	// MaxPublish bounds the body of a publish over HTTP, in bytes (1,000,000).
	MaxPublish int

	// Log gets what an operator has to know; nil discards it.
	Log *slog.Logger
}
