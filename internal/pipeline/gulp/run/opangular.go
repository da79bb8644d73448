package run

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// angularOps make, order and complete what AngularJS projects load.
func angularOps(plugin string) opFunc {
	switch plugin {
	case "gulp-angular-filesort":
		return filesort
	case "gulp-ng-annotate", "gulp-ng-annotate-patched":
		return annotate
	case "gulp-angular-templatecache":
		return templateCache
	case "gulp-ng-html2js":
		return html2js
	case "gulp-ng-config":
		return ngConfig
	case "gulp-ng-constant", "gulp-ng-constant-fork":
		return ngConstant
	}
	return nil
}

// filesort is gulp-angular-filesort: what declares a module comes before what adds to it.
func filesort(c *call, in []*file) ([]*file, error) {
	read, err := remember(c, in, func(f *file) (moduleInfo, error) {
		info, err := angular.Modules(string(f.Contents))
		return moduleInfo{info, err}, nil
	})
	if err != nil {
		return nil, err
	}
	infos := make([]angular.Info, len(in))
	for i, r := range read {
		infos[i] = r.info
		if r.err != nil {
			c.found = append(c.found, c.unreadable(in[i], r.err, "its place among the others is a guess"))
		}
	}
	order, cycle := angular.Sort(infos)
	if len(cycle) > 0 {
		names := make([]string, len(cycle))
		for i, at := range cycle {
			names[i] = c.rel(in[at].Path)
		}
		c.found = append(c.found, diag.Diagnostic{
			Severity: diag.Warning, Source: c.op.Plugin, Path: c.rel(c.sourceOf(in[cycle[0]])),
			Message: "scripts declare modules that each other's add to, so none can load first: " + strings.Join(names, ", "),
			Hint:    "keep angular.module(name, [...]) in a file of its own",
		})
	}
	out := make([]*file, len(order))
	for i, at := range order {
		out[i] = in[at]
	}
	return out, nil
}

// moduleInfo is what one script says of modules.
type moduleInfo struct {
	info angular.Info
	err  error // an *angular.SyntaxError
}

// unreadable tells that a script does not parse. It goes on all the same.
func (c *call) unreadable(f *file, err error, so string) diag.Diagnostic {
	line, column, message := 0, 0, err.Error()
	var syntax *angular.SyntaxError
	if errors.As(err, &syntax) {
		line, column, message = syntax.Line, syntax.Column, lowerFirst(syntax.Message)
	}
	d := c.located(f, line, column, "the script cannot be read, so "+so+": "+message)
	d.Severity = diag.Warning
	return d
}

// annotate is gulp-ng-annotate: functions that AngularJS injects get their names written
// out.
func annotate(c *call, in []*file) ([]*file, error) {
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		src := string(f.Contents)
		list, err := angular.Annotate(src)
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.unreadable(f, err, "nothing in it is annotated for injection")}}, nil
		}
		return made{files: []*file{f.inserting(list)}}, nil
	})
}

// inserting returns the file with the insertions made.
func (f *file) inserting(list []angular.Insertion) *file {
	if len(list) == 0 {
		return f
	}
	n := f.holding([]byte(angular.Apply(string(f.Contents), list)))
	if f.mapped != nil {
		at, widths := make([]int, len(list)), make([]int, len(list))
		for i, ins := range list {
			at[i], widths[i] = ins.At, sourcemap.Units(ins.Text)
		}
		n.mapped = f.mapped.Inserted(string(f.Contents), at, widths)
	}
	return n
}

// templateCache is gulp-angular-templatecache: one script that holds all templates.
func templateCache(c *call, in []*file) ([]*file, error) {
	opts, name := object(c.arg(0)), ""
	if s, ok := c.arg(0).(string); ok {
		name, opts = s, object(c.arg(1))
	}
	name = orElse(name, textOr(opts, "filename", "templates.js"))
	if len(keysOf(object(opts.Get("escapeOptions")))) > 0 {
		c.unknown("escapeOptions")
		return nil, errEnded
	}
	puts, err := c.each(in, func(f *file) (made, error) {
		line, err := c.put(f, opts)
		if err != nil {
			return made{found: diag.List{c.told(err)}}, nil
		}
		return made{files: []*file{f.holding([]byte(line))}}, nil
	})
	if err != nil || len(puts) == 0 {
		return nil, err
	}
	lines := make([]string, len(puts))
	for i, f := range puts {
		lines[i] = string(f.Contents)
	}
	text, err := c.wrapTemplates(lines, opts)
	if err != nil {
		return nil, c.asMistake(c.mistake(err))
	}
	joined := &file{File: gulp.File{Base: puts[0].Base, Path: path.Join(puts[0].Base, name)}}
	return []*file{c.withContents(joined, text)}, nil
}

// put returns the call that puts one template into the cache.
func (c *call) put(f *file, opts *gulp.Object) (string, error) {
	url, err := c.templateURL(f, opts)
	if err != nil {
		return "", err
	}
	body := text(opts.Get("templateBody"))
	if body == "" {
		return angular.Template{URL: url, HTML: string(f.Contents)}.Put(), nil
	}
	return render(body, newObject("url", url, "contents", angular.Escape(string(f.Contents)), "file", c.fileData(f)))
}

// templateURL returns the address under which the application asks for a template.
func (c *call) templateURL(f *file, opts *gulp.Object) (string, error) {
	root := text(opts.Get("root"))
	name := strings.Replace(f.Path, c.baseOf(f), "", 1)
	switch base := opts.Get("base").(type) {
	case *gulp.Func:
		own := f.File
		v, err := base.Call(&own)
		if err != nil {
			return "", err
		}
		name = text(v)
	case string:
		if base != "" {
			name = strings.Replace(f.Path, strings.TrimSuffix(base, "/")+"/", "", 1)
		}
	}
	url := joinPath(root, name)
	if root == "." || strings.HasPrefix(root, "./") {
		url = "./" + url
	}
	if fn, ok := opts.Get("transformUrl").(*gulp.Func); ok {
		v, err := fn.Call(url)
		if err != nil {
			return "", err
		}
		url = text(v)
	}
	return url, nil
}

// baseOf returns a file's base as the files of this version of gulp have it: with a slash
// at the end in gulp 3.
func (c *call) baseOf(f *file) string {
	if c.r.opts.Plan.Version == 3 {
		return f.Base + "/"
	}
	return f.Base
}

// joinPath is node's path.join.
func joinPath(a, b string) string {
	if a == "" {
		return path.Clean(b)
	}
	return path.Join(a, b)
}

func (c *call) wrapTemplates(lines []string, opts *gulp.Object) (string, error) {
	settings := angular.TemplateCacheOptions{
		Module: text(opts.Get("module")), Standalone: truthy(opts.Get("standalone")), ModuleSystem: strings.ToLower(text(opts.Get("moduleSystem"))),
	}
	if !has(opts, "templateHeader") && !has(opts, "templateFooter") {
		return string(angular.WrapTemplates(lines, settings)), nil
	}
	const mark = "\x00"
	usual := string(angular.WrapTemplates([]string{mark}, angular.TemplateCacheOptions{Module: settings.Module, Standalone: settings.Standalone}))
	before, behind, _ := strings.Cut(usual, mark)
	standalone := ""
	if settings.Standalone {
		standalone = ", []"
	}
	data := newObject("module", orElse(settings.Module, "templates"), "standalone", standalone)
	var err error
	if has(opts, "templateHeader") {
		if before, err = render(text(opts.Get("templateHeader")), data); err != nil {
			return "", err
		}
	}
	if has(opts, "templateFooter") {
		if behind, err = render(text(opts.Get("templateFooter")), data); err != nil {
			return "", err
		}
	}
	return angular.WrapModule(before+strings.Join(lines, "\n")+behind, settings.ModuleSystem), nil
}

// html2js is gulp-ng-html2js: a script for each template.
func html2js(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if opts.Get("template") != nil {
		c.unknown("template")
		return nil, errEnded
	}
	return c.each(in, func(f *file) (made, error) {
		out, err := c.html2jsOne(f, opts)
		if err != nil {
			return made{found: diag.List{c.told(err)}}, nil
		}
		return made{files: []*file{f.with(func(n *file) {
			n.Contents, n.Path = []byte(out), replaceExt(f.Path, textOr(opts, "extension", ".js"))
		})}}, nil
	})
}

func (c *call) html2jsOne(f *file, opts *gulp.Object) (string, error) {
	url := f.relative()
	if strip := text(opts.Get("stripPrefix")); strip != "" {
		url = strings.TrimPrefix(url, strip)
	}
	url = text(opts.Get("prefix")) + url
	if fn, ok := opts.Get("rename").(*gulp.Func); ok {
		own := f.File
		v, err := fn.Call(url, &own)
		if err != nil {
			return "", err
		}
		url = text(v)
	}
	module, given := opts.Get("moduleName").(string)
	if fn, ok := opts.Get("moduleName").(*gulp.Func); ok {
		own := f.File
		v, err := fn.Call(&own)
		if err != nil {
			return "", err
		}
		module, given = text(v), true
	}
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\r\n", `\n' +`+"\n    '", "\n", `\n' +`+"\n    '").Replace(string(f.Contents))
	body := "run(['$templateCache', function($templateCache) {\n" + fmt.Sprintf("  $templateCache.put('%s',\n    '%s');\n", url, escaped) + "}]);\n"
	return html2jsWrap(body, orElse(module, url), given && module != "", opts), nil
}

// html2jsWrap puts the declaration of the module around the call.
func html2jsWrap(body, module string, shared bool, opts *gulp.Object) string {
	if shared && opts.Get("declareModule") != false {
		return fmt.Sprintf("(function(module) {\ntry {\n  module = angular.module('%[1]s');\n} catch (e) {\n  module = angular.module('%[1]s', []);\n}\nmodule.%[2]s})();\n", module, body)
	}
	export := ""
	switch text(opts.Get("export")) {
	case "commonjs":
		export = "module.exports = "
	case "system":
		export = "export default "
	}
	if shared {
		return fmt.Sprintf("%sangular.module('%s').%s", export, module, body)
	}
	return fmt.Sprintf("%sangular.module('%s', []).%s", export, module, body)
}
