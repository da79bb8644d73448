package ask

import (
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

// green is read on light and dark grounds alike, as all colours of the program are.
var green = lipgloss.ANSIColor(2)

// theme is the look of a question: quiet, with the answer under the cursor in green.
func theme(dark bool) *huh.Styles {
	s := huh.ThemeBase(dark)
	plain := lipgloss.NewStyle()
	for _, f := range []*huh.FieldStyles{&s.Focused, &s.Blurred} {
		f.Base = plain.PaddingLeft(2)
		f.Title = plain.Bold(true)
		f.Description = plain.Faint(true)
		f.SelectSelector = plain.Foreground(green).SetString("> ")
		f.SelectedOption = plain.Foreground(green).Bold(true)
		f.TextInput.Prompt = plain.Foreground(green)
		f.TextInput.Placeholder = plain.Faint(true)
		f.ErrorIndicator = plain.Foreground(lipgloss.ANSIColor(1)).SetString(" !")
		f.ErrorMessage = plain.Foreground(lipgloss.ANSIColor(1)).PaddingLeft(2)
	}
	s.FieldSeparator = plain.SetString("\n")
	return s
}
