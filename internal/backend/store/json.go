package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// object is a JSON object with its members in the order they were written; values are
// kept as text, so that numbers lose no digit.
type object []field

type field struct {
	name  string
	value json.RawMessage
	at    int // offset of the value in the text that was parsed
}

// mistake is valid JSON of the wrong shape, with the offset of the place.
type mistake struct {
	at      int
	message string
}

func (m *mistake) Error() string { return m.message }

// parseObject reads one JSON object that makes up the whole of data.
func parseObject(data []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := open(d, '{', "an object"); err != nil {
		return nil, err
	}
	obj := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if obj.index(name) >= 0 {
			return nil, &mistake{int(d.InputOffset()), fmt.Sprintf("the member %q is there twice", name)}
		}
		value, at, err := next(d)
		if err != nil {
			return nil, err
		}
		obj = append(obj, field{name, value, at})
	}
	return obj, end(d)
}

// parseArray reads one JSON array; the fields of the result have no name.
func parseArray(data []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := open(d, '[', "an array"); err != nil {
		return nil, err
	}
	var items object
	for d.More() {
		value, at, err := next(d)
		if err != nil {
			return nil, err
		}
		items = append(items, field{"", value, at})
	}
	return items, end(d)
}

func open(d *json.Decoder, want json.Delim, what string) error {
	got, err := d.Token()
	if err != nil {
		return err
	}
	if got != want {
		return &mistake{0, "must be " + what}
	}
	return nil
}

func next(d *json.Decoder) (json.RawMessage, int, error) {
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return nil, 0, err
	}
	return value, int(d.InputOffset()) - len(value), nil
}

// end reads the closing bracket and refuses anything after it.
func end(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &mistake{int(d.InputOffset()), "there is something after the end"}
	}
	return nil
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(f field) bool { return f.name == name })
}

// get returns the value of a member as text, nil if there is none.
func (o object) get(name string) json.RawMessage {
	if i := o.index(name); i >= 0 {
		return o[i].value
	}
	return nil
}

// without returns the members that none of the names names.
func (o object) without(names ...string) object {
	kept := make(object, 0, len(o))
	for _, f := range o {
		if !slices.Contains(names, f.name) {
			kept = append(kept, f)
		}
	}
	return kept
}

// merged applies a JSON Merge Patch (RFC 7396, section 2). Members keep their places,
// new ones come last.
func (o object) merged(patch object) (object, error) {
	result := slices.Clone(o)
	for _, p := range patch {
		i := result.index(p.name)
		if string(p.value) == "null" {
			result = result.without(p.name)
			continue
		}
		var old json.RawMessage
		if i >= 0 {
			old = result[i].value
		}
		value, err := mergedValue(old, p.value)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			result = append(result, field{name: p.name, value: value})
			continue
		}
		result[i].value = value
	}
	return result, nil
}

func mergedValue(old, patch json.RawMessage) (json.RawMessage, error) {
	if patch[0] != '{' {
		return patch, nil
	}
	p, err := parseObject(patch)
	if err != nil {
		return nil, err
	}
	base := object{}
	if len(old) > 0 && old[0] == '{' {
		if base, err = parseObject(old); err != nil {
			return nil, err
		}
	}
	result, err := base.merged(p)
	if err != nil {
		return nil, err
	}
	return result.compact(), nil
}

// compact returns the object as one line of JSON.
func (o object) compact() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quoted(f.name))
		b.WriteByte(':')
		// The value was parsed, so it is valid and Compact cannot fail.
		_ = json.Compact(&b, f.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quoted returns a string as JSON, with '<' and '&' left as they are: the answers are
// typed as JSON and never sniffed.
func quoted(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string into memory: cannot fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// scalar returns the text by which a value is compared: a string without its quotes,
// anything else as it is written.
func scalar(value json.RawMessage) string {
	if len(value) == 0 || value[0] != '"' {
		return string(value)
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return string(value)
	}
	return s
}
