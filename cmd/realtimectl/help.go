package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help writes the help of a command to stdout: what it does, examples, then the rest.
// It is the help function of every command.
func (a *app) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	line(w, "%s.", cmd.Short)
	examples(w, cmd.Example)
	if cmd.Runnable() {
		section(w, "Usage")
		line(w, "  %s", useLine(cmd))
	}
	if cmd.Long != "" {
		line(w, "\n%s", cmd.Long)
	}
	commandList(w, cmd)
	flagList(w, "Flags", cmd.LocalNonPersistentFlags())
	if cmd.Root() == cmd {
		flagList(w, "Flags of every command", cmd.PersistentFlags())
		line(w, "\nEach flag can also be set by a variable: REALTIMECTL_ and its name in capitals.")
		topicList(w, cmd)
		return
	}
	if cmd.Runnable() {
		line(w, "\n`realtimectl --help` shows the flags that every command has.")
	}
}

// useLine is how a command is written; one that only holds others needs one of them.
func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() && cmd.Use == cmd.Name() {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

// line writes one line; a pipe that was closed ends nothing.
func line(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}

func section(w io.Writer, title string) { line(w, "\n%s:", title) }

func examples(w io.Writer, text string) {
	if text == "" {
		return
	}
	section(w, "Examples")
	for row := range strings.SplitSeq(text, "\n") {
		line(w, "  %s", row)
	}
}

func commandList(w io.Writer, cmd *cobra.Command) {
	width := 0
	for _, c := range cmd.Commands() {
		width = max(width, len(c.Name()))
	}
	list := func(title, group string) {
		var shown []*cobra.Command
		for _, c := range cmd.Commands() {
			if c.GroupID == group && c.IsAvailableCommand() {
				shown = append(shown, c)
			}
		}
		if len(shown) == 0 {
			return
		}
		section(w, title)
		for _, c := range shown {
			line(w, "  %-*s  %s", width, c.Name(), c.Short)
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands", "")
}

// topicList names the pages that explain what belongs to no single command.
func topicList(w io.Writer, root *cobra.Command) {
	section(w, "More: realtimectl help TOPIC")
	for _, c := range root.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			line(w, "  %-13s  %s", c.Name(), c.Short)
		}
	}
}

func flagList(w io.Writer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	section(w, title)
	width := 0
	flags.VisitAll(func(f *pflag.Flag) { width = max(width, len(flagHead(f))) })
	flags.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		line(w, "  %-*s  %s%s", width, flagHead(f), strings.TrimPrefix(usage, name+": "), flagDefault(f))
	})
}

// flagHead is how a flag is written: "-C, --directory DIR".
func flagHead(f *pflag.Flag) string {
	head := "    --" + f.Name
	if f.Shorthand != "" {
		head = "-" + f.Shorthand + ", --" + f.Name
	}
	if name, _ := pflag.UnquoteUsage(f); name != "" {
		head += " " + name
	}
	return head
}

func flagDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "0", "[]", "0s", ".":
		return ""
	}
	return " (" + f.DefValue + ")"
}

// helpCommand is `realtimectl help [COMMAND|TOPIC]`.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Explain a command or a topic",
		Example: "realtimectl help serve\nrealtimectl help exit-codes",
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				names = append(names, c.Name()+"\t"+c.Short)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usagef("", "%w", err)
			}
			if len(rest) > 0 {
				return a.knownCommand(found, rest)
			}
			return found.Help()
		},
	}
}
