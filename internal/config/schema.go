package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schema returns the JSON Schema of realtimectl.yaml, for editors. It is made from the
// same structs and tags that the parser reads.
func Schema() ([]byte, error) {
	root := object(reflect.TypeFor[Config]())
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = FileName
	root.Description = "Configuration of realtimectl."
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return text, nil
}

// object describes a struct. Keys that begin with "x-" are free.
func object(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           map[string]*jsonschema.Schema{},
		PatternProperties:    map[string]*jsonschema.Schema{"^x-": {}},
		AdditionalProperties: nothing(),
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if name := keyName(f); name != "" {
			s.Properties[name] = property(f)
			s.PropertyOrder = append(s.PropertyOrder, name)
		}
	}
	return s
}

// nothing is the schema that no value satisfies.
func nothing() *jsonschema.Schema {
	return &jsonschema.Schema{Not: &jsonschema.Schema{}}
}

func property(f reflect.StructField) *jsonschema.Schema {
	s := ofType(f.Type)
	s.Description = f.Tag.Get("doc")
	for _, word := range enum(f) {
		s.Enum = append(s.Enum, word)
	}
	if text := f.Tag.Get("default"); text != "" {
		s.Default = defaultValue(f.Type, text)
	}
	return s
}

func defaultValue(t reflect.Type, text string) json.RawMessage {
	if t.Kind() == reflect.Bool || t.Kind() == reflect.Int {
		return json.RawMessage(text)
	}
	return json.RawMessage(quoteJSON(text))
}

func ofType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[Addr]():
		return &jsonschema.Schema{Types: []string{"string", "integer", "boolean"}}
	case reflect.TypeFor[Size]():
		return &jsonschema.Schema{Types: []string{"string", "integer"}}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	case reflect.TypeFor[Words]():
		texts := &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string"}}
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, texts}}
	case reflect.TypeFor[[]Backend]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: object(reflect.TypeFor[Backend]())}
	}
	return ofKind(t)
}

func ofKind(t reflect.Type) *jsonschema.Schema {
	switch t.Kind() {
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int:
		return &jsonschema.Schema{Type: "integer", Minimum: jsonschema.Ptr(0.0)}
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: ofType(t.Elem())}
	case reflect.Map:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: tableValue(t.Elem())}
	case reflect.Struct:
		return object(t)
	}
	return &jsonschema.Schema{Type: "string"}
}

// tableValue is the value of a table: NAME: true and NAME: 1 are texts there too.
func tableValue(t reflect.Type) *jsonschema.Schema {
	if t.Kind() == reflect.String {
		return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
	}
	return ofType(t)
}
