package relay

import (
	"encoding/json"
	"fmt"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// Client is what the rules may know of the client that raised an event.
type Client struct {
	ID   string          // public socket id
	Auth json.RawMessage // what it sent on connecting, checked JSON; nil = {}
	User json.RawMessage // who it was found to be, checked JSON; nil = not authenticated
	// Rooms lists the rooms it is in, its own id left out. Called only for a rule that
	// uses $rooms; nil = none.
	Rooms  func() []string
	Limits Limits
}

// Event is what a client or the back-end raised.
type Event struct {
	Client *Client // nil: a publish of the back-end
	// Args is the list of arguments without brackets, as in rawjson.Call: already
	// checked, placeholders included.
	Args            []byte
	Attachments     int   // number of binary attachments
	AttachmentBytes int64 // their size together
	WantsAck        bool
}

// Target says to whom: everyone in the namespace if All, else the union of Rooms
// (nobody if there are none); then without the sender if ExceptSelf, and with the
// sender in any case if Self. AsPublished, for a publish alone: where it says itself.
type Target struct {
	All         bool
	Rooms       []string
	Self        bool
	ExceptSelf  bool
	AsPublished bool
}

// Outcome is what a hub has to do about an event: join, leave, emit, acknowledge, in
// this order. Keep one and use it again: [Match.Apply] overwrites it and what it
// holds is valid until the next Apply.
type Outcome struct {
	Join, Leave []string

	Emit    bool
	Name    []byte // the outgoing event's name
	Payload []byte // ["name",arguments…]
	// Attachments[i] is the number of the incoming attachment that goes out as the
	// i-th. Empty: the packet is a text packet.
	Attachments []int
	Target      Target

	Ack            bool
	AckPayload     []byte // [arguments…]
	AckAttachments []int

	scratch  []byte
	elements [][]byte
	holes    []rawjson.Hole
}

func (o *Outcome) reset() {
	*o = Outcome{
		Join: o.Join[:0], Leave: o.Leave[:0],
		Name: o.Name[:0], Payload: o.Payload[:0], Attachments: o.Attachments[:0],
		AckPayload: o.AckPayload[:0], AckAttachments: o.AckAttachments[:0],
		Target:  Target{Rooms: nil},
		scratch: o.scratch[:0], elements: o.elements[:0], holes: o.holes[:0],
	}
}

// Why an event was refused; [Refusal].Code.
const (
	codeAuth   = "auth"   // the rule wants a user
	codeRate   = "rate"   // too many events
	codeSize   = "size"   // arguments over max-size
	codeSchema = "schema" // arguments do not satisfy the schema
	codeArgs   = "args"   // arguments do not fit what the templates need
	codeName   = "name"   // the outgoing name would be empty, too long or a reserved one
	codeRoom   = "room"   // a room the client may not name
	codeFrom   = "from"   // the outgoing name belongs to the back-end
)

// Refusal is the error of an event that a rule matches but does not let through. Its
// message may be sent to the client: it holds nothing secret and none of its data.
type Refusal struct {
	Rule    int    // index of the rule
	Code    string // auth, rate, size, schema, args, name, room or from
	Message string // one lower-case sentence
}

// Error returns the message.
func (r *Refusal) Error() string { return r.Message }

const (
	// maxNameLength bounds an event name that templates produce, in bytes.
	maxNameLength = 256
	// maxRoomLength bounds a room name that templates or clients produce, in bytes.
	maxRoomLength = 256
	// maxRoomsPerEvent bounds the rooms one event may ask to join or leave.
	maxRoomsPerEvent = 64
)

// scope is what the values of a rule's templates are taken from.
type scope struct {
	match *Match
	event *Event
	out   *Outcome
}

func (s *scope) refuse(code, message string) error {
	return &Refusal{Rule: s.match.rule.index, Code: code, Message: message}
}

// split cuts the arguments, once an event: those that a template can name, and one more
// to tell whether there are more.
func (s *scope) split() ([][]byte, error) {
	if len(s.out.elements) > 0 || len(s.event.Args) == 0 {
		return s.out.elements, nil
	}
	var err error
	s.out.elements, err = rawjson.AppendFirst(s.out.elements, s.event.Args, maxArgument+1, maxDepth)
	if err != nil {
		return nil, s.refuse(codeArgs, "the arguments are not valid")
	}
	return s.out.elements, nil
}

func (s *scope) id() string {
	if s.event.Client == nil {
		return ""
	}
	return s.event.Client.ID
}

func (s *scope) auth() json.RawMessage {
	if s.event.Client == nil || len(s.event.Client.Auth) == 0 {
		return json.RawMessage("{}")
	}
	return s.own(s.event.Client.Auth)
}

func (s *scope) user() json.RawMessage {
	if s.event.Client == nil || len(s.event.Client.User) == 0 {
		return nil
	}
	return s.own(s.event.Client.User)
}

// own lets a value that is not of this packet into it, unless it would claim one of
// the packet's attachments: receivers fail on a placeholder that leads nowhere.
func (s *scope) own(value json.RawMessage) json.RawMessage {
	if s.event.Attachments > 0 && rawjson.HasPlaceholder(value) {
		return nil
	}
	return value
}

func (s *scope) appendRooms(dst []byte) []byte {
	dst = append(dst, '[')
	if s.event.Client != nil && s.event.Client.Rooms != nil {
		for i, room := range s.event.Client.Rooms() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = rawjson.AppendString(dst, room)
		}
	}
	return append(dst, ']')
}

// Apply works out what the matched rule makes of the event. It is all or nothing: on
// an error, always a *[Refusal], nothing in out counts. It does not allocate when
// names and rooms are literal and out has been used before.
func (m *Match) Apply(event *Event, out *Outcome) error {
	out.reset()
	s := &scope{match: m, event: event, out: out}
	if err := s.admit(); err != nil {
		return err
	}
	if err := s.memberships(); err != nil {
		return err
	}
	if err := s.emit(); err != nil {
		return err
	}
	return s.acknowledge()
}

// admit asks everything that may refuse the event as such.
func (s *scope) admit() error {
	r, client := s.match.rule, s.event.Client
	if client == nil {
		return s.admitArgs()
	}
	if r.auth && len(client.User) == 0 {
		return s.refuse(codeAuth, "authentication required")
	}
	if r.pace.burst > 0 && !client.Limits.allow(s.match.set, r.index, r.pace) {
		return s.refuse(codeRate, "too many events of this kind")
	}
	return s.admitArgs()
}

func (s *scope) admitArgs() error {
	r := s.match.rule
	size := int64(len(s.event.Args)) + s.event.AttachmentBytes
	if r.maxSize > 0 && size > r.maxSize {
		return s.refuse(codeSize, fmt.Sprintf("%d bytes are more than the %d allowed", size, r.maxSize))
	}
	if r.schema == nil {
		return nil
	}
	args, err := s.split()
	if err != nil {
		return err
	}
	if err := checkSchema(r.schema, args); err != nil {
		return s.refuse(codeSchema, err.Error())
	}
	return nil
}

func (s *scope) emit() error {
	r, out := s.match.rule, s.out
	if !r.emits {
		return nil
	}
	var err error
	if out.Name, err = r.emit.appendName(out.Name, s); err != nil {
		return err
	}
	if err := s.checkName(out.Name); err != nil {
		return err
	}
	if out.Target, err = r.target.resolve(s); err != nil {
		return err
	}
	out.Payload = append(out.Payload, '[')
	out.Payload = rawjson.AppendString(out.Payload, out.Name)
	out.Payload, out.Attachments, err = s.list(out.Payload, out.Attachments, r.args)
	out.Emit = true
	return err
}

// checkName refuses an outgoing name that would deceive its receivers.
func (s *scope) checkName(name []byte) error {
	switch {
	case len(name) == 0:
		return s.refuse(codeName, "the outgoing event has no name")
	case len(name) > maxNameLength && len(name) > len(s.match.event):
		return s.refuse(codeName, "the outgoing event's name is too long")
	case reserved(string(name)):
		return s.refuse(codeName, "the outgoing event's name is reserved")
	case s.event.Client != nil && len(s.match.set.kept) > 0 && s.match.set.keptForServer(s.match.namespace, string(name)):
		return s.refuse(codeFrom, "only the server may raise this event")
	}
	return nil
}

func (s *scope) acknowledge() error {
	r, out := s.match.rule, s.out
	if r.ack == nil || !s.event.WantsAck {
		return nil
	}
	var err error
	out.AckPayload = append(out.AckPayload, '[')
	out.AckPayload, out.AckAttachments, err = s.list(out.AckPayload, out.AckAttachments, r.ack)
	out.Ack = true
	return err
}

// list appends the rest of a payload that begins with '[' and perhaps a name.
func (s *scope) list(payload []byte, attachments []int, args arguments) ([]byte, []int, error) {
	list := s.event.Args
	if !args.copies() {
		var err error
		if s.out.scratch, err = args.append(s.out.scratch[:0], s); err != nil {
			return payload, attachments, err
		}
		list = s.out.scratch
	}
	if len(payload) > 1 && len(list) > 0 {
		payload = append(payload, ',')
	}
	payload, attachments, err := s.renumber(payload, attachments, list)
	return append(payload, ']'), attachments, err
}

// renumber appends the arguments, numbering their placeholders anew.
func (s *scope) renumber(payload []byte, attachments []int, list []byte) ([]byte, []int, error) {
	if s.event.Attachments == 0 {
		return append(payload, list...), attachments, nil
	}
	holes, err := rawjson.AppendHoles(s.out.holes[:0], list, s.event.Attachments)
	s.out.holes = holes
	if err != nil {
		return payload, attachments, s.refuse(codeArgs, "the arguments refer to binary data that is not there")
	}
	at := 0
	for _, hole := range holes {
		n := 0
		for n < len(attachments) && attachments[n] != hole.Num {
			n++
		}
		if n == len(attachments) {
			attachments = append(attachments, hole.Num)
		}
		payload = append(payload, list[at:hole.Start]...)
		payload = fmt.Appendf(payload, `{"_placeholder":true,"num":%d}`, n)
		at = hole.End
	}
	return append(payload, list[at:]...), attachments, nil
}
