package stack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
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
	log     *slog.Logger
	// rules takes over what concerns requests and answers, backends the servers beside us.
	rules    func(*config.Config) error
	backends func(*config.Config) (tell func(), err error)
	// hide keeps the files that a configuration names for its secrets from being served.
	hide func(*config.Config) error
	// taken is told a configuration that was taken over.
	taken func(*config.Config)
	// names is told a configuration before it is taken over: the files it names are
	// watched, even if it is refused because one of them is missing.
	names func(*config.Config)
	// awaits is told files whose absence is why a configuration was refused.
	awaits func(files []string)
}

// reread reads the file again. Relay rules change under the connected clients, back-ends
// and the rules around answers from one request to the next; a broken file leaves
// everything as it was; what needs a restart is named. It is called from one goroutine at
// a time.
func (r *rereader) reread() {
	next, err := r.load()
	if err == nil {
		r.names(next)
		err = r.take(next)
	}
	if missing, ok := errors.AsType[*config.MissingError](err); ok {
		r.awaits(missing.Files)
	}
	var list diag.List
	switch {
	case errors.As(err, &list):
		r.log.Error("the configuration has a mistake; the old one stays in force", "event", "config.broken", "diagnostics", list)
	case err != nil:
		r.log.Error(fmt.Sprintf("%v; the old configuration stays in force", err), "event", "config.broken")
	default:
		r.last = next
		r.taken(next)
		r.names(next)
		r.tellOutdated(next)
	}
}

// take puts in force what can be. The relay rules are compiled again even if they are the
// same: a schema file of theirs may be what changed.
func (r *rereader) take(next *config.Config) error {
	set, err := compileRelays(next)
	if err == nil {
		err = r.hide(next)
	}
	if err == nil && !sameRules(next, r.last) {
		err = r.rules(next)
	}
	if err != nil {
		return err
	}
	if err := r.hub.SetRelays(set); err != nil {
		return err
	}
	tell, err := r.backends(next)
	if err != nil {
		return err
	}
	what := config.FileName + " is gone"
	if next.File != "" {
		what = filepath.Base(next.File) + " read again"
	}
	r.log.Info(fmt.Sprintf("%s, %s in force", what, count(set.Len(), "relay rule")),
		"event", "config.applied", "rules", set.Len())
	tell()
	return nil
}

// tellOutdated names the keys in which the file and what runs differ: they need a
// restart. A change that was taken back is none.
func (r *rereader) tellOutdated(next *config.Config) {
	keys := outdated(r.running, next)
	if len(keys) == 0 {
		return
	}
	var sections []string
	for _, key := range keys {
		section, _, _ := strings.Cut(key, ".")
		sections = append(sections, section)
	}
	r.log.Warn(fmt.Sprintf("the change of %s needs a restart", strings.Join(keys, ", ")),
		"event", "config.restart-needed", "keys", keys, "sections", slices.Compact(sections),
		"hint", "press R, or stop it and serve again")
}

// outdated lists the keys that differ and do not count without a restart. Those of build
// count for the next build.
func outdated(running, next *config.Config) []string {
	atOnce := slices.AppendSeq([]string{"hub.relays", "backends", "build"}, maps.Keys(ruleValues(running)))
	var keys []string
	for _, k := range config.Keys() {
		now := slices.ContainsFunc(atOnce, func(key string) bool { return config.Covers(key, k.Path) })
		if !now && !bytes.Equal(running.JSON(k), next.JSON(k)) {
			keys = append(keys, k.Path)
		}
	}
	for _, b := range next.Backends {
		if was, _ := named(running.Backends, b.Name); was.Stdin != b.Stdin {
			keys = append(keys, "backends."+b.Name+".stdin") // who gets what is piped in is settled at the start
		}
	}
	return keys
}

// ruleFiles lists the files that are read again when they change: those that relay rules
// come from, and the configuration that a project without one may get. There are none if
// nobody says how to read them.
func (p *parts) ruleFiles(cfg *config.Config) []string {
	if p.reload == nil {
		return nil
	}
	files := []string{cmp.Or(p.cfg.File, p.cfg.Abs(config.FileName))}
	for _, r := range cfg.Hub.Relays {
		if r.Schema != "" {
			files = append(files, cfg.Abs(r.Schema))
		}
	}
	return files
}
