package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// setKey is one key of a set, with the one algorithm it is for.
type setKey struct {
	id     string
	key    any
	method string
}

// setKeys reads a JSON Web Key Set (RFC 7517). Keys of kinds that cannot verify
// tokens are passed over, as section 5 asks; secrets and private keys have no place
// in a set that is there to verify.
func setKeys(text []byte) (keys, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(text, &set); err != nil {
		return keys{}, errors.New("not a JSON Web Key Set")
	}
	var all keySet
	var k keys
	for i, entry := range set.Keys {
		key, ok, err := readSetKey(entry)
		if err != nil {
			return keys{}, fmt.Errorf("key %d: %w", i+1, err)
		}
		if ok {
			all = append(all, key)
			k.methods = append(k.methods, key.method)
		}
	}
	if len(all) == 0 {
		return keys{}, errors.New("no key in the set can verify tokens")
	}
	k.find = all.find
	return k, nil
}

// readSetKey returns false for a key to pass over.
func readSetKey(entry jwkset.JWKMarshal) (setKey, bool, error) {
	if entry.KTY == jwkset.KtyOct || entry.K != "" || entry.D != "" {
		return setKey{}, false, errors.New("a secret or private key; only public keys belong here")
	}
	verifies := entry.KTY == jwkset.KtyRSA || entry.KTY == jwkset.KtyEC || entry.KTY == jwkset.KtyOKP && entry.CRV == jwkset.CrvEd25519
	if !verifies || entry.USE == jwkset.UseEnc {
		return setKey{}, false, nil
	}
	entry.X5U = "" // the key itself is here; nothing is fetched
	jwk, err := jwkset.NewJWKFromMarshal(entry, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if errors.Is(err, jwkset.ErrUnsupportedKey) {
		return setKey{}, false, nil
	}
	if err != nil {
		return setKey{}, false, fmt.Errorf("not usable: %w", err)
	}
	method, err := methodOf(jwk.Key())
	if err != nil {
		return setKey{}, false, err
	}
	// An RSA key serves six algorithms; the set may name another than RS256.
	rsa := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	if named := string(entry.ALG); entry.KTY == jwkset.KtyRSA && slices.Contains(rsa, named) {
		method = named
	}
	return setKey{id: entry.KID, key: jwk.Key(), method: method}, true, nil
}

type keySet []setKey

// find returns the key that a token names, or, if it names none, all that are for its
// algorithm.
func (s keySet) find(token *jwt.Token) (any, error) {
	id, named := token.Header["kid"].(string)
	var fit jwt.VerificationKeySet
	for _, k := range s {
		if k.method == token.Method.Alg() && (!named || k.id == id) {
			fit.Keys = append(fit.Keys, k.key)
		}
	}
	if len(fit.Keys) == 0 {
		return nil, errors.New("no such key")
	}
	return fit, nil
}
