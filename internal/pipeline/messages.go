package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// maxMessages bounds how many mistakes one run tells of: nobody reads more.
const maxMessages = 50

// messenger knows where esbuild's messages point to.
type messenger struct {
	tree  *tree
	pages []*page // whose module scripts were bundled
}

func (b *builder) messages(errors, warnings []api.Message) diag.List {
	return messenger{b.tree, b.pages}.messages(errors, warnings)
}

// messages turns esbuild's errors and warnings into diagnostics, errors first.
func (m messenger) messages(errors, warnings []api.Message) diag.List {
	var list diag.List
	for _, e := range errors {
		list = append(list, m.message(e, diag.Error))
	}
	for _, e := range warnings {
		list = append(list, m.message(e, diag.Warning))
	}
	return list
}

// message turns one of esbuild's messages into a diagnostic: its columns are bytes
// counted from 0, ours are characters counted from 1.
func (m messenger) message(msg api.Message, severity diag.Severity) diag.Diagnostic {
	if d, ok := msg.Detail.(diag.Diagnostic); ok {
		return d // it was one before
	}
	d := diag.Diagnostic{Severity: severity, Source: "scripts", Message: lowerFirst(msg.Text), Hint: m.tree.hint(msg)}
	loc := msg.Location
	if loc == nil {
		return d
	}
	d.Path, d.Line = loc.File, loc.Line
	if strings.HasSuffix(d.Path, ".css") {
		d.Source = "styles"
	}
	if loc.Column <= len(loc.LineText) {
		d.Column = utf8.RuneCountInString(loc.LineText[:loc.Column]) + 1
	}
	return m.inPage(m.withExcerpt(d, loc))
}

func (m messenger) withExcerpt(d diag.Diagnostic, loc *api.Location) diag.Diagnostic {
	file := filepath.Join(m.tree.dir, filepath.FromSlash(d.Path))
	if src, err := os.ReadFile(file); err == nil {
		d.Excerpt = diag.Excerpt(src, d.Line, d.Column)
		return d
	}
	d.Excerpt = diag.Excerpt([]byte(strings.Repeat("\n", d.Line-1)+loc.LineText), d.Line, d.Column)
	return d
}

// inPage moves a place inside a page's own script to the place in the page.
func (m messenger) inPage(d diag.Diagnostic) diag.Diagnostic {
	name, ok := strings.CutPrefix(d.Path, inlineSpace+":")
	if !ok {
		return d
	}
	for _, p := range m.pages {
		for _, r := range p.refs {
			if r.kind != refInlineModule || inlineName(m.tree, p, r) != name {
				continue
			}
			before := string(p.doc.Src[:r.tag.Content.Start])
			if d.Line == 1 {
				d.Column += utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
			}
			d.Path, d.Line = m.tree.rel(p.file), d.Line+strings.Count(before, "\n")
			d.Excerpt = diag.Excerpt(p.doc.Src, d.Line, d.Column)
		}
	}
	return d
}

// lowerFirst makes a message start as ours do, unless its first word is a name.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	next, _ := utf8.DecodeRuneInString(s[n:])
	if next < 'a' || next > 'z' {
		return s
	}
	return strings.ToLower(string(r)) + s[n:]
}
