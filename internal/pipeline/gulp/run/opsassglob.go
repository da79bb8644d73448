package run

import (
	"path"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
)

// sassGlobOps write out imports of many sheets at once.
func sassGlobOps(plugin string) opFunc {
	switch plugin {
	case "gulp-sass-glob", "gulp-sass-bulk-import", "gulp-css-globbing", "gulp-sass-globbing":
		return sassGlob
	}
	return nil
}

var globImport = regexp.MustCompile(`(?m)^([ \t]*@(?:import|use|forward)[ \t]+)(['"])([^'"\n]*\*[^'"\n]*)['"];?`)

// sassGlob is gulp-sass-glob: @import "parts/*" becomes an import of each sheet that the
// pattern matches, but of the importing one.
func sassGlob(c *call, in []*file) ([]*file, error) {
	out := make([]*file, len(in))
	for i, f := range in {
		text := globImport.ReplaceAllStringFunc(string(f.Contents), func(s string) string { return c.imports(f, s) })
		out[i] = c.withContents(f, text)
	}
	return out, nil
}

// imports is what one import of a pattern becomes.
func (c *call) imports(f *file, statement string) string {
	m := globImport.FindStringSubmatch(statement)
	dir := path.Dir(f.Path)
	search := glob.Search{Pattern: c.r.pattern(dir, m[3])}
	var lines []string
	for _, found := range search.Files(c.r.view) {
		if found != f.Path && (ext(found) == ".scss" || ext(found) == ".sass") {
			lines = append(lines, m[1]+m[2]+relative(dir, found)+m[2]+";")
		}
	}
	return strings.Join(lines, "\n")
}
