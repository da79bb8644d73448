package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
)

// app is what the commands share.
type app struct {
	streams
	env   map[string]string
	tree  *cobra.Command
	level slog.LevelVar
	shown *term.Printer // made when it is first needed: the flags decide how it looks
	// variables names the variables of all flags. It may be called from any goroutine,
	// which cobra's commands may not.
	variables func() []string

	// The global flags.
	directory, configFile, logFormat, color string
	verbose, quiet                          bool
}

func newApp(s streams) *app {
	a := &app{streams: s, env: map[string]string{}}
	a.variables = sync.OnceValue(a.flagVariables)
	for _, entry := range s.environ {
		for i := range entry {
			if entry[i] == '=' {
				a.env[entry[:i]] = entry[i+1:]
				break
			}
		}
	}
	return a
}

// The groups of the commands in the help.
const (
	groupWork    = "work"
	groupTalk    = "talk"
	groupExplain = "explain"
)

// root returns the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "realtimectl",
		Short: "Run a realtime web project, from init to production",
		Example: `realtimectl init my-app        make a project that works at once
realtimectl serve              work on it: live reload, event hub, back-ends
realtimectl build              make dist/ for production`,
		Args:              a.knownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: a.prepare,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	a.tree = root
	root.SetOut(a.out)
	root.SetErr(a.streams.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	root.AddGroup(
		&cobra.Group{ID: groupWork, Title: "Work on a project"},
		&cobra.Group{ID: groupTalk, Title: "Speak to a running one"},
		&cobra.Group{ID: groupExplain, Title: "Ask"},
	)
	a.globalFlags(root.PersistentFlags())
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupWork, a.initCommand(), a.serveCommand(), a.buildCommand(), a.cleanCommand())
	add(groupTalk, a.statusCommand(), a.emitCommand(), a.listenCommand(), a.reloadCommand(), a.restartCommand(), a.stopCommand())
	add(groupExplain, a.doctorCommand(), a.certsCommand(), a.configCommand(), a.versionCommand(), a.completionCommand(), a.docsCommand())
	root.AddCommand(topics()...)
	root.SetHelpCommand(a.helpCommand())
	completeFlags(root)
	return root
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&a.directory, "directory", "C", ".", "work as if started in `DIR`")
	f.StringVar(&a.configFile, "config", "", "read `FILE` instead of realtimectl.yaml")
	f.StringVar(&a.logFormat, "log-format", term.Pretty, "`pretty|json`: messages for people or for programs")
	f.StringVar(&a.color, "color", term.Auto, "`auto|always|never`: colours; auto uses them on a terminal")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more: connections, requests, details")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say only warnings and errors")
	f.BoolP("help", "h", false, "show how the command is used")
}

// prepare runs before each command: flags that were not given take their environment
// variable, and the values that concern all commands are checked.
func (a *app) prepare(cmd *cobra.Command, _ []string) error {
	if err := flagsFromEnvironment(cmd.Flags(), a.env); err != nil {
		return err
	}
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"--log-format", a.logFormat, []string{term.Pretty, term.JSON}},
		{"--color", a.color, []string{term.Auto, term.Always, term.Never}},
	} {
		if !slices.Contains(f.allowed, f.value) {
			return notOneOf(f.name, f.value, f.allowed)
		}
	}
	if a.verbose && a.quiet {
		return usagef("leave one of them out", "--verbose and --quiet contradict each other")
	}
	a.setLevel()
	return nil
}

func (a *app) setLevel() {
	switch {
	case a.verbose:
		a.level.Set(slog.LevelDebug)
	case a.quiet:
		a.level.Set(slog.LevelWarn)
	}
}

// printer returns what writes to stderr, as the flags want it.
func (a *app) printer() *term.Printer {
	if a.shown == nil {
		a.shown = term.New(a.streams.err, term.Options{
			Format: a.logFormat, Color: a.color, Level: &a.level, Environ: a.environ,
		})
	}
	return a.shown
}

// path returns a path from the command line, which counts from -C.
func (a *app) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(a.directory, p)
}

// dir returns the project folder that the arguments name, or -C.
func (a *app) dir(args []string) string {
	if len(args) == 0 {
		return a.directory
	}
	return a.path(args[0])
}

// load reads the configuration and tells its warnings. Nothing of the project is looked
// at, as commands need that only speak to a running serve.
func (a *app) load(dir string, overrides ...config.Override) (*config.Config, error) {
	cfg, err := config.Load(a.source(dir, overrides))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	a.printer().Diagnostics(cfg.Warnings)
	return cfg, nil
}

// project looks at a project, reads its configuration and tells the warnings.
func (a *app) project(dir string, overrides ...config.Override) (stack.Project, error) {
	p, err := a.reload(dir, overrides...)
	if err == nil {
		a.printer().Diagnostics(p.Warnings)
	}
	return p, err
}

func (a *app) reload(dir string, overrides ...config.Override) (stack.Project, error) {
	p, err := stack.Load(a.source(dir, overrides))
	if err != nil {
		return p, fmt.Errorf("configuration: %w", err)
	}
	return p, nil
}

// source says where the configuration of a project comes from.
func (a *app) source(dir string, overrides []config.Override) config.Options {
	return config.Options{Dir: dir, File: a.path(a.configFile), Environ: a.environ, Flags: a.variables(), Overrides: overrides}
}

// isTerminal reports whether a stream is one a person looks at.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && file.Name() != os.DevNull
}

// printf writes data to stdout; a pipe that was closed ends nothing.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.out, format, args...)
}
