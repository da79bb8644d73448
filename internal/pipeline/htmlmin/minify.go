// Package htmlmin makes HTML smaller or more even, in ways that are safe for pages and for
// templates of AngularJS.
package htmlmin

import (
	"fmt"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/html"
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
	out, err := m.Bytes("text/html", src)
	if err != nil {
		return nil, fmt.Errorf("read as HTML: %w", err)
	}
	return out, nil
}
