package main

import (
	_ "embed" // completion.bash
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/templates"
)

// plainBash defines what the completion script takes from the package bash-completion,
// where that is not loaded.
//
//go:embed completion.bash
var plainBash string

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Put it where your shell looks, for example:

  bash        realtimectl completion bash > ~/.local/share/bash-completion/completions/realtimectl
  zsh         realtimectl completion zsh > "${fpath[1]}/_realtimectl"
  fish        realtimectl completion fish > ~/.config/fish/completions/realtimectl.fish
  powershell  realtimectl completion powershell | Out-String | Invoke-Expression`,
		Example:           "realtimectl completion bash\nrealtimectl completion zsh",
		ValidArgs:         shells,
		ValidArgsFunction: cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one of bash, zsh, fish, powershell", "completion needs the name of one shell")
			}
			if !slices.Contains(shells, args[0]) {
				return notOneOf("completion", args[0], shells)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.completionScript(cmd.Root(), args[0]); err != nil {
				return fmt.Errorf("completion script: %w", err)
			}
			return nil
		},
	}
}

func (a *app) completionScript(root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		a.printf("%s", plainBash)
		return root.GenBashCompletionV2(a.out, true)
	case "zsh":
		return root.GenZshCompletion(a.out)
	case "fish":
		return root.GenFishCompletion(a.out, true)
	}
	return root.GenPowerShellCompletionWithDesc(a.out)
}

// folders completes the one project folder that a command takes.
func folders(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completes registers the values of a flag.
func completes(cmd *cobra.Command, flag string, values ...string) {
	completesBy(cmd, flag, func() []string { return values })
}

// completesBy registers what finds the values of a flag; a tab and a sentence may follow
// each.
func completesBy(cmd *cobra.Command, flag string, values func() []string) {
	register(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
}

func register(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	// The only error is a flag that does not exist or is registered twice, which is a
	// mistake in this package.
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err)
	}
}

// completeFlags gives every flag that has no completion of its own the one that the word
// for its value calls for: `DIR`, `FILE`, or the values themselves, `a|b`. The others
// complete to nothing: a shell would offer files.
func completeFlags(cmd *cobra.Command) {
	visit := func(f *pflag.Flag) {
		if _, own := cmd.GetFlagCompletionFunc(f.Name); own || f.Value.Type() == "bool" {
			return
		}
		word, _ := pflag.UnquoteUsage(f)
		switch {
		case word == "FILE" && f.Name == "config":
			register(cmd, f.Name, cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt))
		case word == "FILE":
			register(cmd, f.Name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault))
		case word == "DIR":
			register(cmd, f.Name, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
		case strings.Contains(word, "|"):
			completes(cmd, f.Name, strings.Split(word, "|")...)
		default:
			completes(cmd, f.Name)
		}
	}
	cmd.LocalFlags().VisitAll(visit)
	for _, sub := range cmd.Commands() {
		completeFlags(sub)
	}
}

// completeTasks offers the tasks of the project's gulpfile.
func (a *app) completeTasks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names := []string{pipeline.NoTask + "\tleave the gulpfile aside"}
	p, err := a.reload(a.directory)
	if err == nil && p.Layout.Gulp != nil {
		for _, task := range p.Layout.Gulp.Plan.Tasks {
			names = append(names, task.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeNamespaces offers the namespaces of the project's hub.
func (a *app) completeNamespaces(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names := []string{"/"}
	if cfg, err := a.reload(a.directory); err == nil {
		names = append(names, cfg.Hub.Namespaces...)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeRooms offers the rooms that the project's rules name.
func (a *app) completeRooms(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.reload(a.directory)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var rooms []string
	for _, r := range cfg.Hub.Relays {
		for _, to := range r.To {
			if room, ok := strings.CutPrefix(to, "room:"); ok {
				rooms = append(rooms, room)
			}
		}
		rooms = append(rooms, r.Join...)
	}
	// What a client fills in is no name yet.
	rooms = slices.DeleteFunc(rooms, func(room string) bool { return strings.ContainsAny(room, "$*") })
	return rooms, cobra.ShellCompDirectiveNoFileComp
}

// templateNames are the templates, each with what it is.
func templateNames() []string {
	names := templates.Names()
	for i, name := range names {
		if what, err := templates.Describe(name); err == nil {
			names[i] = name + "\t" + what
		}
	}
	return names
}
