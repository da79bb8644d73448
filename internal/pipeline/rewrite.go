package pipeline

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// writePages puts every page into the sink, its references turned to the output.
func (b *builder) writePages(bundles map[string]bundled) error {
	for _, p := range b.pages {
		w := pageWriter{b: b, page: p, bundles: bundles, linked: map[string]bool{}}
		out, err := w.write()
		if err != nil {
			return err
		}
		if !b.opts.NoMinify {
			if out, err = htmlmin.Minify(out, htmlmin.Options{}); err != nil {
				return fmt.Errorf("minify %s: %w", b.tree.rel(p.file), err)
			}
		}
		b.sink.put(p.out, out, p.out)
	}
	return nil
}

// pageWriter rewrites one page.
type pageWriter struct {
	b       *builder
	page    *page
	bundles map[string]bundled
	edits   htmlscan.Edits
	linked  map[string]bool // styles and chunks that the page has a <link> for already
}

func (w *pageWriter) write() ([]byte, error) {
	for _, r := range w.page.refs {
		if err := w.rewrite(r); err != nil {
			return nil, err
		}
	}
	if err := w.importMap(); err != nil {
		return nil, err
	}
	return w.edits.Apply(w.page.doc.Src), nil
}

func (w *pageWriter) rewrite(r ref) error {
	switch r.kind {
	case refModule, refInlineModule:
		return w.module(r)
	case refStyle:
		return w.style(r)
	case refScript:
		return w.script(r)
	case refPreload:
		if r.file != "" {
			w.edits.Replace(r.tag.Span, "")
		}
		return nil
	case refPinned:
		return w.pinned(r)
	case refAsset:
		return w.asset(r)
	case refSrcset:
		return w.srcset(r)
	case refInlineStyle:
		c := r.tag.Content
		return w.inlineStyle(c.Text(w.page.doc.Src), func(css string) { w.edits.Replace(c, css) })
	case refStyleAttr:
		return w.inlineStyle(r.url, func(css string) { w.edits.SetAttr(r.tag, "style", css) })
	}
	return nil
}

// module points a script at its bundle, with links before it to the styles it imports
// and the chunks it will ask for.
func (w *pageWriter) module(r ref) error {
	if r.kind == refModule && r.file == "" {
		return nil
	}
	entry, ok := w.bundles[w.b.entryKey(w.page, r)]
	if !ok {
		return fmt.Errorf("the bundler returned nothing for %s", w.b.entryKey(w.page, r))
	}
	var before strings.Builder
	if entry.css != "" && !w.linked[entry.css] {
		w.linked[entry.css] = true
		fmt.Fprintf(&before, `<link rel="stylesheet" href="%s"%s>`, w.href(entry.css), w.integrityAttr(entry.css))
	}
	for _, chunk := range entry.preload {
		if !w.linked[chunk] {
			w.linked[chunk] = true
			fmt.Fprintf(&before, `<link rel="modulepreload" href="%s"%s>`, w.href(chunk), w.integrityAttr(chunk))
		}
	}
	at := r.tag.Span.Start
	w.edits.Replace(htmlscan.Span{Start: at, End: at}, before.String())
	if r.kind == refInlineModule {
		w.edits.Replace(r.tag.Content, "")
		w.edits.SetAttr(r.tag, "src", w.href(entry.file))
	} else {
		w.edits.SetAttr(r.tag, "src", w.href(entry.file)+r.tail)
	}
	if r.promoted {
		w.edits.SetAttr(r.tag, "type", "module")
	}
	w.integrity(r.tag, entry.file)
	return nil
}

func (w *pageWriter) style(r ref) error {
	if r.file == "" {
		return nil
	}
	entry, ok := w.bundles[w.b.entryKey(w.page, r)]
	if !ok {
		return fmt.Errorf("the bundler returned nothing for %s", w.b.entryKey(w.page, r))
	}
	w.edits.SetAttr(r.tag, r.attr, w.href(entry.file)+r.tail)
	w.integrity(r.tag, entry.file)
	return nil
}

// script points a classic script at its minified copy.
func (w *pageWriter) script(r ref) error {
	if r.file == "" {
		return nil
	}
	name, ok := w.b.sink.output(w.b.tree.url(r.file))
	if !ok {
		return fmt.Errorf("%s was not built", w.b.tree.rel(r.file))
	}
	w.edits.SetAttr(r.tag, r.attr, w.href(name)+r.tail)
	w.integrity(r.tag, name)
	return nil
}

// pinned keeps a file's name; under another base its address still changes.
func (w *pageWriter) pinned(r ref) error {
	if !strings.HasPrefix(r.url, "/") || w.b.opts.Base == "/" {
		return nil
	}
	name, _ := splitTail(r.url)
	w.edits.SetAttr(r.tag, r.attr, w.href(w.page.urlPath(name))+r.tail)
	return nil
}

func (w *pageWriter) asset(r ref) error {
	if r.file == "" {
		return nil
	}
	name, err := w.b.sink.asset(w.b.tree, r.file)
	if err != nil {
		return err
	}
	w.edits.SetAttr(r.tag, r.attr, w.href(name)+r.tail)
	return nil
}

// srcset rewrites the addresses of an image list; descriptors stay.
func (w *pageWriter) srcset(r ref) error {
	candidates := strings.Split(r.url, ",")
	if strings.Contains(r.url, "data:") || strings.Contains(r.url, "{{") {
		return nil // a comma may be a part of an address here
	}
	for i, c := range candidates {
		address, descriptor, _ := strings.Cut(strings.TrimSpace(c), " ")
		to, err := w.local(address)
		if err != nil {
			return err
		}
		candidates[i] = strings.TrimSpace(to + " " + descriptor)
	}
	w.edits.SetAttr(r.tag, r.attr, strings.Join(candidates, ", "))
	return nil
}

// local returns the output address of a file of ours, else the address as it is.
func (w *pageWriter) local(address string) (string, error) {
	name, tail := splitTail(address)
	if isForeign(address) {
		return address, nil
	}
	file, ok := w.b.tree.find(w.page.urlPath(name))
	if !ok {
		return address, nil
	}
	if w.b.tree.isPublic(file) {
		return w.href(w.b.tree.url(file)) + tail, nil
	}
	out, err := w.b.sink.asset(w.b.tree, file)
	if err != nil {
		return "", err
	}
	return w.href(out) + tail, nil
}

// inlineStyle rewrites the addresses in CSS of the page itself.
func (w *pageWriter) inlineStyle(css string, set func(string)) error {
	out, changed, err := rewriteCSS(css, w.local)
	if err == nil && changed {
		set(out)
	}
	return err
}

// importMap leaves in the page's map what bundling did not follow.
func (w *pageWriter) importMap() error {
	if w.page.mapTag == nil {
		return nil
	}
	rest, ok := w.page.imports.foreign()
	if !ok {
		w.edits.Replace(htmlscan.Span{Start: w.page.mapTag.Span.Start, End: w.page.mapTag.End}, "")
		return nil
	}
	text, err := json.Marshal(rest)
	if err != nil {
		return fmt.Errorf("write the import map of %s: %w", w.page.out, err)
	}
	w.edits.Replace(w.page.mapTag.Content, string(text))
	return nil
}

// href returns how this page names an output file.
func (w *pageWriter) href(name string) string {
	if !w.b.relative() {
		return w.b.address(name)
	}
	up := strings.Count(path.Clean(w.page.out), "/")
	return orDefault(strings.Repeat("../", up), "./") + escapePath(name)
}

// integrity adds the hash of a file to its tag, or takes away one that no longer fits.
func (w *pageWriter) integrity(tag htmlscan.Tag, name string) {
	if w.b.opts.Integrity {
		w.edits.SetAttr(tag, "integrity", w.b.sink.integrity(name))
		return
	}
	w.edits.DropAttr(w.page.doc.Src, tag, "integrity")
}

func (w *pageWriter) integrityAttr(name string) string {
	if !w.b.opts.Integrity {
		return ""
	}
	return ` integrity="` + w.b.sink.integrity(name) + `"`
}

// integrity returns the value of an integrity attribute for an output file.
func (s *sink) integrity(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha512.Sum384(s.files[name])
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// output returns the output path of a source.
func (s *sink) output(source string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, ok := s.names[source]
	return name, ok
}
