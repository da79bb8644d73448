package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// defaultMaxBytes bounds the file: each write puts the whole of it on disk, which is no
// longer quick beyond this.
const defaultMaxBytes = 16 << 20

// snapshot is the file as it was last read or written.
type snapshot struct {
	read bool
	info os.FileInfo // nil if there was no file
	doc  document
	err  error // what was wrong with that file
}

// unchanged says whether the file is still the one the snapshot was made from. An
// editor changes the time, the size or, when it renames, the identity.
func (s snapshot) unchanged(info os.FileInfo) bool {
	switch {
	case !s.read:
		return false
	case s.info == nil || info == nil:
		return s.info == nil && info == nil
	}
	return s.info.ModTime().Equal(info.ModTime()) && s.info.Size() == info.Size() && os.SameFile(s.info, info)
}

// refresh returns the records as the file has them, reading it if it has changed.
// mu is held.
func (s *Store) refresh() (document, error) {
	info, err := stat(s.file)
	if err != nil {
		return document{}, err
	}
	if s.current.unchanged(info) {
		return s.current.doc, s.current.err
	}
	again := s.current.read
	s.current = s.load(info)
	if again && s.current.err == nil {
		s.told = ""
		s.log.Info(fmt.Sprintf("%s changed on disk, read again", filepath.Base(s.file)),
			"event", "store.reloaded", "file", s.file)
	}
	return s.current.doc, s.current.err
}

// stat returns nil for a file that is not there.
func stat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	return info, nil
}

// load reads the file; info was taken before, so a change in between is seen next time.
func (s *Store) load(info os.FileInfo) snapshot {
	snap := snapshot{read: true, info: info}
	switch {
	case info == nil:
	case info.IsDir():
		snap.err = diag.List{{Source: "store", Path: s.file, Message: "is a folder, not a JSON file"}}
	case info.Size() > s.maxBytes:
		snap.err = diag.List{{
			Source: "store", Path: s.file,
			Message: fmt.Sprintf("is larger than %d bytes, too large for this store", s.maxBytes),
			Hint:    "use a database behind an API of your own",
		}}
	default:
		snap.doc, snap.err = s.parse()
	}
	if snap.err == nil {
		snap.doc, snap.err = s.withConfigured(snap.doc)
	}
	return snap
}

func (s *Store) parse() (document, error) {
	data, err := os.ReadFile(s.file)
	if err != nil {
		return document{}, fmt.Errorf("read %s: %w", s.file, err)
	}
	return parseDocument(s.file, data)
}

// withConfigured adds the collections that only the options name.
func (s *Store) withConfigured(doc document) (document, error) {
	for _, name := range slices.Sorted(maps.Keys(s.schemas)) {
		if _, ok := doc.collection(name); ok {
			continue
		}
		if slices.ContainsFunc(doc.members, func(m member) bool { return m.name == name }) {
			return document{}, diag.List{{
				Source: "store", Path: s.file, Message: fmt.Sprintf("%q has a schema but is not a list", name),
				Hint: "make it an array of records, or take it out of schemas in realtimectl.yaml",
			}}
		}
		doc = doc.with(name, nil)
	}
	return doc, nil
}

// save puts a document on disk and makes it the current one. mu is held.
func (s *Store) save(doc document) error {
	data, err := doc.encode()
	if err != nil {
		return fmt.Errorf("encode %s: %w", s.file, err)
	}
	if int64(len(data)) > s.maxBytes {
		return newProblem(http.StatusInsufficientStorage, "the store is full: its file may have %d bytes", s.maxBytes)
	}
	mode := os.FileMode(0o644)
	if s.current.info != nil {
		mode = s.current.info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", s.file, err)
	}
	if err := atomicfile.Write(s.file, data, mode); err != nil {
		return err
	}
	info, err := stat(s.file)
	if err != nil {
		return err
	}
	s.current = snapshot{read: true, info: info, doc: doc}
	return nil
}
