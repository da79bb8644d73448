package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// document is what a file holds. It is never changed once made: a write makes another.
type document struct {
	members []member
}

// member is one member of the file's object: a collection, or anything else that a
// person keeps there, which is preserved and not served.
type member struct {
	name       string
	collection bool
	records    []record
	raw        json.RawMessage
}

// record is one record of a collection, parsed once.
type record struct {
	id     string
	fields object
	raw    json.RawMessage // the fields on one line
}

func newRecord(id string, fields object) record {
	return record{id: id, fields: fields, raw: fields.compact()}
}

// collection returns the records of a collection in the order of their creation.
func (d document) collection(name string) ([]record, bool) {
	for _, m := range d.members {
		if m.name == name && m.collection {
			return m.records, true
		}
	}
	return nil, false
}

// collections returns the names of the collections in the order of the file.
func (d document) collections() []string {
	var names []string
	for _, m := range d.members {
		if m.collection {
			names = append(names, m.name)
		}
	}
	return names
}

// with returns a document in which a collection holds these records.
func (d document) with(name string, records []record) document {
	members := slices.Clone(d.members)
	i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
	if i < 0 {
		return document{append(members, member{name: name, collection: true, records: records})}
	}
	members[i] = member{name: name, collection: true, records: records}
	return document{members}
}

// encode returns the document as a person reads it: indented, with a last newline.
func (d document) encode() ([]byte, error) {
	root := make(object, len(d.members))
	for i, m := range d.members {
		root[i] = field{name: m.name, value: m.raw}
		if m.collection {
			root[i].value = encodeList(m.records)
		}
	}
	var b bytes.Buffer
	if err := json.Indent(&b, root.compact(), "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// encodeList returns records as one JSON array on one line.
func encodeList(records []record) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, r := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.raw)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// parseDocument reads a file. An error is a [diag.List] with one place in it.
func parseDocument(path string, data []byte) (document, error) {
	doc, err := decode(data)
	if err == nil {
		return doc, nil
	}
	at := len(data)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(syntax.Offset) - 1
	}
	if shape, ok := errors.AsType[*mistake](err); ok {
		at = shape.at
	}
	line, column := place(data, at)
	return document{}, diag.List{{
		Source: "store", Path: path, Line: line, Column: column,
		Message: err.Error(), Excerpt: diag.Excerpt(data, line, column),
		Hint: "mend the file; until then it is neither served nor overwritten",
	}}
}

// place turns an offset into a line and a column, both from 1, in characters.
func place(data []byte, at int) (line, column int) {
	before := string(data[:max(0, min(at, len(data)))])
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

func decode(data []byte) (document, error) {
	// The whole text first: the errors of a part would count from the part's start.
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return document{}, err
	}
	root, err := parseObject(data)
	if err != nil {
		return document{}, err
	}
	var doc document
	for _, f := range root {
		m, err := decodeMember(f)
		if err != nil {
			return document{}, err
		}
		doc.members = append(doc.members, m)
	}
	return doc, nil
}

// decodeMember takes an array of objects for a collection and keeps the rest as it is.
func decodeMember(f field) (member, error) {
	m := member{name: f.name, raw: f.value}
	if f.value[0] != '[' {
		return m, nil
	}
	items, err := parseArray(f.value)
	if err != nil {
		return member{}, err
	}
	m.collection = true
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		rec, err := decodeRecord(item.value)
		if err == nil && seen[rec.id] {
			err = fmt.Errorf("the id %q is there twice", rec.id)
		}
		if err != nil {
			return member{}, &mistake{f.at + item.at, fmt.Sprintf("%s[%d]: %v", f.name, i, err)}
		}
		seen[rec.id] = true
		m.records = append(m.records, rec)
	}
	return m, nil
}

func decodeRecord(data json.RawMessage) (record, error) {
	fields, err := parseObject(data)
	if err != nil {
		return record{}, err
	}
	id := fields.get("id")
	switch {
	case id == nil:
		return record{}, errors.New(`the record has no "id"`)
	case strings.IndexByte(`"-0123456789`, id[0]) < 0, scalar(id) == "":
		return record{}, errors.New(`the "id" must be a string or a number`)
	}
	return newRecord(scalar(id), fields), nil
}
