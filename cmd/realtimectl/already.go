package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/realtimectl/realtimectl/internal/config"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
	"github.com/realtimectl/realtimectl/internal/term/keys"
)

// alreadyRuns looks for another serve of the same project on the same ports: then there
// is nothing to serve. On a terminal it offers what one may have wanted: to see the first
// one, or to take its place. With --open it opens the page of the first one.
func (a *app) alreadyRuns(ctx context.Context, cfg *config.Config) (enough bool, err error) {
	s, _, runs := living(ctx, cfg)
	if !runs || elsewhere(cfg) {
		return false, nil
	}
	if cfg.Serve.Open && a.openBrowser(s.Page()) == nil {
		return true, alreadyServed(s, "end it with `realtimectl stop`")
	}
	if tty, ok := a.console(); ok {
		a.printer().Lines(fmt.Sprintf("this project is already served at %s (pid %d)", s.Page(), s.PID))
		a.printer().Keys(
			term.Key{Name: "o", Help: "open it"},
			term.Key{Name: "s", Help: "stop it and serve here"},
			term.Key{Name: "any other key", Help: "leave it as it is"})
		switch a.oneKey(ctx, tty) {
		case 'o':
			return true, a.openBrowser(s.Page())
		case 's':
			return false, a.stop(ctx, cfg)
		}
	}
	return true, alreadyServed(s, "open "+s.Page()+", or end it with `realtimectl stop`")
}

func alreadyServed(s stack.State, hint string) error {
	return failure(exitPort, fmt.Errorf("this project is already served at %s (pid %d)", s.Page(), s.PID),
		hint, "--proxy-port 0 --app-port 0 starts a second one beside it")
}

// oneKey waits for a key; 0 says that there is none.
func (a *app) oneKey(ctx context.Context, tty *os.File) (key rune) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := keys.Listen(ctx, tty, func(r rune) { key = r; cancel() })
	if err != nil && !errors.Is(err, keys.ErrNoTerminal) {
		a.printer().Log().Warn(err.Error(), "event", "key.failed")
	}
	return key
}

// elsewhere reports whether the user asked for ports of this serve's own.
func elsewhere(cfg *config.Config) bool {
	for _, key := range []string{"serve.app", "serve.proxy"} {
		if kind := cfg.Origin(key).Kind; kind == config.FromFlag || kind == config.FromEnvironment {
			return true
		}
	}
	return false
}
