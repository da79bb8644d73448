package angular

import (
	"regexp"
	"strings"
)

// AnnotateModule is [Annotate] for a script that may be an ES module. A bundler renames
// parameters when their names are taken elsewhere, so modules are annotated before.
func AnnotateModule(src string) ([]Insertion, error) {
	if !mayNeed(src) {
		return nil, nil
	}
	return annotate(asScript(src), standIn)
}

// standIn is the variable that takes an anonymous default export in the script that is
// parsed in place of a module; the module itself has no such name.
const standIn = "_default"

// attributes are what an import says of the kind of its file.
const attributes = `(?:\s*\b(?:with|assert)\s*\{[^}]*\})?[ \t]*;?`

var (
	importStatement = regexp.MustCompile(`(?m)(^|;)([ \t]*import\b(?:[^;'"()]*?\bfrom)?\s*['"][^'"\n]+['"]` + attributes + ")")
	exportList      = regexp.MustCompile(`(?m)(^|;)([ \t]*export\s*(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})(?:\s*from\s*['"][^'"\n]+['"])?` + attributes + ")")
	exportNamed     = regexp.MustCompile(`(?m)^([ \t]*)(export\s+(?:default\s+)?)((?:async\s+)?(?:class|function\s*\*?)\s+(?:[\w$]+)|const\b|let\b|var\b)`)
	exportDefault   = regexp.MustCompile(`(?m)^([ \t]*)export default\b`)
)

// asScript returns a script of the same length, and with its functions at the same
// offsets, in which nothing is imported or exported.
func asScript(src string) string {
	src = blankStatements(importStatement, src)
	src = blankStatements(exportList, src)
	src = exportNamed.ReplaceAllStringFunc(src, func(s string) string {
		m := exportNamed.FindStringSubmatch(s)
		if strings.HasPrefix(m[3], "class") && strings.HasSuffix(m[3], "extends") { // it has no name
			return s
		}
		return m[1] + blank(m[2]) + m[3]
	})
	return exportDefault.ReplaceAllString(src, "${1}var "+standIn+" =")
}

// blankStatements blanks what an expression finds, as often as it does: the end of one
// statement is where the next one begins.
func blankStatements(statement *regexp.Regexp, src string) string {
	for {
		next := statement.ReplaceAllStringFunc(src, func(s string) string {
			m := statement.FindStringSubmatch(s)
			return m[1] + blank(m[2])
		})
		if next == src {
			return src
		}
		src = next
	}
}

// blank returns as many bytes of white space, with the line breaks of the text.
func blank(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	return string(out)
}
