package run

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// revAllOps give names with hashes, and follow them in what names them.
func revAllOps(plugin string) opFunc {
	switch plugin {
	case "gulp-rev-all.revision":
		return revAll
	case "gulp-rev-all.manifestFile":
		return revAllManifest
	case "gulp-rev-all.versionFile":
		return func(c *call, in []*file) ([]*file, error) { return nil, nil } // it holds the time of the build
	case "gulp-rev-collector":
		return revCollector
	case "gulp-rev-delete-original", "gulp-rev-outdated", "gulp-rev-napkin":
		return func(_ *call, in []*file) ([]*file, error) { return in, nil }
	}
	return nil
}

// revised is a file that gulp-rev-all knows.
type revised struct {
	file     *file
	hash     string // of its own contents
	name     string // with the hash of all that it names, too
	path     string // of what is made of it
	refs     []*reference
	searched bool
}

// reference is a way in which a file names another.
type reference struct {
	path     string
	to       *revised
	patterns []*regexp.Regexp
}

// revAll is gulp-rev-all: the hash of a file counts what it names.
func revAll(c *call, in []*file) ([]*file, error) {
	return c.whole(in, func(in []*file) (made, error) {
		opts := object(c.arg(0))
		r := &revisions{call: c, opts: opts, global: revRules(opts, "dontGlobal", "ignore")}
		if !has(opts, "dontGlobal") && !has(opts, "ignore") {
			r.global = []func(string) bool{func(name string) bool { return name == "/favicon.ico" }}
		}
		for _, f := range in {
			if f.Contents == nil {
				continue
			}
			if r.base == "" || !within(f.Base, r.base) {
				r.base = commonFolder(r.base, f.Base)
			}
			r.files = append(r.files, &revised{file: f, hash: md5Hex(f.Contents)})
		}
		return r.run()
	})
}

func commonFolder(a, b string) string {
	for a != "" && !within(b, a) {
		a = path.Dir(a)
	}
	return orElse(a, b)
}

// revRules reads lists of expressions, and of endings.
func revRules(opts *gulp.Object, keys ...string) []func(string) bool {
	var list []func(string) bool
	for _, key := range keys {
		for _, v := range values(opts.Get(key)) {
			switch v := v.(type) {
			case *gulp.Regexp:
				list = append(list, v.Test)
			case string:
				if re, err := regexp.Compile("(?i)" + v + "$"); err == nil {
					list = append(list, re.MatchString)
				}
			}
		}
	}
	return list
}

type revisions struct {
	*call
	opts   *gulp.Object
	base   string
	global []func(string) bool
	files  []*revised
}

func (r *revisions) run() (made, error) {
	dontSearch := append(revRules(r.opts, "dontSearchFile"), r.global...)
	for _, f := range r.files {
		f.searched = utf8.Valid(f.file.Contents) && !r.meets(f, dontSearch)
		if f.searched {
			r.findReferences(f)
		}
	}
	dontRename := append(revRules(r.opts, "dontRenameFile"), r.global...)
	for _, f := range r.files {
		hash := f.fullHash(map[*revised]bool{}, text(r.opts.Get("prefix")))
		name, err := r.renamed(f, hash)
		if err != nil {
			return made{}, err
		}
		f.name, f.path = name, f.file.Path
		if !r.meets(f, dontRename) {
			f.path = path.Join(path.Dir(f.file.Path), name)
		}
	}
	dontUpdate := append(revRules(r.opts, "dontUpdateReference"), r.global...)
	var out []*file
	for _, f := range r.files {
		contents, err := r.updated(f, dontUpdate)
		if err != nil {
			return made{}, err
		}
		out = append(out, f.file.with(func(n *file) {
			n.was = &renamed{path: f.file.Path, base: r.base}
			n.Path, n.Base, n.Contents = f.path, r.base, contents
		}))
	}
	return made{files: out}, nil
}

// rooted is a file's path as references from the root have it.
func (r *revisions) rooted(f *revised) string { return "/" + relative(r.base, f.file.Path) }

func (r *revisions) meets(f *revised, rules []func(string) bool) bool {
	return slices.ContainsFunc(rules, func(matches func(string) bool) bool { return matches(r.rooted(f)) })
}

// renamed is the new name of a file.
func (r *revisions) renamed(f *revised, hash string) (string, error) {
	if fn, ok := r.opts.Get("transformFilename").(*gulp.Func); ok {
		v, err := fn.Call(f.file.own(), hash)
		if err != nil {
			return "", r.mistake(err)
		}
		return text(v), nil
	}
	return stem(f.file.Path) + "." + hash[:min(len(hash), number(r.opts.Get("hashLength"), 8))] + ext(f.file.Path), nil
}

// findReferences looks for every way in which a file may name another: relative ones
// count before those from the root.
func (r *revisions) findReferences(f *revised) {
	var near, far []*reference
	for _, other := range r.files {
		for _, p := range r.ways(f, other) {
			near = append(near, &reference{path: p, to: other})
		}
		rooted := r.rooted(other)
		far = append(far, &reference{path: rooted, to: other}, &reference{path: rooted[1:], to: other})
	}
	known := map[string]*reference{}
	for _, ref := range append(near, far...) {
		if !bytes.Contains(f.file.Contents, []byte(strings.TrimSuffix(ref.path, ext(ref.path)))) {
			continue // no pattern can match
		}
		for _, re := range referencePatterns(ref.path) {
			if !re.Match(f.file.Contents) {
				continue
			}
			first := known[ref.path]
			if first == nil {
				first = ref
				known[ref.path] = ref
				f.refs = append(f.refs, ref)
			}
			if first.to == ref.to {
				first.patterns = append(first.patterns, re)
			}
		}
	}
}

// ways are the relative names of one file in another.
func (r *revisions) ways(from, to *revised) []string {
	dir, other := path.Dir(from.file.Path), path.Dir(to.file.Path)
	if within(other, dir) {
		name := relative(dir, to.file.Path)
		return []string{name, "./" + name}
	}
	return []string{path.Join(relative(dir, other), path.Base(to.file.Path))}
}

// referencePatterns match a name between what belongs to no name; one of a script also
// without its extension, in quotes.
func referencePatterns(name string) []*regexp.Regexp {
	const outside = `[^a-zA-Z0-9.\-_/]`
	extension := ext(name)
	stem := regexp.QuoteMeta(strings.TrimSuffix(name, extension))
	var list []*regexp.Regexp
	if strings.HasSuffix(name, ".js") {
		list = append(list, regexp.MustCompile(`('|")(`+stem+`)()('|"|$)`))
	}
	return append(list, regexp.MustCompile(`(`+outside+`)(`+stem+`)(`+regexp.QuoteMeta(extension)+`)(`+outside+`|$)`))
}

// fullHash is the hash of a file and of all that it names.
func (f *revised) fullHash(seen map[*revised]bool, prefix string) string {
	seen[f] = true
	if len(f.refs) == 0 {
		return f.hash
	}
	all, counted := f.hash, map[*revised]bool{}
	for _, ref := range f.refs {
		if !counted[ref.to] && !seen[ref.to] {
			all += ref.to.fullHash(seen, prefix)
		}
		counted[ref.to] = true
	}
	return md5Hex([]byte(all + prefix))
}

// updated are a file's contents with the new names of others, but of those that one of the
// rules meets.
func (r *revisions) updated(f *revised, dontUpdate []func(string) bool) ([]byte, error) {
	if !f.searched {
		return f.file.Contents, nil
	}
	contents := string(f.file.Contents)
	for _, ref := range f.refs {
		if r.meets(ref.to, dontUpdate) {
			continue
		}
		to := strings.TrimSuffix(ref.path, path.Base(ref.to.file.Path)) + ref.to.name
		if fn, ok := r.opts.Get("transformPath").(*gulp.Func); ok {
			v, err := fn.Call(to, ref.path, ref.to.file.own(), f.file.own())
			if err != nil {
				return nil, r.mistake(err)
			}
			to = text(v)
		} else if prefix := text(r.opts.Get("prefix")); prefix != "" && strings.HasPrefix(to, "/") {
			to = strings.TrimSuffix(prefix, "/") + to
		}
		with := "${1}" + strings.ReplaceAll(strings.TrimSuffix(to, ext(to)), "$", "$$") + "${3}${4}"
		for _, re := range ref.patterns {
			contents = re.ReplaceAllString(contents, with)
		}
	}
	return []byte(contents), nil
}

// revAllManifest is which script and sheet got which name.
func revAllManifest(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	kinds := texts(opts.Get("includeFilesInManifest"))
	if kinds == nil {
		kinds = []string{".css", ".js"}
	}
	names := newObject()
	base := ""
	for _, f := range in {
		if f.was == nil || !slices.Contains(kinds, ext(f.was.path)) {
			continue
		}
		base = f.Base
		set(names, relative(f.was.base, f.was.path), f.relative())
	}
	if base == "" {
		return nil, nil
	}
	name := textOr(opts, "fileNameManifest", "rev-manifest.json")
	return []*file{{File: gulp.File{Path: path.Join(base, name), Base: base, Contents: stringify(names, "  ")}}}, nil
}

// revCollector is gulp-rev-collector: JSON files of the stream that are manifests say
// which names the others' references get.
func revCollector(c *call, in []*file) ([]*file, error) {
	return c.whole(in, func(in []*file) (made, error) {
		opts := object(c.arg(0))
		names := map[string]string{}
		var rest []*file
		for _, f := range in {
			if m := manifestIn(f, opts); m != nil {
				maps.Copy(names, m)
				continue
			}
			rest = append(rest, f)
		}
		changes, err := c.collected(names, opts)
		if err != nil {
			return made{}, err
		}
		out := make([]*file, len(rest))
		for i, f := range rest {
			contents := string(f.Contents)
			for _, change := range changes {
				contents = change.pattern.ReplaceAllString(contents, change.with)
			}
			out[i] = c.withContents(f, contents)
		}
		return made{files: out}, nil
	})
}

// manifestIn returns what a file says of new names, if all of it is that.
func manifestIn(f *file, opts *gulp.Object) map[string]string {
	names := map[string]string{}
	if ext(f.Path) != ".json" || json.Unmarshal(f.Contents, &names) != nil {
		return nil
	}
	suffix, err := regexp.Compile(textOr(opts, "revSuffix", `-[0-9a-f]{8,10}-?`))
	if err != nil {
		return nil
	}
	for from, to := range names {
		clean := path.Base(to)
		if at := suffix.FindStringIndex(clean); at != nil {
			clean = clean[:at[0]] + clean[at[1]:]
		}
		if clean != path.Base(from) && clean != compiledName(path.Base(from), opts) {
			return nil
		}
	}
	return names
}

// compiledName is a name with the extension that its file has once it is compiled.
func compiledName(name string, opts *gulp.Object) string {
	kinds := newObject(".scss", ".css", ".less", ".css", ".jsx", ".js")
	if has(opts, "extMap") {
		kinds = object(opts.Get("extMap"))
	}
	for _, from := range keysOf(kinds) {
		if rest, ok := strings.CutSuffix(name, from); ok {
			return rest + text(kinds.Get(from))
		}
	}
	return name
}

// collectedChange is one thing that gulp-rev-collector replaces.
type collectedChange struct {
	pattern *regexp.Regexp
	length  int
	with    string
}

func (c *call) collected(names map[string]string, opts *gulp.Object) ([]collectedChange, error) {
	for _, from := range slices.Sorted(maps.Keys(names)) {
		if as := compiledName(from, opts); as != from && names[as] == "" {
			names[as] = compiledName(names[from], opts)
		}
	}
	var list []collectedChange
	for _, from := range slices.Sorted(maps.Keys(names)) {
		patterns := []string{regexp.QuoteMeta(from)}
		if truthy(opts.Get("replaceReved")) {
			patterns = append(patterns, revedPattern(from, textOr(opts, "revSuffix", `-[0-9a-f]{8,10}-?`)))
		}
		for _, p := range patterns {
			changes, err := c.changesFor(p, names[from], object(opts.Get("dirReplacements")))
			if err != nil {
				return nil, err
			}
			list = append(list, changes...)
		}
	}
	slices.SortStableFunc(list, func(a, b collectedChange) int { return cmp.Compare(b.length, a.length) })
	return list, nil
}

// revedPattern matches a name that has a hash already.
func revedPattern(name, suffix string) string {
	dir, base := path.Split(name)
	extension := ext(base)
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSuffix(base, extension), ".") {
		parts = append(parts, regexp.QuoteMeta(part)+"(?:"+suffix+")?")
	}
	return regexp.QuoteMeta(dir) + strings.Join(parts, `\.`) + regexp.QuoteMeta(extension)
}

// changesFor are the replacements of one name: below other folders, or where it begins.
func (c *call) changesFor(pattern, to string, folders *gulp.Object) ([]collectedChange, error) {
	literal := func(s string) string { return strings.ReplaceAll(s, "$", "$$") }
	if folders == nil {
		begins := `([/\\'"(=])`
		re, err := regexp.Compile(begins + pattern)
		if err != nil {
			return nil, c.mistake(err)
		}
		return []collectedChange{{re, len(pattern), "${1}" + literal(to)}}, nil
	}
	var list []collectedChange
	for _, dir := range keysOf(folders) {
		with := withSlash(text(folders.Get(dir))) + to
		if fn, ok := folders.Get(dir).(*gulp.Func); ok {
			v, err := fn.Call(to)
			if err != nil {
				return nil, c.mistake(err)
			}
			with = text(v)
		}
		whole := regexp.QuoteMeta(withSlash(dir)) + pattern
		re, err := regexp.Compile(whole)
		if err != nil {
			return nil, c.mistake(err)
		}
		list = append(list, collectedChange{re, len(whole), literal(with)})
	}
	return list, nil
}

func withSlash(dir string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir
	}
	return dir + "/"
}
