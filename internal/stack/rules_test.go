package stack

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/middleware"
)

// served is a configuration with more keys in serve and free ports.
func served(keys string) string {
	return "serve:\n  proxy: localhost:0\n  app: localhost:0\n  " + strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n  ") + "\n"
}

// send is one request with headers; the body of the answer is read.
func send(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return resp, string(body)
}

const contentRules = `
headers: [ { path: "/app/**", set: { X-Board: abacate }, remove: [ Last-Modified ] } ]
rewrite: [ { from: "/old/**", to: /app/$1 } ]
replace: [ { path: "/app/**", find: "http://api.test", with: /api } ]
mounts: { /docs: ../docs, /docs/deep: ../deep }
`

func TestRulesHoldOnBothListeners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "project")
	i := run(t, load(t, dir, map[string]string{
		"realtimectl.yaml": served(contentRules), "src/index.html": "home",
		"src/app/main.js": "fetch('http://api.test/jobs')", "../docs/guide.txt": "guide", "../docs/.env": "secret",
		"src/docs/guide.txt": "of the project", "../deep/a.txt": "deep", "../docs/deep/a.txt": "shadowed",
	}), nil)
	for _, base := range []string{i.App, i.Proxy} {
		resp, body := send(t, "GET", base+"/app/main.js")
		got := []string{body, resp.Header.Get("X-Board"), resp.Header.Get("Last-Modified")}
		if diff := cmp.Diff([]string{"fetch('/api/jobs')", "abacate", ""}, got); diff != "" {
			t.Errorf("%s/app/main.js (-want +got):\n%s", base, diff)
		}
		if resp, body := send(t, "GET", base+"/old/main.js"); resp.StatusCode != 200 || !strings.HasPrefix(body, "fetch") {
			t.Errorf("%s/old/main.js: %d %q", base, resp.StatusCode, body)
		}
		if resp, _ := send(t, "GET", base+"/__realtimectl/health"); resp.Header.Get("X-Board") != "" {
			t.Errorf("%s: a rule changed our own endpoint", base)
		}
		for path, want := range map[string]string{"/docs/guide.txt": "guide", "/docs/deep/a.txt": "deep"} {
			if _, body := send(t, "GET", base+path); body != want {
				t.Errorf("%s%s answers %q, want %q", base, path, body, want)
			}
		}
		if resp, _ := send(t, "GET", base+"/docs/.env"); resp.StatusCode != 404 {
			t.Errorf("%s/docs/.env answers %d", base, resp.StatusCode)
		}
	}
}

func TestRulesHoldInFrontOfATargetAndABackEnd(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<head></head>"+r.URL.Path+" at http://api.test")
	}))
	defer upstream.Close()
	i := run(t, load(t, t.TempDir(), map[string]string{
		"src/index.html": "x",
		"realtimectl.yaml": served(`
headers: [ { set: { Content-Security-Policy: "script-src 'self'" } } ]
replace: [ { find: "http://api.test", with: /api } ]
rewrite: [ { from: "/old/*", to: /api/$1 } ]
target: `+upstream.URL) + "backends: { api: { url: '" + upstream.URL + "', path: /api } }\n",
	}), nil)
	for _, base := range []string{i.App, i.Proxy} {
		resp, body := send(t, "GET", base+"/old/jobs", "Accept", "text/html")
		if !strings.Contains(body, "/api/jobs at /api") || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s/old/jobs: %q with policy %q", base, body, resp.Header.Get("Content-Security-Policy"))
		}
		if got := strings.Contains(body, script); got != (base == i.Proxy) {
			t.Errorf("%s: injected is %v", base, got)
		}
	}
}

// corsAnswer is what a page of another site is told.
func corsAnswer(resp *http.Response) []any {
	return []any{resp.StatusCode, resp.Header.Get("Access-Control-Allow-Origin"), resp.Header.Get("Access-Control-Allow-Methods")}
}

func TestCORSOpensPathsEvenBehindAPasswordButNeverTheHub(t *testing.T) {
	t.Setenv("STACK_TEST_USERS", "ana:segredo")
	i := run(t, load(t, t.TempDir(), map[string]string{
		"src/index.html": "x", "src/api/jobs.json": "[]",
		"realtimectl.yaml": served("basic-auth: { users-env: STACK_TEST_USERS }\ncors: [ { origins: [ 'https://a.test' ] } ]"),
	}), nil)
	preflight := []string{"Origin", "https://a.test", "Access-Control-Request-Method", "PUT"}
	for _, base := range []string{i.App, i.Proxy} {
		allowed, _ := send(t, "OPTIONS", base+"/api/jobs.json", preflight...)
		foreign, _ := send(t, "OPTIONS", base+"/api/jobs.json", "Origin", "https://b.test", "Access-Control-Request-Method", "PUT")
		stranger, _ := send(t, "GET", base+"/api/jobs.json", "Origin", "https://a.test")
		hub, _ := send(t, "OPTIONS", base+"/socket.io/", preflight...)
		own, _ := send(t, "OPTIONS", base+"/__realtimectl/emit", preflight...)
		got := [][]any{corsAnswer(allowed), corsAnswer(foreign), corsAnswer(stranger)}
		want := [][]any{{204, "https://a.test", "PUT"}, {204, "", ""}, {401, "https://a.test", ""}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", base, diff)
		}
		for _, resp := range []*http.Response{hub, own} {
			if origin := resp.Header.Get("Access-Control-Allow-Origin"); origin != "" {
				t.Errorf("%s is opened to %q", resp.Request.URL, origin)
			}
		}
	}
}

func TestFilesWithSecretsThatTheConfigurationNamesAreNotServed(t *testing.T) {
	dir := t.TempDir()
	i := run(t, load(t, dir, map[string]string{
		"index.html": "<head></head>board", "users": "ana:segredo\n", "api/settings": "NAME=segredo", "jobs": `{"jobs":[{"id":1,"name":"segredo"}]}`,
		"token": "segredo-segredo-segredo-segredo-segredo\n", "conf.yaml": "x",
		"realtimectl.yaml": served("basic-auth: { users-file: users }") + "paths: { src: . }\nhub: { publish: { token-file: token } }\n" +
			"backends:\n  jobs: { store: jobs, path: /data }\n  worker: { run: 'true', dir: api, env-file: settings, restart: never }\n",
	}), nil)
	basic := &http.Request{Header: http.Header{}}
	basic.SetBasicAuth("ana", "segredo")
	for _, url := range append(on(i.App, "/users", "/token", "/api/settings", "/jobs"), on(i.Proxy, "/users", "/token", "/jobs")...) {
		resp, body := send(t, "GET", url, "Authorization", basic.Header.Get("Authorization"))
		if resp.StatusCode != 404 || strings.Contains(body, "segredo") {
			t.Errorf("%s: %d %q", url, resp.StatusCode, body)
		}
	}
	if resp, body := send(t, "GET", i.App+"/conf.yaml", "Authorization", basic.Header.Get("Authorization")); resp.StatusCode != 200 || body != "x" {
		t.Errorf("a file beside them: %d %q", resp.StatusCode, body)
	}
}

func TestPasswordGuardsEverythingButHealthAndWhatAsksForTheToken(t *testing.T) {
	dir := t.TempDir()
	i := run(t, load(t, dir, map[string]string{
		"src/index.html": "<head></head>board", "users": "# the team\nana:segredo\nrui:a:b\n",
		"realtimectl.yaml": served("basic-auth: { users-file: users, realm: board }"),
	}), nil)
	token, err := os.ReadFile(filepath.Join(dir, ".realtimectl", "token"))
	if err != nil {
		t.Fatal(err)
	}
	bearer := "Bearer " + strings.TrimSpace(string(token))
	basic := func(name, password string) string {
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth(name, password)
		return r.Header.Get("Authorization")
	}
	paths := []string{"/", "/socket.io/?EIO=4&transport=polling", "/socket.io/socket.io.js"}
	for _, url := range append(on(i.App, paths...), on(i.Proxy, append(paths, script, "/__realtimectl/live")...)...) {
		for _, given := range []string{"", basic("ana", "wrong"), basic("segredo", "ana"), bearer} {
			resp, body := send(t, "GET", url, "Authorization", given)
			if resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") != `Basic realm="board", charset="UTF-8"` || strings.Contains(body, "board") {
				t.Errorf("%s with %q: %d %q", url, given, resp.StatusCode, body)
			}
		}
		if strings.HasSuffix(url, "live") {
			continue
		}
		for _, given := range []string{basic("ana", "segredo"), basic("rui", "a:b")} {
			if resp, _ := send(t, "GET", url, "Authorization", given); resp.StatusCode != 200 {
				t.Errorf("%s with %q: %d", url, given, resp.StatusCode)
			}
		}
	}
	if _, body := send(t, "GET", i.App+healthPath); body != "{\"status\":\"ok\"}\n" {
		t.Errorf("the health endpoint tells strangers %q", body)
	}
	if _, body := send(t, "GET", i.App+healthPath, "Authorization", bearer); !strings.Contains(body, `"version":"1.2.3"`) {
		t.Errorf("the health endpoint tells who has the token %q", body)
	}
	for given, want := range map[string]int{"": 401, bearer: 200} {
		if resp, _ := send(t, "POST", i.Proxy+"/__realtimectl/reload", "Authorization", given); resp.StatusCode != want {
			t.Errorf("reload with %q: %d, want %d", given, resp.StatusCode, want)
		}
	}
	live := "ws" + strings.TrimPrefix(i.Proxy, "http") + "/__realtimectl/live"
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), live, http.Header{"Authorization": {basic("ana", "segredo")}, "Origin": {i.Proxy}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	ws.Close()
}

// on puts the paths behind a URL.
func on(base string, paths ...string) []string {
	urls := make([]string, len(paths))
	for i, path := range paths {
		urls[i] = base + path
	}
	return urls
}

// safeBuffer is written by handlers and read by a test.
type safeBuffer struct {
	mu sync.Mutex // guards text
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestRequestLogHasOneLineARequestOnEachListener(t *testing.T) {
	var said safeBuffer
	i := run(t, load(t, t.TempDir(), map[string]string{"src/index.html": "x", "realtimectl.yaml": served("log: true")}),
		func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&said, nil)) })
	send(t, "GET", i.App+"/gone.js?token=secret")
	send(t, "GET", i.Proxy+"/gone.css")
	http.DefaultClient.CloseIdleConnections()
	got := []int{strings.Count(said.String(), "path=/gone.js"), strings.Count(said.String(), "path=/gone.css"), strings.Count(said.String(), "secret")}
	if diff := cmp.Diff([]int{1, 1, 0}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%s", diff, said.String())
	}
}

func TestSlowNetworkDelaysPagesAndNotOurOwnEndpoints(t *testing.T) {
	around := func(mode string) []middleware.Middleware {
		cfg, err := Load(config.Options{Dir: t.TempDir(), Overrides: []config.Override{{Key: "serve.slow", Text: "2g"}, {Key: "serve.mode", Text: mode}}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := compileRules(cfg.Config, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return r.around
	}
	slowed, production := around("development"), around("production")
	if len(production) != 0 {
		t.Error("production is slow")
	}
	synctest.Test(t, func(t *testing.T) {
		h := middleware.Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slowed...)
		for path, want := range map[string]time.Duration{"/": 800 * time.Millisecond, "/__realtimectl/live": 0} {
			began := time.Now()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
			if took := time.Since(began); took != want { // on the clock of synctest
				t.Errorf("%s took %s, want %s", path, took, want)
			}
		}
	})
}

func TestEveryNetworkCanBeConfigured(t *testing.T) {
	for _, k := range config.Keys() {
		if k.Path == "serve.slow" {
			if diff := cmp.Diff(append([]string{config.NoNetwork}, middleware.NetworkNames()...), k.Enum); diff != "" {
				t.Errorf("networks (-want +got):\n%s", diff)
			}
		}
	}
}

func TestMistakesInRulesPointIntoTheFile(t *testing.T) {
	tests := []struct{ serve, users, want string }{
		{`headers: [ { path: api, set: { A: b } } ]`, "", `realtimectl.yaml:4:22: serve.headers[0].path: path pattern "api": must start with /`},
		{`replace: [ { path: "/a*", find: b } ]`, "", `realtimectl.yaml:4:22: serve.replace[0].path: path pattern "/a*": a star must be a whole segment`},
		{`cors: [ { path: "a", origins: [ "*" ] } ]`, "", `realtimectl.yaml:4:19: serve.cors[0].path: path pattern "a": must start with /`},
		{`rewrite: [ { from: /a, to: /b }, { from: /a, to: b } ]`, "", `realtimectl.yaml:4:36: serve.rewrite[1]: path rule "/a" to "b": both must start with /`},
		{`basic-auth: { users-file: users }`, "ana:a\n\nsecret-without-name", `realtimectl.yaml:4:3: serve.basic-auth: users:3: this is no name:password`},
		{`basic-auth: { users-file: users }`, "ana:a\nana:b", `realtimectl.yaml:4:3: serve.basic-auth: users:2: ana is there twice`},
		{`basic-auth: { users-file: users }`, "ana:$2y$10$abc", `realtimectl.yaml:4:3: serve.basic-auth: users:1: the password of ana is a hash; write the password itself, in a file that only you may read`},
		{`basic-auth: { users-file: users }`, "# nobody", `realtimectl.yaml:4:3: serve.basic-auth: basic auth: no users`},
		{`basic-auth: { users-env: STACK_TEST_NOBODY }`, "", `realtimectl.yaml:4:3: serve.basic-auth: the environment variable STACK_TEST_NOBODY is empty`},
	}
	for _, tt := range tests {
		cfg := load(t, t.TempDir(), map[string]string{"realtimectl.yaml": served(tt.serve), "users": tt.users})
		err := Run(t.Context(), Options{Project: cfg, Log: slog.New(slog.DiscardHandler)})
		list, ok := errors.AsType[diag.List](err)
		if !ok || len(list) != 1 || list.Error() != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.serve, err, tt.want)
		}
		if got := Check(cfg.Config).Error(); got != tt.want {
			t.Errorf("Check: got %q, want %q", got, tt.want)
		}
	}
}
