//go:build unix

package devserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const secret = "TOP-SECRET"

// treasure is a project in which everything that must not be read says so.
func treasure(t *testing.T) string {
	t.Helper()
	dir := tree(t, map[string]string{
		"outside.txt":                                            secret,
		"elsewhere/lib/main.js":                                  "linked package",
		"elsewhere/lib/.env":                                     secret,
		"elsewhere/lib/up.txt":                                   "-> ../../outside.txt",
		"project/realtimectl.yaml":                               secret,
		"project/src/index.html":                                 "<!doctype html>app",
		"project/src/app.js":                                     "app",
		"project/src/.env":                                       secret,
		"project/src/.env.local":                                 secret,
		"project/src/production.env":                             secret,
		"project/src/.git/HEAD":                                  secret,
		"project/src/.git/config":                                secret,
		"project/src/.svn/entries":                               secret,
		"project/src/.hg/hgrc":                                   secret,
		"project/src/CVS/Root":                                   secret,
		"project/src/.npmrc":                                     secret,
		"project/src/.htpasswd":                                  secret,
		"project/src/.DS_Store":                                  secret,
		"project/src/sub/.ssh/id_rsa":                            secret,
		"project/src/id_rsa":                                     secret,
		"project/src/id_ed25519":                                 secret,
		"project/src/tls/server.key":                             secret,
		"project/src/tls/server.PEM":                             secret,
		"project/src/tls/server.crt":                             secret,
		"project/src/tls/client.p12":                             secret,
		"project/src/tls/client.pfx":                             secret,
		"project/src/realtimectl.yaml":                           secret,
		"project/src/package.json":                               secret,
		"project/src/composer.json":                              secret,
		"project/src/auth.json":                                  secret,
		"project/src/docker-compose.yml":                         secret,
		"project/src/docker-compose.dev.yml":                     secret,
		"project/src/gulpfile.js":                                secret,
		"project/src/index.html~":                                secret,
		"project/src/config.php.bak":                             secret,
		"project/src/.app.js.swp":                                secret,
		"project/src/data.sqlite":                                secret,
		"project/src/data.sqlite-wal":                            secret,
		"project/src/.app.js.swn":                                secret,
		"project/src/app.js.swn":                                 secret,
		"project/src/#app.js#":                                   secret,
		"project/src/webpack.config.js":                          secret,
		"project/src/vite.config.prod.ts":                        secret,
		"project/src/tsconfig.app.json":                          secret,
		"project/src/prod.tfstate":                               secret,
		"project/src/sub/Service-Account.json":                   secret,
		"project/src/users.txt":                                  secret,
		"project/src/open/users.txt":                             "-> ../users.txt",
		"project/src/open.txt":                                   "-> .env",
		"project/src/repo":                                       "-> .git",
		"project/src/escape.txt":                                 "-> ../../outside.txt",
		"project/src/escape":                                     "-> ../../elsewhere",
		"project/src/alias.js":                                   "-> app.js",
		"project/src/loop":                                       "-> loop",
		"project/src/.well-known/acme":                           "token",
		"project/src/.well-known/.env":                           secret,
		"project/src/a:b.txt":                                    secret,
		`project/src/back\slash.txt`:                             secret,
		"project/node_modules/linked":                            "-> ../../elsewhere/lib",
		"project/node_modules/@s/linked":                         "-> ../../../elsewhere/lib",
		"project/node_modules/self":                              "-> ..",
		"project/node_modules/wild":                              "-> ../..",
		"project/node_modules/file":                              "-> ../../outside.txt",
		"project/node_modules/.bin/tool":                         secret,
		"project/node_modules/.pnpm/p@1.0.0/node_modules/p/p.js": "pnpm package",
		"project/node_modules/.pnpm/p@1.0.0/node_modules/p/.env": secret,
		"project/node_modules/p":                                 "-> .pnpm/p@1.0.0/node_modules/p",
		"project/node_modules/plain/package.json":                "{}",
	})
	if err := syscall.Mkfifo(filepath.Join(dir, "project/src/pipe"), 0o644); err != nil {
		t.Skip("no named pipes here:", err)
	}
	return dir
}

// Each target was a hole in some development server, or is a variation of one. All are
// sent byte for byte, as a browser's address bar would (accepting HTML) and as curl does.
func TestNoRequestReadsWhatIsNotServed(t *testing.T) {
	dir := treasure(t)
	direct := project(t, filepath.Join(dir, "project"))
	for name, server := range map[string]*Server{"direct": direct, "step by step": stepByStep(t, filepath.Join(dir, "project"))} {
		t.Run(name, func(t *testing.T) { attack(t, listen(t, server)) })
	}
}

// stepByStep is a server on a kernel that knows no openat2.
func stepByStep(t *testing.T, dir string) *Server {
	t.Helper()
	s := project(t, dir)
	for _, l := range s.layers {
		f, err := l.open()
		if err != nil {
			continue // a folder that is missing
		}
		f.dir.Close()
		f.dir = nil
	}
	return s
}

func attack(t *testing.T, srv *httptest.Server) {
	for _, target := range []string{
		// Names that are never served.
		"/.env", "/.env.local", "/production.env", "/.git/HEAD", "/.git/config", "/.svn/entries", "/.hg/hgrc", "/CVS/Root",
		"/.npmrc", "/.htpasswd", "/.DS_Store", "/sub/.ssh/id_rsa", "/id_rsa", "/id_ed25519", "/tls/server.key",
		"/tls/server.PEM", "/tls/server.pem", "/tls/server.crt", "/tls/client.p12", "/tls/client.pfx", "/realtimectl.yaml",
		"/package.json", "/composer.json", "/auth.json", "/docker-compose.yml", "/docker-compose.dev.yml", "/gulpfile.js",
		"/index.html~", "/app.js.swn", "/%23app.js%23", "/data.sqlite-wal", "/webpack.config.js", "/WebPack.Config.js", "/vite.config.prod.ts",
		"/tsconfig.app.json", "/prod.tfstate", "/sub/service-account.json", "/sub/Service-Account.json", "/users.txt", "/USERS.txt", "/open/users.txt", "/config.php.bak", "/.app.js.swp", "/data.sqlite", "/.well-known/.env", "/node_modules/.bin/tool",
		// The query never takes part in the decision.
		"/.env?raw", "/.env?import&raw??", "/.env?import&url&inline", "/.env?.svg?.wasm?init", "/.env?raw?import",
		"/@fs/etc/passwd?import&raw??", "/@fs/x/?/../../../../../etc/passwd?import&?raw", "/etc/passwd?.svg?.wasm?init",
		// Nor do encodings of the name.
		"/%2eenv", "/%2Eenv", "/.%65nv", "/%2e%67it/HEAD", "/.git%2fHEAD", "/%2egit%2FHEAD", "/tls%2fserver.key", "/tls/server%2ekey",
		"/tls/server.KEY", "/.ENV", "/.Git/HEAD", "/.g%E2%80%8Cit/HEAD", "/%E2%80%8B.env", "/.env%E2%80%8B",
		// Nor do dots, slashes and what Windows ignores.
		"/.env/.", "/./.env", "/.env/", "//.env", "/.env//", "/x/../.env", "/.env.", "/.env%20", "/.env...", "/tls/server.key.",
		"/tls/server.key%20", "/.env%5c", `/.env\`, "/.env::$DATA", "/.env%3a%3a$DATA", "/tls/SERVER~1.KEY", "/ENV~1", "/a:b.txt", "/a%3Ab.txt",
		`/back\slash.txt`, "/back%5Cslash.txt",
		// Ways up.
		"/../outside.txt", "/../../outside.txt", "/..%2f..%2foutside.txt", "/%2e%2e/%2e%2e/outside.txt", "/%2e%2e%2f%2e%2e%2foutside.txt",
		"/..%5c..%5coutside.txt", `/..\..\outside.txt`, "/public/..%2f..%2f..%2f..%2f../etc/passwd", "/....//....//outside.txt",
		"/node_modules/.vite/deps/../../../../outside.txt", "/node_modules/../realtimectl.yaml", "/node_modules/..%2frealtimectl.yaml",
		"/bower_components/../../outside.txt", "/..;/outside.txt", "/%c0%ae%c0%ae/outside.txt", "/%252e%252e/outside.txt", "/.%00./outside.txt",
		"//etc/passwd", "///etc/passwd", "/%2fetc/passwd", "/%2F%2Fetc%2Fpasswd", "/C:/windows/win.ini", "/C:%5Cwindows%5Cwin.ini", "//evil.test/share", "/file:///etc/passwd",
		// Characters that end or hide a name.
		"/.env%00", "/.env%00.js", "/app.js%00.env", "/index.html%00", "/%00", "/.env%0a", "/.env%0d%0aX-Injected:1", "/.env%09", "/%ff%fe.env", "/\xff",
		// Links.
		"/open.txt", "/repo/HEAD", "/repo/config", "/escape.txt", "/escape/lib/main.js", "/loop", "/node_modules/linked/.env", "/node_modules/linked/up.txt",
		"/node_modules/linked/../../../outside.txt", "/node_modules/self/realtimectl.yaml", "/node_modules/self/src/.env", "/node_modules/wild/outside.txt",
		"/node_modules/file", "/node_modules/file/", "/node_modules/p/.env", "/node_modules/.pnpm/p@1.0.0/node_modules/p/.env",
		// What is no file.
		"/pipe", "/tls/", "/tls", "/node_modules/", "/node_modules", "/.git/", "/.git",
	} {
		for _, accept := range []string{"Accept: */*", browser} {
			got := ask(t, srv, target, accept)
			if strings.Contains(got.Body, secret) || strings.Contains(got.Body, "root:") {
				t.Errorf("%q (%s) reads a secret: %d %q", target, accept, got.Status, got.Body)
			}
			if accept != browser && got.Status != http.StatusNotFound && got.Status != http.StatusBadRequest {
				t.Errorf("%q answers %d", target, got.Status)
			}
			if got.Header.Get("X-Injected") != "" {
				t.Errorf("%q injects a header", target)
			}
		}
	}
}

func TestHiddenAndMissingLookAlike(t *testing.T) {
	dir := treasure(t)
	srv := listen(t, project(t, filepath.Join(dir, "project")))
	for _, pair := range [][2]string{
		{"/.env", "/.nothing"},
		{"/.git/config", "/.git/nothing"},
		{"/tls/server.key", "/tls/nothing.key"},
		{"/id_rsa", "/id_dsa"},
		{"/open.txt", "/nothing.txt"},
		{"/escape.txt", "/nothing.txt"},
		{"/node_modules/linked/.env", "/node_modules/nothing/.env"},
		{"/repo/config", "/nothing/config"},
	} {
		for _, accept := range []string{"Accept: */*", browser} {
			there, missing := ask(t, srv, pair[0], accept), ask(t, srv, pair[1], accept)
			there.Header.Del("Date")
			missing.Header.Del("Date")
			if diff := cmp.Diff(missing, there); diff != "" {
				t.Errorf("%s tells that it exists (-%s +%s):\n%s", pair[0], pair[1], pair[0], diff)
			}
		}
	}
}

func TestLinksThatAreFollowed(t *testing.T) {
	dir := treasure(t)
	project := project(t, filepath.Join(dir, "project"))
	for _, server := range []*Server{project, stepByStep(t, filepath.Join(dir, "project"))} {
		followed(t, listen(t, server))
	}
}

func followed(t *testing.T, srv *httptest.Server) {
	want := map[string]string{
		"/app.js":                          "200 app",
		"/alias.js":                        "200 app",
		"/node_modules/linked/main.js":     "200 linked package",
		"/node_modules/@s/linked/main.js":  "200 linked package",
		"/node_modules/p/p.js":             "200 pnpm package",
		"/node_modules/plain/package.json": "200 {}",
		"/.well-known/acme":                "200 token",
	}
	got := map[string]string{}
	for target := range want {
		a := ask(t, srv, target)
		got[target] = fmt.Sprint(a.Status, " ", a.Body)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestRedirectsStayOnThisHost(t *testing.T) {
	dir := tree(t, map[string]string{
		"src/index.html":                "app",
		"src/docs/index.html":           "docs",
		"src/evil.test/index.html":      "x",
		"src/evil.test/sub/index.html":  "x",
		"src/javascript%3a1/index.html": "x",
	})
	srv := listen(t, project(t, dir))
	for target, want := range map[string]string{
		"/docs":                  "./docs/",
		"/docs?a=b&c=//evil.com": "./docs/?a=b&c=//evil.com",
		"//evil.test":            "./evil.test/",
		"///evil.test/sub":       "./sub/",
		"/%2fevil.test":          "./evil.test/",
		"/javascript%253a1":      "./javascript%253a1/",
	} {
		got := ask(t, srv, target, browser)
		if got.Status != http.StatusMovedPermanently || got.Header.Get("Location") != want {
			t.Errorf("%s: %d, Location %q, want %q", target, got.Status, got.Header.Get("Location"), want)
		}
	}
}

func TestAnUnreadableFileIsMissing(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, map[string]string{"src/a.js": secret})
	if err := os.Chmod(filepath.Join(dir, "src/a.js"), 0); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, listen(t, project(t, dir)), "/a.js"); got.Status != http.StatusNotFound {
		t.Errorf("status %d", got.Status)
	}
}

func FuzzNamesStayBelowTheRoot(f *testing.F) {
	for _, seed := range []string{"/", "/a/b.js", "/../x", "//etc", `/..\x`, "/.env/.", "/a%2f..", "/\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, urlPath string) {
		name, ok := cleanName(urlPath)
		if !ok {
			return
		}
		if name != "" && !filepath.IsLocal(filepath.FromSlash(name)) {
			t.Errorf("%q becomes %q, which leaves the root", urlPath, name)
		}
		if again, ok := cleanName("/" + name); !ok || again != name {
			t.Errorf("%q becomes %q, then %q", urlPath, name, again)
		}
		if hidden(name) != hidden(strings.ToUpper(name)) && strings.EqualFold(strings.ToUpper(name), name) {
			t.Errorf("the case of %q decides whether it is served", name)
		}
	})
}

func TestAFileThatBecomesPrivateIsGoneAtOnce(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "src/settings.txt")
	write(t, secret, "A=1")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(secret, old, old); err != nil {
		t.Fatal(err)
	}
	s := project(t, dir)
	s.shelf.now = func() time.Time { return time.Now().Add(time.Hour) } // so that it is kept at once
	asked := func() int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/settings.txt", nil))
		return w.Code
	}
	if first, second := asked(), asked(); first != http.StatusOK || second != http.StatusOK || len(s.shelf.held) != 1 {
		t.Fatalf("before: %d, %d, %d on the shelf", first, second, len(s.shelf.held))
	}
	if err := s.Hide(secret); err != nil {
		t.Fatal(err)
	}
	if first, second := asked(), asked(); first != http.StatusNotFound || second != http.StatusNotFound || len(s.shelf.held) != 0 {
		t.Errorf("after: %d, %d, %d on the shelf", first, second, len(s.shelf.held))
	}
}
