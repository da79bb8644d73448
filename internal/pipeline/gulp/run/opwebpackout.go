package run

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/glob"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// packing is one use of webpack: what goes in, and where what comes out goes.
type packing struct {
	c       *call
	config  *gulp.Object
	output  *gulp.Object
	context string // absolute
	base    string // absolute: where names of outputs start
	entries []entryPoint
	shared  []string // scripts whose modules are in each of the others
}

func newPacking(c *call) *packing {
	config := c.config()
	p := &packing{c: c, config: config, output: object(config.Get("output")), base: c.r.opts.Dir}
	p.context = absolute(c.r.opts.Dir, textOr(config, "context", "."))
	if c.op.Plugin == "webpack" {
		p.base = absolute(c.r.opts.Dir, textOr(p.output, "path", "dist"))
	}
	p.enter()
	return p
}

// enter takes the entries. Parts of webpack's own live reload are left out, and what
// CommonsChunkPlugin takes out of all scripts is put before each: there are no chunks here,
// and a package that is loaded twice is two.
func (p *packing) enter() {
	commons := p.commons()
	var before []string
	for _, e := range entryPoints(p.config.Get("entry"), p.context) {
		e.modules = slices.DeleteFunc(e.modules, isReloadClient)
		if slices.Contains(commons, e.name) {
			before = append(before, e.modules...)
			continue
		}
		p.entries = append(p.entries, e)
	}
	if len(p.entries) == 0 { // there is nothing but a library
		p.entries = entryPoints(p.config.Get("entry"), p.context)
		return
	}
	p.shared = commons
	for i, e := range p.entries {
		p.entries[i].modules = slices.Concat(before, e.modules)
	}
}

func isReloadClient(module string) bool {
	for _, client := range []string{"webpack/hot/", "webpack-hot-middleware/client", "webpack-dev-server/client", "react-hot-loader/patch"} {
		if strings.Contains(module, client) {
			return true
		}
	}
	return false
}

// plugins are the uses of a plug-in in the configuration.
func (p *packing) plugins(name string) []*gulp.Op {
	var list []*gulp.Op
	for _, v := range values(p.config.Get("plugins")) {
		if op, ok := v.(*gulp.Op); ok && (op.Plugin == name || strings.HasSuffix(op.Plugin, "."+name)) {
			list = append(list, op)
		}
	}
	return list
}

// commons are the names of the scripts that hold what others share.
func (p *packing) commons() []string {
	var names []string
	for _, op := range p.plugins("CommonsChunkPlugin") {
		for i, arg := range op.Args {
			if o := object(arg); o != nil {
				names = append(append(names, texts(o.Get("name"))...), texts(o.Get("names"))...)
			} else if i == 0 {
				names = append(names, texts(arg)...)
			}
		}
	}
	return names
}

// placeholders are the scripts of shared modules, which pages name.
func (p *packing) placeholders() []*file {
	var files []*file
	for _, name := range p.shared {
		at := p.path(absolute(p.c.r.opts.Dir, name+".js"))
		files = append(files, &file{File: gulp.File{Path: at, Base: p.base, Contents: []byte("/* what this script shared is in the others */\n")}})
	}
	return files
}

// path is where an output goes: webpack's pattern with the name of its entry.
func (p *packing) path(made string) string {
	name := relative(p.c.r.opts.Dir, replaceExt(made, ""))
	pattern := textOr(p.output, "filename", "[name].js")
	if ext(made) == ".css" {
		pattern = orElse(p.sheetPattern(), replaceExt(pattern, ".css"))
	}
	pattern = strings.NewReplacer("[name]", name, "[id]", name).Replace(pattern)
	return absolute(p.base, hashPattern.ReplaceAllString(pattern, ""))
}

var hashPattern = regexp.MustCompile(`[.-]?\[(chunk|content|full)?hash(:\w+)*\]`)

// sheetPattern is what the plug-in that takes stylesheets out of scripts calls them.
func (p *packing) sheetPattern() string {
	for _, name := range []string{"extract-text-webpack-plugin", "mini-css-extract-plugin"} {
		for _, op := range p.plugins(name) {
			for _, arg := range op.Args {
				if s := orElse(text(arg), text(object(arg).Get("filename"))); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

// others adds what plug-ins make: pages, copies.
func (p *packing) others(out made) made {
	for _, op := range p.plugins("html-webpack-plugin") {
		p.page(object(first(op.Args)), &out)
	}
	for _, name := range []string{"copy-webpack-plugin", "CopyPlugin"} {
		for _, op := range p.plugins(name) {
			p.copies(first(op.Args), &out)
		}
	}
	return out
}

func first(list []gulp.Value) gulp.Value {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// emptyPage is that of a page without a template.
const emptyPage = "<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset=\"UTF-8\">\n    <title><%= htmlWebpackPlugin.options.title %></title>\n  </head>\n  <body>\n  </body>\n</html>\n"

// page is HtmlWebpackPlugin: a template with tags for what the bundle made.
func (p *packing) page(opts *gulp.Object, out *made) {
	src, from := orElse(text(opts.Get("templateContent")), emptyPage), ""
	if name := text(opts.Get("template")); name != "" {
		name = name[strings.LastIndex(name, "!")+1:]
		name, _, _ = strings.Cut(name, "?")
		from = absolute(p.context, name)
		data, ok := p.c.r.view.read(from)
		out.reads[from] = data
		if !ok {
			out.found = append(out.found, p.mistake(fmt.Sprintf("the template %s of the page is not there", p.c.rel(from))))
			return
		}
		src = string(withoutBOM(data))
	}
	shown := newObject("options", withTitle(opts))
	filled, err := render(src, newObject("htmlWebpackPlugin", shown, "webpackConfig", p.config))
	if err != nil {
		d := p.mistake(fmt.Sprintf("the template of the page cannot be filled: %v", err))
		if from != "" {
			d.Path, d.Line, d.Column, d.Excerpt = p.c.rel(from), 0, 0, ""
		}
		out.found = append(out.found, d)
		return
	}
	at := absolute(p.base, textOr(opts, "filename", "index.html"))
	page := p.tagged(filled, opts, at, out.files)
	out.files = append(out.files, &file{File: gulp.File{Path: at, Base: p.base, Contents: []byte(page)}})
}

// withTitle is the options with the title that pages have without one.
func withTitle(opts *gulp.Object) *gulp.Object {
	o := newObject("title", "Webpack App")
	if opts != nil {
		o = merged(o, opts)
	}
	return o
}

// mistake is a diagnostic at the place where webpack is used.
func (p *packing) mistake(message string) diag.Diagnostic {
	return p.c.r.at(p.c.op.Place, diag.Diagnostic{Severity: diag.Error, Source: "webpack", Message: message})
}

// tagged puts the tags of scripts and stylesheets into a page.
func (p *packing) tagged(page string, opts *gulp.Object, at string, files []*file) string {
	if opts.Get("inject") == false {
		return page
	}
	var scripts, sheets strings.Builder
	for _, f := range files {
		name := p.publicName(at, f.Path)
		switch {
		case !p.wanted(opts, f):
		case ext(f.Path) == ".js":
			fmt.Fprintf(&scripts, `<script src="%s"></script>`, name)
		case ext(f.Path) == ".css":
			fmt.Fprintf(&sheets, `<link href="%s" rel="stylesheet">`, name)
		}
	}
	page = insertedBefore(page, headEnd, sheets.String())
	if where := opts.Get("inject"); where == "head" {
		return insertedBefore(page, headEnd, scripts.String())
	}
	return insertedBefore(page, bodyEnd, scripts.String())
}

// wanted reports whether a page loads an output: options name entries.
func (p *packing) wanted(opts *gulp.Object, f *file) bool {
	has := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			return p.path(absolute(p.c.r.opts.Dir, name+ext(f.Path))) == f.Path
		})
	}
	chunks := texts(opts.Get("chunks"))
	return (len(chunks) == 0 || has(chunks)) && !has(texts(opts.Get("excludeChunks")))
}

// publicName is how a page refers to an output.
func (p *packing) publicName(page, file string) string {
	prefix := text(p.output.Get("publicPath"))
	if prefix == "" || prefix == "auto" {
		return relative(path.Dir(page), file)
	}
	return strings.TrimSuffix(prefix, "/") + "/" + relative(p.base, file)
}

var (
	headEnd = regexp.MustCompile(`(?i)</head\s*>`)
	bodyEnd = regexp.MustCompile(`(?i)</body\s*>`)
)

// insertedBefore puts text before the last match, or at the end.
func insertedBefore(page string, mark *regexp.Regexp, text string) string {
	all := mark.FindAllStringIndex(page, -1)
	if len(all) == 0 {
		return page + text
	}
	i := all[len(all)-1][0]
	return page[:i] + text + page[i:]
}

// copies is CopyWebpackPlugin.
func (p *packing) copies(v gulp.Value, out *made) {
	patterns := v
	if o := object(v); o != nil {
		patterns = o.Get("patterns")
	}
	for _, pattern := range values(patterns) {
		o := object(pattern)
		if o == nil {
			o = newObject("from", pattern)
		}
		p.copy(o, out)
	}
}

func (p *packing) copy(o *gulp.Object, out *made) {
	context := absolute(p.context, textOr(o, "context", "."))
	from := absolute(context, text(o.Get("from")))
	to := absolute(p.base, textOr(o, "to", "."))
	if data, ok := p.c.r.view.read(from); ok {
		if ext(to) == "" || strings.HasSuffix(text(o.Get("to")), "/") {
			to = path.Join(to, path.Base(from))
		}
		p.copied(to, from, data, out)
		return
	}
	base, pattern := from, p.c.r.pattern(context, text(o.Get("from")))
	if glob.HasMagic(pattern) {
		base = context
	} else {
		pattern += "/**/*"
	}
	for _, file := range (glob.Search{Pattern: pattern}).Files(p.c.r.view) {
		if data, ok := p.c.r.view.read(file); ok {
			p.copied(path.Join(to, relative(base, file)), file, data, out)
		}
	}
}

func (p *packing) copied(to, from string, data []byte, out *made) {
	out.reads[from] = data
	out.files = append(out.files, &file{File: gulp.File{Path: to, Base: p.base, Contents: data}})
}
