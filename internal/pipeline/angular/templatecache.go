package angular

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Template is one piece of HTML and the URL under which the application asks for it.
type Template struct{ URL, HTML string }

// TemplateCacheOptions are those of gulp-angular-templatecache that its users set.
type TemplateCacheOptions struct {
	Module     string // the module that runs it; "" = "templates"
	Standalone bool   // the script declares the module itself
}

// TemplateCache returns the script that puts templates into $templateCache, byte for
// byte as gulp-angular-templatecache 2 writes it.
func TemplateCache(templates []Template, opts TemplateCacheOptions) []byte {
	module := opts.Module
	if module == "" {
		module = "templates"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "angular.module('%s'", module)
	if opts.Standalone {
		b.WriteString(", []")
	}
	b.WriteString(").run(['$templateCache', function($templateCache) {")
	for i, t := range templates {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "$templateCache.put('%s','", t.URL)
		quote(&b, t.HTML)
		b.WriteString("');")
	}
	b.WriteString("}]);")
	return []byte(b.String())
}

// quote writes a string between single quotes as jsesc 2 does: everything outside of
// printable ASCII escaped, with \xHH up to U+00FF and \uXXXX for each UTF-16 unit above.
func quote(b *strings.Builder, s string) {
	for i, r := range s {
		switch {
		case r == '\'':
			b.WriteString(`\'`)
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == 0 && !digitAt(s, i+1):
			b.WriteString(`\0`)
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r <= 0xFF:
			fmt.Fprintf(b, `\x%02X`, r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(b, `\u%04X`, unit)
			}
		}
	}
}

func digitAt(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
