package pipeline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// normalizeHTML writes the tags of a template as html-minifier 3 does without any
// option: attributes in double quotes with one space between, class lists tidied, no
// slash at the end. Text, comments and the order of everything stay.
func normalizeHTML(src string) string {
	doc := htmlscan.Scan([]byte(src))
	var edits htmlscan.Edits
	svg := 0 // offset behind the last <svg>: what is below keeps its spelling
	for _, tag := range doc.Tags {
		if tag.Name == "svg" {
			svg = endOfElement(src, tag)
		}
		edits.Replace(tag.Span, normalTag(src, tag, tag.Span.Start < svg))
	}
	return string(edits.Apply(doc.Src))
}

// endOfElement returns the offset of an element's end tag, or that of the page's end.
func endOfElement(src string, tag htmlscan.Tag) int {
	n := strings.Index(strings.ToLower(src[tag.Span.End:]), "</"+tag.Name)
	if n < 0 {
		return len(src)
	}
	return tag.Span.End + n
}

func normalTag(src string, tag htmlscan.Tag, svg bool) string {
	raw := src[tag.Span.Start:tag.Span.End]
	name := tag.Name
	if svg {
		name = raw[1 : 1+len(name)]
	}
	var b strings.Builder
	b.WriteString("<" + name)
	for _, a := range tag.Attrs {
		b.WriteString(" " + normalAttr(src, tag, a, svg))
	}
	if svg && strings.HasSuffix(raw, "/>") {
		b.WriteByte('/')
	}
	b.WriteByte('>')
	return b.String()
}

var (
	spaces       = regexp.MustCompile(`[ \t\n\f\r]+`)
	contentSpace = regexp.MustCompile(`\s*,\s*`)
	trailingZero = regexp.MustCompile(`(\d+)\.0+\b`)
)

func normalAttr(src string, tag htmlscan.Tag, a htmlscan.Attr, svg bool) string {
	name := a.Name
	if svg {
		name = src[a.Whole.Start : a.Whole.Start+len(a.Name)]
	}
	if a.Whole.End == a.Raw.End && a.Raw.Start == a.Raw.End && a.Quote == 0 {
		return name // no value
	}
	value := a.Raw.Text([]byte(src))
	switch {
	case a.Name == "class":
		value = strings.TrimSpace(spaces.ReplaceAllString(value, " "))
	case a.Name == "style" || isURLAttr(tag.Name, a.Name):
		value = strings.TrimSpace(value)
		if a.Name == "style" {
			value = strings.TrimSuffix(value, ";")
		}
	case tag.Name == "meta" && a.Name == "content" && isViewport(tag):
		value = trailingZero.ReplaceAllString(contentSpace.ReplaceAllString(value, ","), "$1")
	}
	quote := `"`
	if strings.Count(value, `"`) > strings.Count(value, "'") {
		quote = "'"
		return name + "=" + quote + strings.ReplaceAll(value, "'", "&#39;") + quote
	}
	return name + "=" + quote + strings.ReplaceAll(value, `"`, "&#34;") + quote
}

func isViewport(tag htmlscan.Tag) bool {
	name, _ := tag.Attr("name")
	return strings.EqualFold(name, "viewport")
}

// isURLAttr reports whether an attribute of an element holds an address.
func isURLAttr(tag, attr string) bool {
	switch attr {
	case "href":
		return slices.Contains([]string{"a", "area", "link", "base"}, tag)
	case "src":
		return slices.Contains([]string{"img", "input", "script", "frame"}, tag)
	case "longdesc", "usemap":
		return tag == "img" || tag == "input" || tag == "object" || tag == "frame"
	case "action":
		return tag == "form"
	case "cite":
		return slices.Contains([]string{"blockquote", "q", "ins", "del"}, tag)
	}
	return false
}
