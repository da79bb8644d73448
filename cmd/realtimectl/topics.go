package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/realtimectl/realtimectl/internal/config"
)

// topics are help pages that belong to no single command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		topic("configuration", "How realtimectl.yaml works", configurationText, nil),
		topic("environment", "The environment variables", "", environmentText),
		topic("exit-codes", "What the exit codes mean", exitCodesText, nil),
		topic("events", "The names in --log-format json", eventsText, nil),
	}
}

func topic(name, short, text string, make func(*cobra.Command) string) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short}
	c.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		body := text
		if make != nil {
			body = make(cmd.Root())
		}
		line(cmd.OutOrStdout(), "%s.\n\n%s", short, strings.Trim(body, "\n"))
	})
	return c
}

const exitCodesText = `
  0    everything went well; also q or Ctrl-C once serve was ready
  1    something failed while running
  2    wrong use, or a mistake in the configuration
  3    an address is in use (see --strict-port)
  4    the build failed
  5    a back-end did not become healthy
  6    a check failed
  130  interrupted before everything was up`

const configurationText = "No file is needed: every value has a default, and what the project itself says\n" +
	"(conf/gulp.conf.js, .bowerrc, folder names, NODE_ENV) is taken over.\n\n" +
	"A value comes from, the first that has it: a flag, an environment variable,\n" +
	"realtimectl.yaml, the project itself, the default.\n" +
	"`realtimectl config print --origin` shows every value and where it came from.\n\n" +
	"The file is strict: an unknown key, a wrong type or an impossible value stops the\n" +
	"program and shows the line. Keys that begin with x- are yours, for YAML anchors\n" +
	"and notes. `realtimectl config schema` prints a JSON Schema for editors; `init`\n" +
	"writes the line that connects it.\n\n" +
	"A small one:\n\n" + sampleConfig

// sampleConfig is loaded by a test.
const sampleConfig = `  paths: { src: src, tmp: .tmp, dist: dist }
  serve: { proxy: localhost:3000, app: localhost:3010 }
  hub:
    relays:                       # the first rule that matches wins
      - { on: "client:created:job", emit: "server:created:job", to: all }
      - { on: "client:**", emit: "server:$1", to: others }
  backends:
    api: { store: data/db.json, path: /api }`

const eventsText = `
With --log-format json each line on stderr is one object: time, level (debug, info,
warn, error), msg (the line a person would read), event (a name that stays), and
what belongs to it. The first part of an event is the part of the program.

  server.ready          everything accepts: pid, mode, project, app, proxy, took_ms
  server.port-taken     a port was in use, another was taken: port, instead, owner
  server.unsigned       https has no certificate for a host: host
  request.served        serve.log: method, path, host, status, bytes, duration
  server.stopped        everything has ended
  change.applied        a saved file reached the pages: files, urls, action, ms, pages
  change.broken         a saved file has a mistake: diagnostics
  change.ignored        nothing that is served depends on the file
  config.applied        rules of the changed realtimectl.yaml are in force
  config.broken         the changed realtimectl.yaml has a mistake: diagnostics
  config.restart-needed a change that needs a restart: sections
  hub.connected         a browser joined (debug)
  hub.disconnected      a browser left (debug)
  hub.refused           a browser was turned away: why
  hub.unmatched         an event for which there is no rule
  listen.ready          listen hears the hub from now on
  store.create          the built-in store changed; also store.update, store.delete
  backend.output        a line of a back-end: service
  program.failed        the program ends with an error: hint, diagnostics`

// environmentText lists the variables of flags and of keys.
func environmentText(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("A flag outweighs its variable, that outweighs the variable of a key, and that\noutweighs realtimectl.yaml. Lists are separated by commas.\n\nOf flags:\n\n")
	seen := map[string]bool{}
	for _, name := range flagNames(root) {
		if seen[name] || name == "help" {
			continue
		}
		seen[name] = true
		fmt.Fprintf(&b, "  %-42s --%s\n", flagVariable(name), name)
	}
	b.WriteString("\nOf keys in realtimectl.yaml:\n\n")
	for _, k := range config.Keys() {
		if k.Env != "" {
			fmt.Fprintf(&b, "  %-42s %s\n", k.Env, k.Path)
		}
	}
	b.WriteString("\nOthers:\n\n" +
		"  NODE_ENV        development or production, if nothing else names the mode\n" +
		"  NO_COLOR        any value: no colours; also CLICOLOR=0 and TERM=dumb\n" +
		"  FORCE_COLOR     1, 2, 3: 16, 256 or all colours even in a pipe; also CLICOLOR_FORCE\n" +
		"  BROWSER         program that --open starts\n")
	return b.String()
}
