package angular

import (
	"regexp"
	"slices"
	"strings"
)

// AnnotateModule is [Annotate] for a script that may be an ES module. A bundler renames
// parameters when their names are taken elsewhere, so modules are annotated before.
func AnnotateModule(src string) ([]Insertion, error) {
	if !mayNeed(src) {
		return nil, nil
	}
	list, err := Annotate(asScript(src))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(i Insertion) bool { return strings.Contains(i.Text, standIn) }), nil
}

// standIn is the variable that takes an anonymous default export in the script that is
// parsed in place of a module; the module itself has no such name.
const standIn = "_default"

var (
	importStatement = regexp.MustCompile(`(?m)^[ \t]*import\b(?:[^;'"()]*?\bfrom)?\s*['"][^'"\n]+['"][ \t]*;?`)
	exportList      = regexp.MustCompile(`(?m)^[ \t]*export\s*(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})(?:\s*from\s*['"][^'"\n]+['"])?[ \t]*;?`)
	exportNamed     = regexp.MustCompile(`(?m)^([ \t]*)(export\s+(?:default\s+)?)((?:async\s+)?(?:class|function\s*\*?)\s+(?:[\w$]+)|const\b|let\b|var\b)`)
	exportDefault   = regexp.MustCompile(`(?m)^([ \t]*)export default\b`)
)

// asScript returns a script of the same length, and with its functions at the same
// offsets, in which nothing is imported or exported.
func asScript(src string) string {
	src = importStatement.ReplaceAllStringFunc(src, blank)
	src = exportList.ReplaceAllStringFunc(src, blank)
	src = exportNamed.ReplaceAllStringFunc(src, func(s string) string {
		m := exportNamed.FindStringSubmatch(s)
		if m[3] == "class extends" { // it has no name
			return s
		}
		return m[1] + blank(m[2]) + m[3]
	})
	return exportDefault.ReplaceAllString(src, "${1}var "+standIn+" =")
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
