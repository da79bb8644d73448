package pipeline

import (
	"errors"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/realtimectl/realtimectl/internal/diag"
)

func TestDetectSaysWhatAProjectIs(t *testing.T) {
	const page = "<!doctype html>"
	tests := []struct {
		name  string
		files map[string]string
		want  Layout
	}{
		{"nothing", nil, Layout{Kind: Plain, Src: "src"}},
		{"src", map[string]string{"src/index.html": page}, Layout{Kind: Plain, Src: "src"}},
		{"the folder itself", map[string]string{"index.html": page, "app/index.html": page}, Layout{Kind: Plain, Src: ".", Origin: map[string]string{"src": "index.html"}}},
		{"public", map[string]string{"public/index.html": page}, Layout{Kind: Plain, Src: "public", Origin: map[string]string{"src": "public/index.html"}}},
		{"wired", map[string]string{"app/index.html": page + "<!-- bower:js --><!-- endbower -->"}, Layout{
			Kind: Wired, Src: "app", Origin: map[string]string{"src": "app/index.html", "kind": "app/index.html"},
		}},
		{"FountainJS with folders of its own", map[string]string{
			"conf/gulp.conf.js": "const path = require('path');\nexports.ngModule = 'm';\nexports.paths = { src: path.join('client', 'src'), dist: `release` };\nexports.wiredep = { exclude: [/\\/a\\.js$/i], directory: 'lib' };",
		}, Layout{Kind: FountainJS, Src: filepath.Join("client", "src"), Dist: "release", Origin: map[string]string{"kind": "conf/gulp.conf.js", "src": "conf/gulp.conf.js", "dist": "conf/gulp.conf.js"}}},
		{"gulp-angular", map[string]string{
			"gulp/conf.js": "var gutil = require('gulp-util'); exports.paths = { src: 'src', dist: 'dist' }; exports.errorHandler = function (t) { return gutil.log(t); };",
		}, Layout{Kind: GulpAngular, Src: "src", Dist: "dist", Origin: map[string]string{"kind": "gulp/conf.js", "src": "gulp/conf.js", "dist": "gulp/conf.js"}}},
		{"gulp-angular, older", map[string]string{"gulp/build.js": "", "src/index.html": page}, Layout{
			Kind: GulpAngular, Src: "src", Dist: "dist", Origin: map[string]string{"kind": "gulp/build.js", "dist": "gulp/build.js"},
		}},
		{"a configuration that cannot be evaluated", map[string]string{"conf/gulp.conf.js": "exports.paths = {{"}, Layout{
			Kind: FountainJS, Src: "src", Dist: "dist", Origin: map[string]string{"kind": "conf/gulp.conf.js", "dist": "conf/gulp.conf.js"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Detect(project(t, tt.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(Layout{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("layout (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDetectReadsWhatTheStepsNeed(t *testing.T) {
	got, err := Detect(project(t, map[string]string{
		"conf/gulp.conf.js":      "exports.ngModule = 'm'; exports.wiredep = { exclude: [/\\/a\\.js$/i], directory: 'lib' };",
		"gulp_tasks/partials.js": "x.pipe(angularTemplatecache('t.js', {\n  module: conf.ngModule,\n  root: 'views'\n}))",
		"gulp_tasks/build.js":    "x.pipe(sourcemaps.write('maps'))",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := gulpConfig{module: "m", root: "views", maps: true, bowerDir: "lib", exclude: []*regexp.Regexp{regexp.MustCompile(`(?i)/a\.js$`)}}
	equal := cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got.gulp, cmp.AllowUnexported(gulpConfig{}), equal); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestConfigurationIsEvaluatedWithoutReach(t *testing.T) {
	for name, src := range map[string]string{
		"endless":   "for (;;) {}",
		"recursion": "(function f() { f(); })()",
		"throws":    "throw new Error('no')",
	} {
		if _, ok := evaluateConf(src); ok {
			t.Errorf("%s: was taken", name)
		}
	}
	got, ok := evaluateConf("require('fs').writeFileSync('x', 'y'); require('child_process').exec('false'); exports.paths = { src: 's' };")
	if !ok || got.Src != "s" {
		t.Errorf("stand-ins: %+v, %v", got, ok)
	}
}

func TestDetectOfNoFolderSaysSo(t *testing.T) {
	var list diag.List
	if _, err := Detect(filepath.Join(t.TempDir(), "none")); !errors.As(err, &list) {
		t.Errorf("got %v", err)
	}
	if _, err := New(Options{Dir: "/none"}); !errors.As(err, &list) {
		t.Errorf("New: got %v", err)
	}
}
