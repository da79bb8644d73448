package bower

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const npmShop = `
-- package.json --
{"name": "shop",
 "dependencies": {"plain": "1", "zz-plugin": "1", "umd": "1", "node-only": "1", "esm": "1", "relay": "1", "gone": "1", "own": "1",
   "themed": "1", "jquery": "1", "bower-too": "1", "named-client": "1", "silent": "1", "@bower_components/leaf": "x/leaf#1"},
 "wiredep": {"overrides": {"own": {"main": ["a.js", "*.css"], "dependencies": ["plain"]}, "silent": {"main": []}}, "exclude": ["/excluded"]}}
-- node_modules/plain/package.json --
{"name": "plain", "main": "lib/plain.js"}
-- node_modules/plain/lib/plain.js --
window.plain = 1;
-- node_modules/zz-plugin/package.json --
{"name": "zz-plugin", "main": "index.js", "unpkg": "dist/zz.min.js", "peerDependencies": {"core": "1"}}
-- node_modules/zz-plugin/dist/zz.min.js --
jQuery.fn.zz=core;
-- node_modules/zz-plugin/dist/zz.js --
jQuery.fn.zz = core;
-- node_modules/core/package.json --
{"name": "core", "main": "core.js"}
-- node_modules/core/core.js --
var core = 1;
-- node_modules/umd/package.json --
{"name": "umd", "main": "umd", "dependencies": {"asked-for": "1", "inside": "1"}}
-- node_modules/umd/umd.js --
(function (f) { if (typeof exports === 'object') module.exports = f(require('asked-for')); else f(window.asked); })(function () {});
-- node_modules/asked-for/package.json --
{"name": "asked-for", "jsdelivr": "asked.js"}
-- node_modules/asked-for/asked.js --
window.asked = 1;
-- node_modules/inside/package.json --
{"name": "inside", "main": "inside.js"}
-- node_modules/inside/inside.js --
var inside;
-- node_modules/node-only/package.json --
{"name": "node-only", "main": "index.js"}
-- node_modules/node-only/index.js --
var fs = require('fs'); module.exports = fs;
-- node_modules/esm/package.json --
{"name": "esm", "main": "index.js", "browser": "esm.js"}
-- node_modules/esm/esm.js --
import x from './x.js';
export default x;
-- node_modules/esm/dist/esm.umd.js --
!function(e){"object"==typeof exports?module.exports=e():self.esm=e()}();
-- node_modules/relay/package.json --
{"name": "relay"}
-- node_modules/relay/index.js --
require('./out/built'); module.exports = 'relay';
-- node_modules/own/package.json --
{"name": "own", "main": "wrong.js"}
-- node_modules/own/a.js --
-- node_modules/own/b.css --
-- node_modules/own/a.css --
-- node_modules/themed/package.json --
{"name": "themed", "style": "dist/themed.css", "sass": "scss/themed.scss", "less": "less/themed.less", "main": "excluded.js"}
-- node_modules/themed/excluded.js --
-- node_modules/themed/dist/themed.css --
-- node_modules/themed/scss/themed.scss --
-- node_modules/themed/less/themed.less --
-- node_modules/jquery/package.json --
{"name": "jquery", "main": "dist/jquery.js"}
-- node_modules/jquery/dist/jquery.js --
(function (g) { if (typeof module === "object") module.exports = g; })(window); jQuery = 1;
-- node_modules/bower-too/package.json --
{"name": "bower-too", "main": "index.js"}
-- node_modules/bower-too/bower.json --
{"name": "bower-too", "main": ["./bower-too.js", "sheet.css"]}
-- node_modules/bower-too/index.js --
require('./bower-too'); module.exports = 1;
-- node_modules/bower-too/bower-too.js --
-- node_modules/bower-too/sheet.css --
-- node_modules/named-client/package.json --
{"name": "named-client", "main": "build/cjs/index.js"}
-- node_modules/named-client/build/cjs/index.js --
exports.x = require('./y');
-- node_modules/named-client/dist/named.js --
window.named = 1;
-- node_modules/named-client/dist/css/named-client.css --
-- node_modules/silent/package.json --
{"name": "silent", "main": "index.js"}
-- node_modules/silent/index.js --
-- node_modules/@bower_components/leaf/bower.json --
{"name": "leaf", "main": "leaf.js", "dependencies": {"root": "1"}}
-- node_modules/@bower_components/leaf/package.json --
{"name": "leaf", "main": "index.js"}
-- node_modules/@bower_components/leaf/leaf.js --
-- node_modules/@bower_components/root/.bower.json --
{"name": "root", "main": "root.js"}
-- node_modules/@bower_components/root/root.js --
`

func TestPackagesBringWhatBrowsersRun(t *testing.T) {
	dir := unpack(t, npmShop)
	if err := os.MkdirAll(filepath.Join(dir, "node_modules/relay/out"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "node_modules/relay/out/built.js"), []byte("angular.module('x')"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := ResolveNPM(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range got.Files {
		files = append(files, filepath.ToSlash(strings.TrimPrefix(f, got.Directory+string(filepath.Separator))))
	}
	want := []string{
		"plain/lib/plain.js", "jquery/dist/jquery.js", "core/core.js", "zz-plugin/dist/zz.js", "asked-for/asked.js", "umd/umd.js",
		"esm/dist/esm.umd.js", "relay/out/built.js", "own/a.js", "bower-too/bower-too.js", "named-client/dist/named.js",
		"@bower_components/root/root.js", "@bower_components/leaf/leaf.js",
		"own/a.css", "own/b.css", "themed/dist/themed.css", "bower-too/sheet.css", "named-client/dist/css/named-client.css",
		"themed/scss/themed.scss", "themed/less/themed.less",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"node-only"}, {"gone"}}, [][]string{got.Empty, got.Missing}); diff != "" {
		t.Errorf("empty and missing (-want +got):\n%s", diff)
	}
}

func TestAProjectWithoutPackagesGetsNothingFromThem(t *testing.T) {
	got, err := ResolveNPM(t.TempDir(), Options{})
	if err != nil || len(got.Files)+len(got.Empty)+len(got.Missing) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheBrokenFileOfAPackageIsNamed(t *testing.T) {
	for _, name := range []string{"package.json", "node_modules/plain/package.json"} {
		dir := unpack(t, npmShop)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ResolveNPM(dir, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s broken: got %v", name, err)
		}
	}
	dir := unpack(t, npmShop)
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"wiredep": {"exclude": ["("]}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ResolveNPM(dir, Options{}); err == nil || !strings.Contains(err.Error(), "wiredep.exclude") {
		t.Errorf("a broken expression: %v", err)
	}
}
