package stack

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/realtimectl/realtimectl/internal/backend"
)

func TestMain(m *testing.M) {
	if code, ok := backend.Supervise(); ok {
		os.Exit(code)
	}
	switch os.Getenv(roleVar) {
	case "api":
		playAPI()
	case "stack":
		playStack()
	}
	// The clock of a gulpfile's expressions stops by itself, some seconds after the last match.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// run runs a project until the end of the test and returns what it says of itself.
func run(t *testing.T, cfg Project, opts func(*Options)) Info {
	t.Helper()
	ready := make(chan Info, 1)
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	o := Options{Project: cfg, Log: slog.New(slog.DiscardHandler), Version: "1.2.3", Ready: func(i Info) { ready <- i }}
	if opts != nil {
		opts(&o)
	}
	go func() { ended <- Run(ctx, o) }()
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	select {
	case i := <-ready:
		return i
	case err := <-ended:
		ended <- err
		t.Fatalf("Run ended before it was ready: %v", err)
		return Info{}
	}
}

// free are settings that take any free port.
const free = "serve: { proxy: 'localhost:0', app: 'localhost:0' }\n"

// get returns status and body of a page as a browser would ask for it.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,*/*")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

const script = "/__realtimectl/client.js"

func TestBothListenersServeTheProjectAndOnlyOneInjects(t *testing.T) {
	i := run(t, load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": free,
		"src/index.html":   "<!doctype html><head><title>board</title></head>",
		"src/app.js":       "export {}",
	}), nil)
	for _, tt := range []struct {
		url    string
		inject bool
	}{{i.Proxy, true}, {i.App, false}} {
		status, body := get(t, tt.url+"/jobs/1")
		if status != 200 || !strings.Contains(body, "<title>board") || strings.Contains(body, script) != tt.inject {
			t.Errorf("%s: %d %q; injected should be %v", tt.url, status, body, tt.inject)
		}
		if status, body := get(t, tt.url+"/gone.js"); status != 404 || strings.Contains(body, "<title>") {
			t.Errorf("%s/gone.js: %d %q, want a 404 without a page", tt.url, status, body)
		}
	}
	if status, _ := get(t, i.Proxy+script); status != 200 {
		t.Errorf("the reload script answers %d", status)
	}
}

func TestProductionServesDistAndNoDevelopmentEndpoint(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(t.TempDir(), "ready.json")
	i := run(t, load(t, dir, map[string]string{
		"realtimectl.yaml": "serve: { app: 'localhost:0', mode: production }\n",
		"dist/index.html":  "<title>built</title>",
		"src/index.html":   "<title>source</title>",
	}), func(o *Options) { o.ReadyFile = ready })
	if status, body := get(t, i.App); status != 200 || !strings.Contains(body, "built") {
		t.Errorf("%d %q", status, body)
	}
	for _, path := range []string{script, "/__realtimectl/live", "/__realtimectl/reload"} {
		if _, body := get(t, i.App+path); !strings.Contains(body, "built") && !strings.Contains(body, "not found") && !strings.Contains(body, "404") {
			t.Errorf("%s answers %q in production", path, body)
		}
	}
	text, err := os.ReadFile(ready)
	if err != nil || strings.Contains(string(text), "proxy") || !strings.Contains(string(text), i.App) {
		t.Errorf("ready file %q, %v", text, err)
	}
}

func TestStoreRaisesItsEventAndTheHealthEndpointAnswers(t *testing.T) {
	i := run(t, load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": free + "backends: { api: { store: data/db.json, path: /api, emit: { create: 'server:created:job' } } }\n",
		"data/db.json":     `{"jobs":[]}`,
		"src/index.html":   "<title>board</title>",
	}), nil)
	for _, base := range []string{i.App, i.Proxy} {
		if status, body := get(t, base+"/api/jobs"); status != 200 || strings.TrimSpace(body) != "[]" {
			t.Errorf("%s/api/jobs: %d %q", base, status, body)
		}
	}
	if status, body := get(t, i.App+"/__realtimectl/health"); status != 200 || !strings.Contains(body, `"version":"1.2.3"`) {
		t.Errorf("health: %d %q", status, body)
	}
}

func TestReadyFileIsGoneAfterTheEnd(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready.json")
	cfg := load(t, t.TempDir(), map[string]string{"realtimectl.yaml": free, "src/index.html": "x"})
	ctx, stop := context.WithCancel(t.Context())
	err := Run(ctx, Options{Project: cfg, Log: slog.New(slog.DiscardHandler), ReadyFile: ready, Ready: func(Info) { stop() }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ready); !os.IsNotExist(err) {
		t.Errorf("the ready file is still there: %v", err)
	}
}

func TestExternalServerStandsBehindTheProxyAndTheBackEndRoutes(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<head></head>upstream "+r.URL.Path)
	}))
	defer upstream.Close()
	files := func(yaml string) map[string]string {
		return map[string]string{"realtimectl.yaml": yaml, "src/index.html": "<title>own</title>"}
	}

	t.Run("serve.target", func(t *testing.T) {
		yaml := "serve: { proxy: 'localhost:0', app: 'localhost:0', target: '" + upstream.URL + "' }\n"
		i := run(t, load(t, t.TempDir(), files(yaml)), nil)
		if _, body := get(t, i.Proxy+"/a"); !strings.Contains(body, "upstream /a") || !strings.Contains(body, script) {
			t.Errorf("the proxy answers %q", body)
		}
		if _, body := get(t, i.App+"/a"); !strings.Contains(body, "own") {
			t.Errorf("the app server answers %q", body)
		}
	})
	t.Run("serve.target, which has all but our endpoints", func(t *testing.T) {
		yaml := "serve: { proxy: 'localhost:0', app: 'localhost:0', target: '" + upstream.URL + "' }\nbackends: { data: { store: data.json, path: /api } }\n"
		project := files(yaml)
		project["data.json"] = `{"jobs":[]}`
		i := run(t, load(t, t.TempDir(), project), nil)
		for path, want := range map[string]string{
			"/api/jobs": "upstream /api/jobs", "/socket.io/": "upstream /socket.io/", "/__realtimectl/health": `"status":"ok"`,
			"/__realtimectl/emit": "use POST", "/__realtimectl/other": "not found",
		} {
			if _, body := get(t, i.Proxy+path); !strings.Contains(body, want) || strings.Contains(body, "upstream") != strings.Contains(want, "upstream") {
				t.Errorf("%s answers %q, want %q", path, body, want)
			}
		}
		for origin, want := range map[string]int{"http://evil.example": 403, "null": 403, i.Proxy: 200} {
			resp, body := send(t, "GET", i.Proxy+"/socket", "Origin", origin, "Connection", "Upgrade", "Upgrade", "websocket")
			if resp.StatusCode != want {
				t.Errorf("a WebSocket of %s to the target: %d %q, want %d", origin, resp.StatusCode, body, want)
			}
		}
	})
	t.Run("backends", func(t *testing.T) {
		yaml := free + "backends: { shop: { url: '" + upstream.URL + "', path: /shop, strip-path: true } }\n"
		i := run(t, load(t, t.TempDir(), files(yaml)), nil)
		for _, base := range []string{i.App, i.Proxy} {
			if _, body := get(t, base+"/shop/a"); !strings.Contains(body, "upstream /a") {
				t.Errorf("%s/shop/a answers %q", base, body)
			}
			if _, body := get(t, base+"/shops"); !strings.Contains(body, "own") {
				t.Errorf("%s/shops answers %q", base, body)
			}
		}
	})
}

func TestControlEndpointsAskForTheToken(t *testing.T) {
	dir := t.TempDir()
	i := run(t, load(t, dir, map[string]string{"realtimectl.yaml": free, "src/index.html": "x"}), nil)
	token, err := os.ReadFile(filepath.Join(dir, ".realtimectl", "token"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		method, url, bearer, body string
		want                      int
	}{
		{"POST", i.App + "/__realtimectl/emit", "", `{"event":"server:x"}`, http.StatusUnauthorized},
		{"POST", i.App + "/__realtimectl/emit", "guess", `{"event":"server:x"}`, http.StatusUnauthorized},
		{"POST", i.App + "/__realtimectl/emit", string(token), `{"event":"server:x"}`, http.StatusOK},
		{"GET", i.App + "/__realtimectl/emit", string(token), `{"event":"server:x"}`, http.StatusMethodNotAllowed},
		{"POST", i.App + "/__realtimectl/restart", "", `{"backend":"api"}`, http.StatusUnauthorized},
		{"POST", i.App + "/__realtimectl/restart", "guess", `{"backend":"api"}`, http.StatusUnauthorized},
		{"GET", i.App + "/__realtimectl/restart", string(token), "", http.StatusMethodNotAllowed},
		{"POST", i.App + "/__realtimectl/restart", string(token), `{"backend":`, http.StatusBadRequest},
		{"POST", i.App + "/__realtimectl/restart", string(token), `{"backend":"` + strings.Repeat("a", maxRestart) + `"}`, http.StatusBadRequest},
		{"POST", i.App + "/__realtimectl/restart", string(token), `{"backend":"api"}`, http.StatusUnprocessableEntity},
		{"POST", i.App + "/__realtimectl/health", string(token), "", http.StatusMethodNotAllowed},
		{"GET", i.App + "/__realtimectl/listen", "", `{"event":"server:x"}`, http.StatusUnauthorized},
		{"POST", i.Proxy + "/__realtimectl/reload", "", "{}", http.StatusUnauthorized},
		{"POST", i.Proxy + "/__realtimectl/reload", string(token), "{}", http.StatusOK},
		{"GET", i.Proxy + "/__realtimectl/reload", string(token), "{}", http.StatusMethodNotAllowed},
	}
	for _, tt := range tests {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if tt.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(tt.bearer))
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s %s with token %q: %d, want %d", tt.method, tt.url, tt.bearer, resp.StatusCode, tt.want)
		}
	}
}

// lines hands over what is logged, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestProjectOfAnyNameWithLinkedSourcesIsServedAndFollowed(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "100% [a] é #1 ?b")
	pages := filepath.Join(parent, "pages")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.MkdirAll(pages, 0o755), os.Symlink(pages, filepath.Join(dir, "src"))); err != nil {
		t.Fatal(err)
	}
	cfg := load(t, dir, map[string]string{
		"realtimectl.yaml": free + `
hub: { relays: [ { on: "client:*", emit: "server:$1", schema: job.json } ] }
backends: { api: { store: db.json, path: /api, schemas: { jobs: job.json } } }
`,
		"job.json": `{"type":"object"}`, "db.json": `{"jobs":[]}`, "src/index.html": "<title>linked</title>",
	})
	logged := make(lines, 100)
	i := run(t, cfg, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	if _, body := get(t, i.App); !strings.Contains(body, "linked") {
		t.Errorf("the page is %q", body)
	}
	if status, body := get(t, i.App+"/api/jobs"); status != http.StatusOK {
		t.Errorf("the store answers %d %q", status, body)
	}
	if err := os.WriteFile(filepath.Join(pages, "a.css"), []byte("a{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for line := range logged {
		if strings.Contains(line, "change.applied") && strings.Contains(line, "src/a.css") {
			return
		}
	}
}

func TestChangedConfigurationIsLeftAloneIfNobodySaysHowToReadIt(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{"realtimectl.yaml": free, "src/index.html": "x"})
	logged := make(lines, 100)
	run(t, cfg, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	if err := os.WriteFile(filepath.Join(dir, "realtimectl.yaml"), []byte("hub: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "src", "a.css"), []byte("a{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for line := range logged {
		if strings.Contains(line, "change.applied") {
			return
		}
	}
}
