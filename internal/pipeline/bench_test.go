package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// benchProject writes files into a new folder.
func benchProject(b *testing.B, files map[string]string) string {
	b.Helper()
	dir := b.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// benchSizes are how many sources the projects of the benchmarks have.
var benchSizes = []int{100, 500}

// moduleSources is a project of n TypeScript modules, each of which imports the next, a
// package and now and then a stylesheet.
func moduleSources(n int) map[string]string {
	files := map[string]string{
		"src/index.html":                `<!doctype html><script type="module" src="m0.ts"></script>`,
		"node_modules/kit/index.js":     "export const kit = (x) => x;\n",
		"node_modules/kit/package.json": `{"name": "kit", "main": "index.js"}`,
	}
	for i := range n {
		text, next := "import { kit } from 'kit';\n", ""
		if i+1 < n {
			text += fmt.Sprintf("import { f%d } from './m%d';\n", i+1, i+1)
			next = fmt.Sprintf(" + f%d(x)", i+1)
		}
		if i%10 == 0 {
			files[fmt.Sprintf("src/m%d.css", i)] = fmt.Sprintf(".c%d { color: red }\n", i)
			text += fmt.Sprintf("import './m%d.css';\n", i)
		}
		for j := range 20 {
			text += fmt.Sprintf("interface I%d { a: number; b: string }\nfunction g%d(i: I%d): string { return kit(`${i.a} ${i.b}`); }\n", j, j, j)
		}
		files[fmt.Sprintf("src/m%d.ts", i)] = text + fmt.Sprintf("export const f%d = (x: number): number => x%s;\n", i, next)
	}
	return files
}

// wiredSources is an AngularJS project of n scripts and a tenth as many templates and
// stylesheets; every second script is TypeScript.
func wiredSources(n int) map[string]string {
	files := map[string]string{
		"src/index.html": "<!doctype html><html ng-app=\"app\">\n<!-- inject:css --><!-- endinject -->\n<!-- inject:js --><!-- endinject -->\n<!-- inject:partials --><!-- endinject --></html>\n",
		"src/app/app.js": "angular.module('app', []);\n",
	}
	for i := range n {
		ext := []string{"js", "ts"}[i%2]
		files[fmt.Sprintf("src/app/d%d/s%d.%s", i/20, i, ext)] = fmt.Sprintf("angular.module('app').factory('s%d', function ($http, $q) { return { get: function () { return $q.resolve($http); } }; });\n", i)
		if i%10 == 0 {
			files[fmt.Sprintf("src/app/d%d/t%d.html", i/20, i)] = "<div class=\"a  b\"><p ng-if=\"a\">{{ b }}</p></div>\n"
			files[fmt.Sprintf("src/app/d%d/c%d.css", i/20, i)] = ".a { color: red }\n"
		}
	}
	return files
}

func started(b *testing.B, dir string) *Pipeline {
	b.Helper()
	p, err := New(Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	result, err := p.Start(b.Context())
	if err != nil || result.Diagnostics.Err() != nil {
		b.Fatal(err, result.Diagnostics)
	}
	return p
}

// benchStart measures the start of a project whose generated layer is there already.
func benchStart(b *testing.B, sources func(int) map[string]string) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := benchProject(b, sources(n))
			b.ReportAllocs()
			for b.Loop() {
				if err := started(b, dir).Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchEdit measures what a save of one file costs.
func benchEdit(b *testing.B, sources func(int) map[string]string, name, text string) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := benchProject(b, sources(n))
			p := started(b, dir)
			file := filepath.Join(dir, filepath.FromSlash(name))
			old, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := os.WriteFile(file, fmt.Appendf(nil, "%s"+text, old, i), 0o644); err != nil {
					b.Fatal(err)
				}
				if result, err := p.Rebuild(b.Context(), []string{file}); err != nil || len(result.Changed) == 0 {
					b.Fatal(err, result)
				}
			}
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkModulesStart(b *testing.B) { benchStart(b, moduleSources) }

func BenchmarkModulesEdit(b *testing.B) {
	benchEdit(b, moduleSources, "src/m50.ts", "export const more = %d;\n")
}

func BenchmarkModulesStyleEdit(b *testing.B) {
	benchEdit(b, moduleSources, "src/m50.css", ".more { z-index: %d }\n")
}

func BenchmarkWiredStart(b *testing.B) { benchStart(b, wiredSources) }

func BenchmarkWiredScriptEdit(b *testing.B) {
	benchEdit(b, wiredSources, "src/app/d2/s50.js", "// %d\n")
}

func BenchmarkWiredTypeScriptEdit(b *testing.B) {
	benchEdit(b, wiredSources, "src/app/d2/s51.ts", "// %d\n")
}

func BenchmarkWiredTemplateEdit(b *testing.B) {
	benchEdit(b, wiredSources, "src/app/d2/t50.html", "<i>%d</i>\n")
}

func BenchmarkBuildModules(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := benchProject(b, moduleSources(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Build(b.Context(), BuildOptions{Dir: dir, NoGzip: true, NoBrotli: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
