package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packed is a project whose gulpfile calls webpack by itself, as FountainJS's does.
func packed(config string) map[string]string {
	return map[string]string{
		"package.json": `{"devDependencies": {"gulp": "4", "webpack": "3", "html-webpack-plugin": "2", "copy-webpack-plugin": "4", "extract-text-webpack-plugin": "3"}}`,
		"gulpfile.js": `
const gulp = require('gulp'), webpack = require('webpack');
gulp.task('default', done => { webpack(require('./webpack.config')).run((err, stats) => { stats.toString({}); done(); }); });
`,
		"webpack.config.js": `
const webpack = require('webpack'), path = require('path'), Html = require('html-webpack-plugin'), Copy = require('copy-webpack-plugin'), Extract = require('extract-text-webpack-plugin');
module.exports = ` + config + `;`,
		"src/index.html":   "<!doctype html><html><head><title><%= htmlWebpackPlugin.options.title %></title></head><body><p></p></body></html>",
		"src/index.js":     "import './index.css'; import x from './x'; require.ensure([], function (require) { require('./late'); }, 'late'); say(x);",
		"src/x.js":         "export default 'x';",
		"src/late.js":      "say('late');",
		"src/index.css":    "a { color: red }",
		"src/img/a/b.svg":  "<svg/>",
		"src/vendor/ng.js": "say('ng');",
	}
}

func TestWebpackByItselfWritesScriptsPagesAndCopies(t *testing.T) {
	made, found := bundled(t, packed(`{
  context: path.join(__dirname, 'src'),
  entry: ['webpack-hot-middleware/client', './index'],
  output: {path: path.join(process.cwd(), '.tmp'), filename: 'js/[name]-[hash:8].js', publicPath: '/'},
  module: {loaders: [{test: /\.css$/, loader: Extract.extract({fallback: 'style-loader', use: 'css-loader?minimize!postcss-loader'})}, {test: /\.js$/, loaders: ['ng-annotate', 'babel']}]},
  plugins: [new Html({template: 'html!./index.html', title: 'Jobs'}), new Html({template: './index.html', filename: 'bare.html', inject: false, title: 'Bare'}),
    new Extract('css/[name]-[contenthash].css'), new Copy([{from: 'img', to: 'pictures'}, 'x.js'])]
}`))
	if len(found) > 0 {
		t.Errorf("told: %v", found)
	}
	want := []string{".tmp/bare.html", ".tmp/css/main.css", ".tmp/index.html", ".tmp/js/main.js", ".tmp/pictures/a/b.svg", ".tmp/x.js"}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(made))); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	page := `<!doctype html><html><head><title>Jobs</title><link href="/css/main.css" rel="stylesheet"></head><body><p></p><script src="/js/main.js"></script></body></html>`
	if d := cmp.Diff(page, string(made[".tmp/index.html"])); d != "" {
		t.Errorf("page (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"x", "late"}, said(t, made[".tmp/js/main.js"])); d != "" {
		t.Error(d)
	}
	if bare := string(made[".tmp/bare.html"]); strings.Contains(bare, "script") || !strings.Contains(bare, "Bare") {
		t.Errorf("a page that wants no tags: %s", bare)
	}
}

func TestWhatWebpacksScriptsShareIsLoadedOnce(t *testing.T) {
	made, found := bundled(t, packed(`{
  entry: {app: './src/late', vendor: ['./src/vendor/ng']},
  output: {path: 'dist', filename: '[name].js'},
  plugins: [new webpack.optimize.CommonsChunkPlugin({name: 'vendor'}), new Html({template: 'src/index.html'})]
}`))
	if len(found) > 0 {
		t.Errorf("told: %v", found)
	}
	if d := cmp.Diff([]string{"ng", "late"}, said(t, made["dist/vendor.js"], made["dist/app.js"])); d != "" {
		t.Error(d)
	}
	if page := string(made["dist/index.html"]); !strings.Contains(page, `<script src="vendor.js"></script><script src="app.js"></script>`) {
		t.Errorf("page: %s", page)
	}
}

func TestATemplateThatIsNotThereIsTold(t *testing.T) {
	_, found := bundled(t, packed(`{entry: './src/x', output: {path: '.tmp'}, plugins: [new Html({template: 'src/none.html'})]}`))
	if len(found) != 1 || !strings.Contains(found[0].Message, "src/none.html of the page is not there") {
		t.Errorf("told: %v", found)
	}
}
