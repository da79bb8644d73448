package stack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
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

func TestPagesDoBesideReloadingWhatTheConfigurationWants(t *testing.T) {
	for _, want := range []bool{true, false} {
		dir := t.TempDir()
		i := run(t, load(t, dir, map[string]string{
			"realtimectl.yaml": served(fmt.Sprintf("reload: { overlay: %v, state: %v, errors: %v }", want, want, want)),
			"src/index.html":   "x", "src/a.css": "p{color:red}", "src/a.js": "go()",
		}), nil)
		live := "ws" + strings.TrimPrefix(i.Proxy, "http") + "/__realtimectl/live"
		ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), live, http.Header{"Origin": {i.Proxy}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		defer ws.Close()
		type message struct {
			Type          string `json:"t"`
			State, Report bool
		}
		read := func() (m message) {
			if err := ws.ReadJSON(&m); err != nil {
				t.Fatal(err)
			}
			return m
		}
		if err := ws.WriteJSON(map[string]any{"t": "hello", "doc": "/", "uses": []string{"/a.css"}}); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != (message{"hi", want, want}) {
			t.Errorf("%v: the page is greeted with %+v", want, got)
		}
		told := false
		for _, save := range []struct{ name, text string }{{"a.js", "go("}, {"a.css", "p{color:green}"}} {
			if err := os.WriteFile(filepath.Join(dir, "src", save.name), []byte(save.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if save.name == "a.js" && want {
				told = read().Type == "errors"
			}
		}
		for m := read(); m.Type != "change"; m = read() {
			told = told || m.Type == "errors"
		}
		if told != want {
			t.Errorf("%v: the page was told of the mistake: %v", want, told)
		}
	}
}
