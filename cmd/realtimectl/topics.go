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
	"(the gulpfile, .bowerrc, folder names, NODE_ENV) is taken over.\n\n" +
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

// eventsText is compared with the sources by a test.
const eventsText = `
With --log-format json each line on stderr is one object: time, level (debug, info,
warn, error), msg (the line a person would read), event (a name that stays), hint (the
way out, where there is one), and what belongs to it. The first part of an event is the
part of the program. Names are added, and never change their meaning.

serve:

  server.ready          everything accepts: pid, mode, project, app, proxy, network,
                        backends, took_ms
  server.stopped        everything has ended
  server.port-taken     a port was in use, another was taken: port, instead, owner
  server.unsigned       https has no certificate for a host: host
  server.error          a connection failed before there was a request (debug)
  request.served        serve.log: method, path, host, status, bytes, duration
  static.refused        a file that is never served was asked for (debug): path
  browser.not-opened    the browser did not open
  key.failed            what a key stands for failed
  state.not-written     other commands will not find this serve
  program.failed        the program ends with an error: diagnostics

A saved file:

  change.applied        it reached the pages: files, urls, action, ms, pages
  change.broken         it has a mistake, the pages stay as they are: also diagnostics
  change.failed         it could not be built
  change.ignored        nothing that is served depends on it (debug)
  pipeline.broken       the project does not build, at the start: diagnostics
  pipeline.warned       the project builds with warnings, at the start: diagnostics
  gulp.note             what a task of the gulpfile leaves out
  pipeline.swept        an old copy of a source was removed (debug)
  styles.compiler       which compiler makes the style sheets
  build.stale           what a killed build left was removed (debug)
  page.error            an error in an open page: diagnostics
  livereload.left       a page broke off (debug)
  watch.limit           a limit of the system is reached; files are compared instead
  watch.polling         a folder is compared, since its system announces nothing: path
  watch.unreadable      changes in a folder will not be seen
  watch.error           notifications failed

The configuration:

  config.applied        what changed in realtimectl.yaml is in force: rules
  config.users          what changed in serve.basic-auth.users-file is in force
  config.broken         the changed file has a mistake: diagnostics
  config.restart-needed a change that needs a restart: keys, sections
  config.warning        the configuration holds something odd: diagnostics
  schema.failed         what editors check realtimectl.yaml by was not written

A new project:

  init.git-failed       the project is there, the git repository is not
  init.install-failed   the project is there, its packages are not

Back-ends:

  backend.added         the changed configuration has a new one: backend
  backend.changed       it describes one otherwise, which starts anew: backend
  backend.removed       it has one no more: backend
  backend.started       a command runs (debug): backend, pid, port
  backend.healthy       it answers: backend, url, ms
  backend.unhealthy     it does not: backend
  backend.exited        it ended: backend
  backend.restarted     a saved file restarts it: backend, files
  backend.reloaded      pages reload since it answers again: backend, pages
  backend.output        a line that it printed: service
  backend.killed        a process of it did not end when asked to: backend, process
  backend.leftover      processes of a run that was killed were ended: processes
  proxy.down            a server behind us does not answer: target, path, error
  proxy.up              it does again: target
  proxy.cookie          a cookie was made fit for plain http: target
  store.create          a record of the built-in store (debug): collection, id; also
                        store.update and store.delete
  store.reloaded        the file of the store was changed by others: file
  store.failed          the file of the store cannot be used: file
  store.emit-failed     the event of a change was not sent

The hub:

  hub.connected         a browser joined (debug): id, namespace
  hub.disconnected      a browser left (debug): id, namespace, reason
  hub.refused           a browser or an event was turned away
  hub.unmatched         an event for which there is no rule: name, namespace
  hub.limit             a limit was reached
  hub.slow              a browser took too long to read: limit
  hub.breach            a browser broke the protocol
  hub.auth              browsers cannot be authenticated
  hub.recovery          browsers that were connected begin anew
  hub.listening         somebody follows the hub (debug): address
  hub.panic             a mistake of this program; please report it
  listen.ready          listen: the hub answers, what happens now will be told`

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
		"  BROWSER         program that --open and the key o start, before that of the system\n" +
		"\nWhat a back-end that serve runs is given, where nothing else sets it but PORT:\n\n" +
		"  PORT                    the port it should listen on\n" +
		"  REALTIMECTL_URL         where the hub is; `realtimectl emit` in it needs nothing more\n" +
		"  REALTIMECTL_TOKEN_FILE  the token of POST /__realtimectl/emit\n" +
		"  API_URL, API_PORT       where the back-end api is; so for each\n" +
		"  REALTIMECTL_BACKEND     which run and which back-end a process belongs to\n")
	return b.String()
}
