package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

const (
	// defaultLeeway forgives clocks that are not quite right.
	defaultLeeway = 30 * time.Second
	// maxToken bounds a token's bytes before anything looks at it; what issuers make
	// stays below 8 KiB because it must fit into a header.
	maxToken = 16 << 10
)

// tokens checks JSON Web Tokens.
type tokens struct {
	keys     keySource
	options  []jwt.ParserOption
	required bool
	rooms    string // claim, or ""
}

// newTokens returns nil if no key is configured.
func newTokens(o *Options) (*tokens, error) {
	keys, err := newKeys(o)
	if keys == nil || err != nil {
		return nil, err
	}
	if o.Leeway == 0 {
		o.Leeway = defaultLeeway
	}
	t := &tokens{keys: keys, required: o.Required, rooms: o.RoomsClaim}
	t.options = []jwt.ParserOption{
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(o.Leeway),
		jwt.WithStrictDecoding(),
	}
	if o.Issuer != "" {
		t.options = append(t.options, jwt.WithIssuer(o.Issuer))
	}
	if o.Audience != "" {
		t.options = append(t.options, jwt.WithAudience(o.Audience))
	}
	return t, nil
}

func (t *tokens) check(_ context.Context, r Request) (Identity, error) {
	token := findToken(r)
	switch {
	case token == "" && t.required:
		return Identity{}, &Refusal{Message: "authentication required", Reason: "no token"}
	case token == "":
		return Identity{}, nil
	case len(token) > maxToken:
		return Identity{}, &Refusal{Message: "invalid token", Reason: "token too long"}
	}
	keys := t.keys()
	var claims claims
	options := append([]jwt.ParserOption{jwt.WithValidMethods(keys.methods)}, t.options...)
	parsed, err := jwt.ParseWithClaims(token, &claims, keys.find, options...)
	if err != nil {
		return Identity{}, explain(err)
	}
	if parsed.Header["crit"] != nil {
		// RFC 7515, section 4.1.11: what a token calls critical must be understood.
		return Identity{}, &Refusal{Message: "invalid token", Reason: "the token asks for an extension that is not known"}
	}
	id := Identity{User: claims.raw, Expires: claims.checked.Exp.Time}
	if t.rooms == "" {
		return id, nil
	}
	rooms, err := roomsOf(claims.raw, t.rooms)
	id.Rooms = rooms
	return id, err
}

// claims keeps the text of the claims beside those that are checked: decoding them
// would round large numbers. A sub that is a number, as PHP libraries wrote it for
// years, is not looked at.
type claims struct {
	raw     json.RawMessage
	checked struct {
		Exp, Nbf *jwt.NumericDate
		Iss      string
		Aud      jwt.ClaimStrings
	}
}

// GetExpirationTime returns exp; with the next five it makes a jwt.Claims.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.checked.Exp, nil }

// GetNotBefore returns nbf.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return c.checked.Nbf, nil }

// GetIssuedAt returns nothing: when a token was made does not matter.
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer returns iss.
func (c *claims) GetIssuer() (string, error) { return c.checked.Iss, nil }

// GetSubject returns nothing: any subject will do.
func (c *claims) GetSubject() (string, error) { return "", nil }

// GetAudience returns aud.
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return c.checked.Aud, nil }

// UnmarshalJSON reads the registered claims and keeps the text.
func (c *claims) UnmarshalJSON(text []byte) error {
	if err := rawjson.Valid(text, maxDepth); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	if len(text) == 0 || text[0] != '{' {
		return errors.New("claims: not an object")
	}
	c.raw = append(json.RawMessage(nil), text...)
	if err := json.Unmarshal(text, &c.checked); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	return nil
}

// findToken looks where clients put tokens.
func findToken(r Request) string {
	if raw := rawjson.Lookup(r.Auth, []string{"token"}); raw != nil {
		if token, ok := rawjson.Unquote(raw); ok && token != "" {
			return bearer(token)
		}
	}
	if header := r.Header.Get("Authorization"); hasBearer(header) {
		return bearer(header)
	}
	if token := r.Query.Get("token"); token != "" {
		return token
	}
	return r.Query.Get("access_token")
}

const bearerPrefix = "Bearer "

func hasBearer(text string) bool {
	return len(text) > len(bearerPrefix) && strings.EqualFold(text[:len(bearerPrefix)], bearerPrefix)
}

// bearer takes the word off that some pages send along with the token.
func bearer(text string) string {
	if hasBearer(text) {
		text = text[len(bearerPrefix):]
	}
	return strings.TrimSpace(text)
}

// explain turns a parser's error, which may quote the token, into fixed words.
func explain(err error) *Refusal {
	for _, known := range []struct {
		is              error
		message, reason string
	}{
		{jwt.ErrTokenMalformed, "invalid token", "not a JSON Web Token"},
		{jwt.ErrTokenUnverifiable, "invalid token", "no key fits the token"},
		{jwt.ErrTokenSignatureInvalid, "invalid token", "wrong signature or algorithm"},
		{jwt.ErrTokenExpired, "token expired", "token expired"},
		{jwt.ErrTokenNotValidYet, "token not valid yet", "token not valid yet"},
		{jwt.ErrTokenRequiredClaimMissing, "invalid token", "a claim is missing: exp, or the configured iss or aud"},
		{jwt.ErrTokenInvalidIssuer, "invalid token", "other issuer"},
		{jwt.ErrTokenInvalidAudience, "invalid token", "other audience"},
	} {
		if errors.Is(err, known.is) {
			return &Refusal{Message: known.message, Reason: known.reason}
		}
	}
	return &Refusal{Message: "invalid token", Reason: "claims not usable"}
}

// roomsOf reads a claim that is a string or a list of strings.
func roomsOf(claims json.RawMessage, name string) ([]string, error) {
	raw := rawjson.Lookup(claims, []string{name})
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	if room, ok := rawjson.Unquote(raw); ok {
		return []string{room}, nil
	}
	var rooms []string
	if err := json.Unmarshal(raw, &rooms); err != nil {
		return nil, fmt.Errorf("the claim %q is not a list of rooms", name)
	}
	return rooms, nil
}
