package ask

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
)

// question is a form that ends with its context as it ends with an answer: by itself. A
// program that is killed from outside, as huh does it, leaves its reader on the terminal.
type question struct {
	form *huh.Form
	ctx  context.Context
}

// ended says that the context is.
type ended struct{}

func (q question) Init() tea.Cmd {
	q.form.SubmitCmd, q.form.CancelCmd = tea.Quit, tea.Quit
	return tea.Batch(q.form.Init(), func() tea.Msg {
		<-q.ctx.Done()
		return ended{}
	})
}

func (q question) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(ended); ok {
		return q, tea.Quit
	}
	_, cmd := q.form.Update(msg) // the same form
	return q, cmd
}

func (q question) View() tea.View {
	if q.ctx.Err() != nil {
		return tea.NewView("")
	}
	return tea.NewView(q.form.View())
}
