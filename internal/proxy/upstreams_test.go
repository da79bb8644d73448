package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// upstreams starts each kind of server that people put behind a proxy, all with the same
// paths, and returns their addresses by name.
func upstreams(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"Go": goUpstream(t), "node": node(t), "nginx": nginx(t, node(t))}
}

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

// nginx starts nginx with testdata/nginx.conf, in front of app, and returns its address.
func nginx(t *testing.T, app string) string {
	t.Helper()
	path := realpart.Command(t, "nginx", "/usr/sbin/nginx")
	dir := t.TempDir()
	address := strings.TrimPrefix(nobody(t), "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	pages(t, filepath.Join(dir, "www"))
	text, err := os.ReadFile("testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "nginx.conf")
	filled := strings.NewReplacer("PORT", port, "DIR", dir, "APP", app).Replace(string(text))
	if err := os.WriteFile(conf, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	await(t, address)
	return "http://" + address
}

// pages writes the static files of nginx.
func pages(t *testing.T, dir string) {
	t.Helper()
	full := func(body string) string { return strings.Replace(plain, "x</body>", body+"</body>", 1) }
	files := map[string]string{
		"plain": plain, "missing.html": full("no"), "tagged": plain, "data.bin": "0123456789",
		"latin1": strings.ReplaceAll(full("\xe9"), "á", "\xe1"), "no-body": "<title>x</title><p>x",
		"comment": "<!-- <head> <body> --><html><head><script>'<body>'</script></head>",
		"json":    `{"a":"<head>"}`, "xml": "<html><head></head></html>", "text": "<html><head></head></html>", "attachment": plain, "policy": plain,
		"page.gz": string(compress(t, "gzip", plain)), "page.br": string(compress(t, "br", plain)), "page.deflate": string(compress(t, "deflate", plain)),
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // its workers may be another user
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// await returns once something listens at an address.
func await(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatal(errors.Join(err, ctx.Err()))
		}
		<-time.After(5 * time.Millisecond)
	}
}

// goUpstream is the same application on net/http.
func goUpstream(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	full := func(body string) string { return strings.Replace(plain, "x</body>", body+"</body>", 1) }
	as := func(path, kind, body string, pairs ...string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			for i := 0; i < len(pairs); i += 2 {
				w.Header().Add(pairs[i], pairs[i+1])
			}
			_, _ = io.WriteString(w, body)
		})
	}
	const html = "text/html; charset=utf-8"
	as("/plain", html, plain)
	for _, coding := range []string{"gzip", "br", "deflate"} {
		as("/"+coding, html, string(compress(t, coding, plain)), "Content-Encoding", coding)
	}
	as("/latin1", "text/html; charset=iso-8859-1", strings.ReplaceAll(full("\xe9"), "á", "\xe1"))
	as("/no-body", html, "<title>x</title><p>x")
	as("/comment", html, "<!-- <head> <body> --><html><head><script>'<body>'</script></head>")
	as("/json", "application/json", `{"a":"<head>"}`, "ETag", `"j"`)
	as("/xml", "application/xml", "<html><head></head></html>")
	as("/text", "text/plain", "<html><head></head></html>")
	as("/attachment", "text/html", plain, "Content-Disposition", `attachment; filename="a.html"`)
	as("/policy", "text/html", plain, "Content-Security-Policy", "default-src 'none'; script-src 'nonce-abc'; img-src 'self'")
	as("/cookies", "text/html", "", "Set-Cookie", "__Host-a=b; Path=/; Secure; SameSite=None", "Set-Cookie", "c=d; HttpOnly")
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", html)
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, full("no"))
	})
	goAnswers(mux)
	goStreams(mux, full)
	return listen(t, mux).URL
}

func goAnswers(mux *http.ServeMux) {
	say := func(path string, text func(*http.Request) string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, text(r))
		})
	}
	say("/target", func(r *http.Request) string { return r.RequestURI })
	say("/connection", func(r *http.Request) string { return r.RemoteAddr })
	say("/upload", func(r *http.Request) string {
		n, _ := io.Copy(io.Discard, r.Body)
		return fmt.Sprint(n)
	})
	say("/headers", func(r *http.Request) string {
		values := []string{r.Host}
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
			values = append(values, r.Header.Get(name))
		}
		return strings.Join(append(values, "-"+r.Header.Get("X-Hop"), r.Header.Get("X-Own")), "|")
	})
	mux.HandleFunc("/tagged", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(plain))
	})
	mux.HandleFunc("/data.bin", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "data.bin", time.Time{}, strings.NewReader("0123456789"))
	})
	mux.HandleFunc("/own", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/next?a=b", http.StatusFound)
	})
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.test/login", http.StatusFound)
	})
	mux.HandleFunc("/refuse", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
}

// turnstile lets one stream at a time go on.
type turnstile struct {
	mu   sync.Mutex // guards next
	next chan struct{}
}

func (g *turnstile) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = make(chan struct{})
	return g.next
}

func (g *turnstile) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.next)
}

func goStreams(mux *http.ServeMux, full func(string) string) {
	var gate turnstile
	stream := func(path, kind string, parts ...string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			for i, part := range parts {
				going := gate.wait()
				_, _ = io.WriteString(w, part)
				_ = http.NewResponseController(w).Flush()
				if i == len(parts)-1 && kind != "text/event-stream" {
					return
				}
				select {
				case <-going:
				case <-r.Context().Done():
					return
				}
			}
		})
	}
	stream("/events", "text/event-stream", "data: 1\n\n", "data: 2\n\n")
	stream("/stream", "text/html", "<!doctype html><head><title>first</title>", "</head><p>second")
	mux.HandleFunc("/go", func(http.ResponseWriter, *http.Request) { gate.open() })
	pieces := func(path, text string, size int) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			for len(text) > 0 {
				n := min(size, len(text))
				_, _ = io.WriteString(w, text[:n])
				_ = http.NewResponseController(w).Flush()
				text = text[n:]
			}
		})
	}
	pieces("/chunked", plain, 9)
	pieces("/bytes", full(strings.Repeat("é", 200)), 1)
	pieces("/newline", "\n"+plain, 1)
	mux.HandleFunc("/hang-up", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<head>")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, r.Trailer.Get("X-Check"))
		w.Header().Set("X-Sum", "42")
	})
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/refused", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "no")
	})
}

// echo answers an upgrade and sends back what comes until the other half ends.
func echo(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	_, _ = io.Copy(conn, rw)
}
