package gulp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

func TestBuildTaskIsTheOneOfTheScriptElseOfTheUsualName(t *testing.T) {
	makes := func(name string, folders ...gulp.Value) *gulp.Task {
		var actions []gulp.Action
		for _, folder := range folders {
			actions = append(actions, piped(src("a"), "gulp.dest", folder))
		}
		return does(name, actions...)
	}
	plan := &gulp.Plan{Tasks: []*gulp.Task{
		makes("default", ".tmp"), makes("dist", "./.tmp/", "www/css", "www", "lib", "lib/b"), makes("release", "out"),
		does("build", piped(src("a"), "gulp.dest", "dist"), &gulp.Watch{}), does("lint"),
	}}
	release := gulp.Building{Script: "build", Invocation: gulp.Invocation{Tasks: []string{"release"}}, Folders: []string{"out"}}
	called := release
	called.Args, called.Env = []string{"--env", "live"}, map[string]string{"NODE_ENV": "production"}
	named := gulp.Building{Invocation: gulp.Invocation{Tasks: []string{"dist"}}, Folders: []string{"www", "www/css", ".tmp", "lib", "lib/b"}}
	for line, want := range map[string]gulp.Building{
		"rm -rf out; gulp release": release,
		`NODE_ENV="production" node_modules/gulp/bin/gulp.js release --env live`: called,
		"cross-env NODE_ENV=production gulp lint && gulp release --env live": {
			Script: "build", Folders: []string{"out"},
			Invocation: gulp.Invocation{Tasks: []string{"lint", "release"}, Args: called.Args, Env: called.Env},
		},
		"gulp build":        named, // it watches
		"gulp lint":         named, // it makes nothing
		"webpack":           named,
		"echo 'gulp build'": named,
	} {
		if diff := cmp.Diff(want, plan.Production(gulp.Script{Name: "build", Line: line})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	if got := (&gulp.Plan{Tasks: []*gulp.Task{does("lint"), makes("odd", "x")}}).Production(); got.Tasks != nil {
		t.Errorf("without a usual name: %v", got.Tasks)
	}
}
