package relay

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// source is where the value of a template comes from.
type source string

const (
	fromCapture source = "on"
	fromArg     source = "arg"
	fromArgs    source = "args"
	fromAll     source = "*"
	fromID      source = "id"
	fromEvent   source = "event"
	fromNS      source = "ns"
	fromAuth    source = "auth"
	fromUser    source = "user"
	fromRooms   source = "rooms"
)

// place is what a template stands in; it decides which values make sense.
type place uint8

const (
	inEmit place = iota
	inRoom       // to, join, leave
	inArgs       // args, ack
)

// maxArgument bounds the N of $N in args: more arguments than that is a mistake.
const maxArgument = 32

// value is one '$' of a template.
type value struct {
	source source
	n      int      // fromCapture, fromArg: which one, from 0
	path   []string // members and indices to go down
}

// part is a stretch of a template: a value, or text where source is "".
type part struct {
	text string
	value
}

// template is parsed text with values in it.
type template []part

// literal returns the text of a template that has no value.
func (t template) literal() (string, bool) {
	switch {
	case len(t) == 0:
		return "", true
	case len(t) == 1 && t[0].source == "":
		return t[0].text, true
	}
	return "", false
}

func (t template) uses(s source) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.source == s })
}

// parseTemplate reads text with '$' values.
func parseTemplate(text string, in place, wild int) (template, error) {
	var t template
	literal := ""
	for text != "" {
		before, after, found := strings.Cut(text, "$")
		literal += before
		if !found {
			break
		}
		if strings.HasPrefix(after, "$") {
			literal, text = literal+"$", after[1:]
			continue
		}
		if literal != "" {
			t, literal = append(t, part{text: literal}), ""
		}
		v, rest, err := parseValue(after, in, wild)
		if err != nil {
			return nil, err
		}
		t, text = append(t, part{value: v}), rest
	}
	if literal != "" {
		t = append(t, part{text: literal})
	}
	return t, nil
}

// parseValue reads what stands behind a '$' and returns the text behind that.
func parseValue(text string, in place, wild int) (value, string, error) {
	word, rest, err := cutWord(text, in)
	if err != nil {
		return value{}, "", err
	}
	v, err := makeValue(strings.Split(word, "."), in)
	if err != nil {
		return value{}, "", fmt.Errorf("$%s: %w", word, err)
	}
	if v.source == fromCapture && v.n >= wild {
		return value{}, "", fmt.Errorf("$%s: on has %s", word, wildcards(wild))
	}
	return v, rest, nil
}

func wildcards(n int) string {
	switch n {
	case 0:
		return "no * to take it from"
	case 1:
		return "only one *"
	}
	return fmt.Sprintf("only %d *", n)
}

// cutWord splits "user.id!" into "user.id" and "!", and "{user.id}!" likewise.
func cutWord(text string, in place) (word, rest string, err error) {
	if strings.HasPrefix(text, "{") {
		word, rest, found := strings.Cut(text[1:], "}")
		if !found {
			return "", "", errors.New("\"${\" without \"}\"")
		}
		return word, rest, nil
	}
	if strings.HasPrefix(text, "*") {
		return "*", text[1:], nil
	}
	end := wordEnd(text)
	if end == 0 {
		return "", "", errors.New("a single \"$\": write \"$$\" for a dollar")
	}
	// A path goes on while a '.' has something behind it; behind a capture the '.' is text.
	capture := in != inArgs && isNumber(text[:end])
	for !capture && end < len(text) && text[end] == '.' {
		more := wordEnd(text[end+1:])
		if more == 0 {
			break
		}
		end += 1 + more
	}
	return text[:end], text[end:], nil
}

// wordEnd returns the length of the name or number text begins with.
func wordEnd(text string) int {
	number := text != "" && '0' <= text[0] && text[0] <= '9'
	for i, c := range text {
		digit := '0' <= c && c <= '9'
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !digit && (number || !letter) {
			return i
		}
	}
	return len(text)
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// valueNames are the words a '$' may begin; the short numbers come on top.
func valueNames() []string {
	return []string{"id", "event", "ns", "auth", "user", "rooms", "args", "on"}
}

// makeValue turns the dotted words behind a '$' into a value that makes sense there.
func makeValue(words []string, in place) (value, error) {
	if slices.Contains(words, "") {
		return value{}, errors.New("an empty name")
	}
	head, path := words[0], words[1:]
	if isNumber(head) {
		words = append([]string{"args"}, words...)
		if in != inArgs {
			words[0] = "on"
		}
		return makeValue(words, in)
	}
	v := value{source: source(head), path: path}
	switch {
	case head == "on":
		return v.numbered(fromCapture, maxCaptures, in)
	case head == "args" && len(path) > 0:
		return v.numbered(fromArg, maxArgument, in)
	case head != "*" && !slices.Contains(valueNames(), head):
		return v, &unknownError{what: "value", word: head, known: valueNames()}
	}
	return v, v.check(in)
}

// numbered reads the number behind "on" and "args".
func (v value) numbered(s source, limit int, in place) (value, error) {
	if len(v.path) == 0 {
		return v, errors.New("a number must follow, as in $on.1")
	}
	n, err := strconv.Atoi(v.path[0])
	if err != nil || n < 1 || n > limit {
		return v, fmt.Errorf("a number from 1 to %d is expected", limit)
	}
	v = value{source: s, n: n - 1, path: v.path[1:]}
	return v, v.check(in)
}

// check refuses values that make no sense, or harm, where they stand.
func (v value) check(in place) error {
	pathless := v.source != fromArg && v.source != fromAuth && v.source != fromUser
	switch {
	case len(v.path) > 0 && pathless:
		return errors.New("it has no members; write ${…} around it if text follows")
	case in == inArgs:
		return nil
	case v.source == fromAll, v.source == fromArgs, v.source == fromRooms:
		return errors.New("a list has no place in a name")
	case in == inEmit && (v.source == fromArg || v.source == fromAuth):
		return errors.New("the sender would choose the event's name freely; take captures of on")
	}
	return nil
}

// raw returns the JSON text of a value; nil when there is none.
func (v value) raw(s *scope) ([]byte, error) {
	switch v.source {
	case fromArg:
		args, err := s.split()
		if err != nil || v.n >= len(args) {
			return nil, err
		}
		return rawjson.Lookup(args[v.n], v.path), nil
	case fromAuth:
		return rawjson.Lookup(s.auth(), v.path), nil
	case fromUser:
		return rawjson.Lookup(s.user(), v.path), nil
	}
	return nil, nil
}

// text returns a value that is plain text already; false when it is JSON.
func (v value) text(s *scope) (string, bool) {
	switch v.source {
	case fromCapture:
		return s.match.captures[v.n], true
	case fromID:
		return s.id(), true
	case fromEvent:
		return s.match.event, true
	case fromNS:
		return s.match.namespace, true
	}
	return "", false
}

// appendName appends a template as a name.
func (t template) appendName(dst []byte, s *scope) ([]byte, error) {
	for _, p := range t {
		if p.source == "" {
			dst = append(dst, p.text...)
			continue
		}
		if text, ok := p.value.text(s); ok {
			dst = append(dst, text...)
			continue
		}
		raw, err := p.raw(s)
		if err != nil {
			return dst, err
		}
		text, ok := scalar(raw)
		if !ok {
			return dst, s.refuse(codeName, "a value for a name is missing or neither text nor a number")
		}
		dst = append(dst, text...)
	}
	return dst, nil
}

// scalar returns a JSON string or number as text.
func scalar(raw []byte) (string, bool) {
	switch {
	case len(raw) == 0:
		return "", false
	case raw[0] == '"':
		return rawjson.Unquote(raw)
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return string(raw), true
	}
	return "", false
}
