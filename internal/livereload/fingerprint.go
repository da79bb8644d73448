package livereload

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"
)

const (
	// missing is the fingerprint of what is not served.
	missing = "-"
	// fingerprintSize is enough to tell contents of one path apart; pages send them back,
	// and a page may show hundreds of files.
	fingerprintSize = 6 // bytes, 8 characters
	// maxFingerprinted bounds what is read for one.
	maxFingerprinted = 32 << 20 // bytes
	// maxFingerprints bounds how many are kept.
	maxFingerprints = 20000
)

// fingerprints tells whether what is served under a path is what it was, also between
// two runs of the server.
type fingerprints struct {
	served fs.FS // nil: nothing is known

	mu    sync.Mutex // guards known; held for map access only
	known map[string]fingerprint
}

type fingerprint struct {
	size  int64
	mtime time.Time
	text  string
}

// of returns the fingerprint of a URL path: "" if nothing can be known, missing if
// nothing is served there.
func (f *fingerprints) of(urlPath string) string {
	if f.served == nil {
		return ""
	}
	name := strings.TrimPrefix(urlPath, "/")
	if !fs.ValidPath(name) {
		return missing
	}
	file, err := f.served.Open(name)
	if err != nil {
		return missing
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return missing
	}
	return f.read(name, file, info)
}

func (f *fingerprints) read(name string, file fs.File, info fs.FileInfo) string {
	f.mu.Lock()
	known, ok := f.known[name]
	f.mu.Unlock()
	// A file written within the last tick of the clock may change without a new time.
	settled := time.Since(info.ModTime()) > time.Second
	if ok && settled && known.size == info.Size() && known.mtime.Equal(info.ModTime()) {
		return known.text
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(file, maxFingerprinted)); err != nil {
		return missing
	}
	text := base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:fingerprintSize])
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= maxFingerprints {
		clear(f.known)
	}
	f.known[name] = fingerprint{size: info.Size(), mtime: info.ModTime(), text: text}
	return text
}
