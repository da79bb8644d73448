package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The core of the server that is measured, and that of the upstream and the load.
const (
	serverCore = "0"
	loadCore   = "1"
)

// yardstick is what all others are compared with.
const yardstick = "net/http"

// peer is one server. In arguments PORT, UP, DIR and BIN stand for its port, the upstream's
// URL, the folder of the files and that of the programs.
type peer struct {
	name         string
	proxy, files []string // nil: it is none
}

func peers() []peer {
	const ours = "BIN/realtimectl serve --quiet --strict-port --app-port "
	return []peer{
		{yardstick, strings.Fields("BIN/yardstick proxy 127.0.0.1:PORT UP"), strings.Fields("BIN/yardstick files 127.0.0.1:PORT DIR/project/src")},
		{"realtimectl", strings.Fields(ours + "0 --proxy-port PORT --target UP DIR/empty"), strings.Fields(ours + "PORT --proxy-port 0 DIR/project")},
		{"browser-sync", strings.Fields("node BIN/node_modules/browser-sync/dist/bin.js start --no-open --no-ui --port PORT --proxy UP"), strings.Fields("node BIN/node_modules/browser-sync/dist/bin.js start --no-open --no-ui --port PORT --server DIR/project/src")},
		{"express", nil, strings.Fields("node BIN/express.cjs PORT DIR/project/src")},
		{"nginx", strings.Fields("nginx -e stderr -p DIR/nginx -c DIR/nginx/PORT.conf"), strings.Fields("nginx -e stderr -p DIR/nginx -c DIR/nginx/PORT.conf")},
	}
}

func (p peer) serves(s scenario) bool {
	if s.proxied {
		return p.proxy != nil
	}
	return p.files != nil
}

// server is a peer that runs.
type server struct {
	name, url string
	cmd       *exec.Cmd
}

func start(ctx context.Context, p peer, s scenario, dir, upstream string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := p.files
	if s.proxied {
		args = p.proxy
	}
	fill := strings.NewReplacer("PORT", port, "UP", upstream, "DIR", dir, "BIN", filepath.Join(dir, "bin"))
	var list []string
	for _, arg := range args {
		list = append(list, fill.Replace(arg))
	}
	if err := prepare(p.name, s, dir, port, upstream); err != nil {
		return nil, err
	}
	return launch(ctx, serverCore, p.name, "http://localhost:"+port, s.file, list)
}

// prepare writes what a peer wants to read.
func prepare(name string, s scenario, dir, port, upstream string) error {
	if err := os.MkdirAll(filepath.Join(dir, "empty"), 0o755); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if name != "nginx" {
		return nil
	}
	location := "root " + filepath.Join(dir, "project", "src") + ";"
	if s.proxied {
		location = `location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }`
	}
	return writeNginx(dir, port, upstream, location)
}

// startUpstream runs nginx on the core of the load.
func startUpstream(ctx context.Context, dir string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if err := writeNginx(dir, port, "http://127.0.0.1:1", "root "+filepath.Join(dir, "project", "src")+";"); err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, "nginx")
	return launch(ctx, loadCore, "upstream", "http://127.0.0.1:"+port, "1k.json",
		[]string{"nginx", "-e", "stderr", "-p", folder, "-c", filepath.Join(folder, port+".conf")})
}

func writeNginx(dir, port, upstream, location string) error {
	folder := filepath.Join(dir, "nginx")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s; ", kind, filepath.Join(folder, kind))
	}
	text := fmt.Sprintf(`daemon off; master_process off; pid %s/%s.pid;
events { worker_connections 4096; }
http { access_log off; sendfile on; keepalive_requests 100000000; %s
  types { text/html html; application/json json; }
  upstream up { server %s; keepalive 128; keepalive_requests 100000000; }
  server { listen 127.0.0.1:%s; %s }
}
`, folder, port, temporary.String(), strings.TrimPrefix(upstream, "http://"), port, location)
	if err := os.WriteFile(filepath.Join(folder, port+".conf"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	return nil
}

// launch starts a program and waits until it answers.
func launch(ctx context.Context, core, name, url, file string, args []string) (*server, error) {
	cmd := command(ctx, core, args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	s := &server{name: name, url: url, cmd: cmd}
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := http.Get(url + "/" + file)
		if err == nil {
			resp.Body.Close()
		}
		if err == nil && resp.StatusCode == http.StatusOK {
			return s, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("it does not answer: %v, %v", resp, err), s.stop())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have gone
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("stop %s: %w", s.name, err)
	}
	return nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("a free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// cpu is the processor time of a process so far.
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	return time.Duration(user+system) * time.Second / 100, nil // USER_HZ
}
