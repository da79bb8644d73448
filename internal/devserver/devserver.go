// Package devserver serves the files of a project: several folders laid over one another,
// and index.html for the routes of a single-page application.
//
// What a request may see is decided on the final name only: decoded once, cleaned, and
// with symbolic links resolved. Every folder is an os.Root, so no name leads out of it,
// whatever its encoding. Names that are never served (see hidden) and names that do not
// exist get the same answer, so that nobody learns which of the two it was.
//
// # Links
//
// A symbolic link inside a folder is followed as long as it stays in that folder. One
// that leaves it does not exist for the browser, with one exception that package managers
// need: in a layer marked Packages, the folder of a package itself may be a link to
// anywhere (npm link, workspaces, pnpm's store). The package is then a root of its own,
// which its files cannot leave either.
package devserver

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/realtimectl/realtimectl/internal/page"
)

// indexFile answers for the folder it lies in.
const indexFile = "index.html"

// Layer is one folder and the place in the URL space where it appears.
type Layer struct {
	// Prefix is "/" or a path such as "/bower_components"; it matches whole segments.
	Prefix string
	// Dir may be missing at any time: a build step may create, delete and recreate it.
	Dir string
	// Packages marks a folder of installed packages (node_modules, bower_components),
	// whose entries may be links out of it.
	Packages bool
	// Compiled marks a folder in which scripts are JavaScript whatever their names say:
	// what became of main.ts is served under that name.
	Compiled bool
}

// Options configure a Server.
type Options struct {
	// Layers are searched in order; the first that has the file wins.
	Layers []Layer
	// Fallback is the page of the single-page application, looked up in the layers at
	// "/": "index.html". Empty: no fallback.
	Fallback string
	// Index is the page of the root URL, looked up likewise ("src/index.html"). Empty, or
	// not there: the index.html of the first layer that has one, else the fallback.
	Index string
	// Private are files that are never served, wherever they lie: those that the
	// configuration names because they hold secrets.
	Private []string
	// Production turns on long caching for hashed names and precompressed siblings.
	Production bool
	// Log gets debug records about refused names; nil discards them.
	Log *slog.Logger
}

// Server is an http.Handler over the layers. Its methods may be called from any goroutine.
type Server struct {
	layers     []*layer
	fallback   string
	index      string
	production bool
	log        *slog.Logger
	shelf      *shelf // nil in production
	private    *private
}

// New returns a Server for o. It opens nothing yet; a folder that is missing now is served
// once it appears.
func New(o Options) (*Server, error) {
	s := &Server{private: &private{}, fallback: o.Fallback, index: o.Index, production: o.Production, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if !o.Production {
		s.shelf = &shelf{now: time.Now, held: map[place]*content{}}
	}
	if err := s.private.add(o.Private); err != nil {
		return nil, fmt.Errorf("private files: %w", err)
	}
	for _, l := range o.Layers {
		if !strings.HasPrefix(l.Prefix, "/") {
			return nil, fmt.Errorf("layer %s: the prefix %q does not start with /", l.Dir, l.Prefix)
		}
		dir, err := filepath.Abs(l.Dir)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", l.Dir, err)
		}
		prefix := strings.Trim(path.Clean(l.Prefix), "/")
		s.layers = append(s.layers, &layer{prefix: prefix, dir: dir, packages: l.Packages, compiled: l.Compiled, private: s.private})
	}
	return s, nil
}

// Hide adds to the files of Options.Private, from the next request on. One call at a time.
func (s *Server) Hide(files ...string) error {
	if err := s.private.add(files); err != nil {
		return fmt.Errorf("private files: %w", err)
	}
	s.shelf.clear()
	return nil
}

// Close closes the folders. Requests after it find nothing.
func (s *Server) Close() error {
	var errs []error
	for _, l := range s.layers {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}

// ServeHTTP answers GET and HEAD from the layers: the file; the index.html of a folder; the
// fallback page for a navigation whose last segment has no dot; else 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.SetSafe(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		page.Text(w, http.StatusMethodNotAllowed, "only GET and HEAD are served here")
		return
	}
	name, ok := cleanName(r.URL.Path)
	if !ok || s.hidden(name) {
		s.log.Debug("refused the name of a file that is never served", "event", "static.refused", "path", r.URL.Path)
		notFound(w)
		return
	}
	hit, ok := s.page(name)
	if !ok {
		hit, ok = s.find(s.shelf, name, strings.HasSuffix(r.URL.Path, "/"))
	}
	switch {
	case !ok:
		s.serveFallback(w, r, name)
	case hit.redirect:
		redirectToFolder(w, r)
	default:
		s.serve(w, r, hit)
	}
}

// page finds the page of the root URL where it has another name than usual.
func (s *Server) page(name string) (hit, bool) {
	if name != "" || s.index == "" {
		return hit{}, false
	}
	h, ok := s.find(s.shelf, s.index, false)
	return h, ok && !h.redirect
}

// notFound is the one answer for what is missing and for what is never served.
func notFound(w http.ResponseWriter) {
	w.Header().Set("Vary", routeVary)
	page.Text(w, http.StatusNotFound, "not found")
}

// routeVary are the request headers that tell a navigation from everything else.
const routeVary = "Accept, Sec-Fetch-Dest"

// redirectToFolder adds the slash that relative links in the folder's page need. The
// target is relative and starts with "./", so no path of a request can name another host.
func redirectToFolder(w http.ResponseWriter, r *http.Request) {
	target := url.URL{Path: "./" + path.Base(r.URL.Path) + "/", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", target.String())
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusMovedPermanently)
}

// serveFallback answers a navigation with the application's page, and what is no
// navigation with 404: a missing script must not arrive as HTML. The root URL is always
// a page.
func (s *Server) serveFallback(w http.ResponseWriter, r *http.Request, name string) {
	if s.fallback == "" || !isRoute(name) || name != "" && !page.Navigation(r) {
		notFound(w)
		return
	}
	hit, ok := s.find(s.shelf, s.fallback, false)
	switch found := ok && !hit.redirect; {
	case found:
		w.Header().Set("Vary", routeVary)
		s.serve(w, r, hit)
	case page.Navigation(r):
		s.serveNoIndex(w, r)
	default:
		notFound(w)
	}
}

// isRoute reports whether a path can be a route of the application: its last segment is no
// file name, and it is not in .well-known, where a 404 is information.
func isRoute(name string) bool {
	return !strings.Contains(path.Base("/"+name), ".") && !strings.HasPrefix(name+"/", ".well-known/")
}

// find looks for a clean name in the layers, and in each on the shelf first, unless that is
// nil. With slash only folders match; without, a folder that has an index.html is a redirect.
func (s *Server) find(quick *shelf, name string, slash bool) (hit, bool) {
	for _, l := range s.layers {
		rel, ok := l.relative(name)
		if !ok {
			continue
		}
		folder := slash || name == ""
		h, found, missing := quick.look(l, rel, folder)
		if found {
			return h, true
		}
		if missing {
			continue
		}
		if h, ok := l.find(rel, folder); ok {
			return h, true
		}
	}
	return hit{}, false
}

// Resolve returns the URL path under which a file, given by its absolute path, is served
// now; for a file that was just deleted, the one under which it was. It is false for a file
// in no layer, for one that is never served, and for one that an earlier layer shadows.
func (s *Server) Resolve(file string) (urlPath string, ok bool) {
	if all := s.URLs(file); len(all) > 0 {
		return all[0], true
	}
	return "", false
}

// URLs returns all paths that Resolve would: of layers that lie in one another, each
// serves a file in the inner one.
func (s *Server) URLs(file string) []string {
	var all []string
	for i, l := range s.layers {
		rel, ok := l.contains(file)
		if !ok {
			continue
		}
		name := strings.TrimPrefix(path.Join("/", l.prefix, rel), "/")
		if _, valid := cleanName("/" + name); valid && !s.hidden(name) && !slices.Contains(all, "/"+name) && s.reaches(i, rel, name) {
			all = append(all, "/"+name)
		}
	}
	return all
}

// hidden reports whether a name is never served. A layer's own prefix is no secret, even
// with a dot.
func (s *Server) hidden(name string) bool {
	for _, l := range s.layers {
		if rest, ok := strings.CutPrefix(name, l.prefix+"/"); ok && strings.HasPrefix(l.prefix, ".") {
			return hidden(rest)
		}
	}
	return hidden(name)
}

// reaches reports whether a request for name gets to rel in layer i: no earlier layer has
// that name, and what the layer has there is a file or nothing.
func (s *Server) reaches(i int, rel, name string) bool {
	for _, earlier := range s.layers[:i] {
		below, ok := earlier.relative(name)
		if !ok {
			continue
		}
		if h, found := earlier.find(below, false); found && !h.redirect {
			closeQuietly(h.file)
			return false
		}
	}
	file, info, err := s.layers[i].openFile(rel)
	closeQuietly(file)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) && s.layers[i].missing(rel)
	}
	return info.Mode().IsRegular()
}

// Open returns the file that a request for /name would get, with the same refusals; hidden
// and missing files are fs.ErrNotExist. It makes a Server an fs.FS of files; folders cannot
// be opened.
func (s *Server) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	clean, ok := cleanName("/" + name)
	if !ok || clean == "" || s.hidden(clean) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	hit, ok := s.find(nil, clean, false)
	if !ok || hit.redirect {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return hit.file, nil
}

// serveNoIndex is what somebody sees who starts in the wrong folder.
func (s *Server) serveNoIndex(w http.ResponseWriter, r *http.Request) {
	var searched []string
	for _, l := range s.layers {
		if l.prefix != "" {
			continue
		}
		note := ""
		if !l.exists() {
			note = "  (no such folder)"
		}
		searched = append(searched, l.dir+note)
	}
	page.Page{
		Status: http.StatusNotFound,
		Title:  "There is no " + s.fallback + " yet",
		Lead:   "The server runs, but none of the folders it serves has a page to show.",
		Facts:  []page.Fact{{Label: "Searched", Values: searched}},
		Steps:  s.noIndexSteps(),
	}.ServeHTTP(w, r)
}

func (s *Server) noIndexSteps() []page.Step {
	if s.production {
		return []page.Step{
			{Text: "Build the project; production serves what this writes:", Code: "realtimectl build"},
			{Text: "If the build goes elsewhere, name that folder in realtimectl.yaml:", Code: "paths:\n  dist: public"},
		}
	}
	return []page.Step{
		{Text: "For a new project, write a small one that works at once:", Code: "realtimectl init"},
		{Text: "If your pages lie in another folder, name it in realtimectl.yaml:", Code: "paths:\n  src: app"},
		{Text: "If you meant another project, start there:", Code: "realtimectl serve path/to/project"},
	}
}
