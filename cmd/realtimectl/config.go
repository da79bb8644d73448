package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/nearest"
	"github.com/realtimectl/realtimectl/internal/stack"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Print, check or describe the configuration",
		Example: "realtimectl config print --origin\nrealtimectl config validate\nrealtimectl config schema > realtimectl.schema.json",
		Args:    a.knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configPrint(), a.configValidate(), a.configSchema())
	return cmd
}

func (a *app) configPrint() *cobra.Command {
	var origin, asJSON bool
	var keys []string
	cmd := &cobra.Command{
		Use:   "print [dir]",
		Short: "Print every value that is in force, as YAML",
		Long: `The output is itself a valid realtimectl.yaml. With --origin each value is followed
by where it came from: default, a line of the file, a variable, or a file of the project.`,
		Example:           "realtimectl config print\nrealtimectl config print --origin\nrealtimectl config print --key serve.app --key hub\nrealtimectl config print --json",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := knownKeys(keys); err != nil {
				return err
			}
			project, err := a.project(a.dir(args))
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(values(project.Config, keys))
			}
			a.printf("%s", project.YAML(origin, keys...))
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, "only `KEY` and what is below it; may be repeated")
	completesBy(cmd, "key", keyNames)
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value came from")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it for programs, origins included")
	return cmd
}

// keyNames are the keys and the sections, each with what it means.
func keyNames() []string {
	var names []string
	for _, s := range config.Sections() {
		names = append(names, s.Name+"\t"+s.Doc)
	}
	for _, k := range config.Keys() {
		if k.Path != "backends" { // a section of its own
			names = append(names, k.Path+"\t"+k.Doc)
		}
	}
	return names
}

// knownKeys refuses a key that there is not.
func knownKeys(keys []string) error {
	var known []string
	for _, name := range keyNames() {
		path, _, _ := strings.Cut(name, "\t")
		known = append(known, path)
	}
	for _, key := range keys {
		between := func(k string) bool { return config.Covers(key, k) }
		if slices.ContainsFunc(known, between) {
			continue
		}
		hint := "`realtimectl config print` shows them all"
		if near := nearest.To(key, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		return usagef(hint, "--key: there is no key %q", key)
	}
	return nil
}

// valueOf is one key in `config print --json`.
type valueOf struct {
	Key    string        `json:"key"`
	Value  any           `json:"value"`
	Origin config.Origin `json:"origin"`
}

// values lists the keys that are asked for; all, if none is.
func values(cfg *config.Config, keys []string) []valueOf {
	list := []valueOf{}
	for _, k := range config.Keys() {
		if len(keys) > 0 && !slices.ContainsFunc(keys, func(above string) bool { return config.Covers(above, k.Path) }) {
			continue
		}
		list = append(list, valueOf{k.Path, cfg.JSON(k), cfg.Origin(k.Path)})
	}
	return list
}

func (a *app) configValidate() *cobra.Command {
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [dir]",
		Short: "Check realtimectl.yaml, relay rules and schemas included",
		Long: `Exit code 0 if everything is right, 2 if there is a mistake, and with --strict 6 if
there is only a warning.`,
		Example:           "realtimectl config validate\nrealtimectl config validate --strict --json",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.validate(a.dir(args), strict, asJSON)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "count warnings as mistakes")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is wrong for programs")
	return cmd
}

func (a *app) validate(dir string, strict, asJSON bool) error {
	project, err := a.reload(dir)
	cfg := project.Config
	var list diag.List
	if err != nil && !errors.As(err, &list) {
		return err
	}
	if cfg != nil {
		list = append(cfg.Warnings, stack.Check(cfg)...)
	}
	code := verdict(list, strict)
	switch {
	case asJSON:
		if err := a.writeJSON(map[string]any{"ok": code == exitOK, "diagnostics": append([]diag.Diagnostic{}, list...)}); err != nil {
			return err
		}
	case len(list) > 0:
		a.printer().Diagnostics(list)
	case cfg.File == "":
		a.printf("no %s: everything is at its default\n", config.FileName)
	default:
		a.printf("%s is valid\n", config.FileName)
	}
	if code == exitOK {
		return nil
	}
	return failure(code, errReported)
}

// verdict is the exit code that the findings earn.
func verdict(list diag.List, strict bool) int {
	switch {
	case list.Err() != nil:
		return exitUsage
	case strict && len(list) > 0:
		return exitCheck
	}
	return exitOK
}

func (a *app) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of realtimectl.yaml, for editors",
		Long: `Editors that know yaml-language-server check and complete the file if its first line is

  # yaml-language-server: $schema=realtimectl.schema.json`,
		Example: "realtimectl config schema > realtimectl.schema.json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema()
			if err != nil {
				return fmt.Errorf("schema: %w", err)
			}
			a.printf("%s\n", schema)
			return nil
		},
	}
}
