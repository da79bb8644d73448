package stack

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
)

func TestTheSchemaThatAConfigurationAsksForIsKeptEqualToTheProgram(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{
		"src/index.html": "<p>", "realtimectl.yaml": config.SchemaLine + "\n" + free, config.SchemaFile: `{"old": true}`,
	})
	run(t, cfg, nil)
	written, err := os.ReadFile(filepath.Join(dir, config.SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Schema()
	if err != nil || string(written) != string(want)+"\n" || !json.Valid(written) {
		t.Errorf("the schema is %.80q, %v", written, err)
	}
	before, err := os.Stat(filepath.Join(dir, config.SchemaFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteSchema(dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(dir, config.SchemaFile)); err != nil || !os.SameFile(before, after) {
		t.Errorf("an equal schema was written again: %v", err)
	}
}

func TestNoSchemaIsWrittenForWhoDoesNotAsk(t *testing.T) {
	for name, text := range map[string]string{"no file": "", "a file without the line": free} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"src/index.html": "<p>"}
			if text != "" {
				files["realtimectl.yaml"] = text
			}
			cfg := load(t, dir, files)
			run(t, cfg, func(o *Options) { o.Project.Config.Serve.App.Port, o.Project.Config.Serve.Proxy.Port = 0, 0 })
			if _, err := os.Stat(filepath.Join(dir, config.SchemaFile)); !os.IsNotExist(err) {
				t.Errorf("a schema is there: %v", err)
			}
		})
	}
}

func TestAProjectIsServedAlsoWithoutItsSchema(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, dir, map[string]string{
		"src/index.html": "<p>served", "realtimectl.yaml": config.SchemaLine + "\n" + free + "hub: { publish: { token-file: token } }\n", ".realtimectl": "in the way",
	})
	var log strings.Builder
	info := run(t, cfg, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	if status, body := get(t, info.App); status != 200 || !strings.Contains(body, "served") {
		t.Errorf("%d %s", status, body)
	}
}
