package pipeline

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
)

// Gulp is a project's gulpfile and what is done with it.
type Gulp struct {
	Plan    *gulp.Plan // empty when the gulpfile cannot be read
	Serving gulp.Serving
	// Building is the task that build carries out; without Tasks there is none.
	Building gulp.Building
	// Why says, in words, why the plan is not carried out; "" = it is.
	Why string

	roots   []string // relative folders whose files get the root URL, in order
	outputs []string // relative folders that hold only what tasks have made
}

// carriedOut reports whether development runs the project's own tasks.
func (l Layout) carriedOut() bool { return l.Gulp != nil && l.Gulp.Why == "" }

// mistakes are those of a gulpfile that is not carried out, maybe because of them.
func (l Layout) mistakes() diag.List {
	if l.Gulp == nil || l.Gulp.Why == "" {
		return nil
	}
	return l.Gulp.Plan.Found
}

// Routes are folders that are served under URL paths of their own ("/vendor").
func (l Layout) Routes() map[string]string {
	routes, known := map[string]string{}, l.routes
	if l.carriedOut() {
		known = l.Gulp.Serving.Routes
	}
	for prefix, folder := range known {
		if prefix != "/" && filepath.IsLocal(filepath.FromSlash(folder)) {
			routes[prefix] = folder
		}
	}
	return routes
}

// readGulpfile lets the project's gulpfile say where things are. What it serves counts
// more than what the names of folders suggest.
func (l *Layout) readGulpfile(dir string) {
	plan, serving, err := recordDevelopment(dir)
	if err != nil {
		l.Gulp = &Gulp{Plan: &gulp.Plan{}, Why: err.Error()}
	}
	if plan == nil {
		return
	}
	g := &Gulp{
		Plan: plan, Serving: serving, Building: plan.Production(buildScripts(dir)...),
		outputs: outputsOf(dir, plan),
	}
	l.Gulp, l.hints = g, hintsOf(plan)
	defer l.readSite(dir)
	if !l.makesFiles() {
		g.Why = fmt.Sprintf("no task of %s that a developer runs makes a file or serves a folder", plan.Gulpfile)
		return
	}
	if len(g.Serving.Roots) == 0 {
		readPrograms(dir, &g.Serving, commandLines(g.Serving.Commands))
	}
	g.Serving.Below(resolved(dir))
	if len(g.Serving.Roots) == 0 && !l.hasPage(dir) {
		l.searchPage(dir)
	}
	g.roots = localFolders(dir, g.Serving.Roots)
	if len(g.roots) == 0 {
		g.roots = append(slices.Clone(g.outputs), l.Src)
	}
	from := g.place(g.Serving.Task)
	if l.Kind == Plain || l.Kind == Modules || l.Kind == Wired {
		l.is(GulpTasks, from)
	}
	l.follow(from)
}

func commandLines(commands []gulp.Command) []string {
	var lines []string
	for _, c := range commands {
		lines = append(lines, c.Line)
	}
	return lines
}

// makesFiles reports whether the development task has streams, or serves a folder.
func (l *Layout) makesFiles() bool {
	g := l.Gulp
	found := len(g.Serving.Roots) > 0
	for _, task := range g.Serving.Tasks() {
		g.Plan.Walk(task, func(_ *gulp.Task, a gulp.Action) {
			found = found || gulp.IsMaking(a)
		})
	}
	return found && g.Serving.Task != ""
}

// Unknown returns the plugins of the development and the build task that have no
// counterpart here, each with its task and place.
func (g *Gulp) Unknown() []string {
	var list []string
	note := func(t *gulp.Task, op *gulp.Op) {
		if text := fmt.Sprintf("%s in the task %s (%v)", op.Plugin, t.Name, op.Place); op.Run == nil && op.Plugin != "lazypipe" && !run.Known(op.Plugin) && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, task := range append(g.Serving.Tasks(), g.Building.Tasks...) {
		g.Plan.Ops(task, note)
	}
	return list
}

// place is where a task is written.
func (g *Gulp) place(task string) string {
	if t := g.Plan.Task(task); t != nil && t.Place.File != "" {
		return t.Place.String()
	}
	return g.Plan.Gulpfile
}

// readSite takes the folder of the finished site, which the build may replace, from what
// the build task writes. The folder of static files is none, as it is served beside the
// sources, and clean leaves it alone.
func (l *Layout) readSite(dir string) {
	g := l.Gulp
	if l.Dist != "" || len(g.Building.Tasks) == 0 {
		return
	}
	for _, folder := range localFolders(dir, g.Building.Folders) {
		top := coveredBy(folder, g.outputs)
		if top == "" || isTemporary(top) || !g.Plan.MakesSite(g.Building.Tasks, top) || top == orDefault(l.Public, "public") || l.Src != "." && (covered(top, []string{l.Src}) || covered(l.Src, []string{top})) {
			continue
		}
		l.Dist, l.Origin["dist"] = top, g.place(g.Building.Tasks[len(g.Building.Tasks)-1])
		return
	}
}

// isTemporary reports whether a folder's name says that it holds nothing finished.
func isTemporary(folder string) bool {
	return slices.ContainsFunc(strings.Split(folder, "/"), func(part string) bool {
		return slices.Contains([]string{".tmp", "tmp", ".temp", "temp"}, part)
	})
}

// follow takes the folders that are served: the first that holds sources is the sources'
// folder, the others are served after it.
func (l *Layout) follow(from string) {
	var sources []string
	for _, root := range l.Gulp.roots {
		if !covered(root, l.Gulp.outputs) {
			sources = append(sources, root)
		}
	}
	if len(sources) > 0 {
		l.Src, l.Origin["src"] = sources[0], from
		l.More = sources[1:]
	}
	for prefix, folder := range l.Gulp.Serving.Routes {
		if prefix == "/bower_components" && l.Bower == "" && folder != "bower_components" {
			l.Bower, l.Origin["bower"] = folder, from
		}
	}
	if l.Gulp.Serving.Index != "" {
		l.Index, l.Origin["index"] = l.Gulp.Serving.Index, from
	}
}

// outputsOf returns the folders that tasks write into and that hold nothing of the
// user's: those that tasks delete, those that git does not keep, those that a build of
// ours has made, those that are not there, and the usual two.
func outputsOf(dir string, plan *gulp.Plan) []string {
	outputs, thrownAway := []string{".tmp", "dist"}, gitignored(dir)
	var written []string
	for _, t := range plan.Tasks {
		plan.Walk(t.Name, func(_ *gulp.Task, a gulp.Action) {
			switch a := a.(type) {
			case *gulp.Delete:
				thrownAway = append(thrownAway, localFolders(dir, a.Globs)...)
			case *gulp.Stream:
				written = append(written, localFolders(dir, a.Destinations())...)
			case *gulp.Call:
				written = append(written, localFolders(dir, a.Destinations())...)
			}
		})
	}
	for _, folder := range written {
		at := rooted(dir, folder)
		if slices.Contains(thrownAway, folder) || !isDir(at) || readManifest(at) != nil {
			outputs = append(outputs, folder)
		}
	}
	return topmost(outputs)
}

// localFolders returns what lies inside the project, relative to it; a glob means the
// folder above what it matches.
func localFolders(dir string, names []string) []string {
	var local []string
	for _, name := range names {
		if strings.HasPrefix(name, "!") {
			continue
		}
		if strings.ContainsAny(name, "*?{[(") {
			name = gulp.GlobParent(name)
		}
		if filepath.IsAbs(filepath.FromSlash(name)) {
			rel, err := filepath.Rel(dir, filepath.FromSlash(name))
			if err != nil {
				continue
			}
			name = filepath.ToSlash(rel)
		}
		if name = path.Clean(name); filepath.IsLocal(filepath.FromSlash(name)) && !slices.Contains(local, name) {
			local = append(local, name)
		}
	}
	return local
}

// topmost returns the folders that lie in no other of the list; the project itself is
// nobody's output.
func topmost(folders []string) []string {
	var top []string
	slices.Sort(folders)
	for _, folder := range folders {
		if folder != "." && !covered(folder, top) {
			top = append(top, folder)
		}
	}
	return top
}

// covered reports whether a folder is one of the list or lies in one.
func covered(folder string, list []string) bool { return coveredBy(folder, list) != "" }

// coveredBy returns the folder of the list that another is or lies in; "" = none.
func coveredBy(folder string, list []string) string {
	i := slices.IndexFunc(list, func(dir string) bool {
		return folder == dir || dir == "." || strings.HasPrefix(folder, dir+"/")
	})
	if i < 0 {
		return ""
	}
	return list[i]
}

// url returns the URL path, without the leading slash, of a file that a task has written;
// false when nothing serves it.
func (g *Gulp) url(file string) (string, bool) {
	for _, prefix := range slices.Sorted(maps.Keys(g.Serving.Routes)) {
		if rest, ok := strings.CutPrefix(file, g.Serving.Routes[prefix]+"/"); ok && prefix != "/" {
			return strings.TrimPrefix(prefix, "/") + "/" + rest, true
		}
	}
	for _, root := range g.roots {
		if root == "." {
			return file, true
		}
		if rest, ok := strings.CutPrefix(file, root+"/"); ok {
			return rest, true
		}
	}
	return "", false
}

// hookFolder says where in the generated layer a command puts what belongs into a folder
// of a task's: there, if it lies in the layer, else under the URL that it is served at.
func (g *Gulp) hookFolder(folder string) string {
	if g == nil || covered(folder, []string{generated}) {
		return folder
	}
	if url, ok := g.url(folder + "/x"); ok {
		return path.Join(generated, path.Dir(url))
	}
	return path.Join(generated, folder)
}

// generated is the usual folder of the generated layer, the one that hints name.
const generated = ".tmp"
