//go:build !windows

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// onResize calls resized whenever the terminal changes its size, until ctx is done.
func onResize(ctx context.Context, resized func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			resized()
		}
	}
}
