package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// maxDepth bounds the nesting of literals, and of arguments when they are cut again;
// the hub has checked those against its own, lower limit.
const maxDepth = 1000

// arguments is the template of a list: args or ack.
type arguments []argument

// argument is one element: JSON text cut at its values.
type argument struct {
	spread bool // "$*": all arguments of the event
	pieces []piece
}

// piece is JSON text to be written as it is, or a value.
type piece struct {
	json     string
	value    value // source "" = none
	inString bool  // the value is inserted as text into a JSON string
}

// everything is the template ["$*"].
func everything() arguments { return arguments{{spread: true}} }

// copies reports whether the result is the event's own list, byte by byte.
func (a arguments) copies() bool { return len(a) == 1 && a[0].spread }

func (a arguments) uses(s source) bool {
	for _, arg := range a {
		for _, p := range arg.pieces {
			if p.value.source == s {
				return true
			}
		}
	}
	return false
}

// compileArguments reads a list of literals and templates.
func compileArguments(list []any, wild int) (arguments, error) {
	out := make(arguments, 0, len(list))
	for i, element := range list {
		arg, err := compileArgument(element, wild)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		out = append(out, arg)
	}
	return out, nil
}

func compileArgument(element any, wild int) (argument, error) {
	text, err := encode(element)
	if err != nil {
		return argument{}, err
	}
	if string(text) == `"$*"` {
		return argument{spread: true}, nil
	}
	if err := rawjson.Valid(text, maxDepth); err != nil {
		return argument{}, fmt.Errorf("not a JSON value: %w", err)
	}
	if rawjson.HasPlaceholder(text) {
		return argument{}, errors.New("the key \"_placeholder\" marks binary data and cannot be written here")
	}
	var arg argument
	err = arg.cut(text, wild)
	return arg, err
}

// encode writes a literal as it stands: "<" stays "<".
func encode(element any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(element); err != nil {
		return nil, fmt.Errorf("not a JSON value: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// cut cuts the text of an element at the values in its strings.
func (a *argument) cut(text []byte, wild int) error {
	for {
		start, end, key, found := rawjson.NextString(text)
		if !found {
			a.write(string(text))
			return nil
		}
		quoted := text[start:end]
		if key || bytes.IndexByte(quoted, '$') < 0 {
			a.write(string(text[:end]))
			text = text[end:]
			continue
		}
		a.write(string(text[:start]))
		if err := a.cutString(quoted, wild); err != nil {
			return err
		}
		text = text[end:]
	}
}

// cutString cuts one string; one that is nothing but a value loses its quotes.
func (a *argument) cutString(quoted []byte, wild int) error {
	s, _ := rawjson.Unquote(quoted)
	t, err := parseTemplate(s, inArgs, wild)
	if err != nil {
		return err
	}
	if t.uses(fromAll) {
		return errors.New("\"$*\" must be an element of the list itself; write \"$args\" for all arguments as one array")
	}
	if len(t) == 1 && t[0].source != "" {
		a.pieces = append(a.pieces, piece{value: t[0].value})
		return nil
	}
	a.write(`"`)
	for _, p := range t {
		switch p.source {
		case "":
			a.write(string(rawjson.AppendText(nil, p.text)))
		case fromArgs, fromRooms:
			return errors.New("a list cannot be inserted into a text")
		default:
			a.pieces = append(a.pieces, piece{value: p.value, inString: true})
		}
	}
	a.write(`"`)
	return nil
}

func (a *argument) write(text string) {
	if last := len(a.pieces) - 1; last >= 0 && a.pieces[last].value.source == "" {
		a.pieces[last].json += text
		return
	}
	a.pieces = append(a.pieces, piece{json: text})
}

// append writes the list's elements with commas between them, without brackets.
func (a arguments) append(dst []byte, s *scope) ([]byte, error) {
	start := len(dst)
	for _, arg := range a {
		if arg.spread && len(s.event.Args) == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = arg.append(dst, s); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (a *argument) append(dst []byte, s *scope) ([]byte, error) {
	if a.spread {
		return append(dst, s.event.Args...), nil
	}
	for i := range a.pieces {
		p := &a.pieces[i]
		var err error
		switch {
		case p.value.source == "":
			dst = append(dst, p.json...)
		case p.inString:
			dst, err = p.value.appendText(dst, s)
		default:
			dst, err = p.value.appendJSON(dst, s)
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendJSON appends a value as JSON; a missing one is null.
func (v *value) appendJSON(dst []byte, s *scope) ([]byte, error) {
	if text, ok := v.text(s); ok {
		return rawjson.AppendString(dst, text), nil
	}
	switch v.source {
	case fromArgs:
		return append(append(append(dst, '['), s.event.Args...), ']'), nil
	case fromRooms:
		return s.appendRooms(dst), nil
	}
	raw, err := v.raw(s)
	if raw == nil {
		raw = []byte("null")
	}
	return append(dst, raw...), err
}

// appendText appends a value inside a JSON string.
func (v *value) appendText(dst []byte, s *scope) ([]byte, error) {
	if text, ok := v.text(s); ok {
		return rawjson.AppendText(dst, text), nil
	}
	raw, err := v.raw(s)
	switch {
	case err != nil || len(raw) == 0 || string(raw) == "null":
		return dst, err
	case raw[0] == '"':
		return append(dst, raw[1:len(raw)-1]...), nil
	case raw[0] == '{', raw[0] == '[':
		return dst, s.refuse(codeArgs, "a value to be inserted into a text is a list or an object")
	}
	return append(dst, raw...), nil
}
