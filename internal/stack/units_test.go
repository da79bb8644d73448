package stack

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diary records what happened, in order.
type diary struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (d *diary) write(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// patient is a unit that runs until it is stopped and notes when it has ended.
func (d *diary) patient(name string) unit {
	return unit{name, func(ctx context.Context) error {
		<-ctx.Done()
		d.write(name + " ended")
		return ctx.Err()
	}}
}

func TestUnitsStopInReverseOrderOneAfterTheOther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var d diary
	err := runUnits(ctx, []unit{d.patient("a"), d.patient("b"), d.patient("c")}, func() error {
		d.write("ready")
		cancel()
		return nil
	})
	if err != nil {
		t.Errorf("a stop that was asked for returned %v", err)
	}
	if diff := cmp.Diff([]string{"ready", "c ended", "b ended", "a ended"}, d.lines); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestFailingUnitStopsTheOthersAndIsNamed(t *testing.T) {
	broken := errors.New("broken")
	var d diary
	err := runUnits(t.Context(), []unit{
		d.patient("a"),
		{"hub", func(context.Context) error { return broken }},
	}, func() error { return nil })
	if !errors.Is(err, broken) || err.Error() != "hub: broken" {
		t.Errorf("got %v, want «hub: broken»", err)
	}
	if diff := cmp.Diff([]string{"a ended"}, d.lines); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestUnitThatEndsTooEarlyIsAFault(t *testing.T) {
	err := runUnits(t.Context(), []unit{
		{"watch", func(context.Context) error { return nil }},
	}, func() error { return nil })
	if err == nil || err.Error() != "watch ended by itself" {
		t.Errorf("got %v", err)
	}
}

func TestFailedReadyStopsEverything(t *testing.T) {
	refused := errors.New("cannot write the ready file")
	var d diary
	err := runUnits(t.Context(), []unit{d.patient("a")}, func() error { return refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
	if diff := cmp.Diff([]string{"a ended"}, d.lines); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
