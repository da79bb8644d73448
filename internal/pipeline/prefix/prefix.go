// Package prefix adds to stylesheets the vendor prefixes that the browsers of a project
// still need: what autoprefixer does, as far as esbuild's tables go.
//
// Which browsers these are is said in the language of browserslist, by the project
// ([Of]) or by a caller ([Parse]). What [Browsers.CSS] adds stands before what it is for,
// in the style of the sheet; everything else stays as it is, byte by byte.
package prefix

import (
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"github.com/realtimectl/realtimectl/internal/pipeline/sourcemap"
)

// asWritten are the features of CSS that esbuild would write in older words. Only
// prefixes are wanted.
func asWritten() map[string]bool {
	supported := map[string]bool{}
	for _, feature := range []string{
		"color-functions", "gradient-double-position", "gradient-interpolation", "gradient-midpoints", "hwb", "hex-rgba",
		"inset-property", "is-pseudo-class", "media-range", "modern-rgb-hsl", "nesting", "rebecca-purple",
	} {
		supported[feature] = true
	}
	return supported
}

// CSS returns a stylesheet with the prefixes that the browsers need, and its source map,
// which may be nil, with the places moved. A sheet that needs none comes back as it is,
// and so does one with mistakes, of which others tell.
func (b Browsers) CSS(sheet []byte, sourceMap *sourcemap.Map) (prefixed []byte, moved *sourcemap.Map) {
	if len(b.engines) == 0 {
		return sheet, sourceMap
	}
	plain := b.print(sheet, nil)
	full := b.print(sheet, b.engines)
	if len(plain) == 0 || slices.Equal(plain, full) {
		return sheet, sourceMap
	}
	wanted, ok := additions(plain, full)
	if !ok {
		return sheet, sourceMap
	}
	return insert(sheet, sourceMap, wanted)
}

// print returns the lines of a sheet as esbuild writes it, a declaration a line.
func (b Browsers) print(sheet []byte, engines []api.Engine) []string {
	result := api.Transform(string(sheet), api.TransformOptions{
		Loader: api.LoaderCSS, Target: api.ESNext, Engines: engines, Supported: asWritten(), LogLevel: api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return nil
	}
	return strings.Split(string(result.Code), "\n")
}

// addition is what comes before one declaration.
type addition struct {
	property string // of the declaration, in lower case
	number   int    // how many declarations of it come before
	lines    []string
}

var declarationLine = regexp.MustCompile(`^\s*([-\w]+):(?: |$)`)

// additions compares the lines without prefixes with those that have them: what is more
// stands before the declaration that it is for.
func additions(plain, full []string) ([]addition, bool) {
	seen := map[string]int{}
	var all []addition
	at := 0
	for _, line := range plain {
		from := at
		for at < len(full) && full[at] != line {
			at++
		}
		if at == len(full) {
			return nil, false
		}
		m := declarationLine.FindStringSubmatch(line)
		if at > from && m == nil {
			return nil, false
		}
		if m != nil {
			property := strings.ToLower(m[1])
			if at > from {
				all = append(all, addition{property, seen[property], full[from:at]})
			}
			seen[property]++
		}
		at++
	}
	return all, true
}

// insert puts the additions before their declarations.
func insert(sheet []byte, sourceMap *sourcemap.Map, wanted []addition) (prefixed []byte, moved *sourcemap.Map) {
	places := declarations(sheet)
	var out strings.Builder
	var shifts []shift
	at := 0
	for _, a := range wanted {
		offsets := places[a.property]
		if a.number >= len(offsets) || offsets[a.number] < at {
			continue // written in a way that only esbuild understands
		}
		place := offsets[a.number]
		more := statements(a.lines)
		out.Write(sheet[at:place])
		indent := indentation(sheet, place)
		end := " "
		if indent >= 0 {
			end = "\n" + string(sheet[place-indent:place])
		}
		text := strings.Join(more, end) + end
		out.WriteString(text)
		shifts = append(shifts, shiftOf(sheet, place, text))
		at = place
	}
	out.Write(sheet[at:])
	return []byte(out.String()), move(sourceMap, shifts)
}

// statements puts each declaration of printed lines on one line.
func statements(lines []string) []string {
	var all []string
	for _, l := range lines {
		if declarationLine.MatchString(l) || len(all) == 0 {
			all = append(all, strings.TrimSpace(l))
			continue
		}
		all[len(all)-1] += " " + strings.TrimSpace(l)
	}
	return all
}

// indentation is the number of blanks between the beginning of the line and a place; -1 if
// something else stands there.
func indentation(sheet []byte, place int) int {
	n := 0
	for n < place && (sheet[place-1-n] == ' ' || sheet[place-1-n] == '\t') {
		n++
	}
	if n == place || sheet[place-1-n] == '\n' {
		return n
	}
	return -1
}

// declarations returns where the declarations of each property begin, in order.
func declarations(sheet []byte) map[string][]int {
	places := map[string][]int{}
	lexer := css.NewLexer(parse.NewInputBytes(slices.Clone(sheet)))
	offset := 0
	fresh, name, start := true, "", 0 // fresh: a declaration may begin here
	for {
		kind, text := lexer.Next()
		if kind == css.ErrorToken {
			return places
		}
		switch {
		case kind == css.WhitespaceToken || kind == css.CommentToken:
		case kind == css.LeftBraceToken || kind == css.RightBraceToken || kind == css.SemicolonToken:
			fresh, name = true, ""
		case fresh && (kind == css.IdentToken || kind == css.CustomPropertyNameToken):
			fresh, name, start = false, strings.ToLower(string(text)), offset
		case kind == css.ColonToken && name != "":
			places[name] = append(places[name], start)
			fresh, name = false, ""
		default:
			fresh, name = false, ""
		}
		offset += len(text)
	}
}
