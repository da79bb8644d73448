package pipeline

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"
)

// sourceMap is what differs in ways that nobody reads.
var sourceMap = regexp.MustCompile(`\n?//# sourceMappingURL=\S*\n?|\n?/\*# sourceMappingURL=\S* \*/\n?`)

// TestModulesGolden serves the project in each archive and compares the generated layer.
func TestModulesGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/modules/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := oddFolder(t)
			writeArchive(t, ar, dir)
			got := serveArchive(t, ar, dir)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(ar)), string(txtar.Format(got))); diff != "" {
				t.Errorf("archive (-want +got; -update accepts):\n%s", diff)
			}
		})
	}
}

// serveArchive returns the archive with what serve generates of its project.
func serveArchive(t *testing.T, ar *txtar.Archive, dir string) *txtar.Archive {
	t.Helper()
	got := &txtar.Archive{Comment: ar.Comment}
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, "in/") {
			got.Files = append(got.Files, f)
		}
	}
	p, err := New(Options{Dir: dir, Define: map[string]string{"VERSION": `"1.2"`}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(dir, ".tmp")) {
		return got
	}
	for _, f := range readTree(t, filepath.Join(dir, ".tmp")) {
		if filepath.Ext(f.Name) == ".map" {
			continue
		}
		f.Data = sourceMap.ReplaceAll(f.Data, []byte("\n"))
		got.Files = append(got.Files, f)
	}
	if len(result.Diagnostics) > 0 {
		got.Files = append(got.Files, txtar.File{Name: "diagnostics", Data: []byte(show(result.Diagnostics))})
	}
	return got
}

// modern is a small project of modules that need all kinds of work.
func modern(t *testing.T) (dir string, p *Pipeline) {
	t.Helper()
	dir = project(t, map[string]string{
		"src/index.html":              `<!doctype html><script type="module" src="main.ts"></script>`,
		"src/main.ts":                 "import './a';\nimport './plain.js';\nimport data from './data.json';\nimport './a.css';\nimport { shared } from '../shared/s';\nimport old from './old.js';\nconsole.log(data, shared, old);\n",
		"src/a.ts":                    "export const a: number = 1;\n",
		"src/plain.js":                "export const plain = 1;\n",
		"src/data.json":               `{"n": 1}`,
		"src/a.css":                   "a { color: red }\n",
		"src/b.css":                   "b { color: red }\n",
		"src/old.js":                  "module.exports = 1;\n",
		"src/unused.ts":               "export const unused: number = 1;\n",
		"shared/s.ts":                 "export const shared: number = 1;\n",
		"node_modules/installed/x.js": "",
	})
	p = open(t, dir)
	result, err := p.Start(t.Context())
	if err != nil || len(result.Diagnostics) > 0 {
		t.Fatalf("start: %v, %v", err, result.Diagnostics)
	}
	return dir, p
}

// edited is one change of a file, and the files whose served bytes it changes.
type edited struct {
	name, file, content string // content "" removes the file
	want                []string
	found               string // the first diagnostic's message
}

func TestEditOfAModuleRedoesOnlyWhatDependsOnIt(t *testing.T) {
	dir, p := modern(t)
	for _, e := range []edited{
		{"a module", "src/a.ts", "export const a: number = 2;\n", []string{".tmp/a.ts"}, ""},
		{"a type, which its source map shows", "src/a.ts", "export const a: string | number = 2;\n", []string{".tmp/a.ts"}, ""},
		{"a comment", "src/a.ts", "export const a: number = 2; // new\n", []string{".tmp/a.ts"}, ""},
		{"a plain module", "src/plain.js", "export const plain = 2;\n", []string{"src/plain.js"}, ""},
		{"data", "src/data.json", `{"n": 2}`, []string{".tmp/main.ts", "src/data.json"}, ""},
		{"a stylesheet", "src/a.css", "a { color: blue }\n", []string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map", "src/a.css"}, ""},
		{"an import in a stylesheet", "src/a.css", "@import './b.css';\n", []string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map", "src/a.css"}, ""},
		{"what it imports", "src/b.css", "b { color: blue }\n", []string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map", "src/b.css"}, ""},
		{"a file that nothing imports", "src/unused.ts", "export const unused: number = 2;\n", []string{"src/unused.ts"}, ""},
		{"a folder beside the sources", "shared/s.ts", "export const shared: number = 2;\n", []string{".tmp/@packages/shared/s.ts.js", ".tmp/@packages/shared/s.ts.js.map"}, ""},
		{"CommonJS", "src/old.js", "module.exports = 2;\n", []string{".tmp/@packages/src/old.js", ".tmp/@packages/src/old.js.map", "src/old.js"}, ""},
		{"the page", "src/index.html", `<!doctype html><title>x</title><script type="module" src="main.ts"></script>`, []string{".tmp/index.html"}, ""},
		{"nothing", "src/a.ts", "export const a: number = 2; // new\n", nil, ""},
	} {
		check(t, p, dir, e)
	}
}

func TestFilesThatComeAndGoChangeWhatImportsThem(t *testing.T) {
	dir, p := modern(t)
	for _, e := range []edited{
		{"an import of nothing", "src/a.ts", "import './new';\nexport const a = 1;\n", nil, `could not resolve "./new"`},
		{"it appears", "src/new.ts", "export const x: number = 1;\n", []string{".tmp/a.ts", ".tmp/new.ts"}, ""},
		{"it goes", "src/new.ts", "", nil, `could not resolve "./new"`},
		{"it comes back as a folder", "src/new/index.tsx", "export const x: number = 1;\n", []string{".tmp/a.ts", ".tmp/new.ts", ".tmp/new/index.tsx"}, ""},
		{"a file wins over the folder", "src/new.js", "export const x = 1;\n", []string{".tmp/a.ts", ".tmp/new/index.tsx", "src/new.js"}, ""},
		{"a package that is not there", "src/a.ts", "import 'pkg';\nexport const a = 1;\n", nil, `could not resolve "pkg"`},
	} {
		check(t, p, dir, e)
	}
	write(t, filepath.Join(dir, "node_modules/pkg/index.js"), "export {}")
	check(t, p, dir, edited{"it is installed", "node_modules/.package-lock.json", "{}", []string{".tmp/@packages/pkg/index.js", ".tmp/@packages/pkg/index.js.map", ".tmp/a.ts"}, ""})
}

func TestBrokenModuleKeepsWhatItWasAndTheOthersGoThrough(t *testing.T) {
	dir, p := modern(t)
	for _, e := range []edited{
		{"TypeScript", "src/a.ts", "export const a: = 1;\n", nil, `unexpected "="`},
		{"another one meanwhile", "src/plain.js", "export const plain = 3;\n", []string{"src/plain.js"}, `unexpected "="`},
		{"its mending", "src/a.ts", "export const a: number = 3;\n", []string{".tmp/a.ts"}, ""},
		{"a plain module", "src/plain.js", "export const = 1;\n", []string{".tmp/plain.js"}, `expected identifier but found "="`},
		{"its mending", "src/plain.js", "export const plain = 4;\n", []string{".tmp/plain.js", "src/plain.js"}, ""},
		{"data", "src/data.json", `{"n": }`, []string{".tmp/data.json"}, `unexpected "}" in JSON`},
		{"its mending", "src/data.json", `{"n": 3}`, []string{".tmp/data.json", ".tmp/main.ts", "src/data.json"}, ""},
		{"a stylesheet", "src/a.css", "@import './gone.css';\n", []string{"src/a.css"}, `could not resolve "./gone.css"`},
		{"its mending", "src/a.css", "a { color: green }\n", []string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map", "src/a.css"}, ""},
		{"a folder beside the sources", "shared/s.ts", "export const shared: = 1;\n", nil, `unexpected "="`},
		{"its mending", "shared/s.ts", "export const shared = 9;\n", []string{".tmp/@packages/shared/s.ts.js", ".tmp/@packages/shared/s.ts.js.map"}, ""},
	} {
		check(t, p, dir, e)
	}
	if got := readFile(t, filepath.Join(dir, ".tmp/a.ts")); !strings.Contains(got, "a = 3") {
		t.Errorf("the mended module is\n%s", got)
	}
	if exists(filepath.Join(dir, ".tmp/plain.js")) {
		t.Error("the plain module still has a twin")
	}
}

// check makes an edit and compares what the pipeline says of it.
func check(t *testing.T, p *Pipeline, dir string, e edited) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(e.file))
	if e.content == "" {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	} else {
		write(t, file, e.content)
	}
	got, err := p.Rebuild(t.Context(), []string{file})
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	if diff := cmp.Diff(e.want, relative(t, dir, got).Changed, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: changed (-want +got):\n%s", e.name, diff)
	}
	message := ""
	if len(got.Diagnostics) > 0 {
		message = got.Diagnostics[0].Message
	}
	if message != e.found {
		t.Errorf("%s: told %q, want %q", e.name, got.Diagnostics, e.found)
	}
}

func TestEditOfWhatAModuleWantsByAQueryRedoesIt(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html": `<!doctype html><script type="module" src="main.js"></script>`,
		"src/main.js":    "import text from './a.txt?raw';\nimport css from './a.css?inline';\nimport W from './w.ts?worker';\nconsole.log(text, css, W);\n",
		"src/a.txt":      "one",
		"src/a.css":      "@import './b.css';",
		"src/b.css":      "b { color: red }",
		"src/w.ts":       "export const w: number = 1;\n",
	})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range []edited{
		{"a text", "src/a.txt", "two", []string{".tmp/main.js", "src/a.txt"}, ""},
		{"what an inlined stylesheet imports", "src/b.css", "b { color: blue }", []string{".tmp/main.js", "src/b.css"}, ""},
		{"a worker", "src/w.ts", "export const w: number = 2;\n", []string{".tmp/w.ts"}, ""},
		{"a file that goes", "src/a.txt", "", []string{"src/a.txt"}, `could not resolve "./a.txt?raw"`},
		{"and comes back", "src/a.txt", "three", []string{".tmp/main.js", "src/a.txt"}, ""},
	} {
		check(t, p, dir, e)
	}
}

func TestEditOfAClassicWorkerBundlesItAnew(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html":  `<!doctype html><script type="module" src="main.js"></script>`,
		"src/main.js":     "import { start } from '../beside/start.js';\nnew Worker(new URL('./w.ts', import.meta.url));\nstart();\n",
		"src/w.ts":        "import { a } from './a.js';\npostMessage(a);\n",
		"src/a.js":        "export const a = 1;\n",
		"beside/start.js": "export const start = () => new Worker(new URL('./work.js', import.meta.url));\n",
		"beside/work.js":  "import { a } from '../src/a.js';\npostMessage(a);\n",
	})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	both := []string{".tmp/@files/beside/work.js", ".tmp/w.ts", "src/a.js"}
	for _, e := range []edited{
		{"what workers import", "src/a.js", "export const a = 2;\n", both, ""},
		{"a slip there", "src/a.js", "export const a = ;\n", []string{".tmp/a.js"}, "unexpected \";\""},
		{"its mending", "src/a.js", "export const a = 3;\n", append([]string{".tmp/@files/beside/work.js", ".tmp/a.js"}, both[1:]...), ""},
		{"a worker", "src/w.ts", "postMessage(1 as number);\n", []string{".tmp/w.ts"}, ""},
		{"a worker beside the sources", "beside/work.js", "postMessage(1);\n", []string{".tmp/@files/beside/work.js"}, ""},
		{"its end", "src/main.js", "import { start } from '../beside/start.js';\nstart();\n", []string{".tmp/main.js", ".tmp/w.ts"}, ""},
	} {
		check(t, p, dir, e)
	}
}

func TestWhatOnlySeemsToBeImportedIsNeitherServedNorTold(t *testing.T) {
	dir := project(t, map[string]string{
		"src/index.html": `<!doctype html><script type="module" src="main.ts"></script>`,
		"src/main.ts":    "// import './comment';\nimport { T } from './types';\nimport { a } from './a';\nconst t: T = a;\nconsole.log(t);\n",
		"src/comment.ts": "const = 1;\n",
		"src/types.ts":   "export type T = number;\n",
		"src/a.ts":       "export const a: number = 1;\n",
	})
	p := open(t, dir)
	result, err := p.Start(t.Context())
	if err != nil || len(result.Diagnostics) > 0 {
		t.Fatal(result.Diagnostics, err)
	}
	if diff := cmp.Diff([]string{"a.ts", "main.ts"}, names(snapshot(t, filepath.Join(dir, ".tmp")))); diff != "" {
		t.Errorf("generated layer (-want +got):\n%s", diff)
	}
	for _, e := range []edited{
		{"a slip in what nothing reaches", "src/comment.ts", "const = 2;\n", []string{"src/comment.ts"}, ""},
		{"it is imported", "src/main.ts", "import './comment';\nimport { a } from './a';\nconsole.log(a);\n", []string{".tmp/main.ts"}, `expected identifier but found "="`},
		{"its mending", "src/comment.ts", "export const c: number = 2;\n", []string{".tmp/comment.ts"}, ""},
	} {
		check(t, p, dir, e)
	}
}

// TestPackageOfAWorkspaceIsASource covers packages that are linked into node_modules, as
// npm, pnpm and yarn do with those of the project's own.
func TestPackageOfAWorkspaceIsASource(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json":             `{"workspaces": ["packages/*"]}`,
		"src/index.html":           `<!doctype html><script type="module" src="main.ts"></script>`,
		"src/main.ts":              "import { ui } from '@my/ui';\nimport '@my/ui/style.css';\nconsole.log(ui);\n",
		"packages/ui/package.json": `{"name": "@my/ui", "exports": {".": "./src/index.ts", "./style.css": "./style.css"}}`,
		"packages/ui/src/index.ts": "export { ui } from './ui';\n",
		"packages/ui/src/ui.ts":    "export const ui: number = 1;\n",
		"packages/ui/style.css":    "u { color: red }\n",
	})
	if err := os.MkdirAll(filepath.Join(dir, "node_modules/@my"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../packages/ui", filepath.Join(dir, "node_modules/@my/ui")); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir)
	result, err := p.Start(t.Context())
	if err != nil || len(result.Diagnostics) > 0 {
		t.Fatal(result.Diagnostics, err)
	}
	folders := relative(t, dir, Result{Changed: p.Folders()}).Changed
	if diff := cmp.Diff([]string{"packages/ui", "packages/ui/src"}, folders); diff != "" {
		t.Errorf("folders to watch (-want +got):\n%s", diff)
	}
	bundle := []string{".tmp/@packages/packages/ui/src/index.ts.js", ".tmp/@packages/packages/ui/src/index.ts.js.map"}
	for _, e := range []edited{
		{"its source", "packages/ui/src/ui.ts", "export const ui: number = 2;\n", bundle, ""},
		{"its stylesheet", "packages/ui/style.css", "u { color: blue }\n", []string{".tmp/@styles/index.css", ".tmp/@styles/index.css.map"}, ""},
		{"a slip", "packages/ui/src/ui.ts", "export const ui: = 2;\n", nil, `unexpected "="`},
		{"its mending", "packages/ui/src/ui.ts", "export const ui = 3;\n", bundle, ""},
	} {
		check(t, p, dir, e)
	}
	mustBuild(t, t.Context(), BuildOptions{Dir: dir, NoGzip: true, NoBrotli: true})
}

func TestConfigurationThatOthersExtendCountsAtOnce(t *testing.T) {
	dir := project(t, map[string]string{
		"tsconfig.json":      `{"extends": "./tsconfig.base.json"}`,
		"tsconfig.base.json": `{"compilerOptions": {"jsx": "react", "jsxFactory": "one", "experimentalDecorators": true}}`,
		"src/index.html":     `<!doctype html><script type="module" src="main.tsx"></script>`,
		"src/main.tsx":       "const d = (c: unknown) => c;\n@d class A {}\nconsole.log(<p/>, A);\n",
	})
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, filepath.Join(dir, ".tmp/main.tsx")); !strings.Contains(got, `one("p"`) || !strings.Contains(got, "__decorateClass") {
		t.Errorf("the script is\n%s", got)
	}
	check(t, p, dir, edited{"the base", "tsconfig.base.json", `{"compilerOptions": {"jsx": "react", "jsxFactory": "two"}}`, []string{".tmp/main.tsx"}, ""})
	if got := readFile(t, filepath.Join(dir, ".tmp/main.tsx")); !strings.Contains(got, `two("p"`) {
		t.Errorf("the script is\n%s", got)
	}
}
