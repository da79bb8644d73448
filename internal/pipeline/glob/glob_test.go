package glob

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestMatchesWhatMinimatchMatches(t *testing.T) {
	data, err := os.ReadFile("testdata/minimatch.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[2:]
	paths := quoted(t, lines[0])
	for _, line := range lines[1:] {
		name, rest, _ := strings.Cut(line, " ")
		text, err := strconv.QuotedPrefix(rest)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		pattern := quoted(t, text)[0]
		opts := Options{Dot: name == "dot", MatchBase: name == "matchBase", NoCase: name == "nocase", NoNegate: name == "nonegate"}
		var want, got []string
		for _, n := range strings.Fields(rest[len(text):]) {
			i, _ := strconv.Atoi(n)
			want = append(want, paths[i])
		}
		p := Compile(pattern, opts)
		for _, s := range paths {
			if p.Match(s) {
				got = append(got, s)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", name, pattern, diff)
		}
	}
}

// quoted reads strings in double quotes.
func quoted(t *testing.T, line string) []string {
	t.Helper()
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		text, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		s, _ := strconv.Unquote(text)
		out, line = append(out, s), line[len(text):]
	}
	return out
}

// files is a tree of files; List makes folders of their paths.
type files []string

func (f files) List(dir string) []Entry {
	found := map[string]bool{}
	for _, file := range f {
		for parent := file; parent != "/"; parent = path.Dir(parent) {
			if path.Dir(parent) == dir {
				found[path.Base(parent)] = parent != file
			}
		}
	}
	var list []Entry
	for name, folder := range found {
		list = append(list, Entry{Name: name, Dir: folder})
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func TestFilesComeInTheOrderOfNodesGlob(t *testing.T) {
	var tree files
	for _, dir := range []string{"", "b/x/", "b/a/", "b/", "a/", "a/y/", "a/y/deep/", "c/", "A/", ".h/"} {
		tree = append(tree, "/p/"+dir+"z.html", "/p/"+dir+"B.html", "/p/"+dir+"a.html", "/p/"+dir+".d.html")
	}
	tests := []struct {
		pattern string
		except  []string
		dot     bool
		want    string
	}{
		{pattern: "/p/**/a.html", want: "a.html A/a.html a/a.html b/a.html c/a.html a/y/a.html b/a/a.html b/x/a.html a/y/deep/a.html"},
		{pattern: "/p/{b,a}/**/[az].html", want: "b/a.html b/z.html a/a.html a/z.html b/a/a.html b/a/z.html b/x/a.html b/x/z.html a/y/a.html a/y/z.html a/y/deep/a.html a/y/deep/z.html"},
		{pattern: "/p/*/*.html", except: []string{"/p/{a,b}/**", "/p/*/z.html"}, want: "A/B.html A/a.html c/B.html c/a.html"},
		{pattern: "/p/b/**", want: "b/B.html b/a.html b/z.html b/a/B.html b/a/a.html b/a/z.html b/x/B.html b/x/a.html b/x/z.html"},
		{pattern: "/p/@(b|c)/!(a|B).html", want: "b/z.html c/z.html"},
		{pattern: "/p/a.html", want: "a.html"},
		{pattern: "/p/nothing.html", want: ""},
		{pattern: "/p/.h/*.html", want: ".h/B.html .h/a.html .h/z.html"},
		{pattern: "/p/**/.d.html", dot: true, except: []string{"/p/*/*/**"}, want: ".d.html .h/.d.html A/.d.html a/.d.html b/.d.html c/.d.html"},
		{pattern: "/p/**/*.html", except: []string{"/p/*/**", "/p/B*"}, want: "a.html z.html"},
		{pattern: "/p/*", except: []string{"/p/*.html"}, want: ""},
	}
	for _, tt := range tests {
		s := Search{Pattern: tt.pattern, Dot: tt.dot}
		for _, e := range tt.except {
			s.Except = append(s.Except, Except(e))
		}
		got := strings.ReplaceAll(strings.Join(s.Files(tree), " "), "/p/", "")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s without %v (-want +got):\n%s", tt.pattern, tt.except, diff)
		}
	}
}

func TestASearchLooksOnlyWhereThePatternLeads(t *testing.T) {
	asked := &asking{files: files{"/p/src/a/x.js", "/p/node_modules/m/x.js", "/p/src/b/x.js"}}
	s := Search{Pattern: "/p/**/*.js", Except: []Exception{Except("/p/node_modules/**")}}
	s.Files(asked)
	Search{Pattern: "/p/src/{a,b}/*.js"}.Files(asked)
	if slices.Contains(asked.dirs, "/p/node_modules") || slices.Contains(asked.dirs, "/") {
		t.Errorf("looked in %v", asked.dirs)
	}
}

type asking struct {
	files
	dirs []string
}

func (a *asking) List(dir string) []Entry {
	a.dirs = append(a.dirs, dir)
	return a.files.List(dir)
}

func TestParentIsTheFolderBeforeTheFirstWildcard(t *testing.T) {
	for pattern, want := range map[string]string{
		"src/app/**/*.js": "src/app", "src/index.html": "src", "*.js": ".", "index.html": ".", "/abs/*/x": "/abs", "/*": "/",
		"src/{a,b}/x": "src", `/my \(old\) \[x\]/{a,b}/x`: "/my (old) [x]", `/a\*/b\`: "/a*", "src/+(a)/x": "src", "a/!(b)/c": "a", "src/a[1]/x": "src", "src/app/": "src/app",
	} {
		if got := Parent(pattern); got != want {
			t.Errorf("Parent(%q) = %q, want %q", pattern, got, want)
		}
	}
}

func TestNothingInAFoldersNameIsAWildcard(t *testing.T) {
	const dir = "/it's #1/+(a|b) [c] {d,e} *?\\!"
	tree := files{dir + "/src/a.js", dir + "/src/b.css", dir + "/x.js", "/it's #1/a/src/a.js"}
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"src/*.js", []string{dir + "/src/a.js"}},
		{"src/*", []string{dir + "/src/a.js", dir + "/src/b.css"}},
		{"./x.js", []string{dir + "/x.js"}},
		{"src/../*.js", []string{dir + "/x.js"}},
		{dir + "/**/*.js", []string{dir + "/x.js", dir + "/src/a.js"}},
		{"/it's #1/a/**/*.js", []string{"/it's #1/a/src/a.js"}},
	} {
		got := Search{Pattern: In(dir, c.pattern)}.Files(tree)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s in %s (-want +got):\n%s", c.pattern, dir, diff)
		}
	}
	if got := Parent(In(dir, "src/**/*.js")); got != dir+"/src" {
		t.Errorf("parent is %q", got)
	}
	s := Search{Pattern: In(dir, "**/*"), Except: []Exception{Except(In(dir, "src/**"))}}
	if diff := cmp.Diff([]string{dir + "/x.js"}, s.Files(tree)); diff != "" {
		t.Errorf("without a folder (-want +got):\n%s", diff)
	}
}

// FuzzEscape checks that an escaped path matches itself and no other.
func FuzzEscape(f *testing.F) {
	f.Add("/a b/[c]{d,e}", "/a b/c")
	f.Add(`/a\*`, "/a*")
	f.Add("/!(a)/+(b)/{1..3}", "/b/b/2")
	f.Fuzz(func(t *testing.T, path, other string) {
		if path = "/" + path; strings.Contains(path, "//") || strings.TrimSpace(path) != path || !utf8.ValidString(path) || strings.HasSuffix(path, "/") {
			t.Skip()
		}
		if strings.Contains(path, "**") || strings.Contains(path+"/", "/./") || strings.Contains(path+"/", "/../") {
			t.Skip() // names that no folder has, or almost none
		}
		if !Match(Escape(path), path, Options{}) {
			t.Errorf("%q does not match itself as %q", path, Escape(path))
		}
		if strings.TrimRight(other, "/") != path && !strings.Contains(other, "//") && Match(Escape(path), other, Options{}) {
			t.Errorf("%q matches %q", Escape(path), other)
		}
		if HasMagic(Escape(path)) {
			t.Errorf("%q has wildcards", Escape(path))
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"src/**/*.{js,html}", "src/a/b.js"},
		{"!(a|*(b|c))+(d)", "bcd"},
		{"[!a-c]?*", "dx"},
		{"{1..3}{a,{b,c}}", "2c"},
		{"**/!(*.spec).js", "a/b.js"},
		{"+(+(+(a)))b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"},
		{"[", "["},
		{"\\", "\\"},
		{"@(a/b|c)", "c"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		Match(pattern, name, Options{Dot: true})
		HasMagic(pattern)
		if got := Parent(pattern); got == "" {
			t.Errorf("%q has no parent", pattern)
		}
		if !strings.ContainsAny(pattern, "\\?*[]{}()!#+@ \t\n\v\f\r\u0085\u00a0") && strings.TrimSpace(pattern) == pattern &&
			!strings.Contains(pattern, "//") && !Match(pattern, pattern, Options{}) {
			t.Errorf("the plain pattern %q does not match itself", pattern)
		}
		s := Search{Pattern: "/p/" + pattern, Except: []Exception{Except("/p/x/**")}}
		for _, file := range s.Files(files{"/p/a/b.js", "/p/x/y", "/p/" + strings.Trim(path.Clean("/"+name), "/")}) {
			if !strings.HasPrefix(file, "/") {
				t.Errorf("%q found %q", pattern, file)
			}
		}
	})
}
