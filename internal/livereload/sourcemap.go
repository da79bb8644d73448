package livereload

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/go-sourcemap/sourcemap"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// maxScript bounds the scripts and maps that are read to trace an error.
const maxScript = 32 << 20 // bytes

// trace follows a position in a served script to its source. What cannot be followed
// stays in the script, with an excerpt of it.
func (f *fingerprints) trace(at place) place {
	script, err := f.readFile(at.path)
	if err != nil {
		return at
	}
	at.excerpt = diag.Excerpt(script, at.line, at.column)
	consumer, err := f.mapOf(at.path, script)
	if err != nil {
		return at
	}
	source, _, line, column, ok := consumer.Source(at.line, max(0, at.column-1))
	if !ok || source == "" {
		return at
	}
	to := place{path: strings.TrimPrefix(source, "/"), line: line, column: column + 1}
	to.excerpt = diag.Excerpt([]byte(consumer.SourceContent(source)), to.line, to.column)
	return to
}

func (f *fingerprints) readFile(name string) ([]byte, error) {
	if f.served == nil || !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	file, err := f.served.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxScript))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

var (
	errNoMap  = errors.New("no source map")
	errNotOur = errors.New("the source map is not served by us")
)

// mapMark precedes the URL of the source map, on one of the last lines of a script.
const mapMark = "sourceMappingURL="

func (f *fingerprints) mapOf(name string, script []byte) (*sourcemap.Consumer, error) {
	text := string(script[max(0, len(script)-maxScript):])
	i := strings.LastIndex(text, "\n//# "+mapMark)
	if i < 0 {
		return nil, errNoMap
	}
	ref, _, _ := strings.Cut(text[i+len("\n//# "+mapMark):], "\n")
	data, base, err := f.readMap(name, strings.TrimSpace(ref))
	if err != nil {
		return nil, err
	}
	consumer, err := sourcemap.Parse(base, data)
	if err != nil {
		return nil, fmt.Errorf("source map of %s: %w", name, err)
	}
	return consumer, nil
}

// readMap returns a source map and the URL path that its sources are relative to.
func (f *fingerprints) readMap(script, ref string) (data []byte, base string, err error) {
	if rest, ok := strings.CutPrefix(ref, "data:"); ok {
		_, encoded, ok := strings.Cut(rest, ";base64,")
		if !ok {
			return nil, "", errNoMap
		}
		data, err = base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, "", fmt.Errorf("source map of %s: %w", script, err)
		}
		return data, "/" + script, nil
	}
	u, err := url.Parse(ref)
	if err != nil || u.Host != "" {
		return nil, "", errNotOur
	}
	name := path.Join(path.Dir(script), u.Path)
	if strings.HasPrefix(u.Path, "/") {
		name = strings.TrimPrefix(path.Clean(u.Path), "/")
	}
	data, err = f.readFile(name)
	return data, "/" + name, err
}
