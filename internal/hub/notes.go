package hub

import (
	"strings"
	"sync"
	"time"
)

const (
	// noteEvery is how often a cause that persists is told again.
	noteEvery = 10 * time.Minute
	// maxNotes bounds what is told in that time: clients can make up causes without end.
	maxNotes = 64
	// maxPrinted bounds what is repeated to a person of what a client sent, in bytes.
	maxPrinted = 100
)

// notes tells an operator what goes wrong, once per cause.
type notes struct {
	mu    sync.Mutex // guards what follows
	told  map[string]bool
	since time.Time // when told was last emptied
}

// once logs a message unless its cause was told lately; log is a method of a logger.
func (n *notes) once(cause string, log func(string, ...any), message string, attrs ...any) {
	if n.first(cause) {
		log(message, attrs...)
	}
}

func (n *notes) first(cause string) bool {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.since) >= noteEvery {
		n.since, n.told = now, map[string]bool{}
	}
	if n.told[cause] || len(n.told) >= maxNotes {
		return false
	}
	n.told[cause] = true
	return true
}

// printable cuts and cleans what a client sent before it is shown in a terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxPrinted {
		return strings.ToValidUTF8(s[:maxPrinted], "") + "…"
	}
	return s
}
