package pipeline

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// refKind says what a reference in a page is, and so what becomes of it.
type refKind int

const (
	refAsset        refKind = iota // a file copied under a hashed name
	refPinned                      // a file whose name others rely on: copied as it is
	refSrcset                      // a list of images
	refModule                      // <script type=module src>
	refInlineModule                // <script type=module> with its code inside
	refScript                      // <script src>
	refStyle                       // <link rel=stylesheet>
	refPreload                     // <link rel=modulepreload>: ours replace it
	refInlineStyle                 // <style>
	refStyleAttr                   // style="…"
)

// ref is one place of a page that names a file or holds code to be bundled.
type ref struct {
	kind refKind
	tag  htmlscan.Tag
	attr string
	url  string // as written, decoded
	file string // the absolute file it names; "" when it names none of ours
	tail string // query and fragment, kept
	// promoted: the page does not say that it is a module.
	promoted bool
}

// page is one HTML document of the project.
type page struct {
	file    string // absolute
	out     string // slash path in the output
	doc     *htmlscan.Doc
	base    string // URL folder that relative references start from, no leading slash
	refs    []ref
	imports importMap
	found   diag.List     // mistakes that keep modules from loading
	filled  bool          // doc has values that are not in the file
	mapTag  *htmlscan.Tag // the <script type=importmap>
}

// isPage tells a document from a fragment (a template that a script loads).
func isPage(src []byte) bool {
	head := bytes.ToLower(src[:min(len(src), 4096)])
	return bytes.Contains(head, []byte("<!doctype")) || bytes.Contains(head, []byte("<html"))
}

// readPage scans a document and sorts what it refers to.
func (t *tree) readPage(file string, doc *htmlscan.Doc) (*page, diag.List) {
	p := &page{file: file, out: t.url(file), doc: doc}
	p.base = path.Dir(p.out)
	var found diag.List
	for i, tag := range p.doc.Tags {
		switch {
		case tag.Name == "base":
			p.setBase(tag)
		case tag.Name == "script" && isImportMap(tag):
			p.mapTag = &p.doc.Tags[i]
			found = append(found, t.readImportMap(p, tag)...)
		default:
			p.refs = append(p.refs, refsOf(tag)...)
		}
	}
	for i := range p.refs {
		found = append(found, t.locate(p, &p.refs[i])...)
	}
	return p, found
}

// setBase follows <base href>, where it stays on this site.
func (p *page) setBase(tag htmlscan.Tag) {
	href, ok := tag.Attr("href")
	if !ok || isForeign(href) {
		return
	}
	p.base = strings.TrimPrefix(path.Clean("/"+path.Dir(href+"x")), "/")
	if !strings.HasPrefix(href, "/") {
		p.base = path.Join(path.Dir(p.out), path.Dir(href+"x"))
	}
}

// linkKinds maps the rel of a <link> to what its href is.
func linkKind(rel string) (refKind, bool) {
	for _, word := range strings.Fields(strings.ToLower(rel)) {
		switch word {
		case "stylesheet":
			return refStyle, true
		case "modulepreload":
			return refPreload, true
		case "manifest", "alternate", "search":
			return refPinned, true
		case "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon",
			"preload", "prefetch", "apple-touch-startup-image":
			return refAsset, true
		}
	}
	return 0, false
}

// assetAttrs are the attributes of other elements that name a file.
func assetAttrs(name string) []string {
	switch name {
	case "img", "source":
		return []string{"src", "srcset"}
	case "audio", "embed", "track", "input":
		return []string{"src"}
	case "video":
		return []string{"src", "poster"}
	case "object":
		return []string{"data"}
	case "use", "image":
		return []string{"href", "xlink:href"}
	}
	return nil
}

// refsOf returns what one tag refers to.
func refsOf(tag htmlscan.Tag) []ref {
	var refs []ref
	add := func(kind refKind, attr string) {
		if v, ok := tag.Attr(attr); ok && strings.TrimSpace(v) != "" {
			refs = append(refs, ref{kind: kind, tag: tag, attr: attr, url: strings.TrimSpace(v)})
		}
	}
	switch tag.Name {
	case "script":
		return scriptRefs(tag)
	case "style":
		refs = append(refs, ref{kind: refInlineStyle, tag: tag})
	case "link":
		rel, _ := tag.Attr("rel")
		if kind, ok := linkKind(rel); ok {
			add(kind, "href")
		}
	default:
		for _, attr := range assetAttrs(tag.Name) {
			kind := refAsset
			if attr == "srcset" {
				kind = refSrcset
			}
			add(kind, attr)
		}
	}
	add(refStyleAttr, "style")
	return refs
}

func scriptRefs(tag htmlscan.Tag) []ref {
	kind, ok := scriptKind(tag)
	if !ok {
		return nil
	}
	src, has := tag.Attr("src")
	src = strings.TrimSpace(src)
	if !has && kind == refModule {
		return []ref{{kind: refInlineModule, tag: tag}}
	}
	if src == "" {
		return nil
	}
	return []ref{{kind: kind, tag: tag, attr: "src", url: src}}
}

// scriptKind reports whether a script is a module, a classic script, or (false) data.
func scriptKind(tag htmlscan.Tag) (refKind, bool) {
	typ, _ := tag.Attr("type")
	switch strings.ToLower(strings.TrimSpace(typ)) {
	case "module":
		return refModule, true
	case "", "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript":
		return refScript, true
	}
	return 0, false
}

// isForeign reports whether a reference names nothing of this project: another origin,
// a scheme of its own, a fragment, or the expression of a template language.
func isForeign(url string) bool {
	if url == "" || url[0] == '#' || url[0] == '?' || strings.HasPrefix(url, "//") || strings.Contains(url, "{{") || strings.Contains(url, "<%") {
		return true
	}
	scheme, _, ok := strings.Cut(url, ":")
	return ok && scheme != "" && !strings.ContainsAny(scheme, "/?#.")
}

// splitTail cuts query and fragment off a reference.
func splitTail(url string) (name, tail string) {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i], url[i:]
	}
	return url, ""
}

// urlPath returns the path on this site that a reference of the page names.
func (p *page) urlPath(name string) string {
	if unescaped, ok := unescapePath(name); ok {
		name = unescaped
	}
	if strings.HasPrefix(name, "/") {
		return strings.TrimPrefix(path.Clean(name), "/")
	}
	return strings.TrimPrefix(path.Clean("/"+path.Join(p.base, name)), "/")
}

// locate finds the file of a reference and says what is wrong when there is none.
func (t *tree) locate(p *page, r *ref) diag.List {
	if r.attr == "" || r.kind == refSrcset || r.kind == refStyleAttr || isForeign(r.url) {
		return nil
	}
	var name string
	name, r.tail = splitTail(r.url)
	at := p.urlPath(name)
	if t.built(at) {
		r.kind = refPinned
		return nil
	}
	if file, ok := t.entryFile(at, r); ok {
		r.promoted = r.kind == refScript
		r.file, r.kind = file, refModule
		return nil
	}
	find := t.find
	if r.kind == refModule {
		find = t.findModule
	}
	if file, ok := find(at); ok {
		r.file = file
		if t.isPublic(file) && r.kind != refModule && r.kind != refStyle {
			r.file, r.kind = "", refPinned
		}
		return nil
	}
	if t.isServerPath(at) {
		return nil
	}
	return diag.List{t.missing(p, r, at)}
}

// isServerPath reports whether a path, without the leading slash, is answered by the
// running server, so that no file stands behind it.
func (t *tree) isServerPath(at string) bool {
	return slices.ContainsFunc(t.server, func(prefix string) bool {
		return strings.HasPrefix(at, strings.TrimPrefix(prefix, "/"))
	})
}

// missing describes a reference to a file that is not there. Only a module's absence is
// an error: what it would have brought in cannot be bundled. Anything else stays in the
// page as it is written, for the server of that path to answer.
func (t *tree) missing(p *page, r *ref, at string) diag.Diagnostic {
	d := p.diagnose(t, r.tag.Span.Start, fmt.Sprintf("%s names %s, which is not there", r.tag.Name, r.url))
	d.Severity = diag.Warning
	d.Hint = fmt.Sprintf("looked for %s below %s; the reference is kept as it is", at, t.rel(t.src))
	if r.kind == refModule {
		d.Severity = diag.Error
		d.Hint = fmt.Sprintf("looked for %s below %s", at, t.rel(t.src))
	}
	return d
}

// diagnose makes a diagnostic that points at an offset of the page.
func (p *page) diagnose(t *tree, offset int, message string) diag.Diagnostic {
	line, col := htmlscan.Position(p.doc.Src, offset)
	return diag.Diagnostic{
		Severity: diag.Error, Source: "html", Path: t.rel(p.file), Line: line, Column: col,
		Message: message, Excerpt: diag.Excerpt(p.doc.Src, line, col),
	}
}
