package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
)

// buildFlags are the flags of build that are no keys of the configuration.
type buildFlags struct {
	out                                                string
	define                                             []string
	noMinify, integrity, noGzip, noBrotli, zstd, force bool
	analyze, asJSON                                    bool
}

func (a *app) buildCommand() *cobra.Command {
	var f buildFlags
	cmd := &cobra.Command{
		Use:   "build [dir]",
		Short: "Make dist/: bundled, minified, hashed, compressed",
		Long: `The output appears whole or not at all: a failed build leaves the old one as it was.
Two builds of one tree are equal, byte for byte.

A project with a gulpfile is built by its own build task, carried out without gulp: the one
that the script build of package.json runs, else build, dist, default and the like. What it
writes into its folder becomes the output; compressing, budgets and the manifest are added.
A task that needs what is not known here, or makes no whole site, is told, and the site is
put together from what serve makes. --task names another task; none leaves them aside.`,
		Example:           "realtimectl build\nrealtimectl build --json --sourcemap\nrealtimectl build --task build:prod\nrealtimectl build --out /tmp/site --base /shop/ --define DEBUG=false",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			project, err := a.project(a.dir(args), overrides(cmd.Flags(), map[string]string{
				"task": "build.task", "sourcemap": "build.sourcemap", "base": "build.base", "target": "build.target",
			})...)
			if err != nil {
				return err
			}
			tuneForBuild() // not where serve builds, which goes on
			return a.build(cmd.Context(), project, f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.out, "out", "", "write into `DIR` instead of paths.dist")
	fs.String("task", "", "make the output by this `TASK` of the gulpfile; none leaves it aside")
	fs.String("base", "/", "URL `PATH` under which the site is served")
	fs.String("target", "", "`TARGET`: oldest browsers to support, such as es2019 or chrome100,safari15")
	fs.StringArrayVar(&f.define, "define", nil, "replace a name in scripts: `NAME=EXPRESSION`; may be repeated")
	fs.Bool("sourcemap", false, "write source maps")
	fs.BoolVar(&f.noMinify, "no-minify", false, "keep names and white space")
	fs.BoolVar(&f.integrity, "integrity", false, "add integrity hashes to scripts and styles")
	fs.BoolVar(&f.noGzip, "no-gzip", false, "write no .gz files")
	fs.BoolVar(&f.noBrotli, "no-brotli", false, "write no .br files")
	fs.BoolVar(&f.zstd, "zstd", false, "write .zst files too")
	fs.BoolVar(&f.analyze, "analyze", false, "say what each file is made of, the largest first")
	fs.BoolVar(&f.force, "force", false, "replace an output folder that build did not make")
	fs.BoolVar(&f.asJSON, "json", false, "print the report for programs")
	register(cmd, "task", a.completeTasks)
	completes(cmd, "target", "es2017", "es2018", "es2019", "es2020", "es2021", "es2022", "esnext")
	return cmd
}

// Limits for the collector of a process that ends after one build: it may let garbage lie
// for longer, but keeps to the memory that continuous integration usually grants.
const (
	buildMemory  = 110 << 20 // bytes
	buildGarbage = 200       // percent of what is alive
)

// tuneForBuild saves a seventh of the processor's time and a quarter of the peak memory,
// unless the user has settled these himself.
func tuneForBuild() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(buildMemory)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(buildGarbage)
	}
}

func (a *app) build(ctx context.Context, project stack.Project, f buildFlags) error {
	opts, err := a.buildOptions(project, f)
	if err != nil {
		return err
	}
	progress := a.printer().Progress(ctx, "building")
	opts.Progress = progress.Set
	report, err := pipeline.Build(ctx, opts)
	progress.Done()
	if err != nil {
		return a.buildFailed(err, f.asJSON)
	}
	if f.asJSON {
		return a.writeJSON(report)
	}
	a.printer().Diagnostics(report.Diagnostics)
	a.printf("%s", buildTable(report, project.Dir))
	if f.analyze {
		a.printf("%s", analysis(report))
	}
	return nil
}

func (a *app) buildOptions(project stack.Project, f buildFlags) (pipeline.BuildOptions, error) {
	define, err := defines(f.define)
	if err != nil {
		return pipeline.BuildOptions{}, err
	}
	opts := stack.BuildOptions(project)
	if opts.Define == nil {
		opts.Define = map[string]string{}
	}
	maps.Copy(opts.Define, define)
	opts.NoMinify, opts.Integrity = opts.NoMinify || f.noMinify, f.integrity
	opts.NoGzip, opts.NoBrotli, opts.Zstd, opts.Force = f.noGzip, f.noBrotli, f.zstd, f.force
	opts.Analyze, opts.Log = f.analyze, a.printer().Log()
	if f.out != "" {
		if opts.Out, err = filepath.Abs(a.path(f.out)); err != nil {
			return opts, fmt.Errorf("--out: %w", err)
		}
	}
	return opts, nil
}

func defines(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, d := range list {
		name, value, ok := strings.Cut(d, "=")
		if !ok || name == "" {
			return nil, usagef("write it like --define DEBUG=false", "--define: %q is not NAME=EXPRESSION", d)
		}
		out[name] = value
	}
	return out, nil
}

// buildFailed gives the failure its exit code; with --json the mistakes go to stdout.
func (a *app) buildFailed(err error, asJSON bool) error {
	var list diag.List
	if !errors.As(err, &list) {
		return fmt.Errorf("build: %w", err)
	}
	if !asJSON {
		return failure(exitBuild, err)
	}
	if err := a.writeJSON(map[string]any{"diagnostics": []diag.Diagnostic(list)}); err != nil {
		return err
	}
	return failure(exitBuild, errReported)
}

// buildTable is the report for people: each file, raw, gzip and brotli, and what
// changed since the last build.
func buildTable(r *pipeline.Report, dir string) string {
	var b strings.Builder
	rows := append(slices.Clone(r.Files), r.Total())
	width := len("file")
	for _, f := range rows {
		width = max(width, len([]rune(f.Path)))
	}
	fmt.Fprintf(&b, "%-*s  %10s  %10s  %10s\n", width, "file", "raw", "gzip", "brotli")
	for _, f := range rows {
		row := fmt.Sprintf("%-*s  %10s  %10s  %10s  %s", width, f.Path, bytesText(f.Raw), siblingText(f.Gzip), siblingText(f.Brotli), change(f))
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	out := r.Out
	if rel, err := filepath.Rel(dir, r.Out); err == nil && filepath.IsLocal(rel) {
		out = rel
	}
	by := ""
	if r.Task != "" {
		by = " by the task " + r.Task
	}
	fmt.Fprintf(&b, "\nbuilt %s%s in %s\n", filepath.ToSlash(out), by, term.Took(r.Duration))
	return b.String()
}

// partsShown bounds the sources that are named for one file; --json has them all.
const partsShown = 20

// analysis lists what each file is made of, the largest part first.
func analysis(r *pipeline.Report) string {
	var b strings.Builder
	for _, f := range r.Files {
		if len(f.Parts) == 0 {
			continue
		}
		var sum int64
		for _, p := range f.Parts {
			sum += p.Bytes
		}
		fmt.Fprintf(&b, "\n%s  %s\n", f.Path, bytesText(f.Raw))
		for _, p := range f.Parts[:min(len(f.Parts), partsShown)] {
			fmt.Fprintf(&b, "  %10s  %5.1f%%  %s\n", bytesText(p.Bytes), 100*float64(p.Bytes)/float64(max(sum, 1)), p.Source)
		}
		if more := len(f.Parts) - partsShown; more > 0 {
			fmt.Fprintf(&b, "  %10s          %d more\n", "", more)
		}
	}
	return b.String()
}

// bytesText is a size in kB of 1000 bytes, as browsers show it.
func bytesText(n int64) string { return fmt.Sprintf("%.2f kB", float64(n)/1000) }

// siblingText is the size of a compressed form; "-" for a file that has none.
func siblingText(n int64) string {
	if n == 0 {
		return "-"
	}
	return bytesText(n)
}

func change(f pipeline.File) string {
	diff := f.Raw - f.Before
	if f.Before <= 0 || diff == 0 {
		return ""
	}
	return fmt.Sprintf("%+.2f kB", float64(diff)/1000)
}
