package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// commands returns every command that can be run.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() {
			all = append(all, c)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newApp(streams{}).root())
	return all
}

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	for _, c := range commands(t) {
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			if err := parses(line); err != nil {
				t.Errorf("%s: example %q: %v", c.CommandPath(), line, err)
			}
		}
	}
}

// parses goes with a command line as far as its arguments, without running it.
func parses(line string) error {
	words := shellWords(line)
	if words[0] != "realtimectl" {
		return fmt.Errorf("it does not begin with realtimectl")
	}
	root := newApp(streams{}).root()
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// shellWords splits a simple command line: single quotes, a remark after two spaces,
// redirections.
func shellWords(line string) []string {
	line, _, _ = strings.Cut(line, "   ")
	line, _, _ = strings.Cut(line, " < ")
	line, _, _ = strings.Cut(line, " > ")
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

func TestEveryHelpIsWholeAndFitsTheScreen(t *testing.T) {
	for _, c := range commands(t) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		code, out, errs := output(t, args...)
		if code != exitOK || errs != "" || !strings.HasPrefix(out, c.Short+".\n\nExamples:\n") {
			t.Errorf("%s: code %d, stderr %q, help:\n%s", c.CommandPath(), code, errs, out)
		}
		for line := range strings.Lines(out) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 100 {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || !c.HasParent() && f.Name != "help" && !strings.Contains(out, "--"+f.Name) {
				t.Errorf("%s: --%s is not explained", c.CommandPath(), f.Name)
			}
		})
	}
}

func TestEveryFlagThatSetsAKeyNamesOne(t *testing.T) {
	var known []string
	for _, k := range config.Keys() {
		known = append(known, k.Path)
	}
	for flag, key := range serveKeys() {
		if !slices.Contains(known, strings.TrimSuffix(key, ".port")) {
			t.Errorf("--%s sets %s, which is no key", flag, key)
		}
	}
}

func TestEveryFlagHasItsVariable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "other.yaml"), []byte("serve: { app: 4010 }"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	code := run(t.Context(), []string{"config", "print"}, streams{
		out: &out, err: &errs,
		environ: []string{"REALTIMECTL_DIRECTORY=" + dir, "REALTIMECTL_CONFIG=other.yaml", "REALTIMECTL_ORIGIN=true"},
	})
	if code != exitOK || errs.String() != "" || !strings.Contains(out.String(), "app: localhost:4010                         # other.yaml:1\n") {
		t.Errorf("code %d, stderr %q, stdout:\n%s", code, errs.String(), out.String())
	}
}

func TestAFlagOutweighsItsVariable(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	port := flags.Int("proxy-port", 1, "")
	open := flags.Bool("open", false, "")
	if err := flags.Parse([]string{"--proxy-port", "5"}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"REALTIMECTL_PROXY_PORT": "6", "REALTIMECTL_OPEN": "true"}
	if err := flagsFromEnvironment(flags, env); err != nil {
		t.Fatal(err)
	}
	got := []any{*port, *open, givenAs(flags.Lookup("proxy-port")), givenAs(flags.Lookup("open"))}
	if diff := cmp.Diff([]any{5, true, "--proxy-port", "REALTIMECTL_OPEN"}, got); diff != "" {
		t.Errorf("values and where they came from (-want +got):\n%s", diff)
	}
}

type hinted struct{ error }

func (hinted) Hint() string { return "raise it" }

func TestErrorsBecomeExitCodesInOnePlace(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		code  int
		hints []string
	}{
		{"a plain error", errors.New("x"), exitFailure, nil},
		{"a mistake in the configuration", fmt.Errorf("load: %w", diag.List{{Message: "m"}}), exitUsage, nil},
		{"a failed build", failure(exitBuild, diag.List{{Message: "m"}}), exitBuild, nil},
		{"with ways out", failure(exitPort, errors.New("x"), "a", "b"), exitPort, []string{"a", "b"}},
		{"use", usagef("h", "m"), exitUsage, []string{"h"}},
		{"a part that knows the way out", fmt.Errorf("watch: %w", hinted{errors.New("x")}), exitFailure, []string{"raise it"}},
		{"too many files", errors.New("open a: too many open files"), exitFailure, []string{"raise the limit of open files: ulimit -n 65536"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, hints := classify(tt.err)
			if code != tt.code || !slices.Equal(hints, tt.hints) {
				t.Errorf("got %d %q, want %d %q", code, hints, tt.code, tt.hints)
			}
		})
	}
}

func TestTheConfigurationInTheHelpIsValid(t *testing.T) {
	dir := t.TempDir()
	text := strings.ReplaceAll(sampleConfig, "\n  ", "\n")[2:]
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(config.Options{Dir: dir}); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func BenchmarkVersion(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		run(b.Context(), []string{"version"}, streams{out: &strings.Builder{}, err: &strings.Builder{}})
	}
}
