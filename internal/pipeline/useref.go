package pipeline

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// buildBlock is one <!-- build:TYPE(ALT) TARGET ATTRS --> … <!-- endbuild -->: what it
// lists becomes one file.
type buildBlock struct {
	block
	kind   string   // "js", "css", "remove", or what a project invented
	alts   []string // folders, relative to the project, in which its files are looked for
	target string   // the file it becomes, as the page will name it
	attrs  string   // put on the tag as written
	items  []item
	// condition is the opening of an IE conditional comment around the block's content.
	condition string
}

// item is one script or stylesheet of a block.
type item struct {
	url   string
	media string // of a stylesheet
	tag   htmlscan.Tag
}

// buildArg splits "js({.tmp,src}) scripts/app.js defer".
var buildArg = regexp.MustCompile(`^([\w-]+)(?:\(([^)]*)\))?\s*(\S*)\s*(.*)$`)

var condition = regexp.MustCompile(`^\s*(\[if [^\]]*\]>)((?s:.*?))<!\[endif\]\s*$`)

// buildBlocks returns the build blocks of a page; open as [blocks].
func buildBlocks(doc *htmlscan.Doc) (found []buildBlock, open int) {
	list, open := blocks(doc, "build")
	for _, b := range list {
		m := buildArg.FindStringSubmatch(b.arg)
		if m == nil {
			continue
		}
		bb := buildBlock{block: b, kind: m[1], alts: expandBraces(m[2]), target: m[3], attrs: strings.TrimSpace(m[4])}
		bb.read(doc)
		found = append(found, bb)
	}
	return found, open
}

// read lists the scripts and styles between the comments. What is commented out is not
// part of the block, unless the comment is a condition for old browsers.
func (b *buildBlock) read(doc *htmlscan.Doc) {
	for _, tag := range doc.Tags {
		if tag.Span.Start >= b.inner.Start && tag.Span.End <= b.inner.End {
			b.add(tag)
		}
	}
	for _, c := range doc.Comments {
		m := condition.FindStringSubmatch(c.Text)
		if m == nil || c.Span.Start < b.inner.Start || c.Span.End > b.inner.End {
			continue
		}
		b.condition = "<!--" + m[1]
		for _, tag := range htmlscan.Scan([]byte(m[2])).Tags {
			b.add(tag)
		}
	}
}

func (b *buildBlock) add(tag htmlscan.Tag) {
	attr := "src"
	if tag.Name == "link" {
		attr = "href"
	}
	url, ok := tag.Attr(attr)
	if ok && (tag.Name == "script" || tag.Name == "link") && strings.TrimSpace(url) != "" {
		media, _ := tag.Attr("media")
		b.items = append(b.items, item{url: strings.TrimSpace(url), media: media, tag: tag})
	}
}

// expandBraces returns "a/{b,c}" as a/b and a/c; nothing for an empty string.
func expandBraces(s string) []string {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	before, rest, ok := strings.Cut(s, "{")
	inside, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
	}
	var out []string
	for part := range strings.SplitSeq(inside, ",") {
		out = append(out, before+strings.TrimSpace(part)+after)
	}
	return out
}

// locateItem finds the file of an item: in the folders of the block, in the order they
// are named, else where the page's own addresses lead.
func (b *builder) locateItem(bb buildBlock, page, url string) (string, bool) {
	name, _ := splitTail(url)
	file, ok := b.locateName(bb, page, name)
	if decoded, valid := unescapePath(name); !ok && valid {
		return b.locateName(bb, page, decoded)
	}
	return file, ok
}

func (b *builder) locateName(bb buildBlock, page, name string) (string, bool) {
	for _, alt := range bb.alts {
		if file, ok := b.tree.inFolder(alt, strings.TrimPrefix(name, "/")); ok {
			return file, true
		}
	}
	if strings.HasPrefix(name, "/") {
		return b.tree.find(name)
	}
	return b.tree.find(path.Join(path.Dir(page), name))
}

// inFolder finds a file below one of the project's folders; the generated layer is such
// a folder, whatever its parts are called.
func (t *tree) inFolder(folder, name string) (string, bool) {
	dir := absIn(t.dir, filepath.FromSlash(folder))
	if within(dir, t.tmp) {
		if _, ok := t.made[path.Clean(name)]; ok {
			return rooted(t.tmp, name), true
		}
	}
	file := filepath.Join(dir, filepath.FromSlash(name))
	if !within(file, t.dir) {
		return "", false
	}
	return t.existing(file)
}
