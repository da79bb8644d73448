package sheets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// source is what diagnostics give as their source.
const source = "styles"

// job is one sheet on its way. One goroutine uses it.
type job struct {
	dir      string
	in       Input
	language Language
	loaded   map[string][]byte // what was imported, by absolute file
	given    map[string][]byte // what Input.Import gave the content of
}

// rel names a file as people know it: relative to the project, with slashes.
func (j *job) rel(file string) string {
	if r, err := filepath.Rel(j.dir, file); err == nil && filepath.IsLocal(r) {
		return filepath.ToSlash(r)
	}
	return filepath.ToSlash(file)
}

// output turns a compiler's reply into what the caller gets.
func (j *job) output(r reply) (Output, diag.List, error) {
	for _, f := range r.Includes {
		if _, ok := j.loaded[f]; !ok && f != j.in.File {
			j.loaded[f] = nil
		}
	}
	delete(j.loaded, j.in.File)
	out := Output{Includes: slices.Sorted(maps.Keys(j.loaded))}
	var found diag.List
	for _, w := range r.Warnings {
		if !j.in.Warnings && strings.Contains(w.Text, " repetitive deprecation warnings omitted") {
			continue // those that are not told at all
		}
		found = append(found, j.diagnostic(diag.Warning, w))
	}
	if r.Failure != nil {
		return out, append(found, j.diagnostic(diag.Error, *r.Failure)), nil
	}
	out.CSS = []byte(r.CSS)
	if !j.in.Map || len(r.Map) == 0 || string(r.Map) == "null" {
		return out, found, nil
	}
	var err error
	out.Map, err = j.sourceMap(r.Map)
	return out, found, err
}

// diagnostic places a message.
func (j *job) diagnostic(severity diag.Severity, m message) diag.Diagnostic {
	file := j.in.File
	if m.File != "" {
		file = j.path(m.File)
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
	d := diag.Diagnostic{
		Severity: severity, Source: source, Path: j.rel(file), Line: m.Line, Column: m.Column,
		Message: lowerFirst(strings.TrimSuffix(first, ".")), Hint: strings.TrimSpace(rest),
	}
	if content := j.content(file); content != nil && m.Line > 0 {
		d.Excerpt = diag.Excerpt(content, m.Line, m.Column)
	}
	return d
}

// content returns what a file held when it was compiled, nil if that is not known.
func (j *job) content(file string) []byte {
	if file == j.in.File {
		return j.in.Source
	}
	if data := j.loaded[file]; data != nil {
		return data
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return data
}

// path returns the absolute file of what a compiler calls a source: a path or a URL.
func (j *job) path(name string) string {
	if file, ok := filePath(name); ok {
		return file
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(j.in.File), filepath.FromSlash(name))
}

// sourceMap names the sources of a map as everything else names files.
func (j *job) sourceMap(raw json.RawMessage) ([]byte, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		raw = json.RawMessage(text)
	}
	var m struct {
		Version        int       `json:"version"`
		Sources        []string  `json:"sources"`
		SourcesContent []*string `json:"sourcesContent"`
		Names          []string  `json:"names"`
		Mappings       string    `json:"mappings"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read the compiler's source map: %w", err)
	}
	m.SourcesContent = make([]*string, len(m.Sources))
	for i, s := range m.Sources {
		file := j.path(s)
		m.Sources[i] = j.rel(file)
		if content := j.content(file); content != nil {
			text := string(content)
			m.SourcesContent[i] = &text
		}
	}
	if m.Names == nil {
		m.Names = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("write the source map: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// fileURL returns the file: URL of an absolute path.
func fileURL(file string) string {
	p := filepath.ToSlash(file)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a drive letter
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}

// filePath returns the path of a file: URL.
func filePath(u string) (string, bool) {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "file" {
		return "", false
	}
	p := parsed.Path
	if len(p) > 2 && p[0] == '/' && p[2] == ':' {
		p = p[1:] // a drive letter
	}
	return filepath.FromSlash(p), true
}

func lowerFirst(s string) string {
	if len(s) < 2 || s[1] < 'a' || s[1] > 'z' {
		return s // an abbreviation, or no word
	}
	return strings.ToLower(s[:1]) + s[1:]
}
