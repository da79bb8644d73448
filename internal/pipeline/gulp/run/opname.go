package run

import (
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// nameOps give files other paths.
func nameOps(plugin string) opFunc {
	switch plugin {
	case "gulp-rename":
		return rename
	case "gulp-flatten":
		return flatten
	case "gulp-extname", "gulp-ext-replace", "gulp-ext.replace":
		return changeExt
	}
	return nil
}

// rename is gulp-rename: a string, an object with the parts of a path, or a function that
// changes them.
func rename(c *call, in []*file) ([]*file, error) {
	return c.move(in, func(f *file) (string, string, error) {
		name, err := c.renamed(f)
		return path.Join(f.Base, name), f.Base, err
	})
}

func (c *call) renamed(f *file) (string, error) {
	rel := f.relative()
	e := path.Ext(rel)
	if path.Base(rel) == e {
		e = ""
	}
	dir, base := path.Dir(rel), path.Base(rel[:len(rel)-len(e)])
	switch to := c.arg(0).(type) {
	case string:
		return to, nil
	case *gulp.Object:
		return path.Join(textOr(to, "dirname", dir), text(to.Get("prefix"))+textOr(to, "basename", base)+text(to.Get("suffix"))+textOr(to, "extname", e)), nil
	case *gulp.Func:
		parts := newObject("dirname", dir, "basename", base, "extname", e)
		own := f.File
		returned, err := to.Call(parts, &own)
		if err != nil {
			return rel, c.mistake(err)
		}
		if o, ok := returned.(*gulp.Object); ok && has(o, "basename") {
			parts = o
		}
		return path.Join(text(parts.Get("dirname")), text(parts.Get("basename"))+text(parts.Get("extname"))), nil
	}
	return rel, nil
}

// newObject makes an object of keys and values in turn.
func newObject(keysAndValues ...gulp.Value) *gulp.Object {
	o := &gulp.Object{Values: map[string]gulp.Value{}}
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		key := text(keysAndValues[i])
		o.Keys = append(o.Keys, key)
		o.Values[key] = keysAndValues[i+1]
	}
	return o
}

// changeExt is gulp-extname and gulp-ext-replace, which may be told what to replace.
func changeExt(c *call, in []*file) ([]*file, error) {
	to := text(c.arg(0))
	if to != "" && to[0] != '.' {
		to = "." + to
	}
	from := text(c.arg(1))
	return c.move(in, func(f *file) (string, string, error) {
		if from == "" {
			return replaceExt(f.Path, to), f.Base, nil
		}
		if rest, ok := strings.CutSuffix(f.Path, from); ok {
			return rest + to, f.Base, nil
		}
		return f.Path, f.Base, nil
	})
}
