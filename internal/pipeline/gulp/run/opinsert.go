package run

import (
	"fmt"
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
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
	case "gulp-header":
		return func(c *call, in []*file) ([]*file, error) { return c.banner(in, true) }
	case "gulp-footer":
		return func(c *call, in []*file) ([]*file, error) { return c.banner(in, false) }
	case "gulp-wrap":
		return wrap
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
			n.mapped = f.mapped.Moved(strings.Count(head, "\n"), sourcemap.Units(last))
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

// banner is gulp-header or gulp-footer: a lodash template, or what a function says.
func (c *call) banner(in []*file, before bool) ([]*file, error) {
	data := object(c.arg(1))
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		template, err := c.textFor(c.arg(0), f)
		if err != nil {
			return c.failed(f, err)
		}
		out, err := render(template, merged(newObject("file", c.fileData(f), "filename", path.Base(f.Path)), data))
		if err != nil {
			return c.failed(f, c.mistake(err))
		}
		if before {
			return made{files: []*file{f.between(out, "")}}, nil
		}
		return made{files: []*file{f.between("", out)}}, nil
	})
}

// wrap is gulp-wrap: a lodash template with a place for the contents.
func wrap(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(2))
	if engine := text(opts.Get("engine")); engine != "" && engine != "lodash" {
		c.unknown("the engine " + engine)
		return nil, errEnded
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		reads := reads{}
		out, err := c.wrapped(f, opts, reads)
		if err != nil {
			m, err := c.failed(f, c.mistake(err))
			m.reads = reads
			return m, err
		}
		return made{files: []*file{f.holding([]byte(out))}, reads: reads}, nil
	})
}

func (c *call) wrapped(f *file, opts *gulp.Object, reads reads) (string, error) {
	template, err := c.textFor(c.arg(0), f)
	if err != nil {
		return "", err
	}
	if src := text(object(c.arg(0)).Get("src")); src != "" {
		file := absolute(c.r.opts.Dir, src)
		data, ok := c.r.view.read(file)
		reads[file] = data
		if !ok {
			return "", fmt.Errorf("%s is not there", src)
		}
		template = string(data)
	}
	data := object(c.arg(1))
	if fn, ok := c.arg(1).(*gulp.Func); ok {
		v, err := fn.Call(f.own())
		if err != nil {
			return "", err
		}
		data = object(v)
	}
	var contents gulp.Value = string(f.Contents)
	if ext(f.Path) == ".json" && opts.Get("parse") != false {
		if contents, err = parseJSON(f.Contents); err != nil {
			return "", err
		}
	}
	out, err := render(template, merged(merged(newObject("file", c.fileData(f)), opts), merged(data, newObject("contents", contents))))
	return strings.TrimSuffix(out, "\n"), err
}
