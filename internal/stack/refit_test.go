package stack

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/config"
)

func TestRulesOfAChangedConfigurationCountAtOnce(t *testing.T) {
	dir, log := t.TempDir(), newEvents()
	i := run(t, load(t, dir, map[string]string{
		"src/index.html": "<head></head>board", "users": "ana:segredo\n",
		"realtimectl.yaml": served("headers: [ { set: { X-Board: one } } ]"),
	}), func(o *Options) {
		o.Log = slog.New(log)
		o.Reload = func() (*config.Config, error) {
			p, err := Load(config.Options{Dir: dir})
			return p.Config, err
		}
	})
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	header := func(host string, more ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.Proxy+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		for j := 0; j < len(more); j += 2 {
			r.Header.Set(more[j], more[j+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("X-Board")
	}
	if code, got := header("localhost"); code != 200 || got != "one" {
		t.Errorf("at first: %d %q", code, got)
	}
	if code, _ := header("board.example.com"); code == 200 {
		t.Error("a host that nobody allowed is answered")
	}

	write("realtimectl.yaml", served("headers: [ { set: { X-Board: two } } ]\nallowed-hosts: [ board.example.com ]\nghost: true"))
	log.wait(t, "config.applied", 1)
	if code, got := header("board.example.com"); code != 200 || got != "two" {
		t.Errorf("after the change: %d %q", code, got)
	}
	if on, _ := i.Control.SwitchGhost(); on {
		t.Error("ghost mode was not switched on")
	}

	// A mistake changes nothing; a port needs a restart, and says so.
	write("realtimectl.yaml", served("headers: [ { path: api, set: { X-Board: three } } ]"))
	log.wait(t, "config.broken", 1)
	if _, got := header("localhost"); got != "two" {
		t.Errorf("after a mistake: %q", got)
	}
	write("realtimectl.yaml", served("basic-auth: { users-file: users }\nfallback: other.html"))
	if got := log.wait(t, "config.restart-needed", 1); got != "the change of serve.fallback needs a restart" {
		t.Errorf("said %q", got)
	}
	if code, _ := header("localhost"); code != 401 {
		t.Errorf("the password is not asked for: %d", code)
	}
	if _, body := send(t, "GET", i.App+healthPath); strings.Contains(body, "version") {
		t.Errorf("the health endpoint tells strangers %q", body)
	}
}

func TestAChangedUsersFileCountsAtOnceInProductionToo(t *testing.T) {
	dir, log := t.TempDir(), newEvents()
	i := run(t, load(t, dir, map[string]string{
		"dist/index.html": "board", "users": "ana:segredo\n",
		"realtimectl.yaml": served("mode: production\nbasic-auth: { users-file: users }"),
	}), func(o *Options) { o.Log = slog.New(log) })
	code := func(name, password string) int {
		t.Helper()
		r := &http.Request{Header: http.Header{}}
		r.SetBasicAuth(name, password)
		resp, _ := send(t, "GET", i.App+"/", "Authorization", r.Header.Get("Authorization"))
		return resp.StatusCode
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "users"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := code("ana", "segredo"); got != 200 {
		t.Errorf("ana: %d", got)
	}
	write("ruy:outro-segredo\n")
	if ana, ruy := code("ana", "segredo"), code("ruy", "outro-segredo"); ana != 401 || ruy != 200 {
		t.Errorf("after the change: ana %d, ruy %d", ana, ruy)
	}
	write("no password here\n")
	if got := code("ruy", "outro-segredo"); got != 200 {
		t.Errorf("after a mistake: ruy %d", got)
	}
	if got := log.wait(t, "config.broken", 1); !strings.Contains(got, "users:1: this is no name:password") {
		t.Errorf("said %q", got)
	}
}

func TestPlainHTTPToAnHTTPSPortIsSentOn(t *testing.T) {
	i := run(t, load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": secure, "src/index.html": "<head></head>board",
	}), func(o *Options) { o.Authority = t.TempDir() })
	plain := strings.Replace(i.App, "https://", "http://", 1)
	resp, _ := send(t, "POST", plain+"/jobs?page=2")
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusPermanentRedirect || got != i.App+"/jobs?page=2" {
		t.Errorf("%d to %q", resp.StatusCode, got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example.com"
	foreign, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = foreign.Body.Close()
	if foreign.Header.Get("Location") != "" || foreign.StatusCode < 400 {
		t.Errorf("a foreign host is sent on: %d %q", foreign.StatusCode, foreign.Header.Get("Location"))
	}
}
