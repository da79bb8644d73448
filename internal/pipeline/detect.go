package pipeline

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/realtimectl/realtimectl/internal/diag"
)

// Kind says which shape a project has.
type Kind string

// The shapes. Anything with wiring comments in its page is wired, whatever the rest.
const (
	Plain       Kind = "plain files"      // nothing to generate in development
	Modules     Kind = "ES modules"       // the page loads module scripts
	Vite        Kind = "Vite"             // the same, and public/ beside the page
	Wired       Kind = "wired page"       // inject, bower or build comments, no known generator
	FountainJS  Kind = "FountainJS"       // gulp 4, conf/gulp.conf.js
	GulpAngular Kind = "gulp-angular"     // gulp 3, gulp/*.js
	GulpTasks   Kind = "gulp tasks"       // a gulpfile that no known generator wrote
	Bundled     Kind = "bundled scripts"  // the page loads what a bundler makes
	ReactApp    Kind = "Create React App" // the page is in public/ and names no script
)

// Layout is what a project's own files say about where things are. Folders are relative
// to the project, with '/'; "" says nothing.
type Layout struct {
	Kind   Kind
	Src    string // folder of the sources; never ""
	Dist   string // the output folder of the project's old build
	Public string // the folder of files that are served and copied as they are
	Bower  string // the folder of Bower components
	Index  string // the page of the root URL
	// More are folders that are served after Src and Public, in this order.
	More []string
	// Entries are scripts that a bundler of the project's own makes.
	Entries []Entry
	// Gulp is the project's gulpfile; nil without one.
	Gulp *Gulp
	// Origin names, for "kind", "src" and so on, the file that says so, with the line
	// where there is one.
	Origin map[string]string

	hints gulpHints
	env   envRules
	// alias are names that imports begin with, and the folders they stand for.
	alias  map[string]string
	routes map[string]string // of the project's own server, when no gulpfile is carried out
}

// wired reports whether pages have blocks to fill.
func (l Layout) wired() bool {
	return l.Kind == Wired || l.Kind == FountainJS || l.Kind == GulpAngular
}

// Detect looks at a project's files and says how it is laid out; of the
// project only its gulpfile is evaluated, which has no effect: see package record. It
// returns a [diag.List] when dir is no folder.
func Detect(dir string) (Layout, error) {
	if !isDir(dir) {
		return Layout{}, diag.List{{
			Severity: diag.Error, Source: "project", Message: fmt.Sprintf("there is no folder %s", dir),
			Hint: "name the project's folder, or make one with realtimectl init",
		}}
	}
	l := Layout{Kind: Plain, Src: "src", Origin: map[string]string{}}
	l.findGenerator(dir)
	l.findSources(dir)
	l.readBowerrc(dir)
	l.findKind(dir)
	l.readGulpfile(dir)
	l.readServer(dir)
	l.readEntries(dir)
	return l, nil
}

// layoutOf is the layout of a project, or what Detect says, with the folders that the
// caller knows better; "" = he does not.
func layoutOf(dir string, known *Layout, src, public string) (Layout, error) {
	if known == nil {
		l, err := Detect(dir)
		if err != nil {
			return l, err
		}
		known = &l
	}
	l := *known
	l.Public = orDefault(public, l.Public)
	if src != "" {
		l.Src, l.Origin = filepath.ToSlash(filepath.Clean(src)), maps.Clone(l.Origin)
		l.findKind(dir)
	}
	return l, nil
}

// findGenerator recognises projects by the files that their generators wrote.
func (l *Layout) findGenerator(dir string) {
	for _, sign := range []struct {
		file string
		kind Kind
	}{{"conf/gulp.conf.js", FountainJS}, {"gulp/conf.js", GulpAngular}, {"gulp/build.js", GulpAngular}} {
		if exists(filepath.Join(dir, sign.file)) {
			l.is(sign.kind, sign.file)
			return
		}
	}
	l.readVite(dir)
}

func (l *Layout) is(kind Kind, from string) { l.Kind, l.Origin["kind"] = kind, from }

// findKind tells projects that no generator wrote by their page.
func (l *Layout) findKind(dir string) {
	name := path.Join(l.Src, "index.html")
	page, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil || l.Kind == FountainJS || l.Kind == GulpAngular || l.Kind == ReactApp {
		return
	}
	switch {
	case wiringComment.Match(page):
		l.is(Wired, name)
	case l.Kind == Vite:
	case moduleScript.Match(page):
		l.is(Modules, name)
	default:
		l.is(Plain, name)
	}
}

// findSources looks for the folder that has the page, unless the project's configuration
// named one that does.
func (l *Layout) findSources(dir string) {
	if exists(filepath.Join(dir, l.Src, "index.html")) {
		return
	}
	for _, src := range []string{"src", ".", "app", "public", "www", "client"} {
		page := filepath.Join(src, "index.html")
		if exists(filepath.Join(dir, page)) {
			l.Src, l.Origin["src"] = src, filepath.ToSlash(page)
			return
		}
	}
}

// hasPage reports whether the sources have a page for the root URL.
func (l *Layout) hasPage(dir string) bool {
	return exists(filepath.Join(dir, filepath.FromSlash(l.Src), "index.html"))
}

// searchPage takes the folder of the page that lies least deep, when the usual folders
// have none.
func (l *Layout) searchPage(dir string) {
	folders := []string{"."}
	for range searchDepth {
		var below []string
		for _, folder := range folders {
			entries, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(folder))) // unreadable: nothing in it
			for _, e := range entries {
				if e.IsDir() && !hidden(e.Name()) && !slices.Contains(noSources[:], strings.ToLower(e.Name())) {
					below = append(below, path.Join(folder, e.Name()))
				}
			}
		}
		for _, folder := range below {
			page := path.Join(folder, "index.html")
			if src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(page))); err == nil && isPage(src) {
				l.Src, l.Origin["src"] = folder, page
				return
			}
		}
		folders = below[:min(len(below), searchLimit)]
	}
}

// searchLimit bounds how many folders of one depth are looked into: serve may have been
// called in a home folder.
const searchLimit = 500

// searchDepth is how many folders down a page is looked for: src/main/webapp.
const searchDepth = 3

// noSources are folders whose pages are not the project's own, or not its sources.
var noSources = [...]string{
	"node_modules", "bower_components", "dist", "build", "out", "release", "target", "coverage", "docs", "doc", "jsdoc", "apidoc",
	"test", "tests", "e2e", "spec", "specs", "example", "examples", "demo", "vendor", "lib", "libs", "reports", "tmp", "temp",
}

var (
	wiringComment = regexp.MustCompile(`<!--\s*(bower|npm|inject|build)[:\s]`)
	moduleScript  = regexp.MustCompile(`(?i)<script\b[^>]*\stype\s*=\s*["']?module\b`)
)

// readBowerrc takes the folder of the components.
func (l *Layout) readBowerrc(dir string) {
	var rc struct{ Directory string }
	if err := readJSON(filepath.Join(dir, ".bowerrc"), &rc); err == nil && rc.Directory != "" {
		l.Bower, l.Origin["bower"] = path.Clean(filepath.ToSlash(rc.Directory)), ".bowerrc"
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
