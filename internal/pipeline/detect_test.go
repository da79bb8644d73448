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
		{"src", map[string]string{"src/index.html": page}, Layout{Kind: Plain, Src: "src", Origin: map[string]string{"kind": "src/index.html"}}},
		{"the folder itself", map[string]string{"index.html": page, "app/index.html": page}, Layout{
			Kind: Plain, Src: ".", Origin: map[string]string{"src": "index.html", "kind": "index.html"},
		}},
		{"app", map[string]string{"app/index.html": page}, Layout{Kind: Plain, Src: "app", Origin: map[string]string{"src": "app/index.html", "kind": "app/index.html"}}},
		{"public", map[string]string{"public/index.html": page}, Layout{Kind: Plain, Src: "public", Origin: map[string]string{"src": "public/index.html", "kind": "public/index.html"}}},
		{"ES modules", map[string]string{"src/index.html": page + "<script defer type='module' src=main.js></script>"}, Layout{
			Kind: Modules, Src: "src", Origin: map[string]string{"kind": "src/index.html"},
		}},
		{"Vite", map[string]string{"index.html": page + "<script type=module src=/src/main.ts></script>", "vite.config.ts": "export default {}"}, Layout{
			Kind: Vite, Src: ".", Origin: map[string]string{"src": "vite.config.ts", "kind": "vite.config.ts"},
		}},
		{"Vite without a configuration", map[string]string{"index.html": page, "src/index.html": page, "package.json": `{"devDependencies":{"vite":"8"}}`}, Layout{
			Kind: Vite, Src: ".", Origin: map[string]string{"src": "package.json", "kind": "package.json"},
		}},
		{"Vite with folders of its own", map[string]string{
			"vite.config.js": "export default defineConfig({ root: 'web', publicDir: \"static\", build: { outDir: '../out' } })", "web/index.html": page,
		}, Layout{Kind: Vite, Src: "web", Public: "web/static", Dist: "out", Origin: map[string]string{
			"kind": "vite.config.js", "src": "vite.config.js", "public": "vite.config.js", "dist": "vite.config.js",
		}}},
		{"wired", map[string]string{"app/index.html": page + "<!-- bower:js --><!-- endbower -->", ".bowerrc": `{"directory":"app/lib/"}`}, Layout{
			Kind: Wired, Src: "app", Bower: "app/lib", Origin: map[string]string{"src": "app/index.html", "kind": "app/index.html", "bower": ".bowerrc"},
		}},
		{"FountainJS with folders of its own", map[string]string{
			"conf/gulp.conf.js": "const path = require('path');\nexports.ngModule = 'm';\nexports.paths = {\n  src: path.join('client', 'src'),\n  dist: `release`, tmp: 'made' };\nexports.wiredep = { exclude: [/\\/a\\.js$/i], directory: 'lib' };",
		}, Layout{Kind: FountainJS, Src: "client/src", Dist: "release", Tmp: "made", Origin: map[string]string{
			"kind": "conf/gulp.conf.js", "src": "conf/gulp.conf.js:4", "dist": "conf/gulp.conf.js:5", "tmp": "conf/gulp.conf.js:5",
		}}},
		{"gulp-angular", map[string]string{
			"gulp/conf.js": "var gutil = require('gulp-util'); exports.paths = { src: 'src', dist: 'dist' }; exports.errorHandler = function (t) { return gutil.log(t); };",
		}, Layout{Kind: GulpAngular, Src: "src", Dist: "dist", Origin: map[string]string{"kind": "gulp/conf.js", "src": "gulp/conf.js:1", "dist": "gulp/conf.js:1"}}},
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
