package store

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// idAlphabet is Crockford's base 32 in lower case: it sorts as its values do and has no
// letters that are mistaken for each other.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// An id is 9 characters of time and 8 of chance: 45 bits of milliseconds last until the
// year 3084, 40 random bits keep ids from being guessed one from another.
const (
	idTime   = 9
	idRandom = 8
)

// idSource makes ids that sort in the order they were made.
type idSource struct {
	last int64 // milliseconds in the last id; never given out twice
}

func (s *idSource) next(now time.Time) string {
	s.last = max(now.UnixMilli(), s.last+1)
	var chance [8]byte
	_, _ = rand.Read(chance[:]) // documented never to fail
	id := make([]byte, 0, idTime+idRandom)
	id = appendBase32(id, uint64(s.last), idTime)
	return string(appendBase32(id, binary.BigEndian.Uint64(chance[:]), idRandom))
}

// appendBase32 appends the low digits of n, the highest first.
func appendBase32(b []byte, n uint64, digits int) []byte {
	for shift := 5 * (digits - 1); shift >= 0; shift -= 5 {
		b = append(b, idAlphabet[n>>shift&31])
	}
	return b
}
