package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBundlesOfTheProjectAreFoundWhereItsToolsSaySo(t *testing.T) {
	const page = "<!doctype html><script src=bundle.js></script>"
	tests := []struct {
		name  string
		files map[string]string
		kind  Kind
		src   string
		want  []Entry
	}{
		{"esbuild's command", map[string]string{
			"public/index.html": page, "src/app.tsx": "", "package.json": `{"scripts": {"build": "tsc && esbuild src/app.tsx --bundle --outfile=public/bundle.js --minify"}}`,
		}, Bundled, "public", []Entry{{"public/bundle.js", "src/app.tsx", "package.json"}}},
		{"esbuild into a folder", map[string]string{
			"public/index.html": page, "src/bundle.ts": "", "package.json": `{"scripts": {"build": "npx esbuild --bundle 'src/bundle.ts' --outdir=public"}}`,
		}, Bundled, "public", []Entry{{"public/bundle.js", "src/bundle.ts", "package.json"}}},
		{"esbuild's program", map[string]string{
			"www/index.html": page, "src/app.js": "", "build.mjs": "import * as esbuild from 'esbuild'\nawait esbuild.build({ entryPoints: ['src/app.js'], bundle: true, outfile: 'www/bundle.js' })",
		}, Bundled, "www", []Entry{{"www/bundle.js", "src/app.js", "build.mjs"}}},
		{"browserify", map[string]string{
			"index.html": page, "main.js": "", "package.json": `{"scripts": {"start": "watchify main.js -o bundle.js -dv"}}`,
		}, Bundled, ".", []Entry{{"bundle.js", "main.js", "package.json"}}},
		{"browserify into a pipe's end", map[string]string{
			"index.html": page, "main.js": "", "package.json": `{"scripts": {"start": "browserify main.js > bundle.js"}}`,
		}, Bundled, ".", []Entry{{"bundle.js", "main.js", "package.json"}}},
		{"rollup's configuration", map[string]string{
			"public/index.html": page, "src/main.js": "", "rollup.config.js": "export default { input: 'src/main.js', output: { file: 'public/bundle.js', format: 'iife' } }",
		}, Bundled, "public", []Entry{{"public/bundle.js", "src/main.js", "rollup.config.js"}}},
		{"webpack's configuration", map[string]string{
			"public/index.html": page, "app/main.js": "", "package.json": `{"devDependencies": {"webpack": "5"}}`,
			"webpack.config.js": "module.exports = { entry: { main: './app/main' }, output: { filename: 'bundle.js', path: path.resolve(__dirname, 'public') } }",
		}, Bundled, "public", []Entry{{"public/bundle.js", "app/main.js", "webpack.config.js"}}},
		{"webpack's defaults", map[string]string{
			"index.html": "<!doctype html><script src=dist/main.js></script>", "src/index.js": "", "package.json": `{"devDependencies": {"webpack": "5"}}`,
		}, Bundled, ".", []Entry{{"dist/main.js", "src/index.js", "package.json"}}},
		{"a template of webpack's", map[string]string{
			"assets/page.html": "", "tpl/index.html": "<!doctype html>", "src/index.ts": "", "package.json": `{"devDependencies": {"webpack": "5"}}`,
			"webpack.config.js": "module.exports = { plugins: [new HtmlWebpackPlugin({ template: path.join(__dirname, 'tpl/index.html') })] }",
		}, Bundled, "tpl", []Entry{{"", "src/index.ts", "webpack.config.js"}}},
		{"the fields of package.json", map[string]string{
			"index.html": page, "lib/in.js": "", "package.json": `{"source": "lib/in.js", "browser": "bundle.js", "main": "other.js"}`,
		}, Bundled, ".", []Entry{{"bundle.js", "lib/in.js", "package.json"}}},
		{"Create React App", map[string]string{
			"public/index.html": "<!doctype html>", "src/index.tsx": "", "package.json": `{"dependencies": {"react-scripts": "5"}}`,
		}, ReactApp, "public", []Entry{{"", "src/index.tsx", "package.json"}}},
		{"TypeScript in a script's place", map[string]string{
			"src/index.html": "<!doctype html><script defer src='./js/main.js'></script><script src=old.js></script>",
			"src/js/main.ts": "", "src/old.js": "", "src/old.ts": "",
		}, Bundled, "src", []Entry{{"src/js/main.js", "src/js/main.ts", "src/index.html"}}},
		{"a bundle that the page does not load", map[string]string{
			"index.html": "<!doctype html><script src=app.js></script>", "main.js": "", "package.json": `{"scripts": {"start": "browserify main.js -o bundle.js"}}`,
		}, Plain, ".", nil},
		{"a bundle whose packages are not installed", map[string]string{
			"index.html": page, "main.js": "", "bundle.js": "", "package.json": `{"scripts": {"start": "browserify main.js -o bundle.js"}, "dependencies": {"react": "1"}}`,
		}, Plain, ".", nil},
		{"a bundle of what is not there", map[string]string{
			"index.html": page, "package.json": `{"scripts": {"start": "browserify ../main.js -o bundle.js; rollup -i gone.js -o bundle.js"}, "browser": {"a": "b"}}`,
		}, Plain, ".", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Detect(project(t, tt.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, l.Entries); diff != "" || l.Kind != tt.kind || l.Src != tt.src {
				t.Errorf("%s in %s, entries (-want +got):\n%s", l.Kind, l.Src, diff)
			}
		})
	}
}

func TestEditOfASourceOfABundleRedoesThatSource(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json":   `{"scripts": {"build": "esbuild src/main.js --bundle --outfile=www/bundle.js"}}`,
		"www/index.html": `<!doctype html><script src="bundle.js"></script><script src="late.js"></script>`,
		"www/late.js":    "var late = 1;\n",
		"src/main.js":    "import { a } from './a';\nconsole.log(a);\n",
		"src/a.js":       "export const a = 1;\n",
	})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"src"}, relative(t, dir, Result{Changed: p.Folders()}).Changed); diff != "" {
		t.Errorf("folders to watch (-want +got):\n%s", diff)
	}
	for _, e := range []edited{
		{"a source", "src/a.js", "export const a = 2;\n", []string{".tmp/src/a.js"}, ""},
		{"a slip", "src/a.js", "export const a = ;\n", nil, `unexpected ";"`},
		{"its mending", "src/a.js", "export const a = 3;\n", []string{".tmp/src/a.js"}, ""},
		{"an import of nothing", "src/main.js", "import './b';\n", nil, `could not resolve "./b"`},
		{"it comes", "src/b.js", "export {};\n", []string{".tmp/src/a.js", ".tmp/src/b.js", ".tmp/src/main.js"}, ""},
		{"a plain script that becomes a module", "www/late.js", "export const late = 1;\n", []string{".tmp/index.html", "www/late.js"}, ""},
		{"and a plain one again", "www/late.js", "var late = 1;\n", []string{".tmp/index.html", "www/late.js"}, ""},
	} {
		check(t, p, dir, e)
	}
}
