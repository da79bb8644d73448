package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// parseJSON reads JSON, keys in their order. The error is a *jsonError.
func parseJSON(data []byte) (gulp.Value, error) {
	data = withoutBOM(data)
	dec := json.NewDecoder(bytes.NewReader(data))
	v, err := decodeValue(dec)
	if err == nil {
		if _, extra := dec.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("something follows the value")
		}
	}
	if err == nil {
		return v, nil
	}
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	return nil, &jsonError{offset: int(at), err: err}
}

// jsonError is a mistake in JSON, and where it is.
type jsonError struct {
	offset int
	err    error
}

func (e *jsonError) Error() string { return e.err.Error() }

func decodeValue(dec *json.Decoder) (gulp.Value, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		return decodeObject(dec)
	case json.Delim('['):
		list := []gulp.Value{}
		for dec.More() {
			v, err := decodeValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return tok, nil
}

func decodeObject(dec *json.Decoder) (gulp.Value, error) {
	o := newObject()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeValue(dec)
		if err != nil {
			return nil, err
		}
		set(o, fmt.Sprint(key), v)
	}
	numbersFirst(o)
	_, err := dec.Token()
	return o, err
}

// numbersFirst orders keys as JavaScript does: indexes first, by their number.
func numbersFirst(o *gulp.Object) {
	index := func(key string) int {
		n, err := strconv.ParseUint(key, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != key {
			return -1
		}
		return int(n)
	}
	slices.SortStableFunc(o.Keys, func(a, b string) int {
		x, y := index(a), index(b)
		switch {
		case x >= 0 && y >= 0:
			return x - y
		case x >= 0:
			return -1
		case y >= 0:
			return 1
		}
		return 0
	})
}

// stringify is JSON.stringify.
func stringify(v gulp.Value, indent string) []byte {
	var b bytes.Buffer
	writeJSON(&b, v, indent, "\n")
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, v gulp.Value, indent, newLine string) {
	inner := newLine + indent
	if indent == "" {
		inner, newLine = "", ""
	}
	switch v := v.(type) {
	case *gulp.Object:
		colon := ":"
		if indent != "" {
			colon = ": "
		}
		writeList(b, "{", "}", inner, newLine, v.Keys, func(key string) bool {
			if _, isFunc := v.Get(key).(*gulp.Func); isFunc {
				return false
			}
			writeString(b, key)
			b.WriteString(colon)
			writeJSON(b, v.Get(key), indent, inner)
			return true
		})
	case []gulp.Value:
		writeList(b, "[", "]", inner, newLine, v, func(e gulp.Value) bool {
			writeJSON(b, e, indent, inner)
			return true
		})
	case string:
		writeString(b, v)
	case float64:
		text, err := json.Marshal(v + 0) // of the two zeros, the one without a sign
		if err != nil {
			text = []byte("null") // infinite
		}
		b.Write(text)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	default:
		b.WriteString("null")
	}
}

// writeList writes elements between brackets; write returns false for one that it leaves
// out, before it has written anything.
func writeList[E any](b *bytes.Buffer, open, end, inner, outer string, list []E, write func(E) bool) {
	b.WriteString(open)
	n := 0
	for _, e := range list {
		at := b.Len()
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(inner)
		if !write(e) {
			b.Truncate(at)
			continue
		}
		n++
	}
	if n > 0 {
		b.WriteString(outer)
	}
	b.WriteString(end)
}

// writeString quotes as JavaScript does: nothing is escaped for HTML.
func writeString(b *bytes.Buffer, s string) {
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	text := strings.TrimSuffix(quoted.String(), "\n")
	b.WriteString(strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(text))
}

// deepMerge is lodash's merge: objects and arrays are merged, anything else replaces what
// was there, if it is something.
func deepMerge(a, b gulp.Value) gulp.Value {
	switch b := b.(type) {
	case nil:
		return a
	case *gulp.Object:
		out := merged(object(a), nil)
		for _, key := range b.Keys {
			if v := deepMerge(out.Get(key), b.Get(key)); v != nil || !has(out, key) {
				set(out, key, v)
			}
		}
		numbersFirst(out)
		return out
	case []gulp.Value:
		before, _ := a.([]gulp.Value)
		out := slices.Clone(before)
		for i, v := range b {
			if i < len(out) {
				out[i] = deepMerge(out[i], v)
				continue
			}
			out = append(out, v)
		}
		return out
	}
	return b
}

// parseYAML reads a YAML object, keys in their order.
func parseYAML(data []byte) (*gulp.Object, error) {
	var m yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.UseOrderedMap()); err != nil {
		return nil, yamlErrorOf(err)
	}
	return object(fromYAML(m)), nil
}

// yamlError says where something is no YAML object.
type yamlError struct {
	line, column int // from 1; 0 = it is the whole
	message      string
}

func yamlErrorOf(err error) *yamlError {
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) && at.GetToken() != nil {
		return &yamlError{at.GetToken().Position.Line, at.GetToken().Position.Column, at.GetMessage()}
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return &yamlError{message: message}
}

func (e *yamlError) Error() string { return "the settings are no YAML object: " + e.message }

func fromYAML(v any) gulp.Value {
	switch v := v.(type) {
	case yaml.MapSlice:
		o := newObject()
		for _, item := range v {
			set(o, fmt.Sprint(item.Key), fromYAML(item.Value))
		}
		numbersFirst(o)
		return o
	case []any:
		list := make([]gulp.Value, len(v))
		for i, e := range v {
			list[i] = fromYAML(e)
		}
		return list
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case nil, bool, string, float64:
		return v
	}
	return fmt.Sprint(v)
}
