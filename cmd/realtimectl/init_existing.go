package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/templates"
)

// existing is a project that is there.
type existing struct {
	stack.Project
	is   bool
	file string // its configuration file; "" = it has none
}

// kind names the project and what tells of it.
func (e existing) kind() string {
	if e.Shape.Name == "" {
		return "a project"
	}
	return fmt.Sprintf("a project (%s: %s)", e.Shape.Name, e.Shape.From)
}

// lookAt looks for a project in a folder. What the environment says is not the project's.
func lookAt(dir string) (existing, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return existing{}, nil
	}
	p, err := stack.Load(config.Options{Dir: dir, NoFile: true})
	if err != nil {
		return existing{}, fmt.Errorf("init: %w", err)
	}
	e := existing{Project: p, is: p.Shape.From != ""}
	for _, name := range []string{config.FileName, config.OtherFileName} {
		if isFile(filepath.Join(dir, name)) && e.file == "" {
			e.is, e.file = true, name
		}
	}
	for _, name := range []string{"package.json", "bower.json", "composer.json", "gulpfile.js", "gulpfile.babel.js"} {
		e.is = e.is || isFile(filepath.Join(dir, name))
	}
	return e, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// initExisting writes realtimectl.yaml into a project, and nothing else unless --schema
// asks for it.
func (a *app) initExisting(ctx context.Context, at place, e existing, f initFlags) error {
	if f.givenName || f.givenSetup || f.givenGit && f.git {
		return usagef("leave these flags out, or add --template to make a new project in it",
			"%s holds %s: only its %s is written", at.named, e.kind(), config.FileName)
	}
	files, err := templates.Put(ctx, at.abs, map[string][]byte{config.FileName: []byte(e.Draft())},
		templates.Options{Overwrite: f.force, Skip: true, DryRun: f.dryRun || e.file == config.OtherFileName})
	if err != nil {
		return initFailed(at.named, err)
	}
	if e.file == config.OtherFileName {
		files[0] = templates.File{Path: e.file, Action: templates.Skipped}
	}
	if f.schema && !f.dryRun {
		a.writeSchema(at.abs)
	}
	m := made{Dir: at.abs, Project: e.Shape.Name, DryRun: f.dryRun, Files: files, Next: nextSteps(at.abs, nil)}
	if f.asJSON {
		return a.writeJSON(m)
	}
	a.printf("%s holds %s\n", at.named, e.kind())
	a.tellFiles(at.named, files)
	a.tellFound(e, files[0].Action)
	a.tellNext(m)
	return nil
}

// tellFound says what is in the file, and from where; or that it was left alone.
func (a *app) tellFound(e existing, done templates.Action) {
	if done == templates.Skipped {
		a.printf("%-10s it is yours and stays; --force writes it anew\n", "")
		return
	}
	for _, k := range config.Keys() {
		if from := e.Origin(k.Path); from.Kind == config.FromProject {
			a.printf("%-10s %s: %s (%s)\n", "", k.Path, e.Text(k), from)
		}
	}
}
