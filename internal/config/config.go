// Package config decides how a project runs: defaults, what the project itself says,
// realtimectl.yaml, the environment and the command line, in rising order of weight.
//
// [Load] reads them all and returns a [Config] in which every value is filled in and
// checked, together with the place each came from ([Config.Origin]). The file is
// optional and strict: an unknown key, a wrong type, a duplicate key or an impossible
// value is an error with line, column, excerpt and, where one can be guessed, the way
// out. All mistakes of a file are reported at once. Keys that begin with "x-" are
// free anywhere: they hold YAML anchors and the user's notes.
//
// # Keys
//
// A key is the path of a value in the file, joined by dots, list elements by their
// index: serve.proxy, hub.relays[0].on, backends.api.run. The struct tags of Config
// are the only list of keys there is: the parser, the environment variables, the
// JSON Schema and `config print` all read them.
//
// # Environment
//
// Each key of one value or of a list of texts can be set by REALTIMECTL_ and the key
// in capitals, dots and dashes turned into underscores: REALTIMECTL_SERVE_PROXY.
// Lists are separated by commas. NODE_ENV chooses serve.mode when nothing else does.
package config

import (
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// The two values of serve.mode.
const (
	Development = "development"
	Production  = "production"
)

// Config is one project's configuration, complete and valid. It must not be changed
// after [Load] returned it; it may be read concurrently.
type Config struct {
	// Dir is the absolute path of the project folder.
	Dir string `yaml:"-"`
	// File is the configuration file that was read, as an absolute path; "" if there is none.
	File string `yaml:"-"`
	// Warnings are worth telling and stop nothing.
	Warnings diag.List `yaml:"-"`
	// Shape is what Options.Detect said.
	Shape Shape `yaml:"-"`

	Paths    Paths     `yaml:"paths" doc:"Folders of the project, relative to it."`
	Serve    Serve     `yaml:"serve" doc:"The listeners and who may talk to them."`
	Hub      Hub       `yaml:"hub" doc:"Socket.IO: which event becomes what, for whom."`
	Backends []Backend `yaml:"backends" doc:"Servers beside this one, by name: a command that is run, a URL, or the built-in JSON store."`
	Pipeline Pipeline  `yaml:"pipeline" doc:"What happens between the source files and the browser."`
	Watch    Watch     `yaml:"watch" doc:"Which changes count."`
	Build    Build     `yaml:"build" doc:"The production build."`

	sources sources
}

// Paths are folders relative to [Config.Dir], with '/' separators, cleaned.
type Paths struct {
	Src    string `yaml:"src" default:"src" doc:"Source files; served as they are in development."`
	Tmp    string `yaml:"tmp" default:".tmp" doc:"What the pipeline makes for development; served before src. Removed by clean."`
	Dist   string `yaml:"dist" default:"dist" doc:"What build makes and production serves. Removed by clean."`
	Public string `yaml:"public" default:"public" doc:"Files that are served and copied without change; the folder may be missing."`
	Bower  string `yaml:"bower" default:"bower_components" doc:"Bower packages; served under /bower_components."`
}

// Serve configures the listeners.
type Serve struct {
	Mode         string   `yaml:"mode" default:"development" enum:"development,production" doc:"development serves src with live reload; production serves dist on the app listener alone."`
	Proxy        Addr     `yaml:"proxy" default:"localhost:3000" doc:"Where the browser goes: the app with live reload. host:port, a port, or false for none; port 0 takes any free one."`
	App          Addr     `yaml:"app" default:"localhost:3010" doc:"The app server without live reload; the only listener in production."`
	Host         string   `yaml:"host" doc:"Address both listeners bind to, instead of the ones in proxy and app; 0.0.0.0 opens them to the network."`
	StrictPort   bool     `yaml:"strict-port" doc:"Fail if a port is taken instead of taking the next free one."`
	Target       string   `yaml:"target" doc:"Put the proxy in front of this URL instead of our own app server."`
	HTTPS        bool     `yaml:"https" doc:"Speak https on both listeners, with a certificate of an authority of your own (see realtimectl certs), or with cert and key."`
	Cert         string   `yaml:"cert" doc:"PEM file of your own certificate with its chain; switches https on unless it is false."`
	Key          string   `yaml:"key" doc:"PEM file of the key that belongs to cert."`
	Open         bool     `yaml:"open" doc:"Open the browser once everything is up."`
	Ghost        bool     `yaml:"ghost" doc:"Mirror clicks, scrolling and input between all open pages."`
	Reload       Reload   `yaml:"reload" doc:"What open pages do beside showing what changed."`
	AllowedHosts []string `yaml:"allowed-hosts" doc:"Host names that may be used to reach us, beside localhost, *.localhost and IP addresses."`
	Fallback     string   `yaml:"fallback" default:"index.html" doc:"Page that answers navigations to paths that are no file."`

	Mounts    map[string]string `yaml:"mounts" doc:"More folders to serve: URL path to folder, as in /docs: ../docs. They come before those of the project."`
	Rewrite   []RewriteRule     `yaml:"rewrite" doc:"Paths that are answered by others; the first rule that matches counts. All other rules go by the path that the browser asks for."`
	Headers   []HeaderRule      `yaml:"headers" doc:"Changes to the headers of answers; every rule that matches, in order."`
	Replace   []ReplaceRule     `yaml:"replace" doc:"Changes to the text of answers; every rule that matches, in order."`
	CORS      []CORSRule        `yaml:"cors" doc:"Paths that pages of other sites may use. For the hub there is hub.origins."`
	BasicAuth BasicAuth         `yaml:"basic-auth" doc:"Ask everybody for a name and a password, on both listeners."`
	Log       bool              `yaml:"log" doc:"Print one line for each request."`
	Slow      string            `yaml:"slow" default:"none" enum:"none,2g,slow-3g,3g,fast-3g,dsl,cable,4g" doc:"Answer as slowly as over this network; development only."`
}

// Reload is serve.reload.
type Reload struct {
	Overlay bool `yaml:"overlay" default:"true" doc:"Show mistakes in the project's files over the page."`
	State   bool `yaml:"state" default:"true" doc:"Give scroll position, focus and form values back after a reload."`
	Errors  bool `yaml:"errors" default:"true" doc:"Print uncaught errors and unhandled rejections of pages in the terminal."`
}

// Backend is one entry of backends; exactly one of Run, URL and Store is set.
type Backend struct {
	Name string `yaml:"-"`

	Run   string `yaml:"run" doc:"Command that starts it; $PORT holds the port it should listen on."`
	URL   string `yaml:"url" doc:"A server that runs already, elsewhere."`
	Store string `yaml:"store" doc:"JSON file of the built-in store: list, get, create, update and delete over HTTP."`

	Path      string `yaml:"path" doc:"Requests under this path go to it."`
	Host      string `yaml:"host" doc:"Requests for this host name go to it, such as admin.localhost."`
	StripPath bool   `yaml:"strip-path" doc:"Take the path prefix off before the request is passed on."`

	Dir     string            `yaml:"dir" doc:"Folder in which the command runs; relative to the project."`
	Port    int               `yaml:"port" doc:"Fixed port for the command; 0 gives it a free one in $PORT." max:"65535"`
	Env     map[string]string `yaml:"env" doc:"Environment variables for the command."`
	EnvFile string            `yaml:"env-file" doc:"File of NAME=value lines, read anew at each start of the command."`
	Health  string            `yaml:"health" doc:"When it counts as up: a path that answers 2xx or 3xx, tcp, or, for a command, log:PATTERN (a regular expression)."`
	Timeout time.Duration     `yaml:"timeout" default:"30s" doc:"How long it may take to become healthy."`
	Depends []string          `yaml:"depends" doc:"Back-ends that must be healthy before it starts."`
	Watch   []string          `yaml:"watch" doc:"A change of a file that matches restarts the command. Patterns are relative to dir."`
	Restart string            `yaml:"restart" default:"on-failure" enum:"on-failure,always,never" doc:"When the command is started again after it ended."`
	Log     string            `yaml:"log" doc:"File that also gets its output."`
	Stdin   bool              `yaml:"stdin" doc:"Lines piped into serve go to this command; on a terminal it is the first that the key t talks to."`

	Emit    map[string]string `yaml:"emit" doc:"Store only: event that is sent to everybody after create, update or delete."`
	Schemas map[string]string `yaml:"schemas" doc:"Store only: JSON Schema file for the records of a collection."`
}

// Pipeline configures the steps between source and browser.
type Pipeline struct {
	Config ConfigModule `yaml:"config" doc:"An AngularJS module of constants made from a JSON file."`
	Tasks  []Task       `yaml:"tasks" doc:"Your own commands, run when files that match change."`
}

// ConfigModule is pipeline.config; it is off while From is empty.
type ConfigModule struct {
	Module      string `yaml:"module" default:"app.config" doc:"Name of the AngularJS module."`
	From        string `yaml:"from" doc:"JSON file with the constants."`
	Environment string `yaml:"environment" doc:"Key of the file whose value is used; empty takes the whole file."`
}

// Task is one command of pipeline.tasks.
type Task struct {
	Name    string            `yaml:"name" doc:"What it is called in messages."`
	Run     string            `yaml:"run" doc:"Command line, run by the shell in the project folder."`
	On      Words             `yaml:"on" doc:"Pattern, or list of patterns, of the files whose change runs it."`
	When    string            `yaml:"when" default:"both" enum:"serve,build,both" doc:"Run it in serve, in build, or in both."`
	Env     map[string]string `yaml:"env" doc:"Environment variables for the command."`
	Timeout time.Duration     `yaml:"timeout" default:"1m" doc:"The command is stopped after this time."`
	Fail    string            `yaml:"fail" default:"stop" enum:"stop,warn" doc:"What a failure does: stop the build, or only warn."`
}

// Watch configures which changes count.
type Watch struct {
	Ignore []string `yaml:"ignore" doc:"Patterns of files whose change is ignored, beside .gitignore, version control, package folders and *.log."`
	Poll   string   `yaml:"poll" default:"auto" enum:"auto,always,never" doc:"Whether files are compared about three times a second instead of waiting for the system's notifications: auto, where it sends none (network and container mounts, a limit that is reached); always; never."`
}

// Build configures the production build.
type Build struct {
	Task      string            `yaml:"task" doc:"Task of the gulpfile that makes the output; empty takes the one that package.json or its name tells, none leaves the gulpfile aside."`
	Sourcemap bool              `yaml:"sourcemap" doc:"Write source maps."`
	Minify    bool              `yaml:"minify" default:"true" doc:"Minify scripts, styles and pages."`
	Base      string            `yaml:"base" default:"/" doc:"URL path under which the site will be served; ./ writes addresses that hold under any."`
	Target    string            `yaml:"target" doc:"Oldest JavaScript to support, such as es2019; empty keeps the default of the build."`
	Define    map[string]string `yaml:"define" doc:"Names in scripts, and the JavaScript expressions that replace them."`
	Budget    map[string]Size   `yaml:"budget" doc:"Largest size of the files that match a pattern, together and compressed with brotli; more fails the build."`
}
