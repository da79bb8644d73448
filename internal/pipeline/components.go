package pipeline

import (
	"path/filepath"
	"regexp"
	"slices"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/bower"
)

// wirer fills one kind of blocks with what the project's components bring.
type wirer struct {
	word   string // "bower" or "npm"
	result *bower.Result
	from   string // the file that asks for the components
	err    error  // why that file, or one of a component, cannot be read
}

// blockWords finds the kinds of blocks in a page or a sheet.
var blockWords = regexp.MustCompile(`(?:<!--|//)\s*(bower|npm)\b`)

// wirers are those that the texts need: "bower" blocks get the components of bower.json,
// and the packages of package.json if there is no bower.json; "npm" blocks get packages.
// Components of bower.json are looked at in any case, so that people hear of them.
func wirers(dir string, l Layout, texts [][]byte) []wirer {
	used := map[string]bool{}
	for _, text := range texts {
		for _, m := range blockWords.FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
	}
	var all []wirer
	if exists(filepath.Join(dir, "bower.json")) {
		c := wirer{word: "bower", from: "bower.json"}
		c.result, c.err = bower.Resolve(dir, bower.Options{Directory: l.hints.bowerDir, Exclude: l.hints.excludes})
		all, used["bower"] = append(all, c), false
	}
	if !used["bower"] && !used["npm"] {
		return all
	}
	packages := wirer{from: "package.json"}
	packages.result, packages.err = bower.ResolveNPM(dir, bower.Options{Exclude: l.hints.excludes})
	for _, word := range []string{"bower", "npm"} {
		if packages.word = word; used[word] {
			all = append(all, packages)
		}
	}
	return all
}

// wire fills the blocks of a text that is in a file.
func (c wirer) wire(text, file string) string {
	if c.err != nil {
		return text
	}
	// The error is one of rewriting addresses, which is not done.
	out, _ := bower.Wiring{Result: c.result, Word: c.word}.Wire(text, file)
	return out
}

// reportComponents tells of components that a page will lack, each once.
func reportComponents(w *Work, source string, all []wirer) {
	var told []string
	for _, c := range all {
		if slices.Contains(told, c.from) {
			continue
		}
		told = append(told, c.from)
		c.report(w, source)
	}
}

func (c wirer) report(w *Work, source string) {
	tell := func(severity diag.Severity, message, hint string) {
		w.Report(diag.Diagnostic{Severity: severity, Source: source, Path: c.from, Message: message, Hint: hint})
	}
	if c.err != nil {
		tell(diag.Error, c.err.Error(), "")
		return
	}
	for _, lack := range c.result.Lacks(c.from) {
		tell(diag.Warning, lack.Message, lack.Hint)
	}
}
