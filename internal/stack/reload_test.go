package stack

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReloadTakesAFileByTheURLUnderWhichItIsServed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "project")
	i := run(t, load(t, dir, map[string]string{
		"realtimectl.yaml": served("mounts: { /shared: ../shared }"), "src/index.html": "x",
		"src/a.css": "", "src/.env": "", "../shared/b.css": "",
	}), nil)
	token, err := os.ReadFile(filepath.Join(dir, ".realtimectl", "token"))
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]int{
		"src/a.css":                              200,
		filepath.Join(dir, "src", "a.css"):       200,
		"../shared/b.css":                        200,
		filepath.Join(dir, "../shared", "b.css"): 200,
		"src/.env":                               422,
		"realtimectl.yaml":                       422,
		"../shared/../../etc/passwd":             422,
		"/etc/passwd":                            422,
	} {
		body, err := json.Marshal(map[string][]string{"files": {file}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.Proxy+"/__realtimectl/reload", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", file, resp.StatusCode, want)
		}
	}
}
