package stack

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline"
)

// projectOf writes files into a folder and reads the configuration that is among them.
func projectOf(t *testing.T, files map[string]string) Project {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Load(config.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const pipelineYAML = `paths: { src: web }
backends: { api: { url: "http://localhost:1", path: /api } }
build: { base: /shop/, minify: false, define: { A: "1" }, sourcemap: true, budget: { "*.js": 10, "*.css": 20 } }
pipeline:
  config: { module: app.env, from: env.json, environment: live }
  tasks:
    - { name: a, run: "true", on: ["less/*.less", "!less/x.less"], env: { A: b }, timeout: 3s }
    - { name: b, run: "false", on: "web/**", when: build, fail: warn }
    - { name: c, run: "true", on: "web/**", when: serve }
`

func TestConfigurationReachesTheBuild(t *testing.T) {
	cfg := projectOf(t, map[string]string{"realtimectl.yaml": pipelineYAML, "web/index.html": "x", "env.json": "{}"})
	got := BuildOptions(cfg)
	for i := range got.Tasks {
		got.Tasks[i].Place = diag.Diagnostic{Line: got.Tasks[i].Place.Line}
	}
	want := pipeline.BuildOptions{
		Dir: cfg.Dir, Layout: &cfg.Layout, Src: "web", Out: "dist", Tmp: ".tmp", Base: "/shop/", NoMinify: true, Define: map[string]string{"A": "1"}, SourceMap: true,
		Settings: &pipeline.Settings{Module: "app.env", From: "env.json", Environment: []string{"live"}},
		Tasks: []pipeline.Task{
			{Name: "a", Run: "true", On: []string{"less/*.less", "!less/x.less"}, Env: map[string]string{"A": "b"}, Timeout: 3 * time.Second, Place: diag.Diagnostic{Line: 7}},
			{Name: "b", Run: "false", On: []string{"web/**"}, Timeout: time.Minute, Warn: true, Place: diag.Diagnostic{Line: 8}},
		},
		ServerPaths: []string{"/socket.io/", "/api/"},
		Budgets:     []pipeline.Budget{{Files: "*.css", Max: 20}, {Files: "*.js", Max: 10}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(pipeline.Layout{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSourcesAreLookedForUnlessNamed(t *testing.T) {
	cfg := projectOf(t, map[string]string{"index.html": "<!doctype html>"})
	if got := BuildOptions(cfg).Src; got != "" {
		t.Errorf("Src = %q", got)
	}
}

func TestFoldersOfTasksAreWatched(t *testing.T) {
	cfg := projectOf(t, map[string]string{"realtimectl.yaml": pipelineYAML, "web/index.html": "x", "env.json": "{}"})
	want := []string{filepath.Join(cfg.Dir, "less"), filepath.Join(cfg.Dir, "web")}
	if diff := cmp.Diff(want, taskFolders(cfg.Config)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProductionServesTheNextBuild builds under a running server: the page of the next
// request is the new one, with its assets.
func TestProductionServesTheNextBuild(t *testing.T) {
	cfg := projectOf(t, map[string]string{
		"realtimectl.yaml": "serve: { mode: production, app: 127.0.0.1:0 }\n",
		"src/index.html":   `<!doctype html><html><title>one</title><link rel="stylesheet" href="a.css"></html>`,
		"src/a.css":        "a { color: red }",
	})
	build := func() string {
		t.Helper()
		report, err := pipeline.Build(t.Context(), BuildOptions(cfg))
		if err != nil {
			t.Fatal(err)
		}
		return "/" + report.Files[0].Path // assets/ comes before index.html
	}
	get := func(url string) [2]string {
		t.Helper()
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{res.Header.Get("Cache-Control"), string(body)}
	}
	const hashed, always = "public, max-age=31536000, immutable", "no-cache"
	css := build()
	info := run(t, cfg, nil)
	page := func(title, css string) [2]string {
		return [2]string{always, `<!doctype html><html><title>` + title + `</title><link rel="stylesheet" href="` + css + `"></html>`}
	}
	if diff := cmp.Diff([][2]string{page("one", css), {hashed, "a{color:red}\n"}}, [][2]string{get(info.App), get(info.App + css)}); diff != "" {
		t.Errorf("first build (-want +got):\n%s", diff)
	}
	for name, content := range map[string]string{
		"index.html": `<!doctype html><html><title>two</title><link rel="stylesheet" href="a.css"></html>`, "a.css": "a { color: tan }",
	} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, "src", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	css = build()
	if diff := cmp.Diff([][2]string{page("two", css), {hashed, "a{color:tan}\n"}}, [][2]string{get(info.App), get(info.App + css)}); diff != "" {
		t.Errorf("second build (-want +got):\n%s", diff)
	}
}
