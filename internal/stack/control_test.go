package stack

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/watch"
)

func TestPausedChangesWaitAndComeAsOne(t *testing.T) {
	var applied []watch.Batch
	g := newGate(func(b watch.Batch) { applied = append(applied, b) })
	g.pass(watch.Batch{Paths: []string{"/p/a"}})
	if !g.toggle() {
		t.Fatal("the first switch did not pause")
	}
	g.pass(watch.Batch{Paths: []string{"/p/c", "/p/d"}})
	g.pass(watch.Batch{Paths: []string{"/p/b", "/p/c"}, Rescan: true})
	if g.toggle() {
		t.Fatal("the second switch did not resume")
	}
	g.pass(watch.Batch{Paths: []string{"/p/e"}})
	want := []watch.Batch{
		{Paths: []string{"/p/a"}},
		{Paths: []string{"/p/b", "/p/c", "/p/d"}, Rescan: true},
		{Paths: []string{"/p/e"}},
	}
	if diff := cmp.Diff(want, applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}

func TestPauseWithoutAChangeAppliesNothing(t *testing.T) {
	g := newGate(func(b watch.Batch) { t.Errorf("applied %v", b) })
	g.toggle()
	g.toggle()
}

func TestGhostModeIsSwitchedWhileItRuns(t *testing.T) {
	c := &Control{live: livereload.New(livereload.Options{})}
	first, _ := c.SwitchGhost()
	second, ok := c.SwitchGhost()
	if !first || second || !ok {
		t.Error("ghost mode is not off, on, off")
	}
}

func TestProductionHasNothingToSwitch(t *testing.T) {
	c := &Control{}
	_, ghost := c.SwitchGhost()
	_, pause := c.SwitchPause()
	if ghost || pause {
		t.Errorf("ghost %v, pause %v", ghost, pause)
	}
}
