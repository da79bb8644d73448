package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/config"
)

func (a *app) docsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "docs",
		Short:   "Write the manual: man pages or Markdown",
		Example: "realtimectl docs man --out share/man/man1\nrealtimectl docs markdown --out docs/reference",
		Args:    a.knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.docsFormat("man", "Write one man page for each command", ".1", manPage),
		a.docsFormat("markdown", "Write one Markdown page for each command, and the configuration reference", ".md", markdownPage),
	)
	return cmd
}

func (a *app) docsFormat(name, short, ext string, page func(*cobra.Command) string) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     name,
		Short:   short,
		Example: "realtimectl docs " + name + " --out manual",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pages := map[string]string{}
			collectPages(cmd.Root(), ext, page, pages)
			if name == "markdown" {
				pages["configuration.md"] = configurationReference()
			}
			return a.writePages(a.path(out), pages)
		},
	}
	cmd.Flags().StringVar(&out, "out", "manual", "write into `DIR`")
	return cmd
}

// collectPages makes the page of a command and of those below it. Help topics are
// pages too.
func collectPages(c *cobra.Command, ext string, page func(*cobra.Command) string, pages map[string]string) {
	if c.Hidden {
		return
	}
	pages[strings.ReplaceAll(c.CommandPath(), " ", "-")+ext] = page(c)
	for _, sub := range c.Commands() {
		collectPages(sub, ext, page, pages)
	}
}

func (a *app) writePages(dir string, pages map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("docs: %w", err)
	}
	for name, text := range pages {
		if err := atomicfile.Write(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("docs: %w", err)
		}
	}
	a.printf("%d pages in %s\n", len(pages), dir)
	return nil
}

// helpText is what --help prints.
func helpText(c *cobra.Command) string {
	var b bytes.Buffer
	old := c.OutOrStdout()
	c.SetOut(&b)
	defer c.SetOut(old)
	c.HelpFunc()(c, nil)
	return b.String()
}

// markdownPage is the help as Markdown: the help is the one source of all manuals.
func markdownPage(c *cobra.Command) string {
	return fmt.Sprintf("# %s\n\n```\n%s```\n", c.CommandPath(), helpText(c))
}

// manPage is the help as a man page. The date is left out, so that pages are equal
// whenever they are made.
func manPage(c *cobra.Command) string {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 %q %q %q\n", strings.ToUpper(name), "", "realtimectl", "realtimectl manual")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	_, rest, _ := strings.Cut(helpText(c), "\n")
	fill := false
	for row := range strings.SplitSeq(strings.TrimSpace(rest), "\n") {
		heading, isHeading := strings.CutSuffix(row, ":")
		switch {
		case isHeading && heading != "" && heading[0] != ' ' && len(heading) < 40:
			fmt.Fprintf(&b, "%s.SH %s\n.nf\n", endFill(fill), strings.ToUpper(roff(heading)))
			fill = true
		case !fill:
			b.WriteString(".SH DESCRIPTION\n.nf\n" + roff(row) + "\n")
			fill = true
		default:
			b.WriteString(roff(row) + "\n")
		}
	}
	b.WriteString(endFill(fill))
	return b.String()
}

func endFill(open bool) string {
	if open {
		return ".fi\n"
	}
	return ""
}

// roff escapes what the formatter would take for a command.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		return `\&` + s
	}
	return s
}

// configurationReference describes every key.
func configurationReference() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" + strings.TrimSpace(configurationText) + "\n\n## Keys\n\n| key | default | meaning |\n| --- | --- | --- |\n")
	for _, k := range config.Keys() {
		meaning := k.Doc
		if k.Enum != nil {
			meaning += " One of " + strings.Join(k.Enum, ", ") + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Path, code(k.Default), strings.ReplaceAll(meaning, "|", `\|`))
	}
	for _, t := range config.Tables() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | default | meaning |\n| --- | --- | --- |\n", t.Path, t.Doc)
		for _, k := range t.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Path, code(k.Default), strings.ReplaceAll(k.Doc, "|", `\|`))
		}
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
