package pipeline

import (
	"bytes"
	"fmt"
	"os"
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
	Plain       Kind = "plain"        // files, modules: nothing to generate in development
	Wired       Kind = "wired"        // inject, bower or build comments, no known generator
	FountainJS  Kind = "fountainjs"   // gulp 4, conf/gulp.conf.js
	GulpAngular Kind = "gulp-angular" // gulp 3, gulp/*.js
)

// Layout is what a project's own files say about where things are.
type Layout struct {
	Kind Kind
	Src  string // folder of the sources, relative to the project
	Dist string // the output folder of the project's old build; "" = it had none
	// Origin names, for "src", "dist" and "kind", the file that says so.
	Origin map[string]string

	gulp gulpConfig
}

// gulpConfig is what of the project's own gulp files counts here.
type gulpConfig struct {
	module   string           // AngularJS module of the templates; "" = ask the page
	root     string           // URL prefix of the templates; "" = "app"
	maps     bool             // the old build wrote source maps
	exclude  []*regexp.Regexp // component files that are not wired in
	bowerDir string
}

// Detect looks at a project's files and says how it is laid out; it runs nothing of the
// project but the assignments of conf/gulp.conf.js, without access to anything. It
// returns a [diag.List] when dir is no folder.
func Detect(dir string) (Layout, error) {
	if !isDir(dir) {
		return Layout{}, diag.List{{
			Severity: diag.Error, Source: "project", Message: fmt.Sprintf("there is no folder %s", dir),
			Hint: "name the project's folder, or make one with realtimectl init",
		}}
	}
	l := Layout{Kind: Plain, Src: "src", Origin: map[string]string{}}
	switch {
	case exists(filepath.Join(dir, "conf/gulp.conf.js")):
		l.Kind, l.Origin["kind"] = FountainJS, "conf/gulp.conf.js"
		l.readConf(dir, "conf/gulp.conf.js")
	case exists(filepath.Join(dir, "gulp/conf.js")):
		l.Kind, l.Origin["kind"] = GulpAngular, "gulp/conf.js"
		l.readConf(dir, "gulp/conf.js")
	case exists(filepath.Join(dir, "gulp/build.js")):
		l.Kind, l.Origin["kind"] = GulpAngular, "gulp/build.js"
		l.Dist, l.Origin["dist"] = "dist", "gulp/build.js"
	}
	l.findSources(dir)
	l.readTasks(dir)
	if l.Kind == Plain && isWired(filepath.Join(dir, l.Src, "index.html")) {
		l.Kind, l.Origin["kind"] = Wired, filepath.ToSlash(filepath.Join(l.Src, "index.html"))
	}
	return l, nil
}

// detectAt is Detect for a project whose sources' folder the caller knows; "" = he does not.
func detectAt(dir, src string) (Layout, error) {
	l, err := Detect(dir)
	if err != nil || src == "" {
		return l, err
	}
	l.Src = src
	if l.Kind == Plain && isWired(filepath.Join(dir, src, "index.html")) {
		l.Kind = Wired
	}
	return l, nil
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

var wiringComment = regexp.MustCompile(`<!--\s*(bower|inject|build)[:\s]`)

func isWired(page string) bool {
	src, err := os.ReadFile(page)
	return err == nil && wiringComment.Match(src)
}

// readTasks takes from the project's gulp tasks what the steps need to know. The tasks
// are not run: their calls are found by their text.
func (l *Layout) readTasks(dir string) {
	var text bytes.Buffer
	for _, pattern := range []string{"gulpfile.js", "gulpfile.babel.js", "gulp/*.js", "gulp_tasks/*.js"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		slices.Sort(files)
		for _, f := range files {
			if src, err := os.ReadFile(f); err == nil {
				text.Write(src)
			}
		}
	}
	src := text.String()
	l.gulp.maps = strings.Contains(src, "sourcemaps.write")
	call := templateCacheCall.FindString(src)
	if m := templateModule.FindStringSubmatch(call); m != nil {
		l.gulp.module = m[1]
	}
	if m := templateRoot.FindStringSubmatch(call); m != nil {
		l.gulp.root = m[1]
	}
}

var (
	templateCacheCall = regexp.MustCompile(`(?i)templatecache\((?s:.*?)\}\s*\)`)
	templateModule    = regexp.MustCompile(`\bmodule:\s*['"]([^'"]+)['"]`)
	templateRoot      = regexp.MustCompile(`\broot:\s*['"]([^'"]*)['"]`)
)

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
