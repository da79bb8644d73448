package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
	"github.com/realtimectl/realtimectl/internal/term/keys"
)

// keyboard lets the person before the terminal steer serve by single keys, until ctx
// is done. Without a terminal it does nothing.
func (a *app) keyboard(ctx context.Context, project stack.Project, i stack.Info, quit func()) {
	cfg := project.Config
	tty, ok := a.in.(*os.File)
	if !ok || !a.printer().Terminal() || a.logFormat == term.JSON || a.env["CI"] != "" {
		return
	}
	self := stack.State{App: i.App, Proxy: i.Proxy, Certificate: i.Certificate}
	page := self.Page()
	warn := func(err error) {
		if err != nil {
			a.printer().Log().Warn(err.Error(), "event", "key.failed")
		}
	}
	actions := []keys.Action{
		{Key: 'o', Help: "open the browser", Do: func() { warn(a.openBrowser(page)) }},
		{Key: 'r', Help: "reload the pages", Do: func() { warn(a.reloadPages(ctx, cfg, self, changed{})) }},
		{Key: 'u', Help: "show the addresses", Do: func() { a.printer().Rows(addresses(cfg, i)) }},
		{Key: 'g', Help: "switch ghost mode: pages mirror each other", Do: func() { a.switched("ghost mode", i.Control, (*stack.Control).SwitchGhost) }},
		{Key: 'p', Help: "pause watching, or go on", Do: func() { a.switched("pause", i.Control, (*stack.Control).SwitchPause) }},
		{Key: 'b', Help: "build dist/", Do: func() { warn(a.build(ctx, project, buildFlags{})) }},
		{Key: 'l', Help: "say more, or less again", Do: a.nextLevel},
		{Key: 'c', Help: "clear the screen", Do: func() { a.printer().Clear() }},
		{Key: 'Q', Help: "QR code of the address for a phone", Do: func() { warn(a.showQR(i)) }},
		{Key: 'q', Help: "quit", Do: quit},
	}
	help := keys.Action{Key: 'h', Help: "this help"}
	help.Do = func() { a.printer().Lines(keys.Help(append(actions, help))...) }
	if err := keys.Listen(ctx, tty, append(actions, help)); !errors.Is(err, keys.ErrNoTerminal) {
		warn(err)
	}
}

// switched says how a switch stands after it was used. Production has none.
func (a *app) switched(name string, c *stack.Control, use func(*stack.Control) bool) {
	if c == nil {
		a.printer().Lines(name + ": there is none in production")
		return
	}
	a.printer().Lines(name + ": " + map[bool]string{true: "on", false: "off"}[use(c)])
}

// showQR shows the address that other machines reach, or how to get one.
func (a *app) showQR(i stack.Info) error {
	if len(i.Network) == 0 {
		a.printer().Lines("no phone reaches this address: it is on this machine alone; serve with --host 0.0.0.0")
		return nil
	}
	return a.printer().QR(i.Network[0])
}

// nextLevel switches between what is said normally and everything.
func (a *app) nextLevel() {
	next := slog.LevelDebug
	if a.level.Level() == slog.LevelDebug {
		next = slog.LevelInfo
	}
	a.level.Set(next)
	a.printer().Lines("from now on: " + map[slog.Level]string{slog.LevelDebug: "everything", slog.LevelInfo: "what matters"}[next])
}
