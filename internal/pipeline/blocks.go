package pipeline

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// block is a part of a page between two comments: <!-- inject:js --> … <!-- endinject -->.
type block struct {
	arg   string        // what follows the kind in the first comment: "js", "css(alt) target"
	start htmlscan.Span // the first comment
	inner htmlscan.Span // what is between
	end   htmlscan.Span // the last comment
}

// whole is the span from the first comment to the last one.
func (b block) whole() htmlscan.Span { return htmlscan.Span{Start: b.start.Start, End: b.end.End} }

// blocks returns the blocks of a kind ("inject", "bower", "build") in a page. open is
// the offset of one that has no end, or -1.
func blocks(doc *htmlscan.Doc, kind string) (found []block, open int) {
	var current *block
	for _, c := range doc.Comments {
		text := strings.TrimSpace(c.Text)
		if current != nil && text == "end"+kind {
			current.end = c.Span
			current.inner = htmlscan.Span{Start: current.start.End, End: c.Span.Start}
			found, current = append(found, *current), nil
			continue
		}
		if rest, ok := strings.CutPrefix(text, kind); ok && current == nil && (rest == "" || rest[0] == ':' || rest[0] == ' ') {
			current = &block{arg: strings.TrimSpace(strings.TrimLeft(rest, ": ")), start: c.Span}
		}
	}
	if current != nil {
		return found, current.start.Start
	}
	return found, -1
}

var leadingSpace = regexp.MustCompile(`^\s*`)

// fill puts tags into an inject block, as gulp-inject does: each on a line of its own,
// with the white space that the block began with. A block that gets no tag stays.
func fill(edits *htmlscan.Edits, src []byte, b block, tags []string) {
	if len(tags) == 0 {
		return
	}
	space := leadingSpace.FindString(b.inner.Text(src))
	edits.Replace(b.inner, space+strings.Join(tags, space)+space)
}

// fillBower puts tags into a bower block, as wiredep does: the block's indentation, the
// page's line ends and the page's kind of quotes.
func fillBower(edits *htmlscan.Edits, doc *htmlscan.Doc, b block, tags []string) {
	eol := "\n"
	if strings.Contains(string(doc.Src), "\r\n") {
		eol = "\r\n"
	}
	line := string(doc.Src[:b.start.Start])
	line = line[strings.LastIndexByte(line, '\n')+1:]
	indent := ""
	if strings.TrimLeft(line, " \t") == "" {
		indent = line
	}
	var text strings.Builder
	for _, tag := range tags {
		text.WriteString(eol + indent + tag)
	}
	edits.Replace(b.inner, text.String()+eol+indent)
}

// quoteOf returns the quote that the page's own scripts or links use outside of a block.
func quoteOf(doc *htmlscan.Doc, b block, name, attr string) string {
	quote := byte('"')
	for _, t := range doc.Tags {
		if t.Name != name || t.Span.Start >= b.start.Start && t.Span.End <= b.end.End {
			continue
		}
		for _, a := range t.Attrs {
			if a.Name == attr && a.Quote != 0 {
				quote = a.Quote
			}
		}
	}
	return string(quote)
}

// bowerTags returns the tags for a block, addresses relative to the page's folder.
func bowerTags(doc *htmlscan.Doc, b block, pageDir string, files []string) []string {
	var tags []string
	for _, file := range files {
		href, err := filepath.Rel(pageDir, file)
		if err != nil {
			continue // on another drive: no page can name it
		}
		href = filepath.ToSlash(href)
		if b.arg == "css" {
			q := quoteOf(doc, b, "link", "href")
			tags = append(tags, strings.ReplaceAll(`<link rel="stylesheet" href="`+href+`" />`, `"`, q))
			continue
		}
		q := quoteOf(doc, b, "script", "src")
		tags = append(tags, strings.ReplaceAll(`<script src="`+href+`"></script>`, `"`, q))
	}
	return tags
}
