package stack

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/hub"
)

// rereader takes over what changed in the configuration file while everything runs.
type rereader struct {
	load    func() (*config.Config, error)
	running *config.Config // as of the start
	last    *config.Config // as it was last read
	hub     *hub.Hub
	rules   func(*config.Config) error // takes over what concerns requests and answers
	log     *slog.Logger
}

// reread reads the file again. Relay rules change under the connected clients, the rules
// around answers from one request to the next; a broken file leaves everything as it
// was; what needs a restart is named. It is called from one goroutine at a time.
func (r *rereader) reread() {
	next, err := r.load()
	if err == nil {
		err = r.take(next)
	}
	var list diag.List
	switch {
	case errors.As(err, &list):
		r.log.Error("the configuration has a mistake; the old one stays in force", "event", "config.broken", "diagnostics", list)
	case err != nil:
		r.log.Error(fmt.Sprintf("%v; the old configuration stays in force", err), "event", "config.broken")
	default:
		r.last = next
		r.tellOutdated(next)
	}
}

// take puts in force what can be. The relay rules are compiled again even if they are the
// same: a schema file of theirs may be what changed.
func (r *rereader) take(next *config.Config) error {
	set, err := compileRelays(next)
	if err == nil && !sameRules(next, r.last) {
		err = r.rules(next)
	}
	if err != nil {
		return err
	}
	if err := r.hub.SetRelays(set); err != nil {
		return err
	}
	what := config.FileName + " is gone"
	if next.File != "" {
		what = filepath.Base(next.File) + " read again"
	}
	r.log.Info(fmt.Sprintf("%s, %s in force", what, count(set.Len(), "relay rule")),
		"event", "config.applied", "rules", set.Len())
	return nil
}

// tellOutdated names the sections in which the file and what runs differ: they need a
// restart. A change that was taken back is none.
func (r *rereader) tellOutdated(next *config.Config) {
	var sections []string
	for _, s := range []struct {
		name     string
		old, new any
	}{
		{"paths", r.running.Paths, next.Paths},
		{"serve", withoutRules(r.running.Serve), withoutRules(next.Serve)},
		{"hub", withoutRelays(r.running.Hub), withoutRelays(next.Hub)},
		{"backends", r.running.Backends, next.Backends},
		{"pipeline", r.running.Pipeline, next.Pipeline},
		{"watch", r.running.Watch, next.Watch},
	} {
		if !reflect.DeepEqual(s.old, s.new) {
			sections = append(sections, s.name)
		}
	}
	if len(sections) == 0 {
		return
	}
	r.log.Warn(fmt.Sprintf("the change of %s needs a restart", strings.Join(sections, ", ")),
		"event", "config.restart-needed", "sections", sections, "hint", "press R, or stop it and serve again")
}

// ruleFiles lists the files that are read again when they change: those that relay rules
// come from, and the configuration that a project without one may get. There are none if
// nobody says how to read them.
func (p *parts) ruleFiles() []string {
	if p.reload == nil {
		return nil
	}
	files := []string{cmp.Or(p.cfg.File, p.cfg.Abs(config.FileName))}
	for _, r := range p.cfg.Hub.Relays {
		if r.Schema != "" {
			files = append(files, p.cfg.Abs(r.Schema))
		}
	}
	return files
}
