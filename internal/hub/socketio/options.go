package socketio

import (
	"time"

	"github.com/realtimectl/realtimectl/internal/hub/engineio"
)

// Options configures a [Server]. Zero fields have defaults; a negative limit means «none».
type Options struct {
	// Engine configures the sessions below.
	Engine engineio.Options
	// ConnectTimeout is how long a session may go without a namespace (45 s, as the
	// official server).
	ConnectTimeout time.Duration
	// MaxAttachments bounds the binary attachments of a packet (10, the limit clients of
	// the family have themselves).
	MaxAttachments int
	// MaxAttachmentBytes bounds the attachments of one packet together, in bytes
	// (10,000,000: ten messages of the default payload).
	MaxAttachmentBytes int
	// MaxDepth bounds the nesting of a payload (100): deeper JSON overflows the stacks of
	// receivers sooner than it carries data.
	MaxDepth int
	// MaxNameLength bounds a namespace's and an event's name, in bytes (256).
	MaxNameLength int
	// MaxNamespaces bounds the namespaces one client may be in (50).
	MaxNamespaces int
}

func (o Options) withDefaults() Options {
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 45 * time.Second
	}
	o.MaxAttachments = engineio.Limit(o.MaxAttachments, 10)
	o.MaxAttachmentBytes = engineio.Limit(o.MaxAttachmentBytes, 10_000_000)
	o.MaxDepth = engineio.Limit(o.MaxDepth, 100)
	o.MaxNameLength = engineio.Limit(o.MaxNameLength, 256)
	o.MaxNamespaces = engineio.Limit(o.MaxNamespaces, 50)
	return o
}
