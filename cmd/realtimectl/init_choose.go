package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/realtimectl/realtimectl/internal/term"
	"github.com/realtimectl/realtimectl/internal/term/ask"
	"github.com/realtimectl/realtimectl/templates"
)

// choices are what a new project is to be.
type choices struct {
	at             place
	template, name string
	needs          templates.Needs // from npm
	manager        string          // installs them; "" = nothing is installed
	git            bool
	// told is what was neither given nor asked: it is said, so that nobody wonders.
	told []told
}

// told is one thing that was decided for the user.
type told struct{ what, value, why string }

func (c *choices) tell(what, value, why string) { c.told = append(c.told, told{what, value, why}) }

func (a *app) tell(list []told) {
	for _, t := range list {
		a.printf("%-10s %s (%s)\n", t.what, t.value, t.why)
	}
}

// chooser fills in choices: what is given counts, the rest is asked, or told where there
// is nobody to ask.
type chooser struct {
	app   *app
	flags initFlags
	asker *ask.Asker // nil asks nobody
	choices
}

func (a *app) choose(ctx context.Context, at place, named bool, f initFlags) (choices, error) {
	c := chooser{app: a, flags: f, choices: choices{at: at}, asker: a.asker(f)}
	steps := []func(context.Context) error{c.chooseTemplate, c.chooseName, c.chooseManager, c.chooseGit}
	if err := templates.Foreign(at.abs); err != nil && !f.givenTemplate && !f.keep && !f.force {
		if named || c.asker == nil {
			return choices{}, initFailed(at.named, err)
		}
		steps = append([]func(context.Context) error{c.chooseFolder}, steps...)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return choices{}, err
		}
	}
	return c.choices, nil
}

// asker asks the person at the terminal; nil says that there is none.
func (a *app) asker(f initFlags) *ask.Asker {
	if f.yes || f.asJSON || a.env["CI"] != "" || a.env["ACCESSIBLE"] != "" || !ask.Possible(a.in, a.out, a.env["TERM"]) {
		return nil
	}
	in, out := a.in.(*os.File), a.out.(*os.File)
	return &ask.Asker{In: in, Out: out, Environ: a.environ, Plain: a.color == term.Never || a.env["NO_COLOR"] != ""}
}

// chooseFolder asks for a folder, when the one that was meant is full of other things.
func (c *chooser) chooseFolder(ctx context.Context) error {
	wrong := func(text string) error {
		at, err := c.app.place([]string{text})
		if err != nil {
			return errors.New("this is a file")
		}
		if templates.Foreign(at.abs) != nil {
			return errors.New("this folder is not empty")
		}
		return nil
	}
	text, err := c.asker.Name(ctx, "Folder", "my-app", wrong)
	if err != nil {
		return err
	}
	c.at, err = c.app.place([]string{text})
	return err
}

func (c *chooser) chooseTemplate(ctx context.Context) (err error) {
	c.template = c.flags.template
	switch {
	case c.flags.givenTemplate:
	case c.asker == nil:
		c.tell("template", c.template, "the default; `realtimectl init --list` shows the others")
	default:
		if c.template, err = c.asker.Choose(ctx, "Template", templateOptions()); err != nil {
			return err
		}
	}
	c.needs, err = templates.NeedsOf(c.template)
	return err
}

func templateOptions() []ask.Option {
	var options []ask.Option
	for _, name := range templates.Names() {
		note, _ := templates.Describe(name) // it is one of theirs
		options = append(options, ask.Option{Value: name, Note: note})
	}
	return options
}

func (c *chooser) chooseName(ctx context.Context) (err error) {
	folder := filepath.Base(c.at.abs)
	c.name = cmp.Or(c.flags.name, folder)
	switch {
	case c.flags.givenName:
	case c.asker == nil:
		c.tell("name", c.name, "the folder's; --name gives another")
	default:
		c.name, err = c.asker.Name(ctx, "Name of the project", folder, func(string) error { return nil })
	}
	return err
}

const notNow = "not now"

// chooseManager decides what installs the packages that the template needs.
func (c *chooser) chooseManager(ctx context.Context) error {
	there := managersThere()
	first := ""
	if len(there) > 0 {
		first = there[0]
	}
	c.manager = cmp.Or(c.flags.manager, first)
	switch {
	case c.needs.What == "" || !c.flags.install:
		c.manager = ""
	case len(there) == 0:
		c.tell("packages", "not installed", "none of "+strings.Join(managers(), ", ")+" is on the PATH")
	case c.flags.givenSetup:
	case c.asker != nil:
		return c.askManager(ctx, there)
	case c.needs.Optional:
		c.manager = ""
		c.tell("packages", "not installed", "they are only for "+c.needs.What+"; --install installs them")
	default:
		c.tell("packages", first+" install", "for "+c.needs.What+"; --no-install leaves it out, --package-manager takes another")
	}
	return nil
}

func (c *chooser) askManager(ctx context.Context, there []string) error {
	var options []ask.Option
	for _, name := range there {
		options = append(options, ask.Option{Value: name, Label: name + " install"})
	}
	not := ask.Option{Value: notNow, Note: "you can do it later"}
	if c.needs.Optional {
		options = append([]ask.Option{not}, options...)
	} else {
		options = append(options, not)
	}
	answer, err := c.asker.Choose(ctx, fmt.Sprintf("Install packages (for %s)?", c.needs.What), options)
	if answer == notNow {
		answer = ""
	}
	c.manager = answer
	return err
}

// chooseGit decides whether the project becomes a git repository.
func (c *chooser) chooseGit(ctx context.Context) error {
	c.git = c.flags.git
	switch around := workTree(c.at.abs); {
	case !c.git:
	case around != "":
		c.git = false
		c.tell("git", "no new repository", "there is one in "+around)
	case !gitThere():
		c.git = false
		c.tell("git", "no repository", "there is no git on the PATH")
	case c.flags.givenGit:
	case c.asker == nil:
		c.tell("git", "a new repository", "--git=false leaves it out")
	default:
		answer, err := c.asker.Choose(ctx, "Make a git repository?", []ask.Option{{Value: "yes"}, {Value: "no"}})
		c.git = answer == "yes"
		return err
	}
	return nil
}
