package run

import (
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// flatten is gulp-flatten: files lose their folders, but those it is told to keep.
func flatten(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	return c.move(in, func(f *file) (string, string, error) {
		return path.Join(f.Base, text(opts.Get("newPath")), flattened(f, opts)), f.Base, nil
	})
}

func flattened(f *file, opts *gulp.Object) string {
	name := path.Base(f.Path)
	keep, cut := opts.Get("includeParents"), opts.Get("subPath")
	if !truthy(keep) && !truthy(cut) {
		return name
	}
	dirs := strings.Split(path.Dir(f.relative()), "/")
	if truthy(keep) {
		dirs = parents(dirs, keep)
	}
	if truthy(cut) {
		dirs = subPath(dirs, values(cut))
	}
	return path.Join(path.Join(dirs...), name)
}

// parents keeps folders of the top, of the bottom (negative), or of both.
func parents(dirs []string, keep gulp.Value) []string {
	top, bottom := 0, 0
	switch list := values(keep); {
	case len(list) > 1:
		top, bottom = max(number(list[0], 0), -number(list[0], 0)), max(number(list[1], 0), -number(list[1], 0))
	case number(keep, 0) >= 0:
		top = number(keep, 0)
	default:
		bottom = -number(keep, 0)
	}
	if top+bottom > len(dirs) {
		return dirs
	}
	return append(append([]string{}, dirs[:top]...), dirs[len(dirs)-bottom:]...)
}

// subPath is Array.prototype.slice.
func subPath(dirs []string, bounds []gulp.Value) []string {
	at := func(i, otherwise int) int {
		if i >= len(bounds) {
			return otherwise
		}
		n := number(bounds[i], otherwise)
		if n < 0 {
			n += len(dirs)
		}
		return min(max(n, 0), len(dirs))
	}
	from, to := at(0, 0), at(1, len(dirs))
	return dirs[from:max(from, to)]
}
