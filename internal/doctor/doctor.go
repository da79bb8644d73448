// Package doctor examines what a project needs to be served: the configuration, the
// files, the ports and limits of the machine, and, for a deployed site, the way from
// the browser to the hub.
//
// Each finding has a stable id, a verdict, one sentence, and what to do about it. An
// examination changes nothing: it opens and closes listeners on the configured ports,
// reads files, and asks servers that the configuration or the user names.
package doctor

import (
	"context"

	"github.com/realtimectl/realtimectl/internal/config"
)

// Verdict is the outcome of one check.
type Verdict string

// The verdicts. Only Fail means that something will not work.
const (
	Pass Verdict = "pass"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
	Skip Verdict = "skip" // could not be examined here
)

// Finding is what one check found.
type Finding struct {
	ID      string  `json:"id"` // stable, dotted: "port.app"
	Verdict Verdict `json:"verdict"`
	Message string  `json:"message"`
	Fix     string  `json:"fix,omitempty"` // what to do, where there is something to do
	// Details are more lines, for those who want to know.
	Details []string `json:"details,omitempty"`
}

// Options say what to examine. Config is required.
type Options struct {
	Config *config.Config
	// Owner names the program that listens on a port, "" if unknown; nil does not say.
	Owner func(ctx context.Context, port int) string
	// Project are findings about the project by parts that this package does not know.
	Project []Finding
	// Ours holds the ports on which this project is being served now.
	Ours []int
}

// Examine runs all checks of a project, in an order that reads from the near to the far.
func Examine(ctx context.Context, o Options) []Finding {
	var all []Finding
	for _, check := range []func(context.Context, Options) []Finding{
		configuration, page, bower, markers, given, clientLibrary, backends, target, certificate, letterCase, ports, localhost, watches, openFiles, surroundings,
	} {
		all = append(all, check(ctx, o)...)
	}
	return all
}

func given(_ context.Context, o Options) []Finding { return o.Project }

// Failed reports whether a finding means that something will not work.
func Failed(all []Finding) bool {
	for _, f := range all {
		if f.Verdict == Fail {
			return true
		}
	}
	return false
}

func one(id string, verdict Verdict, message, fix string) []Finding {
	return []Finding{{ID: id, Verdict: verdict, Message: message, Fix: fix}}
}
