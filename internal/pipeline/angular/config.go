package angular

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Setting is one constant or value; Value is JSON.
type Setting struct {
	Name  string
	Value json.RawMessage
}

// ConfigOptions are those of gulp-ng-config that its users set.
type ConfigOptions struct {
	Module   string // the name of the module; required
	Existing bool   // add to a module that exists (createModule: false)
	Values   bool   // .value instead of .constant (type: "value")
	Wrap     bool   // put the whole into a function of its own (wrap: true)
	ES6      bool   // make it an ES module (wrap: "ES6")
	Pretty   int    // spaces of indentation of the JSON; 0 = none
}

// Config returns the script that gives an application its settings, byte for byte as
// gulp-ng-config 1 writes it. Settings keep their order.
func Config(settings []Setting, opts ConfigOptions) ([]byte, error) {
	list := make([]Setting, len(settings))
	for i, s := range settings {
		value, err := format(s.Value, opts.Pretty)
		if err != nil {
			return nil, fmt.Errorf("setting %s: %w", s.Name, err)
		}
		list[i] = Setting{Name: s.Name, Value: json.RawMessage(value)}
	}
	script := string(ConfigScript(list, opts))
	switch {
	case opts.ES6:
		return []byte("import angular from 'angular';\nexport default " + script), nil
	case opts.Wrap:
		return []byte("(function () { \n return " + script + "\n})();\n"), nil
	}
	return []byte(script), nil
}

// ConfigScript returns the script alone, with the values as they are given: neither
// printed anew nor wrapped.
func ConfigScript(settings []Setting, opts ConfigOptions) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "angular.module(\"%s\"", opts.Module)
	if !opts.Existing {
		b.WriteString(", []")
	}
	b.WriteString(")")
	kind := "constant"
	if opts.Values {
		kind = "value"
	}
	for _, s := range settings {
		fmt.Fprintf(&b, "\n.%s(\"%s\", %s)", kind, s.Name, s.Value)
	}
	b.WriteString(";\n")
	return []byte(b.String())
}

// format prints JSON as JSON.stringify would: numbers and strings in their shortest
// form, no space unless indent asks for it. Keys keep their order.
func format(value json.RawMessage, indent int) (string, error) {
	var b bytes.Buffer
	dec := json.NewDecoder(bytes.NewReader(value))
	if err := reprint(&b, dec); err != nil {
		return "", fmt.Errorf("read as JSON: %w", err)
	}
	if indent == 0 {
		return b.String(), nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", strings.Repeat(" ", indent)); err != nil {
		return "", fmt.Errorf("read as JSON: %w", err)
	}
	return out.String(), nil
}

// reprint copies one value.
func reprint(b *bytes.Buffer, dec *json.Decoder) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch tok := tok.(type) {
	case json.Delim:
		return reprintAll(b, dec, tok)
	case string:
		b.WriteString(jsonString(tok))
	case float64:
		text, err := json.Marshal(tok)
		if err != nil {
			return err
		}
		b.Write(text)
	case bool:
		fmt.Fprint(b, tok)
	default:
		b.WriteString("null")
	}
	return nil
}

// reprintAll copies an array or an object whose opening has been read.
func reprintAll(b *bytes.Buffer, dec *json.Decoder, open json.Delim) error {
	b.WriteRune(rune(open))
	for i := 0; dec.More(); i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		if open == '{' {
			if err := reprint(b, dec); err != nil {
				return err
			}
			b.WriteByte(':')
		}
		if err := reprint(b, dec); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if err != nil {
		return err
	}
	b.WriteString(fmt.Sprint(end))
	return nil
}

// jsonString quotes as JSON.stringify does: no escapes for HTML.
func jsonString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
