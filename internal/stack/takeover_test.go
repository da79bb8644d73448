package stack

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/config"
)

// edited is a project whose configuration a test changes while it is served.
type edited struct {
	t   *testing.T
	dir string
	log *events
	Info
}

func edit(t *testing.T, files map[string]string, more ...func(*Options)) *edited {
	t.Helper()
	e := &edited{t: t, dir: t.TempDir(), log: newEvents()}
	e.Info = run(t, load(t, e.dir, files), func(o *Options) {
		o.Log = slog.New(e.log)
		o.Reload = func() (*config.Config, error) {
			p, err := Load(config.Options{Dir: e.dir})
			return p.Config, err
		}
		for _, f := range more {
			f(o)
		}
	})
	return e
}

func (e *edited) write(name, text string) {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		e.t.Fatal(err)
	}
}

func TestBackEndsComeChangeAndGoWhileTheRestRuns(t *testing.T) {
	files := apiProject(t, "")
	api := strings.TrimPrefix(files["realtimectl.yaml"], free)
	files["realtimectl.yaml"], files["jobs.json"] = free, `{"jobs": []}`
	var told [][]string
	e := edit(t, files, func(o *Options) { o.Backends = func(names []string) { told = append(told, names) } })
	if status, _ := getAs(t, "localhost", e.Proxy+"/api/who"); status == http.StatusOK {
		t.Fatal("there is an API already")
	}

	e.write("realtimectl.yaml", free+api)
	if got := e.log.wait(t, "backend.added", 1); got != "api: added, it answers at /api" {
		t.Errorf("said %q", got)
	}
	status, first := getAs(t, "localhost", e.Proxy+"/api/who") // held until it is up
	if status != http.StatusOK {
		t.Fatalf("added: %d %s", status, first)
	}

	// Another way to it, and a store beside it: the command goes on.
	moved := strings.Replace(api, "path: /api", "host: api.localhost", 1)
	e.write("realtimectl.yaml", free+moved+"  jobs: { store: jobs.json, path: /jobs }\n")
	e.log.wait(t, "backend.changed", 1)
	if got := e.log.wait(t, "backend.added", 2); got != "jobs: added, it answers at /jobs" {
		t.Errorf("said %q", got)
	}
	if status, again := getAs(t, "api.localhost", e.Proxy+"/api/who"); status != http.StatusOK || again != first {
		t.Errorf("moved: %d, process %s, before %s", status, again, first)
	}
	if status, body := getAs(t, "localhost", e.Proxy+"/api/who"); status == http.StatusOK {
		t.Errorf("the old way is open: %s", body)
	}
	if status, body := get(t, e.App+"/jobs"); status != http.StatusOK {
		t.Errorf("store: %d %s", status, body)
	}

	// What concerns the process starts it anew; what is watched follows.
	e.write("realtimectl.yaml", free+strings.Replace(api, "*.txt", "*.rb", 1))
	if got := e.log.wait(t, "backend.changed", 2); got != "api: changed, it starts anew, it answers at /api" {
		t.Errorf("said %q", got)
	}
	status, second := getAs(t, "localhost", e.Proxy+"/api/who")
	if status != http.StatusOK || second == first {
		t.Errorf("changed: %d, process %s, before %s", status, second, first)
	}
	e.log.wait(t, "backend.healthy", 2)
	e.write("api/code.rb", "two")
	e.log.wait(t, "backend.restarted", 1)
	e.log.wait(t, "backend.healthy", 3)

	e.write("realtimectl.yaml", free)
	if got := e.log.wait(t, "backend.removed", 2); got != "api: removed" {
		t.Errorf("said %q", got)
	}
	if status, _ := getAs(t, "localhost", e.Proxy+"/api/who"); status == http.StatusOK {
		t.Error("removed, and answers")
	}
	if got := e.Control.Backends(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	want := [][]string{{"api"}, {"api", "jobs"}, {"api"}, {}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("names told (-want +got):\n%s", diff)
	}
}

// getAs asks as a script does, under another host name.
func getAs(t *testing.T, host, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestABackEndThatCannotBeTakenOverChangesNothing(t *testing.T) {
	e := edit(t, map[string]string{
		"src/index.html": "board", "jobs.json": `{"jobs": []}`, "broken.json": "{",
		"realtimectl.yaml": free + "backends: { jobs: { store: jobs.json, path: /jobs } }\n",
	})
	e.write("realtimectl.yaml", free+"backends: { jobs: { store: broken.json, path: /jobs }, api: { run: cat } }\n")
	e.log.wait(t, "config.broken", 1)
	if status, body := get(t, e.App+"/jobs/jobs"); status != http.StatusOK || strings.TrimSpace(body) != "[]" {
		t.Errorf("%d %s", status, body)
	}
	if got := e.Control.Backends(); len(got) != 1 {
		t.Errorf("in force: %v", got)
	}
}

func TestALateBackEndThatFailsDoesNotEndTheStack(t *testing.T) {
	e := edit(t, map[string]string{"src/index.html": "board", "realtimectl.yaml": free})
	e.write("realtimectl.yaml", free+"backends: { api: { run: 'exit 3', restart: never } }\n")
	e.log.wait(t, "backend.exited", 1)
	if status, body := get(t, e.App+"/"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
}

func TestFilesThatTheConfigurationNamesLaterAreFollowed(t *testing.T) {
	schema := `{"type": "string", "maxLength": 3}`
	e := edit(t, map[string]string{"src/index.html": "board", "realtimectl.yaml": free, "src/settings.txt": "A=1\n"})
	if status, _ := getAs(t, "localhost", e.App+"/settings.txt"); status != http.StatusOK {
		t.Errorf("before it is named: %d", status)
	}
	named := free + "hub: { relays: [ { on: say, emit: said, schema: ../rule.json } ] }\n" +
		"backends: { api: { run: 'echo \"A is $A\"; cat', env-file: src/settings.txt } }\n"
	e.write("realtimectl.yaml", named)
	e.log.wait(t, "config.broken", 1) // there is no rule.json yet
	e.write("../rule.json", schema)
	t.Cleanup(func() { _ = os.Remove(filepath.Join(e.dir, "..", "rule.json")) })
	e.log.wait(t, "config.applied", 1)
	if got := e.log.wait(t, "backend.output", 1); got != "A is 1" {
		t.Errorf("printed %q", got)
	}
	if status, body := getAs(t, "localhost", e.App+"/settings.txt"); status != http.StatusNotFound {
		t.Errorf("what is secret now is served: %d %s", status, body)
	}
	e.write("src/settings.txt", "A=2\n")
	e.log.wait(t, "backend.restarted", 1)
	if got := e.log.wait(t, "backend.output", 2); got != "A is 2" {
		t.Errorf("printed %q", got)
	}
	e.write("../rule.json", strings.Replace(schema, "3", "x", 1))
	e.log.wait(t, "config.broken", 2)
}

func TestWhatNeedsARestartIsNamedByKey(t *testing.T) {
	e := edit(t, map[string]string{"src/index.html": "board", "realtimectl.yaml": free})
	e.write("realtimectl.yaml", free+"paths: { dist: out }\npipeline: { tasks: [ { name: a, run: 'true', on: x } ] }\nbuild: { minify: false }\n")
	if got := e.log.wait(t, "config.restart-needed", 1); got != "the change of paths.dist, pipeline.tasks needs a restart" {
		t.Errorf("said %q", got)
	}
}
