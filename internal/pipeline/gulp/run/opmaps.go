package run

import (
	"bytes"
	"encoding/base64"
	"path"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// mapOps keep source maps and write them.
func mapOps(plugin string) opFunc {
	switch plugin {
	case "gulp-sourcemaps.init":
		return func(c *call, in []*file) ([]*file, error) {
			return c.initMaps(in, truthy(object(c.arg(0)).Get("loadMaps")))
		}
	case "gulp-sourcemaps.identityMap":
		return func(_ *call, in []*file) ([]*file, error) { return in, nil }
	case "gulp-sourcemaps.write":
		return writeMaps
	case "gulp-sourcemaps.mapSources":
		return mapSources
	}
	return nil
}

// initMaps begins to keep a map for each file: its own if it brings one and loading is
// asked for, else one that leads to itself.
func (c *call) initMaps(in []*file, load bool) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || f.mapped != nil {
			return made{files: []*file{f}}, nil
		}
		reads := reads{}
		if load {
			if n := c.loadMap(f, reads); n != nil {
				return made{files: []*file{n}, reads: reads}, nil
			}
		}
		return made{reads: reads, files: []*file{f.with(func(n *file) { n.mapped = sourcemap.Of(f.relative(), string(f.Contents)) })}}, nil
	})
}

// mapComment is the comment that leads to a map, of scripts and of styles. The end of
// its line stays, as the map of the file counts it.
var mapComment = regexp.MustCompile(`(?m)^[ \t]*(?://[#@]\s*sourceMappingURL=(\S+)|/\*[#@]\s*sourceMappingURL=(\S+?)\s*\*/)[ \t]*(\r?$)`)

// loadMap returns the file with the map that it brings, inside or beside it; nil without
// one that can be read.
func (c *call) loadMap(f *file, reads reads) *file {
	m := mapComment.FindSubmatchIndex(f.Contents)
	from, data := f.Path+".map", []byte(nil)
	contents := f.Contents
	if m != nil {
		address := string(append(sub(f.Contents, m, 1), sub(f.Contents, m, 2)...))
		contents = append(append([]byte{}, f.Contents[:m[0]]...), f.Contents[m[6]:]...)
		if _, encoded, inline := strings.Cut(address, ";base64,"); inline && strings.HasPrefix(address, "data:") {
			data, _ = base64.StdEncoding.DecodeString(encoded)
			from = f.Path
		} else {
			from = path.Join(path.Dir(f.Path), address)
		}
	}
	if data == nil {
		data, _ = c.r.view.read(from)
		reads[from] = data
	}
	loaded, err := sourcemap.Parse(data)
	if err != nil {
		return nil
	}
	for i := range loaded.Sources {
		loaded.Sources[i] = c.sourceName(f, path.Dir(from), loaded.Source(i))
	}
	loaded.Root, loaded.File = "", f.relative()
	return f.with(func(n *file) {
		n.Contents, n.mapped = contents, loaded
		if m != nil {
			n.loaded = loaded
		}
	})
}

// sourceName is how the map of a file names a source that a map in dir has. An address,
// and a path of the site ("/source/x.ts"), which is none of the project, stay.
func (c *call) sourceName(f *file, dir, source string) string {
	if isRemote(source) {
		return source
	}
	at := absolute(dir, source)
	if strings.HasPrefix(source, "/") && !within(at, c.r.opts.Dir) {
		return at
	}
	return relative(f.Base, at)
}

func sub(data []byte, m []int, group int) []byte {
	if m[2*group] < 0 {
		return nil
	}
	return data[m[2*group]:m[2*group+1]]
}

// writeMaps is sourcemaps.write: the map goes into the file, or beside it.
func writeMaps(c *call, in []*file) ([]*file, error) {
	dest, external := c.arg(0).(string)
	opts := object(c.arg(1))
	if !external && opts == nil {
		opts = object(c.arg(0))
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil || f.mapped == nil {
			return made{files: []*file{f}}, nil
		}
		reads := reads{}
		out, err := c.writeMap(f, dest, external, opts, reads)
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.told(err)}, reads: reads}, nil
		}
		return made{files: out, reads: reads}, nil
	})
}

func (c *call) writeMap(f *file, dest string, external bool, opts *gulp.Object, reads reads) ([]*file, error) {
	m := *f.mapped
	m.File = f.relative()
	root, err := c.sourceRoot(f, opts)
	if err != nil {
		return nil, err
	}
	m.Root = root
	m.Contents = nil
	if opts.Get("includeContent") != false {
		m.Contents = c.sourceContents(f, reads)
	}
	if fn, ok := opts.Get("mapSources").(*gulp.Func); ok {
		if m.Sources, err = renamedSources(f, fn); err != nil {
			return nil, err
		}
	}
	if !external {
		url := "data:application/json;charset=" + textOr(opts, "charset", "utf8") + ";base64," + base64.StdEncoding.EncodeToString(m.JSON())
		return []*file{c.commented(f, url, opts)}, nil
	}
	name := path.Join(dest, f.relative()) + ".map"
	if fn, ok := opts.Get("mapFile").(*gulp.Func); ok {
		v, err := fn.Call(name)
		if err != nil {
			return nil, err
		}
		name = text(v)
	}
	at := path.Join(f.Base, name)
	c.placeMap(f, &m, name, opts)
	url, err := c.mapURL(f, at, opts)
	if err != nil {
		return nil, err
	}
	mapFile := &file{File: gulp.File{Path: at, Base: f.Base, Contents: m.JSON()}}
	return []*file{mapFile, c.commented(f, url, opts)}, nil
}

// placeMap says what a map beside its file knows of the way to it and to the sources.
func (c *call) placeMap(f *file, m *sourcemap.Map, name string, opts *gulp.Object) {
	at, of := path.Join(f.Base, name), f.Path
	folder := text(opts.Get("destPath"))
	if folder != "" {
		at = absolute(c.r.opts.Dir, path.Join(folder, name))
		of = absolute(c.r.opts.Dir, path.Join(folder, f.relative()))
	}
	m.File = relative(path.Dir(at), of)
	if given := has(opts, "sourceRoot"); folder != "" && !given || given && m.Root == "" || strings.HasPrefix(m.Root, ".") {
		m.Root = path.Join(relative(path.Dir(at), f.Base), m.Root)
	}
}

// sourceContents are what the sources of a file's map hold; what the map does not know is
// read.
func (c *call) sourceContents(f *file, reads reads) []*string {
	out := make([]*string, len(f.mapped.Sources))
	copy(out, f.mapped.Contents)
	for i, known := range out {
		source := f.mapped.Source(i)
		if known != nil || isRemote(source) {
			continue
		}
		at := absolute(f.Base, source)
		data, ok := c.r.view.read(at)
		reads[at] = data
		if ok {
			content := string(withoutBOM(data))
			out[i] = &content
		}
	}
	return out
}

func (c *call) sourceRoot(f *file, opts *gulp.Object) (string, error) {
	fn, ok := opts.Get("sourceRoot").(*gulp.Func)
	if !ok {
		return text(opts.Get("sourceRoot")), nil
	}
	v, err := fn.Call(f.own())
	return text(v), err
}

// mapURL returns how a file names its map.
func (c *call) mapURL(f *file, at string, opts *gulp.Object) (string, error) {
	url := relative(path.Dir(f.Path), at)
	if fn, ok := opts.Get("sourceMappingURL").(*gulp.Func); ok {
		v, err := fn.Call(f.own())
		return text(v), err
	}
	prefix := text(opts.Get("sourceMappingURLPrefix"))
	if fn, ok := opts.Get("sourceMappingURLPrefix").(*gulp.Func); ok {
		v, err := fn.Call(f.own())
		if err != nil {
			return "", err
		}
		prefix = text(v)
	}
	if prefix != "" {
		url = prefix + path.Join("/", url)
	}
	return url, nil
}

// commented returns the file with the comment that leads to its map, at the place of the
// one that it came with.
func (c *call) commented(f *file, url string, opts *gulp.Object) *file {
	end := "\n"
	if bytes.Count(f.Contents, []byte("\r\n"))*2 > bytes.Count(f.Contents, []byte("\n")) {
		end = "\r\n"
	}
	before := end
	if f.loaded != nil && f.loaded == f.mapped {
		before = ""
	}
	comment := ""
	switch {
	case opts.Get("addComment") == false:
	case strings.HasSuffix(f.Path, ".css"):
		comment = before + "/*# sourceMappingURL=" + url + " */" + end
	case strings.HasSuffix(f.Path, ".js"):
		comment = before + "//# sourceMappingURL=" + url + end
	}
	return f.holding([]byte(string(f.Contents) + comment))
}

// mapSources is sourcemaps.mapSources: a function gives the sources other names.
func mapSources(c *call, in []*file) ([]*file, error) {
	fn, ok := c.arg(0).(*gulp.Func)
	if !ok {
		return in, nil
	}
	return c.each(in, func(f *file) (made, error) {
		if f.mapped == nil {
			return made{files: []*file{f}}, nil
		}
		sources, err := renamedSources(f, fn)
		if err != nil {
			return c.failed(f, c.mistake(err))
		}
		m := *f.mapped
		m.Sources = sources
		return made{files: []*file{f.with(func(n *file) { n.mapped = &m })}}, nil
	})
}

// renamedSources are the sources of a file's map as a function of the gulpfile names them.
func renamedSources(f *file, fn *gulp.Func) ([]string, error) {
	out := make([]string, len(f.mapped.Sources))
	for i, source := range f.mapped.Sources {
		v, err := fn.Call(source, f.own())
		if err != nil {
			return nil, err
		}
		out[i] = text(v)
	}
	return out, nil
}
