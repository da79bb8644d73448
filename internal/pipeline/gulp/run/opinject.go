package run

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp/tags"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// injectOps fill the blocks of pages and sheets.
func injectOps(plugin string) opFunc {
	switch plugin {
	case "gulp-inject":
		return inject
	case "wiredep.stream", "gulp-wiredep":
		return wiredep
	}
	return nil
}

// injector is one use of gulp-inject on one page.
type injector struct {
	*call
	opts   *gulp.Object
	page   *file
	ext    string // of the page, without its dot
	found  diag.List
	filled []string // start tags that were met
	// patterns are the expressions of tags that do not name the source, by option and
	// extension.
	patterns map[[2]string]string
}

// group is what one pair of tags gets.
type group struct {
	start, end string // expressions
	files      []*file
}

// inject is gulp-inject: the files of another stream, as tags between two comments.
func inject(c *call, in []*file) ([]*file, error) {
	sources, err := c.stream(c.arg(0))
	if err != nil {
		return nil, err
	}
	key := append(slices.Clone(in), sources...)
	return c.whole(key, func([]*file) (made, error) {
		var m made
		for _, page := range in {
			if page.Contents == nil {
				m.files = append(m.files, page)
				continue
			}
			i := injector{call: c, opts: object(c.arg(1)), page: page, patterns: map[[2]string]string{}, ext: strings.TrimPrefix(ext(page.Path), ".")}
			m.files = append(m.files, c.withContents(page, i.fill(sources)))
			m.found = append(m.found, i.found...)
		}
		return m, nil
	})
}

// fill returns the page with its blocks filled.
func (i *injector) fill(sources []*file) string {
	content := string(i.page.Contents)
	for _, g := range i.groups(sources) {
		content = i.blocks(content, g.start, g.end, func(string) ([]string, bool) { return i.tags(g.files), true })
	}
	if truthy(i.opts.Get("empty")) {
		start, end := i.tagPattern("starttag", "{{ANY}}", "", i.startTag()), i.tagPattern("endtag", "{{ANY}}", "", i.endTag())
		content = i.blocks(content, start, end, func(tag string) ([]string, bool) { return nil, !slices.Contains(i.filled, tag) })
	}
	return content
}

// groups sorts the sources by the tags that they go between.
func (i *injector) groups(sources []*file) []*group {
	var list []*group
	byTags := map[[2]string]*group{}
	for _, f := range sources {
		e := tags.Ext(f.Path)
		name := i.address(f)
		pair := [2]string{i.tagPattern("starttag", e, name, i.startTag()), i.tagPattern("endtag", e, name, i.endTag())}
		if byTags[pair] == nil {
			byTags[pair] = &group{start: pair[0], end: pair[1]}
			list = append(list, byTags[pair])
		}
		byTags[pair].files = append(byTags[pair].files, f)
	}
	return list
}

// startTag and endTag are the comments of the page's kind of file.
func (i *injector) startTag() string { return tags.Comment(i.page.Path, "{{name}}:{{ext}}") }
func (i *injector) endTag() string   { return tags.Comment(i.page.Path, "endinject") }

var whiteSpace = regexp.MustCompile(`\s+`)

// tagPattern returns the expression that finds a tag for sources of an extension.
func (i *injector) tagPattern(option, sourceExt, source, usual string) string {
	key := [2]string{option, sourceExt}
	if p, ok := i.patterns[key]; ok {
		return p
	}
	tag := usual
	switch given := i.opts.Get(option).(type) {
	case string:
		tag = orElse(given, usual)
	case *gulp.Func:
		said, err := given.Call(i.ext, sourceExt)
		if err != nil {
			i.found = append(i.found, i.told(err))
		}
		tag = text(said)
	}
	pattern := whiteSpace.ReplaceAllString(regexp.QuoteMeta(tag), `\s*`)
	named := strings.Contains(strings.ToLower(tag), "{{path}}")
	if sourceExt == "{{ANY}}" {
		sourceExt = ".+"
	}
	for _, v := range [][2]string{{"name", textOr(i.opts, "name", "inject")}, {"path", source}, {"ext", sourceExt}} {
		variable := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(regexp.QuoteMeta("{{"+v[0]+"}}")))
		pattern = variable.ReplaceAllLiteralString(pattern, v[1]+`\b`)
	}
	pattern = `(?i)` + pattern
	if !named {
		i.patterns[key] = pattern
	}
	return pattern
}

// blocks fills each block of a text for which give says so. A block without an end is
// told, and stays.
func (i *injector) blocks(content, start, end string, give func(startTag string) ([]string, bool)) string {
	startTag, err := regexp.Compile(start)
	endTag, err2 := regexp.Compile(end)
	if err != nil || err2 != nil {
		return content // a path or a name with an open bracket: no tag is like it
	}
	var out strings.Builder
	for {
		m := startTag.FindStringIndex(content)
		if m == nil {
			return out.String() + content
		}
		tag := content[m[0]:m[1]]
		list, fill := give(tag)
		if !fill {
			out.WriteString(content[:m[1]])
			content = content[m[1]:]
			continue
		}
		i.filled = append(i.filled, tag)
		e := endTag.FindStringIndex(content[m[1]:])
		if e == nil {
			i.reportOpen(len(i.page.Contents)-len(content)+m[0], tag)
			return out.String() + content
		}
		inner := content[m[1] : m[1]+e[0]]
		if !truthy(i.opts.Get("removeTags")) {
			list = append(append([]string{tag}, list...), content[m[1]+e[0]:m[1]+e[1]])
		}
		space := inner[:len(inner)-len(strings.TrimLeftFunc(inner, isSpace))]
		out.WriteString(content[:m[0]] + strings.Join(list, space))
		content = content[m[1]+e[1]:]
	}
}

// isSpace is JavaScript's idea of white space.
func isSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r == ' ', r == 0xa0, r == 0x1680, r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xfeff:
		return true
	}
	return false
}

func (i *injector) reportOpen(_ int, tag string) {
	at := strings.Index(string(i.page.Contents), tag)
	line, column := htmlscan.Position(i.page.Contents, max(at, 0))
	d := i.located(i.page, line, column, "the comment that begins here has no end")
	d.Hint = "close it with " + i.endTag()
	i.found = append(i.found, d)
}

// address returns how the page names a file.
func (i *injector) address(f *file) string {
	from := i.r.opts.Dir
	if truthy(i.opts.Get("relative")) {
		from = path.Dir(i.page.Path)
	}
	name := relative(from, f.Path)
	for _, ignore := range texts(i.opts.Get("ignorePath")) {
		name = withoutPath(name, ignore)
	}
	prefix := text(i.opts.Get("addPrefix"))
	if prefix != "" {
		name = prefix + rooted(name)
	}
	root := !truthy(i.opts.Get("relative"))
	if v := i.opts.Get("addRootSlash"); v != nil {
		root = truthy(v)
	}
	switch {
	case root:
		name = rooted(name)
	case prefix == "":
		name = strings.TrimLeft(name, "/")
	}
	return name + text(i.opts.Get("addSuffix"))
}

// rooted puts exactly one slash before a path.
func rooted(p string) string {
	rest := strings.TrimLeft(p, "/")
	if rest == "" {
		return p
	}
	return "/" + rest
}

// withoutPath takes a folder from the beginning of a path, whichever of the two has a
// slash there.
func withoutPath(p, folder string) string {
	folder = strings.ReplaceAll(folder, `\`, "/")
	given := p
	switch {
	case strings.HasPrefix(p, "/") && !strings.HasPrefix(folder, "/"):
		folder = "/" + folder
	case !strings.HasPrefix(p, "/") && strings.HasPrefix(folder, "/"):
		p = "/" + p
	}
	if rest, ok := strings.CutPrefix(p, folder); ok && folder != "" {
		return rest
	}
	if strings.HasPrefix(folder, "/") {
		return p
	}
	return given
}

// tags returns the tags of files, in their order. A file for which there is none is left
// out.
func (i *injector) tags(files []*file) []string {
	fn, _ := i.opts.Get("transform").(*gulp.Func)
	var list []string
	for n, f := range files {
		name := i.address(f)
		if fn == nil {
			if tag := tags.For(i.page.Path, name, truthy(i.opts.Get("selfClosingTag"))); tag != "" {
				list = append(list, tag)
			}
			continue
		}
		said, err := i.transform(fn, asked{f, i.page.Path, name, n, len(files)})
		if err != nil {
			i.found = append(i.found, i.told(err))
			return list
		}
		switch said := said.(type) {
		case string:
			list = append(list, said)
		case []gulp.Value:
			list = append(list, texts(said)...)
		}
	}
	return list
}

// asked is what a transform function is asked; the same question has the same answer.
type asked struct {
	file       *file
	page, name string
	at, of     int
}

// answer is what the function said, and the last run that asked.
type answer struct {
	value gulp.Value
	run   int
}

// transform asks the gulpfile's function for a file's tag.
func (i *injector) transform(fn *gulp.Func, q asked) (gulp.Value, error) {
	m := i.r.memoryOf(i.op.ID)
	m.asked = i.r.runs
	if a := m.answers[q]; a != nil {
		a.run = i.r.runs
		return a.value, nil
	}
	own, page := q.file.File, i.page.File
	said, err := fn.Call(q.name, &own, float64(q.at), float64(q.of), &page)
	if err != nil {
		return nil, err
	}
	m.answers[q] = &answer{said, i.r.runs}
	return said, nil
}
