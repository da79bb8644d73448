package run

import (
	"bytes"
	"encoding/base64"
	"path"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// writeOwnMaps is the option sourcemaps of gulp.dest: true puts maps into the files, a
// folder, relative to that of the files, beside them.
func writeOwnMaps(c *call, in []*file) ([]*file, error) {
	folder, beside := c.arg(0).(string)
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || f.mapped == nil {
			return made{files: []*file{f}}, nil
		}
		reads := reads{}
		m := *f.mapped
		m.File, m.Contents = f.relative(), c.sourceContents(f, reads)
		if !beside {
			url := "data:application/json;charset=utf-8;base64," + base64.StdEncoding.EncodeToString(m.JSON())
			return made{files: []*file{f.named(url)}, reads: reads}, nil
		}
		at := path.Join(f.Base, folder, f.relative()) + ".map"
		mapFile := &file{File: gulp.File{Path: at, Base: f.Base, Contents: m.JSON()}}
		return made{files: []*file{f.named(relative(path.Dir(f.Path), at)), mapFile}, reads: reads}, nil
	})
}

// named returns the file with the comment that leads to its map. A line break at its end
// stays its end.
func (f *file) named(url string) *file {
	comment := "//# sourceMappingURL=" + url
	if ext(f.Path) == ".css" {
		comment = "/*# sourceMappingURL=" + url + " */"
	}
	switch {
	case bytes.HasSuffix(f.Contents, []byte("\r\n")):
		comment += "\r\n"
	case bytes.HasSuffix(f.Contents, []byte("\n")):
		comment += "\n"
	default:
		comment = "\n" + comment
	}
	return f.holding(append(bytes.Clone(f.Contents), comment...))
}
