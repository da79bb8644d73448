package watch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rulesIn(t *testing.T, files map[string]string, patterns ...string) (*Rules, string) {
	t.Helper()
	dir := realDir(t)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return NewRules(dir, patterns...), dir
}

// The cases are those of gitignore(5).
func TestRulesFollowGit(t *testing.T) {
	files := map[string]string{
		".gitignore": "# a comment\r\n\n*.log\n!keep.log\n/only-root\ndocs/*.txt\nbuild/\n**/cache\nlogs/**\na/**/z\n\\#hash\n\\!bang\ntrail \nspace\\ \n" +
			"[abc].x\n{curly}\n/frotz/\nfoo/bar\n*.min.*\n[\n",
		"sub/.gitignore":   "!special.log\nlocal\n/here\n",
		"build/.gitignore": "!inside.js\n",
	}
	rules, dir := rulesIn(t, files, ".git/", "node_modules", "*.gen")
	tests := []struct {
		path  string
		isDir bool
		want  bool
	}{
		{"x.log", false, true},
		{"deep/er/x.log", false, true},
		{"keep.log", false, false},
		{"deep/keep.log", false, false},
		{"sub/special.log", false, false},
		{"sub/deeper/special.log", false, false},
		{"special.log", false, true},
		{"only-root", false, true},
		{"sub/only-root", false, false},
		{"docs/a.txt", false, true},
		{"docs/sub/a.txt", false, false},
		{"sub/docs/a.txt", false, false},
		{"build", true, true},
		{"build", false, false},
		{"build/inside.js", false, true}, // nothing below an ignored folder comes back
		{"sub/build/x", false, true},
		{"x/y/cache", false, true},
		{"cache", false, true},
		{"logs/x", false, true},
		{"logs", true, false},
		{"a/z", false, true},
		{"a/b/c/z", false, true},
		{"#hash", false, true},
		{"!bang", false, true},
		{"trail", false, true},
		{"space ", false, true},
		{"space", false, false},
		{"b.x", false, true},
		{"d.x", false, false},
		{"{curly}", false, true},
		{"curly", false, false},
		{"frotz", true, true},
		{"a/frotz", true, false},
		{"foo/bar", false, true},
		{"a/foo/bar", false, false},
		{"jquery.min.js", false, true},
		{"sub/local", false, true},
		{"local", false, false},
		{"sub/here", false, true},
		{"sub/x/here", false, false},
		{".git/config", false, true},
		{"node_modules/x/y.js", false, true},
		{"a/node_modules", true, true},
		{"x.gen", false, true},
		{"app/a.css", false, false},
		{"../outside.log", false, false},
		{".", true, false},
	}
	for _, tt := range tests {
		if got := rules.Ignore(filepath.Join(dir, tt.path), tt.isDir); got != tt.want {
			t.Errorf("%s (folder: %v): ignored %v, want %v", tt.path, tt.isDir, got, tt.want)
		}
	}
}

func TestProjectsOwnRulesCanTakeBackOurs(t *testing.T) {
	rules, dir := rulesIn(t, map[string]string{".gitignore": "!bower_components\n"}, "bower_components")
	if rules.Ignore(filepath.Join(dir, "bower_components"), true) {
		t.Error("the project's file takes the folder back, but it is ignored")
	}
}

func TestNilRulesIgnoreNothing(t *testing.T) {
	var rules *Rules
	rules.Reload()
	if rules.Ignore("/x", false) || rules.owns("/x/.gitignore") {
		t.Error("nil rules ignored something")
	}
}

func TestEditedRulesTakeEffect(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write(".gitignore", "out/\n")
	p.write("out/a.js", "x")
	p.write("b.js", "x")
	p.start(Options{Rules: NewRules(p.dir)})
	p.write("out/a.js", "y")
	p.write("b.js", "y")
	p.expect("b.js")
	p.write(".gitignore", "b.js\n")
	p.expect(".gitignore", "out/a.js") // the folder came into view
	p.write("out/a.js", "z")
	p.write("b.js", "z")
	p.expect("out/a.js")
}

func TestFolderThatIsWatchedByNameIsExemptFromTheRulesThatMatchIt(t *testing.T) {
	for _, pattern := range []string{".tmp", ".tmp/", "/.tmp", "/.tmp/*", ".tmp/**", "*tmp", "/out"} {
		t.Run(pattern, func(t *testing.T) {
			p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
			p.write(".gitignore", pattern+"\n*.log\n")
			for _, dir := range []string{".tmp", "out/.tmp"} {
				p.write(dir+"/sub/a.css", "x")
				p.write(dir+"/x.log", "x")
			}
			p.write("out/b.css", "x")
			rules := NewRules(p.dir)
			p.start(Options{Dirs: []string{p.path(".tmp"), p.path("out/.tmp")}, Rules: rules})
			for _, dir := range []string{".tmp", "out/.tmp"} {
				p.write(dir+"/sub/a.css", "y")
				p.write(dir+"/sub/b.css", "y")
				p.write(dir+"/x.log", "y")
			}
			p.write("out/b.css", "y")
			p.expect(".tmp/sub/a.css", ".tmp/sub/b.css", "out/.tmp/sub/a.css", "out/.tmp/sub/b.css")
		})
	}
}

func BenchmarkRules(b *testing.B) {
	rules := NewRules(b.TempDir(), ".git/", "node_modules/", "*.log", "docs/**/*.pdf", "!important.log")
	path := filepath.Join(rules.root, "src", "app", "components", "jobs", "jobs.css")
	b.ReportAllocs()
	for b.Loop() {
		rules.Ignore(path, false)
	}
}

func TestRulesAboveTheWatchedFoldersTakeEffectUnreported(t *testing.T) {
	p := &project{t: t, dir: realDir(t), batches: make(chan Batch, 100)}
	p.write("src/a.js", "x")
	p.write("src/b.js", "x")
	p.age(p.path("src/a.js"))
	p.age(p.path("src/b.js"))
	p.start(Options{Dirs: []string{p.path("src")}, Rules: NewRules(p.dir)})
	p.write(".gitignore", "a.js\n")
	p.expect()
	p.write("src/a.js", "y")
	p.write("src/b.js", "y")
	p.expect("src/b.js")
	p.do(os.Remove(p.path(".gitignore")))
	p.expect("src/a.js") // it came into view
}

// TestRulesAgreeWithGit asks git itself about every pattern and path.
func TestRulesAgreeWithGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIPPED: git is not installed")
	}
	dir := realDir(t)
	files := []string{"a.log", "b.txt", "sub/a.log", "sub/deep/a.log", "sub/deep/b.txt", "build/x.js", "sub/build/x.js", "x/y/z/a.log", "[a].x", "a.x", "{a,b}.x", "b.x", "foo bar", "#x", "!x", "abc/def/ghi"}
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git := func(stdin string, args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "core.excludesFile="}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, _ := cmd.Output() // check-ignore exits with 1 if it ignores nothing
		return string(out)
	}
	git("", "init", "-q")
	for _, text := range []string{
		"*.log", "/*.log", "*", "*\n!*.log", "*\n!*/\n!a.log", "sub", "sub/", "/sub/", "sub/*", "sub/**", "**/a.log", "sub/**/a.log", "**/deep", "**/deep/**",
		"build", "/build", "build/\n!build/x.js", "x/**/a.log", "[ab].x", "\\[a\\].x", "{a,b}.x", "[!a].x", "?.x", "foo\\ bar", "foo bar", "foo bar ", "\\#x", "\\!x", "#x", "!x",
		"abc/*", "abc/*/ghi", "abc/**/ghi", "abc/def", "def", "/def", "*/def", "**", "/", "//", "sub/deep/", "*.log\n!sub/\n!sub/a.log", "a.*\n!a.log", "**/*.txt", "*b*",
	} {
		if err := os.WriteFile(filepath.Join(dir, gitignore), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for line := range strings.Lines(git(strings.Join(files, "\n"), "check-ignore", "--no-index", "--stdin")) {
			want = append(want, strings.Trim(strings.TrimSpace(line), `"`))
		}
		rules := NewRules(dir)
		for _, name := range files {
			if rules.Ignore(filepath.Join(dir, name), false) {
				got = append(got, name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-git +ours):\n%s", text, diff)
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("*.log\n!keep.log", "sub/a.log")
	f.Add("/a/**/b[", "a/x/b[")
	f.Fuzz(func(t *testing.T, text, name string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, gitignore), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		rules := NewRules(dir, text)
		path := filepath.Join(dir, name)
		if rules.Ignore(path, true) && rules.Ignore(dir, true) {
			t.Errorf("the folder of the rules is ignored by %q", text)
		}
		if parent := filepath.Dir(path); within(parent, dir) && rules.Ignore(parent, true) && !rules.Ignore(path, false) {
			t.Errorf("%q lies in an ignored folder and is not ignored by %q", name, text)
		}
	})
}
