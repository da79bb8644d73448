//go:build !windows

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// expressServer is a server.js as many projects have one: Express serves the page and an
// API, Socket.IO relays events. Nothing in it knows of realtimectl.
const expressServer = `
const express = require('express');
const app = express();
const http = require('http').createServer(app);
const io = new (require('socket.io').Server)(http);

app.get('/', (q, a) => a.type('html').send('<!doctype html><body>the old page'));
app.get('/api/jobs', (q, a) => a.json([{ id: 1 }]));

io.on('connection', (socket) => {
  socket.on('client:ping', (n, ack) => ack(n + 1));
  socket.on('client:saved:note', (note) => io.emit('server:saved:note', note));
});
http.listen(process.env.PORT, () => console.log('listening'));
`

// phpServer answers as an API, and tells what it was asked.
const phpServer = `<?php
header('Content-Type: application/json');
echo json_encode(['host' => explode(':', $_SERVER['HTTP_HOST'])[0], 'uri' => $_SERVER['REQUEST_URI'], 'got' => file_get_contents('php://input')]);
`

// browserScript is a page that still uses the old server and already uses the hub.
const browserScript = `
const { io } = require('client-4.8');
const [url] = process.argv.slice(2);
const open = (options) => new Promise((done, fail) => {
  const s = io(url, { reconnection: false, ...options });
  s.on('connect', () => done(s));
  s.on('connect_error', fail);
});
const hears = (s, event) => new Promise((done) => s.once(event, done));
(async () => {
  const seen = {};
  for (const transport of ['polling', 'websocket']) {
    const old = await open({ transports: [transport] });
    const other = await open({ transports: [transport] });
    const [a, b] = [await open({ path: '/hub/', transports: [transport] }), await open({ path: '/hub/', transports: [transport] })];
    const note = hears(other, 'server:saved:note');
    const job = hears(b, 'server:created:job');
    old.emit('client:saved:note', { text: 'by the old server' });
    a.emit('client:created:job', { title: 'by the hub' });
    seen[transport] = { ping: await old.timeout(5000).emitWithAck('client:ping', 1), note: await note, job: await job };
    for (const s of [old, other, a, b]) s.disconnect();
  }
  console.log(JSON.stringify(seen));
})().catch((e) => { console.error(e); process.exit(1); });
`

// nodeModules is where what e2e/setup.sh installs lies.
func nodeModules(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../e2e/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"express", "socket.io", "client-4.8"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			realpart.Missing(t, name)
		}
	}
	return dir
}

func TestAnExpressServerStaysWhileItsEventsMoveIntoRules(t *testing.T) {
	node := realpart.Command(t, "node")
	realpart.Command(t, "php")
	modules := nodeModules(t)
	dir := project(t, map[string]string{
		"server.js": expressServer, "page.js": browserScript, "php/index.php": phpServer, "src/index.html": "not this one",
		"realtimectl.yaml": `serve: { app: 0, proxy: 0 }
hub:
  path: /hub/
  relays: [ { on: "client:created:job", emit: "server:created:job", to: others } ]
backends:
  old:   { run: "node server.js", path: /, health: /api/jobs, watch: [ "server.js" ] }
  api:   { run: "php -S 127.0.0.1:$PORT index.php", dir: php, path: /php, health: /up }
  admin: { run: "php -S localhost:$PORT index.php", dir: php, host: admin.localhost, depends: [ api ] }
`,
	})
	s := onTerminal(t, 120, dir, []string{"NODE_PATH=" + modules}, "serve")
	banner := s.wait(`q quit\n`)
	proxy := regexp.MustCompile(`App +(\S+)`).FindStringSubmatch(banner)[1]
	direct := regexp.MustCompile(`Direct +(\S+)`).FindStringSubmatch(banner)[1]
	s.wait(`admin +healthy`)

	// The pages of the old server get live reload, on the proxy alone.
	if page := answerOf(t, proxy, "", "/"); !strings.Contains(page, "the old page") || !strings.Contains(page, "/__realtimectl/client.js") {
		t.Errorf("the page is %q", page)
	}
	if page := answerOf(t, direct, "", "/"); page != "<!doctype html><body>the old page" {
		t.Errorf("without live reload the page is %q", page)
	}

	// Servers by path and by host.
	for _, tt := range []struct{ host, path, want string }{
		{"", "/api/jobs", `[{"id":1}]`},
		{"", "/php/jobs?page=2", `{"host":"localhost","uri":"\/php\/jobs?page=2","got":""}`},
		{"admin.localhost", "/login", `{"host":"admin.localhost","uri":"\/login","got":""}`},
	} {
		if got := answerOf(t, proxy, tt.host, tt.path); got != tt.want {
			t.Errorf("%s%s answers %s, want %s", tt.host, tt.path, got, tt.want)
		}
	}

	// Both kinds of events, over polling and over WebSockets.
	cmd := exec.CommandContext(t.Context(), node, "page.js", proxy)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "NODE_PATH="+modules)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var seen map[string]any
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	each := map[string]any{"ping": 2.0, "note": map[string]any{"text": "by the old server"}, "job": map[string]any{"title": "by the hub"}}
	if diff := cmp.Diff(map[string]any{"polling": each, "websocket": each}, seen); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}

	// A saved server.js starts it anew, and its answers are the new ones.
	changed := strings.Replace(expressServer, "the old page", "the new page", 1)
	if err := os.WriteFile(filepath.Join(dir, "server.js"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	s.wait(`js    server.js  old restarts\n(?s:.*)old +healthy`)
	if page := answerOf(t, direct, "", "/"); !strings.Contains(page, "the new page") {
		t.Errorf("after the change the page is %q", page)
	}
	s.press("q")
	if code := s.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// answerOf is what a browser gets; host is another name for the same address.
func answerOf(t *testing.T, base, host, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host + base[strings.LastIndex(base, ":"):]
	}
	r.Header.Set("Accept", "text/html,*/*")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
