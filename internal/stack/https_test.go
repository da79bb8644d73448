package stack

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/realtimectl/realtimectl/internal/devcert"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// trusting is a client that trusts the certificates of a file and nothing else.
func trusting(t *testing.T, file string) *http.Transport {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", file)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// fetch returns what a browser with this transport gets.
func fetch(t *testing.T, transport http.RoundTripper, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,*/*")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

const secure = "serve: { proxy: 'localhost:0', app: 'localhost:0', https: true }\n"

func TestHTTPSOnBothListenersByTheOwnAuthorityAndHTTP2(t *testing.T) {
	dir, ready := t.TempDir(), filepath.Join(t.TempDir(), "ready.json")
	i := run(t, load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": secure, "src/index.html": "<head></head>board",
	}), func(o *Options) { o.Authority, o.ReadyFile = dir, ready })
	if want := filepath.Join(dir, devcert.PublicFile); i.Certificate != want {
		t.Errorf("the certificate to trust is %q, want %q", i.Certificate, want)
	}
	transport := trusting(t, i.Certificate)
	for _, url := range []string{i.Proxy, i.App, strings.Replace(i.App, "localhost", "127.0.0.1", 1)} {
		resp, body := fetch(t, transport, url+"/")
		if !strings.HasPrefix(url, "https://") || resp.ProtoMajor != 2 || resp.StatusCode != 200 || !strings.Contains(body, "board") {
			t.Errorf("%s: %s %d %q", url, resp.Proto, resp.StatusCode, body)
		}
	}
	text, err := os.ReadFile(ready)
	if err != nil || !strings.Contains(string(text), `"app":"`+i.App+`"`) || !strings.Contains(string(text), `"proxy":"`+i.Proxy+`"`) {
		t.Errorf("ready file %q, %v", text, err)
	}
}

func TestWebSocketsOverHTTPSFollowTheOriginRule(t *testing.T) {
	i := run(t, load(t, t.TempDir(), map[string]string{"realtimectl.yaml": secure, "src/index.html": "x"}),
		func(o *Options) { o.Authority = t.TempDir() })
	dialer := websocket.Dialer{TLSClientConfig: trusting(t, i.Certificate).TLSClientConfig}
	wss := func(url string) string { return "wss" + strings.TrimPrefix(url, "https") }
	socket := "/socket.io/?EIO=4&transport=websocket"
	tests := []struct {
		url, origin string
		want        bool
	}{
		{i.Proxy + "/__realtimectl/live", i.Proxy, true},
		{i.Proxy + "/__realtimectl/live", "https://evil.test", false},
		{i.Proxy + socket, i.Proxy, true},
		{i.App + socket, i.Proxy, true},
		{i.App + socket, "https://localhost:1", false},
		{i.App + socket, "null", false},
	}
	for _, tt := range tests {
		ws, resp, err := dialer.DialContext(t.Context(), wss(tt.url), http.Header{"Origin": {tt.origin}})
		if got := err == nil; got != tt.want {
			t.Errorf("%s from %s: connected is %v (%v), want %v", tt.url, tt.origin, got, err, tt.want)
		}
		if ws != nil {
			ws.Close()
		}
		if resp != nil {
			resp.Body.Close()
		}
	}
}

func TestStopEndsSocketsOverHTTPS(t *testing.T) {
	cfg := load(t, t.TempDir(), map[string]string{"realtimectl.yaml": secure, "src/index.html": "x"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var heard error
	err := Run(ctx, Options{Project: cfg, Log: slog.New(slog.DiscardHandler), Authority: t.TempDir(), Ready: func(i Info) {
		dialer := websocket.Dialer{TLSClientConfig: trusting(t, i.Certificate).TLSClientConfig}
		ws, resp, err := dialer.DialContext(t.Context(), "wss"+strings.TrimPrefix(i.Proxy, "https")+"/__realtimectl/live", http.Header{"Origin": {i.Proxy}})
		if err != nil {
			t.Error(err)
			stop()
			return
		}
		resp.Body.Close()
		stop()
		go func() { // ends with the socket, which Run waits for
			defer ws.Close()
			for heard == nil {
				_, _, heard = ws.ReadMessage()
			}
		}()
	}})
	if err != nil {
		t.Error(err)
	}
}

// ownCertificate writes a certificate that signs itself, and its key.
func ownCertificate(t *testing.T, dir, host string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, BasicConstraintsValid: true, IsCA: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHTTPSWithTheUsersOwnCertificate(t *testing.T) {
	dir := t.TempDir()
	ownCertificate(t, dir, "localhost")
	yaml := "serve: { mode: production, app: 'localhost:0', cert: cert.pem, key: key.pem }\n"
	i := run(t, load(t, dir, map[string]string{"realtimectl.yaml": yaml, "dist/index.html": "built"}), nil)
	if _, body := fetch(t, trusting(t, filepath.Join(dir, "cert.pem")), i.App+"/"); body != "built" {
		t.Errorf("%s answers %q", i.App, body)
	}
	if i.Certificate != filepath.Join(dir, "cert.pem") {
		t.Errorf("the certificate to trust is %q", i.Certificate)
	}
}

func TestACertificateThatCannotBeReadPointsIntoTheFile(t *testing.T) {
	cfg := load(t, t.TempDir(), map[string]string{
		"realtimectl.yaml": "serve:\n  proxy: 0\n  app: 0\n  cert: cert.pem\n  key: key.pem\n",
		"cert.pem":         "no certificate", "key.pem": "no key",
	})
	err := Run(t.Context(), Options{Project: cfg, Log: slog.New(slog.DiscardHandler)})
	list, ok := errors.AsType[diag.List](err)
	if !ok || len(list) != 1 {
		t.Fatalf("got %v, want one diagnostic", err)
	}
	if diff := cmp.Diff([]int{4, 9}, []int{list[0].Line, list[0].Column}); diff != "" {
		t.Errorf("place (-want +got):\n%s", diff)
	}
}

func TestAHostThatTheAuthorityMayNotSignIsNamedAtStart(t *testing.T) {
	var said bytes.Buffer
	yaml := "serve: { proxy: 'localhost:0', app: 'localhost:0', https: true, allowed-hosts: [ board.test, abacate.com ] }\n"
	run(t, load(t, t.TempDir(), map[string]string{"realtimectl.yaml": yaml, "src/index.html": "x"}), func(o *Options) {
		o.Authority, o.Log = t.TempDir(), slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	if text := said.String(); strings.Contains(text, "board.test") || !strings.Contains(text, "host=abacate.com") || !strings.Contains(text, "serve.cert") {
		t.Errorf("the log says %q", text)
	}
}
