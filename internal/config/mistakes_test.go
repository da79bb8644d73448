package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestAMistakeShowsItsPlaceAndTheWayOut(t *testing.T) {
	got := mistakes(t, "# ação\nserve:\n  proxi: localhost:3000\n  open: yes\n")
	want := diag.List{
		{
			Severity: diag.Error, Source: "config", Path: "realtimectl.yaml", Line: 3, Column: 3,
			Message: `unknown key "proxi" in serve`,
			Hint:    `did you mean "proxy"?`,
			Excerpt: strings.Join([]string{
				"  1 | # ação",
				"  2 | serve:",
				"> 3 |   proxi: localhost:3000",
				"    |   ^",
				"  4 |   open: yes",
			}, "\n"),
		},
		{
			Severity: diag.Error, Source: "config", Path: "realtimectl.yaml", Line: 4, Column: 9,
			Message: `serve.open must be true or false, not "yes"`,
			Hint:    "write true",
			Excerpt: strings.Join([]string{
				"  2 | serve:",
				"  3 |   proxi: localhost:3000",
				"> 4 |   open: yes",
				"    |         ^",
			}, "\n"),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct{ name, text, want, hint string }{
		{"unknown key, nothing near", "serve: { prot: 1 }", `1:10: unknown key "prot" in serve`, "known keys: mode, proxy, app, host, strict-port, target, https, cert, key, open, ghost, reload, allowed-hosts, fallback, mounts, rewrite, headers, replace, cors, basic-auth, log, slow"},
		{"unknown section", "hubb: {}", `1:1: unknown key "hubb"`, `did you mean "hub"?`},
		{"key of another section", "serve:\n  relays: []", `2:3: unknown key "relays" in serve`, "did you mean hub.relays?"},
		{"key at the top that belongs below", "origins: []", `1:1: unknown key "origins"`, "did you mean hub.origins?"},
		{"in a list", "hub:\n  relays:\n    - { on: a, emti: b }", `3:16: unknown key "emti" in hub.relays[0]`, `did you mean "emit"?`},
		{"in a back-end", "backends: { api: { rnu: x } }", `1:20: unknown key "rnu" in backends.api`, `did you mean "run"?`},
		{"twice", "serve:\n  open: true\nserve: {}", `3:1: "serve" is given twice, first on line 1`, "keep one of the two"},
		{"tab", "serve:\n\topen: true", `2:1: a tab indents this line`, "indent with spaces"},
		{"not closed", "serve: { open: true", `1:8: this { is never closed`, "end it with }"},
		{"list not closed", "hub:\n  origins:\n    - [", `3:7: this [ is never closed`, "end the list with ]"},
		{"quote not closed", "serve: 'x\n", `1:8: this quote is never closed`, ""},
		{"no colon", "serve\n  open: true\n", `1:1: this key has no colon`, "write key: value"},
		{"reserved", "paths: { src: @x }", `1:15: '@' is a reserved character`, "quote the value"},
		{"crooked", "hub:\n path: /x/\n  relays: []\n", `2:8: this does not fit where it stands`, "keys of one level begin in one column, deeper ones further right; quote a value that holds a colon and a space"},
		{"list among keys", "serve:\n  open: true\n- b\n", `3:1: this does not fit where it stands`, "keys of one level begin in one column, deeper ones further right; quote a value that holds a colon and a space"},
		{"after a byte order mark", "\ufeffserve: { prxy: 1 }", `1:10: unknown key "prxy" in serve`, `did you mean "proxy"?`},
		{"section is text", "serve: fast", `1:8: serve must be a mapping, not text`, ""},
		{"file is a list", "- a\n- b", `1:1: the file must be a mapping, not a list`, ""},
		{"list is text", "hub: { origins: https://a.test }", `1:17: hub.origins must be a list, not text`, "write it as a list: [ https://a.test ]"},
		{"text is a list", "paths: { src: [ a ] }", `1:15: paths.src must be text, not a list`, ""},
		{"bare true is no name", "paths: { src: true }", `1:15: paths.src must be text, not true`, "put it in quotes if it is text"},
		{"enum", "serve: { mode: dev }", `1:16: serve.mode: "dev" is not one of development, production`, `did you mean "development"?`},
		{"address", "serve: { proxy: \"a:b\" }", `1:17: serve.proxy: "a:b" is not host:port, a port, or false`, ""},
		{"address without host", "serve: { proxy: \":3000\" }", `1:17: serve.proxy: ":3000" names no host; use localhost:3000, or 0.0.0.0:3000 to open it to the network`, ""},
		{"port too big", "serve: { app: 70000 }", `1:15: serve.app: port 70000 is not between 0 and 65535`, ""},
		{"same port", "serve: { app: 3000 }", `1:15: serve.app: both listeners are to use port 3000`, "give each a port of its own"},
		{"app off", "serve: { app: false }", `1:15: serve.app: the app listener cannot be switched off`, "only serve.proxy can be false"},
		{"number", "hub: { limits: { connections: many } }", `1:31: hub.limits.connections must be a whole number, not "many"`, ""},
		{"negative", "hub: { limits: { connections: -1 } }", `1:31: hub.limits.connections: -1 is not between 0 and 1099511627776`, ""},
		{"duration", "hub: { limits: { ping-interval: soon } }", `1:33: hub.limits.ping-interval: "soon" is not a time such as 500ms, 10s or 2m`, ""},
		{"size", "hub: { limits: { max-payload: 1 parsec } }", `1:31: hub.limits.max-payload: "1 parsec" is not a size such as 500, 16KiB or 1MB`, ""},
		{"rate", "hub: { relays: [ { on: a, rate: 10 per s } ] }", `1:33: hub.relays[0].rate: "10 per s" is not a rate`, "write it like 10/s, 100/m or 10/s burst 30"},
		{"target", "serve: { target: localhost:8080 }", `1:18: serve.target: "localhost:8080" is not an http:// or https:// URL`, `did you mean "http://localhost:8080"?`},
		{"host with scheme", "serve: { allowed-hosts: [ \"https://demo.test/\" ] }", `1:27: serve.allowed-hosts[0]: "https://demo.test/" is not a host name`, `did you mean "demo.test"?`},
		{"origin star", "hub: { origins: [ \"*\" ] }", `1:19: hub.origins[0]: any site could act for your users`, "list the sites, such as https://abacate.com"},
		{"origin with path", "hub: { origins: [ \"https://a.test/\" ] }", `1:19: hub.origins[0]: "https://a.test/" is more than scheme, host and port`, `did you mean "https://a.test"?`},
		{"hub at the root", "hub: { path: / }", `1:14: hub.path: "/" is not a URL path of its own`, "the clients' default is /socket.io/"},
		{"namespace with a comma", "hub: { namespaces: [ \"/a,b\" ] }", `1:22: hub.namespaces[0]: no client can join "/a,b": a name cannot hold ","`, `leave that character out`},
		{"namespace", "hub: { namespaces: [ chat ] }", `1:22: hub.namespaces[0]: a namespace begins with a slash`, `did you mean "/chat"?`},
		{"rule without event", "hub: { relays: [ { emit: x } ] }", `1:18: hub.relays[0]: the rule does not say which event it is for`, "add `on:` with the event's name"},
		{"empty rule", "hub:\n  relays:\n    -\n", `3:7: hub.relays[0] is empty`, "remove it, or fill it in"},
		{"missing schema", "hub: { relays: [ { on: a, schema: no.json } ] }", `1:35: hub.relays[0].schema: no such file: no.json`, "the path is relative to the project folder"},
		{"auth without means", "hub: { auth: { required: true } }", `1:26: hub.auth.required: nothing says how clients prove who they are`, "add secret-file, secret-env, key-file, jwks-file or url"},
		{"outside", "paths: { src: ../x }", `1:15: paths.src: "../x" does not lie inside the project`, ""},
		{"clean would eat the source", "paths: { dist: src }", `1:16: paths.dist: "src" is emptied by ` + "`realtimectl clean`" + `, but it holds paths.src`, "choose a folder of its own"},
		{"clean would eat everything", "paths: { tmp: . }", `1:15: paths.tmp: "." is emptied by ` + "`realtimectl clean`" + `, but it holds the project itself`, "choose a folder of its own"},
		{"back-end is nothing", "backends: { api: { path: /api } }", `1:13: backends.api: it does not say what it is`, "add run: COMMAND, url: URL or store: FILE"},
		{"back-end is two things", "backends: { api: { run: x, url: \"http://a.test\" } }", `1:13: backends.api: it has run and url`, "keep one of them"},
		{"back-end is empty", "backends:\n  api:\n", `2:3: backends.api is empty`, "add run: COMMAND, url: URL or store: FILE"},
		{"store without path", "backends: { api: { store: data.json } }", `1:13: backends.api: the store has no path under which it answers`, "add `path: /api`"},
		{"path without slash", "backends: { api: { store: data.json, path: api } }", `1:44: backends.api.path: a path begins with a slash`, `did you mean "/api"?`},
		{"path of the hub", "backends: { api: { run: x, path: /socket.io } }", `1:34: backends.api.path: /socket.io/ belongs to the hub`, "choose another path, or move hub.path"},
		{"path of ours", "backends: { api: { run: x, path: /__realtimectl/x } }", `1:34: backends.api.path: /__realtimectl/ is for realtimectl itself`, ""},
		{"same path", "backends: { a: { run: x, path: /api }, b: { run: y, path: /api/ } }", `1:40: backends.b: requests for "/api" already go to a`, "give each a path or host of its own"},
		{"bad name", "backends: { \"My API\": { run: x } }", `1:13: backends.My API: "My API" is no name for a back-end`, "use small letters, digits and dashes"},
		{"missing folder", "backends: { api: { run: x, dir: ../nowhere } }", `1:33: backends.api.dir: no such folder: ../nowhere`, "the path is relative to the project folder"},
		{"unknown dependency", "backends: { api: { run: x, depends: [ db ] } }", `1:39: backends.api.depends[0]: there is no back-end "db"`, ""},
		{"cycle", "backends: { a: { run: x, depends: [ b ] }, b: { run: y, depends: [ a ] } }", `1:26: backends.a.depends: they wait for each other: a → b → a`, ""},
		{"health", "backends: { api: { run: x, health: ping } }", `1:36: backends.api.health: "ping" is no health check`, "write a path such as /up, tcp, or log:PATTERN"},
		{"watch of a URL", "backends: { api: { url: \"http://a.test\", watch: [ \"*.go\" ] } }", `1:42: backends.api.watch: it is only for a command that is run`, "remove it, or add run: COMMAND"},
		{"store action", "backends: { api: { store: data.json, path: /api, emit: { creat: x } } }", `1:65: backends.api.emit.creat: "creat" is no action of a store`, "the actions are create, update and delete"},
		{"pattern", "pipeline: { tasks: [ { name: a, run: b, on: \"src/[\" } ] }", `1:45: pipeline.tasks[0].on[0]: "src/[" is not a file pattern`, "write it like src/**/*.css or *.{js,ts}"},
		{"task without command", "pipeline: { tasks: [ { name: a } ] }", `1:22: pipeline.tasks[0]: the task runs nothing`, "add `run:` with the command"},
		{"alias", "serve: { host: *h }", `1:16: no anchor is called "h"`, "define it above as &h"},
		{"alias of itself", "x-a: &a [ *a ]\nserve: *a", "", ""},
		{"tag", "serve: { open: !!bool true }", `1:16: tags such as !!bool are not used here`, "leave it out"},
		{"number that JSON lacks", "hub: { relays: [ { on: a, args: [ 0x1F ] } ] }", `1:35: 0x1F is no number in JSON`, "write it in decimal, or in quotes if it is text"},
		{"two documents", "serve: {}\n---\nhub: {}", `3:1: the file holds more than one document`, "put everything into the first one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := mistakes(t, tt.text)
			if tt.want == "" {
				return // any mistake will do, as long as it is one
			}
			got := strings.TrimPrefix(list[0].Error(), "realtimectl.yaml:")
			if diff := cmp.Diff([]string{tt.want, tt.hint}, []string{got, list[0].Hint}); diff != "" {
				t.Errorf("message and hint (-want +got):\n%s", diff)
			}
			if list[0].Excerpt == "" {
				t.Error("no excerpt")
			}
		})
	}
}

func TestNestedAliasesDoNotGrowWithoutLimit(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-0: &a0 [ 1, 1 ]\n")
	for i := 1; i < 40; i++ {
		p, n := string(rune('0'+(i-1)%10)), string(rune('0'+i%10))
		pi, ni := string(rune('a'+(i-1)/10)), string(rune('a'+i/10))
		b.WriteString("x-" + ni + n + ": &" + ni + n + " [ *" + pi + p + ", *" + pi + p + " ]\n")
	}
	got := mistakes(t, b.String())
	if !strings.Contains(got[0].Message, "too many values") {
		t.Errorf("got %v", got)
	}
}

func TestBracketsAloneDoNotExhaustTheStack(t *testing.T) {
	got := mistakes(t, "x-a: "+strings.Repeat("[", maxFile/2)+strings.Repeat("]", maxFile/2-10))
	if len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if tooBig := mistakes(t, strings.Repeat("#", maxFile+1)); !strings.Contains(tooBig[0].Message, "bigger than") {
		t.Errorf("got %v", tooBig)
	}
}

func TestKeysOfTheUserAreFreeAnywhere(t *testing.T) {
	text := `
x-php: &php { dir: ".", env: { APP_ENV: local } }
serve: { x-why: "because" }
backends:
  x-shared: [ 1, 2 ]
  api: { <<: *php, run: "php -S localhost:$PORT", path: /api }
`
	got := load(t, Options{Dir: project(t, map[string]string{FileName: text})})
	if len(got.Backends) != 1 || got.Backends[0].Dir != "." || got.Backends[0].Env["APP_ENV"] != "local" {
		t.Errorf("back-ends %+v: want api with what the anchor brings", got.Backends)
	}
}

func TestDiagnosticShowsTheNearestKeyThatTheFileHolds(t *testing.T) {
	dir := project(t, map[string]string{FileName: "hub:\n  relays:\n    - { on: a, emit: b }\n"})
	c := load(t, Options{Dir: dir, Overrides: []Override{{Key: "serve.open", Text: "true", From: "--open"}}})
	tests := map[string]string{
		"hub.relays[0].emit": "realtimectl.yaml:3:22: hub.relays[0].emit: m",
		"hub.relays[0].to":   "realtimectl.yaml:3:7: hub.relays[0].to: m",
		"hub.relays[9].to":   "realtimectl.yaml:2:3: hub.relays[9].to: m",
		"serve.open":         "--open: m",
		"paths.src":          "paths.src: m",
	}
	for key, want := range tests {
		if got := c.Diagnostic(key, "m", "h"); got.Error() != want || got.Hint != "h" {
			t.Errorf("%s: got %q, want %q", key, got.Error(), want)
		}
	}
}

func TestAFileOutsideTheProjectIsNamedInFull(t *testing.T) {
	file := filepath.Join(project(t, map[string]string{"other.yaml": "serv: {}"}), "other.yaml")
	_, err := Load(Options{Dir: t.TempDir(), File: file})
	if err == nil || !strings.HasPrefix(err.Error(), filepath.ToSlash(file)+":1:1: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	for _, seed := range []string{"serve: { open: true }", "a: &a [*a]", "x-a: &a {b: 1}\nhub: {<<: *a}", "- -\n-", "hub: {relays: [{on: a, args: [1e9, .inf, ~]}]}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &Config{sources: newSources()}
		_ = c.parse([]byte(text)) // the outcome is free, a panic or a hang is not
	})
}
