package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/realtimectl/realtimectl/internal/backend"
	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/devserver"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/guard"
	"github.com/realtimectl/realtimectl/internal/hub"
	"github.com/realtimectl/realtimectl/internal/hub/client"
	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/pipeline"
	"github.com/realtimectl/realtimectl/internal/proxy"
	"github.com/realtimectl/realtimectl/internal/watch"
)

// parts is everything that runs, assembled and not yet started. The fields from live
// on are nil in production.
type parts struct {
	cfg     *config.Config
	layout  pipeline.Layout
	log     *slog.Logger
	reload  func() (*config.Config, error)
	version string
	token   string
	doors   *doors
	// tls makes both listeners speak https; nil is plain http.
	tls *tls.Config
	// certificate is the file that a client may trust to reach them; "" without https.
	certificate string
	// terminal says that back-ends may print in colour.
	terminal bool
	columns  int          // of the terminal they get
	target   http.Handler // what the proxy stands in front of, if not our own app

	guard atomic.Pointer[guard.Guard]
	hub   *hub.Hub
	files *devserver.Server
	// inForce is the configuration as it was last taken over: of its back-ends, and of what
	// else counts without a restart, it is what runs.
	inForce atomic.Pointer[config.Config]
	// mounts are the ways of the back-ends by path and host, behind what answers there, by
	// name; behind belongs to who takes over a configuration.
	mounts atomic.Pointer[[]mount]
	behind map[string]behind
	named  func(names []string) // is told their names
	// services are the back-ends that are commands or run elsewhere; nil in production
	// without one.
	services *backend.Group
	// restarting holds the names of back-ends whose restart a saved file has caused.
	restarting sync.Map
	rules      rules
	refits     []*refit    // made again when the rules change
	locked     atomic.Bool // everybody is asked for a password
	ghost      bool        // as the configuration last said

	ends []func() error // frees what holds files or connections

	live     *livereload.Server
	pipeline *pipeline.Pipeline
	watcher  *watch.Watcher
	gate     *gate
	watching int       // files, when watching started
	told     diag.List // mistakes that were printed at the start
}

// assemble makes the parts and joins them. What a step opened is closed again if a
// later one fails.
func assemble(ctx context.Context, o Options, d *doors) (*parts, error) {
	p := &parts{cfg: o.Project.Config, layout: o.Project.Layout, log: o.Log, reload: o.Reload, version: o.Version, doors: d, terminal: o.Terminal, columns: o.Columns, named: o.Backends}
	p.inForce.Store(p.cfg)
	steps := []func(context.Context) error{p.addGuard, p.addHTTPS(o.Authority), p.addRules, p.addHub, p.addFiles, p.addServices, p.addBackends}
	if p.cfg.Serve.Mode == config.Development {
		steps = append(steps, p.addSchema, p.addTarget, p.addPipeline, p.addLiveReload, p.addFlow, p.addWatcher)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// close frees what the units do not.
func (p *parts) close() error {
	err := forgetRun(p.cfg)
	for _, end := range p.ends {
		err = errors.Join(err, end())
	}
	return err
}

// atEnd lets close free what a part holds.
func (p *parts) atEnd(end func() error) { p.ends = append(p.ends, end) }

// units lists what runs, in the order of starting. The hub comes after the servers, so
// that at the end it can say goodbye to its clients while they still answer; the
// back-ends come first, so that they answer for as long as anybody asks.
func (p *parts) units() []unit {
	var units []unit
	if p.services != nil {
		units = append(units, unit{"back-ends", p.runServices})
	}
	units = append(units, unit{"app server", p.server(p.doors.app, p.guarded(p.app())).run})
	if p.doors.proxy != nil {
		units = append(units, unit{"proxy", p.server(p.doors.proxy, p.guarded(p.front())).run})
	}
	units = append(units, unit{"hub", p.hub.Run})
	if p.watcher != nil {
		units = append(units, unit{"watch", p.follow})
	}
	return units
}

func (p *parts) server(b *binding, h http.Handler) *server {
	s := &server{binding: b, handler: h, log: p.log}
	if p.tls != nil {
		s.tls = p.tls.Clone() // net/http completes it, each server its own
		s.plain = p.refitted(func() http.Handler { return p.guard.Load().Handler(toHTTPS()) })
	}
	if p.cfg.Serve.Mode == config.Production {
		s.drain = drainTime
	}
	return s
}

// hosts are the names by which the configuration lets us be reached.
func (p *parts) hosts(cfg *config.Config) []string {
	hosts := append([]string{p.doors.appHost, p.doors.proxyHost}, cfg.Serve.AllowedHosts...)
	for _, b := range cfg.Backends {
		hosts = append(hosts, b.Host)
	}
	return hosts
}

func (p *parts) addGuard(context.Context) error {
	p.guard.Store(p.guardFor(p.cfg))
	return nil
}

func (p *parts) addHub(context.Context) error {
	token, err := publishToken(p.cfg)
	if readOnly(err) && !p.cfg.Given("hub.publish.token-file") {
		p.log.Warn(fmt.Sprintf("back-ends and a second terminal cannot speak to the hub: %v", err), "event", "state.not-written",
			"hint", "serve from a folder that may be written to, or name a file elsewhere with hub.publish.token-file")
		token, err = rand.Text(), nil // nobody knows it
	}
	if err != nil {
		return err
	}
	p.token = token
	set, err := compileRelays(p.cfg)
	if err != nil {
		return err
	}
	who, err := authenticator(p.cfg)
	if err != nil {
		return err
	}
	o := hub.Options{
		Recovery: recovery(p.cfg),
		Path:     p.cfg.Hub.Path, Relays: set, Namespaces: p.cfg.Hub.Namespaces,
		AllowOrigin: p.allowOrigin, Protocol: protocol(p.cfg.Hub.Limits),
		MaxEventRate: p.cfg.Hub.Limits.Events, MaxRooms: p.cfg.Hub.Limits.Rooms,
		Packages: p.packages(), Bundle: client.Source(), Module: client.Module(),
		Log: p.log,
	}
	if who != nil {
		o.Auth = who
		p.atEnd(func() error { who.Close(); return nil })
	}
	p.hub, err = hub.New(o)
	return err
}

// packages are the folders that may hold the project's own Socket.IO client.
func (p *parts) packages() []fs.FS {
	return []fs.FS{
		os.DirFS(filepath.Join(p.cfg.Dir, "node_modules")),
		os.DirFS(p.cfg.Abs(p.cfg.Paths.Bower)),
	}
}

func (p *parts) addFiles(context.Context) error {
	layers := []devserver.Layer{{Prefix: "/", Dir: p.cfg.Abs(p.cfg.Paths.Dist)}}
	if p.cfg.Serve.Mode == config.Development {
		layers = []devserver.Layer{
			{Prefix: "/", Dir: p.cfg.Abs(p.cfg.Paths.Tmp), Compiled: true},
			{Prefix: "/", Dir: p.cfg.Abs(p.cfg.Paths.Src)},
			{Prefix: "/", Dir: p.cfg.Abs(p.cfg.Paths.Public)},
		}
		layers = slices.Concat(layers, moreLayers(p.cfg, p.layout), []devserver.Layer{
			{Prefix: "/bower_components", Dir: p.cfg.Abs(p.cfg.Paths.Bower), Packages: true},
			{Prefix: "/node_modules", Dir: filepath.Join(p.cfg.Dir, "node_modules"), Packages: true},
		})
	}
	var err error
	p.files, err = devserver.New(devserver.Options{
		Layers: slices.Concat(extraLayers(p.cfg), layers), Fallback: p.cfg.Serve.Fallback, Index: index(p.cfg, p.layout),
		Private: secretFiles(p.cfg), Production: p.cfg.Serve.Mode == config.Production, Log: p.log,
	})
	if err != nil {
		return err
	}
	p.atEnd(p.files.Close)
	return nil
}

// index is the page of the root URL where the project's own development server names
// another than index.html. A fallback that the user chose is one for routes alone.
func index(cfg *config.Config, l pipeline.Layout) string {
	if cfg.Serve.Mode == config.Development && cfg.Serve.Fallback == l.Index {
		return l.Index
	}
	return ""
}

// secretFiles are what the configuration names and no request may read.
func secretFiles(cfg *config.Config) []string {
	s, h := cfg.Serve, cfg.Hub
	names := []string{cfg.File, s.Key, s.BasicAuth.UsersFile, h.Publish.TokenFile, h.Auth.SecretFile, h.Auth.KeyFile, h.Auth.JWKSFile, h.Recovery.Store}
	for _, b := range cfg.Backends {
		names = append(names, b.Store, b.Log)
		if b.EnvFile != "" && !filepath.IsAbs(b.EnvFile) {
			b.EnvFile = filepath.Join(cfg.Abs(b.Dir), b.EnvFile)
		}
		names = append(names, b.EnvFile)
	}
	var files []string
	for _, name := range names {
		if name != "" {
			files = append(files, cfg.Abs(name))
		}
	}
	return files
}

// extraLayers are the folders of serve.mounts, the deepest path first. They come before
// those of the project: what a user names wins over what is found.
func extraLayers(cfg *config.Config) []devserver.Layer {
	var layers []devserver.Layer
	for path, dir := range cfg.Serve.Mounts {
		layers = append(layers, devserver.Layer{Prefix: "/" + strings.Trim(path, "/"), Dir: cfg.Abs(dir)})
	}
	slices.SortFunc(layers, func(a, b devserver.Layer) int {
		return cmp.Or(cmp.Compare(len(b.Prefix), len(a.Prefix)), strings.Compare(a.Prefix, b.Prefix))
	})
	return layers
}

// moreLayers are the folders that the project's own development server has beside the
// usual ones.
func moreLayers(cfg *config.Config, l pipeline.Layout) []devserver.Layer {
	var layers []devserver.Layer
	for _, folder := range l.More {
		layers = append(layers, devserver.Layer{Prefix: "/", Dir: cfg.Abs(folder)})
	}
	if tmp := cfg.Paths.Tmp; (l.Src == "." || slices.Contains(l.More, ".")) && filepath.IsLocal(tmp) {
		// Pages that are served from the project itself name it: /.tmp/styles.css.
		layers = append(layers, devserver.Layer{Prefix: "/" + filepath.ToSlash(tmp), Dir: filepath.Join(cfg.Abs(tmp), tmp), Compiled: true})
	}
	for _, prefix := range slices.Sorted(maps.Keys(l.Routes())) {
		layers = append(layers, devserver.Layer{Prefix: prefix, Dir: cfg.Abs(l.Routes()[prefix])})
	}
	return layers
}

func (p *parts) addPipeline(ctx context.Context) error {
	var err error
	o := PipelineOptions(Project{Config: p.cfg, Layout: p.layout})
	o.Log = p.log
	p.pipeline, err = pipeline.New(o)
	if err != nil {
		return err
	}
	p.atEnd(p.pipeline.Close)
	result, err := p.pipeline.Start(ctx)
	if err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	switch {
	case result.Diagnostics.Err() != nil:
		p.log.Error("the project does not build yet", "event", "pipeline.broken", "diagnostics", result.Diagnostics)
	case len(result.Diagnostics) > 0:
		p.log.Warn("the project builds with warnings", "event", "pipeline.warned", "diagnostics", result.Diagnostics)
	}
	p.told = result.Diagnostics
	return nil
}

func (p *parts) addLiveReload(context.Context) error {
	p.ghost = p.cfg.Serve.Ghost
	o := livereload.Options{
		CheckOrigin: p.allowOrigin, Token: p.token, Served: p.files, Resolve: p.resolve, Ghost: p.cfg.Serve.Ghost,
		NoOverlay: !p.cfg.Serve.Reload.Overlay, NoState: !p.cfg.Serve.Reload.State, Log: p.log,
	}
	if p.cfg.Serve.Reload.Errors {
		o.OnPageError = p.reportPageError
	}
	p.live = livereload.New(o)
	return nil
}

// resolve returns the URL path of a file, which is named from the project folder or whole.
func (p *parts) resolve(file string) (urlPath string, ok bool) {
	return p.files.Resolve(p.cfg.Abs(file))
}

// reportPageError shows in the terminal what went wrong in a page.
func (p *parts) reportPageError(e livereload.PageError) {
	p.log.Error("an error in the page "+e.Page, "event", "page.error", "diagnostics", diag.List{e.Diagnostic})
}

// unwatched are folders in which nobody edits what a page shows, and files that grow while
// programs run: a line about a change of one would be the next change.
func unwatched() []string {
	return []string{".git/", ".hg/", ".svn/", "node_modules/", "bower_components/", "*.log", "nohup.out"}
}

// output is the folder of the build, which is no source wherever it lies in the project.
func output(cfg *config.Config) []string {
	if !filepath.IsLocal(cfg.Paths.Dist) {
		return nil
	}
	return []string{"/" + cfg.Paths.Dist + "/"}
}

// polling is watch.poll as the watcher takes it.
func polling(cfg *config.Config) watch.Poll {
	if cfg.Watch.Poll == "auto" {
		return watch.PollAuto
	}
	return watch.Poll(cfg.Watch.Poll)
}

// addWatcher starts watching before the first page is served, so that no save is missed.
func (p *parts) addWatcher(context.Context) error {
	var files []string
	for _, name := range slices.Concat(pipeline.InstallRecords(), p.layout.EnvFiles(), pipeline.ConfigFiles(p.cfg.Dir), []string{"bower.json"}) {
		files = append(files, filepath.Join(p.cfg.Dir, name))
	}
	files = slices.Concat(files, p.ruleFiles(p.cfg), p.services.Files())
	if s := settings(p.cfg); s != nil {
		files = append(files, p.cfg.Abs(s.From))
	}
	dirs := []string{p.cfg.Abs(p.cfg.Paths.Src), p.cfg.Abs(p.cfg.Paths.Public), p.cfg.Abs(p.cfg.Paths.Tmp)}
	if p.target != nil || p.layout.Gulp != nil {
		dirs = []string{p.cfg.Dir} // an app, or tasks, of any shape
	}
	for _, layer := range extraLayers(p.cfg) {
		dirs = append(dirs, layer.Dir)
	}
	w, err := watch.New(watch.Options{
		Dirs:   slices.Concat(dirs, p.pipeline.Folders(), taskFolders(p.cfg), p.services.Folders()),
		Files:  files,
		Ignore: either(dependencies(dirs), ownOutput(os.Stdout, os.Stderr)),
		Rules:  watch.NewRules(p.cfg.Dir, slices.Concat(unwatched(), output(p.cfg), p.cfg.Watch.Ignore)...),
		Poll:   polling(p.cfg),
		Log:    p.log,
	})
	if err != nil {
		return err
	}
	p.watcher, p.watching = w, w.Watching()
	return nil
}

// restAfter is when a project has been looked at and its first page is served: what that
// took is given back to the system.
const restAfter = 3 * time.Second

// follow runs the flow from a saved file to the pages.
func (p *parts) follow(ctx context.Context) error {
	rest := time.AfterFunc(restAfter, debug.FreeOSMemory)
	defer rest.Stop()
	return p.watcher.Run(ctx, p.gate.pass)
}

// addFlow joins the first flow behind the gate that a person may close.
func (p *parts) addFlow(ctx context.Context) error {
	flow := &changes{
		dir: p.cfg.Dir, rules: p.ruleFiles(p.cfg), log: p.log,
		rebuild: p.rebuild, resolve: p.files.URLs, notify: p.live.Notify,
		foreign: p.target != nil, hot: p.hot(), exists: exists, open: p.live.Pages, told: p.told,
	}
	var conf *rereader
	conf = &rereader{
		load: p.reload, running: p.cfg, last: p.cfg, hub: p.hub, log: p.log, rules: p.takeRules,
		backends: func(next *config.Config) (func(), error) { return p.takeBackends(ctx, next) },
		taken:    func(next *config.Config) { p.inForce.Store(next) },
		hide:     func(next *config.Config) error { return p.files.Hide(secretFiles(next)...) },
		names: func(next *config.Config) {
			flow.rules = append(p.ruleFiles(next), p.ruleFiles(conf.last)...)
			p.alsoWatch(flow.rules)
		},
		awaits: func(files []string) {
			flow.rules = append(flow.rules, files...)
			p.alsoWatch(flow.rules)
		},
	}
	flow.reread = conf.reread
	p.gate = newGate(func(b watch.Batch) {
		p.restartServices(b)
		flow.apply(ctx, b)
	})
	return nil
}

// rebuild redoes what changed files concern. What it reads from now on is watched from now
// on.
func (p *parts) rebuild(ctx context.Context, paths []string) (pipeline.Result, error) {
	result, err := p.pipeline.Rebuild(ctx, paths)
	p.watcher.Add(p.pipeline.Folders()...)
	return result, err
}

// alsoWatch watches what the configuration names now: files that it is made of, and what
// restarts back-ends.
func (p *parts) alsoWatch(files []string) {
	p.watcher.Follow(p.services.Folders(), slices.Concat(files, p.services.Files()))
}

// hot is the name of the server behind the target if it tells its pages of changes itself.
func (p *parts) hot() string {
	if p.target != nil && p.layout.Kind == pipeline.Vite {
		return "Vite"
	}
	return ""
}

// addTarget makes the proxy stand in front of the URL that the user names, instead of
// our own app server.
func (p *parts) addTarget(context.Context) error {
	if p.cfg.Serve.Target == "" {
		return nil
	}
	target, err := url.Parse(p.cfg.Serve.Target)
	if err != nil {
		return fmt.Errorf("serve.target: %w", err)
	}
	p.target, err = p.upstream(proxy.Options{Target: target, Log: p.log})
	return err
}
