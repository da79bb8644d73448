package gulp

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// Building is the task of a plan that makes the finished site.
type Building struct {
	Invocation
	// Script is the name of the script of package.json that says so; "" = the task's own
	// name does.
	Script string
	// Folders are those that its streams write into, as the gulpfile names them, the most
	// likely one for the finished site first.
	Folders []string
}

// Script is a command line of package.json.
type Script struct{ Name, Line string }

// buildNames are what people call the task that makes the finished site, the usual first.
var buildNames = [...]string{
	"build", "dist", "build:prod", "build:production", "build-prod", "build-production", "buildProd", "build:dist", "build:release",
	"prod", "production", "release", "compile", "bundle", "build-all", "build:all", "package", "default",
}

// Production finds the build task: the one that a script of package.json runs (the most
// usual first), else the one with the most usual name. A task that starts a server or a
// watch is none, whatever its name; one that names none has no Tasks.
func (p *Plan) Production(scripts ...Script) Building {
	b := p.buildScript(scripts)
	for _, name := range buildNames {
		if len(b.Tasks) == 0 && p.finishes(name) {
			b.Tasks = []string{name}
		}
	}
	b.Folders = p.destinations(b.Tasks)
	return b
}

// buildScript is what the first script runs that makes files.
func (p *Plan) buildScript(scripts []Script) Building {
	for _, script := range scripts {
		b := Building{Script: script.Name}
		for _, call := range p.invocations(script.Line) {
			b.Tasks, b.Args = append(b.Tasks, call.Tasks...), append(b.Args, call.Args...)
			if len(call.Env) > 0 {
				b.Env = call.Env
			}
		}
		if slices.ContainsFunc(b.Tasks, p.makes) && !slices.ContainsFunc(b.Tasks, p.stays) {
			return b
		}
	}
	return Building{}
}

// Named is a Building of one task, whatever it does.
func (p *Plan) Named(task string) Building {
	return Building{Invocation: Invocation{Tasks: []string{task}}, Folders: p.destinations([]string{task})}
}

// finishes reports whether a task makes files and comes to an end.
func (p *Plan) finishes(task string) bool { return p.makes(task) && !p.stays(task) }

// stays reports whether a task goes on until somebody stops it.
func (p *Plan) stays(task string) bool {
	return p.reaches(task, isServer) || p.reaches(task, isWatch)
}

// siteFolders are what people call the folder of the finished site.
var siteFolders = [...]string{"dist", "build", "www", "public", "release", "prod", "production", "out", "output", "site", "docs"}

// MakesSite reports whether a folder that tasks write into is likely to hold a whole site:
// by its name, or because pages are written right into it.
func (p *Plan) MakesSite(tasks []string, folder string) bool {
	if siteRank(folder) < len(siteFolders) {
		return true
	}
	found := false
	for _, task := range tasks {
		p.Walk(task, func(_ *Task, a Action) {
			st, ok := a.(*Stream)
			if !ok {
				return
			}
			into := func(dir string) bool { return path.Clean(dir) == folder }
			found = found || slices.ContainsFunc(st.Destinations(), into) && st.readsPages()
		})
	}
	return found
}

// readsPages reports whether a stream begins with what becomes pages.
func (st *Stream) readsPages() bool {
	for ; st != nil; st = st.Prev {
		if st.Op.Plugin != "gulp.src" || len(st.Op.Args) == 0 {
			continue
		}
		for _, glob := range Texts(st.Op.Args[0]) {
			switch path.Ext(glob) {
			case ".html", ".htm", ".pug", ".jade", ".njk", ".ejs", ".hbs":
				return true
			}
		}
	}
	return false
}

// siteRank is small for names that people give to the folder of the finished site.
func siteRank(folder string) int {
	first, _, _ := strings.Cut(folder, "/")
	if i := slices.Index(siteFolders[:], first); i >= 0 {
		return i
	}
	return len(siteFolders)
}

// destinations are the folders that tasks write into, cleaned, the most likely ones for a
// finished site first, then those with most streams.
func (p *Plan) destinations(tasks []string) []string {
	count := map[string]int{}
	for _, task := range tasks {
		p.Walk(task, func(_ *Task, a Action) {
			if st, ok := a.(*Stream); ok {
				for _, dir := range st.Destinations() {
					count[path.Clean(dir)]++
				}
			}
		})
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(siteRank(a)-siteRank(b), count[b]-count[a], strings.Compare(a, b))
	})
}
