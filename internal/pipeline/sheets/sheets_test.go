package sheets

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// shared are the compilers that tests have started, each once: loading one takes longer
// than what a test asks of it. By the name of the way.
var shared = map[string]*used{}

// closing ends the shared compilers behind the tests.
type closing struct{ *testing.M }

func (c closing) Run() int {
	code := c.M.Run()
	for _, u := range shared {
		if err := u.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(closing{m}) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// project is a folder with the given files; packages are links in its node_modules to
// what npm has installed, "name" or "name=installed as".
func project(t *testing.T, files map[string]string, packages ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(content), 0o644))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "node_modules"), 0o755))
	for _, p := range packages {
		name, installed, ok := strings.Cut(p, "=")
		if !ok {
			installed = name
		}
		link := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(link), 0o755))
		must(t, os.Symlink(realpart.Package(t, installed), link))
	}
	return dir
}

// way is one way to run a compiler, and a project that is compiled in this way.
type way struct {
	name     string
	language Language
	packages []string
	how      How
	noNode   bool
	slow     bool
	major    int    // of Less, where it matters
	node     string // the real one, also for a test whose PATH has none
}

// embedded is what npm calls the native compiler for the machine that tests run on.
const embedded = "sass-embedded-linux-x64"

// ways are all that are to give the same.
func ways() []way {
	return []way{
		{name: "native sass", language: Sass, packages: []string{embedded}, how: Native, noNode: true},
		{name: "sass without node", language: Sass, packages: []string{"sass"}, how: Engine, noNode: true, slow: true},
		{name: "old sass without node", language: Sass, packages: []string{"sass=sass-1.43"}, how: Engine, noNode: true, slow: true},
		{name: "less without node", language: Less, packages: []string{"less"}, how: Engine, noNode: true},
		{name: "less 3 without node", language: Less, packages: []string{"less=less-3"}, how: Engine, noNode: true, slow: true},
		{name: "less 2 without node", language: Less, packages: []string{"less=less-2"}, major: 2, how: Engine, noNode: true, slow: true},
		{name: "less 1 without node", language: Less, packages: []string{"less=less-1"}, major: 1, how: Engine, noNode: true, slow: true},
		{name: "sass by node", language: Sass, packages: []string{"sass"}, how: Node},
		{name: "old sass by node", language: Sass, packages: []string{"sass=sass-1.43"}, how: Node},
		{name: "less by node", language: Less, packages: []string{"less"}, how: Node},
		{name: "less 3 by node", language: Less, packages: []string{"less=less-3"}, how: Node},
		{name: "less 2 by node", language: Less, packages: []string{"less=less-2"}, major: 2, how: Node},
		{name: "less 1 by node", language: Less, packages: []string{"less=less-1"}, major: 1, how: Node},
	}
}

// each runs a test in every way that a language is compiled in.
func each(t *testing.T, language Language, test func(t *testing.T, w way)) {
	for _, w := range ways() {
		if w.language != language {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			if w.how == Engine && (testing.Short() || racing && w.slow) {
				t.Skip("takes too long here")
			}
			w.node = realpart.Command(t, "node")
			if w.noNode {
				t.Setenv("PATH", t.TempDir())
			}
			test(t, w)
		})
	}
}

// open returns the compiler of a project, which is the one that is meant.
func open(t *testing.T, dir string, w way) *Compiler {
	t.Helper()
	c := New(dir, nil)
	choice, ok := c.Choice(w.language)
	if !ok || choice.How != w.how {
		t.Fatalf("compiled by %+v, %v; want %s", choice, ok, w.how)
	}
	if shared[w.name] == nil {
		real, err := filepath.EvalSymlinks(choice.Path) // the project goes with the test
		must(t, err)
		choice.Path, choice.dir = real, os.TempDir()
		shared[w.name] = &used{choice: choice, backend: choice.open(), idle: time.NewTimer(time.Hour)}
	}
	c.used[w.language] = shared[w.name]
	return c
}

func TestSassFindsImportsWhereverTheyAre(t *testing.T) {
	files := map[string]string{
		"src/app.scss":                       "$c: red;\n@import 'parts/one';\n@import 'two';\n@import 'lib/three';\n@import 'four';\n@import 'five';\n@import 'made';\n",
		"src/parts/_one.scss":                "@import 'nested'; one { color: $c }",
		"src/parts/_nested.sass":             "nested\n  color: $c\n",
		"include/two.scss":                   "two { color: $c }",
		"node_modules/lib/three/_index.scss": "three { color: $c }",
		"bower_components/four.css":          "four { color: blue }",
		"_five.scss":                         "five { color: $c }",
	}
	each(t, Sass, func(t *testing.T, w way) {
		dir := project(t, files, w.packages...)
		read := func(file string) ([]byte, bool) {
			if file == filepath.Join(dir, "src/_made.scss") {
				return []byte("@import 'parts/nested'; made { color: $c }"), true
			}
			return nil, false
		}
		out, found, err := open(t, dir, w).Compile(t.Context(), Input{File: filepath.Join(dir, "src/app.scss"), IncludePaths: []string{"include"}, Read: read})
		must(t, err)
		want := "nested {\n  color: red;\n}\n\none {\n  color: red;\n}\n\ntwo {\n  color: red;\n}\n\nthree {\n  color: red;\n}\n\nfour {\n  color: blue;\n}\n\nfive {\n  color: red;\n}\n\nnested {\n  color: red;\n}\n\nmade {\n  color: red;\n}"
		if diff := cmp.Diff(want, string(out.CSS)); diff != "" || len(found) > 0 {
			t.Errorf("%v (-want +got):\n%s", found, diff)
		}
		wantFiles := []string{
			"_five.scss", "bower_components/four.css", "include/two.scss", "node_modules/lib/three/_index.scss",
			"src/_made.scss", "src/parts/_nested.sass", "src/parts/_one.scss",
		}
		if diff := cmp.Diff(wantFiles, rels(dir, out.Includes)); diff != "" {
			t.Errorf("includes (-want +got):\n%s", diff)
		}
	})
}

func rels(dir string, files []string) []string {
	j := job{dir: dir}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = j.rel(f)
	}
	return names
}

func TestLessFindsImportsWhereverTheyAre(t *testing.T) {
	files := map[string]string{
		"src/app.less":                "@c: 1px;\n@import 'parts/one';\n@import 'two';\n@import 'lib/three.less';\n@import (optional) 'gone';\n@import 'made';\n@import (inline) 'four.css';\n",
		"src/parts/one.less":          "@import 'nested'; one { color: @c; icon: data-uri('parts/dot.bin') }",
		"src/parts/nested.less":       "nested { color: @c }",
		"src/parts/dot.bin":           "\xff\x00",
		"include/two.less":            "two { color: @c }",
		"node_modules/lib/three.less": "three { color: @c }",
		"bower_components/four.css":   "four { color: blue }",
	}
	allFiles := []string{
		"bower_components/four.css", "include/two.less", "node_modules/lib/three.less",
		"src/made.less", "src/parts/dot.bin", "src/parts/nested.less", "src/parts/one.less",
	}
	each(t, Less, func(t *testing.T, w way) {
		files, wantFiles := files, allFiles
		if w.major == 1 { // it knows no optional imports, and reads by itself what is no sheet
			files, wantFiles = maps.Clone(files), slices.Delete(slices.Clone(wantFiles), 4, 5)
			files["src/app.less"] = strings.Replace(files["src/app.less"], "@import (optional) 'gone';\n", "", 1)
		}
		dir := project(t, files, w.packages...)
		read := func(file string) ([]byte, bool) {
			return []byte("made { color: @c }"), file == filepath.Join(dir, "src/made.less")
		}
		out, found, err := open(t, dir, w).Compile(t.Context(), Input{File: filepath.Join(dir, "src/app.less"), IncludePaths: []string{"include"}, Read: read})
		must(t, err)
		want := "nested {\n  color: 1px;\n}\none {\n  color: 1px;\n  icon: url(\"data:application/octet-stream;base64,/wA=\");\n}\ntwo {\n  color: 1px;\n}\nthree {\n  color: 1px;\n}\nmade {\n  color: 1px;\n}\nfour { color: blue }\n"
		if diff := cmp.Diff(want, string(out.CSS)); diff != "" || len(found) > 0 {
			t.Errorf("%v (-want +got):\n%s", found, diff)
		}
		if diff := cmp.Diff(wantFiles, rels(dir, out.Includes)); diff != "" {
			t.Errorf("includes (-want +got):\n%s", diff)
		}
	})
}

func TestMistakesAreToldWhereTheyAre(t *testing.T) {
	tests := []struct {
		name, file, source string
		imports            map[string]string
		want               diag.Diagnostic
	}{
		{
			name: "in the sheet", file: "src/a.scss", source: "a {\n  color: $c;\n}\n",
			want: diag.Diagnostic{Path: "src/a.scss", Line: 2, Column: 10, Message: "undefined variable", Excerpt: "  1 | a {\n> 2 |   color: $c;\n    |          ^\n  3 | }"},
		},
		{
			name: "in an import", file: "src/a.scss", source: "@import 'b';", imports: map[string]string{"src/_b.scss": "b { c: $d }"},
			want: diag.Diagnostic{Path: "src/_b.scss", Line: 1, Column: 8, Message: "undefined variable", Excerpt: "> 1 | b { c: $d }\n    |        ^"},
		},
		{
			name: "an import that is missing", file: "src/a.scss", source: "a { b: c }\n@import 'gone';",
			want: diag.Diagnostic{Path: "src/a.scss", Line: 2, Column: 9, Message: "can't find stylesheet to import", Excerpt: "  1 | a { b: c }\n> 2 | @import 'gone';\n    |         ^"},
		},
		{
			name: "an import that is not clear", file: "src/a.scss", source: "@import 'b';", imports: map[string]string{"src/_b.scss": "", "src/b.sass": ""},
			want: diag.Diagnostic{Path: "src/a.scss", Line: 1, Column: 9, Message: "it is not clear which file to import, rename or remove one: src/b.sass, src/_b.scss", Excerpt: "> 1 | @import 'b';\n    |         ^"},
		},
		{
			name: "in the sheet", file: "src/a.less", source: "a {\n  color: @c;\n}\n",
			want: diag.Diagnostic{Path: "src/a.less", Line: 2, Column: 10, Message: "variable @c is undefined", Excerpt: "  1 | a {\n> 2 |   color: @c;\n    |          ^\n  3 | }"},
		},
		{
			name: "in an import", file: "src/a.less", source: "@import 'b';", imports: map[string]string{"src/b.less": "b { c: @d }"},
			want: diag.Diagnostic{Path: "src/b.less", Line: 1, Column: 8, Message: "variable @d is undefined", Excerpt: "> 1 | b { c: @d }\n    |        ^"},
		},
		{
			name: "an import that is missing", file: "src/a.less", source: "a { b: c }\n@import 'gone';",
			want: diag.Diagnostic{Path: "src/a.less", Line: 2, Column: 1, Message: "'gone' wasn't found", Excerpt: "  1 | a { b: c }\n> 2 | @import 'gone';\n    | ^"},
		},
	}
	for _, language := range []Language{Sass, Less} {
		each(t, language, func(t *testing.T, w way) {
			dir := project(t, nil, w.packages...)
			c := open(t, dir, w)
			for _, tt := range tests {
				if LanguageOf(tt.file) != language {
					continue
				}
				read := func(file string) ([]byte, bool) {
					text, ok := tt.imports[filepath.ToSlash(strings.TrimPrefix(file, dir+string(filepath.Separator)))]
					return []byte(text), ok
				}
				out, found, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, tt.file), Source: []byte(tt.source), Read: read})
				must(t, err)
				tt.want.Severity, tt.want.Source = diag.Error, "styles"
				if w.major > 0 { // these complete the name
					tt.want.Message = strings.Replace(tt.want.Message, "'gone'", "'gone.less'", 1)
				}
				if diff := cmp.Diff(diag.List{tt.want}, found); diff != "" || out.CSS != nil {
					t.Errorf("%s: %s, diagnostics (-want +got):\n%s", tt.name, out.CSS, diff)
				}
			}
		})
	}
}

func TestSourceMapsNameSourcesFromTheProject(t *testing.T) {
	for _, tt := range []struct {
		language       Language
		file, imported string
	}{
		{Sass, "src/a.scss", "src/_b.scss"}, {Less, "src/a.less", "src/b.less"},
	} {
		each(t, tt.language, func(t *testing.T, w way) {
			dir := project(t, map[string]string{tt.file: "@import 'b';\n", tt.imported: "b { c: d }\n"}, w.packages...)
			out, found, err := open(t, dir, w).Compile(t.Context(), Input{File: filepath.Join(dir, tt.file), Map: true})
			must(t, err)
			if css := strings.TrimSpace(string(out.CSS)); css != "b {\n  c: d;\n}" || len(found) > 0 {
				t.Errorf("css %q, %v", css, found)
			}
			if w.major == 1 {
				return // it makes source maps of commands only
			}
			got := string(out.Map)
			if !strings.HasPrefix(got, `{"version":3,"sources":["`+tt.imported+`"],"sourcesContent":["b { c: d }\n"],"names":[],"mappings":"A`) {
				t.Errorf("source map: %s", got)
			}
		})
	}
}

// The project's own scripts are the oracle: what they make of the big frameworks.
func TestFrameworksAreCompiledAsNodeDoes(t *testing.T) {
	tests := []struct {
		language       Language
		source, oracle string
	}{
		{Sass, "@import 'bootstrap-sass/assets/stylesheets/bootstrap';\n", `
			var sass = require('sass'), r = sass.compileString
				? sass.compileString(s, {loadPaths: ['node_modules'], logger: sass.Logger.silent})
				: sass.renderSync({data: s, includePaths: ['node_modules']});
			process.stdout.write(String(r.css))`},
		{Less, "@import 'bootstrap-3/less/bootstrap';\n", `
			var less = require('less'); less = less.default || less;
			less.render(s, {paths: ['node_modules']}, function (e, r) { process.stdout.write(r.css || r) })`},
	}
	for _, tt := range tests {
		each(t, tt.language, func(t *testing.T, w way) {
			if racing && w.how == Engine {
				t.Skip("takes too long here")
			}
			dir := project(t, nil, slices.Concat(w.packages, []string{"bootstrap-sass", "bootstrap-3"})...)
			c := open(t, dir, w)
			in := Input{File: filepath.Join(dir, "a."+strings.ToLower(string(tt.language))), Source: []byte(tt.source)}
			if tt.language == Sass {
				in.File = filepath.Join(dir, "a.scss")
			}
			out, found, err := c.Compile(t.Context(), in)
			must(t, err)
			if len(found) > 0 {
				t.Fatal(found)
			}
			cmd := exec.CommandContext(t.Context(), w.node, "-e", "var s = process.argv[1];"+tt.oracle, tt.source)
			cmd.Dir, cmd.Stderr = dir, os.Stderr
			if w.how == Native { // it has no interface for scripts; the package of the same version has
				cmd.Dir = project(t, nil, "sass", "bootstrap-sass")
			}
			want, err := cmd.Output()
			must(t, err)
			if len(want) < 100_000 || string(want) != string(out.CSS) {
				t.Errorf("%d bytes are not the %d of node", len(out.CSS), len(want))
			}
		})
	}
}

func TestOptionsReachTheCompiler(t *testing.T) {
	each(t, Less, func(t *testing.T, w way) {
		dir := project(t, nil, w.packages...)
		out, found, err := open(t, dir, w).Compile(t.Context(), Input{
			File: filepath.Join(dir, "a.less"), Source: []byte("@c: 1px; a { color: @c; b: @g }"), Compressed: true,
			Options: map[string]any{"modifyVars": map[string]string{"c": "2px"}, "globalVars": map[string]string{"g": "1px"}},
		})
		must(t, err)
		if got := strings.TrimSpace(string(out.CSS)); got != "a{color:2px;b:1px}" || len(found) > 0 {
			t.Errorf("%s, %v", got, found)
		}
	})
}

func TestImportsMayBeAnsweredByTheCaller(t *testing.T) {
	each(t, Sass, func(t *testing.T, w way) {
		dir := project(t, map[string]string{"deep/_real.scss": "real { a: b }"}, w.packages...)
		out, found, err := open(t, dir, w).Compile(t.Context(), Input{
			File: filepath.Join(dir, "a.scss"), Source: []byte("@import 'theme'; @import 'real';"),
			Import: func(url, from string) (Import, bool, error) {
				switch url {
				case "theme":
					return Import{File: filepath.Join(dir, "_theme.scss"), Content: []byte("theme { from: '" + filepath.Base(from) + "' }")}, true, nil
				case "real":
					return Import{File: filepath.Join(dir, "deep/real")}, true, nil
				}
				return Import{}, false, nil
			},
		})
		must(t, err)
		if got, want := string(out.CSS), "theme {\n  from: \"a.scss\";\n}\n\nreal {\n  a: b;\n}"; got != want || len(found) > 0 {
			t.Errorf("%s, %v", got, found)
		}
	})
}

func TestManySheetsAtOnce(t *testing.T) {
	for _, language := range []Language{Sass, Less} {
		each(t, language, func(t *testing.T, w way) {
			dir := project(t, nil, w.packages...)
			c := open(t, dir, w)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					out, found, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, "a."+map[Language]string{Sass: "scss", Less: "less"}[language]), Source: []byte("a { b { c: d } }")})
					if got := strings.TrimSpace(string(out.CSS)); err != nil || len(found) > 0 || got != "a b {\n  c: d;\n}" {
						t.Errorf("%q, %v, %v", got, found, err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestASheetThatTakesTooLongIsGivenUp(t *testing.T) {
	for language, endless := range map[Language]string{Sass: "@while true {}", Less: ".a() { .a() } b { .a() }"} {
		if language == Less {
			continue // it bounds its own recursion
		}
		each(t, language, func(t *testing.T, w way) {
			dir := project(t, nil, w.packages...)
			c := open(t, dir, w)
			file := filepath.Join(dir, "a.scss")
			_, _, err := c.Compile(t.Context(), Input{File: file, Source: []byte("a { b: c }")})
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			asked := func(string, string) (Import, bool, error) {
				cancel() // it is at work
				return Import{File: filepath.Join(dir, "_x.scss"), Content: []byte(endless)}, true, nil
			}
			if _, _, err := c.Compile(ctx, Input{File: file, Source: []byte("@import 'x';"), Import: asked}); err == nil {
				t.Error("an endless sheet was compiled")
			}
			if out, _, err := c.Compile(t.Context(), Input{File: file, Source: []byte("a { b: c }")}); err != nil || len(out.CSS) == 0 {
				t.Errorf("the next sheet: %s, %v", out.CSS, err)
			}
		})
	}
}

func TestTheCompilerIsLoggedOnceAndEndsWithClose(t *testing.T) {
	realpart.Command(t, "node")
	dir := project(t, map[string]string{"package.json": `{"devDependencies": {"gulp-sass": "^2.3.0"}}`}, "gulp-sass/node_modules/sass=sass")
	var log strings.Builder
	c := New(dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	for range 2 {
		_, _, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, "a.scss"), Source: []byte("a { b: c }")})
		must(t, err)
	}
	want := `level=INFO msg="Sass is compiled by sass 1.108.2 (node_modules/gulp-sass/node_modules/sass, run by node); node-sass (of gulp-sass 2), which the project asks for, is not used" event=styles.compiler` + "\n"
	if diff := cmp.Diff(want, log.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	must(t, c.Close())
	if _, _, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, "a.scss")}); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

func TestACompilerThatRestsStartsAnew(t *testing.T) {
	realpart.Command(t, "node")
	dir := project(t, nil, "less")
	c := New(dir, nil)
	defer func() { must(t, c.Close()) }()
	for range 2 {
		out, _, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, "a.less"), Source: []byte("a { b: c }")})
		if err != nil || len(out.CSS) == 0 {
			t.Errorf("%s, %v", out.CSS, err)
		}
		b := c.used[Less].backend.(*processBackend)
		c.rest(c.used[Less])
		if b.now != nil || c.used[Less].busy != 0 {
			t.Error("it still runs")
		}
	}
}
