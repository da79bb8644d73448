package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// assetsDir is the output folder of all hashed names. A server may cache what it holds
// for ever.
const assetsDir = "assets"

// hashLength of a name, in base32 characters of 5 bits: the same as esbuild's.
const hashLength = 8

// sink holds the output while it is being made.
type sink struct {
	mu    sync.Mutex
	files map[string][]byte // guarded by mu; by slash path
	names map[string]string // guarded by mu; source URL path → output path, for the manifest
	used  map[string]bool   // guarded by mu; absolute sources that are in the output under a hashed name
}

func newSink() *sink {
	return &sink{files: map[string][]byte{}, names: map[string]string{}, used: map[string]bool{}}
}

// put adds a file; source is its name in the manifest, "" for none.
func (s *sink) put(name string, data []byte, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = data
	if source != "" {
		s.names[source] = name
	}
}

func (s *sink) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.files[name]
	return ok
}

// asset adds a source file under a hashed name and returns that name. A file that is
// asked for twice is added once.
func (s *sink) asset(t *tree, file string) (string, error) {
	source := t.url(file)
	s.mu.Lock()
	name, ok := s.names[source]
	s.mu.Unlock()
	if ok {
		return name, nil
	}
	data, err := t.read(file)
	if err != nil {
		return "", err
	}
	name = hashedName(source, data)
	s.put(name, data, source)
	s.mu.Lock()
	s.used[file] = true
	s.mu.Unlock()
	return name, nil
}

// hashedName returns "assets/logo-ABCDEFGH.png" for "img/logo.png". What would mean
// something in an address, a stylesheet or a list of images does not stay in the name.
func hashedName(source string, data []byte) string {
	base := strings.Map(plainRune, path.Base(source))
	ext := path.Ext(base)
	sum := sha256.Sum256(data)
	return assetsDir + "/" + strings.TrimSuffix(base, ext) + "-" + hashText(sum[:]) + ext
}

func plainRune(r rune) rune {
	if r > unicode.MaxASCII || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-~@", r) {
		return r
	}
	return '_'
}

// hashText shortens a hash so that servers can tell it from a word or a number: they must
// not take logo-ORIGINAL.png for a name that never means anything else.
func hashText(sum []byte) string {
	const digits, letters = "234567", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	text := base32.StdEncoding.EncodeToString(sum)
	for at := range len(text) - hashLength {
		if part := text[at : at+hashLength]; strings.ContainsAny(part, digits) && strings.ContainsAny(part, letters) {
			return part
		}
	}
	return text[:hashLength]
}

// paths returns the names of all files, sorted.
func (s *sink) paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

// namer returns a function that reports whether scripts, pages or data of the output
// speak of a file by its base name, so that it must exist under its own name.
func (s *sink) namer() func(string) bool {
	var text bytes.Buffer
	for _, name := range s.paths() {
		switch path.Ext(name) {
		case ".js", ".html", ".htm", ".json", ".webmanifest":
			text.Write(s.files[name])
			text.WriteByte('\n')
		}
	}
	all := text.Bytes()
	return func(name string) bool { return mentions(all, path.Base(name)) }
}

// mentions reports whether text has the name as a whole file name: nothing that could
// be a part of a name stands before or behind it.
func mentions(text []byte, name string) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(name))
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		if !namePart(text, start-1) && !namePart(text, end) {
			return true
		}
		at = end
	}
}

func namePart(text []byte, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
