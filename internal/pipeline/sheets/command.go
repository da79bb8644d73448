package sheets

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// commandBackend starts a program for each sheet, which it reads from its input and
// prints as CSS. Such a program finds imports by itself, on disk only, and does not tell
// which: those that the sheet and its imports name are looked up here.
type commandBackend struct {
	choice Choice
}

// close has nothing to end: a compile ends with its context.
func (b *commandBackend) close() error { return nil }

// compile runs the program once.
func (b *commandBackend) compile(ctx context.Context, j *job) (reply, error) {
	cmd := exec.CommandContext(ctx, b.choice.Path, b.args(j)...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = filepath.Dir(j.in.File), bytes.NewReader(j.in.Source), &stdout, &stderr
	r := reply{Includes: j.named()}
	err := cmd.Run()
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	if err != nil {
		r.Failure = failure(stderr.String(), err)
		return r, nil
	}
	r.CSS, r.Map = splitMap(stdout.String())
	return r, nil
}

// args are the program's arguments for one sheet.
func (b *commandBackend) args(j *job) []string {
	roots := j.roots(filepath.Dir(j.in.File))
	switch b.choice.Language {
	case Sass:
		return j.sassArgs(roots)
	case Less:
		args := []string{"--no-color", "--include-path=" + strings.Join(roots, string(filepath.ListSeparator))}
		if j.in.Map {
			args = append(args, "--source-map-inline")
		}
		return append(args, "-")
	}
	args := []string{"--print"}
	for _, r := range roots {
		args = append(args, "--include", r)
	}
	return args
}

func (j *job) sassArgs(roots []string) []string {
	args := []string{"--stdin", "--no-color"}
	if filepath.Ext(j.in.File) == ".sass" {
		args = append(args, "--indented")
	}
	if j.in.Compressed {
		args = append(args, "--style=compressed")
	}
	if !j.in.Warnings {
		args = append(args, "--quiet")
	}
	if !j.in.Map {
		args = append(args, "--no-source-map")
	} else {
		args = append(args, "--embed-source-map", "--source-map-urls=absolute")
	}
	for _, r := range roots {
		args = append(args, "--load-path="+r)
	}
	return args
}

var embeddedMap = regexp.MustCompile(`\s*/\*# sourceMappingURL=data:application/json;(charset=utf-8,|charset=utf-8;base64,|base64,)([^*]*?) ?\*/\s*$`)

// splitMap takes the source map out of what a program has printed.
func splitMap(css string) (string, json.RawMessage) {
	m := embeddedMap.FindStringSubmatchIndex(css)
	if m == nil {
		return css, nil
	}
	text := css[m[4]:m[5]]
	var data []byte
	if strings.HasSuffix(css[m[2]:m[3]], "base64,") {
		data, _ = base64.StdEncoding.DecodeString(text)
	} else if plain, err := url.PathUnescape(text); err == nil {
		data = []byte(plain)
	}
	if !json.Valid(data) {
		return css, nil
	}
	return css[:m[0]] + "\n", data
}

// escapes are colours, which some programs print even into a pipe.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// places are how the programs say where a mistake is: Sass, Less, Stylus.
var places = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s+(\S.*?) (\d+):(\d+)\s+\S`),
	regexp.MustCompile(` in (\S.*?) on line (\d+), column (\d+):`),
	regexp.MustCompile(`(?m)^\w*Error: (\S+?):(\d+):(\d+)$`),
}

// below is what Stylus says behind the lines that it shows.
var below = regexp.MustCompile(`-\^ *\n\n(.+)`)

// kinds are what programs write before what they say.
var kinds = regexp.MustCompile(`^(?:\w*Error: )+`)

// failure tells what a program said when it failed.
func failure(said string, err error) *message {
	said = strings.TrimSpace(escapes.ReplaceAllString(said, ""))
	if said == "" {
		return &message{Text: "the compiler failed: " + err.Error()}
	}
	m := &message{Text: kinds.ReplaceAllString(said, "")}
	if text := below.FindStringSubmatch(said); text != nil && places[2].MatchString(said) {
		m.Text = text[1]
	}
	for _, place := range places {
		at := place.FindStringSubmatch(said)
		if at == nil {
			continue
		}
		m.Text, _, _ = strings.Cut(m.Text, "\n")
		m.Text = strings.TrimSuffix(m.Text, at[0])
		if at[1] != "-" && at[1] != "stdin" {
			m.File = at[1]
		}
		m.Line, _ = strconv.Atoi(at[2])
		m.Column, _ = strconv.Atoi(at[3])
		break
	}
	return m
}

var (
	importRule  = regexp.MustCompile(`@(?:import|use|forward|require)\b[^;\n]*`)
	quotedNames = regexp.MustCompile(`"([^"]+)"|'([^']+)'`)
)

// named returns the files that the sheet imports, and those that these import, as far as
// the text says so.
func (j *job) named() []string {
	seen := map[string]bool{}
	j.follow(j.in.File, j.in.Source, seen)
	return slices.Sorted(maps.Keys(seen))
}

func (j *job) follow(from string, content []byte, seen map[string]bool) {
	for _, rule := range importRule.FindAll(content, -1) {
		for _, m := range quotedNames.FindAllSubmatch(rule, -1) {
			file := j.importedAs(string(m[1])+string(m[2]), filepath.Dir(from))
			if file == "" || seen[file] {
				continue
			}
			seen[file] = true
			if data, err := os.ReadFile(file); err == nil {
				j.follow(file, data, seen)
			}
		}
	}
}

// importedAs returns the file that an import means; "" = none.
func (j *job) importedAs(name, folder string) string {
	switch j.language {
	case Sass:
		file, _ := j.locateSass(name, folder, true)
		return file
	case Less:
		return j.locateLess(name, folder)
	}
	for _, root := range j.roots(folder) {
		for _, tail := range []string{"", ".styl", "/index.styl"} {
			if file := filepath.Join(root, filepath.FromSlash(name)+tail); j.isFile(file) {
				return file
			}
		}
	}
	return ""
}
