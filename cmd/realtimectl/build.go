package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/term"
)

// buildFlags are the flags of build that are no keys of the configuration.
type buildFlags struct {
	out                                                string
	define                                             []string
	noMinify, integrity, noGzip, noBrotli, zstd, force bool
	asJSON                                             bool
}

func (a *app) buildCommand() *cobra.Command {
	var f buildFlags
	cmd := &cobra.Command{
		Use:   "build [dir]",
		Short: "Make dist/: bundled, minified, hashed, compressed",
		Long: `The output appears whole or not at all: a failed build leaves the old one as it was.
Two builds of one tree are equal, byte for byte.`,
		Example:           "realtimectl build\nrealtimectl build --json --sourcemap\nrealtimectl build --out /tmp/site --base /shop/ --define DEBUG=false",
		Args:              atMostOneFolder,
		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.load(a.dir(args), overrides(cmd.Flags(), map[string]string{
				"sourcemap": "build.sourcemap", "base": "build.base", "target": "build.target",
			})...)
			if err != nil {
				return err
			}
			return a.build(cmd.Context(), cfg, f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.out, "out", "", "write into `DIR` instead of paths.dist")
	fs.String("base", "/", "URL `PATH` under which the site is served")
	fs.String("target", "", "`TARGET`: oldest browsers to support, such as es2019 or chrome100,safari15")
	fs.StringArrayVar(&f.define, "define", nil, "replace a name in scripts: `NAME=EXPRESSION`; may be repeated")
	fs.Bool("sourcemap", false, "write source maps")
	fs.BoolVar(&f.noMinify, "no-minify", false, "keep names and white space")
	fs.BoolVar(&f.integrity, "integrity", false, "add integrity hashes to scripts and styles")
	fs.BoolVar(&f.noGzip, "no-gzip", false, "write no .gz files")
	fs.BoolVar(&f.noBrotli, "no-brotli", false, "write no .br files")
	fs.BoolVar(&f.zstd, "zstd", false, "write .zst files too")
	fs.BoolVar(&f.force, "force", false, "replace an output folder that build did not make")
	fs.BoolVar(&f.asJSON, "json", false, "print the report for programs")
	completes(cmd, "target", "es2017", "es2018", "es2019", "es2020", "es2021", "es2022", "esnext")
	return cmd
}

func (a *app) build(ctx context.Context, cfg *config.Config, f buildFlags) error {
	opts, err := a.buildOptions(cfg, f)
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
	a.printf("%s", buildTable(report, cfg.Dir))
	return nil
}

func (a *app) buildOptions(cfg *config.Config, f buildFlags) (pipeline.BuildOptions, error) {
	define, err := defines(f.define)
	if err != nil {
		return pipeline.BuildOptions{}, err
	}
	opts := pipeline.BuildOptions{
		Dir: cfg.Dir, Src: cfg.Paths.Src, Out: filepath.FromSlash(cfg.Paths.Dist), Tmp: cfg.Paths.Tmp,
		Base: cfg.Build.Base, Target: cfg.Build.Target, Define: define,
		NoMinify: f.noMinify || !cfg.Build.Minify, SourceMap: cfg.Build.Sourcemap, Integrity: f.integrity,
		NoGzip: f.noGzip, NoBrotli: f.noBrotli, Zstd: f.zstd, Force: f.force,
		ServerPaths: []string{cfg.Hub.Path}, Log: a.printer().Log(),
	}
	if f.out != "" {
		if opts.Out, err = filepath.Abs(a.path(f.out)); err != nil {
			return opts, fmt.Errorf("--out: %w", err)
		}
	}
	for _, b := range cfg.Backends {
		if b.Path != "" {
			opts.ServerPaths = append(opts.ServerPaths, strings.TrimSuffix(b.Path, "/")+"/")
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(cfg.Build.Budget)) {
		opts.Budgets = append(opts.Budgets, pipeline.Budget{Files: pattern, Max: int64(cfg.Build.Budget[pattern])})
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
		row := fmt.Sprintf("%-*s  %10s  %10s  %10s  %s", width, f.Path, bytesText(f.Raw), bytesText(f.Gzip), bytesText(f.Brotli), change(f))
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	out := r.Out
	if rel, err := filepath.Rel(dir, r.Out); err == nil && filepath.IsLocal(rel) {
		out = rel
	}
	fmt.Fprintf(&b, "\nbuilt %s in %s\n", filepath.ToSlash(out), term.Took(r.Duration))
	return b.String()
}

// bytesText is a size in kB of 1000 bytes, as browsers show it; "-" for a file that has
// no compressed form.
func bytesText(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f kB", float64(n)/1000)
}

func change(f pipeline.File) string {
	diff := f.Raw - f.Before
	if f.Before <= 0 || diff == 0 {
		return ""
	}
	return fmt.Sprintf("%+.2f kB", float64(diff)/1000)
}
