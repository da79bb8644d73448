package stack

import (
	"context"
	"fmt"
	"slices"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// Control steers what runs. Its methods may be called concurrently.
type Control struct {
	live     *livereload.Server // nil in production, as gate
	gate     *gate
	services *backend.Group // nil without back-ends that run
	backends func() []BackendInfo
	config   func() *config.Config
}

// Config is the configuration as it was last taken over. What needs a restart may differ
// from what runs.
func (c *Control) Config() *config.Config { return c.config() }

// Ghost reports whether ghost mode is on.
func (c *Control) Ghost() bool { return c.live != nil && c.live.Ghost() }

// SwitchGhost turns ghost mode on or off and returns whether it is on now; ok is false
// in production, which has none.
func (c *Control) SwitchGhost() (on, ok bool) {
	if c.live == nil {
		return false, false
	}
	on = !c.live.Ghost()
	c.live.SetGhost(on)
	return on, true
}

// SwitchPause lets saved files wait, or applies all that waited, and returns whether
// they wait now; ok is false in production, which watches nothing.
func (c *Control) SwitchPause() (paused, ok bool) {
	if c.gate == nil {
		return false, false
	}
	return c.gate.toggle(), true
}

// Backends says how the back-ends are now.
func (c *Control) Backends() []BackendInfo { return c.backends() }

// Restart stops a command and starts it again, with its environment file read anew. It
// returns at once.
func (c *Control) Restart(name string) error {
	if !c.runs(name) {
		return errNoCommand(name)
	}
	return c.services.Restart(name)
}

// Started waits until a command runs, so that it can be given input.
func (c *Control) Started(ctx context.Context, name string) error {
	if !c.runs(name) {
		return errNoCommand(name)
	}
	return c.services.Started(ctx, name)
}

// Input writes a line to the standard input of a command.
func (c *Control) Input(name, line string) error {
	if !c.runs(name) {
		return errNoCommand(name)
	}
	return c.services.Input(name, []byte(line+"\n"))
}

// Coming lists the commands that are on their way: they wait, start, restart or end. The
// channel is closed with the next change; it is nil where there never is one.
func (c *Control) Coming() (names []string, changed <-chan struct{}) {
	if c.services == nil {
		return nil, nil
	}
	return c.services.Coming()
}

// Resize tells the terminals of the commands that they have so many columns now.
func (c *Control) Resize(columns int) {
	if c.services != nil {
		c.services.Resize(columns)
	}
}

func (c *Control) runs(name string) bool {
	return slices.ContainsFunc(c.backends(), func(b BackendInfo) bool { return b.Name == name && b.Command })
}

func errNoCommand(name string) error {
	return fmt.Errorf("there is no back-end %q that is a command", name)
}

// gate lets the changes through to the flow, one batch at a time, or keeps them back.
type gate struct {
	apply func(watch.Batch)
	turn  chan struct{} // holds one token for whoever may touch what follows

	closed bool
	kept   watch.Batch
}

func newGate(apply func(watch.Batch)) *gate {
	return &gate{apply: apply, turn: make(chan struct{}, 1)}
}

// pass applies a batch, or keeps it for later.
func (g *gate) pass(b watch.Batch) {
	g.turn <- struct{}{}
	defer func() { <-g.turn }()
	if !g.closed {
		g.apply(b)
		return
	}
	g.kept.Paths = append(g.kept.Paths, b.Paths...)
	g.kept.Rescan = g.kept.Rescan || b.Rescan
}

// toggle closes the gate, or opens it and applies what was kept as one batch. It returns
// whether the gate is closed now.
func (g *gate) toggle() (closed bool) {
	g.turn <- struct{}{}
	defer func() { <-g.turn }()
	g.closed = !g.closed
	if g.closed || len(g.kept.Paths) == 0 {
		return g.closed
	}
	b := g.kept
	g.kept = watch.Batch{}
	slices.Sort(b.Paths)
	b.Paths = slices.Compact(b.Paths)
	g.apply(b)
	return false
}
