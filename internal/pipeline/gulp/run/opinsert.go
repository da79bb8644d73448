package run

import (
	"strings"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// insertOps put text before or behind what files hold.
func insertOps(plugin string) opFunc {
	switch plugin {
	case "gulp-insert.prepend":
		return func(c *call, in []*file) ([]*file, error) { return c.surround(in, c.arg(0), nil) }
	case "gulp-insert.append":
		return func(c *call, in []*file) ([]*file, error) { return c.surround(in, nil, c.arg(0)) }
	case "gulp-insert.wrap":
		return func(c *call, in []*file) ([]*file, error) { return c.surround(in, c.arg(0), c.arg(1)) }
	case "gulp-insert.transform":
		return transform
	case "gulp-iife":
		return nil
	}
	return nil
}

// surround puts texts, or what functions say of the file, around contents.
func (c *call) surround(in []*file, before, behind gulp.Value) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		head, err := c.textFor(before, f)
		tail := ""
		if err == nil {
			tail, err = c.textFor(behind, f)
		}
		if err != nil {
			return c.failed(f, err)
		}
		return made{files: []*file{f.between(head, tail)}}, nil
	})
}

// between returns the file with text before and behind its contents.
func (f *file) between(head, tail string) *file {
	return f.with(func(n *file) {
		n.Contents = []byte(head + string(f.Contents) + tail)
		if f.mapped != nil && head != "" {
			last := head[strings.LastIndexByte(head, '\n')+1:]
			n.mapped = f.mapped.Moved(strings.Count(head, "\n"), utf8.RuneCountInString(last))
		}
	})
}

// textFor returns a string, or what a function says of the file.
func (c *call) textFor(v gulp.Value, f *file) (string, error) {
	fn, ok := v.(*gulp.Func)
	if !ok {
		return text(v), nil
	}
	own := f.File
	said, err := fn.Call(&own)
	if err != nil {
		return "", c.mistake(err)
	}
	return text(said), nil
}

// transform is gulp-insert's: a function makes new contents of the old.
func transform(c *call, in []*file) ([]*file, error) {
	fn, ok := c.arg(0).(*gulp.Func)
	if !ok {
		return in, nil
	}
	return c.edit(in, func(f *file) ([]byte, error) {
		own := f.File
		said, err := fn.Call(string(f.Contents), &own)
		if err != nil {
			return nil, c.mistake(err)
		}
		return []byte(text(said)), nil
	})
}
