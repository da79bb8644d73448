package run

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/gulp"
)

// cssOps join sheets and change the addresses in them. The plugins write a sheet anew,
// rule by rule; here what does not change stays as it is written.
func cssOps(plugin string) opFunc {
	switch plugin {
	case "gulp-concat-css":
		return func(c *call, in []*file) ([]*file, error) { return c.whole(in, c.concatCSS) }
	case "gulp-css-url-adjuster":
		return adjustURLs
	}
	return nil
}

// cssToken is a piece of a sheet.
type cssToken struct {
	kind css.TokenType
	text string
}

func cssTokens(sheet []byte) []cssToken {
	var list []cssToken
	lexer := css.NewLexer(parse.NewInputBytes(slices.Clone(sheet)))
	for {
		kind, text := lexer.Next()
		if kind == css.ErrorToken {
			return list
		}
		list = append(list, cssToken{kind, string(text)})
	}
}

// addressIn returns what a url(…) names.
func addressIn(token string) string {
	inner := strings.TrimSpace(token[len("url(") : len(token)-1])
	return strings.Trim(inner, `"'`)
}

// withURLs writes a sheet with other addresses.
func withURLs(tokens []cssToken, fn func(url string) (string, error)) (string, error) {
	var out strings.Builder
	for _, t := range tokens {
		if t.kind != css.URLToken {
			out.WriteString(t.text)
			continue
		}
		url, err := fn(addressIn(t.text))
		if err != nil {
			return "", err
		}
		out.WriteString(`url("` + url + `")`)
	}
	return out.String(), nil
}

// adjustURLs is gulp-css-url-adjuster.
func adjustURLs(c *call, in []*file) ([]*file, error) {
	opts := object(c.arg(0))
	return c.edit(in, func(f *file) ([]byte, error) {
		out, err := withURLs(cssTokens(f.Contents), func(url string) (string, error) { return c.adjusted(url, opts) })
		return []byte(out), err
	})
}

func (c *call) adjusted(url string, opts *gulp.Object) (string, error) {
	if strings.HasPrefix(url, "data:") {
		return url, nil
	}
	to := url
	if prepend := text(opts.Get("prepend")); prepend != "" {
		to = prepend + to
	} else if !strings.HasPrefix(url, "/") {
		to = text(opts.Get("prependRelative")) + to
	}
	for _, key := range []string{"append", "replace"} {
		switch how := opts.Get(key).(type) {
		case *gulp.Func:
			v, err := how.Call(url)
			if err != nil {
				return "", c.mistake(err)
			}
			to = text(v)
		case string:
			to += how
		case []gulp.Value:
			if len(how) < 2 {
				continue
			}
			var err error
			if to, err = replaceFirst(to, how[0], how[1]); err != nil {
				return "", c.mistake(err)
			}
		}
	}
	return strings.Replace(to, "//", "/", 1), nil
}

// joinedCSS is what gulp-concat-css makes.
type joinedCSS struct {
	*call
	common, folder string // what addresses are relative to: before, and in the new sheet
	inline, rebase bool
	include        []string
	remote         []string // imports that stay
	reads          reads
	open           []string // files that are being put in
}

// concatCSS is gulp-concat-css: imports are put in where they stand, those of other sites
// come first, and addresses lead from the new place to the old ones.
func (c *call) concatCSS(in []*file) (made, error) {
	opts := object(c.arg(1))
	if len(in) == 0 {
		return made{}, nil
	}
	name := text(c.arg(0))
	j := &joinedCSS{
		call: c, common: in[0].Base, folder: path.Dir(name), inline: opts.Get("inlineImports") != false, rebase: opts.Get("rebaseUrls") != false,
		include: texts(opts.Get("includePaths")), reads: reads{},
	}
	if base := text(opts.Get("commonBase")); base != "" {
		j.common = absolute(c.r.opts.Dir, base)
	}
	var parts []string
	var found diag.List
	for _, f := range in {
		part, err := j.sheet(f.Contents, f.Path)
		if err != nil {
			found = append(found, c.located(f, 0, 0, err.Error()))
			continue
		}
		parts = append(parts, part)
	}
	contents := strings.Join(append(j.remote, parts...), "\n")
	base := in[0].Base
	joined := &file{File: gulp.File{Path: path.Join(base, name), Base: base, Contents: []byte(contents)}}
	return made{files: []*file{joined}, found: found, reads: j.reads}, nil
}

var remoteSheet = regexp.MustCompile(`^(\w+:)?//.`)

// sheet writes one sheet with what it imports.
func (j *joinedCSS) sheet(src []byte, file string) (string, error) {
	var out strings.Builder
	tokens := cssTokens(withoutBOM(src))
	for len(tokens) > 0 {
		if tokens[0].kind != css.AtKeywordToken || !strings.EqualFold(tokens[0].text, "@import") {
			text, err := withURLs(tokens[:1], func(url string) (string, error) { return j.moved(url, file), nil })
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			tokens = tokens[1:]
			continue
		}
		end := slices.IndexFunc(tokens, func(t cssToken) bool { return t.kind == css.SemicolonToken })
		if end < 0 {
			end = len(tokens)
		}
		content, err := j.imported(tokens[1:end], file)
		if err != nil {
			return "", err
		}
		out.WriteString(content)
		tokens = tokens[min(end+1, len(tokens)):]
	}
	return strings.TrimSpace(out.String()), nil
}

// imported is what comes in the place of an import.
func (j *joinedCSS) imported(rule []cssToken, file string) (string, error) {
	var written strings.Builder
	url, media := "", ""
	for _, t := range rule {
		written.WriteString(t.text)
		switch {
		case url == "" && t.kind == css.URLToken:
			url = addressIn(t.text)
		case url == "" && t.kind == css.StringToken:
			url = strings.Trim(t.text, `"'`)
		case url != "":
			media += t.text
		}
	}
	if media = strings.TrimSpace(media); remoteSheet.MatchString(url) || !j.inline {
		j.remote = append(j.remote, "@import "+strings.TrimSpace(written.String())+";")
		return "", nil
	}
	for _, dir := range append([]string{path.Dir(file), j.r.opts.Dir}, j.include...) {
		at := path.Join(absolute(j.r.opts.Dir, dir), url)
		data, ok := j.r.view.read(at)
		j.reads[at] = data
		if !ok {
			continue
		}
		if slices.Contains(j.open, at) {
			return "", fmt.Errorf("%s imports itself", j.rel(at))
		}
		j.open = append(j.open, at)
		content, err := j.sheet(data, at)
		j.open = j.open[:len(j.open)-1]
		if media != "" {
			content = "@media " + media + " {\n" + content + "\n}"
		}
		return content, err
	}
	return "", fmt.Errorf("%s, which it imports, is not there", url)
}

// moved is an address as the new sheet has it.
func (j *joinedCSS) moved(url, file string) string {
	if !j.rebase || remoteSheet.MatchString(url) || strings.HasPrefix(url, "data:") || strings.HasPrefix(url, "/") || path.Ext(url) == ".css" {
		return url
	}
	dir := j.r.opts.Dir
	return relative(path.Join(dir, j.folder), path.Join(dir, relative(j.common, path.Join(path.Dir(file), url))))
}
