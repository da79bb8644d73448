package bower

import (
	"cmp"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Wiring fills the blocks of pages and sheets between "bower:TYPE" and "endbower", or
// another word, with what components bring, as wiredep 4 does.
type Wiring struct {
	Result *Result
	// Word begins and ends the blocks; "" = "bower".
	Word string
	// Rewrite changes an address before it is put in; nil = it stays.
	Rewrite func(address string) (string, error)
	// Replace makes the line of a type, where it is not the usual one.
	Replace map[string]func(address string) (string, error)
	// Blocks finds the blocks of a text where the usual pattern is not used: it calls fill
	// with the five groups of each match, of which the fourth does not count, and its
	// offset, and puts what fill returns in the place of the match.
	Blocks func(src string, fill func(groups []string, offset int) string) (string, error)
}

// syntax is how one kind of file spells its blocks and lines.
type syntax struct {
	block  *regexp.Regexp
	detect map[string]*regexp.Regexp // lines of a type: whose quotes are taken over
	lines  map[string]string         // "%" stands for the address
}

// syntaxOf returns the syntax of a file by its extension; everything else is HTML.
func syntaxOf(ext, word string) syntax {
	// pattern compiles a block: what a comment begins with, and ends with.
	pattern := func(open, end string) *regexp.Regexp {
		return regexp.MustCompile(`(?is)(([ \t]*)` + open + `\s*` + word + `:*(\S*)` + end + `)()(?:.*?)(` + open + `\s*end` + word + end + `)`)
	}
	detect := func(pairs ...string) map[string]*regexp.Regexp {
		m := map[string]*regexp.Regexp{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = regexp.MustCompile(`(?i)` + pairs[i+1])
		}
		return m
	}
	sheet := func(types ...string) map[string]*regexp.Regexp {
		var pairs []string
		for _, t := range types {
			pairs = append(pairs, t, `@import\s['"](.+`+t+`)['"]`)
		}
		return detect(pairs...)
	}
	slashes := pattern(`//`, ``)
	switch ext {
	case ".js":
		return syntax{slashes, detect("js", `['"]([^'"]+\.js)['"],?`, "css", `['"]([^'"]+\.js)['"],?`), map[string]string{"js": `"%",`, "css": `"%",`}}
	case ".jade":
		return syntax{pattern(`//-?`, ``), detect("js", `script\(.*src=['"]([^'"]+)`, "css", `link\(.*href=['"]([^'"]+)`), map[string]string{"js": `script(src='%')`, "css": `link(rel='stylesheet', href='%')`}}
	case ".slim":
		return syntax{pattern(`/!?`, ``), detect("js", `script.*src=['"]([^'"]+)`, "css", `link.*href=['"]([^'"]+)`), map[string]string{"js": `script src='%'`, "css": `link rel='stylesheet' href='%'`}}
	case ".less":
		return syntax{slashes, sheet("css", "less"), map[string]string{"css": `@import "%";`, "less": `@import "%";`}}
	case ".sass":
		return syntax{slashes, nil, map[string]string{"css": `@import %`, "sass": `@import %`, "scss": `@import %`}}
	case ".scss":
		return syntax{slashes, sheet("css", "sass", "scss"), map[string]string{"css": `@import "%";`, "sass": `@import "%";`, "scss": `@import "%";`}}
	case ".styl":
		return syntax{slashes, sheet("css", "styl"), map[string]string{"css": `@import "%"`, "styl": `@import "%"`}}
	case ".yaml", ".yml":
		return syntax{pattern(`#`, ``), nil, map[string]string{"js": `- %`, "css": `- %`}}
	case ".haml":
		return syntax{pattern(`-#`, ``), detect("js", `%script\{.*src:['"]([^'"]+)`, "css", `%link\{.*href:['"]([^'"]+)`), map[string]string{"js": `%script{src:'%'}`, "css": `%link{rel:'stylesheet', href:'%'}`}}
	}
	return syntax{pattern(`<!--`, `\s*-->`), detect("js", `<script.*src=['"]([^'"]+)`, "css", `<link.*href=['"]([^'"]+)`), map[string]string{"js": `<script src="%"></script>`, "css": `<link rel="stylesheet" href="%" />`}}
}

// Wire returns a text with its blocks filled; file, its absolute path, says how it is
// written and where addresses start. A block keeps its indentation, and the text its line
// ends and its kind of quotes.
func (w Wiring) Wire(src, file string) (string, error) {
	f := filler{Wiring: w, syntax: syntaxOf(path.Ext(file), cmp.Or(w.Word, "bower")), src: src, dir: path.Dir(filepath.ToSlash(file)), eol: "\n"}
	if strings.Contains(src, "\r\n") {
		f.eol = "\r\n"
	}
	find := f.usual
	if w.Blocks != nil {
		find = w.Blocks
	}
	out, err := find(src, f.fill)
	if err == nil {
		err = f.failed
	}
	return out, err
}

// filler fills the blocks of one text.
type filler struct {
	Wiring
	syntax
	src, dir, eol string
	failed        error
}

// usual finds the blocks by the pattern of the syntax.
func (f *filler) usual(src string, fill func(groups []string, offset int) string) (string, error) {
	var out strings.Builder
	at := 0
	for _, m := range f.block.FindAllStringSubmatchIndex(src, -1) {
		groups := make([]string, 5)
		for i := range groups {
			groups[i] = src[m[2*i+2]:m[2*i+3]]
		}
		out.WriteString(src[at:m[0]] + fill(groups, m[0]))
		at = m[1]
	}
	return out.String() + src[at:], nil
}

// fill returns what comes in the place of one block.
func (f *filler) fill(groups []string, offset int) string {
	kind := groups[2]
	if kind == "" {
		kind = "js"
	}
	space := f.eol + strings.NewReplacer("\r", "", "\n", "").Replace(groups[1])
	quote := f.quote(kind, offset)
	text := groups[0]
	for _, file := range f.Result.ByExt("." + kind) {
		line, err := f.line(kind, f.address(file))
		if err != nil {
			f.failed = err
		}
		if line != "" {
			text += space + line
		}
		if quote != "" {
			text = strings.ReplaceAll(text, `"`, quote)
		}
	}
	return text + space + groups[4]
}

// address is the way from the text's folder to a file.
func (f *filler) address(file string) string {
	rel, err := filepath.Rel(f.dir, file)
	if err != nil {
		return filepath.ToSlash(file) // on another drive
	}
	return filepath.ToSlash(rel)
}

func (f *filler) line(kind, address string) (string, error) {
	if f.Rewrite != nil {
		var err error
		if address, err = f.Rewrite(address); err != nil {
			return "", err
		}
	}
	if make := f.Replace[kind]; make != nil {
		return make(address)
	}
	line := f.lines[kind]
	// haml has a "%" of its own, before that of the address.
	if i := strings.LastIndexByte(line, '%'); i >= 0 {
		line = line[:i] + address + line[i+1:]
	}
	return line, nil
}

// quote returns the quote of the last line of a type that stands outside of all blocks;
// without one, of the last in the block that begins at offset.
func (f *filler) quote(kind string, offset int) string {
	lines := f.detect[kind]
	if lines == nil {
		return ""
	}
	if q := lastQuote(lines, f.block.ReplaceAllString(f.src, "")); q != "" {
		return q
	}
	end := f.block.FindStringIndex(f.src[offset:])
	if end == nil {
		return ""
	}
	return lastQuote(lines, f.src[offset+end[0]:offset+end[1]])
}

func lastQuote(lines *regexp.Regexp, text string) string {
	quote := ""
	for _, m := range lines.FindAllString(text, -1) {
		if i := strings.IndexAny(m, `'"`); i >= 0 {
			quote = m[i : i+1]
		}
	}
	return quote
}
