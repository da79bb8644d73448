package run

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// fileIncludeOps put files into files.
func fileIncludeOps(plugin string) opFunc {
	if plugin == "gulp-file-include" {
		return fileInclude
	}
	return nil
}

// including is the work of gulp-file-include on one file.
type including struct {
	*call
	prefix, suffix string // of directives, as expressions
	basepath       string // absolute; "" = the folder of the file that includes
	base           string // of the file in the stream: where JSON files are looked for
	indent         bool
	context        *gulp.Object
	once           map[string]bool
	compiled       map[string]*regexp.Regexp // expressions, which hold prefix and suffix
	depth          int
	reads          reads
}

// fileInclude is gulp-file-include.
func fileInclude(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	if prefix, ok := c.arg(0).(string); ok {
		opts = newObject("prefix", prefix)
	}
	if object(opts.Get("filters")) != nil {
		c.unknown("the option filters")
		return nil, errEnded
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		inc := including{
			call: c, prefix: expression(textOr(opts, "prefix", "@@")), suffix: expression(textOr(opts, "suffix", "")),
			base: f.Base, indent: truthy(opts.Get("indent")), once: map[string]bool{}, compiled: map[string]*regexp.Regexp{}, reads: reads{},
		}
		switch base := textOr(opts, "basepath", "@file"); base {
		case "@file":
		case "@root":
			inc.basepath = c.r.opts.Dir
		default:
			inc.basepath = absolute(c.r.opts.Dir, base)
		}
		root := relative(path.Dir(f.Path), f.Base)
		inc.context = merged(newObject("webRoot", orElse(root, ".")), object(opts.Get("context")))
		out, err := inc.process(string(f.Contents), f.Path, newObject())
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.located(f, 0, 0, err.Error())}, reads: inc.reads}, nil
		}
		return made{files: []*file{f.holding([]byte(out))}, reads: inc.reads}, nil
	})
}

// expression is a prefix or suffix, which the plugin takes as an expression.
func expression(s string) string {
	if _, err := regexp.Compile(s); err != nil {
		return regexp.QuoteMeta(s)
	}
	return s
}

// re compiles an expression once.
func (i *including) re(text string) *regexp.Regexp {
	if i.compiled[text] == nil {
		i.compiled[text] = regexp.MustCompile(text)
	}
	return i.compiled[text]
}

func (i *including) process(src, file string, data *gulp.Object) (string, error) {
	data = merged(i.context, data)
	set(data, "content", src)
	src = i.re(`<!--(.*)`+i.prefix+`[ ]*include([\s\S]*?)[ ]*`+i.suffix+`-->`).ReplaceAllString(src, "")
	src, err := i.blocks(src, "if", func(args, body string) (string, error) {
		passes, err := i.code(args, "return "+args+";", data)
		if truthy(passes) {
			return body, err
		}
		return "", err
	})
	if err == nil {
		src, err = i.blocks(src, "for", func(args, body string) (string, error) {
			out, err := i.code(args, "var result = ''; for"+args+" { result += `"+body+"`; } return result;", data)
			return display(out), err
		})
	}
	if err != nil {
		return "", err
	}
	src = i.variables(src, data)
	for _, name := range []string{"include_once", "include", "loop"} {
		if src, err = i.calls(src, name, func(before, args string) (string, bool, error) { return i.called(name, before, args, file) }); err != nil {
			return "", err
		}
	}
	return src, nil
}

func (i *including) code(shown, body string, data *gulp.Object) (gulp.Value, error) {
	v, err := runCode("(function (context) { with (context) { "+body+"\n } })", data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimSpace(shown), err)
	}
	return v, nil
}

// balanced returns where the bracket that opens a text is closed; -1 = nowhere.
func balanced(s string, open, shut byte) int {
	depth := 0
	for at := range len(s) {
		switch s[at] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return at
			}
		}
	}
	return -1
}

// blocks replaces "@@if (args) { body }"; what comes of it may hold blocks again.
func (i *including) blocks(src, name string, fn func(args, body string) (string, error)) (string, error) {
	start := i.re(i.prefix + `[ ]*` + name + `([^{}]*)\{`)
	end := i.re(`^\s*` + i.suffix)
	var out strings.Builder
	for {
		m := start.FindStringSubmatchIndex(src)
		if m == nil {
			return out.String() + src, nil
		}
		shut := balanced(src[m[1]-1:], '{', '}')
		var tail []int
		if shut >= 0 {
			if tail = []int{0, 0}; i.suffix != "" {
				tail = end.FindStringIndex(src[m[1]+shut:])
			}
		}
		if tail == nil {
			out.WriteString(src[:m[1]])
			src = src[m[1]:]
			continue
		}
		made, err := fn(src[m[2]:m[3]], src[m[1]:m[1]-1+shut])
		if err == nil {
			made, err = i.blocks(made, name, fn)
		}
		if err != nil {
			return "", err
		}
		out.WriteString(src[:m[0]] + made)
		src = src[m[1]+shut+tail[1]:]
	}
}

// variables replaces "@@name" and "@@a.b", the longest names first.
func (i *including) variables(src string, data *gulp.Object) string {
	flat := map[string]string{}
	listValues(flat, "", data)
	suffix := ""
	if i.suffix != "" {
		suffix = `[ ]*` + i.suffix
	}
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(flat))) {
		if re, err := regexp.Compile(i.prefix + `[ ]*` + key + suffix); err == nil {
			src = re.ReplaceAllLiteralString(src, flat[key])
		}
	}
	return src
}

// listValues lists the values of an object by paths such as "a.b[0]".
func listValues(flat map[string]string, at string, v gulp.Value) {
	switch v := v.(type) {
	case *gulp.Object:
		for _, key := range keysOf(v) {
			if at != "" {
				key = "." + key
			}
			listValues(flat, at+key, v.Get(strings.TrimPrefix(key, ".")))
		}
	case []gulp.Value:
		for n, e := range v {
			listValues(flat, at+"["+strconv.Itoa(n)+"]", e)
		}
	default:
		flat[at] = display(v)
	}
}

// calls replaces "@@name(args)" by what fn makes of it; false = it stays.
func (i *including) calls(src, name string, fn func(before, args string) (string, bool, error)) (string, error) {
	start := i.re(i.prefix + `[ ]*` + name + `\(`)
	end := i.re(`^[ ]*` + i.suffix)
	var out strings.Builder
	for {
		m := start.FindStringIndex(src)
		if m == nil {
			return out.String() + src, nil
		}
		open := m[1] - 1
		shut := balanced(src[open:], '(', ')')
		tail := []int{0, 0}
		if shut >= 0 && i.suffix != "" {
			tail = end.FindStringIndex(src[open+shut+1:])
		}
		if shut < 0 || tail == nil {
			out.WriteString(src[:open])
			src = src[open:]
			continue
		}
		made, done, err := fn(src[:m[0]], src[m[1]:open+shut])
		if err != nil {
			return "", err
		}
		if !done {
			out.WriteString(src[:open])
			src = src[open:]
			continue
		}
		out.WriteString(src[:m[0]] + made)
		src = src[open+shut+1+tail[1]:]
	}
}

// callArgs are a file's name in quotes, and what follows it.
var callArgs = regexp.MustCompile(`^[^)"']*["']([^"']*)["'](?:,\s*([\s\S]*))?\s*$`)

// called is what an include, include_once or loop makes.
func (i *including) called(name, before, args, file string) (string, bool, error) {
	m := callArgs.FindStringSubmatch(args)
	if m == nil {
		return "", false, nil
	}
	at := absolute(orElse(i.basepath, path.Dir(file)), m[1])
	if name == "include_once" {
		if i.once[at] {
			return "", true, nil
		}
		i.once[at] = true
	}
	if strings.EqualFold(at, file) {
		return "", false, fmt.Errorf("%s includes itself", i.rel(file))
	}
	contexts, err := i.contexts(name, m[2])
	if err != nil {
		return "", false, err
	}
	data, ok := i.r.view.read(at)
	i.reads[at] = data
	if !ok {
		return "", false, fmt.Errorf("%s, which it includes, is not there", i.rel(at))
	}
	content := string(data)
	if i.indent {
		content = indented(before, content)
	}
	if i.depth++; i.depth > includeDepth {
		return "", false, errors.New("files include each other without end")
	}
	defer func() { i.depth-- }()
	var out strings.Builder
	for _, context := range contexts {
		part, err := i.process(content, at, context)
		if err != nil {
			return "", false, err
		}
		out.WriteString(part)
	}
	return out.String(), true, nil
}

// contexts are the variables for each time that a file is put in: one for include; for
// loop, the elements of a list, or of the list in a JSON file.
func (i *including) contexts(name, args string) ([]*gulp.Object, error) {
	if name != "loop" {
		if !strings.HasPrefix(args, "{") {
			return []*gulp.Object{newObject()}, nil
		}
		v, err := i.code(args, "return ("+args+");", newObject())
		return []*gulp.Object{object(v)}, err
	}
	var list gulp.Value
	var err error
	if quoted := strings.Trim(args, `'" `); strings.HasPrefix(args, `"`) || strings.HasPrefix(args, "'") {
		at := path.Join(i.base, quoted)
		data, _ := i.r.view.read(at)
		i.reads[at] = data
		if list, err = parseJSON(data); err != nil {
			return nil, fmt.Errorf("%s: %w", i.rel(at), err)
		}
	} else if list, err = i.code(args, "return ("+args+");", newObject()); err != nil {
		return nil, err
	}
	var out []*gulp.Object
	for _, v := range values(list) {
		if object(v) == nil {
			v = newObject()
		}
		out = append(out, object(v))
	}
	return out, nil
}

// indented puts the space before a directive, if there is nothing else on its line, before
// each line of what it includes.
func indented(before, content string) string {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if strings.TrimSpace(line) != "" || !strings.Contains(before, "\n") {
		return content
	}
	lines := strings.Split(content, "\n")
	for n := range lines {
		if n > 0 && strings.TrimSpace(lines[n]) != "" {
			lines[n] = line + lines[n]
		}
	}
	return strings.Join(lines, "\n")
}
