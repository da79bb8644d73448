package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"unicode"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/stack"
	"github.com/realtimectl/realtimectl/internal/term"
	"github.com/realtimectl/realtimectl/internal/term/keys"
)

// console returns the terminal on which a person can press keys and sees what comes of
// it.
func (a *app) console() (tty *os.File, ok bool) {
	tty, ok = a.in.(*os.File)
	return tty, ok && isTerminal(tty) && a.printer().Terminal() && a.logFormat != term.JSON && a.env["CI"] == ""
}

// keyboard lets the person before the terminal steer serve by single keys, and speak to
// the back-ends.
type keyboard struct {
	app     *app
	reload  func() (stack.Project, error)
	info    stack.Info
	quit    func()
	restart func()

	actions []keys.Action
	talk    talk // to a back-end, in place of keys that steer
}

// listen takes keys until ctx is done. Without a terminal, lines that are piped in go to
// the back-end that asks for them.
func (k *keyboard) listen(ctx context.Context) {
	tty, ok := k.app.console()
	if !ok {
		k.pipe(ctx)
		return
	}
	k.actions = k.choices(ctx)
	err := keys.Listen(ctx, tty, func(key rune) {
		if k.talk.active {
			k.talkKey(key)
			return
		}
		k.press(key)
	})
	k.app.printer().EndPrompt()
	if !errors.Is(err, keys.ErrNoTerminal) {
		k.warn(err)
	}
}

func (k *keyboard) warn(err error) {
	if err != nil {
		k.app.printer().Log().Warn(err.Error(), "event", "key.failed")
	}
}

// choices are the keys, in the order of the help.
func (k *keyboard) choices(ctx context.Context) []keys.Action {
	a, control := k.app, k.info.Control
	self := stack.State{App: k.info.App, Proxy: k.info.Proxy, Certificate: k.info.Certificate}
	list := []keys.Action{
		{Key: 'o', Help: "open the browser", Do: func() { k.warn(a.openBrowser(self.Page())) }},
		{Key: 'r', Help: "reload the pages", Do: func() { k.warn(a.reloadPages(ctx, control.Config(), self, changed{})) }},
		{Key: 'R', Help: "restart everything, with the configuration as it is now", Do: k.restart},
		{Key: 'u', Help: "show the addresses, and how the back-ends are", Do: func() { a.printer().Rows(rows(k.info)) }},
		{Key: 'g', Help: "switch ghost mode: pages mirror each other", Do: func() { k.switched("ghost mode", control.SwitchGhost) }},
		{Key: 'p', Help: "pause watching, or go on", Do: func() { k.switched("pause", control.SwitchPause) }},
		{Key: 'b', Help: "build " + control.Config().Paths.Dist + "/", Do: func() { k.warn(k.build(ctx)) }},
		{Key: 'l', Help: "say more, or less again", Do: a.nextLevel},
		{Key: 'c', Help: "clear the screen", Do: a.printer().Clear},
		{Key: 'Q', Help: "QR code of the address for a phone", Do: func() { k.warn(a.showQR(k.info)) }},
	}
	return append(list,
		keys.Action{Key: 't', Help: "talk to a back-end: what you type goes to it", Do: k.startTalk},
		keys.Action{Key: 'h', Help: "this help", Do: k.help},
		keys.Action{Key: 'q', Help: "quit", Do: k.quit})
}

// build builds with the configuration as it is now.
func (k *keyboard) build(ctx context.Context) error {
	p, err := k.reload()
	if err == nil {
		err = k.app.build(ctx, p, buildFlags{})
	}
	if _, isList := errors.AsType[diag.List](err); isList {
		k.app.printer().Error(err)
		return nil
	}
	return err
}

// press does what a key stands for. Enter is tolerated: habits of other tools are.
func (k *keyboard) press(key rune) {
	do, ok := keys.Find(k.actions, key)
	switch {
	case ok:
		do()
	case unicode.IsGraphic(key) && !unicode.IsSpace(key):
		k.app.printer().Lines(fmt.Sprintf("%c is no key here; h shows them", key))
	}
}

func (k *keyboard) help() {
	list := make([]term.Key, len(k.actions))
	for i, a := range k.actions {
		list[i] = term.Key{Name: string(a.Key), Help: a.Help}
	}
	k.app.printer().Keys(list...)
}

// switched says how a switch stands after it was used.
func (k *keyboard) switched(name string, use func() (on, ok bool)) {
	on, ok := use()
	word := map[bool]string{true: "on", false: "off"}[on]
	if !ok {
		word = "there is none in production"
	}
	k.app.printer().Lines(name + ": " + word)
}

// showQR shows the address that other machines reach, or how to get one.
func (a *app) showQR(i stack.Info) error {
	if len(i.Network) == 0 {
		a.printer().Lines("no phone reaches this address: it is on this machine alone; serve with --host 0.0.0.0")
		return nil
	}
	return a.printer().QR(i.Network[0].URL)
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
