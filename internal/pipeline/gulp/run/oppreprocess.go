package run

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// preprocessOps carry out directives in comments.
func preprocessOps(plugin string) opFunc {
	if plugin == "gulp-preprocess" {
		return preprocess
	}
	return nil
}

// directives are those of one kind of comment.
type directives struct {
	include, static                []*regexp.Regexp
	exclude, extend, when, foreach [2]*regexp.Regexp // where it starts and where it ends
	otherwise, extendable          *regexp.Regexp
	echo, exec                     []*regexp.Regexp
}

// directivesOf returns the directives for files of an extension.
func directivesOf(extension string) directives {
	switch extension {
	case "js", "jsx", "ts", "tsx", "json", "css", "scss", "sass", "less", "styl", "php", "jade", "javascript":
		return scriptDirectives()
	}
	return pageDirectives()
}

const blanks = `[ \t]*`

func directive(s string) *regexp.Regexp { return regexp.MustCompile("(?mi)" + s) }

func directivePair(start, end string) [2]*regexp.Regexp {
	return [2]*regexp.Regexp{directive(start), directive(end)}
}

// scriptDirectives stand in the comments of scripts and sheets.
var scriptDirectives = sync.OnceValue(func() directives {
	const b = blanks
	const open, shut = b + `(?://|/\*)` + b, b + `(?:\*(?:\*|/))?`
	block := func(name, args string) [2]*regexp.Regexp {
		return directivePair(open+`@`+name+args+shut+`(?:[ \t]*\n+)?`, open+`@end`+strings.TrimSuffix(name, "each")+shut+`(?:[ \t]*\n)?`)
	}
	line := func(head, name string) []*regexp.Regexp {
		return []*regexp.Regexp{directive(head + `/\*` + b + name + `[ \t]+(.*?)` + b + `\*(?:\*|/)`), directive(head + `//` + b + name + `[ \t]+(.*?)` + b + `$`)}
	}
	return directives{
		include: line(`^(.*)`, "@include"), static: line(`^(.*)`, "@include-static"), echo: line("", "@echo"),
		exec:    []*regexp.Regexp{directive(`(?://|/\*)` + b + `@exec[ \t]+(\S+)` + b + `\((.*)\)` + shut)},
		exclude: block("exclude", `(?:[ \t]+([^\n*]*))?`), extend: block("extend", `[ \t]+([^\n*]*)`), foreach: block("foreach", `[ \t]+([^\n*]*)`),
		when:       directivePair(open+`@(ifndef|ifdef|if)[ \t]+([^\n*]*)(?:\*(?:\*|/))?(?:[ \t]*\n+)?`, open+`@endif`+shut+`(?:[ \t]*\n)?`),
		extendable: directive(open + `@extendable` + b + `(?:\*/)?`), otherwise: directive(open + `@else` + shut + `(?:[ \t]*\n)?`),
	}
})

// pageDirectives stand in the comments of pages.
var pageDirectives = sync.OnceValue(func() directives {
	const b = blanks
	const open, shut = `<!--` + b, b + `(?:-->|!>)`
	const ending = b + `<!(?:--)?` + b
	block := func(name, args, endOpen string) [2]*regexp.Regexp {
		return directivePair(b+open+`@`+name+args+shut+`(?:[ \t]*\n+)?`, endOpen+`@end`+strings.TrimSuffix(name, "each")+shut+`(?:[ \t]*\n)?`)
	}
	line := func(head, name string) []*regexp.Regexp {
		return []*regexp.Regexp{directive(head + open + name + `[ \t]+(.*?)` + shut)}
	}
	return directives{
		include: line(`(.*)`, "@include"), static: line(`(.*)`, "@include-static"), echo: line("", "@echo"),
		exec:    []*regexp.Regexp{directive(open + `@exec[ \t]+(\S+)` + b + `\((.*)\)` + shut)},
		exclude: block("exclude", `(?:[ \t]+(.*?))?`, b+open), extend: block("extend", `[ \t]+(.*?)`, b+open), foreach: block("foreach", `[ \t]+(.*?)`, ending),
		when:       directivePair(b+open+`@(ifndef|ifdef|if)[ \t]+(.*?)`+shut+`(?:[ \t]*\n+)?`, ending+`@endif`+shut+`(?:[ \t]*\n)?`),
		extendable: directive(open + `@extendable` + shut), otherwise: directive(ending + `@else` + shut + `(?:[ \t]*\n)?`),
	}
})

// preprocess is gulp-preprocess. The recorder puts the environment of the gulpfile into
// the context.
func preprocess(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	context := merged(newObject("NODE_ENV", "development"), object(opts.Get("context")))
	if !truthy(context.Get("NODE_ENV")) {
		set(context, "NODE_ENV", "development")
	}
	return c.each(in, func(f *file) (made, error) {
		if f.Contents == nil {
			return made{files: []*file{f}}, nil
		}
		p := preprocessing{
			call: c, context: context, reads: reads{}, dir: path.Dir(f.Path),
			rules: directivesOf(cmp.Or(text(opts.Get("extension")), strings.TrimPrefix(ext(f.Path), "."))),
		}
		if base := text(opts.Get("includeBase")); base != "" {
			p.dir = absolute(c.r.opts.Dir, base)
		}
		src := strings.ReplaceAll(strings.ReplaceAll(string(f.Contents), "\r\n", "\n"), "\r", "\n")
		out, err := p.process(src)
		if err != nil {
			return made{files: []*file{f}, found: diag.List{c.located(f, 0, 0, err.Error())}, reads: p.reads}, nil
		}
		if strings.Contains(string(f.Contents), "\r\n") {
			out = strings.ReplaceAll(out, "\n", "\r\n")
		}
		return made{files: []*file{f.holding([]byte(out))}, reads: p.reads}, nil
	})
}

// preprocessing is the work on one file, or on one that it includes.
type preprocessing struct {
	*call
	context *gulp.Object
	rules   directives
	dir     string // from which files are included
	depth   int
	reads   reads
}

// includeDepth bounds files that include each other.
const includeDepth = 50

func (p *preprocessing) process(src string) (string, error) {
	steps := []func(string) (string, error){
		func(s string) (string, error) { return p.includes(s, p.rules.include, false) },
		p.extends,
		func(s string) (string, error) { return p.blocks(s, p.rules.foreach, p.each) },
		func(s string) (string, error) { return p.blocks(s, p.rules.exclude, p.excluded) },
		func(s string) (string, error) { return p.blocks(s, p.rules.when, p.conditional) },
		p.echoes,
		p.execs,
		func(s string) (string, error) { return p.includes(s, p.rules.static, true) },
	}
	for _, step := range steps {
		var err error
		if src, err = step(src); err != nil {
			return "", err
		}
	}
	return src, nil
}

// file returns what an included file makes.
func (p *preprocessing) file(name string, asItIs bool) (string, error) {
	at := path.Join(p.dir, name)
	data, ok := p.r.view.read(at)
	p.reads[at] = data
	if !ok {
		return "", fmt.Errorf("%s, which it includes, is not there", p.rel(at))
	}
	if asItIs {
		return string(data), nil
	}
	if p.depth++; p.depth > includeDepth {
		return "", fmt.Errorf("%s includes itself", p.rel(at))
	}
	defer func() { p.depth-- }()
	inner := *p
	inner.dir = path.Dir(at)
	return inner.process(strings.ReplaceAll(string(data), "\r\n", "\n"))
}

// includes puts files in the place of directives, as far in as these stand.
func (p *preprocessing) includes(src string, rules []*regexp.Regexp, asItIs bool) (string, error) {
	return replaceEach(src, rules, func(m []string) (string, error) {
		content, err := p.file(strings.TrimSpace(m[2]), asItIs)
		indent := nonSpace.ReplaceAllString(m[1], " ")
		return m[1] + strings.ReplaceAll(content, "\n", "\n"+indent), err
	})
}

var nonSpace = regexp.MustCompile(`\S`)

// replaceEach replaces all matches by what fn says of them.
func replaceEach(src string, rules []*regexp.Regexp, fn func(m []string) (string, error)) (string, error) {
	var failed error
	for _, rule := range rules {
		src = rule.ReplaceAllStringFunc(src, func(match string) string {
			out, err := fn(rule.FindStringSubmatch(match))
			failed = errors.Join(failed, err)
			return out
		})
	}
	return src, failed
}

// extends puts what stands between @extend and @endextend into the place that the named
// file holds open.
func (p *preprocessing) extends(src string) (string, error) {
	return p.blocks(src, p.rules.extend, func(m []string, inner string) (string, error) {
		around, err := p.file(strings.TrimSpace(m[1]), false)
		if err != nil {
			return "", err
		}
		inner, err = p.extends(strings.TrimPrefix(strings.TrimSuffix(inner, "\n"), "\n"))
		return p.rules.extendable.ReplaceAllLiteralString(strings.TrimSpace(around), inner), err
	})
}

// errOpen is a block without its end, or an end without its block.
var errOpen = errors.New("its directives do not match: one that begins a block has no end, or the other way round")

// blocks replaces the outermost blocks; those inside are the function's.
func (p *preprocessing) blocks(src string, rule [2]*regexp.Regexp, fn func(m []string, inner string) (string, error)) (string, error) {
	var out strings.Builder
	for {
		first := rule[0].FindStringSubmatchIndex(src)
		if first == nil {
			if rule[1].MatchString(src) {
				return "", errOpen
			}
			return out.String() + src, nil
		}
		inner, rest, ok := closed(src[first[1]:], rule)
		if !ok {
			return "", errOpen
		}
		m := rule[0].FindStringSubmatch(src[first[0]:first[1]])
		made, err := fn(m, inner)
		if err != nil {
			return "", err
		}
		out.WriteString(src[:first[0]] + made)
		src = rest
	}
}

// closed cuts a text at the end of the block whose start was just passed.
func closed(src string, rule [2]*regexp.Regexp) (inner, rest string, ok bool) {
	at, depth := 0, 1
	for {
		start, end := rule[0].FindStringIndex(src[at:]), rule[1].FindStringIndex(src[at:])
		switch {
		case end == nil:
			return "", "", false
		case start != nil && start[0] < end[0]:
			depth++
			at += start[1]
		default:
			if depth--; depth == 0 {
				return src[:at+end[0]], src[at+end[1]:], true
			}
			at += end[1]
		}
	}
}

func (p *preprocessing) excluded(m []string, inner string) (string, error) {
	passes, err := p.test(m[1])
	if err != nil || passes {
		return "", err
	}
	return p.blocks(inner, p.rules.exclude, p.excluded)
}

func (p *preprocessing) conditional(m []string, inner string) (string, error) {
	inner, err := p.blocks(inner, p.rules.when, p.conditional)
	if err != nil {
		return "", err
	}
	yes, no := inner, ""
	if at := p.rules.otherwise.FindStringIndex(inner); at != nil {
		yes, no = inner[:at[0]], inner[at[1]:]
	}
	passes := false
	name := strings.TrimSpace(m[2])
	switch strings.ToLower(m[1]) {
	case "if":
		passes, err = p.test(name)
	case "ifdef":
		passes = p.value(name) != nil
	case "ifndef":
		passes = p.value(name) == nil
	}
	if passes {
		return yes, err
	}
	return no, err
}

// single matches one equals sign, which counts as two.
var single = regexp.MustCompile(`([^=!<>])=([^=])`)

func (p *preprocessing) test(condition string) (bool, error) {
	condition = single.ReplaceAllString(cmp.Or(strings.TrimSpace(condition), "true"), "$1==$2")
	v, err := evaluate(condition, p.context)
	if err != nil {
		return false, fmt.Errorf("the condition %q: %w", condition, err)
	}
	return truthy(v), nil
}

// value follows a path such as "a.b" into the context.
func (p *preprocessing) value(name string) gulp.Value {
	v, _ := lookupPath(p.context, name)
	return v
}

// each repeats a block for the elements of a list in the context: "$x in LIST".
func (p *preprocessing) each(m []string, inner string) (string, error) {
	words := strings.Split(strings.TrimSpace(m[1]), " ")
	if len(words) != 3 {
		return "", nil
	}
	inner, err := p.blocks(inner, p.rules.foreach, p.each)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, element := range elements(p.value(words[2])) {
		out.WriteString(strings.ReplaceAll(inner, words[0], element))
	}
	return out.String(), nil
}

// elements reads the list of a @foreach, which is a text: JSON's object, "['a', 'b']" or
// "a,b".
func elements(v gulp.Value) []string {
	s := display(v)
	var list []string
	if parsed, err := parseJSON([]byte(s)); err == nil && object(parsed) != nil {
		for _, key := range object(parsed).Keys {
			list = append(list, display(object(parsed).Get(key)))
		}
		return list
	}
	inner, isList := strings.CutPrefix(s, "[")
	for e := range strings.SplitSeq(strings.TrimSuffix(inner, "]"), ",") {
		if isList {
			e = strings.Trim(strings.TrimSpace(e), `'"`)
		}
		list = append(list, e)
	}
	return list
}

func (p *preprocessing) echoes(src string) (string, error) {
	return replaceEach(src, p.rules.echo, func(m []string) (string, error) {
		return p.argument(m[1]), nil
	})
}

// argument is a text in quotes, or what the context has under a name.
func (p *preprocessing) argument(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return display(p.value(s))
}

// execs calls functions of the context.
func (p *preprocessing) execs(src string) (string, error) {
	return replaceEach(src, p.rules.exec, func(m []string) (string, error) {
		fn, ok := p.value(strings.TrimSpace(m[1])).(*gulp.Func)
		if !ok {
			return "", nil
		}
		var args []gulp.Value
		for word := range strings.SplitSeq(m[2], ",") {
			args = append(args, p.argument(word))
		}
		v, err := fn.Call(args...)
		return display(v), err
	})
}
