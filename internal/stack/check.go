package stack

import (
	"errors"
	"log/slog"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
)

// Check returns what is wrong with a configuration in the eyes of the parts that it is
// for: the relay rules with their schemas, the keys of the authentication, and the rules
// for answers. It opens nothing but the files that these name.
func Check(cfg *config.Config) diag.List {
	set, relays := compileRelays(cfg)
	_, auth := authenticator(cfg)
	_, around := compileRules(cfg, slog.New(slog.DiscardHandler))
	var all diag.List
	for _, err := range []error{relays, auth, around} {
		var list diag.List
		switch {
		case errors.As(err, &list):
			all = append(all, list...)
		case err != nil:
			all = append(all, diag.Diagnostic{Severity: diag.Error, Source: "config", Message: err.Error()})
		}
	}
	if set != nil {
		all = append(all, set.Warnings()...)
	}
	return all
}
