package prefix

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
	"github.com/google/go-cmp/cmp"

	maps "github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// versions lists browsers as the bundler's targets are written: "chrome109,safari15.6".
func versions(b Browsers) string {
	words := make([]string, len(b.engines))
	for i, e := range b.engines {
		words[i] = engineName(e.Name) + e.Version
	}
	return strings.Join(words, ",")
}

func old(t *testing.T) Browsers {
	t.Helper()
	b, unknown := Parse([]string{"ie >= 9", "safari 7", "Firefox 30"})
	if len(unknown) > 0 {
		t.Fatal(unknown)
	}
	return b
}

func TestPrefixesComeBeforeWhatTheyAreFor(t *testing.T) {
	tests := []struct{ name, sheet, want string }{
		{"none", "/* x */ a{display:flex ; COLOR : Red}\n", "/* x */ a{display:flex ; COLOR : Red}\n"},
		{
			"lines", "a {\n  /* user-select: none */\n  color: RED;\n\tuser-select: none; /* why */\n}\n",
			"a {\n  /* user-select: none */\n  color: RED;\n\t-webkit-user-select: none;\n\t-moz-user-select: -moz-none;\n\t-ms-user-select: none;\n\tuser-select: none; /* why */\n}\n",
		},
		{"one line", "a{color:#FFF;position:sticky}b{position:static}", "a{color:#FFF;position: -webkit-sticky; position:sticky}b{position:static}"},
		{
			"some are there", "a {\n  -webkit-user-select: none;\n  -ms-user-select: none;\n  user-select: none;\n}",
			"a {\n  -webkit-user-select: none;\n  -ms-user-select: none;\n  -moz-user-select: -moz-none;\n  user-select: none;\n}",
		},
		{
			"deep, and old hacks", "@media (min-width: 1px) { a { *zoom: 1; filter: progid:X.Y(a='#1', b='2'); appearance: none } }\n.x:hover { appearance: none }",
			"@media (min-width: 1px) { a { *zoom: 1; filter: progid:X.Y(a='#1', b='2'); -webkit-appearance: none; -moz-appearance: none; appearance: none } }\n.x:hover { -webkit-appearance: none; -moz-appearance: none; appearance: none }",
		},
		{"a mistake", "a { user-select: none", "a { -webkit-user-select: none; -moz-user-select: -moz-none; -ms-user-select: none; user-select: none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := old(t).CSS([]byte(tt.sheet), nil)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("sheet (-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, data []byte) *maps.Map {
	t.Helper()
	m, err := maps.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheSourceMapFollows(t *testing.T) {
	source := "a {\n  color: red;\n  user-select: none;\n  width: 1px;\n}\nb { user-select: all; color: blue; user-select: all; width: 2px }\n"
	first := api.Transform(source, api.TransformOptions{Loader: api.LoaderCSS, Sourcefile: "a.css", Sourcemap: api.SourceMapExternal})
	got, moved := old(t).CSS(first.Code, read(t, first.Map))
	c, err := sourcemap.Parse("", moved.JSON())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"color: red", "width: 1px", "color: blue", "width: 2px"} {
		at := strings.Index(string(got), word)
		line := strings.Count(string(got)[:at], "\n") + 1
		column := at - strings.LastIndex(string(got)[:at], "\n") - 1
		_, _, inLine, inColumn, ok := c.Source(line, column)
		want := strings.Index(source, word)
		if wantLine := strings.Count(source[:want], "\n") + 1; !ok || inLine != wantLine || inColumn != want-strings.LastIndex(source[:want], "\n")-1 {
			t.Errorf("%s comes from %d:%d %v", word, inLine, inColumn, ok)
		}
	}
	mini := api.Transform(source, api.TransformOptions{Loader: api.LoaderCSS, Sourcefile: "a.css", Sourcemap: api.SourceMapExternal, MinifyWhitespace: true})
	got, moved = old(t).CSS(mini.Code, read(t, mini.Map))
	if c, err = sourcemap.Parse("", moved.JSON()); err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(got), "width:2px")
	if _, _, line, column, ok := c.Source(1, at); !ok || line != 6 || column != strings.Index("b { user-select: all; color: blue; user-select: all; width: 2px }", "width") {
		t.Errorf("in one line: %s comes from %d:%d %v", string(got)[at:], line, column, ok)
	}
}

func TestQueriesMeanTheOldestVersions(t *testing.T) {
	tests := []struct {
		queries []string
		want    string
		unknown []string
	}{
		{nil, "chrome109,edge109,firefox115,ios15.6,opera95,safari15.6", nil},
		{[]string{"last 2 versions"}, "chrome124,edge124,firefox125,ie10,ios16,opera109,safari16", nil},
		{[]string{"> 1%, last 2 versions, not dead"}, "chrome109,edge109,firefox115,ios15.6,opera95,safari15.6", nil},
		{[]string{"last 1 Chrome version", "last 2 Safari major versions"}, "chrome125,safari16", nil},
		{[]string{"ie >= 9", "Safari 7-8", "iOS 8.1", "Android 4.4", "Firefox ESR", "op_mini all"}, "chrome30,firefox115,ie9,ios8.1,safari7", nil},
		{[]string{"Chrome > 40 and last 99 versions", "node 10"}, "chrome40", nil},
		{[]string{"netscape 4", "whatever"}, "", []string{"netscape 4", "whatever"}},
	}
	for _, tt := range tests {
		got, unknown := Parse(tt.queries)
		if versions(got) != tt.want {
			t.Errorf("%q: %s, want %s", tt.queries, versions(got), tt.want)
		}
		if diff := cmp.Diff(tt.unknown, unknown); diff != "" {
			t.Errorf("%q: unknown (-want +got):\n%s", tt.queries, diff)
		}
	}
}

func TestTheProjectNamesItsBrowsers(t *testing.T) {
	t.Setenv("NODE_ENV", "")
	tests := []struct{ file, content, want, from string }{
		{"", "", "chrome109,edge109,firefox115,ios15.6,opera95,safari15.6", ""},
		{"package.json", `{"browserslist": "ie 9"}`, "ie9", "package.json"},
		{"package.json", `{"browserslist": ["ie 10", "ie 11"]}`, "ie10", "package.json"},
		{"package.json", `{"browserslist": {"development": "ie 8", "production": ["ie 7"]}}`, "ie7", "package.json"},
		{"package.json", `{}`, "chrome109,edge109,firefox115,ios15.6,opera95,safari15.6", ""},
		{".browserslistrc", "# ours\nie 9 # and later\n\nsafari 8\n", "ie9,safari8", ".browserslistrc"},
		{".browserslistrc", "ie 9\n[development]\nie 8\n[production staging]\nie 10\n", "ie10", ".browserslistrc"},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		if tt.file != "" {
			if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, from, _, err := Of(dir)
		if err != nil || versions(b) != tt.want || from != tt.from {
			t.Errorf("%s %s: %s from %q, %v; want %s", tt.file, tt.content, versions(b), from, err, tt.want)
		}
	}
}

// FuzzCSS adds prefixes to anything; what the sheet says otherwise stays.
func FuzzCSS(f *testing.F) {
	f.Add("a{user-select:none}")
	f.Add("a {\n  position: sticky;\n  mask: url(a),\n    url(b) }")
	f.Add("@media x { a { width: stretch; ; : } }")
	f.Fuzz(func(t *testing.T, sheet string) {
		b, _ := Parse([]string{"safari 7", "ie 10"})
		got, _ := b.CSS([]byte(sheet), nil)
		rest := string(got)
		for i := range len(sheet) { // a subsequence
			at := strings.IndexByte(rest, sheet[i])
			if at < 0 {
				t.Fatalf("%q lost something: %q", sheet, got)
			}
			rest = rest[at+1:]
		}
	})
}
