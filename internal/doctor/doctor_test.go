package doctor

import (
	"context"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// project loads a project of the given files.
func project(t *testing.T, files map[string]string, over ...config.Override) *config.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	c, err := config.Load(config.Options{Dir: dir, Overrides: over})
	must(t, err)
	return c
}

func TestAProjectIsJudgedByItsFiles(t *testing.T) {
	tests := []struct {
		name  string
		check func(context.Context, Options) []Finding
		files map[string]string
		want  []Finding
	}{
		{"no file is fine", configuration, nil, []Finding{{ID: "config", Verdict: Pass, Message: "no realtimectl.yaml: everything is at its default or detected"}}},
		{"no page", page, nil, []Finding{{ID: "page", Verdict: Fail, Message: "no index.html in .tmp, src, public", Fix: "`realtimectl init` makes a project; paths.src names another folder"}}},
		{"a page without body", page, map[string]string{"src/index.html": "<p>"}, []Finding{{ID: "page", Verdict: Warn, Message: "src/index.html has no <body> tag", Fix: "write one, so that tools know where the page begins"}}},
		{"a page", page, map[string]string{"src/index.html": "<BODY>"}, []Finding{{ID: "page", Verdict: Pass, Message: "src/index.html is there"}}},
		{"no bower", bower, nil, nil},
		{"bower that is broken", bower, map[string]string{"bower.json": "{"}, []Finding{{ID: "bower", Verdict: Fail, Message: "bower.json: unexpected end of JSON input", Fix: "mend the file"}}},
		{
			"a component that names no file, and one that is missing", bower,
			map[string]string{
				"bower.json": `{"dependencies":{"socket.io-client":"1","gone":"1","angular":"1","own":"1"},"overrides":{"own":{"main":"a.js"}}}`,
				"bower_components/socket.io-client/.bower.json": `{"version":"1.7.4"}`,
				"bower_components/angular/bower.json":           `{"main":"angular.js"}`,
				"bower_components/own/readme":                   ``,
			},
			[]Finding{
				{ID: "bower.gone", Verdict: Fail, Message: "gone is not in bower_components", Fix: "bower install, or npm install and let the page use node_modules"},
				{ID: "bower.socket.io-client", Verdict: Warn, Message: "socket.io-client does not say which of its files a page needs, so none is wired", Fix: `add to bower.json: {"overrides": {"socket.io-client": {"main": "FILE"}}}`},
			},
		},
		{"a page without a place for packages", markers, map[string]string{"bower.json": `{"dependencies":{"angular":"1"}}`, "src/index.html": "<body>"}, []Finding{{ID: "page.bower", Verdict: Warn, Message: "src/index.html has no place for the packages of bower.json", Fix: "write where their scripts belong: <!-- bower:js --> and <!-- endbower -->, for style sheets <!-- bower:css -->"}}},
		{"a page with one", markers, map[string]string{"bower.json": `{"dependencies":{"angular":"1"}}`, "src/index.html": "<!-- bower:js -->"}, nil},
		{"the client of npm", clientLibrary, map[string]string{"node_modules/socket.io-client/package.json": `{"version":"4.8.1"}`}, []Finding{{ID: "client", Verdict: Pass, Message: "socket.io-client 4.8.1 is served to the pages"}}},
		{"a client from before 1.0", clientLibrary, map[string]string{"bower_components/socket.io-client/bower.json": `{"version":"0.9.16"}`}, []Finding{{ID: "client", Verdict: Fail, Message: "socket.io-client 0.9.16 speaks a protocol from before 1.0", Fix: "install version 1 or later; the built-in client needs nothing"}}},
		{"the built-in client", clientLibrary, nil, []Finding{{ID: "client", Verdict: Pass, Message: "the project has no socket.io-client: the built-in one is served"}}},
		{
			"back-ends", backends,
			map[string]string{
				"realtimectl.yaml": "backends:\n  a: { run: no-such-program-here serve, path: /a }\n  b: { run: 'X=1 $CMD', path: /b }\n  c: { store: c.json, path: /c }\n  d: { store: d.json, path: /d }\n  e: { store: e.json, path: /e }\n",
				"c.json":           "{}", "d.json": "{",
			},
			[]Finding{
				{ID: "backend.a", Verdict: Fail, Message: "no-such-program-here is not installed, or not on PATH", Fix: "install it, or change backends.a.run"},
				{ID: "backend.b", Verdict: Skip, Message: "only a shell can tell what starts: X=1 $CMD"},
				{ID: "backend.c", Verdict: Pass, Message: "c.json is readable"},
				{ID: "backend.d", Verdict: Fail, Message: "d.json is not JSON", Fix: "mend the file"},
				{ID: "backend.e", Verdict: Warn, Message: "e.json does not exist yet", Fix: `write a JSON object of collections, such as {"jobs": []}`},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.check(t.Context(), Options{Config: project(t, tt.files)})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALaravelProjectIsLookedInto(t *testing.T) {
	yaml := "backends: { api: { run: 'php artisan serve --port $PORT', dir: api, path: /api } }\n"
	files := map[string]string{"realtimectl.yaml": yaml, "api/readme": ""}
	for _, step := range []struct{ id, adds string }{
		{"backend.api.artisan", "api/artisan"},
		{"backend.api.env", "api/composer.json"},
		{"backend.api.composer", "api/vendor/autoload.php"},
		{"backend.api.env", "api/.env"},
		{"", "api/more"},
	} {
		c := project(t, files)
		got := ""
		for _, f := range phpProject("backend.api", c, c.Backends[0]) {
			got = f.ID
		}
		if got != step.id {
			t.Errorf("with %v: %q, want %q", files, got, step.id)
		}
		files[step.adds] = "{}"
	}
}

func TestProductionLooksForTheBuiltPage(t *testing.T) {
	c := project(t, map[string]string{"src/index.html": "<body>"}, config.Override{Key: "serve.mode", Text: "production", From: "--mode"})
	want := []Finding{{ID: "page", Verdict: Fail, Message: "no index.html in dist", Fix: "`realtimectl build` makes it"}}
	if diff := cmp.Diff(want, page(t.Context(), Options{Config: c})); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestABackEndElsewhereIsAsked(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	url := "http://" + ln.Addr().String()
	if got := reachable(t.Context(), "x", url); got[0].Verdict != Pass {
		t.Errorf("a server that listens: %+v", got)
	}
	must(t, ln.Close())
	if got := reachable(t.Context(), "x", url); got[0].Verdict != Warn {
		t.Errorf("a server that is down: %+v", got)
	}
}

func TestAPortInUseIsNamedWithItsOwner(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, ln.Close()) }()
	a := config.Addr{Host: "localhost", Port: ln.Addr().(*net.TCPAddr).Port}
	o := Options{Owner: func(context.Context, int) string { return "node (pid 7)" }}
	got := port(t.Context(), o, "port.app", "--app-port", a)
	if got.Verdict != Warn || !strings.HasSuffix(got.Message, " is in use by node (pid 7)") || !strings.Contains(got.Fix, "--app-port") {
		t.Errorf("got %+v", got)
	}
	o.Ours = []int{a.Port}
	if got := port(t.Context(), o, "port.app", "--app-port", a); got.Verdict != Pass {
		t.Errorf("our own port: %+v", got)
	}
	if got := port(t.Context(), o, "port.app", "--app-port", config.Addr{Host: "localhost"}); got.Verdict != Pass {
		t.Errorf("port 0: %+v", got)
	}
	if got := port(t.Context(), o, "port.app", "--app-port", config.Addr{Host: "192.0.2.1", Port: 1}); got.Verdict != Fail {
		t.Errorf("an address of another machine: %+v", got)
	}
}

func TestFoldersAreComparedWithTheLimit(t *testing.T) {
	for folders, want := range map[int]Verdict{10: Pass, 60: Warn, 100: Fail} {
		if got := judgeWatches(100, folders); got[0].Verdict != want {
			t.Errorf("%d of 100: %+v, want %s", folders, got, want)
		}
	}
}

func TestPackageFoldersAreNotCounted(t *testing.T) {
	c := project(t, map[string]string{"src/a/b/x": "", "src/node_modules/c/x": "", "src/.git/x": ""})
	if got := countFolders(c.Abs("src")); got != 3 {
		t.Errorf("%d folders, want src, a and b", got)
	}
}

func TestEveryFindingOfAWholeExaminationIsComplete(t *testing.T) {
	c := project(t, map[string]string{"src/index.html": "<body>"},
		config.Override{Key: "serve.app", Text: "0", From: "--app-port"}, config.Override{Key: "serve.proxy", Text: "0", From: "--proxy-port"})
	all := Examine(t.Context(), Options{Config: c})
	seen := map[string]bool{}
	for _, f := range all {
		if seen[f.ID] || f.Message == "" || (f.Verdict == Fail || f.Verdict == Warn) && f.Fix == "" {
			t.Errorf("twice, or incomplete: %+v", f)
		}
		seen[f.ID] = true
	}
	for _, id := range []string{"config", "page", "client", "port.proxy", "port.app", "localhost", "watch", "files", "system"} {
		if !seen[id] {
			t.Errorf("nothing about %s", id)
		}
	}
	if Failed(all) {
		t.Errorf("a good project fails: %+v", all)
	}
}

func TestACertificateIsLookedAtBeforeItEnds(t *testing.T) {
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for days, want := range map[int]Verdict{-1: Fail, 5: Warn, 60: Pass} {
		cert := &x509.Certificate{NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(0, 0, days)}
		if got := inTime("site.pem", cert, now); got[0].Verdict != want {
			t.Errorf("%d days before its end: %+v", days, got)
		}
	}
	if got := inTime("site.pem", &x509.Certificate{NotBefore: now.AddDate(0, 0, 1), NotAfter: now.AddDate(1, 0, 0)}, now); got[0].Verdict != Fail {
		t.Errorf("before it begins: %+v", got)
	}
}
