package term

import (
	"strings"

	"github.com/muesli/termenv"
)

// The modes of Options.Color.
const (
	Auto   = "auto"
	Always = "always"
	Never  = "never"
)

// Profile decides how many colours to use: 16 million, 256, 16, or none
// ([termenv.Ascii], which also means no bold and no other escape sequence).
//
// The mode always or never wins. In auto, FORCE_COLOR and CLICOLOR_FORCE ask for
// colour even in a pipe (FORCE_COLOR=1, 2, 3 for 16, 256, all; 0 for none), then
// NO_COLOR, CLICOLOR=0 and TERM=dumb refuse it, and what is left is coloured if it is
// a terminal. COLORTERM and TERM tell how many colours there are.
func Profile(mode string, environ []string, terminal bool) termenv.Profile {
	env := lookup(environ)
	switch mode {
	case Never:
		return termenv.Ascii
	case Always:
		return max16(capability(env))
	}
	if forced, ok := forcedProfile(env); ok {
		return forced
	}
	if env["NO_COLOR"] != "" || env["CLICOLOR"] == "0" || env["TERM"] == "dumb" || !terminal {
		return termenv.Ascii
	}
	return capability(env)
}

func lookup(environ []string) map[string]string {
	env := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

func forcedProfile(env map[string]string) (termenv.Profile, bool) {
	switch force := env["FORCE_COLOR"]; force {
	case "":
	case "0", "false":
		return termenv.Ascii, true
	case "2":
		return termenv.ANSI256, true
	case "3":
		return termenv.TrueColor, true
	default:
		return max16(capability(env)), true
	}
	if force := env["CLICOLOR_FORCE"]; force != "" && force != "0" {
		return max16(capability(env)), true
	}
	return termenv.Ascii, false
}

// max16 returns at least 16 colours: they were asked for.
func max16(p termenv.Profile) termenv.Profile {
	return min(p, termenv.ANSI) // termenv counts from the most colours to none
}

func capability(env map[string]string) termenv.Profile {
	name := env["TERM"]
	switch {
	case name == "dumb":
		return termenv.Ascii
	case env["COLORTERM"] == "truecolor", env["COLORTERM"] == "24bit", env["WT_SESSION"] != "":
		return termenv.TrueColor
	case containsAny(name, "kitty", "ghostty", "alacritty", "wezterm", "direct"):
		return termenv.TrueColor
	case strings.Contains(name, "256color"):
		return termenv.ANSI256
	case name == "" && env["OS"] != "Windows_NT":
		return termenv.Ascii
	}
	return termenv.ANSI
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
