package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// YAML returns the whole configuration as a realtimectl.yaml that says the same. With
// origin a comment behind each value names where it came from, and the first line what
// kind of project it is.
//
// keys, if there are any, are the only ones that are printed: each stands for itself and
// for what lies below it.
func (c *Config) YAML(origin bool, keys ...string) string {
	p := printer{config: c, origin: origin}
	if len(keys) > 0 {
		p.only = func(key string) bool { return slices.ContainsFunc(keys, func(k string) bool { return Covers(k, key) }) }
	}
	if origin && c.Shape.Name != "" && len(keys) == 0 {
		p.line(0, fmt.Sprintf("# project: %s (%s)", c.Shape.Name, c.Shape.From), "")
	}
	p.section(reflect.ValueOf(c).Elem(), "", 0)
	return p.out.String()
}

// Covers reports whether one key is another, or what lies above it.
func Covers(above, key string) bool { return key == above || strings.HasPrefix(key, above+".") }

// JSON returns the value of a key for machines: addresses, sizes and times in their
// text form, structures with the keys of the file.
func (c *Config) JSON(k Key) json.RawMessage {
	var b bytes.Buffer
	writeValue(&b, reflect.ValueOf(c).Elem().FieldByIndex(k.index), jsonStyle{})
	return b.Bytes()
}

// printer writes the block structure: sections, back-ends by name, lists of rules.
type printer struct {
	config *Config
	origin bool
	// only says which keys are printed; nil prints all. A section without any is left out.
	only func(key string) bool
	out  strings.Builder
}

// originColumn is where the comments begin, if the values leave room.
const originColumn = 44

func (p *printer) line(depth int, text, key string) {
	text = strings.Repeat("  ", depth) + text
	if p.origin && key != "" {
		text = fmt.Sprintf("%-*s  # %s", originColumn, text, p.config.Origin(key))
	}
	p.out.WriteString(text + "\n")
}

func (p *printer) section(v reflect.Value, path string, depth int) {
	for i := range v.NumField() {
		name, field := keyName(v.Type().Field(i)), v.Field(i)
		if name == "" {
			continue
		}
		key := join(path, name)
		switch {
		case !p.wants(field.Type(), key):
		case isSection(field.Type()):
			p.line(depth, name+":", "")
			p.section(field, key, depth+1)
		case field.Type() == reflect.TypeFor[[]Backend]():
			p.backends(field, name)
		case isStructs(field.Type()):
			p.list(field, name, key, depth)
		default:
			p.line(depth, name+": "+yamlValue(field), key)
		}
	}
}

// wants reports whether a key, or one in it, is to be printed.
func (p *printer) wants(t reflect.Type, key string) bool {
	if p.only == nil {
		return true
	}
	if !isSection(t) {
		return p.only(key)
	}
	return slices.ContainsFunc(appendKeys(nil, t, key+".", nil), func(k Key) bool { return p.only(k.Path) })
}

func isStructs(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// list writes one element a line. A list that was not given is left out, because an
// empty one may mean something else.
func (p *printer) list(v reflect.Value, name, key string, depth int) {
	if v.IsNil() {
		return
	}
	if v.Len() == 0 {
		p.line(depth, name+": []", key)
		return
	}
	p.line(depth, name+":", "")
	for i := range v.Len() {
		p.line(depth+1, "- "+yamlValue(v.Index(i)), fmt.Sprintf("%s[%d]", key, i))
	}
}

func (p *printer) backends(v reflect.Value, name string) {
	if v.Len() == 0 {
		p.line(0, name+": {}", name)
		return
	}
	p.line(0, name+":", "")
	for i := range v.Len() {
		b := v.Index(i)
		at := name + "." + b.FieldByName("Name").String()
		p.line(1, b.FieldByName("Name").String()+":", "")
		for j := range b.NumField() {
			if key := keyName(b.Type().Field(j)); key != "" && !b.Field(j).IsZero() {
				p.line(2, key+": "+yamlValue(b.Field(j)), at+"."+key)
			}
		}
	}
}

func yamlValue(v reflect.Value) string {
	var b bytes.Buffer
	writeValue(&b, v, yamlStyle{})
	return b.String()
}

// style is how the parts of a value are written.
type style interface {
	text(s string) string // a text
	key(s string) string  // the key of a mapping, colon included
	pad() string          // between braces or brackets and what is in them
	typed(s string) string
}

type jsonStyle struct{}

func (jsonStyle) text(s string) string  { return quoteJSON(s) }
func (jsonStyle) key(s string) string   { return quoteJSON(s) + ":" }
func (jsonStyle) pad() string           { return "" }
func (jsonStyle) typed(s string) string { return quoteJSON(s) }

type yamlStyle struct{}

// plainPattern is text that YAML takes for text without quotes, in every context.
const plainPattern = `^[A-Za-z_./][A-Za-z0-9_./-]*$`

// typedPattern is the same for values whose text may begin with a digit.
const typedPattern = `^[A-Za-z0-9_./][A-Za-z0-9_.:/-]*$`

func (yamlStyle) text(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", ".inf", ".nan":
		return quoteJSON(s)
	}
	return plainIf(plainPattern, s)
}

func (yamlStyle) key(s string) string   { return plainIf(plainPattern, s) + ": " }
func (yamlStyle) pad() string           { return " " }
func (yamlStyle) typed(s string) string { return plainIf(typedPattern, s) }

func plainIf(pattern, s string) string {
	if regexp.MustCompile(pattern).MatchString(s) {
		return s
	}
	return quoteJSON(s)
}

// quoteJSON returns s as a JSON string, which is a YAML string too.
func quoteJSON(s string) string {
	var b bytes.Buffer
	if err := writeText(&b, s); err != nil {
		return strconv.Quote(s) // cannot happen: every string can be encoded
	}
	return b.String()
}

// writeValue writes a value on one line. Fields of structures that are at their zero
// value are left out.
func writeValue(b *bytes.Buffer, v reflect.Value, s style) {
	switch x := v.Interface().(type) {
	case json.RawMessage:
		b.Write(x)
		return
	case Addr:
		if x.Off {
			b.WriteString("false")
			return
		}
		b.WriteString(s.typed(x.String()))
		return
	case Size:
		b.WriteString(s.typed(x.String()))
		return
	case time.Duration:
		b.WriteString(s.typed(durationText(x)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		b.WriteString(s.text(v.String()))
	case reflect.Slice:
		writeItems(b, v, s)
	case reflect.Map:
		writeTable(b, v, s)
	case reflect.Struct:
		writeFields(b, v, s)
	default:
		fmt.Fprint(b, v.Interface()) // bool and int
	}
}

// durationText is a time without its zero parts: "2m" and not "2m0s".
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func writeItems(b *bytes.Buffer, v reflect.Value, s style) {
	if v.Len() == 0 {
		b.WriteString("[]")
		return
	}
	b.WriteString("[" + s.pad())
	for i := range v.Len() {
		if i > 0 {
			b.WriteString("," + s.pad())
		}
		writeValue(b, v.Index(i), s)
	}
	b.WriteString(s.pad() + "]")
}

func writeTable(b *bytes.Buffer, v reflect.Value, s style) {
	if v.Len() == 0 {
		b.WriteString("{}")
		return
	}
	values := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		values[k.String()] = v.MapIndex(k)
	}
	b.WriteString("{" + s.pad())
	for i, k := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			b.WriteString("," + s.pad())
		}
		b.WriteString(s.key(k))
		writeValue(b, values[k], s)
	}
	b.WriteString(s.pad() + "}")
}

func writeFields(b *bytes.Buffer, v reflect.Value, s style) {
	b.WriteString("{" + s.pad())
	first := true
	for i := range v.NumField() {
		name := keyName(v.Type().Field(i))
		if field := v.Type().Field(i); field.Name == "Name" && name == "" {
			name = "name" // of a back-end: its key in the file
			if _, yaml := s.(yamlStyle); yaml {
				continue
			}
		}
		if name == "" || v.Field(i).IsZero() {
			continue
		}
		if !first {
			b.WriteString("," + s.pad())
		}
		first = false
		b.WriteString(s.key(name))
		writeValue(b, v.Field(i), s)
	}
	b.WriteString(s.pad() + "}")
}
