package run_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// typed is a project in TypeScript of namespaces, in one file and in many.
func typed() map[string]string {
	return map[string]string{
		"tsconfig.json": `{ // what the compiler is told
  "compilerOptions": { "target": "ES5", "outDir": "built", },
  "include": ["src"], "exclude": ["src/**/*.spec.ts"]
}`,
		"gulpfile.js": `
const gulp = require('gulp'), ts = require('gulp-typescript');
const project = ts.createProject('tsconfig.json');
gulp.task('each', () => project.src().pipe(project()).js.pipe(gulp.dest('out')));
gulp.task('one', () => gulp.src('src/**/*.ts').pipe(ts({ outFile: 'all.js', noImplicitAny: true })).pipe(gulp.dest('out')));
gulp.task('modules', () => gulp.src('mod/*.ts').pipe(ts(ts.createProject({ module: 'commonjs', target: 'es5' }), ts.reporter.fullReporter(true))).pipe(gulp.dest('out/mod')));
gulp.task('default', gulp.series('each', 'one', 'modules'));
`,
		"src/a.ts":        "/// <reference path=\"app/base.ts\" />\nnamespace App { say(new App.Base('a').name + App.Kind[App.Kind.Two]); }\n",
		"src/app/base.ts": "namespace App { export enum Kind { One, Two } export class Base { constructor(public name: string) {} } }\n",
		"src/a.spec.ts":   "never",
		"src/types.d.ts":  "declare function say(s: string): void;\n",
		"mod/b.ts":        "import { say } from './say'; export default function (): void { say<string>('b'); }\n",
	}
}

func TestTypeScriptIsCompiled(t *testing.T) {
	files := typed()
	delete(files, "src/a.spec.ts")
	made, found := bundled(t, files)
	if len(found) > 0 {
		t.Error(found)
	}
	var names []string
	for name := range made {
		names = append(names, name)
	}
	if diff := cmp.Diff(map[string]bool{"out/a.js": true, "out/app/base.js": true, "out/all.js": true, "out/mod/b.js": true}, set(names)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, scripts := range map[string][][]byte{
		"one file":   {made["out/all.js"]},
		"many files": {made["out/app/base.js"], made["out/a.js"]},
	} {
		if diff := cmp.Diff([]string{"aTwo"}, said(t, scripts...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	module := "var module = { exports: {} }; function require() { return { say: say }; }\n" + string(made["out/mod/b.js"]) + "\nmodule.exports.default();"
	if diff := cmp.Diff([]string{"b"}, said(t, []byte(module))); diff != "" {
		t.Errorf("the module (-want +got):\n%s", diff)
	}
}

func set(names []string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

func TestTypeScriptThatCannotBeCompiledIsTold(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, want string }{
		"syntax":              {"src/app/base.ts", "enum Kind", "enum", "src/app/base.ts:1:29: "},
		"tsconfig.json":       {"tsconfig.json", "[\"src\"]", "[\"src\"", "tsconfig.json: it cannot be read"},
		"modules as amd":      {"gulpfile.js", "module: 'commonjs'", "module: 'amd'", "gulp-typescript with modules as amd in task modules"},
		"modules in one":      {"src/a.ts", "namespace App {", "export namespace App {", "gulp-typescript with modules in one file in task one"},
		"a namespace's parts": {"src/a.ts", "new App.Base", "new Base", "gulp-typescript with the namespace App in several files, which share Base in task each"},
		"declarations asked":  {"gulpfile.js", "project()).js", "project()).dts", "declarations (.d.ts) are not made here"},
	} {
		t.Run(name, func(t *testing.T) {
			files := typed()
			files[c.file] = strings.Replace(files[c.file], c.from, c.to, 1)
			_, found := bundled(t, files)
			if !strings.Contains(texts(found), c.want) {
				t.Errorf("told %q, want %q", texts(found), c.want)
			}
		})
	}
}

func texts(found diag.List) string {
	var b strings.Builder
	for _, d := range found {
		b.WriteString(d.Error() + "\n")
	}
	return b.String()
}

func TestSheetsAreJoinedAndTheirAddressesFollow(t *testing.T) {
	made, found := bundled(t, map[string]string{
		"gulpfile.js": `
const gulp = require('gulp');
gulp.task('concat', () => gulp.src('src/css/*.css').pipe(require('gulp-concat-css')('bundle/all.css', { includePaths: ['vendor'] })).pipe(gulp.dest('out')));
gulp.task('adjust', () => gulp.src('src/css/b.css').pipe(require('gulp-css-url-adjuster')({ prepend: '/x/', append: '?v=1', replace: ['img', 'pics'] })).pipe(gulp.dest('out')));
gulp.task('wrap', () => gulp.src('src/*.js').pipe(require('gulp-wrap-js')('(function () { %= body % })();')).pipe(gulp.dest('out')));
gulp.task('default', gulp.series('concat', 'adjust', 'wrap'));
`,
		"src/css/a.css":        "@import url(https://fonts.example/css?a=1);\n@import \"sub/deep.css\" screen;\n@import 'lib.css';\na { color: red }\n",
		"src/css/b.css":        "b { background: url(../img/b.png), url('data:,x') }\n",
		"src/css/sub/deep.css": "i { background: url(\"deep.png#a\") }\n",
		"vendor/lib.css":       "u { background: url(u.png) }\n",
		"src/say.js":           "var hidden = 1; // the end",
	})
	if len(found) > 0 {
		t.Error(found)
	}
	got := map[string]string{}
	for name, data := range made {
		got[name] = string(data)
	}
	want := map[string]string{
		"out/bundle/all.css": "@import url(https://fonts.example/css?a=1);\n@media screen {\ni { background: url(\"../sub/deep.png#a\") }\n}\nu { background: url(\"../../../vendor/u.png\") }\na { color: red }\n" +
			"b { background: url(\"../../img/b.png\"), url(\"data:,x\") }",
		"out/b.css":  "b { background: url(\"/x/../pics/b.png?v=1\"), url(\"data:,x\") }\n",
		"out/say.js": "(function () { var hidden = 1; // the end\n })();",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
