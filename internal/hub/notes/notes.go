// Package notes tells an operator what goes wrong once per cause, not once per packet:
// clients repeat themselves, and can make up causes without end.
package notes

import (
	"sync"
	"time"
)

const (
	// every is how often a cause that persists is told again.
	every = 10 * time.Minute
	// most bounds what is told in that time.
	most = 64
)

// Notes remembers what was told lately. The zero value is ready; all methods may be
// called from any goroutine.
type Notes struct {
	mu    sync.Mutex // guards what follows
	told  map[string]bool
	since time.Time // when told was last emptied
}

// First reports whether a cause is to be told now: it was not in the last ten minutes,
// and fewer than 64 others were.
func (n *Notes) First(cause string) bool {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.since) >= every {
		n.since, n.told = now, map[string]bool{}
	}
	if n.told[cause] || len(n.told) >= most {
		return false
	}
	n.told[cause] = true
	return true
}

// Once logs a message if its cause is to be told now; log is a method of a logger.
func (n *Notes) Once(cause string, log func(string, ...any), message string, attrs ...any) {
	if n.First(cause) {
		log(message, attrs...)
	}
}
