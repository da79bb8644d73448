//go:build !windows

package doctor

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// behind starts a real web server with a configuration in front of a hub, and returns the
// site that it makes of it.
func behind(t *testing.T, command func(file string) *exec.Cmd, text string) Site {
	t.Helper()
	hub := siteThatPings(t, 10*time.Second, func(h http.Handler) http.Handler { return h })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	text = strings.NewReplacer("ADDRESS", address, "HUB", hub.URL.Host, "DIR", dir).Replace(text)
	file := filepath.Join(dir, "server.conf")
	must(t, os.WriteFile(file, []byte(text), 0o644))
	cmd := command(file)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			must(t, conn.Close())
			break
		}
		if <-tick.C; time.Now().After(deadline) {
			t.Fatalf("%s does not start: %s", cmd.Path, said.String())
		}
	}
	u, err := url.Parse("http://" + address)
	must(t, err)
	return Site{URL: u, Path: "/socket.io/"}
}

const nginxConf = `daemon off; master_process off; pid DIR/pid; error_log DIR/error.log;
events {}
http {
  access_log off;
  client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d; scgi_temp_path DIR/e;
  server { listen ADDRESS; location / { root DIR; } location /socket.io/ { proxy_pass http://HUB; %s } }
}
`

const apacheConf = `ServerRoot DIR
ServerName localhost
Listen ADDRESS
PidFile DIR/pid
ErrorLog DIR/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
%s
`

func TestRealWebServersInFrontOfAHub(t *testing.T) {
	nginx := func(file string) *exec.Cmd {
		return exec.Command(realpart.Command(t, "nginx", "/usr/sbin/nginx"), "-c", file)
	}
	apache := func(file string) *exec.Cmd {
		return exec.Command(realpart.Command(t, "apache2", "/usr/sbin/apache2", "httpd"), "-D", "FOREGROUND", "-f", file)
	}
	upgrade := `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`
	tests := []struct {
		name, text        string
		server            func(string) *exec.Cmd
		idle              time.Duration
		step              string
		verdict           Verdict
		message, fix, not string
	}{
		{"nginx as it should be", fmt.Sprintf(nginxConf, upgrade), nginx, time.Millisecond, "site.idle", Pass, "lives", "", ""},
		{"nginx with buffering", fmt.Sprintf(nginxConf, upgrade+" proxy_buffering on;"), nginx, 0, "site.websocket", Pass, "WebSockets pass", "", ""},
		{"nginx without the upgrade", fmt.Sprintf(nginxConf, ""), nginx, 0, "site.websocket", Fail, "(through nginx", nginxUpgrade, "Apache"},
		{"nginx that is impatient", fmt.Sprintf(nginxConf, upgrade+" proxy_read_timeout 1s;"), nginx, 20 * time.Second, "site.idle", Fail, "a hop (through nginx", nginxIdle, "Apache"},
		{"nginx without the path", strings.Replace(fmt.Sprintf(nginxConf, upgrade), "location /socket.io/", "location /hub/", 1), nginx, 0, "site.polling", Fail, "(through nginx", nginxPass, "Apache"},
		{"Apache as it should be", fmt.Sprintf(apacheConf, `ProxyPass "/socket.io/" "http://HUB/socket.io/" upgrade=websocket`), apache, time.Millisecond, "site.idle", Pass, "lives", "", ""},
		{"Apache without the upgrade", fmt.Sprintf(apacheConf, `ProxyPass "/socket.io/" "http://HUB/socket.io/"`), apache, 0, "site.websocket", Fail, "(through Apache", apacheUpgrade, "nginx"},
		{"Apache that is impatient", fmt.Sprintf(apacheConf, "Timeout 1\nProxyTimeout 1\n"+`ProxyPass "/socket.io/" "http://HUB/socket.io/" upgrade=websocket`), apache, 20 * time.Second, "site.idle", Fail, "a hop (through Apache", apacheIdle, "nginx"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := behind(t, tt.server, tt.text)
			s.Idle = tt.idle
			for _, f := range Walk(t.Context(), s) {
				if f.ID != tt.step {
					continue
				}
				if f.Verdict != tt.verdict || !strings.Contains(f.Message, tt.message) || !strings.Contains(f.Fix, tt.fix) || tt.not != "" && strings.Contains(f.Fix, tt.not) {
					t.Errorf("got %+v", f)
				}
				return
			}
			t.Errorf("the walk never came to %s", tt.step)
		})
	}
}
