package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// minSecret is what RFC 7518, section 3.2 asks of an HS256 secret: as long as the hash.
	minSecret = 32 // bytes
	// minRSA is what RFC 7518, section 3.3 asks of an RSA key.
	minRSA = 2048 // bits
	// maxKeyFile bounds a key file; a set of a hundred certificates is smaller.
	maxKeyFile = 1 << 20 // bytes
)

// keys is what verifies a token, and the algorithms those keys are for.
type keys struct {
	find    jwt.Keyfunc
	methods []string
}

// keySource returns the keys as they are now.
type keySource func() keys

// newKeys returns nil if no key is configured.
func newKeys(o *Options) (keySource, error) {
	given := 0
	for _, name := range []string{o.SecretFile, o.SecretEnv, o.KeyFile, o.JWKSFile} {
		if name != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil, nil
	case given > 1:
		return nil, o.fail("secret-file", errors.New("several keys for tokens are named"), "keep one of secret-file, secret-env, key-file and jwks-file")
	case o.SecretFile != "":
		return keyFile(o, "secret-file", o.SecretFile, secretKeys)
	case o.KeyFile != "":
		return keyFile(o, "key-file", o.KeyFile, pemKeys)
	case o.JWKSFile != "":
		return keyFile(o, "jwks-file", o.JWKSFile, setKeys)
	}
	return secretFromEnv(o)
}

func secretFromEnv(o *Options) (keySource, error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	secret := getenv(o.SecretEnv)
	if secret == "" {
		return nil, o.fail("secret-env", fmt.Errorf("the environment variable %s is not set", o.SecretEnv), "")
	}
	k, err := secretKeys([]byte(secret))
	if err != nil {
		return nil, o.fail("secret-env", fmt.Errorf("%s: %w", o.SecretEnv, err), secretHint)
	}
	return func() keys { return k }, nil
}

const secretHint = "make one with: openssl rand -base64 48"

// keyFile reads a key file now, and again whenever it has changed: keys are rotated
// by replacing the file. A changed file that cannot be read leaves the keys as they
// were.
func keyFile(o *Options, key, path string, parse func([]byte) (keys, error)) (keySource, error) {
	text, stamp, err := readKeyFile(path)
	if err != nil {
		return nil, o.fail(key, err, "")
	}
	current, err := parse(text)
	if err != nil {
		hint := ""
		if key == "secret-file" {
			hint = secretHint
		}
		return nil, o.fail(key, fmt.Errorf("%s: %w", path, err), hint)
	}
	var mu sync.Mutex // guards current and stamp; held while a small local file is read
	return func() keys {
		mu.Lock()
		defer mu.Unlock()
		if now, err := stampOf(path); err != nil || now == stamp {
			return current
		}
		text, now, err := readKeyFile(path)
		if err != nil {
			return current
		}
		if fresh, err := parse(text); err == nil {
			current = fresh
		}
		stamp = now
		return current
	}, nil
}

// stamp tells whether a file has changed.
type stamp struct {
	modified int64 // Unix nanoseconds
	size     int64
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, fmt.Errorf("read key: %w", err)
	}
	return stamp{info.ModTime().UnixNano(), info.Size()}, nil
}

func readKeyFile(path string) ([]byte, stamp, error) {
	s, err := stampOf(path)
	if err != nil {
		return nil, s, err
	}
	if s.size > maxKeyFile {
		return nil, s, fmt.Errorf("%s: %d bytes are no key", path, s.size)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, s, fmt.Errorf("read key: %w", err)
	}
	return text, s, nil
}

func secretKeys(secret []byte) (keys, error) {
	secret = bytes.TrimRight(secret, "\r\n")
	if bytes.HasPrefix(secret, []byte("-----BEGIN")) {
		return keys{}, errors.New("this is a PEM key, not a secret: a public key as a secret would let anybody sign; use key-file")
	}
	if len(secret) < minSecret {
		return keys{}, fmt.Errorf("the secret has %d bytes, %d are the least for HS256", len(secret), minSecret)
	}
	return fixedKey(secret, jwt.SigningMethodHS256.Alg()), nil
}

func fixedKey(key any, method string) keys {
	return keys{find: func(*jwt.Token) (any, error) { return key, nil }, methods: []string{method}}
}

// pemKeys reads a public key, or the one of a certificate.
func pemKeys(text []byte) (keys, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return keys{}, errors.New("no PEM block in it")
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = cert.PublicKey
		}
	default:
		return keys{}, fmt.Errorf("a %s is not a public key; the private one belongs to the issuer of the tokens alone", block.Type)
	}
	if err != nil {
		return keys{}, fmt.Errorf("parse %s: %w", block.Type, err)
	}
	method, err := methodOf(key)
	if err != nil {
		return keys{}, err
	}
	return fixedKey(key, method), nil
}

// methodOf returns the one algorithm a public key is for.
func methodOf(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return "", fmt.Errorf("an RSA key of %d bits is too short, %d are the least", key.N.BitLen(), minRSA)
		}
		return jwt.SigningMethodRS256.Alg(), nil
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA.Alg(), nil
	case *ecdsa.PublicKey:
		for _, m := range []*jwt.SigningMethodECDSA{jwt.SigningMethodES256, jwt.SigningMethodES384, jwt.SigningMethodES512} {
			if m.CurveBits == key.Curve.Params().BitSize {
				return m.Alg(), nil
			}
		}
	}
	return "", fmt.Errorf("a key of type %T cannot verify tokens", key)
}
