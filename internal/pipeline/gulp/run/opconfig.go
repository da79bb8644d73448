package run

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// ngConfig is gulp-ng-config: an AngularJS module of a JSON file.
func ngConfig(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(1))
	return c.each(in, func(f *file) (made, error) {
		reads := reads{}
		out, err := c.ngConfigOne(f, opts, reads)
		if err != nil {
			return made{found: diag.List{c.settingsError(f, err)}, reads: reads}, nil
		}
		return made{reads: reads, files: []*file{f.with(func(n *file) { n.Contents, n.Path = out, replaceExt(f.Path, ".js") })}}, nil
	})
}

// settingsError tells what is wrong with a file of settings, or with what is asked of it.
func (c *call) settingsError(f *file, err error) diag.Diagnostic {
	if yaml := (*yamlError)(nil); errors.As(err, &yaml) {
		return c.located(f, yaml.line, yaml.column, yaml.Error())
	}
	var syntax *jsonError
	if !errors.As(err, &syntax) {
		d := c.located(f, 0, 0, err.Error())
		d.Excerpt = ""
		return d
	}
	line, column := htmlscan.Position(f.Contents, syntax.offset)
	return c.located(f, line, column, "the settings are no JSON: "+syntax.Error())
}

func (c *call) ngConfigOne(f *file, opts *gulp.Object, reads reads) ([]byte, error) {
	settings, err := c.settings(f, text(opts.Get("parser")))
	if err != nil {
		return nil, err
	}
	if settings, err = pick(settings, opts); err != nil {
		return nil, err
	}
	indent := ""
	switch pretty := opts.Get("pretty").(type) {
	case bool:
		indent = strings.Repeat(" ", map[bool]int{true: 2}[pretty])
	case float64:
		indent = strings.Repeat(" ", min(max(int(pretty), 0), 10))
	}
	list := make([]angular.Setting, len(settings.Keys))
	for i, key := range settings.Keys {
		list[i] = angular.Setting{Name: key, Value: stringify(settings.Get(key), indent)}
	}
	if opts.Get("templateFilePath") != nil {
		return c.ngConfigTemplate(list, opts, reads)
	}
	script := angular.ConfigScript(list, angular.ConfigOptions{
		Module: text(c.arg(0)), Existing: has(opts, "createModule") && !truthy(opts.Get("createModule")), Values: opts.Get("type") == "value",
	})
	return wrapConfig(script, opts.Get("wrap"))
}

// settings reads a file of settings.
func (c *call) settings(f *file, parser string) (*gulp.Object, error) {
	if f.Contents == nil {
		return newObject(), nil
	}
	if parser == "yml" || parser == "yaml" || parser == "" && (strings.HasSuffix(f.Path, "yml") || strings.HasSuffix(f.Path, "yaml")) {
		return parseYAML(f.Contents)
	}
	v, err := parseJSON(f.Contents)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*gulp.Object)
	if !ok {
		return nil, errors.New("the settings are no object")
	}
	return o, nil
}

// pick returns the settings that the options ask for.
func pick(settings *gulp.Object, opts *gulp.Object) (*gulp.Object, error) {
	if env := opts.Get("environment"); truthy(env) {
		var joined gulp.Value = newObject()
		for _, name := range texts(env) {
			v, ok := lookupPath(settings, name)
			if !ok || v == nil {
				return nil, fmt.Errorf("the settings have no environment %s", name)
			}
			joined = deepMerge(joined, v)
		}
		settings = object(joined)
	}
	if keys := texts(opts.Get("keys")); keys != nil {
		picked := newObject()
		for _, key := range keys {
			if has(settings, key) {
				set(picked, key, settings.Get(key))
			}
		}
		settings = picked
	}
	return object(deepMerge(deepMerge(newObject(), settings), opts.Get("constants"))), nil
}

func (c *call) ngConfigTemplate(list []angular.Setting, opts *gulp.Object, reads reads) ([]byte, error) {
	file := absolute(c.r.opts.Dir, text(opts.Get("templateFilePath")))
	src, ok := c.r.view.read(file)
	reads[file] = src
	if !ok {
		return nil, fmt.Errorf("the template %s is not there", c.rel(file))
	}
	var constants []gulp.Value
	for _, s := range list {
		constants = append(constants, newObject("name", s.Name, "value", string(s.Value)))
	}
	create := !has(opts, "createModule") || truthy(opts.Get("createModule"))
	out, err := render(string(src), newObject("createModule", create, "moduleName", c.arg(0), "type", textOr(opts, "type", "constant"), "constants", constants))
	if err != nil {
		return nil, err
	}
	return wrapConfig([]byte(out), opts.Get("wrap"))
}

// wrapConfig puts the option wrap around the script: a function, a module, or a template.
func wrapConfig(script []byte, wrap gulp.Value) ([]byte, error) {
	template, isText := wrap.(string)
	switch {
	case !truthy(wrap):
		return script, nil
	case !isText:
		template = "(function () { \n return <%= module %>\n})();\n"
	case strings.EqualFold(template, "es6") || strings.EqualFold(template, "es2015"):
		template = "import angular from 'angular';\nexport default <%= module %>"
	}
	out, err := render(template, newObject("module", string(script)))
	return []byte(out), err
}

// ngConstant is gulp-ng-constant. With the option stream it makes a file of nothing.
func ngConstant(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if truthy(opts.Get("stream")) && len(in) == 0 {
		name := textOr(opts, "name", "ngConstants") + ".json"
		m := c.r.memoryOf(c.op.ID)
		in = []*file{m.same(&file{File: gulp.File{Path: path.Join(c.r.opts.Dir, name), Base: c.r.opts.Dir}}, c.r.runs)}
	}
	return c.each(in, func(f *file) (made, error) {
		reads := reads{}
		out, err := c.ngConstantOne(f, opts, reads)
		if err != nil {
			return made{found: diag.List{c.settingsError(f, err)}, reads: reads}, nil
		}
		return made{reads: reads, files: []*file{f.with(func(n *file) { n.Contents, n.Path = []byte(out), replaceExt(f.Path, ".js") })}}, nil
	})
}

// constantTemplate is the one that gulp-ng-constant fills by default.
const constantTemplate = "angular.module(\"<%- moduleName %>\"<% if (deps) { %>, <%= deps %><% } %>)\n" +
	"<% constants.forEach(function(constant) { %>\n.constant(\"<%- constant.name %>\", <%= constant.value %>)\n<% }) %>\n;"

func (c *call) ngConstantOne(f *file, opts *gulp.Object, reads reads) (string, error) {
	data, err := c.constants(f)
	if err != nil {
		return "", err
	}
	template := constantTemplate
	if s, ok := opts.Get("template").(string); ok {
		template = s
	} else if s, ok := opts.Get("templatePath").(string); ok {
		file := absolute(c.r.opts.Dir, s)
		src, ok := c.r.view.read(file)
		reads[file] = src
		if !ok {
			return "", fmt.Errorf("the template %s is not there", c.rel(file))
		}
		template = string(src)
	}
	indent := "\t"
	switch space := opts.Get("space").(type) {
	case string:
		indent = space
	case float64:
		indent = strings.Repeat(" ", min(max(int(space), 0), 10))
	}
	out, err := render(template, constantData(f, data, opts, indent, template == constantTemplate))
	if err != nil {
		return "", err
	}
	wrap := opts.Get("wrap")
	if !truthy(wrap) {
		wrap = data.Get("wrap")
	}
	return wrapConstant(out, wrap, opts)
}

// constants reads a file of constants: JSON, or the YAML that JSON is a part of.
func (c *call) constants(f *file) (*gulp.Object, error) {
	if f.Contents == nil {
		return newObject(), nil
	}
	v, err := parseJSON(f.Contents)
	if o, ok := v.(*gulp.Object); ok && err == nil {
		return o, nil
	}
	if slices.Contains([]string{".yml", ".yaml"}, ext(f.Path)) {
		return parseYAML(f.Contents)
	}
	if err == nil {
		err = errors.New("the constants are no object")
	}
	return nil, err
}

// constantData is what the template is filled with.
func constantData(f *file, data, opts *gulp.Object, indent string, asText bool) *gulp.Object {
	var deps gulp.Value
	switch {
	case opts.Get("deps") == false || data.Get("deps") == false:
		deps = false
	case truthy(opts.Get("deps")):
		deps = opts.Get("deps")
	case truthy(data.Get("deps")):
		deps = data.Get("deps")
	default:
		deps = []gulp.Value{}
	}
	if asText && deps != false {
		deps = string(stringify(deps, ""))
	}
	all := data
	if o, ok := data.Get("constants").(*gulp.Object); ok {
		all = o
	}
	given := opts.Get("constants")
	if s, ok := given.(string); ok {
		given, _ = parseJSON([]byte(s))
	}
	if truthy(opts.Get("merge")) {
		all = object(deepMerge(all, given))
	} else {
		all = merged(all, object(given))
	}
	numbersFirst(all)
	var list []gulp.Value
	for _, key := range all.Keys {
		list = append(list, newObject("name", key, "value", string(stringify(all.Get(key), indent))))
	}
	return newObject("moduleName", orElse(textOr(opts, "name", text(data.Get("name"))), stem(f.Path)), "deps", deps, "constants", list)
}

func wrapConstant(script string, wrap gulp.Value, opts *gulp.Object) (string, error) {
	template, isText := wrap.(string)
	switch {
	case !truthy(wrap):
		return script, nil
	case !isText:
		template = "(function(angular, undefined) {\n  <%= __ngModule %>\n})(angular);"
	case template == "amd":
		template = "define([\"require\", \"exports\"], function(require, exports) {\n  return <%= __ngModule %>\n});"
	case template == "commonjs":
		template = "\nmodule.exports = <%= __ngModule %>\n"
	}
	return render(template, merged(newObject("__ngModule", script), opts))
}
