package stack

import (
	"strconv"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/hub/relay"
)

// compileRelays turns the rules of the configuration into a set. Mistakes come back as
// a [diag.List] that points into the file. Without rules development relays client:**
// and production nothing.
func compileRelays(cfg *config.Config) (*relay.Set, error) {
	rules := make([]relay.Rule, len(cfg.Hub.Relays))
	for i, r := range cfg.Hub.Relays {
		rules[i] = relayRule(r)
	}
	if cfg.Hub.Relays == nil && cfg.Serve.Mode == config.Development {
		rules = relay.Development()
	}
	return relay.Compile(rules, relay.Options{
		Dir: cfg.Dir,
		Locate: func(rule int, key string) diag.Diagnostic {
			return cfg.Diagnostic("hub.relays["+strconv.Itoa(rule)+"]."+key, "", "")
		},
	})
}

func relayRule(r config.Relay) relay.Rule {
	rule := relay.Rule{
		On: r.On, Emit: r.Emit, Namespace: r.Namespace, From: r.From,
		Auth: r.Auth, Schema: r.Schema, Rate: r.Rate,
		To: r.To, Join: r.Join, Leave: r.Leave,
	}
	if r.Args != nil {
		rule.Args = make([]any, len(r.Args))
		for i, arg := range r.Args {
			rule.Args[i] = arg
		}
	}
	if r.Ack != nil {
		rule.Ack = r.Ack
	}
	if r.MaxSize > 0 {
		rule.MaxSize = int64(r.MaxSize)
	}
	return rule
}
