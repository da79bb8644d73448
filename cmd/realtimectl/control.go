package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
)

// pollEvery is the time between two looks at something that will change: short for a
// person, long for a processor.
const pollEvery = 50 * time.Millisecond

// stopTimeout bounds the wait for a serve to end after it was asked to.
const stopTimeout = 10 * time.Second

func (a *app) statusCommand() *cobra.Command {
	var wait, asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "status [dir]",
		Short: "Say whether serve runs, and where",
		Long:  `Exit code 0 if it runs, 6 if not. With --wait it waits until everything accepts.`,
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
	Version string `json:"version,omitempty"`
	Clients int    `json:"clients"`         // of the hub
	Pages   *int   `json:"pages,omitempty"` // that live reload reaches; development only
}

func (a *app) status(ctx context.Context, cfg *config.Config, timeout time.Duration, asJSON bool) error {
	s, h, runs := living(ctx, cfg)
	if !runs && timeout > 0 {
		err := eventually(ctx, timeout, func() bool {
			s, h, runs = living(ctx, cfg)
			return runs
		})
		if err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	if asJSON {
		report := statusReport{Running: runs, Version: h.Version, Clients: h.Clients, Pages: h.Pages}
		if runs {
			report.State = &s
		}
		if err := a.writeJSON(report); err != nil {
			return err
		}
	} else if runs {
		a.printf("running for %s: %s, %s, %s (pid %d)\n", shortDuration(time.Since(s.Started)), s.Page(), s.Mode, countOf(h.Clients, "client"), s.PID)
	} else {
		a.printf("not running\n")
	}
	if !runs {
		return failure(exitCheck, errReported)
	}
	return nil
}

func shortDuration(d time.Duration) string {
	return d.Truncate(time.Second).String()
}

// errTimeout says that what was waited for did not happen in time.
var errTimeout = errors.New("it did not happen in time")

// eventually waits until done is true; it returns errTimeout when it took too long.
func eventually(ctx context.Context, timeout time.Duration, done func() bool) error {
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return errTimeout
		case <-tick.C:
		}
	}
	return nil
}

func (a *app) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "stop [dir]",
		Short:             "Stop the serve of a project",
		Long:              `It ends as with Ctrl-C. Exit code 0 also when none was running.`,
		Example:           "realtimectl stop\nrealtimectl stop ../other-project",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(a.dir(args))
			if err != nil {
				return err
			}
			return a.stop(cmd.Context(), cfg)
		},
	}
}

func (a *app) stop(ctx context.Context, cfg *config.Config) error {
	s, _, runs := living(ctx, cfg)
	if !runs {
		a.printf("not running\n")
		return nil
	}
	process, err := os.FindProcess(s.PID)
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", s.PID, err)
	}
	err = eventually(ctx, stopTimeout, func() bool {
		next, _, runs := living(ctx, cfg)
		return !runs || next.PID != s.PID // another serve of the project may go on
	})
	if errors.Is(err, errTimeout) {
		return failure(exitFailure, fmt.Errorf("serve (pid %d) did not stop within %s", s.PID, stopTimeout), fmt.Sprintf("kill -9 %d", s.PID))
	}
	if err != nil {
		return err
	}
	a.printf("stopped %s (pid %d)\n", s.Page(), s.PID)
	return nil
}

// changed is what `reload` tells the pages; nothing means everything.
type changed struct {
	Paths []string `json:"paths"`
	Files []string `json:"files"`
}

func (a *app) reloadCommand() *cobra.Command {
	var paths, files []string
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Reload the pages of a running serve",
		Long: `For tools that make files elsewhere. With --css or --path only pages that use what
changed are told, and style sheets, images and fonts are swapped without a reload.
The running serve says which URL a file has.`,
		Example: `realtimectl reload
realtimectl reload --css src/app/jobs.css
realtimectl reload --path /app/jobs.css`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load(a.directory)
			if err != nil {
				return err
			}
			what := changed{Paths: paths}
			if what.Files, err = a.projectFiles(cfg, files); err != nil {
				return err
			}
			s, _, runs := living(cmd.Context(), cfg)
			if !runs {
				return notRunning(cfg)
			}
			return a.reloadPages(cmd.Context(), cfg, s, what)
		},
	}
	cmd.Flags().StringArrayVar(&files, "css", nil, "`FILE` that changed, a style sheet or any other; may be repeated")
	cmd.Flags().StringArrayVar(&paths, "path", nil, "`PATH` of a URL that changed; may be repeated")
	return cmd
}

// projectFiles names files as the running serve knows them: from the project folder,
// whatever way leads there from here, or whole if they lie elsewhere.
func (a *app) projectFiles(cfg *config.Config, names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		file, err := filepath.Abs(a.path(name))
		if err != nil {
			return nil, fmt.Errorf("--css: %w", err)
		}
		info, err := os.Stat(file)
		switch {
		case err != nil:
			return nil, usagef("it counts from the current folder, or from -C DIR", "--css: no such file: %s", name)
		case info.IsDir():
			return nil, usagef("name a file in it", "--css: %s is a folder", name)
		}
		if rel, err := filepath.Rel(cfg.Dir, file); err == nil && filepath.IsLocal(rel) {
			file = filepath.ToSlash(rel)
		}
		files = append(files, file)
	}
	return files, nil
}

// reloadPages tells the pages of one serve of a project.
func (a *app) reloadPages(ctx context.Context, cfg *config.Config, s stack.State, what changed) error {
	if s.Proxy == "" {
		return failure(exitFailure, fmt.Errorf("%s has no live reload", s.App), "start serve in development mode, without --no-proxy")
	}
	target, err := a.runningIn(ctx, cfg, s.Proxy, "")
	if err != nil {
		return err
	}
	target.certificate = s.Certificate
	var answer struct {
		Pages int `json:"pages"`
	}
	if err := target.post(ctx, "/__realtimectl/reload", what, &answer); err != nil {
		return err
	}
	a.printf("%s told\n", countOf(answer.Pages, "page"))
	return nil
}

func notRunning(cfg *config.Config) error {
	return failure(exitFailure, fmt.Errorf("no serve runs in %s", cfg.Dir), "start `realtimectl serve` there, or name another project with -C DIR")
}
