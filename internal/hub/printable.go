package hub

import "strings"

// maxPrinted bounds what is repeated to a person of what a client sent, in bytes.
const maxPrinted = 100

// printable cuts and cleans what a client sent before it is shown in a terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxPrinted {
		return strings.ToValidUTF8(s[:maxPrinted], "") + "…"
	}
	return s
}
