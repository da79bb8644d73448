package main

import (
	"context"
	"errors"
	"os"

	"github.com/realtimectl/realtimectl/internal/term/keys"
)

// talk is the mode in which what a person types goes to a back-end, line by line.
type talk struct {
	active bool
	to     int // index of the listener
	line   keys.Line
}

// Ctrl-D ends an input everywhere; here it ends the talk.
const ctrlD = '\x04'

// listeners are the back-ends that can be spoken to: the commands, first the one that
// the configuration names.
func (k *keyboard) listeners() []string {
	var first, others []string
	for _, b := range k.info.Control.Backends() {
		switch {
		case b.Stdin:
			first = append(first, b.Name)
		case b.Command:
			others = append(others, b.Name)
		}
	}
	return append(first, others...)
}

func (k *keyboard) startTalk() {
	if len(k.listeners()) == 0 {
		k.app.printer().Lines("there is no back-end to talk to: backends.NAME.run names one")
		return
	}
	k.talk.active = true
	hint := "what you type goes to a back-end; Enter sends, Esc leaves"
	if len(k.listeners()) > 1 {
		hint += ", Tab goes to the next one"
	}
	k.app.printer().Lines(hint)
	k.showTalk()
}

func (k *keyboard) showTalk() {
	k.app.printer().Prompt("to "+k.listener(), k.talk.line.String())
}

// listener is the back-end that is talked to; "" if there is none any more.
func (k *keyboard) listener() string {
	list := k.listeners()
	if len(list) == 0 {
		return ""
	}
	return list[k.talk.to%len(list)]
}

// talkKey takes one key of the line.
func (k *keyboard) talkKey(key rune) {
	switch {
	case key == keys.Esc, key == ctrlD && k.talk.line.String() == "":
		k.talk = talk{to: k.talk.to}
		k.app.printer().EndPrompt()
		k.app.printer().Lines("keys steer again; h shows them")
		return
	case key == keys.Tab:
		k.talk.to = (k.talk.to + 1) % max(len(k.listeners()), 1)
	default:
		if line, done := k.talk.line.Press(key); done {
			k.send(k.listener(), line)
		}
	}
	k.showTalk()
}

// send passes a line on; it stays on the screen, like everything that was typed.
func (k *keyboard) send(to, line string) {
	k.app.printer().Said(to, line)
	k.warn(k.info.Control.Input(to, line))
}

// pipe passes on the lines that are piped into serve, if a back-end asks for them.
func (k *keyboard) pipe(ctx context.Context) {
	in, ok := k.app.in.(*os.File)
	for _, b := range k.info.Backends {
		if !b.Stdin || !ok || isTerminal(in) {
			continue
		}
		if k.info.Control.Started(ctx, b.Name) != nil {
			return // we stop
		}
		err := keys.Lines(ctx, in, func(line string) { k.warn(k.info.Control.Input(b.Name, line)) })
		if errors.Is(err, keys.ErrNoTerminal) {
			err = errors.New("lines cannot be piped into a back-end on this system")
		}
		k.warn(err)
	}
}
