package gulp

import (
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Serving is what the development task of a plan does with the files it makes.
type Serving struct {
	// Task is the task a developer runs all day; "" when the plan has none.
	Task string
	// Call is how the project's own script calls gulp for it, where it says more than the
	// names of tasks.
	Call Invocation
	// Before are tasks that are run first, each for itself: those that make what a Task
	// only serves.
	Before []string
	// Roots are the folders whose files a browser gets, the first that has a file wins;
	// relative to the project, with slashes. Empty when the plan starts no server, or
	// one that serves no files.
	Roots []string
	// Routes are more folders, by the URL path they are served under.
	Routes map[string]string
	// Index is the page of a folder; "" = index.html.
	Index string
	// Proxies are URLs of servers that the development server stands in front of.
	Proxies []string
	// Commands are the programs that the task would run.
	Commands []Command
}

// Tasks returns what is run, in order.
func (s Serving) Tasks() []string { return append(slices.Clone(s.Before), s.Task) }

// developmentNames are what people call the task they run all day, the usual first.
var developmentNames = [...]string{
	"serve", "server", "dev", "develop", "development", "serve:dev", "serve-dev", "dev:serve", "start", "run", "live",
	"default", "watch", "connect", "webserver", "browser-sync", "browserSync", "browsersync", "sync",
}

// productionWords are parts of the names of tasks that serve something else.
var productionWords = [...]string{"dist", "prod", "build", "test", "e2e", "release", "docs", "deploy", "stage", "staging"}

// Development finds the development task and reads what it serves: the one that the
// project's own scripts run (command lines of package.json, the most usual first), else of
// the tasks that start a server the one with the most usual name, else of those that
// watch, else the default task.
func (p *Plan) Development(scripts ...string) Serving {
	s := Serving{Routes: map[string]string{}}
	if s.Task, s.Before, s.Call = p.scripted(scripts); s.Task == "" {
		s.Task = p.chosen()
	}
	if s.Task == "" {
		return Serving{}
	}
	if s.Before == nil && !p.makes(s.Task) {
		s.Before = p.making()
	}
	for _, task := range s.Tasks() {
		p.Walk(task, func(_ *Task, a Action) { s.read(a) })
	}
	return s
}

// scripted returns what the first script with a development task runs, and how.
func (p *Plan) scripted(scripts []string) (task string, before []string, call Invocation) {
	for _, script := range scripts {
		var names []string
		for _, c := range p.invocations(script) {
			names = append(names, c.Tasks...)
			i := slices.IndexFunc(names, p.stays)
			switch {
			case i < 0:
			case c.IsPlain():
				return names[i], names[:i], Invocation{}
			default:
				return names[i], names[:i], c
			}
		}
	}
	return "", nil, Invocation{}
}

// chosen returns the development task by what it does and how it is called.
func (p *Plan) chosen() string {
	for _, wanted := range []func(Action) bool{isServer, isWatch} {
		if task := p.pick(wanted, usual); task != nil {
			return task.Name
		}
	}
	if p.Task("default") != nil {
		return "default"
	}
	return ""
}

// makes reports whether a task writes files.
func (p *Plan) makes(task string) bool { return p.reaches(task, IsMaking) }

// making returns the task that makes what a server only serves.
func (p *Plan) making() []string {
	rank := func(name string) int {
		if i := slices.Index(makingNames[:], name); i >= 0 {
			return i
		}
		return unusual
	}
	if task := p.pick(IsMaking, rank); task != nil && rank(task.Name) < unusual {
		return []string{task.Name}
	}
	return nil
}

// makingNames are what people call the task that makes everything once.
var makingNames = [...]string{"build:dev", "build-dev", "dev:build", "build:development", "compile", "build", "default", "all"}

// pick returns the task of the lowest rank that reaches an action.
func (p *Plan) pick(wanted func(Action) bool, rank func(name string) int) *Task {
	best, lowest := (*Task)(nil), 0
	for _, t := range p.Tasks {
		r := rank(t.Name)
		if best != nil && r >= lowest || !p.reaches(t.Name, wanted) {
			continue
		}
		best, lowest = t, r
	}
	return best
}

// unusual is the rank of a name that says nothing.
const unusual = len(developmentNames)

// usual is small for names that people give to the development task.
func usual(name string) int {
	if i := slices.Index(developmentNames[:], name); i >= 0 {
		return i
	}
	lower := strings.ToLower(name)
	for _, word := range productionWords {
		if strings.Contains(lower, word) {
			return 2 * unusual
		}
	}
	return unusual
}

func (p *Plan) reaches(task string, wanted func(Action) bool) bool {
	found := false
	p.Walk(task, func(_ *Task, a Action) { found = found || wanted(a) })
	return found
}

// Walk calls visit for every action that a task does, itself or through tasks it names,
// in order, with the task that does it; each task once, watches not followed.
func (p *Plan) Walk(task string, visit func(*Task, Action)) {
	w := walker{plan: p, seen: map[string]bool{}, visit: visit}
	w.task(task)
}

// FoundBy returns the plan's mistakes without those that only other tasks make: whoever
// serves need not hear of the task that publishes.
func (p *Plan) FoundBy(tasks ...string) diag.List {
	own, others := map[diag.Diagnostic]bool{}, map[diag.Diagnostic]bool{}
	for _, t := range p.Tasks {
		p.note(t.Name, others)
	}
	for _, task := range tasks {
		p.note(task, own)
	}
	return slices.DeleteFunc(slices.Clone(p.Found), func(d diag.Diagnostic) bool { return others[d] && !own[d] })
}

// note adds the mistakes of a task and of those that it needs.
func (p *Plan) note(task string, found map[diag.Diagnostic]bool) {
	w := walker{plan: p, seen: map[string]bool{}, visit: func(*Task, Action) {}, body: func(b *Body) {
		for _, d := range b.Found {
			found[d] = true
		}
	}}
	w.task(task)
}

type walker struct {
	plan  *Plan
	seen  map[string]bool
	visit func(*Task, Action)
	body  func(*Body) // nil = nothing to do
}

func (w *walker) task(name string) {
	t := w.plan.Task(name)
	if t == nil || w.seen[name] {
		return
	}
	w.seen[name] = true
	w.work(t, t.Work)
}

func (w *walker) work(t *Task, work Work) {
	switch work := work.(type) {
	case *Series:
		w.all(t, work.Of)
	case *Parallel:
		w.all(t, work.Of)
	case TaskName:
		w.task(string(work))
	case *Body:
		if w.body != nil {
			w.body(work)
		}
		for _, a := range work.Actions {
			w.visit(t, a)
			if start, ok := a.(*Start); ok {
				w.work(t, start.Work)
			}
		}
	}
}

func (w *walker) all(t *Task, list []Work) {
	for _, work := range list {
		w.work(t, work)
	}
}

// isServer reports whether an action starts a server of files, or a proxy before one.
func isServer(a Action) bool {
	server, ok := a.(*Server)
	return ok && server.Kind != "gulp-nodemon" && server.Kind != "nodemon"
}

// IsMaking reports whether an action makes files.
func IsMaking(a Action) bool {
	switch a := a.(type) {
	case *Stream:
		return true
	case *Call:
		return a.WritesItself()
	}
	return false
}

func isWatch(a Action) bool { _, ok := a.(*Watch); return ok }

// read takes from one action what it says about serving.
func (s *Serving) read(a Action) {
	switch a := a.(type) {
	case *Server:
		s.readServer(a)
	case *Command:
		s.Commands = append(s.Commands, *a)
	}
}

func (s *Serving) readServer(a *Server) {
	switch a.Kind {
	case "browser-sync":
		s.readBrowserSync(options(a))
	case "gulp-nodemon", "nodemon":
		s.readScript(a, options(a).Get("script"))
	case "express", "connect", "http":
		s.readUses(options(a).Get("use"))
	case "gulp-webserver", "gulp-server-livereload":
		s.addRoots(a.Options[len(a.Options)-1])
		s.setIndex(options(a).Get("fallback"))
	case "gulp-connect", "gulp-connect-multi", "http-server", "live-server", "lite-server":
		o := options(a)
		s.addRoots(orFirst(o.Get("root"), "."))
		s.setIndex(o.Get("fallback"))
	case "webpack-dev-server":
		s.readWebpack(a)
	default: // gulp-live-server and the like take folders, or a script to run
		for _, v := range a.Options {
			s.readArgument(a, v)
		}
	}
}

// readArgument takes a folder that is served, or a script that is run.
func (s *Serving) readArgument(a *Server, v Value) {
	for _, text := range Texts(v) {
		if path.Ext(text) == ".js" {
			s.readScript(a, text)
			continue
		}
		s.addRoots(text)
	}
}

func (s *Serving) readScript(a *Server, script Value) {
	if text, ok := script.(string); ok && text != "" {
		s.Commands = append(s.Commands, Command{Line: "node " + text, Place: a.Place})
	}
}

// options returns the first argument that is an object; nil if there is none.
func options(a *Server) *Object {
	for _, v := range a.Options {
		if o, ok := v.(*Object); ok {
			return o
		}
	}
	return nil
}

func (s *Serving) readBrowserSync(o *Object) {
	switch server := o.Get("server").(type) {
	case *Object:
		s.addRoots(orFirst(server.Get("baseDir"), "."))
		s.setIndex(server.Get("index"))
		s.addRoutes(server.Get("routes"))
	case bool:
		if server {
			s.addRoots(".")
		}
	case nil:
	default:
		s.addRoots(server)
	}
	s.addRoots(o.Get("serveStatic"))
	switch p := o.Get("proxy").(type) {
	case string:
		s.Proxies = append(s.Proxies, p)
	case *Object:
		s.Proxies = append(s.Proxies, Texts(p.Get("target"))...)
	}
}

// readUses takes the folders that an app of the gulpfile's own serves: those of the calls
// of use that were given one, with the URL path before it.
func (s *Serving) readUses(uses Value) {
	list, _ := uses.([]Value)
	for _, use := range list {
		args, _ := use.([]Value)
		for _, arg := range args {
			op, ok := arg.(*Op)
			if !ok || op.Plugin != "serve-static" || len(op.Args) == 0 {
				continue
			}
			s.addStatic(args[0], op.Args[0])
		}
	}
}

// addStatic takes a folder under the root URL, or under a path; a page is that of all
// routes.
func (s *Serving) addStatic(prefix, dir Value) {
	if text, ok := dir.(string); ok && path.Ext(text) == ".html" {
		s.setIndex(dir)
		return
	}
	at, ok := prefix.(string)
	if !ok || at == "/" || strings.Contains(at, "*") {
		s.addRoots(dir)
		return
	}
	for _, text := range Texts(dir) {
		s.Routes["/"+strings.Trim(at, "/")] = folder(text)
	}
}

// setIndex takes the page of the root URL: some servers want its path in the folder that
// they serve ("src/index.html" below "."), some in the project.
func (s *Serving) setIndex(v Value) {
	text, ok := v.(string)
	if !ok || text == "" || strings.HasSuffix(text, "/") {
		return
	}
	s.Index = s.inRoot(folder(text))
	if path.IsAbs(s.Index) {
		s.Index = path.Base(s.Index)
	}
}

func (s *Serving) addRoutes(v Value) {
	routes, _ := v.(*Object)
	if routes == nil {
		return
	}
	for _, prefix := range routes.Keys {
		if dir, ok := routes.Values[prefix].(string); ok {
			s.Routes["/"+strings.Trim(prefix, "/")] = folder(dir)
		}
	}
}

func (s *Serving) addRoots(v Value) {
	for _, text := range Texts(v) {
		if dir := folder(text); !slices.Contains(s.Roots, dir) {
			s.Roots = append(s.Roots, dir)
		}
	}
}

// folder cleans a folder's name: "./app/" is "app".
func folder(name string) string { return path.Clean(strings.TrimSuffix(name, "/**")) }

// orFirst returns v, or text when v is nothing.
func orFirst(v Value, text string) Value {
	if v == nil {
		return text
	}
	return v
}

// Texts returns the strings in a value: itself, or those of a list.
func Texts(v Value) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []Value:
		var list []string
		for _, e := range v {
			list = append(list, Texts(e)...)
		}
		return list
	}
	return nil
}

// Folders are what the streams of the plan read from: the parents of their globs,
// relative to the project or absolute, sorted.
func (p *Plan) Folders() []string {
	var dirs []string
	for _, t := range p.Tasks {
		p.Walk(t.Name, func(_ *Task, a Action) {
			st, ok := a.(*Stream)
			for ok && st != nil {
				dirs = append(dirs, st.folders()...)
				st = st.Prev
			}
		})
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// Destinations are the folders that a stream writes into on its way, as far as they are
// plain names.
func (st *Stream) Destinations() []string {
	var dirs []string
	for ; st != nil; st = st.Prev {
		if st.Op.Plugin == "gulp.dest" && len(st.Op.Args) > 0 {
			dirs = append(dirs, Texts(st.Op.Args[0])...)
		}
	}
	return dirs
}

func (st *Stream) folders() []string {
	if st.Op.Plugin != "gulp.src" || len(st.Op.Args) == 0 {
		return nil
	}
	var dirs []string
	for _, glob := range Texts(st.Op.Args[0]) {
		if !strings.HasPrefix(glob, "!") {
			dirs = append(dirs, GlobParent(glob))
		}
	}
	return dirs
}

// GlobParent returns the folder below which everything lies that a glob can match.
func GlobParent(glob string) string {
	var parts []string
	segments := strings.Split(glob, "/")
	for _, segment := range segments[:len(segments)-1] {
		if strings.ContainsAny(segment, "*?[]{}!()@+") {
			break
		}
		parts = append(parts, segment)
	}
	if len(parts) == 1 && parts[0] == "" {
		return "/"
	}
	return path.Clean(strings.Join(parts, "/"))
}
