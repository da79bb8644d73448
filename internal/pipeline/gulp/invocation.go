package gulp

import (
	"path"
	"strings"
)

// Invocation is how a command line calls gulp.
type Invocation struct {
	Tasks []string          // that it names, in order; "default" where it names none
	Args  []string          // its options, as the gulpfile finds them in process.argv
	Env   map[string]string // variables that are set for it: NODE_ENV=production gulp …
}

// IsPlain reports whether a gulpfile that is called so finds nothing but names of tasks.
func (call Invocation) IsPlain() bool { return len(call.Args)+len(call.Env) == 0 }

// invocations returns the calls of gulp in a command line of package.json.
func (p *Plan) invocations(line string) []Invocation {
	var list []Invocation
	var words []string
	for _, word := range append(shellWords(line), "&&") {
		if word != "&&" && word != "||" && word != ";" && word != "|" && word != "&" {
			words = append(words, word)
			continue
		}
		if call, ok := p.invocation(words); ok {
			list = append(list, call)
		}
		words = nil
	}
	return list
}

// invocation reads one command, whose options may take a word: only what is a task of the
// plan is one.
func (p *Plan) invocation(words []string) (Invocation, bool) {
	call := Invocation{}
	for len(words) > 0 && !isGulp(words[0]) {
		if name, value, ok := strings.Cut(words[0], "="); ok && name != "" && !strings.HasPrefix(name, "-") {
			if call.Env == nil {
				call.Env = map[string]string{}
			}
			call.Env[name] = value
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return call, false
	}
	named := false
	for _, word := range words[1:] {
		isOption := strings.HasPrefix(word, "-")
		switch {
		case !isOption && p.Task(word) != nil:
			call.Tasks = append(call.Tasks, word)
		case !isOption && len(call.Args) == 0:
			named = true // a task that there is not
		default:
			call.Args = append(call.Args, word)
		}
	}
	if len(call.Tasks) == 0 && !named && p.Task("default") != nil {
		call.Tasks = []string{"default"}
	}
	return call, true
}

// isGulp reports whether a word of a command line is gulp's command, or its script.
func isGulp(word string) bool {
	switch path.Base(word) {
	case "gulp", "gulp.js", "gulp.cmd":
		return true
	}
	return false
}

// shellWords cuts a command line into words and operators. Quotes keep a word together.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	flush := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, open = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			flush()
		case quote == 0 && r == ';':
			flush()
			words = append(words, ";")
		default:
			word.WriteRune(r)
			open = true
		}
	}
	flush()
	return words
}
