package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	progress := a.printer().Progress(ctx, fmt.Sprintf("waiting for the end of %s (pid %d)", s.Page(), s.PID))
	err = eventually(ctx, stopTimeout, func() bool {
		next, _, runs := living(ctx, cfg)
		return !runs || next.PID != s.PID // another serve of the project may go on
	})
	progress.Done()
	if errors.Is(err, errTimeout) {
		return failure(exitFailure, fmt.Errorf("serve (pid %d) did not stop within %s", s.PID, stopTimeout), fmt.Sprintf("kill -9 %d", s.PID))
	}
	if err != nil {
		return err
	}
	a.printf("stopped %s (pid %d)\n", s.Page(), s.PID)
	return nil
}

func (a *app) restartCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restart BACKEND...",
		Short: "Restart back-ends of a running serve",
		Long:  `Their environment files are read anew; their ports stay.`,
		Example: `realtimectl restart api
realtimectl restart api queue`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("`realtimectl status` lists them", "restart needs the name of a back-end")
			}
			return nil
		},
		ValidArgsFunction: a.completeBackends,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(a.directory)
			if err != nil {
				return err
			}
			s, h, runs := living(cmd.Context(), cfg)
			if !runs {
				return notRunning(cfg)
			}
			if err := areCommands(h, args); err != nil {
				return err
			}
			return a.restartBackends(cmd.Context(), cfg, s, args)
		},
	}
}

func (a *app) restartBackends(ctx context.Context, cfg *config.Config, s stack.State, names []string) error {
	target, err := a.runningIn(ctx, cfg, s.App, "")
	if err != nil {
		return err
	}
	target.certificate = s.Certificate
	for _, name := range names {
		var answer struct{}
		if err := target.post(ctx, "/__realtimectl/restart", map[string]string{"backend": name}, &answer); err != nil {
			return err
		}
		a.printf("%s restarts\n", name)
	}
	return nil
}

// areCommands refuses names of back-ends that a running serve did not start.
func areCommands(h health, names []string) error {
	var commands []string
	for _, b := range h.Backends {
		if b.Command {
			commands = append(commands, b.Name)
		}
	}
	for _, name := range names {
		switch {
		case len(commands) == 0:
			return usagef("backends.NAME.run names one", "the running serve has started no back-end")
		case !slices.Contains(commands, name):
			return notOneOf("restart", name, commands)
		}
	}
	return nil
}

// commandNames are the back-ends that serve starts.
func commandNames(cfg *config.Config) []string {
	var names []string
	for _, b := range cfg.Backends {
		if b.Run != "" {
			names = append(names, b.Name)
		}
	}
	return names
}

// completeBackends offers the back-ends that can be restarted.
func (a *app) completeBackends(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	p, err := a.reload(a.directory)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := slices.DeleteFunc(commandNames(p.Config), func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
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
