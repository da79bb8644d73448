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
// and the order of everything stay, and so does what the author left open. Below <svg>
// and <math> the spelling of names and the slash at the end have a meaning, and stay.
func Normal(src string) string {
	doc := htmlscan.Scan([]byte(src))
	var edits htmlscan.Edits
	foreign := foreignParts(doc)
	for _, tag := range doc.Tags {
		edits.Replace(tag.Span, normalTag(src, tag, within(foreign, tag.Span.Start)))
	}
	for _, end := range doc.Ends {
		if !within(foreign, end.Span.Start) && isPlainEnd(end.Span.Text(doc.Src), end.Name) {
			edits.Replace(end.Span, "</"+end.Name+">")
		}
	}
	return string(edits.Apply(doc.Src))
}

// isPlainEnd reports whether an end tag holds its name alone.
func isPlainEnd(raw, name string) bool {
	rest := strings.TrimSuffix(raw[len("</"):], ">")
	return strings.EqualFold(strings.TrimRight(rest, htmlSpace), name)
}

// foreignParts returns where the elements of other vocabularies lie, the outermost ones
// alone, from their start tags to their end tags.
func foreignParts(doc *htmlscan.Doc) []htmlscan.Span {
	var found []htmlscan.Span
	ends := doc.Ends
	depth := 0
	leave := func(before int) {
		for ; len(ends) > 0 && ends[0].Span.Start < before; ends = ends[1:] {
			if depth > 0 && isForeign(ends[0].Name) {
				depth--
				found[len(found)-1].End = ends[0].Span.Start
			}
		}
	}
	for _, tag := range doc.Tags {
		leave(tag.Span.Start)
		if !isForeign(tag.Name) || strings.HasSuffix(tag.Span.Text(doc.Src), "/>") {
			continue
		}
		if depth++; depth == 1 {
			found = append(found, htmlscan.Span{Start: tag.Span.Start})
		}
	}
	leave(len(doc.Src))
	if depth > 0 {
		found[len(found)-1].End = len(doc.Src)
	}
	return found
}

func isForeign(name string) bool { return name == "svg" || name == "math" }

// within reports whether an offset lies in one of the parts, which are sorted.
func within(parts []htmlscan.Span, offset int) bool {
	_, found := slices.BinarySearchFunc(parts, offset, func(s htmlscan.Span, at int) int {
		switch {
		case s.End <= at:
			return -1
		case s.Start > at:
			return 1
		}
		return 0
	})
	return found
}

func normalTag(src string, tag htmlscan.Tag, foreign bool) string {
	raw := src[tag.Span.Start:tag.Span.End]
	name := tag.Name
	if foreign {
		name = raw[1 : 1+len(name)]
	}
	var b strings.Builder
	b.WriteString("<" + name)
	for _, a := range tag.Attrs {
		b.WriteString(" " + normalAttr(src, tag, a, foreign))
	}
	if foreign && strings.HasSuffix(raw, "/>") {
		b.WriteByte('/')
	}
	b.WriteByte('>')
	return b.String()
}

var (
	spaces       = regexp.MustCompile(`[ \t\n\f\r]+`)
	anySpace     = regexp.MustCompile(`\s+`)
	decimal      = regexp.MustCompile(`[0-9]+\.[0-9]+`)
	lastSemi     = regexp.MustCompile(`\s*;$`)
	aroundSemi   = regexp.MustCompile(`\s*;\s*`)
	scriptScheme = regexp.MustCompile(`(?i)^javascript:\s*`)
	expression   = regexp.MustCompile(`\s*(?:\{\{.*?\}\})+\s*`)
	placeholder  = regexp.MustCompile(`\s*\x01(\d+)\x01\s*`)

	betweenSources = regexp.MustCompile(`\s+,\s*|\s*,\s+`)
	description    = regexp.MustCompile(`\s+([1-9][0-9]*w|[0-9]+(?:\.[0-9]+)?x)$`)
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

func normalAttr(src string, tag htmlscan.Tag, a htmlscan.Attr, foreign bool) string {
	name := a.Name
	if foreign {
		name = src[a.Whole.Start : a.Whole.Start+len(a.Name)]
	}
	if a.Whole.End == a.Raw.End && a.Raw.Start == a.Raw.End && a.Quote == 0 {
		if isSwitch(a.Name) {
			return name + `="` + src[a.Whole.Start:a.Whole.End] + `"`
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
	case isHandler(attr):
		return scriptScheme.ReplaceAllString(trim(value), "")
	case attr == "class":
		return tidyClass(value)
	case attr == "style":
		return lastSemi.ReplaceAllString(trim(value), ";")
	case isURLAttr(tag.Name, attr), isNumberAttr(tag.Name, attr):
		return trim(value)
	case attr == "srcset" && (tag.Name == "img" || tag.Name == "source"):
		return tidySources(trim(value))
	case tag.Name == "meta" && attr == "content" && isViewport(tag):
		return decimal.ReplaceAllStringFunc(anySpace.ReplaceAllString(value, ""), shortNumber)
	case tag.Name == "script" && attr == "type":
		return trim(aroundSemi.ReplaceAllString(value, ";"))
	}
	return value
}

// htmlSpace is what HTML takes for white space.
const htmlSpace = " \t\n\f\r"

func trim(value string) string { return strings.Trim(value, htmlSpace) }

// tidyClass leaves one space between the names of a list; a tab alone stays one.
func tidyClass(value string) string {
	return trim(spaces.ReplaceAllStringFunc(value, func(run string) string {
		if run == "\t" {
			return run
		}
		return " "
	}))
}

// isHandler reports whether an attribute holds the script of an event.
func isHandler(attr string) bool {
	event, ok := strings.CutPrefix(attr, "on")
	return ok && len(event) >= 3 && strings.Trim(event, "abcdefghijklmnopqrstuvwxyz") == ""
}

// tidySources puts one space before each description of a srcset, and takes away the one
// that is the default.
func tidySources(value string) string {
	list := betweenSources.Split(value, -1)
	for i, source := range list {
		m := description.FindStringSubmatch(source)
		if m == nil {
			continue
		}
		list[i] = strings.TrimSuffix(source, m[0])
		unit := m[1][len(m[1])-1:]
		if number := shortNumber(strings.TrimSuffix(m[1], unit)); number != "1" || unit != "x" {
			list[i] += " " + number + unit
		}
	}
	return strings.Join(list, ", ")
}

// shortNumber writes a number as JavaScript would.
func shortNumber(s string) string {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

func isViewport(tag htmlscan.Tag) bool {
	name, _ := tag.Attr("name")
	return name == "viewport"
}

// isURLAttr reports whether an attribute of an element holds an address.
func isURLAttr(tag, attr string) bool {
	switch attr {
	case "href":
		return slices.Contains([]string{"a", "area", "link", "base"}, tag)
	case "src":
		return slices.Contains([]string{"img", "input", "script"}, tag)
	case "longdesc":
		return tag == "img"
	case "usemap":
		return slices.Contains([]string{"img", "input", "object"}, tag)
	case "classid", "codebase", "data":
		return tag == "object"
	case "action":
		return tag == "form"
	case "cite":
		return slices.Contains([]string{"blockquote", "q", "ins", "del"}, tag)
	case "profile":
		return tag == "head"
	case "for":
		return tag == "script"
	}
	return false
}

// isNumberAttr reports whether an attribute of an element holds a number.
func isNumberAttr(tag, attr string) bool {
	switch attr {
	case "tabindex":
		return slices.Contains([]string{"a", "area", "object", "button", "input", "select", "textarea"}, tag)
	case "maxlength":
		return tag == "input"
	case "size":
		return tag == "select"
	case "rows", "cols":
		return tag == "textarea"
	case "span":
		return tag == "colgroup" || tag == "col"
	case "rowspan", "colspan":
		return tag == "th" || tag == "td"
	}
	return false
}
