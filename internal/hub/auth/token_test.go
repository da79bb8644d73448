package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/realtimectl/realtimectl/internal/diag"
)

const secret = "0123456789abcdef0123456789abcdef"

// verdict is what Check said, in a form that tests can write down.
type verdict struct {
	User    string
	Rooms   []string
	Refused string // "message (reason)"
	Failed  string // any other error
}

func check(t *testing.T, c *Checker, r Request) verdict {
	t.Helper()
	id, err := c.Check(t.Context(), r)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return verdict{Refused: fmt.Sprintf("%s (%s)", refusal.Message, refusal.Reason)}
	}
	if err != nil {
		return verdict{Failed: err.Error()}
	}
	return verdict{User: string(id.User), Rooms: id.Rooms}
}

func newChecker(t *testing.T, o Options) *Checker {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func file(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sign makes a token of claims given as JSON text.
func sign(t *testing.T, method jwt.SigningMethod, key any, header, claims string) string {
	t.Helper()
	if header == "" {
		header = fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, method.Alg())
	}
	text := segment([]byte(header)) + "." + segment([]byte(claims))
	signature, err := method.Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + segment(signature)
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

func viaAuth(token string) Request {
	raw, _ := json.Marshal(map[string]string{"token": token})
	return Request{Namespace: "/", Auth: raw}
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicPEM(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestATokenNamesTheUser(t *testing.T) {
	c := newChecker(t, Options{SecretFile: file(t, []byte(secret+"\n")), RoomsClaim: "rooms", Issuer: "shop", Audience: "hub", Required: true})
	claims := func(more string) string {
		return fmt.Sprintf(`{"exp":%d,"iss":"shop","aud":["web","hub"]%s}`, in(time.Hour), more)
	}
	hs := jwt.SigningMethodHS256
	tests := []struct {
		name   string
		claims string
		want   verdict
	}{
		{"as it stands", claims(`,"sub":12345678901234567890,"z":1.0`), verdict{User: claims(`,"sub":12345678901234567890,"z":1.0`)}},
		{"a sub of PHP", claims(`,"sub":7`), verdict{User: claims(`,"sub":7`)}},
		{"an exp beyond time", `{"exp":1e300,"iss":"shop","aud":"hub"}`, verdict{Refused: "token expired (token expired)"}},
		{"one room", claims(`,"rooms":"a"`), verdict{User: claims(`,"rooms":"a"`), Rooms: []string{"a"}}},
		{"rooms", claims(`,"rooms":["a","b"]`), verdict{User: claims(`,"rooms":["a","b"]`), Rooms: []string{"a", "b"}}},
		{"rooms of another kind", claims(`,"rooms":[1]`), verdict{Failed: `the claim "rooms" is not a list of rooms`}},
		{"a room without a name", claims(`,"rooms":[""]`), verdict{Failed: `a room's name is empty, too long or not printable`}},
		{"a room that garbles a log", claims(`,"rooms":["a\u001b[2J"]`), verdict{Failed: `a room's name is empty, too long or not printable`}},
		{"a little late", fmt.Sprintf(`{"exp":%d,"iss":"shop","aud":"hub"}`, in(-10*time.Second)), verdict{User: fmt.Sprintf(`{"exp":%d,"iss":"shop","aud":"hub"}`, in(-10*time.Second))}},
		{"too late", fmt.Sprintf(`{"exp":%d,"iss":"shop","aud":"hub"}`, in(-time.Minute)), verdict{Refused: "token expired (token expired)"}},
		{"too early", claims(fmt.Sprintf(`,"nbf":%d`, in(time.Minute))), verdict{Refused: "token not valid yet (token not valid yet)"}},
		{"for ever", `{"iss":"shop","aud":"hub"}`, verdict{Refused: "invalid token (a claim is missing: exp, or the configured iss or aud)"}},
		{"of another issuer", fmt.Sprintf(`{"exp":%d,"iss":"else","aud":"hub"}`, in(time.Hour)), verdict{Refused: "invalid token (other issuer)"}},
		{"for another audience", fmt.Sprintf(`{"exp":%d,"iss":"shop","aud":"else"}`, in(time.Hour)), verdict{Refused: "invalid token (other audience)"}},
		{"nested too deep", claims(`,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), verdict{Refused: "invalid token (not a JSON Web Token)"}},
		{"no object", `[]`, verdict{Refused: "invalid token (not a JSON Web Token)"}},
		{"an odd exp", `{"exp":"soon"}`, verdict{Refused: "invalid token (not a JSON Web Token)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, c, viaAuth(sign(t, hs, []byte(secret), "", tt.claims)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestATokenIsFoundWhereClientsPutIt(t *testing.T) {
	claims := fmt.Sprintf(`{"exp":%d}`, in(time.Hour))
	good := sign(t, jwt.SigningMethodHS256, []byte(secret), "", claims)
	yes := verdict{User: claims}
	no := verdict{Refused: "invalid token (not a JSON Web Token)"}
	tests := []struct {
		name string
		r    Request
		want verdict
	}{
		{"auth.token", viaAuth(good), yes},
		{"auth.token with the word", viaAuth("Bearer " + good), yes},
		{"header", Request{Header: http.Header{"Authorization": {"bearer " + good}}}, yes},
		{"query", Request{Query: url.Values{"token": {good}}}, yes},
		{"access_token", Request{Query: url.Values{"access_token": {good}}}, yes},
		{"auth.token before the header", Request{Auth: viaAuth("x").Auth, Header: http.Header{"Authorization": {"Bearer " + good}}}, no},
		{"auth.token of another kind", Request{Auth: json.RawMessage(`{"token":{"a":1}}`)}, verdict{}},
		{"auth that is no object", Request{Auth: json.RawMessage(`"` + good + `"`)}, verdict{}},
		{"other scheme", Request{Header: http.Header{"Authorization": {"Basic " + good}}}, verdict{}},
		{"wrong, though none is required", viaAuth("a.b.c"), no},
		{"too long", viaAuth(strings.Repeat("a", maxToken+1)), verdict{Refused: "invalid token (token too long)"}},
		{"none", Request{}, verdict{}},
	}
	c := newChecker(t, Options{SecretEnv: "APP_SECRET", Getenv: func(name string) string { return map[string]string{"APP_SECRET": secret}[name] }})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, check(t, c, tt.r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	strict := newChecker(t, Options{SecretFile: file(t, []byte(secret)), Required: true})
	if diff := cmp.Diff(verdict{Refused: "authentication required (no token)"}, check(t, strict, Request{})); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
}

func TestTheKeySaysTheAlgorithm(t *testing.T) {
	rsa1, rsa2 := rsaKey(t, 2048), rsaKey(t, 2048)
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claims := fmt.Sprintf(`{"exp":%d}`, in(time.Hour))
	rsaPEM := publicPEM(t, &rsa1.PublicKey)
	yes := verdict{User: claims}
	wrong := verdict{Refused: "invalid token (wrong signature or algorithm)"}
	none := segment([]byte(`{"alg":"none"}`)) + "." + segment([]byte(claims)) + "."
	tests := []struct {
		name  string
		key   []byte
		token string
		want  verdict
	}{
		{"RS256", rsaPEM, sign(t, jwt.SigningMethodRS256, rsa1, "", claims), yes},
		{"RSA, PKCS #1", pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsa1.PublicKey)}), sign(t, jwt.SigningMethodRS256, rsa1, "", claims), yes},
		{"certificate", certificate(t, rsa1), sign(t, jwt.SigningMethodRS256, rsa1, "", claims), yes},
		{"ES384", publicPEM(t, &ec.PublicKey), sign(t, jwt.SigningMethodES384, ec, "", claims), yes},
		{"EdDSA", publicPEM(t, edPublic), sign(t, jwt.SigningMethodEdDSA, ed, "", claims), yes},
		{"another key", rsaPEM, sign(t, jwt.SigningMethodRS256, rsa2, "", claims), wrong},
		{"public key as HMAC secret", rsaPEM, sign(t, jwt.SigningMethodHS256, rsaPEM, "", claims), wrong},
		{"trimmed public key as HMAC secret", rsaPEM, sign(t, jwt.SigningMethodHS256, []byte(strings.TrimSpace(string(rsaPEM))), "", claims), wrong},
		{"none", rsaPEM, none, wrong},
		{"nOnE", rsaPEM, segment([]byte(`{"alg":"nOnE"}`)) + "." + segment([]byte(claims)) + ".", verdict{Refused: "invalid token (no key fits the token)"}},
		{"no signature", rsaPEM, segment([]byte(`{"alg":"RS256"}`)) + "." + segment([]byte(claims)) + ".", wrong},
		{"another RSA algorithm", rsaPEM, sign(t, jwt.SigningMethodRS512, rsa1, "", claims), wrong},
		{"critical extension", rsaPEM, sign(t, jwt.SigningMethodRS256, rsa1, `{"alg":"RS256","crit":["b64"],"b64":false}`, claims), verdict{Refused: "invalid token (the token asks for an extension that is not known)"}},
		{"key named in the header", rsaPEM, sign(t, jwt.SigningMethodRS256, rsa2, `{"alg":"RS256","jwk":{"kty":"RSA"},"jku":"http://127.0.0.1:9/","x5u":"http://127.0.0.1:9/"}`, claims), wrong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(t, Options{KeyFile: file(t, tt.key)})
			if diff := cmp.Diff(tt.want, check(t, c, viaAuth(tt.token))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("none for a secret", func(t *testing.T) {
		c := newChecker(t, Options{SecretFile: file(t, []byte(secret))})
		if diff := cmp.Diff(wrong, check(t, c, viaAuth(none))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func certificate(t *testing.T, key *rsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// jwk writes an RSA public key as a JSON Web Key.
func jwk(id, more string, key crypto.PublicKey) string {
	k := key.(*rsa.PublicKey)
	return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":"AQAB"%s}`, id, segment(k.N.Bytes()), more)
}

func TestAKeySetIsSearchedByIdAndAlgorithm(t *testing.T) {
	one, two := rsaKey(t, 2048), rsaKey(t, 2048)
	set := fmt.Sprintf(`{"keys":[%s,%s,%s,{"kty":"future","kid":"x"},{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}]}`,
		jwk("one", "", one.Public()), jwk("two", `,"alg":"PS384","x5u":"http://127.0.0.1:9/"`, two.Public()), jwk("enc", `,"use":"enc"`, two.Public()))
	c := newChecker(t, Options{JWKSFile: file(t, []byte(set))})
	claims := fmt.Sprintf(`{"exp":%d}`, in(time.Hour))
	yes := verdict{User: claims}
	unknown := verdict{Refused: "invalid token (no key fits the token)"}
	tests := []struct {
		name, header string
		method       jwt.SigningMethod
		key          any
		want         verdict
	}{
		{"by id", `{"alg":"RS256","kid":"one"}`, jwt.SigningMethodRS256, one, yes},
		{"by algorithm alone", `{"alg":"RS256"}`, jwt.SigningMethodRS256, one, yes},
		{"the set names the algorithm", `{"alg":"PS384","kid":"two"}`, jwt.SigningMethodPS384, two, yes},
		{"another algorithm of that key", `{"alg":"RS256","kid":"two"}`, jwt.SigningMethodRS256, two, unknown},
		{"another key's id", `{"alg":"RS256","kid":"one"}`, jwt.SigningMethodRS256, two, verdict{Refused: "invalid token (wrong signature or algorithm)"}},
		{"unknown id", `{"alg":"RS256","kid":"three"}`, jwt.SigningMethodRS256, one, unknown},
		{"a key for encryption", `{"alg":"RS256","kid":"enc"}`, jwt.SigningMethodRS256, two, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, c, viaAuth(sign(t, tt.method, tt.key, tt.header, claims)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysAreRotatedByReplacingTheFile(t *testing.T) {
	other := "ffffffffffffffffffffffffffffffff"
	claims := fmt.Sprintf(`{"exp":%d}`, in(time.Hour))
	path := file(t, []byte(secret))
	c := newChecker(t, Options{SecretFile: path})
	before, after := sign(t, jwt.SigningMethodHS256, []byte(secret), "", claims), sign(t, jwt.SigningMethodHS256, []byte(other), "", claims)
	accepted := func() []bool {
		return []bool{check(t, c, viaAuth(before)).Refused == "", check(t, c, viaAuth(after)).Refused == ""}
	}
	replace := func(text string, age time.Duration) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	got := [][]bool{accepted()}
	replace("too short", time.Hour)
	got = append(got, accepted())
	replace(other, 2*time.Hour)
	got = append(got, accepted())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	got = append(got, accepted())
	want := [][]bool{{true, false}, {true, false}, {false, true}, {false, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("old and new token at start, with a broken file, with a new one, with none (-want +got):\n%s", diff)
	}
}

func TestExpiryIsHandedOn(t *testing.T) {
	c := newChecker(t, Options{SecretFile: file(t, []byte(secret))})
	at := in(time.Hour)
	id, err := c.Check(t.Context(), viaAuth(sign(t, jwt.SigningMethodHS256, []byte(secret), "", fmt.Sprintf(`{"exp":%d}`, at))))
	if err != nil || id.Expires.Unix() != at {
		t.Errorf("got %v, %v; want %d", id.Expires, err, at)
	}
}

func TestAWrongConfigurationIsToldWithoutSecrets(t *testing.T) {
	private, err := x509.MarshalPKCS8PrivateKey(rsaKey(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) string { return file(t, []byte(text)) }
	short := rsaKey(t, 1024)
	privatePEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	missing := filepath.Join(t.TempDir(), "missing")
	tests := []struct {
		name string
		o    Options
		want string // FILE stands for the file's path
	}{
		{"no way", Options{Required: true}, "hub.auth.required: there is no way to find out who a client is"},
		{"two ways", Options{SecretFile: write(secret), URL: "http://localhost/"}, "hub.auth.url: stands beside a key for tokens"},
		{"two keys", Options{SecretFile: "a", KeyFile: "b"}, "hub.auth.secret-file: several keys for tokens are named"},
		{"no file", Options{SecretFile: missing}, "hub.auth.secret-file: read key: stat FILE: no such file or directory"},
		{"no variable", Options{SecretEnv: "NOPE", Getenv: func(string) string { return "" }}, "hub.auth.secret-env: the environment variable NOPE is not set"},
		{"short variable", Options{SecretEnv: "S", Getenv: func(string) string { return "hunter2" }}, "hub.auth.secret-env: S: the secret has 7 bytes, 32 are the least for HS256"},
		{"short secret", Options{SecretFile: write("hunter2\n")}, "hub.auth.secret-file: FILE: the secret has 7 bytes, 32 are the least for HS256"},
		{"key as secret", Options{SecretFile: write(privatePEM)}, "hub.auth.secret-file: FILE: this is a PEM key, not a secret: a public key as a secret would let anybody sign; use key-file"},
		{"private key", Options{KeyFile: write(privatePEM)}, "hub.auth.key-file: FILE: a PRIVATE KEY is not a public key; the private one belongs to the issuer of the tokens alone"},
		{"no PEM", Options{KeyFile: write(secret)}, "hub.auth.key-file: FILE: no PEM block in it"},
		{"short key", Options{KeyFile: file(t, publicPEM(t, &short.PublicKey))}, "hub.auth.key-file: FILE: an RSA key of 1024 bits is too short, 2048 are the least"},
		{"no set", Options{JWKSFile: write("hunter2")}, "hub.auth.jwks-file: FILE: not a JSON Web Key Set"},
		{"empty set", Options{JWKSFile: write(`{"keys":[]}`)}, "hub.auth.jwks-file: FILE: no key in the set can verify tokens"},
		{"secret in a set", Options{JWKSFile: write(`{"keys":[{"kty":"oct","k":"aHVudGVyMg"}]}`)}, "hub.auth.jwks-file: FILE: key 1: a secret or private key; only public keys belong here"},
		{"huge file", Options{KeyFile: write(strings.Repeat("x", maxKeyFile+1))}, "hub.auth.key-file: FILE: 1048577 bytes are no key"},
		{"no address", Options{URL: "localhost:8000/auth"}, "hub.auth.url: is not an http or https address"},
		{"password in the address", Options{URL: "http://u:hunter2@localhost/"}, "hub.auth.url: holds a password, which would end up in logs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.o)
			list, ok := errors.AsType[diag.List](err)
			if !ok || len(list) != 1 {
				t.Fatalf("got %v, want one diagnostic", err)
			}
			want := tt.want
			for _, path := range []string{tt.o.SecretFile, tt.o.KeyFile, tt.o.JWKSFile} {
				if path != "" {
					want = strings.ReplaceAll(want, "FILE", path)
				}
			}
			if list[0].Message != want {
				t.Errorf("got  %s\nwant %s", list[0].Message, want)
			}
			if text := fmt.Sprintf("%+v", list[0]); strings.Contains(text, "hunter2") || strings.Contains(text, secret) {
				t.Errorf("the secret is in %s", text)
			}
		})
	}
}

func TestAMistakeStandsWhereTheFileHasTheKey(t *testing.T) {
	locate := func(key string) diag.Diagnostic {
		return diag.Diagnostic{Path: "realtimectl.yaml", Line: 7, Excerpt: key}
	}
	_, err := New(Options{Required: true, Locate: locate})
	want := diag.List{{Severity: diag.Error, Source: "auth", Path: "realtimectl.yaml", Line: 7, Excerpt: "required", Message: "hub.auth.required: there is no way to find out who a client is", Hint: "name secret-file, secret-env, key-file, jwks-file or url"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithoutConfigurationEverybodyIsLetIn(t *testing.T) {
	c := newChecker(t, Options{})
	if diff := cmp.Diff(verdict{}, check(t, c, viaAuth("x"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
