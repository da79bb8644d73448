package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// node starts testdata/upstream.mjs and returns its address. It ends with its stdin.
func node(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(realpart.Command(t, "node"), "testdata/upstream.mjs")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

func TestANodeApplicationBehindTheProxy(t *testing.T) {
	f := front(t, node(t), nil)
	full := func(body string) string {
		return "<!doctype html><html><head>" + element + "<title>Olá</title></head><body>" + body + "</body></html>"
	}
	latin := strings.NewReplacer("á", "\xe1", "é", "\xe9").Replace(full("é"))
	for path, want := range map[string]string{
		"/plain": full("x"), "/gzip": full("x"), "/br": full("x"), "/deflate": full("x"), "/length": full("x"), "/newline": "\n" + full("x"),
		"/bytes": full(strings.Repeat("é", 200)), "/latin1": latin, "/nobody": element + "<title>x</title><p>x", "/missing": full("no"),
	} {
		if got := get(t, f.URL+path); got.Body != want {
			t.Errorf("%s: %d\n got %q\nwant %q", path, got.Status, got.Body, want)
		}
	}
	if got := do(t, http.MethodPost, f.URL+"/upload", io.LimitReader(zeros{}, 8<<20)); got.Body != "8388608" {
		t.Errorf("an upload of 8 MiB arrived as %q", got.Body)
	}
}

func TestANodeWebSocketBehindTheProxy(t *testing.T) {
	f := front(t, node(t), nil)
	conn, r, res := upgrade(t, f, "/echo")
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := r.ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	_, _, refused := upgrade(t, f, "/other")
	if text, _ := io.ReadAll(refused.Body); refused.StatusCode != http.StatusUnauthorized || string(text) != "no" {
		t.Errorf("%d %q", refused.StatusCode, text)
	}
}

func TestANodeServerThatHangsUpBreaksTheAnswer(t *testing.T) {
	conn, r := dial(t, front(t, node(t), nil))
	fmt.Fprint(conn, "GET /hang-up HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
	res, err := http.ReadResponse(r, nil)
	if err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("the broken answer looks whole")
	}
}
