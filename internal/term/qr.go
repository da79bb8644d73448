package term

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"rsc.io/qr"
)

// quiet is the light border that a reader needs around the code, in modules.
const quiet = 2

// QR writes a URL as a QR code, two modules a character, and the URL below. In colour
// the code is black on white; without, its light parts are drawn, which is right on a
// dark ground and which readers take on a light one too.
func (p *Printer) QR(url string) error {
	code, err := qr.Encode(url, qr.L)
	if err != nil {
		return fmt.Errorf("QR code of %s: %w", url, err)
	}
	var b strings.Builder
	b.WriteString("\n")
	for y := -quiet; y < code.Size+quiet; y += 2 {
		row := qrRow(code, y)
		if p.style.colored {
			row = "\x1b[97;40m" + row + "\x1b[0m"
		}
		b.WriteString("  " + row + "\n")
	}
	b.WriteString("\n  " + p.style.link.Render(Clean(url)) + "\n\n")
	p.writeString(b.String())
	return nil
}

// qrRow draws two rows of modules: what is light is drawn.
func qrRow(code *qr.Code, y int) string {
	var b strings.Builder
	for x := -quiet; x < code.Size+quiet; x++ {
		upper, lower := !code.Black(x, y), !code.Black(x, y+1)
		switch {
		case upper && lower:
			b.WriteRune('█')
		case upper:
			b.WriteRune('▀')
		case lower:
			b.WriteRune('▄')
		default:
			b.WriteRune(' ')
		}
	}
	return b.String()
}

// Clear empties the screen, at the user's request only. A terminal that shows no
// colour may not know how: then nothing happens.
func (p *Printer) Clear() {
	if p.style.colored && p.terminal {
		p.writeString("\x1b[H\x1b[2J")
	}
}

// Lines writes lines for people, indented as the banner is. The JSON format leaves
// them out: they answer a key that was pressed.
func (p *Printer) Lines(lines ...string) {
	if p.format == JSON {
		return
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("  " + p.wrapped(Clean(l), 2) + "\n")
	}
	p.writeString(b.String())
}

// Rows writes addresses as the banner shows them.
func (p *Printer) Rows(rows []Row) {
	if p.format == JSON {
		return
	}
	p.writeString("\n" + p.rows(rows) + "\n")
}

// Key is a key and what it does.
type Key struct{ Name, Help string }

// Keys lists keys, as Lines does.
func (p *Printer) Keys(list ...Key) {
	if p.format == JSON {
		return
	}
	width := 0
	for _, k := range list {
		width = max(width, lipgloss.Width(k.Name))
	}
	var b strings.Builder
	for _, k := range list {
		b.WriteString("  " + p.style.strong.Render(pad(Clean(k.Name), width)) + "  " + p.wrapped(Clean(k.Help), 2+width+2) + "\n")
	}
	p.writeString("\n" + b.String() + "\n")
}

// Said writes what a person said to a back-end.
func (p *Printer) Said(to, text string) {
	if p.format == JSON {
		return
	}
	p.writeString(p.style.faint.Render(p.now().Format(timeLayout)) + " " + p.service(to) + p.style.faint.Render(" > ") + Clean(text) + "\n")
}
