package pipeline

import (
	"errors"
	"path/filepath"
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
			"conf/gulp.conf.js": "exports.paths = { src: 'client/src', dist: 'release', tmp: 'made' };",
			"gulpfile.js": "const gulp = require('gulp'), { paths } = require('./conf/gulp.conf');\n" +
				"gulp.task('build', () => gulp.src(paths.src + '/*.html').pipe(gulp.dest(paths.tmp)).pipe(gulp.dest(paths.dist)));\n" +
				"gulp.task('serve', () => require('browser-sync').init({ server: { baseDir: [paths.tmp, paths.src] } }));",
			"client/src/index.html": page,
		}, Layout{Kind: FountainJS, Src: "client/src", Dist: "release", Origin: map[string]string{
			"kind": "conf/gulp.conf.js", "src": "gulpfile.js:3:10", "dist": "gulpfile.js:2:10",
		}}},
		{"gulp-angular", map[string]string{"gulp/conf.js": "", "src/index.html": page}, Layout{
			Kind: GulpAngular, Src: "src", Origin: map[string]string{"kind": "gulp/conf.js"},
		}},
		{"gulp-angular, older", map[string]string{"gulp/build.js": "", "src/index.html": page}, Layout{
			Kind: GulpAngular, Src: "src", Origin: map[string]string{"kind": "gulp/build.js"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Detect(project(t, tt.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(Layout{}), cmpopts.IgnoreFields(Layout{}, "Gulp"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("layout (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGulpfileSaysWhatTheStepsNeed(t *testing.T) {
	got, err := Detect(project(t, map[string]string{
		"gulpfile.js": `
const gulp = require('gulp'), templates = require('gulp-angular-templatecache'), wiredep = require('wiredep').stream;
gulp.task('partials', () => gulp.src('x/*.html').pipe(templates('t.js', { module: 'm', root: 'views' })).pipe(gulp.dest('.tmp')));
gulp.task('build', () => gulp.src('x/*.js').pipe(require('gulp-sourcemaps').write('maps')).pipe(gulp.dest('dist')));
gulp.task('inject', () => gulp.src('x/i.html').pipe(wiredep({ exclude: [/\/a\.js$/i, 'b.js'], directory: 'lib' })).pipe(gulp.dest('.tmp')));
`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	h := got.hints
	if h.module != "m" || h.root != "views" || !h.maps || h.bowerDir != "lib" || !h.excludes("x/A.JS") || !h.excludes("x/b.js") || h.excludes("x/c.js") {
		t.Errorf("hints: %+v", h)
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
