// Package ask asks a person at a terminal: which of these, and what shall it be called.
//
// A question takes a few lines of the terminal while it is asked and one when it is
// answered. Arrow keys and Enter answer it; Esc and Ctrl-C leave, which is [ErrLeft].
// The terminal is then as it was.
package ask

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// ErrLeft says that the person would rather not answer.
var ErrLeft = errors.New("left without an answer")

// Asker asks on one terminal.
type Asker struct {
	In, Out *os.File
	Environ []string // "NAME=value" entries: which terminal it is
	Plain   bool     // no colours
}

// Possible reports whether there is a person who can answer: both streams are terminals,
// and lines on them can be drawn over.
func Possible(in, out any, terminalName string) bool {
	return isTerminal(in) && isTerminal(out) && terminalName != "dumb"
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Option is one answer to choose.
type Option struct {
	Value string
	Label string // "" = the value
	Note  string // half a sentence on it
}

// Choose asks for one of several answers; the cursor stands on the first at the start.
func (a Asker) Choose(ctx context.Context, question string, options []Option) (string, error) {
	answer := options[0].Value
	field := huh.NewSelect[string]().Title(question).Options(a.lines(options)...).Filtering(false).Value(&answer)
	if err := a.run(ctx, field, "↑/↓ choose · enter take it · esc leave"); err != nil {
		return "", err
	}
	i := slices.IndexFunc(options, func(o Option) bool { return o.Value == answer })
	a.answered(question, options[i].label())
	return answer, nil
}

// Name asks for a text; an empty answer takes what is proposed. wrong says what is the
// matter with a text, nil if nothing is.
func (a Asker) Name(ctx context.Context, question, proposal string, wrong func(string) error) (string, error) {
	var answer string
	field := huh.NewInput().Title(question).Placeholder(proposal).Value(&answer).Validate(func(text string) error {
		return wrong(orElse(text, proposal))
	})
	if err := a.run(ctx, field, "enter take it · esc leave"); err != nil {
		return "", err
	}
	answer = orElse(answer, proposal)
	a.answered(question, answer)
	return answer, nil
}

func orElse(text, other string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return other
}

func (o Option) label() string {
	if o.Label != "" {
		return o.Label
	}
	return o.Value
}

// narrow is the width under which the notes have a line of their own no more: they are
// left out.
const narrow = 60

// lines sets the options in two columns.
func (a Asker) lines(options []Option) []huh.Option[string] {
	columns, _, err := term.GetSize(int(a.Out.Fd()))
	if err != nil {
		columns = 80
	}
	widest := 0
	for _, o := range options {
		widest = max(widest, lipgloss.Width(o.label()))
	}
	list := make([]huh.Option[string], len(options))
	for i, o := range options {
		text := o.label()
		if room := columns - widest - 8; o.Note != "" && columns >= narrow {
			text += strings.Repeat(" ", widest-lipgloss.Width(text)) + "  " + cut(o.Note, room)
		}
		list[i] = huh.NewOption(text, o.Value)
	}
	return list
}

// cut shortens a note to its room: a line that wraps would look like two options.
func cut(text string, columns int) string {
	if lipgloss.Width(text) <= columns {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && lipgloss.Width(string(runes))+1 > columns {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,") + "…"
}

// run asks one question. The keys are said below it.
func (a Asker) run(ctx context.Context, field huh.Field, keys string) error {
	keymap := huh.NewDefaultKeyMap()
	keymap.Quit = key.NewBinding(key.WithKeys("ctrl+c", "esc"))
	keymap.Select.Filter.SetEnabled(false)
	form := huh.NewForm(huh.NewGroup(field, huh.NewNote().Description(keys))).
		WithKeyMap(keymap).WithTheme(huh.ThemeFunc(theme)).WithShowHelp(false)
	options := []tea.ProgramOption{tea.WithInput(a.In), tea.WithOutput(a.Out), tea.WithEnvironment(a.Environ), tea.WithoutSignalHandler()}
	if a.Plain {
		options = append(options, tea.WithColorProfile(colorprofile.Ascii))
	}
	asked, end := context.WithCancel(ctx)
	defer end()
	_, err := tea.NewProgram(question{form, asked}, options...).Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("ask: %w", context.Cause(ctx))
	case form.State == huh.StateAborted:
		return ErrLeft
	case err != nil:
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// answered leaves question and answer on the terminal.
func (a Asker) answered(question, answer string) {
	mark := lipgloss.NewStyle().Foreground(green).Render("✔")
	text := fmt.Sprintf("%s %s  %s\n", mark, question, lipgloss.NewStyle().Bold(true).Render(answer))
	if a.Plain {
		text = fmt.Sprintf("✔ %s  %s\n", question, answer)
	}
	_, _ = a.Out.WriteString(text) // a terminal that is gone shows at the next question
}
