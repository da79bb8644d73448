package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/hub/client"
)

// bundles are the scripts a page of the matrix may load, by the name it asks for.
var bundles = map[string]string{
	"1.0":               ".cache/socket.io-client-1.0.6/socket.io.js",
	"1.2":               ".cache/socket.io-client-1.2.1/socket.io.js",
	"1.3":               ".cache/socket.io-client-1.3.7/socket.io.js",
	"1.4":               "node_modules/client-1.4/socket.io.js",
	"1.7":               "node_modules/client-1.7/dist/socket.io.js",
	"2.0":               "node_modules/client-2.0/dist/socket.io.js",
	"2.5":               "node_modules/client-2.5/dist/socket.io.js",
	"3.0":               "node_modules/client-3.0/dist/socket.io.js",
	"3.1":               "node_modules/client-3.1/dist/socket.io.js",
	"4.0":               "node_modules/client-4.0/dist/socket.io.js",
	"4.5":               "node_modules/client-4.5/dist/socket.io.js",
	"4.8":               "node_modules/client-4.8/dist/socket.io.js",
	"4.8-msgpack":       "node_modules/client-4.8/dist/socket.io.msgpack.min.js",
	"angular":           "node_modules/angular/angular.js",
	"angular-socket-io": "node_modules/angular-socket-io/socket.js",
}

// needSetup skips the test, or fails it where CI is set, unless e2e/setup.sh has run
// and the named commands are there.
func needSetup(t *testing.T, commands ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("the client matrix is left out of short runs")
	}
	missing := ""
	if _, err := os.Stat("node_modules/.installed"); err != nil {
		missing = "the npm clients"
	}
	for _, name := range commands {
		if _, err := exec.LookPath(name); err != nil {
			missing = name
		}
	}
	switch {
	case missing == "":
	case os.Getenv("CI") != "":
		t.Fatalf("%s missing; run e2e/setup.sh", missing)
	default:
		t.Skipf("SKIPPED: %s missing; run e2e/setup.sh", missing)
	}
}

// startServer returns the address of a server with the hub, the pages of the matrix and
// what scenario.js asks for; it ends when the test does. With REALTIMECTL_E2E_TARGET the hub is
// replaced by the server at that address, so that others can be held to the same.
func startServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	if target := os.Getenv("REALTIMECTL_E2E_TARGET"); target != "" {
		mountTarget(t, mux, target)
	} else {
		mountHub(t, mux)
	}
	mux.Handle("GET /{page}", http.FileServer(http.Dir(".")))
	mux.HandleFunc("GET /bundles/{name}", serveBundle)
	heard := &witness{args: map[string]json.RawMessage{}, changed: make(chan struct{})}
	mux.HandleFunc("GET /heard", heard.serve)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	heard.listen(t, srv.URL)
	return srv.URL
}

func mountTarget(t *testing.T, mux *http.ServeMux, target string) {
	t.Helper()
	at, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(at)
	mux.Handle("/socket.io/", proxy)
	mux.Handle("GET /kick", proxy)
	mux.Handle("GET /publish", proxy)
}

func serveBundle(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	name = name[:len(name)-len(filepath.Ext(name))]
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	switch name {
	case "own":
		_, _ = w.Write(client.Source())
		return
	case "own-msgpack":
		_, _ = w.Write(append(client.Source(), msgpackParser()...))
		return
	}
	text, err := os.ReadFile(bundles[name])
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_, _ = w.Write(text)
}

// msgpackParser is the official parser as a script that defines the global parser.
func msgpackParser() []byte {
	return api.Build(api.BuildOptions{
		EntryPoints: []string{"node_modules/socket.io-msgpack-parser/index.js"},
		Bundle:      true,
		Platform:    api.PlatformBrowser,
		Format:      api.FormatIIFE,
		GlobalName:  "parser",
	}).OutputFiles[0].Contents
}
