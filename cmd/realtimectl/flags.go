package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/nearest"
)

// flagVariable returns the environment variable of a flag: REALTIMECTL_PROXY_PORT for
// --proxy-port. A flag outweighs its variable.
func flagVariable(name string) string {
	return config.EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// flagsFromEnvironment sets each flag that was not given from its variable.
func flagsFromEnvironment(flags *pflag.FlagSet, env map[string]string) error {
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		value := env[flagVariable(f.Name)]
		if value == "" || f.Changed || f.Name == "help" || wrong != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			wrong = usagef("", "%s: %s", flagVariable(f.Name), notA(f, value))
		}
		f.Annotations = map[string][]string{fromVariable: {flagVariable(f.Name)}}
	})
	return wrong
}

// fromVariable marks a flag whose value came from its variable.
const fromVariable = "variable"

// givenAs returns how the user gave a flag: "--open", or its variable's name.
func givenAs(f *pflag.Flag) string {
	if v := f.Annotations[fromVariable]; len(v) > 0 {
		return v[0]
	}
	return "--" + f.Name
}

// flagVariables names the variables of all flags of all commands, and the one that tells
// the processes of a back-end.
func (a *app) flagVariables() []string {
	names := flagNames(a.tree)
	for i, name := range names {
		names[i] = flagVariable(name)
	}
	names = append(names, backend.MarkVariable)
	slices.Sort(names)
	return slices.Compact(names)
}

// flagError says what is wrong with a flag, and what it may have meant to be.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var bare *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		return usagef("", "--%s: %s", invalid.GetFlag().Name, notA(invalid.GetFlag(), invalid.GetValue()))
	case errors.As(err, &bare):
		name, _ := pflag.UnquoteUsage(bare.GetFlag())
		return usagef("write --"+bare.GetFlag().Name+" "+name, "--%s needs a value", bare.GetFlag().Name)
	case !errors.As(err, &unknown):
		return usagef("", "%w", err)
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usagef("", "unknown flag -%s", name)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := nearest.To(name, known); near != "" {
		return usagef("did you mean --"+near+"?", "unknown flag --%s", name)
	}
	if owner := flagOwner(cmd.Root(), name); owner != "" {
		return usagef("it is a flag of `"+owner+"`", "unknown flag --%s", name)
	}
	return usagef("", "unknown flag --%s", name)
}

// notA says in words what a value is not.
func notA(f *pflag.Flag, value string) string {
	switch f.Value.Type() {
	case "int", "uint16":
		return fmt.Sprintf("%q is not a whole number", value)
	case "bool":
		return fmt.Sprintf("%q is neither true nor false", value)
	case "duration":
		return fmt.Sprintf("%q is not a time such as 500ms, 10s or 2m", value)
	}
	return fmt.Sprintf("%q is not valid", value)
}

// flagOwner returns a command that has the flag which this one lacks.
func flagOwner(c *cobra.Command, name string) string {
	if c.LocalNonPersistentFlags().Lookup(name) != nil {
		return c.CommandPath()
	}
	for _, sub := range c.Commands() {
		if owner := flagOwner(sub, name); owner != "" {
			return owner
		}
	}
	return ""
}

// synonyms are what other tools call our commands.
func synonyms() map[string]string {
	return map[string]string{
		"start": "serve", "dev": "serve", "run": "serve", "up": "serve", "server": "serve", "watch": "serve",
		"new": "init", "create": "init", "scaffold": "init",
		"dist": "build", "bundle": "build", "publish": "emit", "send": "emit",
		"check": "doctor", "lint": "config validate", "validate": "config validate", "man": "docs man",
	}
}

// knownCommand refuses the name of a command that does not exist.
func (a *app) knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
			known = append(known, c.Name())
		}
	}
	near := nearest.To(args[0], known)
	if other, ok := synonyms()[args[0]]; ok && cmd.Root() == cmd {
		near = other
	}
	path := cmd.CommandPath()
	if near == "" {
		return usagef("", "unknown command %q for %q", args[0], path)
	}
	return usagef(fmt.Sprintf("did you mean `%s %s`?", path, near), "unknown command %q for %q", args[0], path)
}

// atMostOneFolder is the rule of commands that take a project folder.
func atMostOneFolder(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] == "" {
		return usagef("is a variable empty? leave the folder out to mean this one", "the name of the folder is empty")
	}
	if len(args) <= 1 {
		return nil
	}
	return usagef("", "%s takes one folder, not %d arguments: %s", cmd.CommandPath(), len(args), strings.Join(args, " "))
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("", "%s takes no argument, but got %q", cmd.CommandPath(), args[0])
}

func notOneOf(name, value string, allowed []string) error {
	hint := "" // the message names them all
	if near := nearest.To(value, allowed); near != "" {
		hint = "did you mean " + near + "?"
	}
	return usagef(hint, "%s: %q is not one of %s", name, value, strings.Join(allowed, ", "))
}

// overrides maps the flags that were given to the keys they set.
func overrides(flags *pflag.FlagSet, keys map[string]string) []config.Override {
	var list []config.Override
	flags.VisitAll(func(f *pflag.Flag) {
		if key := keys[f.Name]; key != "" && f.Changed {
			list = append(list, config.Override{Key: key, Text: f.Value.String(), From: givenAs(f)})
		}
	})
	return list
}

// flagNames returns the names of all flags of a command and those below it.
func flagNames(c *cobra.Command) []string {
	var names []string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	for _, sub := range c.Commands() {
		names = append(names, flagNames(sub)...)
	}
	return names
}
