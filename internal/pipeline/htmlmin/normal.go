package htmlmin

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// Normal writes the tags of a template as html-minifier 3 does with the options of
// the FountainJS generator: names in lower case, attributes in double quotes with one
// space between, class lists tidied, no slash at the end, {{ }} as it is. Text, comments
// and the order of everything stay.
func Normal(src string) string {
	doc := htmlscan.Scan([]byte(src))
	var edits htmlscan.Edits
	svg := 0 // offset behind the last <svg>: what is below keeps its spelling
	for _, tag := range doc.Tags {
		if tag.Name == "svg" {
			svg = endOfElement(src, tag)
		}
		edits.Replace(tag.Span, normalTag(src, tag, tag.Span.Start < svg))
	}
	for _, end := range doc.Ends {
		if raw := end.Span.Text(doc.Src); strings.EqualFold(raw, "</"+end.Name+">") && !inSVG(doc, src, end) {
			edits.Replace(end.Span, "</"+end.Name+">")
		}
	}
	return string(edits.Apply(doc.Src))
}

// inSVG reports whether an end tag lies below an <svg>.
func inSVG(doc *htmlscan.Doc, src string, end htmlscan.EndTag) bool {
	return slices.ContainsFunc(doc.Tags, func(tag htmlscan.Tag) bool {
		return tag.Name == "svg" && tag.Span.Start < end.Span.Start && end.Span.Start < endOfElement(src, tag)
	})
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
	lastSemi     = regexp.MustCompile(`\s*;$`)
	expression   = regexp.MustCompile(`\s*(?:\{\{.*?\}\})+\s*`)
	placeholder  = regexp.MustCompile(`\s*\x01(\d+)\x01\s*`)
)

// outsideExpressions sends a value through tidy while each {{ }}, with the space around
// it, is taken out of reach.
func outsideExpressions(value string, tidy func(string) string) string {
	var kept []string
	hidden := expression.ReplaceAllStringFunc(value, func(m string) string {
		kept = append(kept, m)
		return fmt.Sprintf("\t\x01%d\x01\t", len(kept)-1)
	})
	return placeholder.ReplaceAllStringFunc(tidy(hidden), func(m string) string {
		n, err := strconv.Atoi(strings.Trim(m, " \t\r\n\f\v\x01"))
		if err != nil || n >= len(kept) {
			return m // the template itself has such characters
		}
		return kept[n]
	})
}

func normalAttr(src string, tag htmlscan.Tag, a htmlscan.Attr, svg bool) string {
	name := a.Name
	if svg {
		name = src[a.Whole.Start : a.Whole.Start+len(a.Name)]
	}
	if a.Whole.End == a.Raw.End && a.Raw.Start == a.Raw.End && a.Quote == 0 {
		if isSwitch(a.Name) {
			return name + `="` + name + `"`
		}
		return name // no value
	}
	value := outsideExpressions(a.Raw.Text([]byte(src)), func(v string) string { return tidyValue(tag, a.Name, v) })
	if strings.Count(value, `"`) > strings.Count(value, "'") {
		return name + "='" + strings.ReplaceAll(value, "'", "&#39;") + "'"
	}
	return name + `="` + strings.ReplaceAll(value, `"`, "&#34;") + `"`
}

// isSwitch reports whether an attribute that stands alone gets its name as its value.
func isSwitch(name string) bool {
	switch name {
	case "checked", "compact", "declare", "defer", "disabled", "ismap", "multiple", "nohref",
		"noresize", "noshade", "nowrap", "readonly", "selected":
		return true
	}
	return false
}

// tidyValue tidies those values whose spaces mean nothing.
func tidyValue(tag htmlscan.Tag, attr, value string) string {
	switch {
	case attr == "class":
		return strings.TrimSpace(spaces.ReplaceAllString(value, " "))
	case attr == "style":
		return lastSemi.ReplaceAllString(strings.TrimSpace(value), ";")
	case isURLAttr(tag.Name, attr):
		return strings.TrimSpace(value)
	case tag.Name == "meta" && attr == "content" && isViewport(tag):
		return trailingZero.ReplaceAllString(contentSpace.ReplaceAllString(value, ","), "$1")
	}
	return value
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
