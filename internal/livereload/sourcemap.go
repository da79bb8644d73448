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
	consumer, base, err := f.mapOf(at.path, script)
	if err != nil {
		return at
	}
	source, _, line, column, ok := consumer.Source(at.line, max(0, at.column-1))
	if !ok || source == "" {
		return at
	}
	to := place{path: source, line: line, column: column + 1}
	if !strings.Contains(source, "://") { // webpack:// and the like are names already
		to.path = relative(path.Join(path.Dir(base), source))
	}
	to.excerpt = diag.Excerpt([]byte(consumer.SourceContent(source)), to.line, to.column)
	return to
}

// relative cleans a URL path and makes it relative to the root, which it cannot leave.
func relative(urlPath string) string {
	return strings.TrimPrefix(path.Clean("/"+urlPath), "/")
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
const mapMark = "\n//# sourceMappingURL="

// mapOf returns the source map of a script, and the path its sources are relative to.
func (f *fingerprints) mapOf(name string, script []byte) (*sourcemap.Consumer, string, error) {
	text := string(script)
	i := strings.LastIndex(text, mapMark)
	if i < 0 {
		return nil, "", errNoMap
	}
	ref, _, _ := strings.Cut(text[i+len(mapMark):], "\n")
	data, base, err := f.readMap(name, strings.TrimSpace(ref))
	if err != nil {
		return nil, "", err
	}
	consumer, err := sourcemap.Parse("", data)
	if err != nil {
		return nil, "", fmt.Errorf("source map of %s: %w", name, err)
	}
	return consumer, base, nil
}

// readMap returns a source map and its path: that of the script if it is part of it.
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
		return data, script, nil
	}
	u, err := url.Parse(ref)
	if err != nil || u.Host != "" {
		return nil, "", errNotOur
	}
	name := relative(path.Join(path.Dir(script), u.Path))
	if strings.HasPrefix(u.Path, "/") {
		name = relative(u.Path)
	}
	data, err = f.readFile(name)
	return data, name, err
}
