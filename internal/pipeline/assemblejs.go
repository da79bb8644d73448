package pipeline

import (
	"context"
	"crypto/md5" //nolint:gosec // a name, not a secret: the one that gulp-rev gives
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/sync/errgroup"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/angular"
)

// part is one script of a group, ready to be joined to the others.
type part struct {
	file     string              // absolute
	name     string              // relative to the project
	source   string              // as the author wrote it
	inserted []angular.Insertion // what annotating puts in
	code     string              // the source with the insertions
	found    diag.List
}

// buildScripts joins, annotates and minifies the scripts of a group.
func (b *builder) buildScripts(ctx context.Context, g *group) (diag.List, error) {
	parts, err := b.readParts(ctx, g)
	if err != nil {
		return nil, err
	}
	var found diag.List
	for _, p := range parts {
		found = append(found, p.found...)
	}
	if found.Err() != nil {
		return found, nil
	}
	code, lines := join(parts)
	maps := b.wantsMaps()
	if maps {
		code += "\n//# sourceMappingURL=data:application/json;base64," + joinedMap(parts)
	}
	result := b.transform(g.target, code, maps)
	found = append(found, b.blame(result, parts, lines)...)
	if found.Err() != nil {
		return found, nil
	}
	contents := map[string]*string{}
	for _, p := range parts {
		contents[p.name] = &p.source
	}
	return found, b.putGroup(g, groupOutput{code: result.Code, sourceMap: result.Map, contents: contents, comment: "//# sourceMappingURL=%s\n"})
}

// readParts reads and annotates the scripts, in parallel.
func (b *builder) readParts(ctx context.Context, g *group) ([]part, error) {
	parts := make([]part, len(g.files))
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range g.files {
		eg.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			src, err := b.tree.read(f.file)
			if err != nil {
				return err
			}
			parts[i] = b.annotate(f.file, strings.TrimPrefix(string(src), "\ufeff"))
			return nil
		})
	}
	return parts, eg.Wait()
}

// annotate prepares one script. One that the tree parser cannot read is first written in
// older words; what is wrong for both is told with its own place.
func (b *builder) annotate(file, src string) part {
	p := part{file: file, name: b.tree.rel(file), source: src, code: src}
	list, err := angular.Annotate(src)
	if err == nil {
		p.inserted, p.code = list, angular.Apply(src, list)
		return p
	}
	older := api.Transform(src, api.TransformOptions{
		Sourcefile: b.tree.rel(file), Loader: loaderFor(file), Target: api.ES2017, Charset: api.CharsetUTF8,
		LogLevel: api.LogLevelSilent, LogLimit: maxMessages,
	})
	if p.found = b.messages(older.Errors, nil); len(p.found) > 0 {
		return p
	}
	if list, err = angular.Annotate(string(older.Code)); err == nil {
		p.source, p.inserted = string(older.Code), list
		p.code = angular.Apply(p.source, list)
		return p
	}
	d := diag.Diagnostic{
		Severity: diag.Warning, Source: "scripts", Path: b.tree.rel(file),
		Message: "the script cannot be annotated for injection: " + err.Error(),
		Hint:    "what it registers needs its $inject written out",
	}
	var syntax *angular.SyntaxError
	if errors.As(err, &syntax) {
		d.Message = "the script cannot be annotated for injection: " + lowerFirst(syntax.Message)
	}
	p.found = diag.List{d}
	return p
}

// separator keeps a script that ends without a semicolon apart from the next one.
const separator = "\n;"

// join returns all scripts as one, and the line, from 0, on which each begins.
func join(parts []part) (code string, lines []int) {
	var b strings.Builder
	line := 0
	for i, p := range parts {
		if i > 0 {
			b.WriteString(separator)
			line++
		}
		lines = append(lines, line)
		b.WriteString(p.code)
		line += strings.Count(p.code, "\n")
	}
	return b.String(), lines
}

// blame turns messages about the joined script into ones about its parts.
func (b *builder) blame(result api.TransformResult, parts []part, lines []int) diag.List {
	move := func(list []api.Message) {
		for i, m := range list {
			if m.Location == nil {
				continue
			}
			at := m.Location.Line - 1
			n := len(lines) - 1
			for n > 0 && lines[n] > at {
				n--
			}
			list[i].Location.File = b.tree.rel(parts[n].file)
			list[i].Location.Line = at - lines[n] + 1
		}
	}
	move(result.Errors)
	return b.messages(result.Errors, nil) // warnings about libraries help nobody here
}

// wantsMaps reports whether the output gets source maps: on request, and in projects
// whose old build wrote them.
func (b *builder) wantsMaps() bool { return b.opts.SourceMap || b.layout.hints.maps }

// revName returns "scripts/app-0123456789.js": the hash goes before the first dot, as
// gulp-rev puts it.
func revName(target string, content []byte) string {
	sum := md5.Sum(content) //nolint:gosec // see the import
	dir, base := path.Split(target)
	name, ext, _ := strings.Cut(base, ".")
	return dir + name + "-" + hex.EncodeToString(sum[:])[:10] + "." + ext
}

// mapsDir is the output folder of the source maps of groups.
const mapsDir = "maps"

// groupOutput is what the bundler made of a group.
type groupOutput struct {
	code, sourceMap []byte
	contents        map[string]*string // of the sources, where the map lacks them
	comment         string             // the line that leads to the map
}

// putGroup adds a group's file, and its map, to the output.
func (b *builder) putGroup(g *group, out groupOutput) error {
	code := out.code
	g.name = revName(g.target, code)
	if b.wantsMaps() && len(out.sourceMap) > 0 {
		name := path.Join(mapsDir, g.name+".map")
		up := strings.Repeat("../", strings.Count(g.name, "/"))
		code = append(code, fmt.Sprintf(out.comment, up+name)...)
		moved, err := b.moveGroupMap(out, name, g)
		if err != nil {
			return err
		}
		b.sink.put(name, moved, "")
	}
	b.sink.put(g.name, code, g.target)
	for _, f := range g.files {
		b.sink.use(f.file)
	}
	return nil
}

// moveGroupMap makes a map's sources relative to where the map will lie.
func (b *builder) moveGroupMap(out groupOutput, name string, g *group) ([]byte, error) {
	var m struct {
		Version        int       `json:"version"`
		File           string    `json:"file"`
		Sources        []string  `json:"sources"`
		SourcesContent []*string `json:"sourcesContent"`
		Names          []string  `json:"names"`
		Mappings       string    `json:"mappings"`
	}
	if err := json.Unmarshal(out.sourceMap, &m); err != nil {
		return nil, fmt.Errorf("read the source map of %s: %w", g.target, err)
	}
	m.File = strings.Repeat("../", strings.Count(name, "/")) + g.name
	if len(m.SourcesContent) != len(m.Sources) {
		m.SourcesContent = make([]*string, len(m.Sources))
	}
	for i, s := range m.Sources {
		if content, ok := out.contents[s]; ok {
			m.SourcesContent[i] = content
		}
		m.Sources[i] = b.fromOutput(name, filepath.Join(b.tree.dir, filepath.FromSlash(s)))
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write the source map of %s: %w", g.target, err)
	}
	return data, nil
}
