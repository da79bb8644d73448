package run

import (
	"regexp"
	"strings"
)

// usesBlock is one <!-- build:TYPE(ALT) TARGET ATTRIBUTES --> … <!-- endbuild --> of a
// page: what it names becomes one file. Pages are read line by line, as useref 1.4 does.
type usesBlock struct {
	kind   string   // "js", "css", "remove", or what a project invented
	alt    string   // where its files are looked for; "" = not said
	target string   // the file it becomes
	attrs  string   // put on the tag as written
	lines  []string // from the first comment to the last
	assets []asset
	line   int // of the first comment, from 1
	open   bool
}

// asset is a file that a block names, and the line of the page that names it, from 1.
type asset struct {
	name string
	line int
}

var (
	buildComment = regexp.MustCompile(`(?:<!--|//-)\s*build:(\w+)(?:\(([^)]+)\))?\s*`)
	endComment   = regexp.MustCompile(`(?:<!--|//-)\s*endbuild\s*-->`)
	// assetName is the address of a tag, also within a call of a template language.
	assetName   = regexp.MustCompile(`(href|src)=(?:["']\W+\s*(?:\w+)\()?["']([^'"]+)['"]`)
	condition   = regexp.MustCompile(`(?is)(<!--\[if\s.*?\]>).*?(<!\[endif\]-->)`)
	conditional = regexp.MustCompile(`^\s*(?:\[if [^\]]+]|<!|>)`)
)

// buildLine reads the first comment of a block.
func buildLine(line string) (b usesBlock, ok bool) {
	for _, m := range buildComment.FindAllStringSubmatchIndex(line, -1) {
		rest := line[m[1]:]
		end := strings.LastIndex(rest, "-->")
		if end < 0 {
			continue
		}
		b = usesBlock{kind: line[m[2]:m[3]]}
		if m[4] >= 0 {
			b.alt = line[m[4]:m[5]]
		}
		word := rest
		if i := strings.IndexFunc(rest, isSpace); i >= 0 {
			word = rest[:i]
		}
		if i := strings.LastIndex(word, "-->"); i >= 0 {
			word = word[:i]
		}
		b.target, b.attrs = word, strings.TrimSpace(rest[len(word):max(end, len(word))])
		return b, true
	}
	return b, false
}

// usesBlocks returns the blocks of a page, each once: a second one with the same target
// is no block of its own.
func usesBlocks(page string) []*usesBlock {
	var list []*usesBlock
	var current *usesBlock
	for i, line := range strings.Split(strings.ReplaceAll(page, "\r\n", "\n"), "\n") {
		if b, ok := buildLine(line); ok {
			b.line, b.open = i+1, true
			current = &b
			list = append(list, current)
		}
		if current == nil {
			continue
		}
		current.lines = append(current.lines, line)
		if endComment.MatchString(line) {
			current.open = false
			current = nil
		}
	}
	for _, b := range list {
		b.findAssets()
	}
	return list
}

// inner returns the lines between the two comments.
func (b *usesBlock) inner() []string {
	if len(b.lines) < 2 {
		return nil
	}
	return b.lines[1 : len(b.lines)-1]
}

// findAssets lists what the lines between the comments name, but not what is commented
// out. A line has one name.
func (b *usesBlock) findAssets() {
	for i, line := range strings.Split(withoutComments(strings.Join(b.inner(), "\n")), "\n") {
		if m := assetName.FindStringSubmatch(line); m != nil {
			b.assets = append(b.assets, asset{m[2], b.line + 1 + i})
		}
	}
}

// withoutComments blanks comments, but not conditions for old browsers; line breaks stay,
// so that lines keep their numbers.
func withoutComments(text string) string {
	var out strings.Builder
	for {
		start := strings.Index(text, "<!--")
		if start < 0 {
			return out.String() + text
		}
		end := strings.Index(text[start+4:], "-->")
		if end < 0 {
			return out.String() + text
		}
		end += start + 4 + 3
		if conditional.MatchString(text[start+4:]) {
			out.WriteString(text[:start+4])
			text = text[start+4:]
			continue
		}
		out.WriteString(text[:start] + strings.Repeat("\n", strings.Count(text[start:end], "\n")))
		text = text[end:]
	}
}

var (
	styleTag  = regexp.MustCompile(`(?im)<?link.*?(?:>|\))`)
	scriptTag = regexp.MustCompile(`(?is)<?script\(?\b.*?(?:</script>|\))`)
	relAttr   = regexp.MustCompile(`(?i)(^|\s)rel=`)
)

// tag returns what comes in the place of a block whose content is given; "" = nothing.
func (b *usesBlock) tag(target, content string) string {
	attrs := ""
	if b.attrs != "" {
		attrs = " " + b.attrs
	}
	switch b.kind {
	case "css":
		rel := `rel="stylesheet" `
		if relAttr.MatchString(b.attrs) {
			rel = ""
		}
		if styleTag.MatchString(content) {
			return "<link " + rel + `href="` + target + `"` + attrs + ">"
		}
	case "js":
		if scriptTag.MatchString(content) {
			return `<script src="` + target + `"` + attrs + "></script>"
		}
	}
	return ""
}

// replaceBlock puts a reference in the place of a block, indented as its first line, and
// between the marks of a condition for old browsers.
func replaceBlock(page string, b *usesBlock, ref, lineEnd string) string {
	block := strings.Join(b.lines, lineEnd)
	indent := b.lines[0][:len(b.lines[0])-len(strings.TrimLeftFunc(b.lines[0], isSpace))]
	ref = indent + ref
	if m := condition.FindStringSubmatch(block); m != nil {
		ref = indent + m[1] + lineEnd + ref + lineEnd + indent + m[2]
	}
	return strings.Replace(page, block, ref, 1)
}
