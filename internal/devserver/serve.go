package devserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/realtimectl/realtimectl/internal/atomicfile"
	"github.com/realtimectl/realtimectl/internal/page"
)

// serve answers with the file of a hit and closes it. Conditional and range requests are
// net/http's.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, h hit) {
	defer func() { closeQuietly(h.file) }()
	if s.production || h.layer.packages || h.content == nil && h.info.Size() > maxSteady {
		s.serveFile(w, r, &h)
		return
	}
	c := h.content
	if c == nil {
		var err error
		if c, err = readContent(h); err != nil {
			unreadable(w)
			return
		}
		s.shelf.keep(h, c)
	}
	header := w.Header()
	header.Set("Content-Type", c.kind)
	header.Set("Cache-Control", s.cacheControl(h.rel))
	header.Set("ETag", c.tag)
	if !plain(r) {
		http.ServeContent(w, r, "", c.info.ModTime(), c.reader())
		return
	}
	header.Set("Last-Modified", c.modified)
	header.Set("Accept-Ranges", "bytes")
	header.Set("Content-Length", strconv.Itoa(c.size))
	c.send(w, r)
}

func unreadable(w http.ResponseWriter) {
	page.Text(w, http.StatusInternalServerError, "the file cannot be read")
}

// plain reports that a request asks for the whole file, whatever the client has of it. Then
// one write is all it takes.
func plain(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	for _, name := range []string{"Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return true
}

// serveFile lets the kernel send a file that nobody edits: the files of a build, of packages,
// and those that are too large to be held.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, h *hit) {
	kind, err := contentType(h.typeName(), h.file)
	if err != nil {
		unreadable(w)
		return
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", s.cacheControl(h.rel))
	header.Set("ETag", entityTag(h.info, ""))
	if s.production {
		*h = preferCompressed(header, r, *h)
	}
	http.ServeContent(w, r, "", h.info.ModTime(), h.file)
}

// readContent reads the file of a hit, which its author, or a task, may be writing.
func readContent(h hit) (*content, error) {
	steady := atomicfile.ReadSteady
	if h.layer.compiled {
		steady = atomicfile.ReadReplaced
	}
	data, info, err := steady(h.file)
	if err != nil {
		return nil, err
	}
	kind, err := contentType(h.typeName(), bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	modified := info.ModTime().UTC().Format(http.TimeFormat)
	return &content{info: info, size: len(data), data: data, kind: kind, tag: developmentTag(info), modified: modified}, nil
}

// maxSteady bounds what is held in memory for one answer.
const maxSteady = 4 << 20 // bytes

// typeName is the name that says what a file is.
func (h hit) typeName() string {
	switch path.Ext(h.rel) {
	case ".ts", ".mts", ".cts", ".tsx", ".jsx":
		if h.layer.compiled {
			return "script.js"
		}
	}
	return h.rel
}

// cacheControl lets browsers keep what they have but ask before they use it; only names
// that change with their content need no asking.
func (s *Server) cacheControl(name string) string {
	if s.production && isHashed(name) {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// entityTag names this version of a file. Time has the resolution of the file system,
// nanoseconds as a rule.
func entityTag(info os.FileInfo, encoding string) string {
	return fmt.Sprintf(`"%x-%x%s"`, info.Size(), info.ModTime().UnixNano(), encoding)
}

// developmentTag is entityTag for files that somebody edits: some tools write other bytes
// and set the time back.
func developmentTag(info os.FileInfo) string {
	changed, known := changeTime(info)
	if !known {
		return entityTag(info, "")
	}
	return entityTag(info, "-"+strconv.FormatInt(changed.UnixNano(), 16))
}

// preferCompressed exchanges the file for a precompressed sibling that the request accepts
// and sets the headers of that choice. A range request gets the plain file, whose bytes it
// means.
func preferCompressed(header http.Header, r *http.Request, h hit) hit {
	header.Add("Vary", "Accept-Encoding")
	if r.Header.Get("Range") != "" {
		return h
	}
	for _, c := range acceptedCodings(r.Header) {
		file, info, err := h.layer.openFile(h.rel + c.suffix)
		if err != nil || !info.Mode().IsRegular() {
			closeQuietly(file)
			continue
		}
		closeQuietly(h.file)
		header.Set("Content-Encoding", c.name)
		header.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
		header.Set("ETag", entityTag(info, "-"+c.name))
		return hit{layer: h.layer, rel: h.rel, file: file, info: info}
	}
	return h
}

// coding is a content coding and the suffix of the files that hold it.
type coding struct{ name, suffix string }

// acceptedCodings returns the codings a request accepts, best first: by its own quality
// values, then ours, smallest result first (RFC 9110 section 12.5.3).
func acceptedCodings(header http.Header) []coding {
	quality := map[string]float64{}
	for _, line := range header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			quality[strings.ToLower(strings.TrimSpace(name))] = parseQuality(params)
		}
	}
	var accepted []coding
	for _, c := range []coding{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}} {
		q, named := quality[c.name]
		if !named {
			q = quality["*"]
			quality[c.name] = q
		}
		if q == 0 || q < quality["identity"] {
			continue
		}
		at := len(accepted)
		for at > 0 && quality[accepted[at-1].name] < q {
			at--
		}
		accepted = append(accepted[:at], append([]coding{c}, accepted[at:]...)...)
	}
	return accepted
}

// parseQuality reads ";q=0.5"; without one the quality is 1, with a malformed one 0.
func parseQuality(params string) float64 {
	key, value, found := strings.Cut(strings.TrimSpace(params), "=")
	if !found || !strings.EqualFold(strings.TrimSpace(key), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// sniffLength is how much of a file without a known suffix is looked at: what
// http.DetectContentType reads at most.
const sniffLength = 512 // bytes

// contentType decides by the suffix, from our own table: what the system says about ".js"
// differs from machine to machine. Unknown files are looked at, but never become anything
// that a browser would run.
func contentType(name string, file io.ReadSeeker) (string, error) {
	if kind, ok := typeBySuffix(strings.ToLower(path.Ext(name))); ok {
		return kind, nil
	}
	head := make([]byte, sniffLength)
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("rewind %s: %w", name, err)
	}
	kind := http.DetectContentType(head[:n])
	if strings.HasPrefix(kind, "text/") {
		return "text/plain; charset=utf-8", nil
	}
	return kind, nil
}
