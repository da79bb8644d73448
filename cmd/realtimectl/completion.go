package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

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
		return root.GenBashCompletionV2(a.out, true)
	case "zsh":
		return root.GenZshCompletion(a.out)
	case "fish":
		return root.GenFishCompletion(a.out, true)
	}
	return root.GenPowerShellCompletionWithDesc(a.out)
}

// folders completes project folders.
func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completes registers the values of a flag.
func completes(cmd *cobra.Command, flag string, values ...string) {
	// The only error is a flag that does not exist, which is a mistake in this package.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}
