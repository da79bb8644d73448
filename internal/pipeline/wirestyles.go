package pipeline

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// injectBlock is the wiring comment of sheets for the project's own: "// injector …
// endinjector". Those for components, "// bower:scss … // endbower", are as in pages.
var injectBlock = regexp.MustCompile(`(?s)([ \t]*)//\s*injector[^\n]*\n.*?//\s*endinjector`)

// wire fills the wiring comments of a sheet. Imports are relative to the sheet.
func (s *stylesStep) wire(w *Work, file string, src []byte) []byte {
	text := string(src)
	if blockWords.Match(src) {
		for _, c := range wirers(w.tree.dir, s.layout, [][]byte{src}) {
			if c.err != nil {
				w.Report(diag.Diagnostic{Severity: diag.Error, Source: s.Name(), Path: c.from, Message: c.err.Error()})
			}
			text = c.wire(text, file)
		}
	}
	own := func() []string {
		var files []string
		for _, f := range w.Sources() {
			u := w.URL(f)
			if strings.HasPrefix(u, templatesDir) && path.Ext(u) == path.Ext(file) && f != file && !strings.HasPrefix(path.Base(u), "_") && stem(f) != "vendor" {
				files = append(files, f)
			}
		}
		return files
	}
	return []byte(replaceBlock(injectBlock, text, own, file))
}

// replaceBlock puts imports of files into each block.
func replaceBlock(block *regexp.Regexp, text string, files func() []string, from string) string {
	return block.ReplaceAllStringFunc(text, func(found string) string {
		m := block.FindStringSubmatch(found)
		first, _, _ := strings.Cut(found, "\n")
		lines := []string{first}
		for _, f := range files() {
			r, err := filepath.Rel(filepath.Dir(from), f)
			if err != nil {
				continue
			}
			end := ";"
			if path.Ext(from) == ".sass" {
				end = ""
			}
			lines = append(lines, m[1]+`@import "`+filepath.ToSlash(r)+`"`+end)
		}
		last := found[strings.LastIndex(found, "//"):]
		return strings.Join(append(lines, m[1]+last), "\n")
	})
}
