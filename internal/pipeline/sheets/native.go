package sheets

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// nativeBackend speaks the Sass embedded protocol with the native compiler. One that is
// too old for it is started for each sheet instead.
type nativeBackend struct {
	*processBackend
	command *commandBackend
	mu      sync.Mutex // guards old
	old     bool
}

func newNative(c Choice) *nativeBackend {
	b := &nativeBackend{command: &commandBackend{choice: c}}
	b.processBackend = &processBackend{dir: c.dir, args: append(c.program(), "--embedded"), greet: greetNative, talk: talkNative, turn: newTurn()}
	return b
}

// errTooOld is what a compiler means that does not know the protocol.
var errTooOld = errors.New("the compiler does not speak the embedded protocol")

func (b *nativeBackend) compile(ctx context.Context, j *job) (reply, error) {
	b.mu.Lock()
	old := b.old
	b.mu.Unlock()
	if old {
		return b.command.compile(ctx, j)
	}
	r, err := b.processBackend.compile(ctx, j)
	if !errors.Is(err, errTooOld) || ctx.Err() != nil {
		return r, err
	}
	b.mu.Lock()
	b.old = true
	b.mu.Unlock()
	return b.command.compile(ctx, j)
}

// The numbers of the protocol's messages and fields that are used here, as its
// specification (embedded_sass.proto) has them.
const (
	toCompile, toCanonicalize, toImport, toVersion               = 2, 3, 4, 7
	fromError, fromCompiled, fromLog, fromCanonicalize, fromLoad = 1, 2, 3, 4, 5
	fromVersion                                                  = 8

	ourImporter = 1 // the id by which the compiler asks us
)

// nativeMessage bounds one message of the compiler: the largest frameworks give a megabyte.
const nativeMessage = 256 << 20 // bytes

// greetNative asks for the version, which only a compiler that speaks the protocol tells.
func greetNative(p *process) error {
	if err := p.writeProto(0, toVersion, protoUint(nil, 1, 1)); err != nil {
		return fmt.Errorf("%w: %w", errTooOld, err)
	}
	_, kind, _, err := p.readProto()
	if err != nil {
		return fmt.Errorf("%w: %w", errTooOld, err)
	}
	if kind != fromVersion {
		return errTooOld
	}
	return nil
}

// talkNative gives the compiler a sheet and answers its questions.
func talkNative(p *process, j *job) (reply, error) {
	if err := p.writeProto(1, toCompile, j.compileRequest()); err != nil {
		return reply{}, err
	}
	var r reply
	for {
		_, kind, m, err := p.readProto()
		if err != nil {
			return reply{}, err
		}
		switch kind {
		case fromCanonicalize:
			err = p.canonicalize(j, m)
		case fromLoad:
			err = p.load(j, m)
		case fromLog:
			if told, ok := logged(m, j.in.Warnings); ok {
				r.Warnings = append(r.Warnings, told)
			}
		case fromCompiled:
			return r, r.compiled(m)
		default:
			err = fmt.Errorf("the compiler said %d: %s", kind, m.text(3))
		}
		if err != nil {
			return reply{}, err
		}
	}
}

// compileRequest is the sheet, with us as the only importer.
func (j *job) compileRequest() []byte {
	importer := protoUint(nil, 2, ourImporter)
	sheet := protoText(nil, 1, string(j.in.Source))
	sheet = protoText(sheet, 2, fileURL(j.in.File))
	sheet = protoUint(sheet, 3, map[string]uint64{"scss": 0, "indented": 1, "css": 2}[syntaxOf(j.in.File)])
	sheet = protoBytes(sheet, 4, importer)
	m := protoBytes(nil, 2, sheet)
	m = protoUint(m, 4, protowire.EncodeBool(j.in.Compressed))
	m = protoUint(m, 5, protowire.EncodeBool(j.in.Map))
	m = protoBytes(m, 6, importer)
	m = protoUint(m, 9, 1)                                     // messages in ASCII
	m = protoUint(m, 10, protowire.EncodeBool(j.in.Warnings))  // the same warning again and again
	m = protoUint(m, 11, protowire.EncodeBool(!j.in.Warnings)) // nothing of what lies in packages
	return protoUint(m, 13, 1)                                 // @charset where it is needed
}

// canonicalize answers which file an import is.
func (p *process) canonicalize(j *job, m fields) error {
	a := j.answer(question{Ask: "canonicalize", Name: m.text(4), Rule: m.number(5) != 0, From: m.text(6)})
	out := protoUint(nil, 1, m.number(1))
	switch {
	case a.Error != "":
		out = protoText(out, 3, a.Error)
	case a.File != "":
		out = protoText(out, 2, a.URL)
	}
	return p.writeProto(1, toCanonicalize, out)
}

// load answers what a file holds.
func (p *process) load(j *job, m fields) error {
	a := j.answer(question{Ask: "load", Name: m.text(4)})
	out := protoUint(nil, 1, m.number(1))
	if a.Error != "" {
		return p.writeProto(1, toImport, protoText(out, 3, a.Error))
	}
	content := protoText(nil, 1, a.Content)
	content = protoUint(content, 2, map[string]uint64{"scss": 0, "indented": 1, "css": 2}[a.Syntax])
	content = protoText(content, 3, a.URL)
	return p.writeProto(1, toImport, protoBytes(out, 2, content))
}

// logged returns what a log event tells people.
func logged(m fields, deprecations bool) (message, bool) {
	const warning, deprecation = 0, 1
	if kind := m.number(2); kind != warning && (kind != deprecation || !deprecations) {
		return message{}, false
	}
	return placed(m.text(3), m.inner(4)), true
}

// placed is a message at a span.
func placed(text string, span fields) message {
	at := span.inner(2)
	if at == nil {
		return message{Text: text}
	}
	return message{Text: text, File: span.text(4), Line: int(at.number(2)) + 1, Column: int(at.number(3)) + 1}
}

// compiled takes over the compiler's last word.
func (r *reply) compiled(m fields) error {
	if failure := m.inner(3); failure != nil {
		told := placed(failure.text(1), failure.inner(2))
		r.Failure = &told
		return nil
	}
	success := m.inner(2)
	r.CSS = success.text(1)
	if text := success.text(2); text != "" {
		if !json.Valid([]byte(text)) {
			return errors.New("the compiler's source map is not JSON")
		}
		r.Map = json.RawMessage(text)
	}
	return nil
}

// writeProto sends one message: its length, the number of the compilation, and the one
// field that says what it is.
func (p *process) writeProto(compilation uint64, kind protowire.Number, m []byte) error {
	body := protoBytes(protowire.AppendVarint(nil, compilation), kind, m)
	if _, err := p.in.Write(append(protowire.AppendVarint(nil, uint64(len(body))), body...)); err != nil {
		return fmt.Errorf("speak to the compiler: %w", err)
	}
	return nil
}

// readProto receives one message.
func (p *process) readProto() (compilation uint64, kind protowire.Number, m fields, err error) {
	size, err := binary.ReadUvarint(p.out)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("the compiler has ended: %w", err)
	}
	if size > nativeMessage {
		return 0, 0, nil, fmt.Errorf("the compiler sends %d bytes at once", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(p.out, body); err != nil {
		return 0, 0, nil, fmt.Errorf("the compiler has ended: %w", err)
	}
	compilation, n := protowire.ConsumeVarint(body)
	if n < 0 {
		return 0, 0, nil, fmt.Errorf("read a message of the compiler: %w", protowire.ParseError(n))
	}
	all, err := parseFields(body[n:])
	if err != nil {
		return 0, 0, nil, err
	}
	if len(all) != 1 {
		return 0, 0, nil, errors.New("the compiler sends what is no message")
	}
	m, err = parseFields(all[0].data)
	return compilation, all[0].number, m, err
}

// fields are those of one message, in their order.
type fields []field

type field struct {
	number protowire.Number
	value  uint64 // of a number
	data   []byte // of text, bytes, and messages
}

func parseFields(b []byte) (fields, error) {
	all := fields{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, fmt.Errorf("read a message of the compiler: %w", protowire.ParseError(n))
		}
		f, rest := field{number: number}, b[n:]
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(rest)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(rest)
		default:
			n = protowire.ConsumeFieldValue(number, kind, rest)
		}
		if n < 0 {
			return nil, fmt.Errorf("read a message of the compiler: %w", protowire.ParseError(n))
		}
		all, b = append(all, f), rest[n:]
	}
	return all, nil
}

// find returns a field, nil if it is not there.
func (m fields) find(number protowire.Number) *field {
	for i := range m {
		if m[i].number == number {
			return &m[i]
		}
	}
	return nil
}

func (m fields) text(number protowire.Number) string {
	if f := m.find(number); f != nil {
		return string(f.data)
	}
	return ""
}

func (m fields) number(number protowire.Number) uint64 {
	if f := m.find(number); f != nil {
		return f.value
	}
	return 0
}

// inner returns the fields of a message inside; nil if it is not there.
func (m fields) inner(number protowire.Number) fields {
	f := m.find(number)
	if f == nil {
		return nil
	}
	inner, err := parseFields(f.data)
	if err != nil {
		return nil
	}
	return inner
}

func protoUint(b []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), v)
}

func protoText(b []byte, number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), s)
}

func protoBytes(b []byte, number protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), v)
}
