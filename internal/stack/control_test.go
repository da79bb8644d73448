package stack

import (
	"fmt"
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

func TestOnlyCommandsAreSteered(t *testing.T) {
	c := &Control{backends: func() []BackendInfo { return []BackendInfo{{Name: "store"}} }}
	for _, name := range []string{"store", "none", ""} {
		for what, err := range map[string]error{"restart": c.Restart(name), "wait": c.Started(t.Context(), name), "input": c.Input(name, "x")} {
			if want := fmt.Sprintf("there is no back-end %q that is a command", name); err == nil || err.Error() != want {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
	if names, changed := c.Coming(); names != nil || changed != nil {
		t.Errorf("without commands %v are on their way", names)
	}
	c.Resize(80)
}
