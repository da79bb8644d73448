package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/jsonschema-go/jsonschema"
)

const fullFile = `
paths: { src: app }
serve:
  proxy: false
  host: "::1"
  allowed-hosts: [ demo.test, "*.demo.test" ]
  strict-port: true
  mounts: { /docs: app }
  rewrite: [ { from: "/old/**", to: /new/$1 } ]
  headers: [ { path: "/api/**", set: { X-Frame-Options: DENY }, remove: [ Server ] } ]
  replace: [ { find: "http://a.test", with: "" } ]
  cors: [ { path: "/api/**", origins: [ "https://a.test" ], credentials: true, max-age: 10m } ]
  basic-auth: { users-env: USERS, realm: "the board" }
  log: true
  slow: slow-3g
hub:
  relays:
    - { on: "client:**", emit: "server:$1", to: [ others, "room:x" ] }
    - { on: connect, args: [ "$id", { a: 1.50 } ], ack: none, rate: 10/s burst 30 }
  limits: { max-payload: 1MB, ping-interval: 90s }
  recovery: { window: 1h30m }
backends:
  api: { run: "php -S localhost:$PORT", path: /api, env: { B: "yes", A: "1" }, watch: [ "**/*.php" ] }
  admin: { url: "http://localhost:8001", host: admin.localhost }
pipeline:
  tasks: [ { name: less, run: lessc, on: "src/**/*.less" } ]
build: { budget: { "*.js": 200KB } }
`

func TestWhatIsPrintedSaysTheSameWhenItIsReadAgain(t *testing.T) {
	for name, text := range map[string]string{"defaults": "", "everything": fullFile} {
		t.Run(name, func(t *testing.T) {
			first := load(t, Options{Dir: project(t, map[string]string{FileName: text, "app/": ""})})
			for _, origin := range []bool{false, true} {
				again := load(t, Options{Dir: project(t, map[string]string{FileName: first.YAML(origin), "app/": ""})})
				diff := cmp.Diff(first, again, cmpopts.IgnoreUnexported(Config{}), cmpopts.IgnoreFields(Config{}, "Dir", "File"), cmpopts.EquateEmpty())
				if diff != "" {
					t.Errorf("origin %v (-first +again):\n%s\n%s", origin, diff, first.YAML(origin))
				}
				if (first.Hub.Relays == nil) != (again.Hub.Relays == nil) {
					t.Error("no relays and an empty list became the same")
				}
			}
		})
	}
}

func TestPrintedValuesNameTheirOrigin(t *testing.T) {
	c := load(t, Options{Dir: project(t, map[string]string{
		FileName: "serve: { open: true }\nhub:\n  relays:\n    - { on: a, to: all }\nbackends:\n  api:\n    store: d.json\n    path: /api\n",
	}), Detect: func(string) Shape {
		return Shape{Name: "FountainJS", From: "conf/gulp.conf.js", Hints: []Hint{{"paths.bower", "vendor", ".bowerrc"}}}
	}, Environ: []string{"NODE_ENV=production"}})
	text := c.YAML(true)
	for _, want := range []string{
		"# project: FountainJS (conf/gulp.conf.js)\n",
		"  bower: vendor                               # .bowerrc\n",
		"  mode: production                            # NODE_ENV\n",
		"  proxy: localhost:3000                       # default\n",
		"  open: true                                  # realtimectl.yaml:1\n",
		"    - { on: a, to: [ all ] }                  # realtimectl.yaml:4\n",
		"    store: d.json                             # realtimectl.yaml:7\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %q in:\n%s", want, text)
		}
	}
}

func TestValuesForMachines(t *testing.T) {
	c := load(t, Options{Dir: project(t, map[string]string{FileName: fullFile, "app/": ""})})
	want := map[string]string{
		"serve.proxy":         `false`,
		"serve.app":           `"[::1]:3010"`,
		"serve.strict-port":   `true`,
		"hub.recovery.window": `"1h30m"`,
		"hub.recovery.size":   `"16MiB"`,
		"hub.limits.depth":    `100`,
		"hub.relays":          `[{"on":"client:**","emit":"server:$1","to":["others","room:x"]},{"on":"connect","args":["$id",{"a":1.50}],"ack":"none","rate":"10/s burst 30"}]`,
		"backends":            `[{"name":"api","run":"php -S localhost:$PORT","path":"/api","env":{"A":"1","B":"yes"},"timeout":"30s","watch":["**/*.php"],"restart":"on-failure"},{"name":"admin","url":"http://localhost:8001","host":"admin.localhost"}]`,
	}
	for _, k := range Keys() {
		text := c.JSON(k)
		if !json.Valid(text) {
			t.Errorf("%s: %s is no JSON", k.Path, text)
		}
		if w, ok := want[k.Path]; ok && w != string(text) {
			t.Errorf("%s: got %s, want %s", k.Path, text, w)
		}
	}
}

// compiled returns the schema, ready to check values.
func compiled(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	text, err := Schema()
	must(t, err)
	var s jsonschema.Schema
	must(t, json.Unmarshal(text, &s))
	r, err := s.Resolve(nil)
	must(t, err)
	return r
}

// asJSON turns YAML into the values that a schema checks.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	root, err := parseYAML([]byte(text))
	must(t, err)
	raw, err := root.json()
	must(t, err)
	var v any
	must(t, json.Unmarshal(raw, &v))
	return v
}

func TestTheSchemaAndTheParserAgree(t *testing.T) {
	schema := compiled(t)
	good := []string{fullFile, load(t, Options{Dir: t.TempDir()}).YAML(false), "x-mine: { a: 1 }\nserve: { x-note: [ ] }", "serve: { app: 80 }"}
	for _, text := range good {
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("the schema refuses %s: %v", text, err)
		}
	}
	bad := []string{
		"serv: {}", "serve: { prot: 1 }", "serve: { open: yes }", "serve: { mode: dev }", "hub: { relays: [ { emti: a } ] }",
		"hub: { origins: a }", "backends: { api: { rnu: x } }", "hub: { limits: { depth: -1 } }", "hub: { recovery: { window: soon } }",
	}
	for _, text := range bad {
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema lets %s pass", text)
		}
		mistakes(t, text)
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	for _, k := range Keys() {
		if !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: %q is no sentence", k.Path, k.Doc)
		}
	}
	text, err := Schema()
	must(t, err)
	if n := strings.Count(string(text), `"description"`); n < len(Keys()) {
		t.Errorf("%d descriptions in the schema for %d keys", n, len(Keys()))
	}
}

func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(Options{Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
}
