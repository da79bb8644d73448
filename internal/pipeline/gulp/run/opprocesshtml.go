package run

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// processHTMLOps carry out the build comments of pages.
func processHTMLOps(plugin string) opFunc {
	if plugin == "gulp-processhtml" {
		return processHTML
	}
	return nil
}

// pageBlock is <!-- build:TYPE:TARGETS VALUE --> … <!-- /build --> in a page.
type pageBlock struct {
	kind, attr     string
	targets        []string
	inline, scoped bool
	asset, indent  string
	raw            string // all of its lines
	inner          string // those between the comments
	whole          []string
}

// pageBlocks finds the blocks of a page, a line at a time.
type pageBlocks struct{ start, end *regexp.Regexp }

func newPageBlocks(marker string) pageBlocks {
	m := regexp.QuoteMeta(marker)
	return pageBlocks{
		start: regexp.MustCompile(`<!--\s*` + m + `:(\[?[\w-]+\]?)(?::([\w,]+))?(?:\s*(inline)\s)?(?:\s*(scoped)\s)?(?:\s*([^\s]+)\s*-->)*`),
		end:   regexp.MustCompile(`(?:<!--\s*)*/` + m + `\s*-->`),
	}
}

func (p pageBlocks) in(page string) []*pageBlock {
	var list []*pageBlock
	var b *pageBlock // that is open
	for line := range strings.SplitSeq(page, "\n") {
		if m := p.start.FindStringSubmatch(line); m != nil {
			b = &pageBlock{kind: m[1], inline: m[3] != "", scoped: m[4] != "", asset: m[5], indent: line[:len(line)-len(strings.TrimLeft(line, " \t"))]}
			if attr, ok := strings.CutPrefix(m[1], "["); ok {
				b.kind, b.attr = "attr", strings.TrimSuffix(attr, "]")
			}
			if m[2] != "" {
				b.targets = strings.Split(m[2], ",")
			}
		}
		if b == nil {
			continue
		}
		b.whole = append(b.whole, line)
		if p.end.MatchString(line) {
			b.raw = strings.Join(b.whole, "\n")
			if len(b.whole) > 2 {
				b.inner = strings.Join(b.whole[1:len(b.whole)-1], "\n")
			}
			list, b = append(list, b), nil
		}
	}
	return list
}

// processHTML is gulp-processhtml.
func processHTML(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if len(texts(opts.Get("customBlockTypes"))) > 0 {
		c.unknown("the option customBlockTypes")
		return nil, errEnded
	}
	blocks := newPageBlocks(textOr(opts, "commentMarker", "build"))
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		p := htmlProcessing{call: c, opts: opts, reads: reads{}, blocks: blocks}
		p.data = merged(object(opts.Get("data")), newObject("environment", text(opts.Get("environment"))))
		out, err := p.process(strings.ReplaceAll(string(f.Contents), "\r\n", "\n"), f.Path)
		if err == nil && truthy(opts.Get("process")) {
			out, err = render(out, p.data)
		}
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.located(f, 0, 0, err.Error())}, reads: p.reads}, nil
		}
		return made{files: []*file{f.holding([]byte(out))}, reads: p.reads}, nil
	})
}

type htmlProcessing struct {
	*call
	opts   *gulp.Object
	data   *gulp.Object
	blocks pageBlocks
	reads  reads
}

func (p *htmlProcessing) process(page, file string) (string, error) {
	environment, strip := text(p.opts.Get("environment")), truthy(p.opts.Get("strip"))
	for _, b := range p.blocks.in(page) {
		known := slices.Contains([]string{"css", "js", "attr", "remove", "template", "include", "replace"}, b.kind)
		meant := known && (b.targets == nil || slices.Contains(b.targets, environment)) || !strip && environment == ""
		var err error
		switch {
		case meant && known:
			page, err = p.replaced(page, b, file)
		case strip:
			page = strings.ReplaceAll(page, b.raw, b.inner)
		}
		if err != nil {
			return "", err
		}
	}
	return page, nil
}

// replaced puts what a block stands for into its place.
func (p *htmlProcessing) replaced(page string, b *pageBlock, file string) (string, error) {
	switch b.kind {
	case "remove":
		if strings.Contains(page, "\n"+b.raw) {
			return strings.ReplaceAll(page, "\n"+b.raw+"\n", ""), nil
		}
		return strings.ReplaceAll(page, b.raw+"\n", ""), nil
	case "attr":
		return strings.Replace(page, b.raw, b.withAttr(), 1), nil
	case "template":
		out, err := render(b.inner, p.data)
		out = b.indent + lineStart.ReplaceAllLiteralString(strings.TrimSpace(out), "\n"+b.indent)
		return strings.Replace(page, b.raw, out, 1), err
	case "include":
		return p.included(page, b, file)
	case "replace":
		if m := replaceValue.FindStringSubmatch(b.raw); m != nil {
			return strings.Replace(page, b.raw, m[1], 1), nil
		}
		return page, nil
	}
	if b.inline {
		out, err := p.inlined(b, file)
		return strings.ReplaceAll(page, b.raw, out), err
	}
	tag := `<link rel="stylesheet" href="` + b.asset + `">`
	if b.kind == "js" {
		tag = `<script src="` + b.asset + `"></script>`
	}
	return strings.Replace(page, b.raw, b.indent+tag, 1), nil
}

var (
	lineStart    = regexp.MustCompile(`\n\s*`)
	replaceValue = regexp.MustCompile(`(?i)build:replace ['"]?(.+?)['"]?\s+?-->`)
	srcValue     = regexp.MustCompile(`(?i).*src=['"]([^'"]*)['"].*`)
	hrefValue    = regexp.MustCompile(`(?i).*href=['"]([^'"]*)['"].*`)
)

// withAttr returns the block's lines with another value of the attribute. A folder takes
// the place of that of the old value.
func (b *pageBlock) withAttr() string {
	re := regexp.MustCompile(`(?i)(.*` + regexp.QuoteMeta(b.attr) + `=['"])([^'"]*)(['"].*)`)
	if !re.MatchString(b.inner) {
		return strings.Replace(b.inner, ">", " "+b.attr+`="`+b.asset+`">`, 1)
	}
	return re.ReplaceAllStringFunc(b.inner, func(line string) string {
		m := re.FindStringSubmatch(line)
		asset := b.asset
		if path.Ext(asset) == "" && strings.Contains(asset, "/") {
			asset = asset[:strings.LastIndex(asset, "/")+1] + path.Base(m[2])
		}
		return m[1] + asset + m[3]
	})
}

// base is where files of blocks are looked for.
func (p *htmlProcessing) base(file string) string {
	if base := text(p.opts.Get("includeBase")); base != "" {
		return absolute(p.r.opts.Dir, base)
	}
	return path.Dir(file)
}

func (p *htmlProcessing) read(at string) (string, bool) {
	data, ok := p.r.view.read(at)
	p.reads[at] = data
	return string(data), ok
}

func (p *htmlProcessing) included(page string, b *pageBlock, file string) (string, error) {
	at := path.Join(p.base(file), b.asset)
	content, ok := p.read(at)
	if !ok {
		return page, nil // it stays, as with the plugin
	}
	if truthy(p.opts.Get("recursive")) {
		if at == file {
			return "", fmt.Errorf("%s includes itself", p.rel(at))
		}
		var err error
		if content, err = p.process(content, at); err != nil {
			return "", err
		}
	}
	return strings.ReplaceAll(page, b.raw, b.indent+strings.TrimSuffix(content, "\n")), nil
}

// inlined is a tag with the contents of the block's files.
func (p *htmlProcessing) inlined(b *pageBlock, file string) (string, error) {
	names := []string{b.asset}
	tag, value := "style", hrefValue
	if b.kind == "js" {
		tag, value = "script", srcValue
	}
	if b.asset == "" {
		names = nil
		for _, m := range value.FindAllStringSubmatch(b.inner, -1) {
			names = append(names, m[1])
		}
	}
	var parts []string
	for _, name := range names {
		content, ok := p.read(path.Join(p.base(file), name))
		if !ok {
			return "", fmt.Errorf("%s, which is to be put into the page, is not there", name)
		}
		parts = append(parts, content)
	}
	open := tag
	if b.scoped && tag == "style" {
		open += " scoped"
	}
	return b.indent + "<" + open + ">\n" + strings.Join(parts, "\n") + b.indent + "</" + tag + ">", nil
}
