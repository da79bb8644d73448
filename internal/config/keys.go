package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Key describes one key that has a fixed name: not those inside lists and inside
// mappings whose names the user chooses.
type Key struct {
	Path    string   // "serve.strict-port"
	Doc     string   // one sentence
	Default string   // text form; "" for none
	Enum    []string // the only values allowed; nil for any
	Env     string   // the variable that sets it; "" for a key that only the file can set

	index []int // of the field, from Config
}

// Keys returns every key with a fixed name, in the order of the file.
func Keys() []Key {
	return appendKeys(nil, reflect.TypeFor[Config](), "", nil)
}

func appendKeys(keys []Key, t reflect.Type, prefix string, index []int) []Key {
	for i := range t.NumField() {
		f := t.Field(i)
		name := keyName(f)
		if name == "" {
			continue
		}
		path, at := prefix+name, append(slices.Clone(index), i)
		if isSection(f.Type) {
			keys = appendKeys(keys, f.Type, path+".", at)
			continue
		}
		k := Key{Path: path, Doc: f.Tag.Get("doc"), Default: defaultText(f), Enum: enum(f), index: at}
		if fromText(f.Type) {
			k.Env = envName(path)
		}
		keys = append(keys, k)
	}
	return keys
}

func defaultText(f reflect.StructField) string {
	text := f.Tag.Get("default")
	if text == "" && f.Type.Kind() == reflect.Bool {
		return "false"
	}
	return text
}

// keyName returns the key of a field; "" for one that is no key.
func keyName(f reflect.StructField) string {
	name := f.Tag.Get("yaml")
	if name == "-" {
		return ""
	}
	return name
}

func enum(f reflect.StructField) []string {
	if list := f.Tag.Get("enum"); list != "" {
		return strings.Split(list, ",")
	}
	return nil
}

// isSection tells a struct with keys of its own from one with a text form.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !hasTextForm(t)
}

func hasTextForm(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fromText reports whether one line of text can set a value of the type.
func fromText(t reflect.Type) bool {
	if hasTextForm(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return false
}

func envName(path string) string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))
}

// EnvPrefix begins the name of every environment variable that is ours.
const EnvPrefix = "REALTIMECTL_"

// applyDefaults sets every field of the struct that has a default tag.
func applyDefaults(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if keyName(f) == "" {
			continue
		}
		if isSection(f.Type) {
			applyDefaults(v.Field(i))
			continue
		}
		text := f.Tag.Get("default")
		if text == "" {
			continue
		}
		if err := setText(v.Field(i), f, text); err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", f.Name, err)) // a mistake in this package
		}
	}
}

// setText sets a field from one line of text; lists are separated by commas.
func setText(v reflect.Value, f reflect.StructField, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		return nil
	}
	switch v.Interface().(type) {
	case time.Duration:
		return setDuration(v, text)
	case bool:
		return setBool(v, text)
	case int:
		return setInt(v, f, text)
	case string:
		return setString(v, f, text)
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(splitList(text)).Convert(v.Type()))
		return nil
	}
	return fmt.Errorf("cannot be set from text")
}

func splitList(text string) []string {
	list := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func setDuration(v reflect.Value, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a time such as 500ms, 10s or 2m", text)
	}
	v.SetInt(int64(d))
	return nil
}

func setBool(v reflect.Value, text string) error {
	switch text {
	case "true", "1":
		v.SetBool(true)
	case "false", "0":
		v.SetBool(false)
	default:
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

func setInt(v reflect.Value, f reflect.StructField, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	limit := int64(1 << 40)
	if tag := f.Tag.Get("max"); tag != "" {
		if limit, err = strconv.ParseInt(tag, 10, 64); err != nil {
			return fmt.Errorf("tag max of %s: %w", f.Name, err)
		}
	}
	if n < 0 || int64(n) > limit {
		return fmt.Errorf("%d is not between 0 and %d", n, limit)
	}
	v.SetInt(int64(n))
	return nil
}

func setString(v reflect.Value, f reflect.StructField, text string) error {
	if allowed := enum(f); allowed != nil && !slices.Contains(allowed, text) {
		return &enumError{text: text, allowed: allowed}
	}
	v.SetString(text)
	return nil
}

// enumError is a value that is not one of the few allowed.
type enumError struct {
	text    string
	allowed []string
}

func (e *enumError) Error() string {
	return fmt.Sprintf("%q is not one of %s", e.text, strings.Join(e.allowed, ", "))
}

// Text returns the value of a key as one line: texts as they are, everything else as
// [Config.JSON] has it.
func (c *Config) Text(k Key) string {
	v := reflect.ValueOf(c).Elem().FieldByIndex(k.index)
	switch x := v.Interface().(type) {
	case string:
		return x
	case time.Duration:
		return durationText(x)
	case fmt.Stringer:
		return x.String()
	}
	return string(c.JSON(k))
}

// Section is one of the mappings at the top of the file.
type Section struct {
	Name string // "serve"
	Doc  string
	Keys []Key   // with whole paths
	Of   []Table // the elements of its lists and mappings
}

// Sections returns all keys and tables, section by section.
func Sections() []Section {
	var sections []Section
	for i := range reflect.TypeFor[Config]().NumField() {
		f := reflect.TypeFor[Config]().Field(i)
		if name := keyName(f); name != "" {
			sections = append(sections, Section{Name: name, Doc: f.Tag.Get("doc")})
		}
	}
	in := func(path string) *Section {
		name, _, _ := strings.Cut(path, ".")
		return &sections[slices.IndexFunc(sections, func(s Section) bool { return s.Name == name })]
	}
	for _, k := range Keys() {
		s := in(k.Path)
		s.Keys = append(s.Keys, k)
	}
	for _, t := range Tables() {
		s := in(t.Path)
		s.Of = append(s.Of, t)
	}
	return sections
}

// Table describes what one element of a list or of a mapping by name may hold.
type Table struct {
	Path string // "backends.NAME", "hub.relays[]"
	Doc  string
	Keys []Key // their paths are the names inside the element
}

// Tables returns the elements of all lists and mappings that have keys of their own.
func Tables() []Table {
	var tables []Table
	for _, k := range Keys() {
		t := reflect.TypeFor[Config]().FieldByIndex(k.index).Type
		if !isStructs(t) {
			continue
		}
		path := k.Path + "[]"
		if t == reflect.TypeFor[[]Backend]() {
			path = k.Path + ".NAME"
		}
		tables = append(tables, Table{Path: path, Doc: k.Doc, Keys: appendKeys(nil, t.Elem(), "", nil)})
	}
	return tables
}
