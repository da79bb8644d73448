package livereload

import (
	"path"
	"slices"
	"strings"
)

// CanSwap reports whether a page can show the new content of a URL path without a
// reload: it is a style sheet, an image or a font.
func CanSwap(urlPath string) bool {
	switch strings.ToLower(path.Ext(urlPath)) {
	case ".css",
		".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp",
		".woff", ".woff2", ".ttf", ".otf", ".eot":
		return true
	}
	return false
}

// telling turns one set of changed paths into the messages for the pages, each
// different message encoded once.
type telling struct {
	gen      uint64
	paths    []string
	prints   map[string]string
	messages map[string]*frame
}

func (s *Server) telling(paths []string) *telling {
	t := &telling{paths: slices.Clone(paths), prints: map[string]string{}, messages: map[string]*frame{}}
	slices.Sort(t.paths)
	t.paths = slices.Compact(t.paths)
	for _, p := range t.paths {
		if CanSwap(p) {
			t.prints[p] = s.seen.of(p)
		}
	}
	return t
}

// message returns what the page must be told, or nil.
func (t *telling) message(p *page, all bool) *frame {
	used := p.concerned(t.paths)
	if len(used) == 0 && !all {
		return nil
	}
	key := strings.Join(used, "\x00")
	m, ok := t.messages[key]
	if !ok {
		m = prepare(encode(t.build(used, all)))
		t.messages[key] = m
	}
	return m
}

func (t *telling) build(used []string, all bool) changeMessage {
	m := changeMessage{Type: typeChange, Gen: t.gen, Paths: append([]string{}, used...), Reload: all, Prints: make([]string, len(used))}
	for i, path := range used {
		m.Reload = m.Reload || !CanSwap(path)
		m.Prints[i] = t.prints[path]
	}
	return m
}

// concerned returns which of the paths the page uses. It needs the server's mu.
func (p *page) concerned(paths []string) []string {
	var used []string
	for _, path := range paths {
		if p.uses[path] || slices.Contains(p.files, path) || p.tooMany {
			used = append(used, path)
		}
	}
	return used
}

// fallback is the document of a single-page application.
const fallback = "/index.html"

// documentFiles lists the files that may stand behind a document's URL path, the most
// likely first. With served, only the first of them that exists.
func (f *fingerprints) documentFiles(doc string) []string {
	var list []string
	last := path.Base(doc)
	switch {
	case strings.HasSuffix(doc, "/"):
		list = []string{doc + "index.html"}
	case path.Ext(last) == "":
		list = []string{doc, doc + ".html", doc + "/index.html"}
	default:
		list = []string{doc}
	}
	if !slices.Contains(list, fallback) && (path.Ext(last) == "" || strings.HasSuffix(doc, "/")) {
		list = append(list, fallback)
	}
	if f.served == nil {
		return list
	}
	for _, file := range list {
		if f.of(file) != missing {
			return []string{file}
		}
	}
	return list
}
