// Package auth decides who a client is when it connects to a namespace.
//
// There are two ways, of which a project takes at most one:
//
//   - A JSON Web Token that the project's back-end has signed. It is looked for as
//     auth.token in the Socket.IO CONNECT payload, then in the header Authorization:
//     Bearer, then as token or access_token in the query. Its claims become the user.
//   - A question to the back-end, by HTTP, at each connect; see [Options].URL. It sees
//     what the client gave and its cookies, and answers whether to let it in, as whom,
//     and into which rooms.
//
// The question and its answers:
//
//	POST /realtime/auth
//	Cookie, Authorization: as the client sent them, so that session middleware applies
//
//	{"namespace": "/", "auth": {…}, "query": {…}, "headers": {"cookie": "…", "x-forwarded-for": "…"}, "address": "203.0.113.7:52100"}
//
//	200 {"allow": true, "user": {"id": 7}, "rooms": ["team-3"]}
//	200 {"allow": false, "message": "log in first", "data": {…}}
//	401 or 403, with or without {"message": …}
//
// auth is what the client gave on connecting, query the parameters of its handshake,
// headers those by which a back-end may know it. Without user the client is let in as
// nobody in particular. Any other answer, a redirect, and silence count as no answer.
//
// What always holds:
//
//   - The algorithm follows from the configured key, never from the token: "none"
//     and the public key taken for an HMAC secret have no way in.
//   - A token must have an expiry, be within it, and name the issuer and audience that
//     are configured. A token that is present and wrong is refused, also where none is
//     required.
//   - No key, token or cookie appears in an error or a [Refusal].
//   - A back-end that does not answer lets nobody in.
//
// A [Checker] may be used by any number of goroutines.
package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// Options says how clients are recognised. The zero value asks nobody anything:
// every client is let in without a user.
type Options struct {
	// Required refuses clients that bring no token. With URL the back-end decides.
	Required bool

	// SecretFile and SecretEnv name a file or an environment variable with the secret
	// of HS256 tokens, 32 bytes at least.
	SecretFile, SecretEnv string
	// KeyFile is a PEM file with a public key or certificate: RS256 for an RSA key,
	// ES256, ES384 or ES512 for an elliptic one by its size, EdDSA for Ed25519.
	KeyFile string
	// JWKSFile is a JSON Web Key Set with public keys.
	JWKSFile string
	// Issuer and Audience are the iss and aud a token must have; "" = any.
	Issuer, Audience string
	// RoomsClaim names a claim with a room or a list of rooms the client is put into.
	RoomsClaim string
	// Leeway is how far the clocks of issuer and hub may differ. Default 30 s.
	Leeway time.Duration

	// URL is asked by POST at each connect; the package comment has the form. It excludes
	// the keys for tokens above.
	URL string
	// Timeout bounds the question. Default 5 s.
	Timeout time.Duration

	// Getenv reads SecretEnv. Default os.Getenv.
	Getenv func(string) string
	// Locate returns a diagnostic with the place of a key of hub.auth, such as
	// "secret-file". nil: nothing is known.
	Locate func(key string) diag.Diagnostic
}

// Request is what is known of a client that connects.
type Request struct {
	Namespace string
	Auth      json.RawMessage // CONNECT payload, checked JSON; nil = none
	Header    http.Header     // of the handshake
	Query     url.Values      // of the handshake
	Address   string          // where the connection comes from, as host:port or host
}

// Identity is who a client was found to be.
type Identity struct {
	User    json.RawMessage // the token's claims, or the back-end's word; nil = nobody in particular
	Rooms   []string        // to put the client into
	Expires time.Time       // when the token ends; zero = never
}

// Refusal is the error for a client that is not let in.
type Refusal struct {
	Message string          // for the client
	Data    json.RawMessage // for the client as well; nil = none
	Reason  string          // for the log: fixed words, nothing the client sent
}

// Error returns the message for the client.
func (r *Refusal) Error() string { return r.Message }

// Checker decides about clients.
type Checker struct {
	check func(context.Context, Request) (Identity, error)
	close func()
}

// New reads keys and returns a Checker. The error is a [diag.List].
func New(o Options) (*Checker, error) {
	if o.Locate == nil {
		o.Locate = func(string) diag.Diagnostic { return diag.Diagnostic{} }
	}
	tokens, err := newTokens(&o)
	if err != nil {
		return nil, err
	}
	switch {
	case o.URL != "" && tokens != nil:
		return nil, o.fail("url", errors.New("stands beside a key for tokens"), "either tokens are checked here, or the back-end is asked; take one of the keys away")
	case o.URL != "":
		return newCallback(&o)
	case tokens != nil:
		return &Checker{check: tokens.check, close: func() {}}, nil
	case o.Required:
		return nil, o.fail("required", errors.New("there is no way to find out who a client is"), "name secret-file, secret-env, key-file, jwks-file or url")
	}
	return &Checker{check: anybody, close: func() {}}, nil
}

func anybody(context.Context, Request) (Identity, error) { return Identity{}, nil }

// Check decides about one client. A *[Refusal] keeps it out with a message; any other
// error means that it could not be decided, which must keep it out as well, and
// belongs in the log and not to the client.
func (c *Checker) Check(ctx context.Context, r Request) (Identity, error) {
	id, err := c.check(ctx, r)
	if err != nil {
		return Identity{}, err
	}
	if err := id.validate(); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// Close lets go of idle connections to the back-end. Questions that are under way end
// by their contexts.
func (c *Checker) Close() { c.close() }

// fail makes the error of a configuration key.
func (o *Options) fail(key string, err error, hint string) error {
	d := o.Locate(key)
	d.Severity, d.Source, d.Hint = diag.Error, "auth", hint
	d.Message = fmt.Sprintf("hub.auth.%s: %s", key, err)
	return diag.List{d}
}

const (
	// maxDepth bounds the nesting of a user, like that of an event.
	maxDepth = 64
	// maxUser bounds the bytes of a user: it is kept as long as the client stays.
	maxUser = 16 << 10
	// maxRooms bounds the rooms a client starts in.
	maxRooms = 256
	// maxRoomLength bounds a room's name in bytes, as the relay rules do.
	maxRoomLength = 256
)

// validate looks at what the hub is going to keep and hand on: the issuer of a token
// and the back-end are trusted to name a user, not to be free of mistakes.
func (id *Identity) validate() error {
	if string(id.User) == "null" {
		id.User = nil
	}
	if len(id.User) > maxUser {
		return fmt.Errorf("the user has %d bytes, %d are allowed", len(id.User), maxUser)
	}
	if id.User != nil {
		if err := rawjson.Valid(id.User, maxDepth); err != nil {
			return fmt.Errorf("the user is not usable JSON: %w", err)
		}
	}
	if len(id.Rooms) > maxRooms {
		return fmt.Errorf("%d rooms were given, %d are allowed", len(id.Rooms), maxRooms)
	}
	for _, room := range id.Rooms {
		if !usable(room) {
			return errors.New("a room's name is empty, too long or not printable")
		}
	}
	return nil
}

func usable(room string) bool {
	if room == "" || len(room) > maxRoomLength || !utf8.ValidString(room) {
		return false
	}
	for _, c := range room {
		if unicode.IsControl(c) {
			return false
		}
	}
	return true
}
