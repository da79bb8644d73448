package stack

import (
	"slices"

	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// Control switches what may be switched while everything runs. Its methods may be
// called concurrently.
type Control struct {
	live *livereload.Server
	gate *gate
}

// SwitchGhost turns ghost mode on or off and returns whether it is on now.
func (c *Control) SwitchGhost() (on bool) {
	on = !c.live.Ghost()
	c.live.SetGhost(on)
	return on
}

// SwitchPause lets saved files wait, or applies all that waited, and returns whether
// they wait now.
func (c *Control) SwitchPause() (paused bool) { return c.gate.toggle() }

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
