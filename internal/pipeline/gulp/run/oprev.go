package run

import (
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // a name, not a secret: the one that gulp-rev gives
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// revOps put hashes into names and new names into contents.
func revOps(plugin string) opFunc {
	switch plugin {
	case "gulp-rev":
		return rev
	case "gulp-rev.manifest":
		return revManifest
	case "gulp-rev-replace", "gulp-rev-rewrite":
		return revReplace
	case "gulp-hash-filename":
		return hashFilename
	}
	return nil
}

// rev is gulp-rev: the hash of the contents goes before the first dot of the name; before
// version 6 it went before the last one, and before version 4 it was shorter. Source maps
// follow, under the hash of what they belong to.
func rev(c *call, in []*file) ([]*file, error) {
	version := c.r.major("gulp-rev")
	digits, dot := 10, strings.IndexByte
	if version > 0 && version < 4 {
		digits = 8
	}
	if version > 0 && version < 6 {
		dot = lastDot
	}
	hashes := map[string]string{}
	for _, f := range in {
		if ext(f.Path) != ".map" && f.Contents != nil {
			hashes[f.Path] = revHash(f.Contents, digits)
		}
	}
	out, err := c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		hash := revHash(f.Contents, digits)
		to := revPath(f.Path, hash, dot)
		if of := mapOf(f); ext(f.Path) == ".map" && hashes[of] != "" {
			hash = hashes[of]
			to = revPath(strings.TrimSuffix(f.Path, ".map"), hash, lastDot) + ".map"
		}
		return made{files: []*file{f.with(func(n *file) {
			n.Path, n.was = to, &renamed{path: f.Path, base: f.Base, hash: hash}
		})}}, nil
	})
	if err != nil {
		return nil, err
	}
	isMap := func(f *file) int {
		if ext(f.Path) == ".map" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b *file) int { return isMap(a) - isMap(b) })
	return out, nil
}

func revHash(contents []byte, digits int) string { return md5Hex(contents)[:digits] }

func md5Hex(contents []byte) string {
	sum := md5.Sum(contents) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// namePart is a part of the names that gulp-hash-filename gives: {name}, {hash:8}, {ext}.
var namePart = regexp.MustCompile(`\{(\w+)(?::(\d+))?\}`)

// hashFilename is gulp-hash-filename, but for the times of files.
func hashFilename(c *call, in []*file) ([]*file, error) {
	format := textOr(object(c.arg(0)), "format", "{name}-{hash}{ext}")
	return c.move(in, func(f *file) (string, string, error) {
		parts := map[string]string{"name": stem(f.Path), "ext": ext(f.Path), "hash": md5Hex(f.Contents), "size": strconv.Itoa(len(f.Contents))}
		name := namePart.ReplaceAllStringFunc(format, func(s string) string {
			m := namePart.FindStringSubmatch(s)
			part, ok := parts[m[1]]
			if !ok {
				return s
			}
			if n, err := strconv.Atoi(m[2]); err == nil && n > 0 {
				part = part[:min(n, len(part))]
			}
			return part
		})
		return path.Join(path.Dir(f.Path), name), f.Base, nil
	})
}

// revPath puts a hash into a name, before the dot that is found.
func revPath(p, hash string, dot func(name string, c byte) int) string {
	dir, base := path.Split(p)
	at := dot(base, '.')
	if at < 0 {
		at = len(base)
	}
	return dir + base[:at] + "-" + hash + base[at:]
}

// lastDot returns the offset of a name's extension; -1 if it has none.
func lastDot(name string, c byte) int {
	if at := strings.LastIndexByte(name, c); at > 0 {
		return at
	}
	return -1
}

// mapOf returns the path of what a source map belongs to.
func mapOf(f *file) string {
	var m struct{ File string }
	if json.Unmarshal(f.Contents, &m) == nil && m.File != "" {
		return m.File
	}
	return strings.TrimSuffix(path.Base(f.Path), ".map")
}

// revManifest is gulp-rev's manifest: which name became which.
func revManifest(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if s, ok := c.arg(0).(string); ok {
		opts = newObject("path", s)
		for _, key := range keysOf(object(c.arg(1))) {
			opts.Values[key] = object(c.arg(1)).Get(key)
		}
	}
	name := absolute(c.r.opts.Dir, textOr(opts, "path", "rev-manifest.json"))
	names := map[string]string{}
	for _, f := range in {
		if f.was == nil {
			continue
		}
		now := strings.TrimPrefix(strings.TrimPrefix(f.Path, f.Base), "/")
		names[path.Join(path.Dir(now), path.Base(f.was.path))] = now
	}
	if len(names) == 0 {
		return nil, nil
	}
	if old, ok := c.r.view.read(name); ok && truthy(opts.Get("merge")) {
		before := map[string]string{}
		if json.Unmarshal(old, &before) == nil {
			maps.Copy(before, names)
			names = before
		}
	}
	base := absolute(c.r.opts.Dir, textOr(opts, "base", textOr(opts, "cwd", ".")))
	return []*file{{File: gulp.File{Path: name, Base: base, Contents: prettyJSON(names)}}}, nil
}

func keysOf(o *gulp.Object) []string {
	if o == nil {
		return nil
	}
	return o.Keys
}

// prettyJSON is JSON.stringify(v, null, '  ') of an object with sorted keys.
func prettyJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // strings always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// replacement is a name and what is to stand in its place.
type replacement struct{ from, to string }

// revReplace is gulp-rev-replace: the old names in scripts, styles and pages become the
// new ones, the longest first.
func revReplace(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	prefix := text(opts.Get("prefix"))
	var list []replacement
	for _, f := range in {
		if f.was != nil {
			list = append(list, replacement{relative(f.was.base, f.was.path), prefix + f.relative()})
		}
	}
	manifest, err := c.stream(opts.Get("manifest"))
	if err != nil {
		return nil, err
	}
	for _, f := range manifest {
		more, err := renames(f.Contents, prefix)
		if err != nil {
			c.found = append(c.found, c.located(f, 0, 0, err.Error()))
		}
		list = append(list, more...)
	}
	slices.SortStableFunc(list, func(a, b replacement) int { return cmp.Compare(len(b.from), len(a.from)) })
	if list, err = c.modified(list, opts); err != nil {
		return in, c.asMistake(err)
	}
	exts := texts(opts.Get("replaceInExtensions"))
	if exts == nil {
		exts = []string{".js", ".css", ".html", ".hbs"}
	}
	var untouched, changed []*file
	for _, f := range in {
		if f.Contents == nil || !slices.Contains(exts, ext(f.Path)) {
			untouched = append(untouched, f)
			continue
		}
		changed = append(changed, c.withContents(f, replaceAll(string(f.Contents), list, prefix)))
	}
	return append(untouched, changed...), nil
}

// modified sends the names through the functions modifyUnreved and modifyReved.
func (c *call) modified(list []replacement, opts *gulp.Object) ([]replacement, error) {
	for i := range list {
		for key, name := range map[string]*string{"modifyUnreved": &list[i].from, "modifyReved": &list[i].to} {
			fn, ok := opts.Get(key).(*gulp.Func)
			if !ok {
				continue
			}
			v, err := fn.Call(*name)
			if err != nil {
				return nil, c.mistake(err)
			}
			*name = text(v)
		}
	}
	return list, nil
}

func replaceAll(contents string, list []replacement, prefix string) string {
	for _, r := range list {
		if r.from != "" {
			contents = strings.ReplaceAll(contents, r.from, r.to)
		}
		if prefix != "" {
			contents = strings.ReplaceAll(contents, "/"+prefix, prefix+"/")
		}
	}
	return contents
}

// renames reads a manifest.
func renames(manifest []byte, prefix string) ([]replacement, error) {
	names := map[string]string{}
	if err := json.Unmarshal(manifest, &names); err != nil {
		return nil, fmt.Errorf("the manifest is no JSON object of names: %w", err)
	}
	var list []replacement
	for _, from := range slices.Sorted(maps.Keys(names)) {
		list = append(list, replacement{from, prefix + names[from]})
	}
	return list, nil
}
