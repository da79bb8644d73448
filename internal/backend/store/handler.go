package store

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// timeLayout has a fixed width, so that times sort as text.
const timeLayout = "2006-01-02T15:04:05.000Z"

// method is one thing that can be done to a resource.
type method struct {
	name string
	do   func(*http.Request) (reply, error)
}

func (s *Store) serve(r *http.Request) (reply, error) {
	segments, ok := s.segments(r)
	if !ok {
		return reply{}, newProblem(http.StatusNotFound, "there is nothing at this path")
	}
	var methods []method
	switch len(segments) {
	case 0:
		methods = []method{{http.MethodGet, s.index}}
	case 1:
		methods = s.collectionMethods(segments[0])
	case 2:
		methods = s.recordMethods(segments[0], segments[1])
	default:
		return reply{}, newProblem(http.StatusNotFound, "a path is /collection or /collection/id")
	}
	return dispatch(methods, r)
}

// segments returns the decoded parts of the path after the prefix.
func (s *Store) segments(r *http.Request) ([]string, bool) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), strings.TrimSuffix(s.prefix, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return nil, false
	}
	rest = strings.Trim(rest, "/")
	if rest == "" {
		return nil, true
	}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		name, err := url.PathUnescape(part)
		if err != nil || name == "" {
			return nil, false
		}
		parts[i] = name
	}
	return parts, true
}

func dispatch(methods []method, r *http.Request) (reply, error) {
	name := r.Method
	if name == http.MethodHead {
		name = http.MethodGet
	}
	allow := []string{http.MethodOptions, http.MethodHead}
	for _, m := range methods {
		if m.name == name {
			return m.do(r)
		}
		allow = append(allow, m.name)
	}
	slices.Sort(allow)
	list := strings.Join(allow, ", ")
	if name == http.MethodOptions {
		return reply{status: http.StatusNoContent, header: http.Header{"Allow": {list}}}, nil
	}
	p := newProblem(http.StatusMethodNotAllowed, "%s is not possible here; possible: %s", r.Method, list)
	p.allow = list
	return reply{}, p
}

func (s *Store) collectionMethods(collection string) []method {
	return []method{
		{http.MethodGet, func(r *http.Request) (reply, error) { return s.list(r, collection) }},
		{http.MethodPost, func(r *http.Request) (reply, error) { return s.create(r, collection) }},
	}
}

func (s *Store) recordMethods(collection, id string) []method {
	return []method{
		{http.MethodGet, func(*http.Request) (reply, error) { return s.get(collection, id) }},
		{http.MethodPut, func(r *http.Request) (reply, error) { return s.update(r, collection, id, replaced) }},
		{http.MethodPatch, func(r *http.Request) (reply, error) { return s.update(r, collection, id, object.merged) }},
		{http.MethodDelete, func(r *http.Request) (reply, error) { return s.remove(r, collection, id) }},
	}
}

// index answers which collections there are: what a newcomer sees at /api.
func (s *Store) index(*http.Request) (reply, error) {
	doc, err := s.read()
	if err != nil {
		return reply{}, err
	}
	type entry struct {
		Name  string `json:"name"`
		Path  string `json:"path"`
		Count int    `json:"count"`
	}
	entries := []entry{}
	for _, name := range doc.collections() {
		records, _ := doc.collection(name)
		entries = append(entries, entry{name, s.location(name), len(records)})
	}
	body, err := json.Marshal(map[string][]entry{"collections": entries})
	if err != nil {
		return reply{}, fmt.Errorf("encode the collections: %w", err)
	}
	return jsonReply(http.StatusOK, body), nil
}

func (s *Store) location(parts ...string) string {
	path := strings.TrimSuffix(s.prefix, "/")
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (s *Store) list(r *http.Request, collection string) (reply, error) {
	q, err := parseQuery(r.URL.Query())
	if err != nil {
		return reply{}, err
	}
	doc, err := s.read()
	if err != nil {
		return reply{}, err
	}
	records, ok := doc.collection(collection)
	if !ok {
		return reply{}, noCollection(doc, collection)
	}
	page, total := q.apply(records)
	answer := jsonReply(http.StatusOK, encodeList(page))
	answer.header.Set("X-Total-Count", fmt.Sprint(total))
	if links := q.links(r.URL, total); links != "" {
		answer.header.Set("Link", links)
	}
	return answer, nil
}

func (s *Store) get(collection, id string) (reply, error) {
	doc, err := s.read()
	if err != nil {
		return reply{}, err
	}
	records, ok := doc.collection(collection)
	if !ok {
		return reply{}, noCollection(doc, collection)
	}
	i := find(records, id)
	if i < 0 {
		return reply{}, noRecord(collection, id)
	}
	return jsonReply(http.StatusOK, records[i].raw), nil
}

func find(records []record, id string) int {
	return slices.IndexFunc(records, func(r record) bool { return r.id == id })
}

func (s *Store) create(r *http.Request, collection string) (reply, error) {
	body, err := readBody(r)
	if err != nil {
		return reply{}, err
	}
	rec, err := s.write("create", collection, func(records []record) ([]record, record, error) {
		content := body.without("id", "createdAt", "updatedAt")
		if err := s.validate(collection, content); err != nil {
			return nil, record{}, err
		}
		now := time.Now()
		rec := stamped(quoted(s.ids.next(now)), content, nil, now)
		return append(slices.Clip(records), rec), rec, nil
	})
	if err != nil {
		return reply{}, err
	}
	answer := jsonReply(http.StatusCreated, rec.raw)
	answer.header.Set("Location", s.location(collection, rec.id))
	return answer, nil
}

// stamped puts the fields of the store around those of the client. A createdAt of nil
// means now.
func stamped(id json.RawMessage, content object, createdAt json.RawMessage, now time.Time) record {
	at := quoted(now.UTC().Format(timeLayout))
	if createdAt == nil {
		createdAt = at
	}
	fields := append(object{{name: "id", value: id}}, content...)
	fields = append(fields, field{name: "createdAt", value: createdAt}, field{name: "updatedAt", value: at})
	return newRecord(scalar(id), fields)
}

// replaced is what PUT makes of a record.
func replaced(_, body object) (object, error) { return body, nil }

func (s *Store) update(r *http.Request, collection, id string, combine func(old, body object) (object, error)) (reply, error) {
	body, err := readBody(r)
	if err != nil {
		return reply{}, err
	}
	if given := body.get("id"); given != nil && scalar(given) != id {
		return reply{}, invalid([]fieldError{{"id", "/id", "const", id, "cannot be changed; it is " + id}})
	}
	rec, err := s.write("update", collection, func(records []record) ([]record, record, error) {
		i, err := match(r, records, collection, id)
		if err != nil {
			return nil, record{}, err
		}
		old := records[i].fields
		content, err := combine(old.without("id", "createdAt", "updatedAt"), body.without("id", "createdAt", "updatedAt"))
		if err != nil {
			return nil, record{}, newProblem(http.StatusBadRequest, "the body cannot be merged: %v", err)
		}
		if err := s.validate(collection, content); err != nil {
			return nil, record{}, err
		}
		rec := stamped(old.get("id"), content, old.get("createdAt"), time.Now())
		records = slices.Clone(records)
		records[i] = rec
		return records, rec, nil
	})
	if err != nil {
		return reply{}, err
	}
	return jsonReply(http.StatusOK, rec.raw), nil
}

func (s *Store) remove(r *http.Request, collection, id string) (reply, error) {
	_, err := s.write("delete", collection, func(records []record) ([]record, record, error) {
		i, err := match(r, records, collection, id)
		if err != nil {
			return nil, record{}, err
		}
		gone := records[i]
		return slices.Delete(slices.Clone(records), i, i+1), gone, nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, nil
}

// match finds the record that a request may change: it exists, and it is still the one
// that If-Match, if given, names.
func match(r *http.Request, records []record, collection, id string) (int, error) {
	i := find(records, id)
	if i < 0 {
		return 0, noRecord(collection, id)
	}
	wanted := r.Header.Values("If-Match")
	if len(wanted) > 0 && !names(wanted, etag(records[i].raw)) {
		return 0, newProblem(http.StatusPreconditionFailed, "the record has changed since it was read; read it again")
	}
	return i, nil
}
