package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/templates"
)

// initFlags are the flags of init.
type initFlags struct {
	template, name                    string
	force, keep, dryRun, list, asJSON bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [dir]",
		Short: "Make a project that works at once",
		Long: `Nothing of yours is overwritten unless --force says so: if files are in the way,
they are all named and nothing is written.`,
		Example:           "realtimectl init my-app\nrealtimectl init --list\nrealtimectl init my-app --template jobs --dry-run",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.list {
				return a.listTemplates(f.asJSON)
			}
			return a.init(a.dir(args), f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.template, "template", templates.Default, "start from `TEMPLATE`")
	fs.StringVar(&f.name, "name", "", "call the project `NAME` (the folder's name)")
	fs.BoolVar(&f.list, "list", false, "list the templates")
	fs.BoolVar(&f.dryRun, "dry-run", false, "only say what would be written")
	fs.BoolVar(&f.keep, "keep", false, "keep files that are in the way, write the others")
	fs.BoolVar(&f.force, "force", false, "overwrite files that are in the way")
	fs.BoolVar(&f.asJSON, "json", false, "print it for programs")
	completes(cmd, "template", templates.Names()...)
	return cmd
}

func (a *app) listTemplates(asJSON bool) error {
	type entry struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	var list []entry
	for _, name := range templates.Names() {
		text, err := templates.Describe(name)
		if err != nil {
			return fmt.Errorf("templates: %w", err)
		}
		list = append(list, entry{name, text})
	}
	if asJSON {
		return a.writeJSON(list)
	}
	for _, e := range list {
		a.printf("%-14s %s\n", e.Name, e.Description)
	}
	return nil
}

func (a *app) init(dir string, f initFlags) error {
	if f.force && f.keep {
		return usagef("leave one of them out", "--force and --keep contradict each other")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return usagef("name a folder, or none to mean this one", "init: %s is a file, not a folder", dir)
	}
	files, err := templates.Write(abs, f.template, templates.Options{
		Name: f.name, Overwrite: f.force, Skip: f.keep, DryRun: f.dryRun,
	})
	if err != nil {
		return initFailed(dir, err)
	}
	if f.asJSON {
		return a.writeJSON(map[string]any{"dir": abs, "template": f.template, "dryRun": f.dryRun, "files": files})
	}
	for _, file := range files {
		a.printf("%-9s %s\n", file.Action, filepath.ToSlash(filepath.Join(dir, file.Path)))
	}
	if f.dryRun {
		a.printf("\nnothing was written (--dry-run)\n")
		return nil
	}
	a.printf("\nNext:\n%s", nextSteps(abs))
	return nil
}

// nextSteps are the commands that start work in the new project.
func nextSteps(dir string) string {
	var b strings.Builder
	if cwd, err := os.Getwd(); err == nil && cwd != dir {
		shown := dir
		if rel, err := filepath.Rel(cwd, dir); err == nil && filepath.IsLocal(rel) {
			shown = rel
		}
		fmt.Fprintf(&b, "  cd %s\n", quoteShell(shown))
	}
	b.WriteString("  realtimectl serve --open\n")
	return b.String()
}

// quoteShell puts a path in quotes where a shell would otherwise split it.
func quoteShell(s string) string {
	if !strings.ContainsAny(s, " \t'\"$&;|<>()*?[]{}\\!#~`") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func initFailed(dir string, err error) error {
	var conflict *templates.ConflictError
	var unknown *templates.UnknownError
	switch {
	case errors.As(err, &conflict):
		return failure(exitUsage, fmt.Errorf("init: %w", err),
			"--keep writes only what is missing, --force overwrites; or choose another folder: realtimectl init "+quoteShell(filepath.Join(dir, "my-app")))
	case errors.As(err, &unknown):
		return notOneOf("--template", unknown.Name, unknown.Known)
	}
	return fmt.Errorf("init: %w", err)
}
