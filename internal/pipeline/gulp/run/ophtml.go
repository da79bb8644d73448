package run

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlmin"
)

// htmlOps make pages and templates smaller, or put other things into them.
func htmlOps(plugin string) opFunc {
	switch plugin {
	case "gulp-htmlmin", "gulp-html-minifier", "gulp-html-minifier2", "gulp-minify-html", "gulp-htmlclean":
		return minifyHTML
	case "gulp-html-replace":
		return htmlReplace
	}
	return nil
}

// minifyHTML makes HTML smaller as far as that is safe: html-minifier's default, which only
// evens the writing of tags, byte by byte; what more it is asked for, as our own minifier
// does it.
func minifyHTML(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	minifier := strings.Contains(c.op.Plugin, "htmlmin") || strings.Contains(c.op.Plugin, "html-minifier")
	shrink := !minifier || truthy(opts.Get("collapseWhitespace")) || truthy(opts.Get("removeComments"))
	keep := minifier && !truthy(opts.Get("removeComments")) || truthy(opts.Get("comments"))
	return c.edit(in, func(f *file) ([]byte, error) {
		out := f.Contents
		if minifier {
			out = []byte(htmlmin.Normal(string(out)))
		}
		if !shrink {
			return out, nil
		}
		small, err := htmlmin.Minify(out, htmlmin.Options{KeepComments: keep})
		if err != nil {
			return nil, diag.List{c.located(f, 0, 0, err.Error())}
		}
		return small, nil
	})
}

// htmlBlock is a block of gulp-html-replace: <!-- build:NAME --> … <!-- endbuild -->.
var htmlBlock = regexp.MustCompile(`(?is)(\n?)([ \t]*)(<!--\s*build:(\w+(?:-\w+)*)\s*-->)\n?(.*?)\n?(<!--\s*endbuild\s*-->)\n?`)

// htmlReplace is gulp-html-replace: blocks become tags, or texts.
func htmlReplace(c *call, in []*file) ([]*file, error) {
	tasks := map[string]*replacing{}
	for _, name := range keysOf(object(c.arg(0))) {
		t, err := c.replacing(object(c.arg(0)).Get(name))
		if err != nil {
			return nil, err
		}
		tasks[name] = t
	}
	config := object(c.arg(1))
	if c.arg(1) == true {
		config = newObject("keepUnassigned", true)
	}
	out := make([]*file, len(in))
	for i, f := range in {
		out[i] = f
		if f.Contents == nil {
			continue
		}
		page := string(f.Contents)
		for _, m := range htmlBlock.FindAllStringSubmatch(page, -1) {
			page = strings.Replace(page, m[0], c.replacedBlock(f, m, tasks[m[4]], config), 1)
		}
		out[i] = c.withContents(f, page)
	}
	return out, nil
}

// replacing is what comes in the place of the blocks of one name.
type replacing struct {
	src      []gulp.Value
	none     bool // src: null, so that the template stands alone
	template string
}

// replacing reads a string, a list, a stream, or an object with src and tpl.
func (c *call) replacing(v gulp.Value) (*replacing, error) {
	t := &replacing{}
	if o, ok := v.(*gulp.Object); ok {
		t.template = text(o.Get("tpl"))
		v = o.Get("src")
		t.none = v == nil
	}
	for _, e := range values(v) {
		switch e.(type) {
		case *gulp.Stream, *gulp.Op:
			files, err := c.stream(e)
			if err != nil {
				return nil, err
			}
			for _, f := range files {
				t.src = append(t.src, string(f.Contents))
			}
		default:
			t.src = append(t.src, e)
		}
	}
	return t, nil
}

// replacedBlock returns what comes in the place of a block.
func (c *call) replacedBlock(f *file, m []string, t *replacing, config *gulp.Object) string {
	lineEnd, indent := m[1], m[2]
	var lines []string
	switch {
	case t == nil || len(t.src) == 0 && !t.none:
		if truthy(config.Get("keepUnassigned")) {
			lines = append(lines, indent+strings.TrimSpace(m[5]))
		}
	case t.none:
		lines = append(lines, indent+named(t.template, f))
	default:
		for _, v := range t.src {
			lines = append(lines, indent+c.replacement(f, v, named(t.template, f), truthy(config.Get("resolvePaths"))))
		}
	}
	if truthy(config.Get("keepBlockTags")) {
		lines = append(append([]string{indent + m[3]}, lines...), indent+m[6])
	}
	return lineEnd + strings.Join(append(lines, ""), lineEnd)
}

// named puts the file's name and extension into a template.
func named(template string, f *file) string {
	return strings.NewReplacer("%f", stem(f.Path), "%e", ext(f.Path)).Replace(template)
}

// replacement returns the line for one source.
func (c *call) replacement(f *file, v gulp.Value, template string, resolve bool) string {
	if template != "" {
		return format(template, values(v))
	}
	s := display(v)
	if resolve {
		s = relative(path.Dir(f.Path), absolute(c.r.opts.Dir, s))
	}
	name, _, _ := strings.Cut(s, "?")
	switch {
	case strings.HasSuffix(strings.ToLower(name), ".js"):
		return fmt.Sprintf(`<script src="%s"></script>`, s)
	case strings.HasSuffix(strings.ToLower(name), ".css"):
		return fmt.Sprintf(`<link rel="stylesheet" href="%s">`, s)
	}
	return s
}

// format is node's util.format for strings: values in the places of %s, the rest behind.
func format(template string, args []gulp.Value) string {
	for _, a := range args {
		if i := strings.Index(template, "%s"); i >= 0 {
			template = template[:i] + display(a) + template[i+2:]
			continue
		}
		template += " " + display(a)
	}
	return template
}
