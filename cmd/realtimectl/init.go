package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term/ask"
	"github.com/realtimectl/realtimectl/templates"
)

// initFlags are the flags of init.
type initFlags struct {
	template, name, manager                        string
	install, noInstall, git, schema                bool
	yes, force, keep, dryRun, list, asJSON         bool
	givenTemplate, givenName, givenGit, givenSetup bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [dir]",
		Short: "Make a project that works at once",
		Long: `On a terminal it asks what is not given by a flag; Esc leaves, and nothing was written.
Anywhere else, and with --yes, it takes the defaults and says which.

Nothing of yours is overwritten unless --force says so. A new project appears whole or
not at all. In a folder that holds a project already, one file is written:
realtimectl.yaml, with what the project itself says and where it says so.`,
		Example: `realtimectl init my-app
realtimectl init my-app --template minimal --yes
realtimectl init --list
realtimectl init my-app --template jobs --dry-run
realtimectl init .`,
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return a.listTemplates(f.asJSON)
			}
			if err := f.settle(cmd); err != nil {
				return err
			}
			return a.init(cmd.Context(), args, f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVarP(&f.template, "template", "t", templates.Default, "start from `TEMPLATE`")
	fs.StringVar(&f.name, "name", "", "call the project `NAME` (the folder's name)")
	fs.BoolVar(&f.install, "install", true, "install what the template needs from npm")
	fs.BoolVar(&f.noInstall, "no-install", false, "install nothing")
	fs.StringVar(&f.manager, "package-manager", "", "install with `npm|pnpm|yarn|bun` (the first that is there)")
	fs.BoolVar(&f.git, "git", true, "make a git repository, unless the folder is in one")
	fs.BoolVarP(&f.yes, "yes", "y", false, "ask nothing, take the defaults")
	fs.BoolVar(&f.list, "list", false, "list the templates")
	fs.BoolVar(&f.dryRun, "dry-run", false, "only say what would be done")
	fs.BoolVar(&f.keep, "keep", false, "keep files that are in the way, write the others")
	fs.BoolVar(&f.force, "force", false, "overwrite files that are in the way")
	fs.BoolVar(&f.schema, "schema", false, "also in a project that is there: the schema for editors")
	fs.BoolVar(&f.asJSON, "json", false, "ask nothing, print it for programs")
	completesBy(cmd, "template", templateNames)
	completes(cmd, "package-manager", managers()...)
	return cmd
}

// settle checks the flags and remembers which were given.
func (f *initFlags) settle(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	f.givenTemplate, f.givenName, f.givenGit = given("template"), given("name"), given("git")
	f.givenSetup = given("install") || given("no-install") || given("package-manager")
	if f.force && f.keep {
		return usagef("leave one of them out", "--force and --keep contradict each other")
	}
	if f.noInstall && (given("install") && f.install || f.manager != "") {
		return usagef("leave one of them out", "--no-install contradicts --install and --package-manager")
	}
	f.install = f.install && !f.noInstall
	if _, err := templates.Describe(f.template); err != nil {
		return unknownTemplate(err)
	}
	return f.checkManager()
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

// init decides between a new project and one that is there.
func (a *app) init(ctx context.Context, args []string, f initFlags) error {
	at, err := a.place(args)
	if err != nil {
		return err
	}
	if !f.givenTemplate {
		found, err := lookAt(at.abs)
		if err != nil {
			return err
		}
		if found.is {
			return a.initExisting(ctx, at, found, f)
		}
	}
	c, err := a.choose(ctx, at, len(args) > 0, f)
	if errors.Is(err, ask.ErrLeft) {
		a.printer().Lines("nothing was written")
		return failure(exitInterrupted, errReported)
	}
	if err != nil {
		return err
	}
	return a.initNew(ctx, c, f)
}

// place is a folder as the user named it, and where it is.
type place struct{ named, abs string }

func (a *app) place(args []string) (place, error) {
	dir := a.dir(args)
	abs, err := filepath.Abs(dir)
	if err != nil {
		return place{}, fmt.Errorf("init: %w", err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return place{}, usagef("name a folder, or none to mean this one", "init: %s is a file, not a folder", dir)
	}
	return place{dir, abs}, nil
}

// made is what init did, for programs.
type made struct {
	Dir      string           `json:"dir"`
	Template string           `json:"template,omitempty"`
	Project  string           `json:"project,omitempty"` // what kind of project was there
	Name     string           `json:"name,omitempty"`
	DryRun   bool             `json:"dryRun"`
	Files    []templates.File `json:"files"`
	Git      string           `json:"git,omitempty"`
	Install  *installed       `json:"install,omitempty"`
	Next     []string         `json:"next"`
}

// initNew writes a new project and sets it up.
func (a *app) initNew(ctx context.Context, c choices, f initFlags) error {
	files, err := templates.Write(ctx, c.at.abs, c.template, templates.Options{
		Name: c.name, Overwrite: f.force, Skip: f.keep, DryRun: f.dryRun,
	})
	if err != nil {
		return initFailed(c.at.named, err)
	}
	m := made{Dir: c.at.abs, Template: c.template, Name: c.name, DryRun: f.dryRun, Files: files}
	if !f.asJSON {
		a.tell(c.told)
		a.tellFiles(c.at.named, files)
	}
	setup := setup{app: a, choices: c, made: &m, quiet: f.asJSON}
	var interrupted error
	if f.dryRun {
		setup.plan()
	} else {
		interrupted = setup.run(ctx)
	}
	m.Next = nextSteps(c.at.abs, m.Install)
	if f.asJSON {
		return errors.Join(interrupted, a.writeJSON(m))
	}
	a.tellNext(m)
	return interrupted
}

// tellFiles prints one line a file.
func (a *app) tellFiles(dir string, files []templates.File) {
	for _, file := range files {
		a.printf("%-10s %s\n", strings.ToUpper(string(file.Action)), filepath.ToSlash(filepath.Join(dir, file.Path)))
	}
}

func (a *app) tellNext(m made) {
	if m.DryRun {
		a.printf("\nnothing was written (--dry-run)\n")
		return
	}
	a.printf("\nNext:\n")
	for _, step := range m.Next {
		a.printf("  %s\n", step)
	}
}

// nextSteps are the commands that start work in the new project.
func nextSteps(dir string, i *installed) []string {
	var steps []string
	if cwd, err := os.Getwd(); err == nil && cwd != dir {
		shown := dir
		if rel, err := filepath.Rel(cwd, dir); err == nil && filepath.IsLocal(rel) {
			shown = rel
		}
		steps = append(steps, "cd "+quoteShell(shown))
	}
	if i != nil && !i.Done {
		steps = append(steps, i.Command)
	}
	return append(steps, "realtimectl serve --open")
}

// quoteShell puts a path in quotes where a shell would otherwise split it.
func quoteShell(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"$&;|<>()*?[]{}\\!#~`") && s[0] != '-' {
		return s
	}
	if strings.HasPrefix(s, "-") {
		s = "./" + s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func initFailed(dir string, err error) error {
	var conflict *templates.ConflictError
	var foreign *templates.ForeignError
	hints := []string{
		"choose another folder: realtimectl init " + quoteShell(filepath.Join(dir, "my-app")),
		"--keep writes only what is missing, --force overwrites what is in the way; neither deletes anything",
	}
	if errors.As(err, &conflict) || errors.As(err, &foreign) {
		return failure(exitFailure, fmt.Errorf("init: %w", err), hints...)
	}
	return fmt.Errorf("init: %w", err)
}

func unknownTemplate(err error) error {
	if unknown, ok := errors.AsType[*templates.UnknownError](err); ok {
		return notOneOf("--template", unknown.Name, unknown.Known)
	}
	return fmt.Errorf("init: %w", err)
}

// writeSchema puts what editors check realtimectl.yaml by into the project. The project
// is good without it.
func (a *app) writeSchema(dir string) {
	if err := stack.WriteSchema(dir); err != nil {
		a.printer().Log().Warn(err.Error(), "event", "schema.failed")
	}
}
