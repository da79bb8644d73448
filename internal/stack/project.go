package stack

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/pipeline"
)

// Commands that a configuration's pipeline.tasks[].when may ask for.
const (
	whenServe = "serve"
	whenBuild = "build"
)

// Project is a project and how it is to run.
type Project struct {
	*config.Config
	// Layout is what its own files say.
	Layout pipeline.Layout
}

// Load reads the configuration of a project, beginning with what its own files say. Its
// errors are those of [config.Load].
func Load(o config.Options) (Project, error) {
	var p Project
	o.Detect = func(dir string) config.Shape {
		p.Layout, _ = pipeline.Detect(dir) // the folder is there, or Load had ended
		return shape(p.Layout)
	}
	var err error
	p.Config, err = config.Load(o)
	return p, err
}

// shape says in the configuration's words what was found.
func shape(l pipeline.Layout) config.Shape {
	s := config.Shape{Name: string(l.Kind), From: l.Origin["kind"]}
	if s.From == "" {
		s.Name = "" // nothing was found
	}
	for _, f := range []struct{ name, folder string }{
		{"src", l.Src}, {"dist", l.Dist}, {"public", l.Public}, {"bower", l.Bower},
	} {
		if f.folder != "" {
			s.Hints = append(s.Hints, config.Hint{Key: "paths." + f.name, Value: f.folder, From: l.Origin[f.name]})
		}
	}
	if l.Index != "" {
		s.Hints = append(s.Hints, config.Hint{Key: "serve.fallback", Value: l.Index, From: l.Origin["index"]})
	}
	return s
}

// PipelineOptions returns what the configuration says about the work while serve runs.
func PipelineOptions(p Project) pipeline.Options {
	cfg := p.Config
	return pipeline.Options{
		Dir: cfg.Dir, Layout: &p.Layout, Src: sources(cfg), Public: public(cfg), Tmp: cfg.Paths.Tmp, Out: cfg.Paths.Dist,
		Define: cfg.Build.Define, ServerPaths: serverPaths(cfg),
		Settings: settings(cfg), Tasks: tasks(cfg, whenServe), Foreign: cfg.Serve.Target != "",
	}
}

// BuildOptions returns what the configuration says about a build; its command adds what
// flags say alone.
func BuildOptions(p Project) pipeline.BuildOptions {
	cfg := p.Config
	return pipeline.BuildOptions{
		Dir: cfg.Dir, Layout: &p.Layout, Src: sources(cfg), Public: public(cfg), Out: filepath.FromSlash(cfg.Paths.Dist), Tmp: cfg.Paths.Tmp,
		Task: cfg.Build.Task, Base: cfg.Build.Base, Target: cfg.Build.Target, NoMinify: !cfg.Build.Minify, Define: maps.Clone(cfg.Build.Define), SourceMap: cfg.Build.Sourcemap,
		Settings: settings(cfg), Tasks: tasks(cfg, whenBuild), ServerPaths: serverPaths(cfg), Budgets: budgets(cfg),
	}
}

// public is the folder that the user named for files that are served as they are.
func public(cfg *config.Config) string {
	if !cfg.Given("paths.public") {
		return ""
	}
	return filepath.FromSlash(cfg.Paths.Public)
}

// sources is the folder that the user named; without one the pipeline looks for it.
func sources(cfg *config.Config) string {
	if !cfg.Given("paths.src") {
		return ""
	}
	return filepath.FromSlash(cfg.Paths.Src)
}

// settings are pipeline.config, nil when it is off.
func settings(cfg *config.Config) *pipeline.Settings {
	c := cfg.Pipeline.Config
	if c.From == "" {
		return nil
	}
	s := &pipeline.Settings{Module: c.Module, From: filepath.FromSlash(c.From)}
	if c.Environment != "" {
		s.Environment = []string{c.Environment}
	}
	return s
}

// tasks are those of pipeline.tasks that a command runs.
func tasks(cfg *config.Config, command string) []pipeline.Task {
	var list []pipeline.Task
	for i, t := range cfg.Pipeline.Tasks {
		if t.When != "" && t.When != "both" && t.When != command {
			continue
		}
		list = append(list, pipeline.Task{
			Name: t.Name, Run: t.Run, On: t.On, Env: t.Env, Timeout: t.Timeout, Warn: t.Fail == "warn",
			Place: cfg.Diagnostic(fmt.Sprintf("pipeline.tasks[%d].run", i), "", ""),
		})
	}
	return list
}

// serverPaths are the URLs that no file answers.
func serverPaths(cfg *config.Config) []string {
	paths := []string{cfg.Hub.Path}
	for _, b := range cfg.Backends {
		if b.Path != "" {
			paths = append(paths, asFolder(b.Path))
		}
	}
	return paths
}

func asFolder(p string) string {
	if p[len(p)-1] == '/' {
		return p
	}
	return p + "/"
}

func budgets(cfg *config.Config) []pipeline.Budget {
	var list []pipeline.Budget
	for pattern, limit := range cfg.Build.Budget {
		list = append(list, pipeline.Budget{Files: pattern, Max: int64(limit)})
	}
	slices.SortFunc(list, func(a, b pipeline.Budget) int { return strings.Compare(a.Files, b.Files) })
	return list
}

// taskFolders are the folders in which a change may concern a task of serve.
func taskFolders(cfg *config.Config) []string {
	var dirs []string
	for _, t := range tasks(cfg, whenServe) {
		for _, dir := range t.Folders() {
			dirs = append(dirs, cfg.Abs(dir))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
