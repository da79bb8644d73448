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
	// ModuleSystem wraps the script: "requirejs", "browserify", "es6" or "iife"; "" = it
	// stays a plain script.
	ModuleSystem string
}

// moduleWrap returns what a module system puts around the script.
func moduleWrap(system string) (before, behind string) {
	switch system {
	case "requirejs":
		return "define(['angular'], function(angular) { 'use strict'; return ", "});"
	case "browserify":
		return "'use strict'; module.exports = ", ""
	case "es6":
		return "import angular from 'angular'; export default ", ""
	case "iife":
		return "(function(){'use strict';", "})();"
	}
	return "", ""
}

// TemplateCache returns the script that puts templates into $templateCache, byte for
// byte as gulp-angular-templatecache 2 writes it.
func TemplateCache(templates []Template, opts TemplateCacheOptions) []byte {
	lines := make([]string, len(templates))
	for i, t := range templates {
		lines[i] = t.Put()
	}
	return WrapTemplates(lines, opts)
}

// address escapes what would end an address between single quotes. The old tool leaves
// all of it as it is.
var address = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`)

// Put returns the call that puts the template into the cache.
func (t Template) Put() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$templateCache.put('%s','", address.Replace(t.URL))
	quote(&b, t.HTML)
	b.WriteString("');")
	return b.String()
}

// Escape returns text as it stands between single quotes in the cache.
func Escape(text string) string {
	var b strings.Builder
	quote(&b, text)
	return b.String()
}

// WrapTemplates returns the script that makes these calls.
func WrapTemplates(puts []string, opts TemplateCacheOptions) []byte {
	module := opts.Module
	if module == "" {
		module = "templates"
	}
	standalone := ""
	if opts.Standalone {
		standalone = ", []"
	}
	script := fmt.Sprintf("angular.module('%s'%s).run(['$templateCache', function($templateCache) {%s}]);",
		module, standalone, strings.Join(puts, "\n"))
	return []byte(WrapModule(script, opts.ModuleSystem))
}

// WrapModule puts around a script what a module system needs.
func WrapModule(script, system string) string {
	before, behind := moduleWrap(system)
	return before + script + behind
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
