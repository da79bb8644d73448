package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// schema is the JSON Schema of one collection, compiled anew when its file changes.
type schema struct {
	file string
	snap snapshot // of the schema's file; doc is not used
	rule *jsonschema.Schema
}

// compiled returns the schema as its file has it now, or what is wrong with it.
func (s *schema) compiled() (*jsonschema.Schema, error) {
	info, err := stat(s.file)
	if err != nil {
		return nil, err
	}
	if info == nil {
		return nil, diag.List{{
			Source: "store", Path: s.file, Message: "there is no such schema file",
			Hint: "make it, or take the collection out of schemas in realtimectl.yaml",
		}}
	}
	if !s.snap.unchanged(info) {
		s.snap = snapshot{read: true, info: info}
		s.rule, s.snap.err = compile(s.file)
	}
	return s.rule, s.snap.err
}

// compile reads a schema. References to other files on disk work; none is followed
// over the network.
func compile(file string) (*jsonschema.Schema, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, schemaMistake(file, data, err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", file, err)
	}
	location := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() // a path may hold what a URL may not
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(location, doc); err != nil {
		return nil, schemaMistake(file, nil, err)
	}
	rule, err := c.Compile(location)
	if err != nil {
		return nil, schemaMistake(file, nil, err)
	}
	return rule, nil
}

func schemaMistake(file string, data []byte, err error) diag.List {
	d := diag.Diagnostic{
		Source: "store", Path: file, Message: "is not a JSON Schema: " + err.Error(),
		Hint: "mend the schema; until then nothing can be written to its collection",
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		d.Line, d.Column = place(data, int(syntax.Offset)-1)
		d.Excerpt = diag.Excerpt(data, d.Line, d.Column)
	}
	return diag.List{d}
}

// validate checks what a client sent against the schema of the collection, if any.
// mu is held.
func (s *Store) validate(collection string, content object) error {
	schema, ok := s.schemas[collection]
	if !ok {
		return nil
	}
	rule, err := schema.compiled()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content.compact()))
	if err != nil {
		return newProblem(http.StatusBadRequest, "the body is not a record: %v", err)
	}
	err = rule.Validate(value)
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return fmt.Errorf("validate a record of %s: %w", collection, err)
	}
	found := fieldErrors(failed)
	// The library ranges over maps; a form wants the order in which it was filled in.
	slices.SortStableFunc(found, func(a, b fieldError) int {
		if c := rank(content, a.Field) - rank(content, b.Field); c != 0 {
			return c
		}
		return strings.Compare(a.Pointer+a.Rule, b.Pointer+b.Rule)
	})
	return invalid(found)
}

// rank is the place of a field in the record; what is missing comes last.
func rank(content object, name string) int {
	if i := content.index(name); i >= 0 {
		return i
	}
	return len(content)
}

func invalid(found []fieldError) *problem {
	p := newProblem(http.StatusUnprocessableEntity, "%d fields are not valid", len(found))
	if len(found) == 1 {
		p.Detail = strings.TrimSpace(found[0].Field + " " + found[0].Message)
	}
	p.Errors = found
	return p
}

// fieldErrors flattens the library's tree into one entry for each mistake. Of
// alternatives (anyOf, oneOf, not) only the choice as a whole is reported: the list of
// everything that would have been possible helps nobody at a form.
func fieldErrors(e *jsonschema.ValidationError) []fieldError {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not:
		return []fieldError{at(e.InstanceLocation, e.ErrorKind)}
	case *kind.Required, *kind.AdditionalProperties:
		return memberErrors(e)
	}
	if len(e.Causes) == 0 {
		return []fieldError{at(e.InstanceLocation, e.ErrorKind)}
	}
	var found []fieldError
	for _, cause := range e.Causes {
		found = append(found, fieldErrors(cause)...)
	}
	return found
}

// memberErrors turns one error about several members into one for each.
func memberErrors(e *jsonschema.ValidationError) []fieldError {
	var members []string
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		members = k.Missing
	case *kind.AdditionalProperties:
		members = k.Properties
	}
	var found []fieldError
	for _, name := range members {
		found = append(found, at(append(slices.Clone(e.InstanceLocation), name), e.ErrorKind))
	}
	return found
}

// at describes one mistake at a place in the record.
func at(location []string, k jsonschema.ErrorKind) fieldError {
	f := fieldError{}
	if len(location) > 0 {
		f.Field = location[0]
	}
	for _, part := range location {
		f.Pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
	}
	if path := k.KeywordPath(); len(path) > 0 {
		f.Rule = path[0]
	}
	f.Message, f.Limit = words(k)
	return f
}

// words says a rule in English and returns its limit, for a page that says it itself.
func words(k jsonschema.ErrorKind) (string, any) {
	switch k := k.(type) {
	case *kind.Required:
		return "is required", nil
	case *kind.AdditionalProperties:
		return "is not a field of this collection", nil
	case *kind.Type:
		return "must be " + article(strings.Join(k.Want, " or ")), k.Want
	case *kind.MinLength:
		if k.Want == 1 {
			return "must not be empty", k.Want
		}
		return fmt.Sprintf("must have at least %d characters", k.Want), k.Want
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want), k.Want
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items", k.Want), k.Want
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items", k.Want), k.Want
	case *kind.Enum:
		return "must be one of: " + listed(k.Want), k.Want
	case *kind.Format:
		return "must be a valid " + k.Want, k.Want
	case *kind.Pattern:
		return "does not have the expected form", k.Want
	}
	return bounds(k)
}

// bounds says the rules about numbers, and any other in the library's words.
func bounds(k jsonschema.ErrorKind) (string, any) {
	switch k := k.(type) {
	case *kind.Minimum:
		return "must be at least " + number(k.Want), json.Number(number(k.Want))
	case *kind.Maximum:
		return "must be at most " + number(k.Want), json.Number(number(k.Want))
	case *kind.ExclusiveMinimum:
		return "must be more than " + number(k.Want), json.Number(number(k.Want))
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want), json.Number(number(k.Want))
	case *kind.MultipleOf:
		return "must be a multiple of " + number(k.Want), json.Number(number(k.Want))
	}
	return k.LocalizedString(message.NewPrinter(language.English)), nil
}

// number writes a limit as a decimal, without a fraction of zeros.
func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(12), "0")
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func listed(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
