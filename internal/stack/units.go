package stack

import (
	"context"
	"errors"
	"fmt"
)

// unit is a part that lives as long as the stack does.
type unit struct {
	name string
	// run works until ctx is done and returns once all that it started has ended.
	// A return before that ends the whole stack.
	run func(ctx context.Context) error
}

// runUnits starts the units in order, and ready once all of them run. When ctx is
// done, or a unit returns, it stops them in reverse order, each one wholly before
// the one it was started after, and returns what went wrong; nil after a stop that
// ctx asked for.
func runUnits(ctx context.Context, units []unit, ready func() error) error {
	running := make([]*runningUnit, len(units))
	ended := make(chan *runningUnit, len(units))
	for i, u := range units {
		running[i] = startUnit(ctx, u, ended)
	}
	err := ready()
	if err == nil {
		err = waitForEnd(ctx, ended)
	}
	for i := len(running) - 1; i >= 0; i-- {
		err = errors.Join(err, running[i].stop())
	}
	return err
}

// waitForEnd returns nil when ctx is done, an error when a unit ended by itself.
func waitForEnd(ctx context.Context, ended <-chan *runningUnit) error {
	select {
	case <-ctx.Done():
		return nil
	case u := <-ended:
		if ctx.Err() != nil || u.err != nil {
			return nil // stop returns the unit's own error
		}
		return fmt.Errorf("%s ended by itself", u.name)
	}
}

type runningUnit struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid once done is closed
}

// startUnit runs u under a context of its own, so that the end of ctx stops nothing
// out of order.
func startUnit(ctx context.Context, u unit, ended chan<- *runningUnit) *runningUnit {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &runningUnit{name: u.name, cancel: cancel, done: make(chan struct{})}
	go func() {
		r.err = u.run(own)
		close(r.done)
		ended <- r
	}()
	return r
}

// stop ends the unit, waits for it, and returns its error unless that only says
// that it was stopped.
func (r *runningUnit) stop() error {
	r.cancel()
	<-r.done
	if r.err == nil || errors.Is(r.err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: %w", r.name, r.err)
}
