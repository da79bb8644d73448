package bower

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
)

// unpack writes a txtar archive into a new folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const shop = `
-- bower.json --
{"name": "shop", "dependencies": {"zeta": "1", "jquery-ui": "1", "socket": "2", "gone": "1", "loop-a": "1"},
 "devDependencies": {"mocks": "1"},
 "overrides": {"zeta": {"main": ["dist/zeta.js", "dist/*.css"]}, "other": {"main": "x.js"}}}
-- bower_components/zeta/bower.json --
{"name": "zeta", "main": "wrong.js", "dependencies": {"angular": "1"}}
-- bower_components/zeta/dist/zeta.js --
-- bower_components/zeta/dist/b.css --
-- bower_components/zeta/dist/a.css --
-- bower_components/angular/bower.json --
{"name": "angular", "main": "./angular.js"}
-- bower_components/angular/angular.js --
-- bower_components/jquery-ui/.bower.json --
{"name": "jquery-ui", "dependencies": {"jquery": "2"}, "main": ["ui.js", "ui.css", "../../../secret.js"]}
-- bower_components/jquery-ui/ui.js --
-- bower_components/jquery-ui/ui.css --
-- bower_components/jquery/package.json --
{"name": "jquery"}
-- bower_components/jquery/jquery.js --
-- bower_components/socket/component.json --
{"name": "socket-client", "scripts": ["lib/none.js"]}
-- bower_components/loop-a/bower.json --
{"name": "loop-a", "main": "a.js", "dependencies": {"loop-b": "1"}}
-- bower_components/loop-a/a.js --
-- bower_components/loop-b/bower.json --
{"name": "loop-b", "main": "b.js", "dependencies": {"loop-a": "1"}}
-- bower_components/loop-b/b.js --
-- bower_components/mocks/bower.json --
{"name": "mocks", "main": "mocks.js"}
-- bower_components/mocks/mocks.js --
-- secret.js --
`

func TestResolveFollowsDependenciesAndOverrides(t *testing.T) {
	dir := unpack(t, shop)
	got, err := Resolve(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := func(names ...string) []string {
		for i, n := range names {
			names[i] = filepath.Join(dir, "bower_components", n)
		}
		return names
	}
	want := &Result{
		Directory: filepath.Join(dir, "bower_components"),
		Files: in("angular/angular.js", "zeta/dist/zeta.js", "jquery/jquery.js", "jquery-ui/ui.js", "loop-b/b.js", "loop-a/a.js",
			"zeta/dist/a.css", "zeta/dist/b.css", "jquery-ui/ui.css"),
		Empty: []string{"socket"}, Missing: []string{"gone"},
	}
	// Between loop-a and loop-b each order breaks one wish; the one wiredep comes to stays.
	if diff := cmp.Diff(want.ByExt(".js")[:4], got.ByExt(".js")[:4]); diff != "" {
		t.Errorf("scripts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Result{}, "Files")); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.ByExt(".css"), got.ByExt(".css")); diff != "" {
		t.Errorf("styles (-want +got):\n%s", diff)
	}
}

// TestComponentsComeAsTheyDidWithWiredep reads projects whose "want" is what npm's
// wiredep 4.0.0 gives for them: scripts, then styles, below bower_components.
func TestComponentsComeAsTheyDidWithWiredep(t *testing.T) {
	archives, err := filepath.Glob("testdata/wiredep/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := unpack(t, string(txtar.Format(ar)))
			var opts Options
			for line := range strings.Lines(string(ar.Comment)) {
				exclude, ok := strings.CutPrefix(strings.TrimSpace(line), "exclude: ")
				if opts.Dev = opts.Dev || !ok; ok {
					opts.Exclude = regexp.MustCompile(exclude).MatchString
				}
			}
			got, err := Resolve(dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, f := range append(got.ByExt(".js"), got.ByExt(".css")...) {
				rel, _ := filepath.Rel(got.Directory, f)
				files = append(files, filepath.ToSlash(rel))
			}
			want, err := os.ReadFile(filepath.Join(dir, "want"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Fields(string(want)), files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveHonoursExcludeDirectoryAndDev(t *testing.T) {
	dir := unpack(t, strings.ReplaceAll(shop, "bower_components/", "vendor/lib/")+"-- .bowerrc --\n{\"directory\": \"vendor/lib\"}\n")
	got, err := Resolve(dir, Options{Dev: true, Exclude: regexp.MustCompile(`/jquery/|\.css$`).MatchString})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Files {
		names = append(names, filepath.Base(f))
	}
	want := []string{"angular.js", "zeta.js", "ui.js", "mocks.js"}
	if diff := cmp.Diff(want, without(names, "a.js", "b.js")); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// without returns the list without some names.
func without(list []string, drop ...string) []string {
	var out []string
	for _, s := range list {
		keep := true
		for _, d := range drop {
			keep = keep && s != d
		}
		if keep {
			out = append(out, s)
		}
	}
	return out
}

func TestResolveWithoutBowerFindsNothing(t *testing.T) {
	got, err := Resolve(t.TempDir(), Options{})
	if err != nil || len(got.Files)+len(got.Empty)+len(got.Missing) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestResolveNamesTheFileThatIsBroken(t *testing.T) {
	for _, name := range []string{"bower.json", ".bowerrc", "bower_components/zeta/bower.json"} {
		dir := unpack(t, shop)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Resolve(dir, Options{}); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s broken: got %v", name, err)
		}
	}
}

func TestThatNothingIsInstalledIsSaidOnce(t *testing.T) {
	none := &Result{Directory: "/p/bower_components", Missing: []string{"a", "b"}}
	one := &Result{Directory: "/p/bower_components", Missing: []string{"a"}}
	some := &Result{Directory: "/p/node_modules", Missing: []string{"a", "b"}, Empty: []string{"c"}}
	got := [][]Lack{none.Lacks("bower.json"), one.Lacks("bower.json"), some.Lacks("package.json")}
	want := [][]Lack{
		{{"none of its 2 components is installed: there is nothing in bower_components", "run npx bower install"}},
		{{"component a is not installed", "run bower install, or take it out of bower.json"}},
		{
			{"package a is not installed", "run npm install, or take it out of package.json"},
			{"package b is not installed", "run npm install, or take it out of package.json"},
			empty("c", "package.json"),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
