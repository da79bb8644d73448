package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

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
		a.docsFormat("man", "Write one man page for each command", ".1", a.manPage),
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

// manPage is the help as a man page, its sections in the order and under the names that
// readers of man pages know.
func (a *app) manPage(c *cobra.Command) string {
	name := pageName(c)
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %q 1 %q %q %q\n", strings.ToUpper(name), a.pageDate(), "realtimectl", "realtimectl manual")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(strings.TrimSuffix(c.Short, ".")))
	headings, sections := helpSections(c)
	manSection(&b, "SYNOPSIS", sections["Usage"])
	manSection(&b, "DESCRIPTION", sections[""])
	for _, heading := range headings {
		if heading != "" && heading != "Usage" && heading != "Examples" {
			manSection(&b, strings.ToUpper(heading), sections[heading])
		}
	}
	manSection(&b, "EXAMPLES", sections["Examples"])
	fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", roff(strings.Join(seeAlso(c), ",\n")))
	return b.String()
}

// helpSections are the lines of the help below each heading; what stands below none, or
// is not indented, is the description.
func helpSections(c *cobra.Command) (headings []string, sections map[string][]string) {
	_, rest, _ := strings.Cut(helpText(c), "\n")
	sections = map[string][]string{}
	in := ""
	for row := range strings.SplitSeq(strings.Trim(rest, "\n"), "\n") {
		heading, isHeading := strings.CutSuffix(row, ":")
		switch {
		case isHeading && heading != "" && heading[0] != ' ' && len(heading) < 40:
			in = heading
			headings = append(headings, heading)
			continue
		case row != "" && row[0] != ' ':
			in = ""
		}
		sections[in] = append(sections[in], row)
	}
	return headings, sections
}

// manSection writes lines as they are, if there are any.
func manSection(b *strings.Builder, heading string, rows []string) {
	text := strings.Trim(strings.Join(rows, "\n"), "\n")
	if text == "" {
		return
	}
	fmt.Fprintf(b, ".SH %s\n.nf\n", roff(heading))
	for row := range strings.SplitSeq(text, "\n") {
		b.WriteString(roff(row) + "\n")
	}
	b.WriteString(".fi\n")
}

// seeAlso names the pages of the command above and of those below.
func seeAlso(c *cobra.Command) []string {
	var pages []string
	if c.HasParent() {
		pages = append(pages, pageName(c.Parent())+"(1)")
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			pages = append(pages, pageName(sub)+"(1)")
		}
	}
	return pages
}

// pageDate is the day of what the program was built from, so that pages are equal
// whenever they are made; SOURCE_DATE_EPOCH says another one.
func (a *app) pageDate() string {
	if seconds, err := strconv.ParseInt(a.env["SOURCE_DATE_EPOCH"], 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
	}
	day, _, _ := strings.Cut(readVersion().Time, "T")
	return day
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
