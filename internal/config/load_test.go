package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// project makes a folder with the given files; a name that ends in "/" is a folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, o Options) *Config {
	t.Helper()
	c, err := Load(o)
	must(t, err)
	return c
}

// mistakes loads a project whose file has the given text and must be wrong.
func mistakes(t *testing.T, text string) diag.List {
	t.Helper()
	_, err := Load(Options{Dir: project(t, map[string]string{FileName: text, "src/": "", "data.json": "{}"})})
	var list diag.List
	if !errors.As(err, &list) {
		t.Fatalf("got error %v, want a diag.List", err)
	}
	return list
}

func defaultLimits() Limits {
	return Limits{
		PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second, ConnectTimeout: 45 * time.Second,
		UpgradeTimeout: 10 * time.Second, MessageTime: 30 * time.Second, MaxPayload: 1_000_000,
		Connections: 100_000, ConnectionsPerAddress: 1_000, Handshakes: 50, Events: 10_000, Backlog: 4 << 20,
		Attachments: 10, AttachmentBytes: 10_000_000, PayloadPackets: 1_000, Fragments: 256, Depth: 100,
		Namespaces: 50, Rooms: 1_000, NameLength: 256,
	}
}

func TestDefaultsOfAnEmptyProject(t *testing.T) {
	dir := project(t, map[string]string{"src/": ""})
	want := &Config{
		Dir:   dir,
		Paths: Paths{Src: "src", Tmp: ".tmp", Dist: "dist", Public: "public", Bower: "bower_components"},
		Serve: Serve{
			Mode: Development, Proxy: Addr{Host: "localhost", Port: 3000}, App: Addr{Host: "localhost", Port: 3010},
			Fallback: "index.html", Slow: NoNetwork, Reload: Reload{Overlay: true, State: true, Errors: true},
		},
		Hub: Hub{
			Path: "/socket.io/", Publish: Publish{TokenFile: ".realtimectl/token"}, Auth: Auth{Timeout: 5 * time.Second},
			Recovery: Recovery{Enabled: true, Window: 2 * time.Minute, Size: 16 << 20}, Limits: defaultLimits(),
		},
		Pipeline: Pipeline{Config: ConfigModule{Module: "app.config"}},
		Watch:    Watch{Poll: "auto"},
		Build:    Build{Minify: true, Base: "/"},
	}
	if diff := cmp.Diff(want, load(t, Options{Dir: dir}), cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestTheWholeFileIsUnderstood(t *testing.T) {
	text := `
paths: { src: app, tmp: .tmp, dist: out }
serve: { proxy: 4000, app: "127.0.0.1:0", open: true, ghost: false, reload: { overlay: false, errors: false }, mode: production, allowed-hosts: [ demo.example.com ] }
hub:
  path: /ws
  relays:
    - { on: "client:**", emit: "server:$1", to: all }
    - { on: connect, emit: "server:user:online", to: others, args: [ "$id", 1.50, { b: 1, a: [ true, null ] } ] }
    - { on: message-with-ack, ack: args, max-size: 16KiB, rate: 10/s }
  origins: [ "https://abacate.com" ]
  limits: { ping-interval: 10s, max-payload: 1MB, connections: 500 }
backends:
  zebra: { run: "php artisan serve --port $PORT", path: /api, health: /up, env: { DEBUG: true, N: 1 } }
  admin: { url: "http://localhost:8001", host: admin.localhost, health: /up }
pipeline:
  tasks: [ { name: less, run: lessc, on: "src/**/*.less" } ]
build: { budget: { "*.js": 200KB } }
`
	got := load(t, Options{Dir: project(t, map[string]string{FileName: text})})
	if diff := cmp.Diff(Paths{Src: "app", Tmp: ".tmp", Dist: "out", Public: "public", Bower: "bower_components"}, got.Paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	wantServe := Serve{
		Mode: Production, Proxy: Addr{Host: "localhost", Port: 4000}, App: Addr{Host: "127.0.0.1"},
		Open: true, Reload: Reload{State: true}, AllowedHosts: []string{"demo.example.com"}, Fallback: "index.html", Slow: NoNetwork,
	}
	if diff := cmp.Diff(wantServe, got.Serve); diff != "" {
		t.Errorf("serve (-want +got):\n%s", diff)
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	wantRelays := []Relay{
		{Key: "hub.relays[0]", On: "client:**", Emit: "server:$1", To: Words{"all"}},
		{Key: "hub.relays[1]", On: "connect", Emit: "server:user:online", To: Words{"others"}, Args: []json.RawMessage{raw(`"$id"`), raw(`1.50`), raw(`{"b":1,"a":[true,null]}`)}},
		{Key: "hub.relays[2]", On: "message-with-ack", Ack: raw(`"args"`), MaxSize: 16 << 10, Rate: "10/s"},
	}
	if diff := cmp.Diff(wantRelays, got.Hub.Relays); diff != "" {
		t.Errorf("relays (-want +got):\n%s", diff)
	}
	wantLimits := defaultLimits()
	wantLimits.PingInterval, wantLimits.MaxPayload, wantLimits.Connections = 10*time.Second, 1<<20, 500
	if diff := cmp.Diff(wantLimits, got.Hub.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	wantBackends := []Backend{
		{Name: "zebra", Run: "php artisan serve --port $PORT", Path: "/api", Health: "/up", Env: map[string]string{"DEBUG": "true", "N": "1"}, Timeout: 30 * time.Second, Restart: "on-failure"},
		{Name: "admin", URL: "http://localhost:8001", Host: "admin.localhost", Health: "/up"},
	}
	if diff := cmp.Diff(wantBackends, got.Backends); diff != "" {
		t.Errorf("back-ends in file order (-want +got):\n%s", diff)
	}
	wantTasks := []Task{{Name: "less", Run: "lessc", On: Words{"src/**/*.less"}, When: "both", Timeout: time.Minute, Fail: "stop"}}
	if diff := cmp.Diff(wantTasks, got.Pipeline.Tasks); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]Size{"*.js": 200 << 10}, got.Build.Budget); diff != "" {
		t.Errorf("budget (-want +got):\n%s", diff)
	}
	if got.Hub.Path != "/ws/" {
		t.Errorf("hub.path = %q, want the final slash added", got.Hub.Path)
	}
}

func TestNoRelaysAndAnEmptyListDiffer(t *testing.T) {
	silent := load(t, Options{Dir: project(t, map[string]string{FileName: "hub:\n  # relays:\n"})})
	empty := load(t, Options{Dir: project(t, map[string]string{FileName: "hub: { relays: [] }"})})
	if silent.Hub.Relays != nil || empty.Hub.Relays == nil {
		t.Errorf("silent %#v, empty %#v: want nil and an empty list", silent.Hub.Relays, empty.Hub.Relays)
	}
}

func TestEachSourceOutweighsTheOneBelow(t *testing.T) {
	dir := project(t, map[string]string{
		FileName: "paths: { dist: www }\nserve:\n  app: 4010\n  proxy: 4000\n  open: true\n",
	})
	got := load(t, Options{
		Dir: dir,
		Detect: func(string) Shape {
			return Shape{Hints: []Hint{
				{"paths.src", "client", "conf/gulp.conf.js:3"},
				{"paths.dist", "out", "conf/gulp.conf.js:4"},
				{"paths.tmp", ".tmp", "conf/gulp.conf.js:5"},
				{"paths.bower", "vendor", ".bowerrc"},
			}}
		},
		Environ: []string{"REALTIMECTL_SERVE_APP=5010", "REALTIMECTL_SERVE_PROXY=5000", "NODE_ENV=production", "REALTIMECTL_SERVE_ALLOWED_HOSTS=a.test, b.test"},
		Overrides: []Override{
			{Key: "serve.proxy.port", Text: "6000", From: "--proxy-port"},
			{Key: "serve.ghost", Text: "true", From: "REALTIMECTL_GHOST"},
		},
	})
	keys := []string{"paths.src", "paths.tmp", "paths.dist", "paths.bower", "serve.mode", "serve.app", "serve.proxy", "serve.open", "serve.ghost", "serve.allowed-hosts"}
	lines := map[string]string{}
	for _, k := range Keys() {
		lines[k.Path] = got.Text(k) + " from " + got.Origin(k.Path).String()
	}
	want := map[string]string{
		"paths.src":           "client from conf/gulp.conf.js:3",
		"paths.tmp":           ".tmp from default",
		"paths.dist":          "www from realtimectl.yaml:1",
		"paths.bower":         "vendor from .bowerrc",
		"serve.mode":          "production from NODE_ENV",
		"serve.app":           "localhost:5010 from REALTIMECTL_SERVE_APP",
		"serve.proxy":         "localhost:6000 from --proxy-port",
		"serve.open":          "true from realtimectl.yaml:5",
		"serve.ghost":         "true from REALTIMECTL_GHOST",
		"serve.allowed-hosts": `["a.test","b.test"] from REALTIMECTL_SERVE_ALLOWED_HOSTS`,
	}
	for _, k := range keys {
		if lines[k] != want[k] {
			t.Errorf("%s: got %q, want %q", k, lines[k], want[k])
		}
	}
}

func TestNodeEnvYieldsToTheFile(t *testing.T) {
	dir := project(t, map[string]string{FileName: "serve: { mode: development }"})
	got := load(t, Options{Dir: dir, Environ: []string{"NODE_ENV=production"}})
	if got.Serve.Mode != Development || got.Origin("serve.mode").String() != "realtimectl.yaml:1" {
		t.Errorf("mode %s from %s", got.Serve.Mode, got.Origin("serve.mode"))
	}
}

func TestHostBindsBothListeners(t *testing.T) {
	got := load(t, Options{Dir: t.TempDir(), Overrides: []Override{{Key: "serve.host", Text: "0.0.0.0", From: "--host"}}})
	if got.Serve.Proxy.String() != "0.0.0.0:3000" || got.Serve.App.String() != "0.0.0.0:3010" {
		t.Errorf("proxy %s, app %s", got.Serve.Proxy, got.Serve.App)
	}
}

func TestUnknownVariablesAreWarnings(t *testing.T) {
	got := load(t, Options{
		Dir:     t.TempDir(),
		Environ: []string{"REALTIMECTL_SERV_APP=1", "REALTIMECTL_READY_FILE=x", "PATH=/bin", "REALTIMECTL_ZZZZ=1"},
		Flags:   []string{"REALTIMECTL_READY_FILE"},
	})
	want := diag.List{
		{Severity: diag.Warning, Source: "config", Message: "the environment variable REALTIMECTL_SERV_APP means nothing to this program", Hint: "did you mean REALTIMECTL_SERVE_APP?"},
		{Severity: diag.Warning, Source: "config", Message: "the environment variable REALTIMECTL_ZZZZ means nothing to this program", Hint: "`realtimectl help environment` lists the variables"},
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestAWrongVariableOrFlagIsNamed(t *testing.T) {
	_, err := Load(Options{
		Dir:     t.TempDir(),
		Environ: []string{"REALTIMECTL_SERVE_OPEN=maybe"},
		Overrides: []Override{
			{Key: "serve.mode", Text: "prodution", From: "--mode"},
			{Key: "serve.proxy.port", Text: "99999", From: "--proxy-port"},
		},
	})
	want := diag.List{
		{Source: "config", Message: `REALTIMECTL_SERVE_OPEN: "maybe" is neither true nor false`},
		{Source: "config", Message: `--mode: "prodution" is not one of development, production`, Hint: `did you mean "production"?`},
		{Source: "config", Message: `--proxy-port: port 99999 is not between 0 and 65535`},
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestFoldersAndFilesThatAreMissingAreNamed(t *testing.T) {
	dir := project(t, map[string]string{"file": ""})
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"no folder", Options{Dir: filepath.Join(dir, "nowhere")}, "no such folder: " + filepath.Join(dir, "nowhere")},
		{"a file", Options{Dir: filepath.Join(dir, "file")}, filepath.Join(dir, "file") + " is a file, not a folder"},
		{"no config", Options{Dir: dir, File: "nope.yaml"}, "no such configuration file: nope.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(tt.o)
			var list diag.List
			if !errors.As(err, &list) || list[0].Message != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTheOtherSpellingOfTheFileIsRead(t *testing.T) {
	got := load(t, Options{Dir: project(t, map[string]string{"realtimectl.yml": "paths: { src: a }"})})
	if got.Paths.Src != "a" || filepath.Base(got.File) != "realtimectl.yml" {
		t.Errorf("src %q from %q", got.Paths.Src, got.File)
	}
	both := load(t, Options{Dir: project(t, map[string]string{"realtimectl.yml": "", FileName: "paths: { src: b }"})})
	if both.Paths.Src != "b" || len(both.Warnings) != 1 {
		t.Errorf("src %q, warnings %v: want b and a warning", both.Paths.Src, both.Warnings)
	}
}

func TestWhatTheProjectSaysWeighsLessThanItsFile(t *testing.T) {
	shape := Shape{Name: "FountainJS", From: "conf/gulp.conf.js", Hints: []Hint{
		{"paths.src", "client", "conf/gulp.conf.js:3"},
		{"paths.dist", "release", "conf/gulp.conf.js:4"},
		{"paths.tmp", "../elsewhere", "conf/gulp.conf.js:5"},
		{"paths.bower", "bower_components", ".bowerrc"}, // the default
	}}
	got := load(t, Options{Dir: project(t, map[string]string{FileName: "paths: { dist: out }"}), Detect: func(string) Shape { return shape }})
	want := Paths{Src: "client", Tmp: ".tmp", Dist: "out", Public: "public", Bower: "bower_components"}
	if diff := cmp.Diff(want, got.Paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for key, origin := range map[string]string{"paths.src": "conf/gulp.conf.js:3", "paths.dist": FileName + ":1", "paths.tmp": "default", "paths.bower": "default"} {
		if got := got.Origin(key).String(); got != origin {
			t.Errorf("%s comes from %s, want %s", key, got, origin)
		}
	}
	if diff := cmp.Diff(shape, got.Shape); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
}

func TestTheProjectNamesItself(t *testing.T) {
	named := load(t, Options{Dir: project(t, map[string]string{"bower.json": `{"name":"abacate"}`, "package.json": `{`})})
	if got := named.Project(); got != "abacate" {
		t.Errorf("project %q, want the name in bower.json", got)
	}
	dir := t.TempDir()
	if got := load(t, Options{Dir: dir}).Project(); got != filepath.Base(dir) {
		t.Errorf("project %q, want the folder's name", got)
	}
}
