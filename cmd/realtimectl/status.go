package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
)

func (a *app) statusCommand() *cobra.Command {
	var wait, asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "status [dir]",
		Short: "Say whether serve runs, and where",
		Long: `Exit code 0 if it runs, 6 if not. With --wait it waits until everything accepts and
the back-ends that serve starts are healthy; 6 if that takes too long.`,
		Example: `realtimectl status
realtimectl status --wait --timeout 30s
realtimectl status --json`,
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(a.dir(args))
			if err != nil {
				return err
			}
			if !wait {
				timeout = 0
			}
			return a.status(cmd.Context(), cfg, timeout, asJSON)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it runs")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "`TIME`: wait no longer than this")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it for programs")
	return cmd
}

// statusReport is what `status --json` prints.
type statusReport struct {
	Running bool `json:"running"`
	*stack.State
	Version  string              `json:"version,omitempty"`
	Clients  int                 `json:"clients"`         // of the hub
	Pages    *int                `json:"pages,omitempty"` // that live reload reaches; development only
	Backends []stack.BackendInfo `json:"backends,omitempty"`
}

func (a *app) status(ctx context.Context, cfg *config.Config, timeout time.Duration, asJSON bool) error {
	s, h, runs := living(ctx, cfg)
	waits := timeout > 0
	if waits && !(runs && h.settled()) {
		progress := a.printer().Progress(ctx, "waiting for serve")
		err := eventually(ctx, timeout, func() bool {
			s, h, runs = living(ctx, cfg)
			progress.Set(h.waitedFor(runs))
			return runs && h.settled()
		})
		progress.Done()
		if err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	if asJSON {
		report := statusReport{Running: runs, Version: h.Version, Clients: h.Clients, Pages: h.Pages, Backends: h.Backends}
		if runs {
			report.State = &s
		}
		if err := a.writeJSON(report); err != nil {
			return err
		}
	} else {
		a.printStatus(s, h, runs)
	}
	if !runs || waits && !h.settled() {
		return failure(exitCheck, errReported)
	}
	return nil
}

func (a *app) printStatus(s stack.State, h health, runs bool) {
	if !runs {
		a.printf("not running\n")
		return
	}
	a.printf("running for %s: %s, %s, %s (pid %d)\n", shortDuration(time.Since(s.Started)), s.Page(), s.Mode, countOf(h.Clients, "client"), s.PID)
	name, state := 0, 0
	for _, b := range h.Backends {
		name, state = max(name, len(b.Name)), max(state, len(stateOf(b)))
	}
	for _, b := range h.Backends {
		a.printf("  %-*s  %-*s  %s\n", name, term.Clean(b.Name), state, stateOf(b), term.Clean(cmp.Or(b.Reason, b.URL, b.Target)))
	}
}

// stateOf is how a back-end is, in a word or two.
func stateOf(b stack.BackendInfo) string {
	switch {
	case b.URL == "":
		return "built in"
	case b.Took > 0:
		return fmt.Sprintf("%s %d ms", b.Phase, b.Took)
	case b.Phase == "healthy" && !b.Command:
		return "answers"
	}
	return b.Phase
}

func shortDuration(d time.Duration) string {
	return d.Truncate(time.Second).String()
}
