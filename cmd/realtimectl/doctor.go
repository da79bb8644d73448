package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/doctor"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/stack"
)

func (a *app) doctorCommand() *cobra.Command {
	var site string
	var idle time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [dir]",
		Short: "Examine the project, the machine, or a deployed site",
		Long: `With --url it goes the way of a browser to a deployed hub: polling, events both ways,
the WebSocket upgrade, and with --idle how long a connection may be silent. It names the
hop that breaks it and the line that mends it. Exit code 6 if something will not work.`,
		Example: `realtimectl doctor
realtimectl doctor --json
realtimectl doctor --url https://abacate.com --idle 70s`,
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			project, err := a.project(a.dir(args))
			if err != nil {
				return err
			}
			progress := a.printer().Progress(cmd.Context(), "looking at the project and the machine")
			found, err := a.examine(cmd.Context(), project, site, idle, progress.Set)
			progress.Done()
			if err != nil {
				return err
			}
			return a.tellFindings(found, asJSON)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&site, "url", "", "examine the site at `URL`")
	fs.DurationVar(&idle, "idle", 0, "`TIME`: with --url, hold a connection this long")
	fs.BoolVar(&asJSON, "json", false, "print it for programs")
	return cmd
}

func (a *app) examine(ctx context.Context, project stack.Project, site string, idle time.Duration, progress func(string)) ([]doctor.Finding, error) {
	cfg := project.Config
	if site != "" {
		u, err := url.Parse(strings.TrimSuffix(site, "/"))
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, usagef("write it like https://abacate.com", "--url: %q is not a URL", site)
		}
		return doctor.Walk(ctx, doctor.Site{URL: u, Path: cfg.Hub.Path, Idle: idle, Progress: progress}), nil
	}
	if idle != 0 {
		return nil, usagef("add --url", "--idle is for a site")
	}
	o := doctor.Options{Config: cfg, Owner: stack.PortOwner, Project: slices.Concat(gulpFindings(project.Layout.Gulp), sheetFindings(project))}
	if s, _, runs := living(ctx, cfg); runs {
		o.Ours = portsOf(s.App, s.Proxy)
	}
	return doctor.Examine(ctx, o), nil
}

// gulpFindings say what is done with the project's gulpfile, and print its plan.
func gulpFindings(g *pipeline.Gulp) []doctor.Finding {
	if g == nil {
		return nil
	}
	f := doctor.Finding{ID: "gulpfile", Verdict: doctor.Pass, Message: fmt.Sprintf("serve carries out %s of %s", strings.Join(g.Serving.Tasks(), ", then "), g.Plan.Gulpfile), Details: g.Plan.Describe()}
	if len(g.Building.Tasks) > 0 {
		f.Message += "; build carries out " + strings.Join(g.Building.Tasks, ", then ")
	}
	if g.Why != "" {
		f.Verdict, f.Message = doctor.Warn, "the gulpfile is not carried out: "+g.Why
		f.Fix = "what it made can become commands under pipeline.tasks in realtimectl.yaml"
		return append([]doctor.Finding{f}, gulpMistakes(g)...)
	}
	found := append([]doctor.Finding{f}, gulpMistakes(g)...)
	for _, plugin := range g.Unknown() {
		found = append(found, doctor.Finding{
			ID: "gulpfile.plugin", Verdict: doctor.Warn, Message: plugin + " has no counterpart here: its stream ends there",
			Fix: "a command under pipeline.tasks in realtimectl.yaml can do its work",
		})
	}
	return found
}

// gulpMistakes are those that evaluating the gulpfile has met.
func gulpMistakes(g *pipeline.Gulp) []doctor.Finding {
	var found []doctor.Finding
	for _, d := range g.Plan.Found {
		found = append(found, doctor.Finding{ID: "gulpfile.mistake", Verdict: doctor.Warn, Message: d.Error(), Fix: d.Hint})
	}
	return found
}

// sheetFindings say what compiles the project's sheets, unless its own commands do.
func sheetFindings(project stack.Project) []doctor.Finding {
	compilers, err := pipeline.SheetCompilers(stack.PipelineOptions(project))
	if err != nil {
		return nil // that there is no page is told elsewhere
	}
	var found []doctor.Finding
	for _, c := range compilers {
		f := doctor.Finding{ID: "styles." + strings.ToLower(c.Language), Verdict: doctor.Pass, Message: c.Says}
		if c.Says == "" {
			f.Verdict, f.Message = doctor.Fail, c.Missing.Error()
			f.Fix = c.Missing.Hint + "\nor a command that compiles it, under pipeline.tasks in realtimectl.yaml"
		}
		found = append(found, f)
	}
	return found
}

// portsOf returns the ports of the URLs that have one.
func portsOf(urls ...string) []int {
	var ports []int
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil {
			continue
		}
		if n, err := strconv.Atoi(u.Port()); err == nil {
			ports = append(ports, n)
		}
	}
	return ports
}

// tellFindings prints what was found: a finding a line, its way out below.
func (a *app) tellFindings(found []doctor.Finding, asJSON bool) error {
	if asJSON {
		if err := a.writeJSON(map[string]any{"ok": !doctor.Failed(found), "findings": found}); err != nil {
			return err
		}
	} else {
		width := 0
		for _, f := range found {
			width = max(width, len(f.ID))
		}
		for _, f := range found {
			a.printf("%-4s  %-*s  %s\n", f.Verdict, width, f.ID, f.Message)
			for _, row := range f.Details {
				a.printf("      %-*s    %s\n", width, "", row)
			}
			for row := range strings.Lines(f.Fix) {
				a.printf("      %-*s  → %s\n", width, "", strings.TrimSuffix(row, "\n"))
			}
		}
	}
	if doctor.Failed(found) {
		return failure(exitCheck, errReported)
	}
	return nil
}
