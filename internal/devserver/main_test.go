package devserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree writes files, path → content, and returns the folder. Content that starts with
// "-> " makes a symbolic link.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		err = os.Symlink(target, file)
	} else {
		err = os.WriteFile(file, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// project is the layout of a development server over dir.
func project(t testing.TB, dir string) *Server {
	t.Helper()
	private := []string{filepath.Join(dir, "src/users.txt")}
	s, err := New(Options{Fallback: "index.html", Private: private, Layers: []Layer{
		{Prefix: "/", Dir: filepath.Join(dir, ".tmp")},
		{Prefix: "/", Dir: filepath.Join(dir, "src")},
		{Prefix: "/bower_components", Dir: filepath.Join(dir, "bower_components"), Packages: true},
		{Prefix: "/node_modules", Dir: filepath.Join(dir, "node_modules"), Packages: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func listen(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

const browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"

// answer is what a raw request got.
type answer struct {
	Status int
	Body   string
	Header http.Header
}

// ask sends "GET <target>" byte for byte with the given header lines.
func ask(t testing.TB, srv *httptest.Server, target string, lines ...string) answer {
	t.Helper()
	return send(t, srv, http.MethodGet, target, lines...)
}

func send(t testing.TB, srv *httptest.Server, method, target string, lines ...string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, target)
	for _, line := range lines {
		fmt.Fprintf(conn, "%s\r\n", line)
	}
	fmt.Fprint(conn, "\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}
