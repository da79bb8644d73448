package run

import (
	"bytes"
	"path"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// joinOps make one file of many.
func joinOps(plugin string) opFunc {
	switch plugin {
	case "gulp-concat":
		return func(c *call, in []*file) ([]*file, error) { return c.whole(in, c.concat) }
	}
	return nil
}

// concat is gulp-concat: the contents with a line break, or another text, in between.
func (c *call) concat(in []*file) (made, error) {
	joined := join(in, textOr(object(c.arg(1)), "newLine", "\n"))
	if joined == nil {
		return made{}, nil
	}
	switch to := c.arg(0).(type) {
	case *gulp.Object:
		joined.Base = absolute(c.r.opts.Dir, textOr(to, "base", textOr(to, "cwd", ".")))
		joined.Path = absolute(c.r.opts.Dir, text(to.Get("path")))
	default:
		joined.Path = path.Join(joined.Base, text(to))
	}
	return made{files: []*file{joined}}, nil
}

// join returns a file, without a path, that holds what all of them hold; nil for none.
func join(in []*file, newLine string) *file {
	var contents bytes.Buffer
	var maps sourcemap.Joiner
	var first *file
	for _, f := range in {
		if f.Contents == nil {
			continue
		}
		if first == nil {
			first = f
		} else {
			contents.WriteString(newLine)
			maps.Add(newLine, nil)
		}
		contents.Write(f.Contents)
		maps.Add(string(f.Contents), f.mapped)
	}
	if first == nil {
		return nil
	}
	return &file{File: gulp.File{Base: first.Base, Contents: append([]byte{}, contents.Bytes()...)}, mapped: maps.Map()}
}
