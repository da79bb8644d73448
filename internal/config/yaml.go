package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile bounds a configuration file, in bytes; real ones have a few thousand.
const maxFile = 256 << 10

// maxNodes bounds the values of a file after its aliases are put in: nested aliases
// otherwise grow without limit ("billion laughs").
const maxNodes = 50_000

// maxDepth bounds how deep values nest; a real file needs less than ten.
const maxDepth = 64

// position is a place in the file; line and column count from 1, the column in
// characters.
type position struct{ line, column int }

// kind is what a value looks like in the file, before any key gives it a meaning.
type kind int

const (
	nullKind kind = iota
	textKind
	numberKind
	boolKind
	listKind
	mapKind
)

func (k kind) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a list", "a mapping"}[k]
}

// node is one value of the file with its aliases resolved.
type node struct {
	kind   kind
	at     position
	text   string  // of a scalar: as meant for text, as written for numbers
	items  []*node // of a list
	fields []field // of a mapping, in file order; a later one of the same key never wins
}

type field struct {
	key   string
	at    position
	value *node
}

// mistake is an error at a place of the file.
type mistake struct {
	at      position
	message string
	hint    string
}

func (m *mistake) Error() string { return m.message }

func failf(at position, hint, format string, args ...any) *mistake {
	return &mistake{at: at, hint: hint, message: fmt.Sprintf(format, args...)}
}

// parseYAML returns the one document of src; nil for an empty one.
func parseYAML(src []byte) (*node, error) {
	if len(src) > maxFile {
		return nil, failf(position{}, "", "the file is bigger than %d KiB", maxFile>>10)
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // some editors begin a file with it
	if m := leadingTab(src); m != nil {
		return nil, m
	}
	tokens := lexer.Tokenize(string(src))
	if m := tooDeep(tokens); m != nil {
		return nil, m
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxMistake(err)
	}
	b := builder{anchors: map[string]ast.Node{}}
	var root *node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			return nil, failf(place(doc.Body), "put everything into the first one", "the file holds more than one document")
		}
		if root, err = b.build(doc.Body, 0); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// leadingTab finds a line indented with a tab, which YAML forbids and whose own
// message ("found character that cannot start any token") helps nobody.
func leadingTab(src []byte) *mistake {
	n := 0
	for line := range bytes.Lines(src) {
		n++
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		at := bytes.IndexByte(indent, '\t')
		if at < 0 || len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		return failf(position{n, at + 1}, "indent with spaces", "a tab indents this line")
	}
	return nil
}

// tooDeep finds brackets and dashes that nest deeper than any real file: the parser
// recurses on them, and its cost grows with the square of the depth.
func tooDeep(tokens token.Tokens) *mistake {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if brackets+dashes > maxDepth {
			return nestsTooDeep(position{line, t.Position.Column})
		}
	}
	return nil
}

func nestsTooDeep(at position) *mistake {
	return failf(at, "", "the values nest too deep (more than %d levels)", maxDepth)
}

func syntaxMistake(err error) error {
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &located) || located.GetToken() == nil {
		return failf(position{}, "", "%s", firstLine(err.Error()))
	}
	p := located.GetToken().Position
	words, hint := plainer(firstLine(located.GetMessage()))
	return failf(position{p.Line, p.Column}, hint, "%s", words)
}

// plainer says what the parser found in the words of somebody who writes the file, and
// what to do. What it does not know stays as it is.
func plainer(message string) (words, hint string) {
	const levels = "keys of one level begin in one column, deeper ones further right; quote a value that holds a colon and a space"
	switch {
	case strings.Contains(message, "sequence end token ']' not found"):
		return "this [ is never closed", "end the list with ]"
	case strings.Contains(message, "could not find flow mapping end token"):
		return "this { is never closed", "end it with }"
	case strings.Contains(message, "could not find end character of"):
		return "this quote is never closed", ""
	case strings.Contains(message, "is a reserved character"):
		return message, "quote the value"
	case strings.Contains(message, "unexpected key name"):
		return "this key has no colon", "write key: value"
	case strings.Contains(message, "not allowed in this context"), strings.Contains(message, "non-map value is specified"):
		return "this does not fit where it stands", levels
	}
	return message, ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func place(n ast.Node) position {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return place(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(v.Key)
	}
	p := n.GetToken().Position
	return position{p.Line, p.Column}
}

// builder turns the parser's tree into nodes.
type builder struct {
	anchors map[string]ast.Node
	count   int
}

func (b *builder) build(n ast.Node, depth int) (*node, error) {
	if b.count++; b.count > maxNodes {
		return nil, failf(place(n), "", "the file has too many values (more than %d, aliases counted)", maxNodes)
	}
	if depth > maxDepth {
		return nil, nestsTooDeep(place(n))
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		return b.mapping(v, v.Values, depth)
	case *ast.MappingValueNode:
		return b.mapping(v, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		return b.list(v, depth)
	case *ast.AnchorNode:
		b.anchors[v.Name.GetToken().Value] = v.Value
		return b.build(v.Value, depth)
	case *ast.AliasNode:
		return b.alias(v, depth)
	case *ast.TagNode:
		return nil, failf(place(n), "leave it out", "tags such as %s are not used here", v.Start.Value)
	}
	return scalar(n)
}

func (b *builder) alias(v *ast.AliasNode, depth int) (*node, error) {
	name := v.Value.GetToken().Value
	target, ok := b.anchors[name]
	if !ok {
		return nil, failf(place(v), "define it above as &"+name, "no anchor is called %q", name)
	}
	return b.build(target, depth+1)
}

func (b *builder) list(v *ast.SequenceNode, depth int) (*node, error) {
	out := &node{kind: listKind, at: place(v), items: []*node{}}
	for _, item := range v.Values {
		child, err := b.build(item, depth+1)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, child)
	}
	return out, nil
}

func (b *builder) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) (*node, error) {
	out := &node{kind: mapKind, at: place(n)}
	seen := map[string]position{}
	var merged []field
	for _, entry := range values {
		child, err := b.build(entry.Value, depth+1)
		if err != nil {
			return nil, err
		}
		if entry.Key.IsMergeKey() {
			merged = append(merged, mergeFields(child)...)
			continue
		}
		f := field{key: entry.Key.GetToken().Value, at: place(entry.Key), value: child}
		if first, twice := seen[f.key]; twice {
			return nil, failf(f.at, "keep one of the two", "%q is given twice, first on line %d", f.key, first.line)
		}
		seen[f.key] = f.at
		out.fields = append(out.fields, f)
	}
	for _, f := range merged {
		if _, own := seen[f.key]; !own {
			seen[f.key] = f.at
			out.fields = append(out.fields, f)
		}
	}
	return out, nil
}

// mergeFields returns what "<<: *anchor" or "<<: [*a, *b]" brings in.
func mergeFields(n *node) []field {
	if n.kind != listKind {
		return n.fields
	}
	var all []field
	for _, item := range n.items {
		all = append(all, item.fields...)
	}
	return all
}

func scalar(n ast.Node) (*node, error) {
	out := &node{at: place(n)}
	switch v := n.(type) {
	case *ast.NullNode:
		out.kind = nullKind
	case *ast.BoolNode:
		out.kind, out.text = boolKind, strconv.FormatBool(v.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		out.kind, out.text = numberKind, n.GetToken().Value
	case *ast.StringNode:
		out.kind, out.text = textKind, v.Value
	case *ast.LiteralNode:
		out.kind, out.text = textKind, v.Value.Value
	case *ast.InfinityNode, *ast.NanNode:
		return nil, failf(out.at, "put it in quotes if it is text", "%s is no usable number", n.GetToken().Value)
	default:
		return nil, failf(out.at, "", "cannot use this kind of value (%s)", strings.ToLower(n.Type().String()))
	}
	return out, nil
}

// json returns the node as compact JSON, keys in file order. A number keeps its
// spelling when JSON has it too.
func (n *node) json() (json.RawMessage, error) {
	var b bytes.Buffer
	if err := n.writeJSON(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (n *node) writeJSON(b *bytes.Buffer) error {
	switch n.kind {
	case nullKind:
		b.WriteString("null")
	case boolKind:
		b.WriteString(n.text)
	case numberKind:
		if !json.Valid([]byte(n.text)) {
			return failf(n.at, "write it in decimal, or in quotes if it is text", "%s is no number in JSON", n.text)
		}
		b.WriteString(n.text)
	case textKind:
		return writeText(b, n.text)
	case listKind:
		return n.writeList(b)
	case mapKind:
		return n.writeMap(b)
	}
	return nil
}

func writeText(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("encode %q: %w", s, err)
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}

func (n *node) writeList(b *bytes.Buffer) error {
	b.WriteByte('[')
	for i, item := range n.items {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := item.writeJSON(b); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func (n *node) writeMap(b *bytes.Buffer) error {
	b.WriteByte('{')
	for i, f := range n.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeText(b, f.key); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := f.value.writeJSON(b); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}
