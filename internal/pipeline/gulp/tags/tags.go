// Package tags is how pages and sheets of every kind name other files, and how their
// comments look: the formats of gulp-inject.
package tags

import (
	"fmt"
	"path"
	"strings"
)

// For returns what names a file in a page; "" = pages of this kind name no such file.
// The kinds are those of the extensions; a page of an unknown kind is HTML.
func For(page, file string, selfClosing bool) string {
	kind := strings.ToLower(Ext(file))
	switch kind {
	case "jpeg", "jpg", "png", "gif":
		kind = "image"
	}
	end := ">"
	if selfClosing || Ext(page) == "jsx" {
		end = " />"
	}
	p := pattern(strings.ToLower(Ext(page)), kind, end)
	if p == "" {
		return ""
	}
	return fmt.Sprintf(p, file)
}

// Comment returns a text as a comment of a page or a sheet.
func Comment(page, text string) string {
	switch Ext(page) {
	case "jsx":
		return "{/* " + text + " */}"
	case "jade", "pug":
		return "//- " + text
	case "slm", "slim":
		return "/ " + text
	case "haml":
		return "-# " + text
	case "less", "sass", "scss":
		return "/* " + text + " */"
	}
	return "<!-- " + text + " -->"
}

// Ext returns the extension of an address without its dot; what follows a "?" is no part
// of it.
func Ext(address string) string {
	address, _, _ = strings.Cut(address, "?")
	e := path.Ext(address)
	if e == path.Base(address) {
		return ""
	}
	return strings.TrimPrefix(e, ".")
}

// pattern returns the pattern of a tag by the kinds of the page and of the file.
func pattern(page, kind, end string) string {
	switch page {
	case "jade", "pug":
		return jadePattern(page, kind)
	case "slm", "slim":
		return map[string]string{
			"css": `link rel="stylesheet" href="%s"`, "js": `script src="%s"`, "html": `link rel="import" href="%s"`,
			"coffee": `script type="text/coffeescript" src="%s"`, "image": `img src="%s"`,
		}[kind]
	case "haml":
		return map[string]string{
			"css": `%%link{rel:"stylesheet", href:"%s"}`, "js": `%%script{src:"%s"}`, "html": `%%link{rel:"import", href:"%s"}`,
			"coffee": `%%script{type:"text/coffeescript", src:"%s"}`, "image": `%%img{src:"%s"}`,
		}[kind]
	case "less":
		return map[string]string{"less": `@import "%s";`, "css": `@import "%s";`}[kind]
	case "sass":
		return map[string]string{"sass": `@import "%s"`, "scss": `@import "%s"`, "css": `@import "%s"`}[kind]
	case "scss":
		return map[string]string{"sass": `@import "%s";`, "scss": `@import "%s";`, "css": `@import "%s";`}[kind]
	case "twig":
		return map[string]string{"css": `<link rel="stylesheet" href="{{ asset("%s") }}"` + end, "js": `<script src="{{ asset("%s") }}"></script>`}[kind]
	}
	return map[string]string{
		"css": `<link rel="stylesheet" href="%s"` + end, "js": `<script src="%s"></script>`, "map": `<script src="%s"></script>`,
		"jsx": `<script type="text/jsx" src="%s"></script>`, "html": `<link rel="import" href="%s"` + end,
		"coffee": `<script type="text/coffeescript" src="%s"></script>`, "image": `<img src="%s"` + end,
	}[kind]
}

func jadePattern(page, kind string) string {
	if kind == page {
		return "include %s"
	}
	return map[string]string{
		"css": `link(rel="stylesheet", href="%s")`, "js": `script(src="%s")`, "jsx": `script(type="text/jsx", src="%s")`,
		"html": `link(rel="import", href="%s")`, "coffee": `script(type="text/coffeescript", src="%s")`, "image": `img(src="%s")`,
	}[kind]
}
