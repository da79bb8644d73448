package relay

import (
	"iter"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Set is a compiled list of rules. It never changes: to replace the rules, compile
// another one.
type Set struct {
	rules    []*rule // by index, all of them
	events   []*rule // those on events
	hooks    []*rule // those on connect and disconnect
	kept     []*rule // those of events only the back-end may raise
	warnings diag.List
}

// rule is a compiled [Rule].
type rule struct {
	source Rule
	index  int

	on        *pattern
	namespace namespace
	client    bool // clients may raise it
	server    bool // the back-end may raise it

	auth    bool
	pace    pace
	maxSize int64
	schema  *jsonschema.Schema

	join, leave membership
	emits       bool
	emit        template
	target      target
	published   bool // a publish goes where it says itself
	args        arguments
	ack         arguments // nil = none
}

// Match is a rule that an event fits.
type Match struct {
	set       *Set
	rule      *rule
	namespace string
	event     string
	captures  captures
}

// Index returns the position of the rule in the list that was compiled, from 0.
func (m *Match) Index() int { return m.rule.index }

// Rule returns the rule as it was given to [Compile].
func (m *Match) Rule() Rule { return m.rule.source }

// Len returns the number of rules.
func (s *Set) Len() int { return len(s.rules) }

// Warnings returns what looks wrong in the rules without being an error, such as a
// rule that can never be reached.
func (s *Set) Warnings() diag.List { return slices.Clone(s.warnings) }

// Namespaces returns the namespace names and patterns that rules mention, sorted,
// each once. What a rule speaks of may be taken as declared.
func (s *Set) Namespaces() []string {
	var names []string
	for _, r := range s.rules {
		if r.namespace.text != "" {
			names = append(names, r.namespace.text)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Match returns the first rule that fits an event of a client or, with server, of the
// back-end. An event that is kept for the back-end matches nothing when a client
// raises it. It does not allocate.
func (s *Set) Match(namespace, event string, server bool) (Match, bool) {
	m := Match{set: s, namespace: namespace, event: event}
	for _, r := range s.events {
		if !r.on.match(event, &m.captures) || !r.namespace.match(namespace) {
			continue
		}
		if server && !r.server {
			continue
		}
		if !server && !r.client {
			return Match{}, false
		}
		m.rule = r
		return m, true
	}
	return Match{}, false
}

// Connect returns every rule for a client that has joined the namespace, in order.
func (s *Set) Connect(namespace string) iter.Seq[*Match] {
	return s.hooksOn(onConnect, namespace)
}

// Disconnect returns every rule for a client that has left the namespace, in order.
// The event's one argument is the reason, a string.
func (s *Set) Disconnect(namespace string) iter.Seq[*Match] {
	return s.hooksOn(onDisconnect, namespace)
}

func (s *Set) hooksOn(moment, namespace string) iter.Seq[*Match] {
	return func(yield func(*Match) bool) {
		for _, r := range s.hooks {
			if r.source.On != moment || !r.namespace.match(namespace) {
				continue
			}
			if !yield(&Match{set: s, rule: r, namespace: namespace, event: moment}) {
				return
			}
		}
	}
}

// keptForServer reports whether only the back-end may raise the event.
func (s *Set) keptForServer(namespace, event string) bool {
	var ignored captures
	for _, r := range s.kept {
		if r.on.match(event, &ignored) && r.namespace.match(namespace) {
			return true
		}
	}
	return false
}
