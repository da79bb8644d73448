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

// mapComment is the comment that leads to a map, of scripts and of styles.
var mapComment = regexp.MustCompile(`(?m)^[ \t]*(?://[#@]\s*sourceMappingURL=(\S+)|/\*[#@]\s*sourceMappingURL=(\S+?)\s*\*/)[ \t]*\r?$\n?`)

// loadMap returns the file with the map that it brings, inside or beside it; nil without
// one that can be read.
func (c *call) loadMap(f *file, reads reads) *file {
	m := mapComment.FindSubmatchIndex(f.Contents)
	from, data := f.Path+".map", []byte(nil)
	contents := f.Contents
	if m != nil {
		address := string(append(sub(f.Contents, m, 1), sub(f.Contents, m, 2)...))
		contents = append(append([]byte{}, f.Contents[:m[0]]...), f.Contents[m[1]:]...)
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
	for i, s := range loaded.Sources {
		if !isRemote(s) {
			loaded.Sources[i] = relative(f.Base, absolute(path.Dir(from), path.Join(loaded.Root, s)))
		}
	}
	loaded.Root, loaded.File = "", f.relative()
	return f.with(func(n *file) { n.Contents, n.mapped = contents, loaded })
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
		out, err := c.writeMap(f, dest, external, opts)
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.told(err)}}, nil
		}
		return made{files: out}, nil
	})
}

func (c *call) writeMap(f *file, dest string, external bool, opts *gulp.Object) ([]*file, error) {
	m := *f.mapped
	m.File = f.relative()
	root, err := c.sourceRoot(f, opts)
	if err != nil {
		return nil, err
	}
	m.Root = root
	if opts.Get("includeContent") == false {
		m.Contents = nil
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
	m.File = relative(path.Dir(at), f.Path)
	if folder := text(opts.Get("destPath")); folder != "" && root == "" {
		m.Root = relative(path.Dir(absolute(c.r.opts.Dir, path.Join(folder, name))), f.Base)
	} else if strings.HasPrefix(root, ".") {
		m.Root = path.Join(relative(path.Dir(at), f.Base), root)
	}
	url, err := c.mapURL(f, at, opts)
	if err != nil {
		return nil, err
	}
	mapFile := &file{File: gulp.File{Path: at, Base: f.Base, Contents: m.JSON()}}
	return []*file{mapFile, c.commented(f, url, opts)}, nil
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

// commented returns the file with the comment that leads to its map, and without the map.
func (c *call) commented(f *file, url string, opts *gulp.Object) *file {
	end := "\n"
	if bytes.Count(f.Contents, []byte("\r\n"))*2 > bytes.Count(f.Contents, []byte("\n")) {
		end = "\r\n"
	}
	comment := ""
	switch {
	case opts.Get("addComment") == false:
	case strings.HasSuffix(f.Path, ".css"):
		comment = end + "/*# sourceMappingURL=" + url + " */" + end
	case strings.HasSuffix(f.Path, ".js"):
		comment = end + "//# sourceMappingURL=" + url + end
	}
	return f.with(func(n *file) { n.Contents, n.mapped = []byte(string(f.Contents)+comment), nil })
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
		m := *f.mapped
		m.Sources = append([]string{}, m.Sources...)
		for i, s := range m.Sources {
			v, err := fn.Call(s, f.own())
			if err != nil {
				return c.failed(f, c.mistake(err))
			}
			m.Sources[i] = text(v)
		}
		return made{files: []*file{f.with(func(n *file) { n.mapped = &m })}}, nil
	})
}
