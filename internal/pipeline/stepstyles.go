package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/diag"
	"github.com/realtimectl/realtimectl/internal/pipeline/htmlscan"
)

// compileTime bounds one run of a stylesheet compiler: the largest frameworks take a few
// seconds.
const compileTime = time.Minute

// stylesStep compiles the Sass and Less sheets that pages load, with the project's own
// compiler or the system's.
type stylesStep struct {
	layout Layout
}

// Name returns "styles".
func (s *stylesStep) Name() string { return "styles" }

// Concerns is true for sheets, for pages, which name them, and for compilers.
func (s *stylesStep) Concerns(p string) bool {
	return isSheet(p) || path.Ext(p) == ".html" && !strings.Contains(p, "/"+templatesDir) || path.Base(p) == "package.json"
}

func isSheet(p string) bool {
	switch path.Ext(p) {
	case ".scss", ".sass", ".less", ".styl":
		return true
	}
	return false
}

// Run compiles every sheet that a page names by its .css, and the main one of projects
// that wire styles in; but not what a command of the project's own has made.
func (s *stylesStep) Run(ctx context.Context, w *Work) error {
	sheets := map[string]string{} // URL without extension → file
	for _, file := range w.Sources() {
		if u := w.URL(file); isSheet(u) {
			sheets[strings.TrimSuffix(u, path.Ext(u))] = file
		}
	}
	if len(sheets) == 0 {
		return nil
	}
	wanted, err := s.wanted(w, sheets)
	if err != nil {
		return err
	}
	for _, name := range wanted {
		if err := s.compile(ctx, w, name+".css", sheets[name]); err != nil {
			return err
		}
	}
	return nil
}

// wanted returns the sheets to compile, sorted.
func (s *stylesStep) wanted(w *Work, sheets map[string]string) ([]string, error) {
	var names []string
	add := func(name string) {
		_, ok := sheets[name]
		if _, made := w.made[name+".css"]; ok && !made && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, file := range w.Sources() {
		u := w.URL(file)
		if path.Ext(u) != ".html" || strings.HasPrefix(u, templatesDir) {
			continue
		}
		src, err := w.Read(file)
		if err != nil {
			return nil, err
		}
		for _, tag := range htmlscan.Scan(src).Tags {
			if href, ok := tag.Attr("href"); ok && tag.Name == "link" && !isForeign(href) {
				add(strings.TrimSuffix(strings.TrimPrefix(path.Join("/", path.Dir(u), href), "/"), ".css"))
				add(strings.TrimSuffix(strings.TrimPrefix(path.Clean("/"+href), "/"), ".css"))
			}
		}
	}
	if s.layout.Kind == GulpAngular {
		add("app/index")
		add("app/vendor")
	}
	slices.Sort(names)
	return names, nil
}

// compiler is a command that reads a sheet from its input and prints CSS.
type compiler struct {
	bin  string
	args []string
}

// find looks for a compiler: the project's own, then the system's.
func (s *stylesStep) find(w *Work, file string) (compiler, bool) {
	var c compiler
	dir := filepath.Dir(file)
	switch filepath.Ext(file) {
	case ".scss":
		c = compiler{"sass", []string{"--stdin", "--no-source-map", "--quiet", "--load-path=" + dir, "--load-path=" + w.tree.dir}}
	case ".sass":
		c = compiler{"sass", []string{"--stdin", "--indented", "--no-source-map", "--quiet", "--load-path=" + dir, "--load-path=" + w.tree.dir}}
	case ".less":
		c = compiler{"lessc", []string{"--no-color", "--include-path=" + dir, "-"}}
	case ".styl":
		c = compiler{"stylus", []string{"--print", "--include", dir}}
	}
	own := filepath.Join(w.tree.dir, "node_modules", ".bin", c.bin)
	if exists(own) {
		c.bin = own
		return c, true
	}
	bin, err := exec.LookPath(c.bin)
	if err != nil {
		return c, false
	}
	c.bin = bin
	return c, true
}

// compile makes one stylesheet.
func (s *stylesStep) compile(ctx context.Context, w *Work, name, file string) error {
	c, ok := s.find(w, file)
	if !ok {
		w.Report(diag.Diagnostic{
			Severity: diag.Error, Source: s.Name(), Path: w.Rel(file),
			Message: fmt.Sprintf("there is no %s to compile it with, neither in node_modules nor on the PATH", c.bin),
			Hint:    fmt.Sprintf("npm install --save-dev %s, or write %s with a command under pipeline.tasks", packageOf(c.bin), ".tmp/"+name),
		})
		return nil
	}
	src, err := w.Read(file)
	if err != nil {
		return err
	}
	src, err = s.wire(w, file, src)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.bin, c.args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = filepath.Dir(file), bytes.NewReader(src), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("compile %s: %w", w.Rel(file), ctx.Err())
		}
		w.Report(s.failure(w, file, stderr.String(), err))
		return nil
	}
	w.Emit(name, stdout.Bytes())
	return nil
}

func packageOf(bin string) string {
	if bin == "lessc" {
		return "less"
	}
	return bin
}

var (
	compilerPlace = regexp.MustCompile(`(?m)(?:^\s*(\S+)?\s+(\d+):(\d+)\s+root stylesheet|on line (\d+), column (\d+))`)
	escapes       = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// failure tells what a compiler said, at the place that it names.
func (s *stylesStep) failure(w *Work, file, said string, err error) diag.Diagnostic {
	said = strings.TrimSpace(escapes.ReplaceAllString(said, ""))
	d := diag.Diagnostic{Severity: diag.Error, Source: s.Name(), Path: w.Rel(file), Message: "the compiler failed: " + err.Error()}
	if first, _, _ := strings.Cut(said, "\n"); first != "" {
		d.Message = lowerFirst(strings.TrimSuffix(strings.TrimPrefix(first, "Error: "), "."))
	}
	d.Hint = said
	if m := compilerPlace.FindStringSubmatch(said); m != nil {
		d.Line, _ = strconv.Atoi(m[2] + m[4])
		d.Column, _ = strconv.Atoi(m[3] + m[5])
		if src, err := os.ReadFile(file); err == nil {
			d.Excerpt, d.Hint = diag.Excerpt(src, d.Line, d.Column), ""
		}
	}
	return d
}
