//go:build !windows

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// shellsProject is what the completions know something of.
func shellsProject(t *testing.T) string {
	return project(t, map[string]string{
		"realtimectl.yaml": `hub:
  namespaces: [ /staff ]
  relays: [ { on: "client:created:job", emit: "server:created:job", to: "room:board" } ]
backends: { api: { run: cat }, queue: { run: cat }, others: { url: "http://localhost:1" } }
`,
		"gulpfile.js":          "const gulp = require('gulp');\ngulp.task('build:prod', () => gulp.src('src/*').pipe(gulp.dest('dist')));\n",
		"src/index.html":       "<!doctype html>",
		"straight/on/here.txt": "",
		"other.yaml":           "{}",
	})
}

// stand is a program called realtimectl that completes as ours does, and else only says
// with what it was called.
func stand(t *testing.T) (bin string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin = t.TempDir()
	real := filepath.Join(bin, "real", "realtimectl") // the test binary goes by its name
	script := "#!/bin/sh\ncase \"$1\" in __complete*|completion) exec '" + real + "' \"$@\";; esac\nprintf 'called'; printf ' [%s]' \"$@\"; echo\n"
	for _, err := range []error{
		os.Mkdir(filepath.Dir(real), 0o755), os.Symlink(exe, real),
		os.WriteFile(filepath.Join(bin, "realtimectl"), []byte(script), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// completed are lines with a tab in them, and what is called then.
func completed() map[string]string {
	return map[string]string{
		"restart ap\t":                      "[restart] [api]",
		"restart api q\t":                   "[restart] [api] [queue]",
		"emit server:cr\t":                  "[emit] [server:created:job]",
		"emit x --room bo\t":                "[emit] [x] [--room] [board]",
		"listen --namespace /st\t":          "[listen] [--namespace] [/staff]",
		"init --template jobs-a\t":          "[init] [--template] [jobs-angular]",
		"--log-format j\t":                  "[--log-format] [json]",
		"config print --key serve.strict\t": "[config] [print] [--key] [serve.strict-port]",
		"build --task build:p\t":            "[build] [--task] [build:prod]",
		"serve stra\t":                      "[serve] [straight]",
		"--config oth\t":                    "[--config] [other.yaml]",
		"help exit-\t":                      "[help] [exit-codes]",
	}
}

func TestCompletionsInRealShells(t *testing.T) {
	shells := []struct {
		name, shell string
		args        []string
		load        string
	}{
		{"bash", "bash", []string{"--norc", "--noprofile", "-i"}, `for f in /usr/share/bash-completion/bash_completion /usr/local/share/bash-completion/bash_completion; do [ ! -r $f ] || . $f; done; . <(realtimectl completion bash)`},
		{"bash alone", "bash", []string{"--norc", "--noprofile", "-i"}, `. <(realtimectl completion bash)`},
		{"zsh", "zsh", []string{"-f", "-i"}, `autoload -U compinit; compinit -u -D; . <(realtimectl completion zsh)`},
		{"fish", "fish", []string{"--no-config", "-i"}, `realtimectl completion fish | source`},
	}
	for _, sh := range shells {
		t.Run(sh.name, func(t *testing.T) {
			path := realpart.Command(t, sh.shell)
			cmd := exec.Command(path, sh.args...)
			cmd.Dir = shellsProject(t)
			cmd.Env = append(cleanEnviron(), "HOME="+t.TempDir(), "TERM=dumb", "PS1=> ", "PATH="+stand(t)+":"+os.Getenv("PATH"))
			s := on(t, cmd, pty.Winsize{Rows: 50, Cols: 200})
			s.press(sh.load + "; realtimectl loa''ded\n")
			s.wait(`called \[loaded\]`)
			for typed, want := range completed() {
				s.press("realtimectl " + typed + "\n")
				got := strings.ReplaceAll(s.wait(`called \[.*\]\n`), "/]\n", "]\n") // zsh takes the slash back at the end
				if !strings.Contains(got, "called "+want+"\n") {
					t.Errorf("%q: want %s, there was\n%s", typed, want, got)
				}
			}
			s.press("exit\n")
			s.end()
		})
	}
}

// Every flag that takes a value completes to something that fits, or to nothing: never by
// accident to files.
func TestEveryFlagCompletesToWhatItTakes(t *testing.T) {
	dir := shellsProject(t)
	for args, want := range map[string]string{
		"-C":                     ":16",
		"--config":               "yaml yml :8",
		"--color":                "auto always never :4",
		"serve --host":           ":4",
		"serve --mode":           "development production :4",
		"serve --ready-file":     ":0",
		"build --out":            ":16",
		"build --task":           "none build:prod :4",
		"reload --css":           ":0",
		"reload --path":          ":4",
		"init --package-manager": "npm pnpm yarn bun :4",
		"docs man --out":         ":16",
		"status --timeout":       ":4",
		"listen --kind":          "connect disconnect event publish refused dropped :4",
		"emit":                   "server:created:job :4",
		"emit a":                 ":4",
		"serve":                  ":16",
		"serve one":              ":4",
		"restart":                "api queue :4",
	} {
		_, out, _ := output(t, append(append([]string{"__complete", "-C", dir}, strings.Fields(args)...), "")...)
		var got []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			got = append(got, word)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}
