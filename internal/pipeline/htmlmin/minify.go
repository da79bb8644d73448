// Package htmlmin makes HTML smaller or more even, in ways that are safe for pages and for
// templates of AngularJS.
package htmlmin

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/html"

	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// Options says what Minify leaves. The zero value leaves the least.
type Options struct {
	KeepComments bool
}

// Minify takes comments and superfluous white space out of a page. It stays on the
// safe side: no tag, quote or attribute goes, spaces between elements stay (custom
// elements may be inline), template expressions and what scripts hold stay as written.
func Minify(src []byte, opts Options) ([]byte, error) {
	m := minify.New()
	m.Add("text/html", &html.Minifier{
		KeepSpecialComments: true, KeepComments: opts.KeepComments, KeepDefaultAttrVals: true, KeepDocumentTags: true,
		KeepEndTags: true, KeepQuotes: true, KeepWhitespace: true,
		TemplateDelims: html.GoTemplateDelims,
	})
	hidden := hideAttrs(src)
	out, err := m.Bytes("text/html", hidden.page)
	if err != nil {
		return nil, fmt.Errorf("read as HTML: %w", err)
	}
	return hidden.restore(out), nil
}

// hiddenAttrs is a page in which one mark stands for all attributes of a tag. The
// library takes an attribute by its name, whatever the element: open="vm.open" of a
// component would lose its value, and a form its empty action, by which AngularJS knows
// that it is to be sent.
type hiddenAttrs struct {
	page []byte
	mark string
	list []string
}

func hideAttrs(src []byte) hiddenAttrs {
	h := hiddenAttrs{mark: "x-"}
	for bytes.Contains(src, []byte(h.mark)) {
		h.mark = "x" + h.mark
	}
	var edits htmlscan.Edits
	for _, tag := range htmlscan.Scan(src).Tags {
		if len(tag.Attrs) == 0 {
			continue
		}
		first, last := tag.Attrs[0].Whole, tag.Attrs[len(tag.Attrs)-1].Whole
		edits.Replace(htmlscan.Span{Start: first.Start, End: last.End}, h.mark+strconv.Itoa(len(h.list)))
		h.list = append(h.list, attrText(src, tag))
	}
	h.page = edits.Apply(src)
	return h
}

// attrText is what a tag's attributes are written as: with one space in between, unless
// one is an expression itself, or a space would make one of two.
func attrText(src []byte, tag htmlscan.Tag) string {
	parts := make([]string, len(tag.Attrs))
	for i, a := range tag.Attrs {
		if strings.Contains(a.Name, "{{") || strings.HasPrefix(a.Name, "=") {
			return htmlscan.Span{Start: tag.Attrs[0].Whole.Start, End: tag.Attrs[len(parts)-1].Whole.End}.Text(src)
		}
		parts[i] = attrPart(src, a)
	}
	return strings.Join(parts, " ")
}

// attrPart is one attribute; an empty value is none.
func attrPart(src []byte, a htmlscan.Attr) string {
	value := a.Raw.Text(src)
	isClass := a.Name == "class" && a.Quote != 0
	if isClass {
		value = outsideExpressions(value, tidyClass)
	}
	switch {
	case value == "":
		return a.Whole.Text(src)[:len(a.Name)]
	case isClass:
		return a.Name + "=" + string(a.Quote) + value + string(a.Quote)
	}
	return a.Whole.Text(src)
}

func (h *hiddenAttrs) restore(page []byte) []byte {
	var edits htmlscan.Edits
	for _, tag := range htmlscan.Scan(page).Tags {
		for _, a := range tag.Attrs {
			number, ok := strings.CutPrefix(a.Name, h.mark)
			if n, err := strconv.Atoi(number); ok && err == nil && n < len(h.list) {
				edits.Replace(a.Whole, h.list[n])
			}
		}
	}
	return edits.Apply(page)
}
