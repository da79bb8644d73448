package devcert

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string) *Authority {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheAuthorityIsMadeOnceAndKeptSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "ca")
	prints := make([]string, 8)
	var group sync.WaitGroup
	for i := range prints {
		group.Go(func() {
			if a, err := Open(dir); err == nil {
				prints[i] = a.Fingerprint()
			} else {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, p := range prints {
		if p != prints[0] || len(p) != 64 {
			t.Fatalf("several authorities: %v", prints)
		}
	}
	modes := map[string]os.FileMode{}
	for _, name := range []string{".", secretFile, PublicFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		modes[name] = info.Mode().Perm()
	}
	if diff := cmp.Diff(map[string]os.FileMode{".": 0o700, secretFile: 0o600, PublicFile: 0o644}, modes); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
	public, err := os.ReadFile(open(t, dir).File())
	if err != nil || strings.Contains(string(public), "KEY") {
		t.Errorf("the public file: %v\n%s", err, public)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestADamagedAuthorityIsTold(t *testing.T) {
	dir := t.TempDir()
	other := open(t, t.TempDir())
	mine := open(t, dir)
	secret := filepath.Join(dir, secretFile)
	whole, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	_, key := pem.Decode(whole)
	foreign := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.cert.Raw}), key...)
	for name, text := range map[string][]byte{
		"empty": nil, "no key": whole[:len(whole)-len(key)], "the key of another": foreign,
		"nonsense": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}),
	} {
		if err := os.WriteFile(secret, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "delete the file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	old, err := newAuthority(time.Now().Add(-2 * authorityLife))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(old); err == nil || !strings.Contains(err.Error(), "expired on 20") {
		t.Errorf("an expired one: %v", err)
	}
	if mine.Fingerprint() == other.Fingerprint() {
		t.Error("two authorities are the same")
	}
}

func TestItSignsForPrivateNamesOnly(t *testing.T) {
	a := open(t, t.TempDir())
	for host, want := range map[string]bool{
		"localhost": true, "admin.localhost": true, "abacate.test": true, "printer.local": true, "127.0.0.1": true, "::1": true, "192.168.1.20": true, "10.1.2.3": true,
		"example.com": false, "localhost.evil.com": false, "evillocalhost": false, "8.8.8.8": false, "2001:db8::1": false, "": false, "*": false,
	} {
		_, err := a.Certificate(host)
		if (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
	if _, err := a.Certificate("abacate.com"); err == nil || !strings.Contains(err.Error(), "bring a certificate of your own") {
		t.Errorf("the error shows no way out: %v", err)
	}
}

func TestCertificatesAreReusedAndBounded(t *testing.T) {
	a := open(t, t.TempDir())
	first, err := a.Certificate("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.Certificate("localhost"); again != first {
		t.Error("a second certificate was made")
	}
	for i := range maxIssued + 10 {
		if _, err := a.Certificate(fmt.Sprintf("h%d.localhost", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.issued); n > maxIssued {
		t.Errorf("%d certificates are kept", n)
	}
}

// client trusts a and reaches address under any name.
func client(t testing.TB, a *Authority, address net.Addr) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	text, err := os.ReadFile(a.File())
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatal("no certificate to trust", err)
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address.String())
		},
	}
	return &http.Client{Transport: transport}
}

func TestBrowsersThatTrustItConnectWithHTTP2(t *testing.T) {
	a := open(t, t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{
		TLSConfig: a.TLSConfig(func(host string) bool { return host != "refused.localhost" }),
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }),
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // refusals are expected
	}
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	c := client(t, a, l.Addr())
	for _, url := range []string{"https://localhost/", "https://app.localhost/", "https://127.0.0.1/"} {
		res, err := c.Get(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(text) != "HTTP/2.0" {
			t.Errorf("%s: %s", url, text)
		}
	}
	for _, url := range []string{"https://refused.localhost/", "https://example.com/"} {
		if res, err := c.Get(url); err == nil {
			res.Body.Close()
			t.Errorf("%s was answered", url)
		}
	}
}

func TestOwnFilesAreReadAgainWhenTheyChange(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a := open(t, t.TempDir())
	install := func(host string, at time.Time) {
		cert, err := a.Certificate(host)
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		for file, block := range map[string]*pem.Block{keyFile: {Type: "PRIVATE KEY", Bytes: key}, certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}} {
			if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(certFile, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Files(certFile, keyFile); err == nil || !strings.Contains(err.Error(), certFile) {
		t.Errorf("missing files: %v", err)
	}
	start := time.Now()
	install("a.localhost", start)
	config, err := Files(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	served := func() string {
		cert, err := config.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf.DNSNames[0]
	}
	got := []string{served()}
	install("b.localhost", start.Add(time.Second))
	got = append(got, served())
	if err := os.WriteFile(certFile, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	got = append(got, served())
	if diff := cmp.Diff([]string{"a.localhost", "b.localhost", "b.localhost"}, got); diff != "" {
		t.Errorf("certificates (-want +got):\n%s", diff)
	}
}

// machine is a system on which the named files and programs exist.
func machine(system string, root bool, there ...string) Machine {
	has := func(name string) bool {
		for _, s := range there {
			if s == name {
				return true
			}
		}
		return false
	}
	return Machine{OS: system, Root: root, Home: "/home/ana", Exists: has, Installed: has}
}

func lines(list []Command) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.String())
	}
	return out
}

func TestTrustIsTakenBackByUntrust(t *testing.T) {
	a := open(t, t.TempDir())
	a.file = "/ca/ca.pem"
	a.cert.Subject.CommonName = "realtimectl development CA (box)"
	id := strings.ToLower(a.Fingerprint()[:12])
	debian := "/usr/local/share/ca-certificates/realtimectl-" + id + ".crt"
	const name = "'realtimectl development CA (box)'"
	withProfile := machine("linux", true, "certutil")
	withProfile.Profiles = []string{"/home/ana/.mozilla/firefox/my profile"}
	for _, tt := range []struct {
		name           string
		m              Machine
		trust, untrust []string
	}{
		{
			"Debian with Chromium",
			machine("linux", false, "/usr/local/share/ca-certificates", "update-ca-certificates", "certutil", "/home/ana/.pki/nssdb", debian),
			[]string{"sudo install -m 0644 /ca/ca.pem " + debian, "sudo update-ca-certificates", "certutil -d sql:/home/ana/.pki/nssdb -A -t C,, -n " + name + " -i /ca/ca.pem"},
			[]string{"sudo rm " + debian, "sudo update-ca-certificates", "certutil -d sql:/home/ana/.pki/nssdb -D -n " + name},
		},
		{
			"Fedora as root, nothing installed before",
			machine("linux", true, "/etc/pki/ca-trust/source/anchors", "update-ca-trust"),
			[]string{"install -m 0644 /ca/ca.pem /etc/pki/ca-trust/source/anchors/realtimectl-" + id + ".pem", "update-ca-trust extract"},
			nil,
		},
		{
			"Firefox only", withProfile,
			[]string{"certutil -d 'sql:/home/ana/.mozilla/firefox/my profile' -A -t C,, -n " + name + " -i /ca/ca.pem"},
			[]string{"certutil -d 'sql:/home/ana/.mozilla/firefox/my profile' -D -n " + name},
		},
		{"an unknown system", machine("plan9", false), nil, nil},
		{
			"macOS", machine("darwin", false),
			[]string{"security add-trusted-cert -r trustRoot -k /home/ana/Library/Keychains/login.keychain-db /ca/ca.pem"},
			[]string{"security delete-certificate -t -Z " + a.Fingerprint() + " /home/ana/Library/Keychains/login.keychain-db"},
		},
		{
			"Windows", machine("windows", false),
			[]string{"certutil -user -addstore Root /ca/ca.pem"},
			[]string{"certutil -user -delstore Root " + a.cert.SerialNumber.Text(16)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.trust, lines(a.Trust(tt.m))); diff != "" {
				t.Errorf("trust (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.untrust, lines(a.Untrust(tt.m))); diff != "" {
				t.Errorf("untrust (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunGoesOnAndReturnsEveryFailure(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	var out bytes.Buffer
	err := Run(t.Context(), []Command{{"", []string{"sh", "-c", "echo one; exit 3"}}, {"", []string{"sh", "-c", "echo two"}}}, nil, &out)
	if out.String() != "one\ntwo\n" || err == nil || err.Error() != "sh -c 'echo one; exit 3': exit status 3" {
		t.Errorf("output %q, error %v", &out, err)
	}
}

func TestThisMachine(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	m, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	if !m.Exists(m.Home) || m.Exists(filepath.Join(m.Home, "nothing")) || m.Installed("no-such-program-here") {
		t.Errorf("%+v", m)
	}
}

func BenchmarkIssue(b *testing.B) {
	a := open(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.issue("localhost", time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
