package run_test

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/record"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/run"
)

// bundled writes a project, does its task "default" and returns what was written.
func bundled(t *testing.T, files map[string]string) (made map[string][]byte, found diag.List) {
	t.Helper()
	dir := project(t, files)
	plan, err := record.Record(dir, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := run.New(run.Options{Dir: dir, Plan: plan}).Run(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	return result.Files, append(plan.Found, result.Diagnostics...)
}

// said runs scripts in one page and returns what they gave to say().
func said(t *testing.T, scripts ...[]byte) []string {
	t.Helper()
	vm := goja.New()
	var said []string
	if err := vm.Set("say", func(s string) { said = append(said, s) }); err != nil {
		t.Fatal(err)
	}
	if _, err := vm.RunString("var window = this, self = this;"); err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if _, err := vm.RunString(string(script)); err != nil {
			t.Fatalf("%v in\n%s", err, script)
		}
	}
	return said
}

func TestBrowserifyBundlesWhatDiskAndTasksHold(t *testing.T) {
	made, found := bundled(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "3.9.1", "browserify": "13", "babelify": "7", "bulkify": "1", "brfs": "1", "browserify-ngannotate": "2"}}`,
		"gulpfile.js": `
var gulp = require('gulp'), browserify = require('browserify'), source = require('vinyl-source-stream'), buffer = require('vinyl-buffer');
gulp.task('names', function () { return gulp.src('names/*.js').pipe(gulp.dest('app/made')); });
gulp.task('default', ['names'], function () {
  return browserify({entries: ['./app/main.js'], extensions: ['.es6']})
    .transform('babelify', {presets: ['es2015']}).transform(require('bulkify')).transform('brfs').transform(require('browserify-ngannotate'))
    .bundle().pipe(source('app.js')).pipe(buffer()).pipe(gulp.dest('./build/js/'));
});
`,
		"names/who.js": "module.exports = 'made';",
		"app/main.js": `
import { hello } from './hello';
const bulk = require('bulk-require');
say(hello(require('./made/who')));
say(require('fs').readFileSync(__dirname + '/text.txt', 'utf8'));
const all = bulk(__dirname, ['./parts/**/!(*.spec).js']);
say(Object.keys(all.parts).join() + ' ' + all.parts.deep.b);
say(require('pkg') + ' ' + process.env.NODE_ENV);
say(String(function () { angular.module('m', []).service('S', function ($http) {}); }).includes('["$http", function') ? 'annotated' : 'bare');
`,
		"app/hello.es6":           "export const hello = who => `hello ${who}`;",
		"app/text.txt":            "it's text",
		"app/parts/a.js":          "module.exports = 1;",
		"app/parts/a.spec.js":     "throw 1;",
		"app/parts/deep/b.js":     "module.exports = 'b';",
		"node_modules/pkg/pkg.js": "module.exports = 'package';", "node_modules/pkg/package.json": `{"main": "pkg.js"}`,
		"node_modules/bulk-require/index.js": "", "node_modules/bulk-require/package.json": "{}",
	})
	if len(found) > 0 {
		t.Errorf("told: %v", found)
	}
	want := []string{"hello made", "it's text", "a,deep b", "package development", "annotated"}
	if d := cmp.Diff(want, said(t, made["build/js/app.js"])); d != "" {
		t.Errorf("said (-want +got):\n%s\nfiles: %d", d, len(made))
	}
}

func TestBundlesShareTheModulesThatOneGivesAway(t *testing.T) {
	made, found := bundled(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "4", "browserify": "16"}}`,
		"gulpfile.js": `
const gulp = require('gulp'), browserify = require('browserify'), source = require('vinyl-source-stream');
const vendor = () => browserify().require('shared').bundle().pipe(source('vendor.js')).pipe(gulp.dest('out'));
const app = () => browserify('app.js').external(['shared']).bundle().pipe(source('app.js')).pipe(gulp.dest('out'));
exports.default = gulp.parallel(vendor, app);
`,
		"app.js":                           "say(require('shared'));",
		"node_modules/shared/index.js":     "module.exports = 'shared';",
		"node_modules/shared/package.json": "{}",
	})
	if len(found) > 0 {
		t.Errorf("told: %v", found)
	}
	if d := cmp.Diff([]string{"shared"}, said(t, made["out/vendor.js"], made["out/app.js"])); d != "" {
		t.Error(d)
	}
	if strings.Contains(string(made["out/app.js"]), "module.exports = 'shared'") {
		t.Error("the app has a copy of the module that the vendor bundle gives away")
	}
}

func TestWebpackConfigurationCounts(t *testing.T) {
	made, found := bundled(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "4", "webpack-stream": "3", "webpack": "3"}}`,
		"gulpfile.js": `
const gulp = require('gulp'), webpack = require('webpack-stream');
gulp.task('default', () => gulp.src('src/main.js').pipe(webpack(require('./webpack.config.js'))).pipe(gulp.dest('out')));
`,
		"webpack.config.js": `
const webpack = require('webpack'), path = require('path');
module.exports = {
  entry: {app: ['./src/first', './src/main'], more: './src/more'},
  output: {filename: 'js/[name].[chunkhash:8].js'},
  resolve: {alias: {lib: path.resolve(__dirname, 'src/library')}, extensions: ['.js', '.jsx']},
  module: {rules: [{test: /\.js$/, use: [{loader: 'babel-loader'}]}, {test: /\.html$/, loader: 'html-loader'}, {test: /\.css$/, use: ['style-loader', 'css-loader']}]},
  plugins: [new webpack.DefinePlugin({VERSION: JSON.stringify('7'), 'process.env': {KIND: '"test"'}})]
};
`,
		"src/first.js":      "say('first');",
		"src/main.js":       "import x from 'lib/x'; import page from './page.html'; say(x + page + VERSION + process.env.KIND);",
		"src/more.js":       "say('more');",
		"src/library/x.jsx": "export default 'x';",
		"src/page.html":     "<p>",
	})
	if len(found) > 0 {
		t.Errorf("told: %v", found)
	}
	if d := cmp.Diff([]string{"first", "x<p>7test", "more"}, said(t, made["out/js/app.js"], made["out/js/more.js"])); d != "" {
		t.Error(d)
	}
}

func TestBundleTellsWhatIsMissingAndWhatIsNotKnown(t *testing.T) {
	for name, c := range map[string]struct{ gulpfile, want, hint string }{
		"a package":   {"require('browserify')('app.js').bundle().pipe(require('vinyl-source-stream')('a.js'))", `could not resolve "nowhere/x"`, "npm install nowhere"},
		"a transform": {"require('browserify')('app.js').transform('vueify').bundle().pipe(require('vinyl-source-stream')('a.js'))", "browserify with the transform vueify in task default is not known here", ""},
		"a loader":    {"gulp.src('app.js').pipe(require('webpack-stream')({module: {loaders: [{test: /x/, loader: 'vue!coffee'}]}}))", "webpack-stream with the loader vue in task default is not known here", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := bundled(t, map[string]string{
				"package.json": `{"devDependencies": {"gulp": "3", "browserify": "13", "webpack-stream": "1", "vueify": "1", "vinyl-source-stream": "1"}}`,
				"gulpfile.js":  "var gulp = require('gulp');\ngulp.task('default', function () { return " + c.gulpfile + ".pipe(gulp.dest('out')); });",
				"app.js":       "\n  require('nowhere/x');",
			})
			if len(found) != 1 || !strings.Contains(found[0].Message, c.want) || !strings.Contains(found[0].Hint, c.hint) {
				t.Errorf("told %v, want %q", found, c.want)
			}
		})
	}
}
