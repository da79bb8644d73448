package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Options say where a store lives. File is required.
type Options struct {
	// File is the JSON file. It need not exist if Schemas names the collections.
	File string
	// Path is the URL prefix, "/api" by default.
	Path string
	// Schemas maps a collection to its JSON Schema file. A collection named here
	// exists even if the file does not hold it yet.
	Schemas map[string]string
	// OnEvent is called once a write is on disk, before it is answered, with "create",
	// "update" or "delete" and the record (as it was, for delete). Calls come one at a
	// time, in the order of the writes. It must not write to the store.
	OnEvent func(action, collection string, record json.RawMessage)
	// MaxBytes bounds the file; 0 means 16 MiB. A write beyond it is a 507.
	MaxBytes int64
	// Log gets what happens; nil discards it.
	Log *slog.Logger
}

// Store serves one file. It is an [http.Handler], safe for concurrent use, and has
// nothing to close.
type Store struct {
	file     string
	prefix   string
	maxBytes int64
	onEvent  func(action, collection string, record json.RawMessage)
	log      *slog.Logger

	turn sync.Mutex // serialises writers, their event included; taken before mu

	mu      sync.Mutex // guards the file and what follows
	current snapshot
	ids     idSource
	schemas map[string]*schema
	told    string // the failure that was logged last
}

// Open reads the file and compiles the schemas. A mistake in one of them is a
// [diag.List] with its place.
func Open(o Options) (*Store, error) {
	s := &Store{
		file:     o.File,
		prefix:   "/" + strings.Trim(o.Path, "/"),
		maxBytes: cmp.Or(o.MaxBytes, defaultMaxBytes),
		onEvent:  o.OnEvent,
		log:      o.Log,
		schemas:  map[string]*schema{},
	}
	if o.Path == "" {
		s.prefix = "/api"
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if target, err := filepath.EvalSymlinks(o.File); err == nil {
		s.file = target // a rename would put a file in the place of the link
	}
	for collection, file := range o.Schemas {
		s.schemas[collection] = &schema{file: file}
		if _, err := s.schemas[collection].compiled(); err != nil {
			return nil, err
		}
	}
	if _, err := s.read(); err != nil {
		return nil, err
	}
	if err := s.missing(); err != nil {
		return nil, err
	}
	return s, nil
}

// missing refuses a store that could never hold anything: no file and no collection.
func (s *Store) missing() error {
	if len(s.current.doc.members) > 0 || len(s.schemas) > 0 || s.current.info != nil {
		return nil
	}
	return diag.List{{
		Source: "store", Path: s.file, Message: "there is no such file",
		Hint: `create it with the collections it shall hold, such as {"jobs": []}`,
	}}
}

// read returns the records as the file has them now.
func (s *Store) read() (document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh()
}

// edit is one write: it gets the records of a collection and returns them changed,
// together with the record that the write is about.
type edit func(records []record) ([]record, record, error)

// write applies an edit, puts the file on disk and tells it to OnEvent.
func (s *Store) write(action, collection string, change edit) (record, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	rec, err := s.commit(collection, change)
	if err != nil {
		return record{}, err
	}
	s.log.Debug(fmt.Sprintf("%s %s/%s", action, collection, rec.id),
		"event", "store."+action, "collection", collection, "id", rec.id)
	if s.onEvent != nil {
		s.onEvent(action, collection, rec.raw)
	}
	return rec, nil
}

func (s *Store) commit(collection string, change edit) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, err := s.refresh()
	if err != nil {
		return record{}, err
	}
	records, ok := doc.collection(collection)
	if !ok {
		return record{}, noCollection(doc, collection)
	}
	records, rec, err := change(records)
	if err != nil {
		return record{}, err
	}
	return rec, s.save(doc.with(collection, records))
}

// ServeHTTP answers a request under the prefix; any other path is a 404.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.serve(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer.send(w, r)
}

// fail answers an error: a problem as it is, a mistake in one of the project's files
// as a 503 that tells its place.
func (s *Store) fail(w http.ResponseWriter, r *http.Request, err error) {
	if p, ok := errors.AsType[*problem](err); ok {
		p.reply().send(w, r)
		return
	}
	s.tell(err)
	detail := err.Error()
	if list, ok := errors.AsType[diag.List](err); ok && list[0].Hint != "" {
		detail += "; " + list[0].Hint
	}
	newProblem(http.StatusServiceUnavailable, "%s", detail).reply().send(w, r)
}

// tell logs what keeps the store from working, once until it changes or works again:
// a page may ask many times a second.
func (s *Store) tell(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told == err.Error() {
		return
	}
	s.told = err.Error()
	attrs := []any{"event", "store.failed", "file", s.file}
	if list, ok := errors.AsType[diag.List](err); ok {
		attrs = append(attrs, "diagnostics", list)
	}
	s.log.Error("the store cannot work: "+err.Error(), attrs...)
}
