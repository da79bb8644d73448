package run

import (
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// minifyBeside is gulp-minify: the small script comes beside the one it is made of, under
// a name of its own.
func minifyBeside(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	settings := minifyOptions(opts)
	return c.each(in, func(f *file) (made, error) {
		if e := ext(f.Path); f.Contents == nil || e != ".js" && e != ".mjs" || leftOut(f, opts) {
			return made{files: []*file{f}}, nil
		}
		settings := settings
		settings.Sourcefile, settings.Sourcemap = f.relative(), mapMode(f)
		out := c.transformed(f, minified(string(f.Contents), settings))
		if out.found.Err() != nil {
			return out, nil
		}
		name, err := smallName(f.Path, opts.Get("ext"))
		if err != nil {
			return c.failed(f, c.mistake(err))
		}
		out.files[0] = out.files[0].at(name)
		if opts.Get("noSource") != true {
			src := textOr(object(opts.Get("ext")), "src", ext(f.Path))
			out.files = append(out.files, f.at(replaceExt(f.Path, src)))
		}
		return out, nil
	})
}

// leftOut reports whether a file lies in a folder, or has a name, that stays as it is.
func leftOut(f *file, opts *gulp.Object) bool {
	matches := func(names []string, key string) bool {
		return slices.ContainsFunc(texts(opts.Get(key)), func(pattern string) bool {
			p := glob.Compile(pattern, glob.Options{})
			return slices.ContainsFunc(names, p.Match)
		})
	}
	return matches(strings.Split(path.Dir(f.Path), "/"), "exclude") || matches([]string{path.Base(f.Path)}, "ignoreFiles")
}

// smallName is what the small script is called: by an extension, or by what an expression
// is replaced with.
func smallName(from string, with gulp.Value) (string, error) {
	given := with
	if o := object(with); o != nil {
		given = o.Get("min")
	}
	if pair := values(given); len(pair) == 2 {
		return replaceFirst(from, pair[0], pair[1])
	}
	if s := text(given); s != "" {
		return replaceExt(from, s), nil
	}
	return replaceExt(from, "-min"+ext(from)), nil
}
