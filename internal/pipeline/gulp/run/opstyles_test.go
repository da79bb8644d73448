package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/sheets"
)

// namingCompiler is a compiler that says what kind of file it was given.
type namingCompiler struct{}

func (namingCompiler) Compile(_ context.Context, in sheets.Input) (sheets.Output, diag.List, error) {
	if strings.Contains(string(in.Source), "broken") {
		return sheets.Output{}, diag.List{{Severity: diag.Error, Path: filepath.ToSlash(in.File), Message: "broken"}}, nil
	}
	return sheets.Output{CSS: []byte("/* " + filepath.Ext(in.File) + " */")}, nil, nil
}

func TestPlainSheetsGoThroughTheCompilersOfOtherLanguages(t *testing.T) {
	for plugin, want := range map[string]string{"gulp-sass": "/* .scss */", "gulp-less": "/* .less */", "gulp-stylus": "/* .styl */"} {
		dir := project(t, map[string]string{"css/a.css": "a {}", "css/b.css": "broken"})
		p := &planner{}
		p.task("styles", p.stream(p.op("gulp.src", "css/*.css"), p.op(plugin), p.op("gulp.dest", "out")))
		files, said := mustRun(t, New(Options{Dir: dir, Plan: &p.plan, Sheets: namingCompiler{}}), "styles")
		if files["out/a.css"] != want {
			t.Errorf("%s made %q, want %q", plugin, files["out/a.css"], want)
		}
		if !strings.Contains(said, "css/b.css") || strings.Contains(said, "b.css.") {
			t.Errorf("%s: said %q", plugin, said)
		}
	}
}
