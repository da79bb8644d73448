package sheets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// program writes an executable script.
func program(t *testing.T, file, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o755))
}

func TestTheCompilerIsChosenInThisOrder(t *testing.T) {
	const (
		sass    = "node_modules/sass/package.json"
		nested  = "node_modules/gulp-sass/node_modules/sass/package.json"
		native  = "node_modules/sass-embedded-linux-x64/"
		global  = "usr/lib/node_modules/sass/"
		less    = "node_modules/gulp-less/node_modules/accord/node_modules/less/package.json"
		onPath  = "usr/bin/"
		sassPkg = `{"name": "sass", "version": "1.2.3"}`
		lessPkg = `{"name": "less", "version": "2.7.3"}`
	)
	tests := []struct {
		name     string
		language Language
		node     bool
		files    map[string]string
		link     [2]string
		want     string // "" = nothing
	}{
		{name: "nothing", language: Sass},
		{name: "the project's, by node", language: Sass, node: true, files: map[string]string{sass: sassPkg, onPath + "sass": "#!/bin/sh\n"}, want: "Sass is compiled by sass 1.2.3 (node_modules/sass, run by node)"},
		{name: "the project's, without node", language: Sass, files: map[string]string{sass: sassPkg}, want: "Sass is compiled by sass 1.2.3 (node_modules/sass, run without node, in the built-in engine)"},
		{name: "a package of another", language: Sass, node: true, files: map[string]string{nested: sassPkg}, want: "Sass is compiled by sass 1.2.3 (node_modules/gulp-sass/node_modules/sass, run by node)"},
		{name: "deeper", language: Less, node: true, files: map[string]string{less: lessPkg}, want: "Less is compiled by less 2.7.3 (node_modules/gulp-less/node_modules/accord/node_modules/less, run by node)"},
		{
			name: "native comes first", language: Sass, node: true,
			files: map[string]string{sass: sassPkg, native + "package.json": `{"name": "sass-embedded-linux-x64", "version": "1.9.0"}`, native + "dart-sass/src/dart": "", native + "dart-sass/src/sass.snapshot": ""},
			want:  "Sass is compiled by sass-embedded-linux-x64 1.9.0 (node_modules/sass-embedded-linux-x64/dart-sass/sass, a program that stays)",
		},
		{name: "a program before the engine", language: Sass, files: map[string]string{sass: sassPkg, onPath + "sass": "#!/bin/sh\n"}, want: "Sass is compiled by sass (usr/bin/sass, started for each sheet)"},
		{name: "a native program", language: Sass, files: map[string]string{onPath + "sass": "\x7fELF"}, want: "Sass is compiled by sass (usr/bin/sass, a program that stays)"},
		{name: "Ruby's is another language", language: Sass, files: map[string]string{onPath + "sass": "#!/usr/bin/env ruby\n"}},
		{
			name: "npm's for everybody", language: Sass, node: true, files: map[string]string{global + "package.json": sassPkg, global + "sass.js": "#!/usr/bin/env node\n"}, link: [2]string{global + "sass.js", onPath + "sass"},
			want: "Sass is compiled by sass 1.2.3 (usr/lib/node_modules/sass, run by node)",
		},
		{
			name: "npm's for everybody, without node", language: Sass, files: map[string]string{global + "package.json": sassPkg, global + "sass.js": "#!/usr/bin/env node\n"}, link: [2]string{global + "sass.js", onPath + "sass"},
			want: "Sass is compiled by sass 1.2.3 (usr/lib/node_modules/sass, run without node, in the built-in engine)",
		},
		{name: "a script in node_modules/.bin", language: Less, node: true, files: map[string]string{"node_modules/.bin/lessc": "#!/bin/sh\n", onPath + "lessc": "#!/bin/sh\n"}, want: "Less is compiled by lessc (node_modules/.bin/lessc, started for each sheet)"},
		{name: "stylus", language: Stylus, files: map[string]string{onPath + "stylus": "#!/bin/sh\n"}, want: "Stylus is compiled by stylus (usr/bin/stylus, started for each sheet)"},
		{
			name: "node-sass", language: Sass, node: true, files: map[string]string{sass: sassPkg, "package.json": `{"devDependencies": {"node-sass": "4"}}`},
			want: "Sass is compiled by sass 1.2.3 (node_modules/sass, run by node); node-sass, which the project asks for, is not used",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			for name, text := range tt.files {
				program(t, filepath.Join(dir, name), text)
			}
			if tt.node {
				program(t, filepath.Join(dir, onPath, "node"), "#!/bin/sh\n")
			}
			if tt.link[0] != "" {
				must(t, os.MkdirAll(filepath.Join(dir, onPath), 0o755))
				must(t, os.Symlink(filepath.Join(dir, tt.link[0]), filepath.Join(dir, tt.link[1])))
			}
			t.Setenv("PATH", filepath.Join(dir, onPath))
			got, ok := Find(dir, tt.language)
			if tt.want == "" {
				if ok {
					t.Errorf("found %s", got.Sentence())
				}
				return
			}
			if diff := cmp.Diff(tt.want, got.Sentence()); !ok || diff != "" {
				t.Errorf("found %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

// asCommand is a project whose compilers are scripts around npm's, as version managers
// install them.
func asCommand(t *testing.T, files map[string]string) string {
	t.Helper()
	node := realpart.Command(t, "node")
	dir := project(t, files)
	program(t, filepath.Join(dir, "node_modules/.bin/sass"), "#!/bin/sh\nexec "+node+" "+realpart.Package(t, "sass")+"/sass.js \"$@\"\n")
	program(t, filepath.Join(dir, "node_modules/.bin/lessc"), "#!/bin/sh\nexec "+node+" "+realpart.Package(t, "less")+"/bin/lessc \"$@\"\n")
	return dir
}

func TestACommandCompilesWhatIsOnDisk(t *testing.T) {
	for _, tt := range []struct{ file, part, deep, css string }{
		{"src/a.scss", "src/_part.scss", "bower_components/deep/_index.scss", "b {\n  c: d;\n}\n"},
		{"src/a.less", "src/part.less", "bower_components/deep/x.less", "b {\n  c: d;\n}\n"},
	} {
		t.Run(filepath.Ext(tt.file), func(t *testing.T) {
			imported := strings.TrimSuffix(strings.TrimPrefix(tt.deep, "bower_components/"), "/_index.scss")
			dir := asCommand(t, map[string]string{tt.file: "@import 'part';\n", tt.part: "@import '" + imported + "';\n", tt.deep: "b { c: d }\n"})
			c := New(dir, nil)
			defer func() { must(t, c.Close()) }()
			out, found, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, tt.file), Map: true})
			must(t, err)
			if diff := cmp.Diff(tt.css, string(out.CSS)); diff != "" || len(found) > 0 {
				t.Errorf("%v (-want +got):\n%s", found, diff)
			}
			if diff := cmp.Diff([]string{tt.deep, tt.part}, rels(dir, out.Includes)); diff != "" {
				t.Errorf("includes (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(string(out.Map), `{"version":3,"sources":["`+tt.deep+`"],"sourcesContent":["b { c: d }\n"]`) {
				t.Errorf("source map: %s", out.Map)
			}
		})
	}
}

func TestACommandsMistakesAreToldAtTheirPlace(t *testing.T) {
	for file, want := range map[string]string{
		"a.scss": "a.scss:2:10: undefined variable", "b.scss": "part.scss:1:8: undefined variable",
		"a.less": "a.less:2:10: variable @c is undefined", "b.less": "part.less:1:8: variable @d is undefined",
	} {
		dir := asCommand(t, map[string]string{
			"a.scss": "a {\n  color: $c;\n}\n", "b.scss": "@import 'part';", "part.scss": "b { c: $d }",
			"a.less": "a {\n  color: @c;\n}\n", "b.less": "@import 'part';", "part.less": "b { c: @d }",
		})
		c := New(dir, nil)
		_, found, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, file)})
		must(t, err)
		must(t, c.Close())
		if len(found) != 1 || found[0].Error() != want || found[0].Excerpt == "" {
			t.Errorf("%s: %+v, want %s", file, found, want)
		}
	}
}

func TestANativeCompilerWithoutTheProtocolIsStartedForEachSheet(t *testing.T) {
	dir := project(t, nil)
	text, err := os.ReadFile(realpart.Command(t, "cat"))
	must(t, err)
	program(t, filepath.Join(dir, "node_modules/.bin/sass"), string(text)) // it is native and knows no --embedded
	c := New(dir, nil)
	defer func() { must(t, c.Close()) }()
	for range 2 {
		_, found, err := c.Compile(t.Context(), Input{File: filepath.Join(dir, "a.scss"), Source: []byte("a { b: c }")})
		must(t, err)
		if len(found) != 1 || !strings.Contains(found[0].Message, "--stdin") {
			t.Errorf("%+v, want the answer to the arguments of a command", found)
		}
	}
}

func TestStylusSaysWhereAMistakeIs(t *testing.T) {
	said := "/p/stylus:615\n      if (err) throw err;\n               ^\n\nParseError: stdin:2:9\n   1| a\n   2|   color foo(\n--------------^\n\nfailed to find closing paren\n\n    at Parser.error (/p/parser.js:252:11)\n"
	want := &message{Text: "failed to find closing paren", Line: 2, Column: 9}
	if diff := cmp.Diff(want, failure(said, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
