package run

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// angularProject writes an AngularJS project of n scripts, and a quarter of templates,
// and returns it with the tasks that its generator gave it.
func angularProject(b *testing.B, n int) (dir string, plan *gulp.Plan) {
	files := map[string]string{"src/index.html": "<head>\n<!-- inject:css -->\n<!-- endinject -->\n</head>\n<!-- bower:js -->\n<!-- endbower -->\n<!-- inject:js -->\n<!-- endinject -->\n"}
	for i := range n {
		at := fmt.Sprintf("src/app/part%d/x%d", i/20, i)
		files[at+".js"] = fmt.Sprintf("(function () {\n  'use strict';\n  angular.module('app.part%d'%s)\n    .controller('C%d', function ($scope, $http) {\n      $scope.value = %d;\n    });\n})();\n", i/20, map[bool]string{true: ", []"}[i%20 == 0], i, i)
		if i%4 == 0 {
			files[at+".html"] = fmt.Sprintf("<div class=\"a  b\" ng-if=\"x\"><p>{{ value }} %d</p></div>\n", i)
			files[at+".css"] = fmt.Sprintf(".c%d { color: red; }\n", i)
		}
	}
	var p planner
	p.task("scripts", p.stream(p.op("gulp.src", "src/**/*.js"), p.op("gulp-eslint"), p.op("gulp.dest", ".tmp")))
	p.task("styles", p.stream(p.op("gulp.src", "src/**/*.css"), p.op("gulp.dest", ".tmp")))
	p.task("partials", p.stream(p.op("gulp.src", "src/app/**/*.html"), p.op("gulp-htmlmin"),
		p.op("gulp-angular-templatecache", "templateCacheHtml.js", newObject("module", "app", "root", "app")), p.op("gulp.dest", ".tmp")))
	own := newObject("ignorePath", list("src", ".tmp"), "addRootSlash", false)
	scripts := p.stream(p.op("gulp.src", list(".tmp/**/*.js", "!.tmp/**/*.spec.js")), p.op("gulp-angular-filesort"))
	styles := p.stream(p.op("gulp.src", ".tmp/**/*.css", newObject("read", false)))
	p.task("inject", p.stream(p.op("gulp.src", "src/index.html"), p.op("gulp-inject", styles, own), p.op("gulp-inject", scripts, own), p.op("wiredep.stream"), p.op("gulp.dest", ".tmp")))
	p.work("serve", &gulp.Series{Of: []gulp.Work{gulp.TaskName("scripts"), gulp.TaskName("styles"), gulp.TaskName("partials"), gulp.TaskName("inject")}})
	return project(b, files), &p.plan
}

func BenchmarkFirstRun(b *testing.B) {
	for _, n := range []int{500, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir, plan := angularProject(b, n)
			b.ReportAllocs()
			for b.Loop() {
				mustRun(b, New(Options{Dir: dir, Plan: plan, Outputs: []string{".tmp"}}), "serve")
			}
		})
	}
}

func BenchmarkRunAfterAnEdit(b *testing.B) {
	for _, n := range []int{500, 2000} {
		for _, kind := range []string{"js", "html"} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) {
				dir, plan := angularProject(b, n)
				disk := NewDisk(dir)
				r := New(Options{Dir: dir, Plan: plan, Disk: disk, Outputs: []string{".tmp"}})
				mustRun(b, r, "serve")
				name := fmt.Sprintf("src/app/part%d/x%d.%s", n/40, n/2, kind)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					write(b, dir, name, fmt.Sprintf("<p>%d</p>", i))
					if kind == "js" {
						write(b, dir, name, fmt.Sprintf("angular.module('app.part%d').value('v', %d);\n", n/40, i))
					}
					disk.Forget([]string{filepath.Join(dir, name)})
					if _, err := r.Run(b.Context(), "serve"); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
