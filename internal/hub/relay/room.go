package relay

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// target is a compiled To.
type target struct {
	Target            // with the literal rooms
	rooms  []template // rooms with values in their names
}

// resolve fills in the rooms' names.
func (t *target) resolve(s *scope) (Target, error) {
	out := t.Target
	if s.event.Client == nil && s.match.rule.published {
		out = Target{AsPublished: true}
	}
	if len(t.rooms) == 0 {
		return out, nil
	}
	out.Rooms = slices.Clone(out.Rooms)
	for _, room := range t.rooms {
		name, err := s.roomName(room)
		if err != nil {
			return out, err
		}
		out.Rooms = append(out.Rooms, name)
	}
	return out, nil
}

// membership is a compiled Join or Leave.
type membership struct {
	rooms    []template
	patterns []*pattern // of the names that the client's first argument holds
}

// memberships works out which rooms to join and to leave.
func (s *scope) memberships() error {
	var err error
	if s.out.Join, err = s.match.rule.join.resolve(s.out.Join, s); err != nil {
		return err
	}
	s.out.Leave, err = s.match.rule.leave.resolve(s.out.Leave, s)
	return err
}

func (m *membership) resolve(dst []string, s *scope) ([]string, error) {
	for _, room := range m.rooms {
		name, err := s.roomName(room)
		if err == nil && isSocketID(name) {
			err = s.refuse(codeRoom, "a room of this name belongs to one client")
		}
		if err != nil {
			return dst, err
		}
		dst = append(dst, name)
	}
	if len(m.patterns) == 0 {
		return dst, nil
	}
	asked, err := s.askedRooms()
	if err != nil {
		return dst, err
	}
	for _, name := range asked {
		if err := s.checkAsked(name, m.patterns); err != nil {
			return dst, err
		}
	}
	return append(dst, asked...), nil
}

// roomName resolves a room's name.
func (s *scope) roomName(t template) (string, error) {
	if name, ok := t.literal(); ok {
		return name, nil
	}
	s.out.scratch = s.out.scratch[:0]
	name, err := t.appendName(s.out.scratch, s)
	s.out.scratch = name
	if err != nil {
		return "", err
	}
	return string(name), s.checkRoom(string(name))
}

// askedRooms reads the names the client's first argument holds.
func (s *scope) askedRooms() ([]string, error) {
	args, err := s.split()
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, s.refuse(codeArgs, "a room name is expected as the first argument")
	}
	list := args[:1]
	if args[0][0] == '[' {
		if list, err = rawjson.Split(args[0], maxDepth); err != nil {
			return nil, s.refuse(codeArgs, "the arguments are not valid")
		}
	}
	if len(list) > maxRoomsPerEvent {
		return nil, s.refuse(codeRoom, "too many rooms at once")
	}
	names := make([]string, 0, len(list))
	for _, raw := range list {
		name, ok := rawjson.Unquote(raw)
		if !ok {
			return nil, s.refuse(codeArgs, "a room name, or a list of them, is expected as the first argument")
		}
		names = append(names, name)
	}
	return names, nil
}

// checkAsked refuses a room that no pattern allows.
func (s *scope) checkAsked(name string, patterns []*pattern) error {
	if err := s.checkRoom(name); err != nil {
		return err
	}
	var ignored captures
	allowed := slices.ContainsFunc(patterns, func(p *pattern) bool { return p.match(name, &ignored) })
	if !allowed || isSocketID(name) {
		return s.refuse(codeRoom, "this room is not open to clients")
	}
	return nil
}

// checkRoom refuses names that are no use as a room, or would garble a log.
func (s *scope) checkRoom(name string) error {
	bad := name == "" || len(name) > maxRoomLength || !utf8.ValidString(name)
	for _, c := range name {
		bad = bad || unicode.IsControl(c)
	}
	if bad {
		return s.refuse(codeRoom, "the room's name is empty, too long or not printable")
	}
	return nil
}

// isSocketID reports the shape of a public socket id: 9 digits, a dot, 10 digits; for
// clients 1.x and 2.x behind a namespace and '#'. Every client is in a room of that
// name, which is how it is reached alone.
func isSocketID(name string) bool {
	const digitsBefore, length = 9, 20
	name = name[strings.LastIndexByte(name, '#')+1:]
	if len(name) != length {
		return false
	}
	for i := range len(name) {
		digit := '0' <= name[i] && name[i] <= '9'
		if i == digitsBefore && name[i] != '.' || i != digitsBefore && !digit {
			return false
		}
	}
	return true
}
