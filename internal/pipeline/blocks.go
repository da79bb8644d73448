package pipeline

import (
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
