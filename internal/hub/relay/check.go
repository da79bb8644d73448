package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/nearest"
)

// unknownError is a word that is none of the known ones.
type unknownError struct {
	what, word string
	known      []string
}

func unknown(what, word string, known ...string) error {
	return &unknownError{what, word, known}
}

// Error returns `unknown target "al"`.
func (e *unknownError) Error() string {
	return fmt.Sprintf("unknown %s %q", e.what, e.word)
}

func (e *unknownError) hint() string {
	if near := nearest.To(e.word, e.known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known: " + strings.Join(e.known, ", ")
}

// checkSense refuses what is well formed but cannot mean anything.
func (c *compiler) checkSense() {
	if c.rule.isHook() {
		c.checkHook()
	}
	if !c.rule.client {
		c.checkPublish()
	}
	c.checkEffect()
	c.checkSecrets()
}

// checkEffect refuses a rule that does nothing and does not say so.
func (c *compiler) checkEffect() {
	r := c.rule
	quiet := !r.emits && r.ack == nil && len(c.source.Join)+len(c.source.Leave) == 0
	if quiet && len(c.source.To) == 0 {
		c.fail("", errors.New("does nothing"), "give it emit, to, ack, join or leave; to: none swallows the event on purpose")
	}
	if !r.emits && (c.source.Emit != "" || c.source.Args != nil) {
		c.fail("to", errors.New("nobody receives what emit and args say"), "")
	}
}

// checkHook refuses keys that speak of an event's arguments or its raiser.
func (c *compiler) checkHook() {
	for _, key := range []struct {
		name string
		used bool
	}{
		{"from", c.source.From != ""},
		{"schema", c.source.Schema != ""},
		{"max-size", c.source.MaxSize != 0},
		{"rate", c.source.Rate != ""},
		{"ack", c.source.Ack != nil},
	} {
		if key.used {
			c.fail(key.name, fmt.Errorf("has no meaning on %s, which is not an event a client sends", c.source.On), "")
		}
	}
	if c.rule.emits && c.source.Emit == "" {
		c.fail("emit", fmt.Errorf("is missing: %q itself cannot be sent", c.source.On), `as in emit: "server:user:online"`)
	}
	if c.source.On == onDisconnect && len(c.source.Join)+len(c.source.Leave) > 0 {
		c.fail("join", errors.New("the client has gone and left its rooms"), "")
	}
	if len(c.rule.join.patterns)+len(c.rule.leave.patterns) > 0 {
		c.fail("join", fmt.Errorf("on %s no client names a room", c.source.On), "name the room without '*'")
	}
}

// checkPublish refuses keys that speak of a client.
func (c *compiler) checkPublish() {
	for _, key := range []struct {
		name string
		used bool
	}{
		{"auth", c.rule.auth},
		{"rate", c.source.Rate != ""},
		{"ack", c.source.Ack != nil},
		{"join", len(c.source.Join) > 0},
		{"leave", len(c.source.Leave) > 0},
	} {
		if key.used {
			c.fail(key.name, errors.New("has no meaning with from: server, where there is no client"), "")
		}
	}
	for _, s := range []source{fromID, fromAuth, fromUser, fromRooms} {
		if c.rule.uses(s) {
			c.fail("", fmt.Errorf("$%s has no meaning with from: server, where there is no client", s), "")
		}
	}
}

// uses reports whether any template of the rule takes a value from s.
func (r *rule) uses(s source) bool {
	used := r.emit.uses(s) || r.args.uses(s) || r.ack.uses(s)
	for _, list := range [][]template{r.target.rooms, r.join.rooms, r.leave.rooms} {
		for _, t := range list {
			used = used || t.uses(s)
		}
	}
	return used
}

// checkSecrets refuses to hand one client's credentials to others.
func (c *compiler) checkSecrets() {
	t := c.rule.target
	onlySelf := t.Self && !t.All && len(t.Rooms)+len(t.rooms) == 0
	if c.rule.emits && !onlySelf && c.rule.args.uses(fromAuth) {
		c.fail("args", errors.New("$auth holds the client's credentials and would reach others"),
			"send $user, or a value the client gives as an argument; $auth is for to: self")
	}
}

// checkTogether holds the rules against each other.
func (s *Set) checkTogether(o Options) diag.List {
	var found diag.List
	for i, later := range s.events {
		for _, earlier := range s.events[:i] {
			if earlier.hides(later) {
				found = append(found, complain(o, later, diag.Warning, "on",
					fmt.Sprintf("is never reached, rule %d (%q) takes every such event", earlier.index+1, earlier.source.On),
					fmt.Sprintf("the first match wins: move it above rule %d", earlier.index+1)))
				break
			}
		}
	}
	for _, r := range s.rules {
		found = append(found, r.warnOfOpenRooms(o)...)
		name, literal := r.emit.literal()
		if r.client && r.emits && literal && s.keptForServer(r.namespace.text, name) {
			found = append(found, complain(o, r, diag.Error, "emit",
				fmt.Sprintf("another rule keeps %q for the back-end (from: server)", name),
				"emit another name, or take from: server away"))
		}
	}
	return found
}

// warnOfOpenRooms points at a join that lets clients into any room there is: those
// named for one user by another rule included.
func (r *rule) warnOfOpenRooms(o Options) diag.List {
	open := slices.ContainsFunc(r.join.rooms, template.beginsWithClientsWord) ||
		slices.ContainsFunc(r.join.patterns, func(p *pattern) bool { return p.prefix == "" })
	if !open {
		return nil
	}
	return diag.List{complain(o, r, diag.Warning, "join",
		"lets a client join any room, also one meant for somebody else",
		`let the name begin with something fixed, as in join: "chat:$1" or join: "chat:*"`)}
}

func (t template) beginsWithClientsWord() bool {
	switch t[0].source {
	case fromCapture, fromArg, fromAuth:
		return true
	}
	return false
}

// hides reports whether r takes every event that later could match.
func (r *rule) hides(later *rule) bool {
	raisers := (r.client || !later.client) && (r.server || !later.server)
	where := r.namespace.text == "" || r.namespace.text == later.namespace.text
	return raisers && where && r.on.covers(later.on)
}
