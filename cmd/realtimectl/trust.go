package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/devcert"
)

// certificateOf returns the certificate that a serve of this configuration shows, for a
// serve that is named by its address alone; "" if it has none.
func certificateOf(cfg *config.Config) string {
	if cfg.Serve.Cert != "" {
		return cfg.Abs(cfg.Serve.Cert)
	}
	dir, err := devcert.DefaultDir()
	if err != nil {
		return ""
	}
	file := filepath.Join(dir, devcert.PublicFile)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// send sends one request. It follows no redirect: the token is for this server alone.
func (s server) send(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(s.url, "https://") || s.certificate == "" {
		return http.DefaultTransport.RoundTrip(req)
	}
	trusted, err := trusting(s.certificate)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: trusted, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	return transport.RoundTrip(req)
}

// trusting returns a client configuration that trusts what the system trusts and the
// certificates of a file: as authorities, and the very certificate of a server whatever
// name it is for, since a certificate for demo.example.com is shown on localhost too.
func trusting(file string) (*tls.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate of the running serve: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without one trusts nobody
	}
	roots.AppendCertsFromPEM(text)
	own, _ := pem.Decode(text)
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) == 0 {
				return errors.New("the server shows no certificate")
			}
			if own != nil && string(own.Bytes) == string(c.PeerCertificates[0].Raw) {
				return nil
			}
			return verify(c, roots)
		},
	}, nil
}

// verify is what crypto/tls does by itself.
func verify(c tls.ConnectionState, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, cert := range c.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := c.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: c.ServerName})
	if err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	return nil
}
