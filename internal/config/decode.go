package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/nearest"
)

// decoder fills structs from nodes. It goes on after a mistake, so that a user sees
// all of them at once.
type decoder struct {
	positions map[string]position // of every key that was given, by its path
	mistakes  []*mistake
}

func (d *decoder) fail(m *mistake) { d.mistakes = append(d.mistakes, m) }

// value sets v, the value of the key at path, from n. A key without a value counts
// as not given: its entries may all be commented out.
func (d *decoder) value(path string, n *node, v reflect.Value, f reflect.StructField) {
	if n.kind == nullKind {
		return
	}
	switch t := v.Type(); {
	case isScalar(t):
		d.scalar(path, n, v, f)
	case t == reflect.TypeFor[json.RawMessage]():
		d.raw(n, v)
	case t == reflect.TypeFor[[]Backend]():
		d.named(path, n, v)
	case t == reflect.TypeFor[Words]() && n.kind != listKind:
		d.list(path, &node{kind: listKind, at: n.at, items: []*node{n}}, v, f)
	case t.Kind() == reflect.Struct:
		d.section(path, n, v)
	case t.Kind() == reflect.Map:
		d.table(path, n, v, f)
	default:
		d.list(path, n, v, f)
	}
}

func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return false
	}
	return fromText(t)
}

func (d *decoder) expect(path string, n *node, want kind) bool {
	if n.kind == want {
		return true
	}
	hint := ""
	if want == listKind && n.kind != mapKind {
		hint = fmt.Sprintf("write it as a list: [ %s ]", n.text)
	}
	d.fail(failf(n.at, hint, "%s must be %s, not %s", path, want, n.kind))
	return false
}

// section fills a struct. Keys that begin with "x-" are the user's own.
func (d *decoder) section(path string, n *node, v reflect.Value) {
	if !d.expect(or(path, "the file"), n, mapKind) {
		return
	}
	known := map[string]int{}
	names := []string{}
	for i := range v.NumField() {
		if name := keyName(v.Type().Field(i)); name != "" {
			known[name] = i
			names = append(names, name)
		}
	}
	for _, f := range n.fields {
		i, ok := known[f.key]
		switch {
		case strings.HasPrefix(f.key, "x-"):
		case !ok:
			d.unknown(path, f, names)
		default:
			at := join(path, f.key)
			d.positions[at] = valuePlace(f)
			d.value(at, f.value, v.Field(i), v.Type().Field(i))
		}
	}
}

// valuePlace points at the value where there is one on the key's own line, else at
// the key: the first line of a nested block says less than its name.
func valuePlace(f field) position {
	if f.value.at.line == f.at.line && f.value.kind != mapKind && f.value.kind != listKind {
		return f.value.at
	}
	return f.at
}

func (d *decoder) unknown(path string, f field, names []string) {
	hint := "known keys: " + strings.Join(names, ", ")
	if near := nearest.To(f.key, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if owner := ownerOf(f.key); owner != "" && owner != join(path, f.key) {
		hint = fmt.Sprintf("did you mean %s?", owner)
	}
	d.fail(failf(f.at, hint, "unknown key %q%s", f.key, within(path)))
}

// ownerOf returns the full path of a key that exists elsewhere under this name, if
// just one does: the key is then most likely indented wrongly.
func ownerOf(name string) string {
	found := ""
	for _, k := range Keys() {
		if k.Path != name && !strings.HasSuffix(k.Path, "."+name) {
			continue
		}
		if found != "" {
			return ""
		}
		found = k.Path
	}
	return found
}

func within(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func (d *decoder) scalar(path string, n *node, v reflect.Value, f reflect.StructField) {
	if n.kind == listKind || n.kind == mapKind {
		d.fail(failf(n.at, "", "%s must be %s, not %s", path, wanted(v.Type()), n.kind))
		return
	}
	if m := wrongKind(path, n, v.Type()); m != nil {
		d.fail(m)
		return
	}
	err := setText(v, f, n.text)
	if err == nil {
		return
	}
	hint := ""
	var bad *enumError
	if errors.As(err, &bad) {
		if near := nearest.To(bad.text, bad.allowed); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	d.fail(failf(n.at, hint, "%s: %s", path, strings.TrimPrefix(err.Error(), "read: ")))
}

// wrongKind refuses what YAML reads as something else than the key means: a bare
// true is no name, and "yes" is no truth.
func wrongKind(path string, n *node, t reflect.Type) *mistake {
	switch {
	case t.Kind() == reflect.Bool && n.kind != boolKind:
		hint := ""
		switch strings.ToLower(n.text) {
		case "yes", "on", "y":
			hint = "write true"
		case "no", "off", "n":
			hint = "write false"
		}
		return failf(n.at, hint, "%s must be true or false, not %q", path, n.text)
	case t.Kind() == reflect.String && n.kind == boolKind:
		return failf(n.at, "put it in quotes if it is text", "%s must be text, not %s", path, n.text)
	case t.Kind() == reflect.Int && n.kind != numberKind:
		return failf(n.at, "", "%s must be a whole number, not %q", path, n.text)
	}
	return nil
}

func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Addr]():
		return "host:port, a port, or false"
	case t == reflect.TypeFor[Size]():
		return "a size such as 16KiB"
	case t == reflect.TypeFor[time.Duration]():
		return "a time such as 10s"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "text"
}

func (d *decoder) raw(n *node, v reflect.Value) {
	out, err := n.json()
	var m *mistake
	if errors.As(err, &m) {
		d.fail(m)
		return
	}
	v.SetBytes(out)
}

// list fills a slice: of texts, of JSON values, or of structs.
func (d *decoder) list(path string, n *node, v reflect.Value, f reflect.StructField) {
	if !d.expect(path, n, listKind) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		at, elem := fmt.Sprintf("%s[%d]", path, i), v.Index(i)
		d.positions[at] = item.at
		if item.kind == nullKind && elem.Type() != reflect.TypeFor[json.RawMessage]() {
			d.fail(failf(item.at, "remove it, or fill it in", "%s is empty", at))
			continue
		}
		switch elem.Kind() {
		case reflect.Struct:
			d.element(at, item, elem)
		case reflect.Slice:
			d.raw(item, elem)
		default:
			d.value(at, item, elem, f)
		}
	}
}

// element fills one struct of a list or table, defaults first.
func (d *decoder) element(path string, n *node, v reflect.Value) {
	applyDefaults(v)
	if key := v.FieldByName("Key"); key.IsValid() {
		key.SetString(path)
	}
	d.section(path, n, v)
}

// named fills []Backend from a mapping by name, in file order.
func (d *decoder) named(path string, n *node, v reflect.Value) {
	if !d.expect(path, n, mapKind) {
		return
	}
	for _, f := range n.fields {
		if strings.HasPrefix(f.key, "x-") {
			continue
		}
		at := join(path, f.key)
		d.positions[at] = f.at
		elem := reflect.New(v.Type().Elem()).Elem()
		elem.FieldByName("Name").SetString(f.key)
		if f.value.kind == nullKind {
			d.fail(failf(f.at, "add run: COMMAND, url: URL or store: FILE", "%s is empty", at))
			continue
		}
		d.element(at, f.value, elem)
		v.Set(reflect.Append(v, elem))
	}
}

// table fills a map whose keys the user chooses.
func (d *decoder) table(path string, n *node, v reflect.Value, f reflect.StructField) {
	if !d.expect(path, n, mapKind) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range n.fields {
		at := join(path, entry.key)
		d.positions[at] = valuePlace(entry)
		elem := reflect.New(v.Type().Elem()).Elem()
		if _, ok := elem.Addr().Interface().(encoding.TextUnmarshaler); !ok && entry.value.kind == boolKind {
			entry.value.kind = textKind // NAME: true in an environment is the text "true"
		}
		d.value(at, entry.value, elem, f)
		v.SetMapIndex(reflect.ValueOf(entry.key), elem)
	}
}
