package pipeline

import (
	"slices"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// SheetCompiler says what compiles the sheets of one language in a project.
type SheetCompiler struct {
	Language string // "Sass"
	Sheet    string // one of them, relative to the project
	// Says names the compiler, where it is and how it is run; "" = nothing compiles them,
	// and Missing says so.
	Says    string
	Missing diag.Diagnostic
}

// SheetCompilers looks which languages the sheets of a project are written in and what
// compiles them, unless its own commands do. It starts nothing.
func SheetCompilers(opts Options) ([]SheetCompiler, error) {
	if compileStyles(opts.Tasks) {
		return nil, nil
	}
	layout, err := layoutOf(opts.Dir, opts.Layout, opts.Src, opts.Public)
	if err != nil {
		return nil, err
	}
	t, err := newTree(opts.Dir, layout, orDefault(opts.Tmp, ".tmp"), orDefault(opts.Out, "dist"))
	if err != nil {
		return nil, err
	}
	files, err := t.sources()
	if err != nil {
		return nil, err
	}
	var all []SheetCompiler
	for _, file := range files {
		language := sheets.LanguageOf(file)
		if language == "" || slices.ContainsFunc(all, func(c SheetCompiler) bool { return c.Language == string(language) }) {
			continue
		}
		c := SheetCompiler{Language: string(language), Sheet: t.rel(file)}
		if choice, ok := sheets.Find(t.dir, language); ok {
			c.Says = choice.Sentence()
		} else {
			c.Missing = sheets.New(t.dir, nil).Missing(file)
		}
		all = append(all, c)
	}
	return all, nil
}
