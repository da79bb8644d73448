package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// document is a page before its build blocks are carried out.
type document struct {
	file   string // absolute
	url    string
	doc    *htmlscan.Doc
	blocks []buildBlock
}

// group is one file that blocks ask for.
type group struct {
	kind   string
	target string // slash path in the output, without hash
	files  []groupFile

	name string // the output path with its hash, once built; "" = nothing was in it
}

// groupFile is one part of a group.
type groupFile struct {
	file  string // absolute
	media string
}

// assemble carries out the build blocks of all pages and returns the pages' new sources
// by file.
func (b *builder) assemble(ctx context.Context, docs []document) (map[string][]byte, error) {
	groups := map[string]*group{}
	var order []*group
	for _, d := range docs {
		for i := range d.blocks {
			if g := b.group(d, d.blocks[i], groups); g != nil {
				order = append(order, g)
			}
		}
	}
	if err := b.found.Err(); err != nil {
		return nil, err
	}
	if err := b.buildGroups(ctx, order); err != nil {
		return nil, err
	}
	b.groups = order
	out := map[string][]byte{}
	for _, d := range docs {
		if len(d.blocks) > 0 {
			out[d.file] = replaceBlocks(d, groups)
		}
	}
	return out, nil
}

// group adds a block to what is to be built. Two blocks with one target are one file,
// as the first describes it.
func (b *builder) group(d document, bb buildBlock, groups map[string]*group) *group {
	if bb.kind != "js" && bb.kind != "css" {
		if bb.kind != "remove" {
			b.warn(d, bb.start.Start, fmt.Sprintf("build:%s is not known and stays as it is", bb.kind), "js, css and remove are")
		}
		return nil
	}
	target := strings.TrimPrefix(path.Clean("/"+bb.target), "/")
	if bb.target == "" {
		// It is gulp-html-replace's, which puts there what its gulpfile says.
		b.warn(d, bb.start.Start, fmt.Sprintf("build:%s names no file to become and stays as it is", bb.kind), "to join its files, write <!-- build:js scripts/app.js -->")
		return nil
	}
	if _, ok := groups[bb.kind+target]; ok {
		return nil
	}
	g := &group{kind: bb.kind, target: target}
	for _, it := range bb.items {
		b.addItem(g, d, bb, it)
	}
	groups[bb.kind+target] = g
	return g
}

// addItem adds one file to a group, once.
func (b *builder) addItem(g *group, d document, bb buildBlock, it item) {
	at := bb.inner.Start
	if bb.condition == "" {
		at = it.tag.Span.Start
	}
	if isForeign(it.url) || b.tree.isServerPath(strings.TrimPrefix(it.url, "/")) {
		b.warn(d, at, it.url+" is not a file of the project and stays outside of "+g.target, "")
		return
	}
	file, ok := b.locateItem(bb, d.url, it.url)
	if !ok {
		b.fail(d, at, it.url+" is not there", "looked in "+strings.Join(append(slices.Clone(bb.alts), b.tree.rel(b.tree.src)), ", "))
		return
	}
	if !slices.ContainsFunc(g.files, func(f groupFile) bool { return f.file == file }) {
		g.files = append(g.files, groupFile{file: file, media: it.media})
	}
}

func (b *builder) warn(d document, offset int, message, hint string) {
	b.tell(d, offset, diag.Warning, message, hint)
}

func (b *builder) fail(d document, offset int, message, hint string) {
	b.tell(d, offset, diag.Error, message, hint)
}

// tell points at a place of the page as the author knows it. In a page that was
// generated the lines are others, so only the page is named.
func (b *builder) tell(d document, offset int, severity diag.Severity, message, hint string) {
	x := diag.Diagnostic{Severity: severity, Source: "build", Path: b.tree.rel(d.file), Message: message, Hint: hint}
	if _, generated := b.tree.made[d.url]; !generated {
		x.Line, x.Column = htmlscan.Position(d.doc.Src, offset)
		x.Excerpt = diag.Excerpt(d.doc.Src, x.Line, x.Column)
	}
	b.found = append(b.found, x)
}

// buildGroups makes the files, in parallel.
func (b *builder) buildGroups(ctx context.Context, groups []*group) error {
	found := make([]diag.List, len(groups))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, gr := range groups {
		if len(gr.files) == 0 {
			continue
		}
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if gr.kind == "css" {
				found[i], err = b.buildStyles(gr)
			} else {
				found[i], err = b.buildScripts(ctx, gr)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b.found = append(b.found, slices.Concat(found...)...)
	for _, gr := range groups {
		if b.opts.Analyze && gr.name != "" {
			b.parts[gr.name] = b.groupParts(gr)
		}
	}
	return b.found.Err()
}

// keepNames gives the joined files that scripts, pages or data speak of by the name
// without a hash that name too: a page loaded later, or a style switcher. A name put into
// them instead would change their content and not the hash in their own name.
func (b *builder) keepNames() {
	named := b.sink.namer()
	for _, g := range b.groups {
		if g.name == "" || b.sink.has(g.target) || !named(g.target) {
			continue
		}
		b.sink.put(g.target, b.sink.files[g.name], "")
	}
}

// groupParts tells what a joined file was made of.
func (b *builder) groupParts(g *group) []Part {
	parts := make([]Part, 0, len(g.files))
	for _, f := range g.files {
		src, err := b.tree.read(f.file)
		if err != nil {
			continue // it was read a moment ago
		}
		parts = append(parts, Part{Source: b.tree.rel(f.file), Bytes: int64(len(src))})
	}
	return parts
}

// replaceBlocks puts one tag in the place of each block.
func replaceBlocks(d document, groups map[string]*group) []byte {
	var edits htmlscan.Edits
	for _, bb := range d.blocks {
		if bb.kind == "remove" {
			edits.Replace(bb.whole(), "")
			continue
		}
		g := groups[bb.kind+strings.TrimPrefix(path.Clean("/"+bb.target), "/")]
		if g == nil {
			continue
		}
		edits.Replace(bb.whole(), bb.replacement(d, g))
	}
	return edits.Apply(d.doc.Src)
}

// replacement returns the tag of a block, behind those tags that stay outside of it.
func (b buildBlock) replacement(d document, g *group) string {
	var lines []string
	for _, it := range b.items {
		if isForeign(it.url) && b.condition == "" {
			lines = append(lines, string(d.doc.Src[it.tag.Span.Start:it.tag.End]))
		}
	}
	if g.name != "" {
		// The page names the file as the author wrote it, with the hash put in.
		href := strings.TrimSuffix(b.target, path.Base(b.target)) + path.Base(g.name)
		lines = append(lines, b.tag(href))
	}
	text := strings.Join(lines, "\n")
	if b.condition != "" && text != "" {
		text = b.condition + "\n" + text + "\n<![endif]-->"
	}
	return text
}

func (b buildBlock) tag(href string) string {
	attrs := b.attrs
	if attrs != "" {
		attrs = " " + attrs
	}
	if b.kind == "css" {
		return `<link rel="stylesheet" href="` + href + `"` + attrs + `>`
	}
	return `<script src="` + href + `"` + attrs + `></script>`
}

// documents reads the pages among the files, in the state in which the steps have left
// them, and their build blocks.
func (b *builder) documents(files []string) ([]document, error) {
	var docs []document
	for _, file := range files {
		if ext := path.Ext(file); ext != ".html" && ext != ".htm" {
			continue
		}
		src, err := b.tree.read(file)
		if err != nil {
			return nil, err
		}
		if !isPage(src) {
			continue
		}
		if src = b.tree.withEntry(file, src); b.tree.takesEnv(src) {
			src = fillEnv(src, inProduction, b.opts.Base, b.env)
		}
		d := document{file: file, url: b.tree.url(file), doc: htmlscan.Scan(b.withTemplates(src))}
		var open int
		d.blocks, open = buildBlocks(d.doc)
		if open >= 0 {
			b.fail(d, open, "the build comment that begins here has no end", "close it with <!-- endbuild -->")
		}
		docs = append(docs, d)
	}
	return docs, b.found.Err()
}

// withTemplates fills the block that waits for the templates until the build.
func (b *builder) withTemplates(src []byte) []byte {
	if _, ok := b.tree.made[templatesName]; !ok || !bytes.Contains(src, []byte("inject:partials")) {
		return src
	}
	doc := htmlscan.Scan(src)
	var edits htmlscan.Edits
	list, _ := blocks(doc, "inject")
	for _, bl := range list {
		if bl.arg == "partials" {
			fill(&edits, src, bl, []string{`<script src="` + templatesName + `"></script>`})
		}
	}
	return edits.Apply(src)
}
