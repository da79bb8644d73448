package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxNumberLength and maxExponent bound the numbers a schema is asked about. It
// computes with exact fractions, so 1e999999999 would fill the memory.
const (
	maxNumberLength = 100 // characters
	maxExponent     = 400 // above what a float64 holds (308)
)

// defaultSchemaSize bounds the arguments of a rule that has a schema and no max-size,
// in bytes: what a schema looks at must be decoded, at up to 100 ns a byte.
const defaultSchemaSize = 100_000

// loadSchema compiles a JSON Schema file (draft 2020-12 unless it says otherwise).
// References lead to other files only, never to the network.
func loadSchema(dir, name string) (*jsonschema.Schema, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no file %s: %w", name, os.ErrNotExist)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{"file": jsonschema.FileLoader{}})
	c.AssertFormat()
	// A path may hold what a URL may not.
	schema, err := c.Compile((&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainSchemaError(err))
	}
	return schema, nil
}

// plainSchemaError leaves out the absolute file URL the library repeats.
func plainSchemaError(err error) error {
	if invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if bad, ok := errors.AsType[*jsonschema.ValidationError](invalid.Err); ok {
			return errors.New("not a JSON Schema: " + firstCause(bad))
		}
	}
	if load, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return load.Err
	}
	return err
}

// checkSchema holds the event's one argument against a schema; the error's text is
// for the client.
func checkSchema(schema *jsonschema.Schema, args [][]byte) error {
	if len(args) != 1 {
		return errors.New("exactly one argument is expected")
	}
	dec := json.NewDecoder(bytes.NewReader(args[0]))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return errors.New("not JSON")
	}
	if !numbersAreSmall(doc) {
		return errors.New("a number is too large")
	}
	err := schema.Validate(doc)
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return errors.New(firstCause(invalid))
	}
	return err
}

// numbersAreSmall walks a decoded document.
func numbersAreSmall(doc any) bool {
	switch v := doc.(type) {
	case json.Number:
		return isSmall(v.String())
	case []any:
		for _, e := range v {
			if !numbersAreSmall(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range v {
			if !numbersAreSmall(e) {
				return false
			}
		}
	}
	return true
}

func isSmall(number string) bool {
	if len(number) > maxNumberLength {
		return false
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(number[at+1:])
	return err == nil && -maxExponent <= exponent && exponent <= maxExponent
}

// firstCause is one line about the first thing wrong: "/salary: got string, want number".
func firstCause(e *jsonschema.ValidationError) string {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	what := e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	if len(e.InstanceLocation) == 0 {
		return what
	}
	return "/" + strings.Join(e.InstanceLocation, "/") + ": " + what
}
