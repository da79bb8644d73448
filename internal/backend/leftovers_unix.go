//go:build !windows

package backend

import (
	"context"
	"syscall"
	"time"
)

// endMarked ends what carries a mark, with SIGTERM and after the grace with SIGKILL, and
// returns what it was.
func endMarked(ctx context.Context, mark string, grace time.Duration) []string {
	left := marked(mark)
	var names []string
	for _, p := range left {
		names = append(names, named(p))
	}
	if len(left) == 0 {
		return nil
	}
	signalAll(left, syscall.SIGTERM)
	signalAll(left, syscall.SIGCONT)
	deadline, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for deadline.Err() == nil && len(marked(mark)) > 0 {
		pause(killEvery)
	}
	killMarked(mark)
	return names
}
