package gulp_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

func object(pairs ...any) *gulp.Object {
	o := &gulp.Object{Values: map[string]gulp.Value{}}
	for i := 0; i < len(pairs); i += 2 {
		key := pairs[i].(string)
		o.Keys, o.Values[key] = append(o.Keys, key), pairs[i+1]
	}
	return o
}

func server(kind string, options ...gulp.Value) *gulp.Server {
	return &gulp.Server{Kind: kind, Options: options}
}

func does(name string, actions ...gulp.Action) *gulp.Task {
	return &gulp.Task{Name: name, Work: &gulp.Body{Actions: actions}}
}

func src(globs ...gulp.Value) *gulp.Stream {
	return &gulp.Stream{Op: &gulp.Op{Plugin: "gulp.src", Args: []gulp.Value{globs}}}
}

func piped(from *gulp.Stream, plugin string, args ...gulp.Value) *gulp.Stream {
	return &gulp.Stream{Prev: from, Op: &gulp.Op{Plugin: plugin, Args: args}}
}

func TestDevelopmentTaskAndWhatItServes(t *testing.T) {
	sync := server("browser-sync", object("server", object("baseDir", []gulp.Value{".tmp", "src"}, "routes", object("/bower_components", "bower_components"))))
	for name, c := range map[string]struct {
		tasks []*gulp.Task
		want  gulp.Serving
	}{
		"a generator's": {
			[]*gulp.Task{
				{Name: "serve", Work: &gulp.Series{Of: []gulp.Work{gulp.TaskName("inject"), gulp.TaskName("browsersync")}}},
				{Name: "serve:dist", Work: &gulp.Series{Of: []gulp.Work{gulp.TaskName("browsersync:dist")}}},
				does("inject"),
				does("browsersync", sync),
				does("browsersync:dist", server("browser-sync", object("server", "dist"))),
			},
			gulp.Serving{Task: "serve", Roots: []string{".tmp", "src"}, Routes: map[string]string{"/bower_components": "bower_components"}},
		},
		"that of the distribution comes first in the file": {
			[]*gulp.Task{does("serve-dist", server("gulp-connect", object("root", "dist"))), does("go", server("gulp-connect", object("root", "./app/", "fallback", "app/main.html")))},
			gulp.Serving{Task: "go", Roots: []string{"app"}, Index: "main.html", Routes: map[string]string{}},
		},
		"folders piped into a server": {
			[]*gulp.Task{does("webserver", server("gulp-webserver", object("fallback", "home.html"), []gulp.Value{"./build", "vendor"}))},
			gulp.Serving{Task: "webserver", Roots: []string{"build", "vendor"}, Index: "home.html", Routes: map[string]string{}},
		},
		"the project itself": {
			[]*gulp.Task{does("default", server("browser-sync", object("server", true)))},
			gulp.Serving{Task: "default", Roots: []string{"."}, Routes: map[string]string{}},
		},
		"a proxy in front of a script": {
			[]*gulp.Task{{Name: "default", Work: &gulp.Series{Of: []gulp.Work{gulp.TaskName("nodemon"), gulp.TaskName("sync")}}}, does("nodemon", server("gulp-nodemon", object("script", "server.js"))), does("sync", server("browser-sync", object("proxy", "localhost:5000")))},
			gulp.Serving{Task: "default", Routes: map[string]string{}, Proxies: []string{"localhost:5000"}, Commands: []gulp.Command{{Line: "node server.js"}}},
		},
		"an app of the gulpfile's own": {
			[]*gulp.Task{does("express", server("express", object("port", 4000.0, "use", []gulp.Value{
				[]gulp.Value{&gulp.Op{Plugin: "connect-livereload"}},
				[]gulp.Value{"/vendor", &gulp.Op{Plugin: "serve-static", Args: []gulp.Value{"bower_components"}}},
				[]gulp.Value{&gulp.Op{Plugin: "serve-static", Args: []gulp.Value{"app"}}},
			})))},
			gulp.Serving{Task: "express", Roots: []string{"app"}, Routes: map[string]string{"/vendor": "bower_components"}},
		},
		"no server, but a watch": {
			[]*gulp.Task{does("scripts"), does("observe", &gulp.Watch{Globs: []string{"**/*.js"}}), does("default")},
			gulp.Serving{Task: "observe", Routes: map[string]string{}},
		},
		"tasks started from inside a function": {
			[]*gulp.Task{does("dev", &gulp.Start{Work: &gulp.Series{Of: []gulp.Work{gulp.TaskName("live")}}}), does("live", server("gulp-live-server", "public"))},
			gulp.Serving{Task: "dev", Roots: []string{"public"}, Routes: map[string]string{}},
		},
		"a server that serves what another task makes": {
			[]*gulp.Task{does("build:prod", piped(src("a"), "gulp.dest", "www")), does("build:dev", piped(src("a"), "gulp.dest", "www")), does("server:dev", server("browser-sync", object("server", "www")))},
			gulp.Serving{Task: "server:dev", Before: []string{"build:dev"}, Roots: []string{"www"}, Routes: map[string]string{}},
		},
		"nothing of the kind": {
			[]*gulp.Task{does("lint")},
			gulp.Serving{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := &gulp.Plan{Tasks: c.tasks}
			if d := cmp.Diff(c.want, plan.Development()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestScriptsOfTheProjectSayWhatIsRun(t *testing.T) {
	plan := &gulp.Plan{Tasks: []*gulp.Task{
		does("serve", server("browser-sync", object("server", "app"))),
		does("up", server("browser-sync", object("server", "out"))),
		does("make", piped(src("a"), "gulp.dest", "out")),
		does("default", piped(src("a"), "gulp.dest", "out")),
	}}
	up := gulp.Serving{Task: "up", Before: []string{"make"}, Roots: []string{"out"}, Routes: map[string]string{}}
	serve := gulp.Serving{Task: "serve", Before: []string{"default"}, Roots: []string{"app"}, Routes: map[string]string{}}
	called := up
	called.Call = gulp.Invocation{Tasks: []string{"make", "up"}, Args: []string{"--dev"}}
	for script, want := range map[string]gulp.Serving{
		"gulp make && gulp up":                           up,
		"node_modules/.bin/gulp make up --dev":           called,
		"npm run clean; NODE_ENV=dev gulp make; gulp up": up,
		"gulp; gulp missing serve":                       serve,
		"node server.js":                                 serve,
		"gulp-something up":                              serve,
	} {
		if d := cmp.Diff(want, plan.Development(script)); d != "" {
			t.Errorf("%s:\n%s", script, d)
		}
	}
}

func TestTasksThatNameEachOtherAreWalkedOnce(t *testing.T) {
	again := gulp.Work(&gulp.Parallel{Of: []gulp.Work{gulp.TaskName("b"), gulp.TaskName("a"), gulp.TaskName("missing")}})
	plan := &gulp.Plan{Tasks: []*gulp.Task{{Name: "a", Work: again}, does("b", &gulp.Delete{}, &gulp.Start{Work: again})}}
	var saw []string
	plan.Walk("a", func(t *gulp.Task, _ gulp.Action) { saw = append(saw, t.Name) })
	if want := []string{"b", "b"}; !slices.Equal(saw, want) {
		t.Errorf("walked %v, want %v", saw, want)
	}
}

func TestFoldersAreThoseThatStreamsRead(t *testing.T) {
	plan := &gulp.Plan{Tasks: []*gulp.Task{does("a", piped(src("src/app/**/*.js", "!src/lib/**", "index.html"), "gulp.dest", "dist"), src("/x/{a,b}.js", "../shared/?.js"))}}
	if d := cmp.Diff([]string{".", "../shared", "/x", "src/app"}, plan.Folders()); d != "" {
		t.Error(d)
	}
}
