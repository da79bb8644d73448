package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	script  = "/__realtimectl/client.js"
	element = `<script src="/__realtimectl/client.js" async></script>`
	browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	plain   = "<!doctype html><html><head><title>Olá</title></head><body>x</body></html>"
	// injected is plain with the element.
	injected = "<!doctype html><html><head>" + element + "<title>Olá</title></head><body>x</body></html>"
)

func listen(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// front stands before upstream as `serve --target` does.
func front(t testing.TB, upstream string, change func(*Options)) *httptest.Server {
	t.Helper()
	target, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Target: target}
	if change != nil {
		change(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return listen(t, Inject(p, InjectOptions{ScriptURL: script}))
}

// answer is what a client sees.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// get navigates like a browser; pairs of name and value change the request's headers, ""
// removes one.
func get(t testing.TB, address string, pairs ...string) answer {
	t.Helper()
	return do(t, http.MethodGet, address, nil, pairs...)
}

func do(t testing.TB, method, address string, body io.Reader, pairs ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", browser)
	req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "Host" {
			req.Host = pairs[i+1]
			continue
		}
		req.Header.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			req.Header.Del(pairs[i])
		}
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %q", method, address, err, text)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// compress encodes text with one content coding.
func compress(t testing.TB, coding, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "raw deflate":
		w, err = flate.NewWriter(&out, 6)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// dial opens a connection that ends with the test.
func dial(t testing.TB, srv *httptest.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReader(conn)
}
