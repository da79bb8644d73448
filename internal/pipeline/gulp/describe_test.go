package gulp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

func examplePlan() *gulp.Plan {
	scripts := piped(src("src/**/*.js"), "gulp-angular-filesort")
	inject := piped(piped(src("src/index.html"), "gulp-inject", scripts), "gulp.dest", ".tmp")
	serve := &gulp.Task{Name: "serve", Place: gulp.Place{File: "gulpfile.js", Line: 9}, Work: &gulp.Series{Of: []gulp.Work{
		gulp.TaskName("inject"),
		&gulp.Body{Actions: []gulp.Action{
			&gulp.Watch{Globs: []string{"src/**"}, Work: gulp.TaskName("inject")},
			&gulp.Delete{Globs: []string{".tmp", "dist"}},
			&gulp.Command{Line: "php -S localhost:8000"},
			&gulp.Start{Work: gulp.TaskName("styles")},
			server("browser-sync"),
		}},
	}}}
	return &gulp.Plan{Tasks: []*gulp.Task{does("inject", inject), serve}}
}

func TestPlanIsDescribedInLines(t *testing.T) {
	want := []string{
		"inject",
		"  [src/index.html] → gulp-inject([src/**/*.js] → gulp-angular-filesort) → .tmp",
		"serve  gulpfile.js:9",
		"  task inject",
		"  watch src/**",
		"    task inject",
		"  delete .tmp, dist",
		"  command php -S localhost:8000",
		"  task styles",
		"  server browser-sync",
	}
	if d := cmp.Diff(want, examplePlan().Describe()); d != "" {
		t.Error(d)
	}
}

func TestOpsInsideArgumentsAreVisitedOnce(t *testing.T) {
	var saw []string
	examplePlan().Ops("serve", func(task *gulp.Task, op *gulp.Op) { saw = append(saw, task.Name+" "+op.Plugin) })
	want := []string{"inject gulp.dest", "inject gulp-inject", "inject gulp-angular-filesort", "inject gulp.src", "inject gulp.src"}
	if d := cmp.Diff(want, saw); d != "" {
		t.Error(d)
	}
}
