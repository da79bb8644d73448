package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/realpart"
	"github.com/realtimectl/realtimectl/templates"
)

// configuration is a realtimectl.yaml, and where it stands.
type configuration struct{ where, text string }

// TestTheSchemaSaysOfEveryConfigurationWhatWeDo asks a validator that knows nothing of
// this project about what the documentation and the templates show, and about mistakes.
func TestTheSchemaSaysOfEveryConfigurationWhatWeDo(t *testing.T) {
	needSetup(t, "node")
	realpart.Package(t, "ajv")
	good := append(shownInPages(t), shownInTemplates(t)...)
	if len(good) < 30 {
		t.Fatalf("only %d configurations are shown anywhere", len(good))
	}
	for i, wrong := range askAjv(t, good) {
		if wrong != "" {
			t.Errorf("%s: %s\n%s", good[i].where, wrong, good[i].text)
		}
	}
	bad := mistakenConfigurations()
	for i, wrong := range askAjv(t, bad) {
		if wrong == "" {
			t.Errorf("the schema lets pass %s", bad[i].text)
		}
		if _, err := config.Load(config.Options{Dir: written(t, bad[i].text)}); err == nil {
			t.Errorf("we let pass %s", bad[i].text)
		}
	}
}

// shownInPages are the configurations of README.md and docs, the reference among them.
func shownInPages(t *testing.T) []configuration {
	t.Helper()
	var list []configuration
	for _, page := range append(pages(t), "../docs/reference/configuration.md") {
		for _, b := range readPage(t, page) {
			if b.kind == "yaml" {
				list = append(list, configuration{page, b.text})
			}
		}
	}
	return list
}

func shownInTemplates(t *testing.T) []configuration {
	t.Helper()
	var list []configuration
	for _, name := range templates.Names() {
		dir := filepath.Join(t.TempDir(), name)
		if _, err := templates.Write(t.Context(), dir, name, templates.Options{Name: "Board"}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, config.FileName))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, configuration{"template " + name, string(text)})
	}
	return list
}

func mistakenConfigurations() []configuration {
	var list []configuration
	for text := range strings.SplitSeq(`serv: {}
serve: { prot: 1 }
serve: { open: yes }
serve: { mode: dev }
serve: { headers: [ { path: /, set: X-A } ] }
hub: { relays: [ { emti: a } ] }
hub: { relays: { on: a } }
hub: { origins: a }
hub: { limits: { depth: -1 } }
hub: { recovery: { window: soon } }
backends: { api: { rnu: x } }
backends: [ { run: x } ]
backends: { api: { run: x, restart: sometimes } }
backends: { api: { run: x, port: many } }
pipeline: { tasks: [ { name: a, run: b, on: c, when: never } ] }
build: { minify: 1 }
paths: src`, "\n") {
		list = append(list, configuration{"mistake", text})
	}
	return list
}

func written(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// askAjv returns what is wrong with each configuration, "" if nothing is.
func askAjv(t *testing.T, list []configuration) []string {
	t.Helper()
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	documents := make([]json.RawMessage, len(list))
	for i, c := range list {
		if documents[i], err = yaml.YAMLToJSON([]byte(c.text)); err != nil {
			t.Fatalf("%s: %v", c.where, err)
		}
	}
	question, err := json.Marshal(map[string]any{"schema": json.RawMessage(schema), "documents": documents})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "schema.cjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(question), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ajv: %v", err)
	}
	var wrong []string
	if err := json.Unmarshal(out, &wrong); err != nil {
		t.Fatal(err)
	}
	return wrong
}
