package pipeline

import (
	"bytes"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// rewriteCSS sends every address in a piece of CSS (a sheet or a list of declarations)
// through local, and reports whether any changed.
func rewriteCSS(src string, local func(string) (string, error)) (out string, changed bool, err error) {
	if !strings.Contains(src, "url(") && !strings.Contains(src, "@import") {
		return src, false, nil
	}
	lexer := css.NewLexer(parse.NewInputString(src))
	var b bytes.Buffer
	for {
		kind, text := lexer.Next()
		if kind == css.ErrorToken {
			return b.String(), changed, nil
		}
		if kind != css.URLToken {
			b.Write(text)
			continue
		}
		address := unquoteURL(string(text))
		to, err := local(address)
		if err != nil {
			return "", false, err
		}
		if to == address {
			b.Write(text)
			continue
		}
		changed = true
		b.WriteString("url('" + strings.ReplaceAll(to, "'", "%27") + "')")
	}
}

// unquoteURL returns what stands between url( and ).
func unquoteURL(token string) string {
	s := strings.TrimSpace(strings.TrimSuffix(token[len("url("):], ")"))
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return s
}
