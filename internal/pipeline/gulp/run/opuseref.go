package run

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// userefOps are gulp-useref, in both its forms: since version 3 it gives pages and files;
// before, its assets gave the files, restore brought the pages back, and useref itself
// changed only the pages.
func userefOps(plugin string) opFunc {
	switch plugin {
	case "gulp-useref":
		return useref
	case "gulp-useref.assets":
		return userefAssets
	case "gulp-useref.assets.restore":
		return restore
	case "gulp-useref.restore":
		return restoreLast
	}
	return nil
}

// useref replaces the blocks of pages by one tag each, and gives the files behind them.
func useref(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	old := c.r.major("gulp-useref") > 0 && c.r.major("gulp-useref") < 3
	extra, err := c.additional(opts)
	if err != nil {
		return nil, err
	}
	var pages, assets []*file
	for _, f := range in {
		if f.Contents == nil {
			pages = append(pages, f)
			continue
		}
		blocks := usesBlocks(string(f.Contents))
		c.reportBlocks(f, blocks)
		page, err := c.replaceBlocks(f, blocks, opts)
		if err != nil {
			return nil, c.asMistake(err)
		}
		pages = append(pages, page)
		if old || truthy(opts.Get("noAssets")) {
			continue
		}
		more, err := c.assets(f, blocks, opts, extra, c.op.Args[min(1, len(c.op.Args)):])
		if err != nil {
			return nil, err
		}
		assets = append(assets, more...)
	}
	return append(pages, assets...), nil
}

// userefAssets is the assets of useref before version 3.
func userefAssets(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	extra, err := c.additional(opts)
	if err != nil {
		return nil, err
	}
	var out []*file
	for _, f := range in {
		if f.Contents == nil {
			continue
		}
		blocks := usesBlocks(string(f.Contents))
		more, err := c.assets(f, blocks, opts, extra, c.op.Args[min(1, len(c.op.Args)):])
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	c.kept[c.op.ID] = in
	return out, nil
}

// restoreLast is the restore of the oldest useref, which belongs to no assets by name.
func restoreLast(c *call, in []*file) ([]*file, error) {
	for s := c.current; s != nil; s = s.Prev {
		if s.Op.Plugin == "gulp-useref.assets" {
			return append(slices.Clone(c.kept[s.Op.ID]), in...), nil
		}
	}
	return in, nil
}

// additional returns the files of the option additionalStreams.
func (c *call) additional(opts *gulp.Object) ([]*file, error) {
	var out []*file
	for _, v := range values(opts.Get("additionalStreams")) {
		more, err := c.stream(v)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// reportBlocks tells of blocks without an end and of files that stay outside.
func (c *call) reportBlocks(f *file, blocks []*usesBlock) {
	for _, b := range blocks {
		if b.open {
			d := c.located(f, b.line, 1, "the build comment that begins here has no end")
			d.Hint = "close it with <!-- endbuild -->"
			c.found = append(c.found, d)
		}
		for _, a := range b.assets {
			if b.kind != "remove" && isRemote(a.name) {
				d := c.located(f, a.line, 1, fmt.Sprintf("%s is not a file of the project: useref drops it from the page", a.name))
				d.Severity, d.Hint = diag.Warning, "move it out of the build block"
				c.found = append(c.found, d)
			}
		}
	}
}

var scheme = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z\d+.-]*:)?//|^[a-zA-Z][a-zA-Z\d+.-]*:`)

// isRemote reports whether an address leads to another server.
func isRemote(address string) bool { return scheme.MatchString(address) }

// replaceBlocks puts the tags into a page.
func (c *call) replaceBlocks(f *file, blocks []*usesBlock, opts *gulp.Object) (*file, error) {
	page := string(f.Contents)
	lineEnd := "\n"
	if strings.Contains(page, "\r\n") {
		lineEnd = "\r\n"
	}
	for _, b := range blocks {
		content := strings.Join(b.inner(), lineEnd)
		ref, known, err := c.reference(b, content, opts)
		if err != nil {
			return f, err
		}
		switch {
		case !known:
		case truthy(opts.Get("noconcat")):
			page = strings.Replace(page, strings.Join(b.lines, lineEnd), content, 1)
		default:
			page = replaceBlock(page, b, ref, lineEnd)
		}
	}
	return c.withContents(f, page), nil
}

// reference returns what comes in the place of a block. A type that nobody knows stays.
func (c *call) reference(b *usesBlock, content string, opts *gulp.Object) (ref string, known bool, err error) {
	target := orElse(b.target, "replace")
	if fn, ok := opts.Get("transformTargetPath").(*gulp.Func); ok {
		v, err := fn.Call(target, b.kind)
		if err != nil {
			return "", false, c.mistake(err)
		}
		target = text(v)
	}
	switch b.kind {
	case "css", "js", "remove":
		return b.tag(target, content), true, nil
	}
	fn, ok := opts.Get(b.kind).(*gulp.Func)
	if !ok {
		return "", false, nil
	}
	optional := func(s string) gulp.Value {
		if s == "" {
			return nil
		}
		return s
	}
	v, err := fn.Call(content, target, optional(b.attrs), optional(b.alt))
	if err != nil {
		return "", false, c.mistake(err)
	}
	return display(v), true, nil
}

// assets returns the files that a page's blocks ask for, styles first.
func (c *call) assets(page *file, blocks []*usesBlock, opts *gulp.Object, extra []*file, transforms []gulp.Value) ([]*file, error) {
	kinds := texts(opts.Get("types"))
	if kinds == nil {
		kinds = []string{"css", "js"}
	}
	var out []*file
	for _, kind := range kinds {
		for _, b := range distinct(blocks, kind) {
			parts, err := c.parts(page, b, opts, extra)
			if err != nil {
				return nil, err
			}
			for _, fn := range transforms {
				if parts, err = c.throughFor(fn, b.target, parts); err != nil {
					return nil, err
				}
			}
			joined, err := c.joinBlock(page, b, opts, parts)
			if err != nil {
				return nil, err
			}
			out = append(out, joined...)
		}
	}
	return out, nil
}

// distinct returns the blocks of a kind, one for each target: the last one that has
// attributes, else the first one.
func distinct(blocks []*usesBlock, kind string) []*usesBlock {
	var out []*usesBlock
	for _, b := range blocks {
		if b.kind != kind || len(b.assets) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(o *usesBlock) bool { return o.target == b.target })
		switch {
		case i < 0:
			out = append(out, b)
		case b.attrs != "":
			out[i] = b
		}
	}
	return out
}

// throughFor sends files through a transformation of useref's arguments: a function that
// makes a stream for the block's target.
func (c *call) throughFor(v gulp.Value, target string, in []*file) ([]*file, error) {
	fn, ok := v.(*gulp.Func)
	if !ok {
		return c.through(v, in)
	}
	key := madeBy{fn, target}
	if _, known := c.r.made[key]; !known {
		stream, err := fn.Call(target)
		if err != nil {
			return nil, c.asMistake(c.mistake(err))
		}
		if _, again := stream.(*gulp.Func); again {
			stream = nil // functions without end
		}
		c.r.made[key] = stream
	}
	return c.through(c.r.made[key], in)
}

// madeBy is a function that makes streams, and what for. A stream is asked for once, so
// that it is the same in every run and has nothing to redo.
type madeBy struct {
	fn     *gulp.Func
	target string
}

// parts returns the files that a block names, each once, in its order.
func (c *call) parts(page *file, b *usesBlock, opts *gulp.Object, extra []*file) ([]*file, error) {
	var found []match
	var out []*file
	seen := map[string]bool{}
	for _, a := range b.assets {
		if isRemote(a.name) {
			continue
		}
		paths, err := c.locate(page, b, a, opts)
		if err != nil {
			return nil, c.asMistake(err)
		}
		if i := slices.IndexFunc(extra, func(f *file) bool { return slices.Contains(paths, f.Path) }); i >= 0 && !seen[extra[i].Path] {
			seen[extra[i].Path] = true
			if out, err = c.loadInto(out, &found); err != nil {
				return nil, err
			}
			out = append(out, extra[i])
			continue
		}
		any := false
		for _, p := range paths {
			if _, ok := c.r.view.read(p); ok {
				any = true
				if !seen[p] {
					seen[p] = true
					found = append(found, match{p, c.assetBase(page)})
				}
			}
		}
		if !any {
			c.reportAsset(page, b, a)
		}
	}
	return c.loadInto(out, &found)
}

// loadInto reads what was found so far and empties the list.
func (c *call) loadInto(out []*file, found *[]match) ([]*file, error) {
	more, err := c.load(*found, true)
	*found = nil
	return append(out, more...), err
}

// isOld reports whether this is the assets of useref before version 3.
func (c *call) isOld() bool { return c.op.Plugin == "gulp-useref.assets" }

// assetBase is what the names of targets are relative to.
func (c *call) assetBase(page *file) string {
	if c.isOld() {
		return page.Base
	}
	return path.Dir(page.Path)
}

// locate returns the files that a name may stand for. Since version 3 that is the first
// one that is there; before, all of them.
func (c *call) locate(page *file, b *usesBlock, a asset, opts *gulp.Object) ([]string, error) {
	name, folders := a.name, b.alt
	if folders == "" {
		folders = searchPath(opts.Get("searchPath"))
	}
	transform, _ := opts.Get("transformPath").(*gulp.Func)
	if c.isOld() && transform != nil {
		v, err := transform.Call(name)
		if err != nil {
			return nil, c.mistake(err)
		}
		name = text(v)
	}
	paths := c.candidates(page, folders, name)
	if c.isOld() {
		return paths, nil
	}
	first := paths[0]
	for _, p := range append(paths, c.inPackages(name)...) {
		if glob.HasMagic(name) {
			below := path.Clean("/" + name)
			pattern := glob.Escape(strings.TrimSuffix(p, below)) + below
			if files := (glob.Search{Pattern: pattern}).Files(c.r.view); len(files) > 0 {
				first = files[0]
				break
			}
			continue
		}
		if _, ok := c.r.view.read(p); ok {
			first = p
			break
		}
	}
	if transform != nil {
		v, err := transform.Call(first)
		if err != nil {
			return nil, c.mistake(err)
		}
		first = text(v)
	}
	return []string{first}, nil
}

// candidates returns where a name is looked for: below each of the folders, or beside the
// page.
func (c *call) candidates(page *file, folders, name string) []string {
	if folders == "" {
		return []string{path.Join(c.assetBase(page), name)}
	}
	list := glob.Braces(folders)
	if len(list) == 1 && c.isOld() {
		list = strings.Split(folders, ",")
	}
	out := make([]string, len(list))
	for i, folder := range list {
		out[i] = path.Join(absolute(c.r.opts.Dir, strings.TrimSpace(folder)), name)
	}
	return out
}

// inPackages is where a name that goes through a folder of packages lies in the project:
// development serves these folders under the root, which gulp's build does not know, and
// stops.
func (c *call) inPackages(name string) []string {
	for _, folder := range []string{"bower_components/", "node_modules/"} {
		if i := strings.Index("/"+name, "/"+folder); i >= 0 {
			return []string{path.Join(c.r.opts.Dir, name[i:])}
		}
	}
	return nil
}

// searchPath returns the option searchPath as one pattern.
func searchPath(v gulp.Value) string {
	list := texts(v)
	if len(list) > 1 {
		return "{" + strings.Join(list, ",") + "}"
	}
	return strings.Join(list, "")
}

// reportAsset tells that a file is not there. gulp stops then.
func (c *call) reportAsset(page *file, b *usesBlock, a asset) {
	if c.isOld() {
		return // there it is left out without a word, as a block lists every candidate
	}
	d := c.located(page, a.line, 1, fmt.Sprintf("%s, which becomes a part of %s, is not there", a.name, b.target))
	d.Hint = "looked in " + cmp.Or(b.alt, c.rel(c.assetBase(page)), ".")
	c.found = append(c.found, d)
}

// joinBlock makes one file of a block's parts.
func (c *call) joinBlock(page *file, b *usesBlock, opts *gulp.Object, parts []*file) ([]*file, error) {
	if !truthy(opts.Get("noconcat")) {
		newLine := textOr(opts, "newLine", "\n")
		if newLine == ";" && b.kind == "css" {
			newLine = "\n"
		}
		joined := join(parts, newLine)
		if joined == nil {
			return nil, nil
		}
		joined.Base = c.assetBase(page)
		joined.Path = path.Join(joined.Base, b.target)
		parts = []*file{c.r.memoryOf(c.op.ID).same(joined, c.r.runs)}
	}
	if base := text(opts.Get("base")); base != "" && !c.isOld() {
		base = absolute(c.r.opts.Dir, base)
		for i, f := range parts {
			parts[i] = f.with(func(n *file) { n.Base, n.Path = base, path.Join(base, b.target) })
		}
	}
	return parts, nil
}
