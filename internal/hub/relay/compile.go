package relay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/hub/rawjson"
)

// Compile checks every field of every rule and returns them ready for use. The error
// is a [diag.List] with everything that is wrong, in the order of the rules.
func Compile(rules []Rule, o Options) (*Set, error) {
	set := &Set{}
	var problems diag.List
	for i, r := range rules {
		c := compiler{options: o, source: r, rule: &rule{source: r, index: i}}
		c.compile()
		problems = append(problems, c.problems...)
		set.add(c.rule)
	}
	if len(problems) == 0 {
		problems = set.checkTogether(o)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	set.warnings = problems
	return set, nil
}

func (s *Set) add(r *rule) {
	s.rules = append(s.rules, r)
	switch {
	case r.isHook():
		s.hooks = append(s.hooks, r)
	case !r.client:
		s.kept = append(s.kept, r)
		fallthrough
	default:
		s.events = append(s.events, r)
	}
}

func (r *rule) isHook() bool {
	return r.source.On == onConnect || r.source.On == onDisconnect
}

// compiler compiles one rule and collects what is wrong with it.
type compiler struct {
	options  Options
	source   Rule
	rule     *rule
	problems diag.List
}

func (c *compiler) compile() {
	c.compileOn()
	c.compileConditions()
	if c.rule.on == nil {
		return // without on, every $1 would be complained about as well
	}
	c.compileLimits()
	c.compileEmit()
	c.compileTo()
	c.compileArgs()
	c.compileAck()
	c.rule.join = c.compileMembership("join", c.source.Join)
	c.rule.leave = c.compileMembership("leave", c.source.Leave)
	if len(c.problems) == 0 {
		c.checkSense()
	}
}

// fail records a problem of a key; hint may be "".
func (c *compiler) fail(key string, err error, hint string) {
	if unknown, ok := errors.AsType[*unknownError](err); ok && hint == "" {
		hint = unknown.hint()
	}
	c.problems = append(c.problems, complain(c.options, c.rule, diag.Error, key, err.Error(), hint))
}

// complain makes the diagnostic: `relay rule 2 ("client:**"), to: unknown target "al"`.
func complain(o Options, r *rule, severity diag.Severity, key, message, hint string) diag.Diagnostic {
	var d diag.Diagnostic
	if o.Locate != nil {
		d = o.Locate(r.index, key)
	}
	d.Severity, d.Source, d.Hint = severity, "relay", hint
	if key != "" {
		message = key + ": " + message
	}
	d.Message = fmt.Sprintf("relay rule %d (%q): %s", r.index+1, r.source.On, message)
	return d
}

func (c *compiler) compileOn() {
	on := c.source.On
	switch {
	case on == "":
		c.fail("on", errors.New("is missing"), `name the event, as in on: "client:**", or connect or disconnect`)
		return
	case reserved(on) && !c.rule.isHook():
		c.fail("on", fmt.Errorf("no client can send %q", on), "connect and disconnect are the moments a rule can name")
		return
	case strings.Contains(on, "$"):
		c.fail("on", errors.New("holds a '$'"), "on is a pattern: * is one segment between ':', ** the rest; $1 in emit is what * took")
		return
	}
	p, err := parsePattern(on)
	if err != nil {
		c.fail("on", err, `as in on: "client:*:job" or on: "client:**"`)
		return
	}
	c.rule.on = p
}

// compileConditions reads who and where.
func (c *compiler) compileConditions() {
	r, err := c.rule, error(nil)
	if r.namespace, err = parseNamespace(c.source.Namespace); err != nil {
		c.fail("namespace", err, `as in namespace: "/chat" or namespace: "/org-*"`)
	}
	switch c.source.From {
	case "", "client":
		r.client = true
	case "server":
		r.server = true
	case "any":
		r.client, r.server = true, true
	default:
		c.fail("from", unknown("origin", c.source.From, "client", "server", "any"), "")
	}
	switch c.source.Auth {
	case "", "optional":
	case "required":
		r.auth = true
	default:
		c.fail("auth", unknown("value", c.source.Auth, "required", "optional"), "")
	}
}

func (c *compiler) compileLimits() {
	var err error
	if c.source.Rate != "" {
		if c.rule.pace, err = parseRate(c.source.Rate); err != nil {
			c.fail("rate", fmt.Errorf("%q is no rate", c.source.Rate), err.Error())
		}
	}
	if c.rule.maxSize = c.source.MaxSize; c.rule.maxSize < 0 {
		c.fail("max-size", errors.New("is negative"), "")
	}
	if c.source.Schema != "" {
		if c.rule.schema, err = loadSchema(c.options.Dir, c.source.Schema); err != nil {
			c.fail("schema", err, "the file is looked up in the project's folder")
		}
		c.rule.maxSize = cmp.Or(c.rule.maxSize, defaultSchemaSize)
	}
}

func (c *compiler) compileEmit() {
	r := c.rule
	r.emits = c.source.Emit != "" || len(c.source.To) > 0 || !r.client
	text := c.source.Emit
	if text == "" {
		text = "$event"
	}
	var err error
	if r.emit, err = parseTemplate(text, inEmit, r.on.wild); err != nil {
		c.fail("emit", err, "")
		return
	}
	name, literal := r.emit.literal()
	switch {
	case literal && reserved(name):
		c.fail("emit", fmt.Errorf("%q is a name that clients raise themselves", name), `take another name, such as "server:user:online"`)
	case len(name) > maxNameLength:
		c.fail("emit", fmt.Errorf("the name is longer than %d bytes", maxNameLength), "")
	}
}

// compileTo reads the targets.
func (c *compiler) compileTo() {
	t := &c.rule.target
	words := c.source.To
	if len(words) == 0 {
		c.rule.published = c.rule.server
		t.All = true
		return
	}
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "room:"); ok {
			c.compileToRoom(name)
			continue
		}
		switch word {
		case "all":
			t.All = true
		case "others":
			t.ExceptSelf = true
		case "self":
			t.Self = true
		case "none":
			c.rule.emits = false
		default:
			c.fail("to", unknown("target", word, "all", "others", "self", "none", "room:NAME"), "")
		}
	}
	rooms := len(t.Rooms)+len(t.rooms) > 0
	if t.ExceptSelf && !rooms {
		t.All = true
	}
	c.checkTargets(rooms)
}

// checkTargets refuses combinations that contradict themselves.
func (c *compiler) checkTargets(rooms bool) {
	has := func(word string) bool { return slices.Contains(c.source.To, word) }
	switch {
	case has("none") && len(c.source.To) > 1:
		c.fail("to", errors.New("none stands beside other targets"), "")
	case has("all") && len(c.source.To) > 1:
		c.fail("to", errors.New("all stands beside other targets"), "for everyone but the sender write to: others")
	case has("others") && has("self"):
		c.fail("to", errors.New("others and self contradict each other"), "for everyone, the sender included, write to: all")
	case !c.rule.client && (has("others") || has("self")):
		c.fail("to", errors.New("a publish of the back-end has no sender"), "write to: all or a room")
	case c.source.On == onDisconnect && has("self"):
		c.fail("to", errors.New("the client has gone"), "write to: others or to: all")
	}
}

func (c *compiler) compileToRoom(name string) {
	t, err := c.parseRoom(name)
	if err != nil {
		c.fail("to", err, `as in to: "room:lobby" or to: "room:job-$1"`)
		return
	}
	if literal, ok := t.literal(); ok {
		c.rule.target.Rooms = append(c.rule.target.Rooms, literal)
		return
	}
	c.rule.target.rooms = append(c.rule.target.rooms, t)
}

// parseRoom reads the template of a room's name.
func (c *compiler) parseRoom(name string) (template, error) {
	t, err := parseTemplate(name, inRoom, c.rule.on.wild)
	if err != nil {
		return nil, err
	}
	literal, ok := t.literal()
	if ok && literal == "" {
		return nil, errors.New("the room has no name")
	}
	if len(literal) > maxRoomLength {
		return nil, fmt.Errorf("the room's name is longer than %d bytes", maxRoomLength)
	}
	return t, nil
}

func (c *compiler) compileMembership(key string, names []string) membership {
	var m membership
	for _, name := range names {
		if strings.Contains(name, "*") {
			m.patterns = append(m.patterns, c.parseRoomPattern(key, name)...)
			continue
		}
		t, err := c.parseRoom(name)
		if err != nil {
			c.fail(key, err, fmt.Sprintf(`as in %s: "job-$1", or %s: "job:*" for a room the client names itself`, key, key))
			continue
		}
		m.rooms = append(m.rooms, t)
	}
	return m
}

func (c *compiler) parseRoomPattern(key, name string) []*pattern {
	if strings.Contains(name, "$") {
		c.fail(key, fmt.Errorf("%q mixes '*' and '$'", name), "a room is either named by the rule ($) or by the client within a pattern (*)")
		return nil
	}
	p, err := parsePattern(name)
	if err != nil {
		c.fail(key, err, fmt.Sprintf(`as in %s: "job:*"`, key))
		return nil
	}
	return []*pattern{p}
}

func (c *compiler) compileArgs() {
	c.rule.args = everything()
	if c.source.Args == nil {
		return
	}
	args, err := compileArguments(c.source.Args, c.rule.on.wild)
	if err != nil {
		c.fail("args", err, "")
		return
	}
	c.rule.args = args
}

// compileAck reads "args", "none", a list of arguments, or one argument.
func (c *compiler) compileAck() {
	if c.source.Ack == nil {
		return
	}
	list, err := ackList(c.source.Ack)
	if err != nil {
		c.fail("ack", err, fmt.Sprintf("to answer with that text write ack: [%q]", c.source.Ack))
		return
	}
	if list == nil {
		return
	}
	args, err := compileArguments(list, c.rule.on.wild)
	if err != nil {
		c.fail("ack", err, "")
	}
	c.rule.ack = args
}

// ackList returns the arguments an ack means; nil = no answer.
func ackList(ack any) ([]any, error) {
	switch ack := plainLiteral(ack).(type) {
	case []any:
		return append([]any{}, ack...), nil
	case string:
		return ackWord(ack)
	default:
		return []any{ack}, nil
	}
}

func ackWord(word string) ([]any, error) {
	switch {
	case word == "none":
		return nil, nil
	case word == "args":
		return []any{"$*"}, nil
	case strings.Contains(word, "$"):
		return []any{word}, nil
	}
	return nil, unknown("answer", word, "args", "none")
}

// plainLiteral unpacks the outermost level of a raw literal: a string or a list.
func plainLiteral(literal any) any {
	raw, ok := literal.(json.RawMessage)
	if !ok {
		return literal
	}
	if s, ok := rawjson.Unquote(raw); ok {
		return s
	}
	elements, err := rawjson.Split(raw, maxDepth)
	if err != nil {
		return literal
	}
	list := make([]any, len(elements))
	for i, e := range elements {
		list[i] = json.RawMessage(e)
	}
	return list
}
