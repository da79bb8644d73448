package engineio

import (
	"cmp"
	"log/slog"
	"math"
	"net/http"
	"time"
)

// Options configures a [Server]. The zero value is usable: every field has a default,
// which is the official server's where that has one, so that its clients meet what they
// expect. A negative limit means «none».
type Options struct {
	// PingInterval is the time between heartbeats (25 s).
	PingInterval time.Duration
	// PingTimeout is how long an answer to a heartbeat may take (20 s).
	PingTimeout time.Duration
	// UpgradeTimeout bounds the time from a probe to the upgrade (10 s).
	UpgradeTimeout time.Duration
	// MessageTimeout bounds the time a WebSocket message may take from its first byte to
	// its last (30 s), so that a trickle cannot hold a buffer for ever.
	MessageTimeout time.Duration
	// CloseTimeout bounds the closing handshake and the last flush to a slow client (1 s).
	CloseTimeout time.Duration
	// LingerTimeout is how long a closed long-polling session waits for the poll that
	// fetches its last packets (30 s).
	LingerTimeout time.Duration

	// MaxPayload bounds a request body and a WebSocket message, in bytes (1,000,000).
	MaxPayload int
	// MaxPackets bounds the packets in one payload (1,000): a client sends what it has
	// buffered in one body, but a body of nothing but separators must stay cheap.
	MaxPackets int
	// MaxFragments bounds the frames of one WebSocket message (256): browsers cut at 64 KB
	// or more, and each frame costs a header's parsing.
	MaxFragments int
	// MaxBacklog bounds what waits for one slow client, in bytes (4 MiB); a client that is
	// further behind is disconnected.
	MaxBacklog int
	// MaxSessions bounds the sessions at one time (100,000): about 1 GB of memory.
	MaxSessions int
	// MaxPerAddress bounds the sessions of one remote address (1,000). For a request of a
	// reverse proxy on this machine the last hop of X-Forwarded-For counts; what else
	// comes from loopback is exempt.
	MaxPerAddress int
	// HandshakeRate bounds the handshakes a second of one remote address (50, with bursts
	// of 200 after a pause). Loopback addresses are exempt.
	HandshakeRate int

	// PollingOff and WebSocketOff leave out a transport.
	PollingOff, WebSocketOff bool
	// CompressFrom is the size in bytes from which a poll's answer is compressed when the
	// client accepts gzip (1,024); negative never compresses.
	CompressFrom int

	// JSONText promises that what is beyond ASCII in a text stands in JSON strings, so that
	// it can be escaped for clients of revision 3 that may undo UTF-8 twice.
	JSONText bool
	// AllowOrigin decides for each request with an Origin header whether it may talk to
	// the server and read its answers; nil allows the request's own host only.
	AllowOrigin func(*http.Request) bool
	// KeepHeaders names the request headers a [Handshake] keeps (none: they cost memory
	// for as long as a session lives).
	KeepHeaders []string
	// Log gets what an operator has to know; nil discards it.
	Log *slog.Logger
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.UpgradeTimeout = cmp.Or(o.UpgradeTimeout, 10*time.Second)
	o.MessageTimeout = cmp.Or(o.MessageTimeout, 30*time.Second)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, time.Second)
	o.LingerTimeout = cmp.Or(o.LingerTimeout, 30*time.Second)
	o.MaxPayload = Limit(o.MaxPayload, 1_000_000)
	o.MaxPackets = Limit(o.MaxPackets, 1_000)
	o.MaxFragments = Limit(o.MaxFragments, 256)
	o.MaxBacklog = Limit(o.MaxBacklog, 4<<20)
	o.MaxSessions = Limit(o.MaxSessions, 100_000)
	o.MaxPerAddress = Limit(o.MaxPerAddress, 1_000)
	o.HandshakeRate = Limit(o.HandshakeRate, 50)
	o.CompressFrom = Limit(o.CompressFrom, 1_024)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// noLimit stands for «none»: more than anything that is counted here, with room to add
// to it where an int has 32 bits.
const noLimit = min(1<<40, math.MaxInt/2)

// Limit is how every level of the hub reads a bound of its options: a negative value
// means none, zero the default.
func Limit(value, def int) int {
	switch {
	case value < 0:
		return noLimit
	case value == 0:
		return def
	}
	return value
}
