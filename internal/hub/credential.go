package hub

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// credential is the token of a control endpoint.
type credential struct {
	sum  [sha256.Size]byte // hashed, so that a comparison tells no length
	some bool              // false: there is no token, and nobody has it
}

func newCredential(token string) credential {
	return credential{sum: sha256.Sum256([]byte(token)), some: token != ""}
}

// fits reports whether a request carries the token; it compares in constant time.
func (c *credential) fits(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	same := subtle.ConstantTimeCompare(sum[:], c.sum[:]) == 1
	return c.some && same && strings.EqualFold(scheme, "Bearer")
}
