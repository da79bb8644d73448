package run

import (
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// replaceOps replace what matches by something else.
func replaceOps(plugin string) opFunc {
	switch plugin {
	case "gulp-replace", "gulp-string-replace", "gulp-replace-task.simple":
		return replace
	case "gulp-batch-replace":
		return replaceAllPairs
	case "gulp-frep":
		return replaceByObjects
	}
	return nil
}

// replace is gulp-replace: a string everywhere, an expression as String.replace does.
func replace(c *call, in []*file) ([]*file, error) {
	return c.edit(in, func(f *file) ([]byte, error) {
		out, err := replaceOne(string(f.Contents), c.arg(0), c.arg(1))
		if err != nil {
			return nil, c.mistake(err)
		}
		return []byte(out), nil
	})
}

func replaceOne(s string, search, with gulp.Value) (string, error) {
	if re, ok := search.(*gulp.Regexp); ok {
		return re.Replace(s, with)
	}
	from := text(search)
	if from == "" {
		return s, nil
	}
	fn, ok := with.(*gulp.Func)
	if !ok {
		return strings.ReplaceAll(s, from, text(with)), nil
	}
	parts := strings.Split(s, from)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		v, err := fn.Call(from)
		if err != nil {
			return "", err
		}
		b.WriteString(display(v))
		b.WriteString(part)
	}
	return b.String(), nil
}

// replaceAllPairs is gulp-batch-replace: a list of pairs, one after the other.
func replaceAllPairs(c *call, in []*file) ([]*file, error) {
	return c.edit(in, func(f *file) ([]byte, error) {
		out := string(f.Contents)
		for _, v := range values(c.arg(0)) {
			pair := values(v)
			if len(pair) < 2 {
				continue
			}
			var err error
			if out, err = replaceOne(out, pair[0], pair[1]); err != nil {
				return nil, c.mistake(err)
			}
		}
		return []byte(out), nil
	})
}

// replaceByObjects is gulp-frep: objects with a pattern and a replacement.
func replaceByObjects(c *call, in []*file) ([]*file, error) {
	return c.edit(in, func(f *file) ([]byte, error) {
		out := string(f.Contents)
		for _, v := range values(c.arg(0)) {
			var err error
			if out, err = replaceFirst(out, object(v).Get("pattern"), object(v).Get("replacement")); err != nil {
				return nil, c.mistake(err)
			}
		}
		return []byte(out), nil
	})
}

// replaceFirst is String.prototype.replace: a string once, an expression as it says.
func replaceFirst(s string, search, with gulp.Value) (string, error) {
	from, ok := search.(string)
	before, behind, found := strings.Cut(s, from)
	if !ok || !found {
		return replaceOne(s, search, with)
	}
	middle, err := replaceOne(from, from, with)
	return before + middle + behind, err
}
