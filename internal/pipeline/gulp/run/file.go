package run

import (
	"bytes"
	"path"
	"strings"
	"unsafe"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// file is a file in a stream. It is not changed once it flows: who changes something
// makes another one, so that the pointer stands for the path, the base and the bytes.
type file struct {
	gulp.File // but for its Map
	// mapped leads from the contents to what was written; nil = no map is kept.
	mapped *sourcemap.Map
	// loaded is the map that the file brought with it, in the place of a comment.
	loaded *sourcemap.Map
	// source is the file of the project that it was read from, absolute; "" = made by a
	// plugin. original is what it held then: a mistake is located there as long as it is
	// what the file still holds.
	source   string
	original []byte
	// was is what gulp-rev renamed, for gulp-rev-replace.
	was *renamed
}

// renamed is the name of a file before its hash was put in.
type renamed struct{ path, base, hash string }

// with returns a copy that change has changed.
func (f *file) with(change func(n *file)) *file {
	n := *f
	change(&n)
	return &n
}

// holding returns the file with other contents; where nothing is left, it is empty.
func (f *file) holding(contents []byte) *file {
	return f.with(func(n *file) { n.Contents = held(contents) })
}

// held is what a file holds: without contents it would be none.
func held(contents []byte) []byte {
	if contents == nil {
		return []byte{}
	}
	return contents
}

// own returns the file as functions of the gulpfile see it, theirs to change.
func (f *file) own() *gulp.File {
	own := f.File
	own.Map = f.mapJSON()
	return &own
}

// mapJSON is the file's map as functions see it, which look for its name there; nil = it
// has none.
func (f *file) mapJSON() []byte {
	if f.mapped == nil {
		return nil
	}
	m := *f.mapped
	if m.File == "" {
		m.File = f.relative()
	}
	return m.JSON()
}

// taken returns the file after a function of the gulpfile had it.
func (f *file) taken(own *gulp.File) *file {
	n := f.with(func(n *file) { n.File, n.Map = *own, nil })
	if f.mapped != nil && !bytes.Equal(own.Map, f.mapJSON()) {
		n.mapped, _ = sourcemap.Parse(own.Map) // a broken map is none
	}
	if sameFile(n, f) {
		return f
	}
	return n
}

// relative returns the path below the base, as vinyl's relative does.
func (f *file) relative() string { return relative(f.Base, f.Path) }

// relative returns the way from a folder to a path; both are absolute and clean.
func relative(from, to string) string {
	if from == to {
		return ""
	}
	if rest, ok := strings.CutPrefix(to, strings.TrimSuffix(from, "/")+"/"); ok {
		return rest
	}
	up := ""
	for from != "/" && from != "." && !strings.HasPrefix(to, strings.TrimSuffix(from, "/")+"/") && to != from {
		from = path.Dir(from)
		up += "../"
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(to, from), "/")
	return strings.TrimSuffix(up+rest, "/")
}

// sameBytes reports whether two slices are the same memory.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (a == nil) == (b == nil) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// sameFile reports whether two files are interchangeable.
func sameFile(a, b *file) bool {
	return a.Path == b.Path && a.Base == b.Base && sameBytes(a.Contents, b.Contents) && a.mapped == b.mapped &&
		a.source == b.source && sameBytes(a.original, b.original) && a.was == b.was
}

// equalFile reports whether two files hold the same.
func equalFile(a, b *file) bool {
	if !bytes.Equal(a.Contents, b.Contents) || a.mapped != b.mapped || (a.Contents == nil) != (b.Contents == nil) {
		return false
	}
	return a.Path == b.Path && a.Base == b.Base && a.source == b.source && sameBytes(a.original, b.original) && a.was == b.was
}

// ext returns a path's extension, with its dot; a name that begins with its only dot has none.
func ext(p string) string {
	base := path.Base(p)
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		return base[i:]
	}
	return ""
}

// stem returns a path's name without its extension.
func stem(p string) string { return strings.TrimSuffix(path.Base(p), ext(p)) }

// replaceExt gives a path another extension.
func replaceExt(p, to string) string { return strings.TrimSuffix(p, ext(p)) + to }
