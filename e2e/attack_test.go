package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// treasure is the word in everything that no request may read.
const treasure = "TREASURE-0815"

// attack is one request, byte for byte, as a stranger or a page elsewhere may send it.
type attack struct {
	name string
	// raw may hold {host}, the listener's own host and port, {port} and {token}.
	raw string
	// want lists the statuses that are right, "-" for a connection that ends without an
	// answer.
	want string
}

// listener is one of those that are attacked.
type listener struct {
	kind, host, port, token string // kind is "app", "live", "target" or "production"
	scheme                  string // of the listener
	plain                   bool   // it is spoken to in plain http all the same
	tracks                  *tracks
}

// tracks are the requests that a server behind the proxy got.
type tracks struct {
	mu   sync.Mutex // guards seen
	seen []string
}

func (k *tracks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	k.mu.Lock()
	k.seen = append(k.seen, r.Method+" "+r.Host+" "+r.RequestURI+" "+string(body))
	k.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "behind")
}

// take returns what came since the last call.
func (k *tracks) take() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := k.seen
	k.seen = nil
	return seen
}

// hoard plants what must not be read, inside and around what is served.
func hoard(t *testing.T, b board) {
	t.Helper()
	for _, name := range []string{
		".env", ".git/config", ".npmrc", "secret.txt",
		"src/.env", "src/.env.local", "src/prod.env", "src/.git/HEAD", "src/.git/config", "src/.svn/entries", "src/.hg/hgrc", "src/.htpasswd", "src/.npmrc",
		"src/id_rsa", "src/id_ed25519", "src/tls/server.key", "src/tls/server.PEM", "src/tls/cert.crt", "src/tls/x.p12", "src/tls/x.pfx", "src/.ssh/id_rsa",
		"src/sub/.GIT/config", "src/sub/.git/config", "src/webpack.config.js", "src/prod.tfstate", "src/.vscode/settings.json",
		"src/auth.json", "src/web.config", "src/a.js~", "src/.a.js.swp", "src/db.sqlite", "src/docker-compose.yml", "src/.well-known/.env",
		"dist/.env", "dist/.git/config", "dist/server.key", "dist/sub/.htpasswd",
	} {
		if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		b.save(t, name, treasure)
	}
	b.save(t, "src/plain.txt", "plain")
	b.save(t, "dist/plain.txt", "plain")
	for link, to := range map[string]string{
		"src/out.txt": "../secret.txt", "src/out": "..", "src/shown.txt": ".env", "src/root": "/", "dist/out.txt": "../secret.txt",
	} {
		if err := os.Symlink(to, b.path(link)); err != nil {
			t.Skip("no links here:", err)
		}
	}
}

// connection is one that can end by halves.
type connection interface {
	net.Conn
	CloseWrite() error
}

func (l listener) dial() (connection, error) {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", l.port))
	if err != nil {
		return nil, err
	}
	if l.scheme == "http" || l.plain {
		return conn.(*net.TCPConn), nil
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"})
	if err := secure.Handshake(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// answers sends an attack and returns what came back: the statuses and everything else.
// It returns once the server has ended the connection, or has been silent for long enough
// to show that it waits for more.
func (l listener) answers(t *testing.T, raw string) (list []*http.Response, rest string) {
	t.Helper()
	conn, err := l.dial()
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, raw) }() // the server may answer and close before it has all
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for {
		if first, err := in.Peek(5); err != nil || string(first) != "HTTP/" {
			break
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			break
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return append(list, resp), ""
		}
		stream := strings.Contains(resp.Header.Get("Content-Type"), "event-stream")
		var body []byte
		if !stream {
			body, err = io.ReadAll(resp.Body)
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		list = append(list, resp)
		if stream || err != nil {
			return list, ""
		}
		_ = conn.CloseWrite() // nothing more comes: the server may end it, too
	}
	left, err := io.ReadAll(in)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		t.Errorf("neither an answer nor an end")
	}
	return list, string(left)
}

// attacks reads the file of attacks: blocks of a name, the statuses that are right, and the
// lines of the request, which ends with an empty line unless the block has one (".").
// Escapes are those of Go; {1000*a} is a thousand times "a".
func attacks(t *testing.T) []attack {
	t.Helper()
	text, err := os.ReadFile("testdata/attacks.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []attack
	for block := range strings.SplitSeq(string(text), "\n\n") {
		name, rest, ok := strings.Cut(strings.Trim(block, "\n"), "\n")
		if !ok || !strings.HasPrefix(name, "# ") {
			continue // the title of a section
		}
		want, raw, _ := strings.Cut(rest, "\n")
		list = append(list, attack{name[2:], unfold(t, raw), want})
	}
	return list
}

var repeated = regexp.MustCompile(`\{(\d+)\*([^}]*)\}`)

func unfold(t *testing.T, raw string) string {
	t.Helper()
	var out strings.Builder
	headEnded := false
	for line := range strings.SplitSeq(raw, "\n") {
		if line == "." {
			line, headEnded = "", true
		}
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out.WriteString(text + "\r\n")
	}
	if !headEnded {
		out.WriteString("\r\n")
	}
	return repeated.ReplaceAllStringFunc(out.String(), func(s string) string {
		m := repeated.FindStringSubmatch(s)
		n, _ := strconv.Atoi(m[1])
		return strings.Repeat(m[2], n)
	})
}

func (l listener) fill(raw string) string {
	return strings.NewReplacer("http://{host}", l.scheme+"://"+l.host, "{host}", l.host, "{port}", l.port, "{token}", l.token).Replace(raw)
}

// wanted picks what is right for this listener: "404 live:403" is 403 at the proxy in
// development and 404 everywhere else.
func (l listener) wanted(want string) []string {
	right := ""
	for part := range strings.FieldsSeq(want) {
		kind, list, named := strings.Cut(part, ":")
		if !named && right == "" {
			right = part
		}
		if named && kind == l.kind {
			right = list
		}
	}
	return strings.Split(right, "|")
}

// judge runs one attack and holds the answers to what was promised.
func (l listener) judge(t *testing.T, a attack) {
	t.Helper()
	list, rest := l.answers(t, l.fill(a.raw))
	status := "-"
	if len(list) > 0 {
		status = strconv.Itoa(list[0].StatusCode)
	}
	for _, resp := range list {
		l.inspect(t, resp)
	}
	if strings.Contains(rest, treasure) {
		t.Errorf("the treasure was read: %q", rest)
	}
	if len(list) > 1 {
		t.Errorf("one request got %d answers", len(list))
	}
	if want := l.wanted(a.want); !slices.Contains(want, status) {
		t.Errorf("%.300q\nanswers %s, want %s", l.fill(a.raw), status, want)
	}
}

var passwd = regexp.MustCompile(`(?m)^root:`)

// inspect looks at what holds for every answer.
func (l listener) inspect(t *testing.T, resp *http.Response) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	if bytes.Contains(body, []byte(treasure)) || passwd.Match(body) || bytes.Contains(body, []byte(l.token)) {
		t.Errorf("what must not be read was: %.200q", body)
	}
	if to := resp.Header.Get("Access-Control-Allow-Origin"); to != "" && to != l.scheme+"://"+l.host {
		t.Errorf("the answer may be read elsewhere: %v", resp.Header)
	}
	if resp.Header.Get("X-Injected") != "" || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("a header of the request is in the answer: %v", resp.Header)
	}
	if bytes.Contains(body, []byte("<script>alert")) || bytes.Contains(body, []byte("<img")) {
		t.Errorf("the request became markup: %.300q", body)
	}
	if strings.Contains(string(body), "goroutine ") || strings.Contains(string(body), "/src/") && resp.StatusCode >= 400 {
		t.Errorf("the answer tells of the inside: %.300q", body)
	}
}

// TestStrangersGetNothing sends what the history of development servers and proxies has
// taught, and what lies next to it, to every listener in every mode. The server must answer
// each as it should, and the next one too.
func TestStrangersGetNothing(t *testing.T) {
	needSetup(t)
	b := newBoard(t)
	b.run(t, "build", b.dir)
	hoard(t, b)
	behind := &tracks{}
	target := httptest.NewServer(behind)
	defer target.Close()
	list := attacks(t)
	for _, mode := range []struct {
		name, app, proxy string // the kinds of its listeners
		args             []string
	}{
		{"development", "app", "live", nil},
		{"production", "production", "", []string{"--mode", "production"}},
		{"target", "app", "target", []string{"--target", target.URL}},
		{"https", "", "live", []string{"--https"}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // where the authority for https goes
			s := b.serve(t, append([]string{"--proxy-port", "0", "--app-port", "0"}, mode.args...)...)
			token := strings.TrimSpace(b.read(t, ".realtimectl/token"))
			for kind, address := range map[string]string{mode.app: s.App, mode.proxy: s.Proxy} {
				u, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				if kind == "" {
					continue // production has no proxy, and both listeners of https have the same in front
				}
				l := listener{kind: kind, host: u.Host, port: u.Port(), token: token, scheme: u.Scheme}
				if kind == "target" {
					l.tracks = behind
				}
				t.Run(kind, func(t *testing.T) { l.attacked(t, list) })
				if u.Scheme == "https" {
					t.Run(kind+" in plain http", func(t *testing.T) { l.sentOn(t, list) })
				}
			}
		})
	}
}

func (l listener) attacked(t *testing.T, list []attack) {
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			l.judge(t, a)
			l.unharmed(t, a)
		})
	}
}

// sentOn speaks plain http to a listener for https. All there is to get is the way to the
// same address by https.
func (l listener) sentOn(t *testing.T, list []attack) {
	l.plain = true
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			answers, _ := l.answers(t, l.fill(a.raw))
			for _, resp := range answers {
				l.inspect(t, resp)
				to, err := url.Parse(resp.Header.Get("Location"))
				if resp.StatusCode < 300 || resp.StatusCode < 400 && (err != nil || to.Scheme != "https" || to.Host == "" || strings.Contains(to.Host, "evil")) {
					t.Errorf("%.300q\nanswers %d and leads to %q", l.fill(a.raw), resp.StatusCode, resp.Header.Get("Location"))
				}
			}
		})
	}
	l.plain = false
	l.unharmed(t, attack{})
}

// unharmed checks that nothing of an attack reached a server behind as a request of its
// own, and that the next visitor is served.
func (l listener) unharmed(t *testing.T, a attack) {
	t.Helper()
	if l.tracks != nil {
		for _, seen := range l.tracks.take() {
			if strings.Contains(seen, "/smuggled") && !strings.Contains(a.name, "as a body") {
				t.Errorf("the server behind got %q", seen)
			}
		}
	}
	list, _ := l.answers(t, l.fill("GET /plain.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
	if len(list) != 1 || list[0].StatusCode >= 500 {
		t.Errorf("the next visitor got %v", list)
	}
	if l.tracks != nil {
		l.tracks.take()
	}
}
