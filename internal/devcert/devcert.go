// Package devcert makes https work on a developer's machine.
//
// An [Authority] is a certificate authority of this user alone, made on demand and kept in
// one file that only this user may read. It signs certificates for the host names of the
// server at the moment a browser asks for them; those live in memory for the life of the
// process. Nothing is installed anywhere: [Authority.Trust] only tells the commands that
// make browsers trust it, for the user to see before they are run.
//
// The authority is bound by name constraints (RFC 5280 section 4.2.1.10) to names and
// addresses that exist only inside a machine or a private network. If its key is ever
// stolen it cannot speak for a site on the internet. For a name outside of these bounds
// bring a certificate, see [Files].
package devcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
)

const (
	// authorityLife is long enough to forget about it, and ends a forgotten key.
	authorityLife = 10 * 365 * 24 * time.Hour
	// certificateLife only has to outlast a process; Apple's systems refuse more than 825 days.
	certificateLife = 90 * 24 * time.Hour
	// clockSkew lets a phone in the same room connect whose clock is behind.
	clockSkew = time.Hour

	secretFile = "authority.pem" // certificate and key, mode 0600
)

// PublicFile is the name of the file, in the folder of an authority, that holds its
// certificate alone, to be trusted.
const PublicFile = "ca.pem"

// Authority signs certificates. Its methods may be called from any goroutine.
type Authority struct {
	file string // the public certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex // guards issued; never held while a certificate is made
	issued map[string]*leaf
}

// DefaultDir is where the authority of this user is kept: "realtimectl/ca" in the user's
// configuration folder.
func DefaultDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the configuration folder: %w", err)
	}
	return filepath.Join(dir, "realtimectl", "ca"), nil
}

// Open reads the authority in dir, or makes one. Two processes that start at once end up
// with the same. An authority that has expired is an error that says what to do.
func Open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	secret := filepath.Join(dir, secretFile)
	text, err := os.ReadFile(secret)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = create(secret)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	a, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w; delete the file to make a new one", secret, err)
	}
	a.file = filepath.Join(dir, PublicFile)
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if old, err := os.ReadFile(a.file); err != nil || string(old) != string(public) {
		if err := atomicfile.Write(a.file, public, 0o644); err != nil {
			return nil, fmt.Errorf("certificate authority: %w", err)
		}
	}
	return a, nil
}

// create makes an authority and saves it, unless another process was faster; it returns
// what is saved.
func create(file string) ([]byte, error) {
	text, err := newAuthority(time.Now())
	if err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err != nil {
		return nil, fmt.Errorf("write %s: %w", file, err)
	}
	// A link, unlike a rename, never replaces what is there.
	if err := os.Link(temp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("save %s: %w", file, err)
	}
	return os.ReadFile(file)
}

func newAuthority(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine" // only a label
	}
	template := &x509.Certificate{
		SerialNumber:                serial,
		Subject:                     pkix.Name{CommonName: "realtimectl development CA (" + host + ")", Organization: []string{"realtimectl development CA"}},
		NotBefore:                   now.Add(-clockSkew),
		NotAfter:                    now.Add(authorityLife),
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         privateDomains(),
		PermittedIPRanges:           privateRanges(),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	return slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), nil
}

// privateDomains are the top-level names that never exist on the internet (RFC 6761, RFC
// 6762, RFC 8375, and .internal as ICANN reserved it), and two that home routers give.
func privateDomains() []string {
	return []string{"localhost", "test", "local", "internal", "home.arpa", "lan", "localdomain"}
}

// privateRanges are loopback, link-local and private addresses.
func privateRanges() []*net.IPNet {
	var ranges []*net.IPNet
	for _, text := range []string{"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"} {
		if _, r, err := net.ParseCIDR(text); err == nil { // constants: always
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// newSerial returns 127 random bits, as CAs do (RFC 5280 section 4.1.2.2).
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return serial, nil
}

func parse(text []byte) (*Authority, error) {
	a := &Authority{issued: map[string]*leaf{}}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "CERTIFICATE":
			a.cert, err = x509.ParseCertificate(block.Bytes)
		case "PRIVATE KEY":
			var key any
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
			a.key, _ = key.(*ecdsa.PrivateKey)
		}
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
	}
	switch {
	case a.cert == nil || a.key == nil || !a.key.PublicKey.Equal(a.cert.PublicKey):
		return nil, errors.New("not a certificate with its key")
	case time.Now().After(a.cert.NotAfter):
		return nil, fmt.Errorf("expired on %s", a.cert.NotAfter.Format(time.DateOnly))
	}
	return a, nil
}

// File is the certificate to trust, in PEM; it holds no secret.
func (a *Authority) File() string { return a.file }

// Name is what the systems' certificate lists show, and under which Trust enters it.
func (a *Authority) Name() string { return a.cert.Subject.CommonName }

// Fingerprint is the SHA-256 of the certificate in hexadecimal, to compare by eye.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
