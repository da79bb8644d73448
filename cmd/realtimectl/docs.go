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

//go:generate go run . docs markdown --out ../../docs/reference

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
	pages[pageName(c)+ext] = page(c)
	for _, sub := range c.Commands() {
		collectPages(sub, ext, page, pages)
	}
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

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

// markdownPage is the help as Markdown: the help is the one source of all manuals. The
// page of a command that holds others links to them.
func markdownPage(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n```text\n%s```\n", c.CommandPath(), helpText(c))
	if !c.HasSubCommands() {
		return b.String()
	}
	b.WriteString("\n| page | |\n| --- | --- |\n")
	if !c.HasParent() {
		b.WriteString("| [realtimectl.yaml](configuration.md) | Every key of the configuration |\n")
	}
	for _, sub := range c.Commands() {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", sub.Name(), pageName(sub), cell(sub.Short))
	}
	return b.String()
}

// manPage is the help as a man page. The date is left out, so that pages are equal
// whenever they are made.
func manPage(c *cobra.Command) string {
	name := pageName(c)
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
	text := strings.TrimSuffix(strings.TrimSpace(configurationText), strings.TrimSpace(sampleConfig))
	fmt.Fprintf(&b, "# Configuration\n\n%s\n\n```yaml\n%s\n```\n", strings.TrimSpace(text), strings.ReplaceAll("\n"+sampleConfig, "\n  ", "\n")[1:])
	for _, section := range config.Sections() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", section.Name, section.Doc)
		keyTable(&b, section.Keys)
		for _, table := range section.Of {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", table.Path, table.Doc)
			keyTable(&b, table.Keys)
		}
	}
	return b.String()
}

func keyTable(b *strings.Builder, keys []config.Key) {
	b.WriteString("\n| key | default | meaning |\n| --- | --- | --- |\n")
	for _, k := range keys {
		meaning := k.Doc
		if k.Enum != nil {
			meaning += " One of " + strings.Join(k.Enum, ", ") + "."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", k.Path, code(k.Default), cell(meaning))
	}
}

// cell is a text as it stands in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
