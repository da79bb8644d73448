package devcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// maxIssued bounds the certificates in memory: *.localhost has no end of names.
const maxIssued = 256

// renewBefore is how long before its end a certificate is replaced.
const renewBefore = 24 * time.Hour

type leaf = tls.Certificate

// TLSConfig serves HTTP/2 and HTTP/1.1 with a certificate for whatever name the browser
// asks for, if the authority may sign it and allowed says yes; nil allows all it may sign.
// A browser that asks for an address (which carries no name) gets one for the address it
// has reached.
func (a *Authority) TLSConfig(allowed func(host string) bool) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			host := strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")
			if host == "" {
				var err error
				if host, _, err = net.SplitHostPort(hello.Conn.LocalAddr().String()); err != nil {
					return nil, fmt.Errorf("certificate for %s: %w", hello.Conn.LocalAddr(), err)
				}
			}
			if allowed != nil && !allowed(host) {
				return nil, fmt.Errorf("certificate for %q: the host is not allowed", host)
			}
			return a.Certificate(host)
		},
	}
}

// Certificate returns a certificate for a host name or an IP address, from memory when it
// can. It fails for what lies outside of the authority's bounds.
func (a *Authority) Certificate(host string) (*tls.Certificate, error) {
	now := time.Now()
	a.mu.Lock()
	cert := a.issued[host]
	a.mu.Unlock()
	if cert != nil && now.Before(cert.Leaf.NotAfter.Add(-renewBefore)) {
		return cert, nil
	}
	cert, err := a.issue(host, now)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.issued) >= maxIssued {
		clear(a.issued)
	}
	a.issued[host] = cert
	return cert, nil
}

func (a *Authority) issue(host string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", host, err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", host, err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"realtimectl development certificate"}},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", host, err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", host, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	if _, err := parsed.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now}); err != nil {
		return nil, fmt.Errorf("certificate for %q: outside of what the development authority may sign (%s and private addresses); bring a certificate of your own: %w",
			host, strings.Join(privateDomains(), ", "), err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}

// Files serves a certificate and key that the user brings, in PEM. Both are read again when
// the certificate's file changes, so a renewal needs no restart; a renewal that cannot be
// read leaves the old one in use.
func Files(certFile, keyFile string) (*tls.Config, error) {
	f := &files{cert: certFile, key: keyFile}
	if err := f.load(); err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: f.get,
	}, nil
}

type files struct {
	cert, key string

	mu      sync.Mutex // guards current and changed; files are read without it
	current *tls.Certificate
	changed time.Time
}

func (f *files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	changed := f.changed
	f.mu.Unlock()
	if info, err := os.Stat(f.cert); err == nil && !info.ModTime().Equal(changed) {
		_ = f.load() // half of a renewal may be written yet; the next handshake tries again
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current, nil
}

func (f *files) load() error {
	info, err := os.Stat(f.cert)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current, f.changed = &pair, info.ModTime()
	return nil
}
