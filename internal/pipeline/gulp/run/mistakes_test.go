package run_test

import (
	stdcmp "cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// project writes files into a new folder, in whose name nothing is a wildcard.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "+(a|b) [c] {d,e}!")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// plugins are those that the gulpfiles here ask gulp-load-plugins for.
const plugins = "angular-filesort angular-templatecache autoprefixer babel concat cssnano csso ext-replace filter footer header htmlmin if " +
	"inject insert less minify ng-annotate ng-config ng-constant ng-html2js postcss rename replace rev rev-replace sass sort sourcemaps strip-debug " +
	"uglify uglifyjs useref wrap"

// gulp runs the default task of a project, which makes and pipes this stream, and returns
// what was written and what was told, a line each.
func gulpRun(t *testing.T, stream string, files map[string]string) (written map[string]string, told []string) {
	t.Helper()
	all := map[string]string{
		"package.json": `{"devDependencies": {"gulp-` + strings.Join(strings.Fields(plugins), `": "*", "gulp-`) + `": "*"}}`,
		"gulpfile.js":  "const gulp = require('gulp'), $ = require('gulp-load-plugins')();\ngulp.task('default', () => " + stream + ".pipe(gulp.dest('out')));\n",
	}
	for name, content := range files {
		all[name] = content
	}
	made, found := bundled(t, all)
	written = map[string]string{}
	for name, data := range made {
		written[name] = string(data)
	}
	for _, d := range found {
		told = append(told, strings.TrimSuffix(d.Error()+" | "+d.Hint, " | "))
	}
	return written, told
}

// What is wrong in a project's files or in its gulpfile is told at its place; what can go
// on goes on.
func TestMistakesAreToldWhereTheyAre(t *testing.T) {
	const (
		a      = "angular.module('a', ['b']);\n"
		broken = "angular.module('a').run(function ($q) { return \u00e9 = ; });\n"
	)
	files := map[string]string{
		"a.js": a, "broken.js": broken, "circle/a.js": "angular.module('a', []); angular.module('b').run();", "circle/b.js": "angular.module('b', []); angular.module('a').run();",
		"bad.json": "{\n  \"a\": ,\n}", "extra.json": "{} {}", "list.json": "[1]", "app.json": `{"api": 1}`, "bad.yml": "a: [\n", "list.yml": "- 1\n",
		"page.html":   "<p>\n<!-- build:js a.js -->\n<script src=\"gone.js\"></script>\n<script src=\"https://x.example/y.js\"></script>\n<!-- endbuild -->\n<!-- build:css b.css -->\n",
		"inject.html": "<p>\n  <!-- inject:js -->\n", "c.css": "a{user-select:none}", "bad.css": "a { b: c ",
	}
	for _, c := range []struct {
		stream string
		told   []string
		out    string // what out/NAME holds; "" = there is none
		name   string
	}{
		{"gulp.src('bad.json').pipe($.ngConfig('m'))", []string{"bad.json:2:8: the settings are no JSON: invalid character ',' looking for beginning of value"}, "", "bad.js"},
		{"gulp.src('extra.json').pipe($.ngConfig('m'))", []string{"extra.json:1:5: the settings are no JSON: something follows the value"}, "", "extra.js"},
		{"gulp.src('list.json').pipe($.ngConfig('m'))", []string{"list.json: the settings are no object"}, "", "list.js"},
		{"gulp.src('bad.yml').pipe($.ngConfig('m'))", []string{"bad.yml:1:4: the settings are no YAML object: sequence end token ']' not found"}, "", "bad.js"},
		{"gulp.src('list.yml').pipe($.ngConstant({}))", []string{"list.yml:1:1: the settings are no YAML object: sequence was used where mapping is expected"}, "", "list.js"},
		{"gulp.src('app.json').pipe($.ngConfig('m', { environment: 'none' }))", []string{"app.json: the settings have no environment none"}, "", "app.js"},
		{"gulp.src('app.json').pipe($.ngConfig('m', { templateFilePath: 'none.html' }))", []string{"app.json: the template none.html is not there"}, "", "app.js"},
		{"gulp.src('app.json').pipe($.ngConstant({ templatePath: 'none.txt' }))", []string{"app.json: the template none.txt is not there"}, "", "app.js"},
		{"gulp.src('bad.json').pipe($.ngConstant({}))", []string{"bad.json:2:8: the settings are no JSON: invalid character ',' looking for beginning of value"}, "", "bad.js"},
		{"gulp.src('a.js').pipe($.revReplace({ manifest: gulp.src('bad.json') }))", []string{"bad.json: the manifest is no JSON object of names: invalid character ',' looking for beginning of value"}, a, "a.js"},
		{"gulp.src('{a,broken}.js').pipe($.angularFilesort()).pipe($.concat('all.js'))", []string{"broken.js:1:52: the script cannot be read, so its place among the others is a guess: unexpected token ;"}, broken + "\n" + a, "all.js"},
		{"gulp.src('circle/*.js').pipe($.angularFilesort())", []string{"circle/b.js: scripts declare modules that each other's add to, so none can load first: circle/b.js, circle/a.js | keep angular.module(name, [...]) in a file of its own"}, "angular.module('a', []); angular.module('b').run();", "a.js"},
		{"gulp.src('broken.js').pipe($.ngAnnotate())", []string{"broken.js:1:52: the script cannot be read, so nothing in it is annotated for injection: unexpected token ;"}, broken, "broken.js"},
		{"gulp.src('broken.js').pipe($.babel({ presets: ['env'] }))", []string{`broken.js:1:52: unexpected ";"`}, broken, "broken.js"},
		{"gulp.src('a.js').pipe($.header('<%= pkg.name %>'))", []string{"gulpfile.js:2:58: gulp-header: pkg.name is not defined"}, a, "a.js"},
		{"gulp.src('a.js').pipe($.footer('<% throw new Error(1) %>'))", []string{"gulpfile.js:2:58: gulp-footer: the template fails: Error: 1 at <eval>:2:8(9)"}, a, "a.js"},
		{"gulp.src('a.js').pipe($.wrap({ src: 'none.txt' }))", []string{"gulpfile.js:2:56: gulp-wrap: none.txt is not there"}, a, "a.js"},
		{"gulp.src('page.html').pipe($.useref())", []string{
			"page.html:4:1: https://x.example/y.js is not a file of the project: useref drops it from the page | move it out of the build block",
			"page.html:6:1: the build comment that begins here has no end | close it with <!-- endbuild -->",
			"page.html:3:1: gone.js, which becomes a part of a.js, is not there | looked in .",
		}, "<p>\n<script src=\"a.js\"></script>\n", "page.html"},
		{"gulp.src('inject.html').pipe($.inject(gulp.src('a.js')))", []string{"inject.html:2:3: the comment that begins here has no end | close it with <!-- endinject -->"}, "<p>\n  <!-- inject:js -->\n", "inject.html"},
		{"gulp.src('c.css').pipe($.autoprefixer({ browsers: ['ie 10', 'nonsense 3'] }))", []string{"gulpfile.js:2:65: these browsers are not known: nonsense 3 | the prefixes for the others are there"}, "a{-ms-user-select: none; user-select:none}", "c.css"},
		{"gulp.src('c.css').pipe($.sass())", []string{"c.css: there is no compiler for it"}, "", "c.css"},
		{"gulp.src('none.js')", []string{"gulpfile.js:2:36: none.js is not there | gulp stops here; it goes on with the option allowEmpty: true"}, "", "none.js"},
	} {
		t.Run(c.stream, func(t *testing.T) {
			written, told := gulpRun(t, c.stream, files)
			if diff := cmp.Diff(c.told, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if got := written["out/"+c.name]; got != c.out {
				t.Errorf("out/%s holds %q, want %q", c.name, got, c.out)
			}
		})
	}
}

// A function of the gulpfile that fails is told where it was handed over, and its file
// goes on as it was, unless it asks where to.
func TestFunctionsThatFailAreToldWhereTheyWereHandedOver(t *testing.T) {
	const fails = "() => { throw new Error('no luck'); }"
	for stream, written := range map[string]map[string]string{
		"$.rename(FN)": {"out/a.js": "a"}, "$.if(FN, $.concat('x.js'))": {"out/a.js": "a"}, "$.filter(FN)": {}, "$.replace('a', FN)": {"out/a.js": "a"},
		"$.insert.transform(FN)": {"out/a.js": "a"}, "$.insert.prepend(FN)": {"out/a.js": "a"}, "$.header(FN)": {"out/a.js": "a"}, "$.wrap(FN)": {"out/a.js": "a"},
		"$.angularTemplatecache({ transformUrl: FN })": {}, "$.ngHtml2js({ rename: FN })": {}, "gulp.dest(FN)": {},
		"$.sourcemaps.init()).pipe($.sourcemaps.mapSources(FN)":                 {"out/a.js": "a"},
		"$.sourcemaps.init()).pipe($.sourcemaps.write('.', { sourceRoot: FN })": {"out/a.js": "a"},
		"$.sourcemaps.init()).pipe($.sourcemaps.write('.', { mapFile: FN })":    {"out/a.js": "a"},
		"$.sourcemaps.init()).pipe($.sourcemaps.write('.', { mapSources: FN })": {"out/a.js": "a"},
		"$.rev()).pipe($.revReplace({ modifyReved: FN })":                       {"out/a-0cc175b9c0.js": "a"},
	} {
		t.Run(stream, func(t *testing.T) {
			stream = "gulp.src('a.js').pipe(" + strings.ReplaceAll(stream, "FN", fails) + ")"
			got, told := gulpRun(t, stream, map[string]string{"a.js": "a"})
			if diff := cmp.Diff(written, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for _, line := range told {
				if !strings.HasPrefix(line, "gulpfile.js:2:") || !strings.Contains(line, "Error: no luck") {
					t.Errorf("told %q", line)
				}
			}
			if len(told) != 1 {
				t.Errorf("told %d times: %q", len(told), told)
			}
		})
	}
}

func TestWhatIsNotKnownOfAPluginEndsItsStream(t *testing.T) {
	tools := map[string]string{
		"gulp-babel with the preset minify":          "npx -p @babel/core -p @babel/cli babel a.js --out-dir out --presets=minify",
		"gulp-postcss with the plugin postcss-other": "npx -p postcss -p postcss-cli postcss 'a.js' --dir out --base . --use autoprefixer --use postcss-other --no-map",
	}
	for stream, part := range map[string]string{
		"$.babel({ presets: ['minify'] })":                                "gulp-babel with the preset minify",
		"$.babel({ presets: [['env', { modules: 'amd' }]] })":             "gulp-babel with modules as amd",
		"$.babel({ modules: 'system' })":                                  "gulp-babel with modules as system",
		"$.babel({ plugins: [['transform-decorators-legacy', {}]] })":     "gulp-babel with the plugin transform-decorators-legacy",
		"$.postcss([require('autoprefixer'), require('postcss-other')])":  "gulp-postcss with the plugin postcss-other",
		"$.postcss([() => {}])":                                           "gulp-postcss with a plugin of the gulpfile's own",
		"$.sort({ customSortFn: list => list })":                          "gulp-sort with customSortFn",
		"$.wrap('x', {}, { engine: 'jade' })":                             "gulp-wrap with the engine jade",
		"$.angularTemplatecache({ escapeOptions: { quotes: 'double' } })": "gulp-angular-templatecache with escapeOptions",
		"$.ngHtml2js({ template: 'x' })":                                  "gulp-ng-html2js with template",
		"$.less({ plugins: [{}] })":                                       "gulp-less with the option plugins",
		"$.sass({ functions: [() => 1] })":                                "gulp-sass with the option functions",
	} {
		t.Run(part, func(t *testing.T) {
			written, told := gulpRun(t, "gulp.src('a.js').pipe("+stream+")", map[string]string{"a.js": "a"})
			if len(written) > 0 {
				t.Errorf("wrote %v", written)
			}
			command := stdcmp.Or(tools[part], "npx gulp default")
			want := part + ` in task default is not known here: what its stream makes is missing | let its own tool do it: pipeline: { tasks: [ { name: default, run: "` + command + `", on: ["a.js"] } ] }`
			if len(told) != 1 || !strings.HasSuffix(told[0], want) {
				t.Errorf("told %q, want %q", told, want)
			}
		})
	}
}

// Columns of maps are UTF-16 units, of which some characters take two.
func TestMapsCountWhatIsPutBeforeCodeAsBrowsersDo(t *testing.T) {
	const src = "angular.module('a').run(function (\u00e9) { late(\u00e9); });\n"
	for _, stream := range []string{"$.header('/* \U0001f680 \u00e9 */')", "$.insert.prepend('\U0001f680;')", "$.ngAnnotate()"} {
		written, told := gulpRun(t, "gulp.src('a.js').pipe($.sourcemaps.init()).pipe("+stream+").pipe($.sourcemaps.write('.'))", map[string]string{"a.js": src})
		m, err := sourcemap.Parse([]byte(written["out/a.js.map"]))
		if err != nil || told != nil {
			t.Fatal(stream, err, told)
		}
		places := map[string]bool{}
		eachPlace(m, func(place string) { places[place] = true })
		line, _, _ := strings.Cut(written["out/a.js"], "\n")
		before, _, _ := strings.Cut(line, "late")
		wanted, _, _ := strings.Cut(src, "late")
		if want := fmt.Sprintf("from 0:%d to a.js:0:%d", len(utf16.Encode([]rune(before))), len([]rune(wanted))); !places[want] {
			t.Errorf("%s: the map does not lead %s", stream, want)
		}
	}
}

// Nothing but comments in a file is no reason for it to be missing.
func TestAFileOfWhichNothingIsLeftIsWrittenEmpty(t *testing.T) {
	for stream, want := range map[string]map[string]string{
		"gulp.src('a.js').pipe($.uglify())":                                                      {"out/a.js": ""},
		"gulp.src('a.css').pipe($.cssnano())":                                                    {"out/a.css": ""},
		"gulp.src('a.css').pipe($.postcss([require('cssnano')()]))":                              {"out/a.css": ""},
		"gulp.src('a.html').pipe($.htmlmin({ collapseWhitespace: true, removeComments: true }))": {"out/a.html": ""},
		"gulp.src('a.js').pipe($.stripDebug())":                                                  {"out/a.js": ""},
		"gulp.src('a.css').pipe($.replace(/[^]/g, ''))":                                          {"out/a.css": ""},
		"gulp.src('a.css').pipe($.autoprefixer())":                                               {"out/a.css": "/* x */"},
	} {
		written, told := gulpRun(t, stream, map[string]string{"a.js": "// x", "a.css": "/* x */", "a.html": "<!-- x -->"})
		if diff := cmp.Diff(want, written); diff != "" || told != nil {
			t.Errorf("%s (-want +got):\n%s%q", stream, diff, told)
		}
	}
}

func TestScriptsAreShortenedAsTheyAreAskedTo(t *testing.T) {
	const src = "/*! (c) us */\nfunction used(first) {\n  console.log(first);\n  debugger;\n  return first + 1;\n}\nvar seen = used(2);\n"
	for stream, want := range map[string]string{
		"$.uglify()": "function used(e){return console.log(e),e+1}var seen=used(2);\n",
		"$.uglify({ mangle: { reserved: ['first'] }, compress: { drop_debugger: false } })":         "function used(first){console.log(first);debugger;return first+1}var seen=used(2);\n",
		"$.terser({ compress: { global_defs: { seen: 7, '@console.log': 'say' } } })":               "/*! (c) us */function used(e){return say(e),e+1}var seen=used(2);\n",
		"$.uglify({ mangle: false, output: { comments: true } })":                                   "/*! (c) us */function used(first){return console.log(first),first+1}var seen=used(2);\n",
		"$.uglify({ compress: { drop_console: true, drop_debugger: true } })":                       "function used(e){return e+1}var seen=used(2);\n",
		"$.uglify({ compress: false, mangle: false, output: { beautify: true } })":                  "function used(first) {\n  console.log(first);\n  debugger;\n  return first + 1;\n}\nvar seen = used(2);\n",
		"$.uglify({ preserveComments: 'license', mangle: false, compress: { dropConsole: true } })": "/*! (c) us */function used(first){return first+1}var seen=used(2);\n",
		"$.stripDebug()":                        "/*! (c) us */\nfunction used(first) {\n  return first + 1;\n}\nvar seen = used(2);\n",
		"$.uglifyjs('a.js', { mangle: false })": "function used(first){return console.log(first),first+1}var seen=used(2);\n",
	} {
		written, told := gulpRun(t, "gulp.src('a.js').pipe("+stream+")", map[string]string{"a.js": src})
		if got := written["out/a.js"]; got != want || told != nil {
			t.Errorf("%s gives\n%s\nwant\n%s%q", stream, got, want, told)
		}
	}
}

// TestWhatIsMadeSmallKeepsItsLanguage: browsers that a script or a sheet was written for
// have to understand what comes out.
func TestWhatIsMadeSmallKeepsItsLanguage(t *testing.T) {
	for name, c := range map[string]struct{ file, stream, src, want string }{
		"a script of 2009": {
			"a.js", "$.uglify()", "var a = function (b) { try { b(); } catch (e) { return { b: b, c: b != null ? b : 'x\\ny' }; } };",
			"var a=function(n){try{n()}catch(c){return{b:n,c:n!=null?n:\"x\\ny\"}}};\n",
		},
		"a script of 2015": {"a.js", "$.uglifyEs()", "const a = (b) => `x${b}`;", "const a=c=>`x${c}`;\n"},
		"a sheet": {
			"a.css", "$.cssnano()", "a { color: rgba(0, 0, 0, .5); top: 0; right: 0; bottom: 0; left: 0; background: #663399 }",
			"a{color:rgba(0,0,0,.5);top:0;right:0;bottom:0;left:0;background:#639}\n",
		},
	} {
		written, told := gulpRun(t, "gulp.src('"+c.file+"').pipe("+c.stream+")", map[string]string{c.file: c.src})
		if got := written["out/"+c.file]; got != c.want || told != nil {
			t.Errorf("%s gives\n%s\nwant\n%s%q", name, got, c.want, told)
		}
	}
}

func TestBabelTranslatesWhatTheProjectSays(t *testing.T) {
	for _, c := range []struct{ name, stream, rc, src, want string }{
		{"options of the gulpfile", "$.babel({ presets: ['es2015', 'react'], plugins: ['angularjs-annotate'] })", "", "angular.module('a').run(($q) => <b a={$q}/>);", `angular.module("a").run(["$q", ($q) => /* @__PURE__ */ React.createElement("b", { a: $q })]);` + "\n"},
		{"options of the project", "$.babel()", `{"presets": [["@babel/preset-env", {"modules": false}]], "plugins": ["@babel/plugin-proposal-class-properties"]}`, "class A { b = a ?? 1; }", "var __defProp = Object.defineProperty;"},
		{"modules", "$.babel({ presets: ['es2015'] })", "", "export default 1;", "module.exports = "},
		{"no options", "$.babel({})", "", "const a = b?.c;", "const a = b?.c;\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"a.js": c.src}
			if c.rc != "" {
				files[".babelrc"] = c.rc
			}
			written, told := gulpRun(t, "gulp.src('a.js').pipe("+c.stream+")", files)
			if got := written["out/a.js"]; !strings.Contains(got, c.want) || told != nil {
				t.Errorf("got\n%s\nwant\n%s%q", got, c.want, told)
			}
		})
	}
}

func TestGulpMinifyPutsSmallScriptsBesideTheirSources(t *testing.T) {
	const src, small = "var first = 1;\n", "var first=1;\n"
	for stream, want := range map[string]map[string]string{
		"$.minify()": {"out/a-min.js": small, "out/a.js": src, "out/lib/b.js": src, "out/lib/b-min.js": small, "out/c.mjs": src, "out/c-min.mjs": small},
		"$.minify({ noSource: true, exclude: ['lib'], ignoreFiles: ['*.mjs'] })": {"out/a-min.js": small, "out/lib/b.js": src, "out/c.mjs": src},
		"$.minify({ ext: { src: '-debug.js', min: '.js' }, ignoreFiles: ['c*'] })": {
			"out/a.js": small, "out/a-debug.js": src, "out/lib/b.js": small, "out/lib/b-debug.js": src, "out/c.mjs": src,
		},
		"$.minify({ ext: '.m.js', noSource: true, exclude: ['l*', '*.mjs'] })":                             {"out/a.m.js": small, "out/lib/b.js": src, "out/c.m.js": small},
		"$.minify({ ext: { min: [/([ab])\\.js$/, 'small-$1.js'] }, noSource: true, ignoreFiles: ['c*'] })": {"out/small-a.js": small, "out/lib/small-b.js": small, "out/c.mjs": src},
	} {
		written, told := gulpRun(t, "gulp.src('src/**/*').pipe("+stream+")", map[string]string{"src/a.js": src, "src/lib/b.js": src, "src/c.mjs": src})
		if diff := cmp.Diff(want, written); diff != "" || told != nil {
			t.Errorf("%s (-want +got):\n%s%q", stream, diff, told)
		}
	}
	written, told := gulpRun(t, "gulp.src('a.js').pipe($.minify())", map[string]string{"a.js": "var = 1;"})
	if diff := cmp.Diff(map[string]string{"out/a.js": "var = 1;"}, written); diff != "" || len(told) != 1 {
		t.Errorf("a mistake (-want +got):\n%s%q", diff, told)
	}
}
