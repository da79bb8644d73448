package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const server = `
var express = require('express'), path = require('path'), app = express();
app.use('/api', require('./routes'));
if (process.env.NODE_ENV === 'production') app.use(express.static('build'));
else {
  app.use(express.static(path.join(__dirname, '../web/pages')));
  app.use('/parts', express.static(path.join(__dirname, '../parts')));
  app.use('/*', express.static('web/pages/index.html'));
}
require('mongoose').connect('mongodb://localhost/app', function () { app.listen(process.env.PORT || 3000); });
`

func TestTheProjectsOwnServerSaysWhereItsPagesAre(t *testing.T) {
	const page = "<!doctype html><title>x</title>"
	files := func(pkg string) map[string]string {
		return map[string]string{
			"package.json": "\ufeff" + pkg, "server/app.js": server, "server/routes.js": "module.exports = require('express').Router();",
			"web/pages/index.html": page, "aaa/index.html": page, "parts/x.js": "x",
		}
	}
	for name, c := range map[string]struct {
		pkg, src, from string
		routes         map[string]string
	}{
		"a script":       {`{"scripts": {"start": "NODE_ENV=development nodemon --watch server server/app.js"}}`, "web/pages", "the server in package.json", map[string]string{"/parts": "parts"}},
		"an entry point": {`{"main": "./server/app"}`, "web/pages", "the server in package.json", map[string]string{"/parts": "parts"}},
		"neither":        {`{"scripts": {"start": "node missing.js"}}`, "aaa", "aaa/index.html", map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Detect(project(t, files(c.pkg)))
			if err != nil {
				t.Fatal(err)
			}
			if l.Src != c.src || l.Origin["src"] != c.from {
				t.Errorf("sources in %q, says %q", l.Src, l.Origin["src"])
			}
			if d := cmp.Diff(c.routes, l.Routes()); d != "" {
				t.Errorf("routes (-want +got):\n%s", d)
			}
		})
	}
}

func TestPagesLieInTheShallowestFolderThatHasOne(t *testing.T) {
	const page = "<html></html>"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"below a usual folder":   {map[string]string{"src/main/webapp/index.html": page, "src/main/a.java": ""}, "src/main/webapp"},
		"the shallowest":         {map[string]string{"a/b/index.html": page, "z/index.html": page}, "z"},
		"not an output":          {map[string]string{"dist/index.html": page, "web/deep/index.html": page}, "web/deep"},
		"not a template":         {map[string]string{"web/index.html": "<p>part</p>", "web/deep/index.html": page}, "web/deep"},
		"not those of a package": {map[string]string{"node_modules/x/index.html": page}, "src"},
		"not too deep":           {map[string]string{"a/b/c/d/index.html": page}, "src"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Detect(project(t, c.files))
			if err != nil {
				t.Fatal(err)
			}
			if l.Src != c.want {
				t.Errorf("sources in %q, want %q", l.Src, c.want)
			}
		})
	}
}

func TestTheServerThatATaskStartsSaysWhatIsServed(t *testing.T) {
	dir := project(t, map[string]string{
		"package.json": `{"devDependencies": {"gulp": "^3.9.0", "gulp-nodemon": "2", "browser-sync": "2", "gulp-concat": "2"}}`,
		"gulpfile.js": `
var gulp = require('gulp'), nodemon = require('gulp-nodemon'), sync = require('browser-sync'), concat = require('gulp-concat');
gulp.task('styles', function () { return gulp.src('client/*.css').pipe(concat('all.css')).pipe(gulp.dest('.tmp')); });
gulp.task('serve-dev', ['styles'], function () {
  return nodemon({script: './server/app.js'}).on('start', function () { sync({proxy: 'localhost:7203'}); });
});`,
		"server/app.js": `
var express = require('express'), app = express();
app.use(express.static('./client/'));
app.use(express.static('./'));
app.listen(7203);`,
		"client/index.html": "<!doctype html><link rel=stylesheet href=/.tmp/all.css><script src=/client/a.js></script>",
		"client/a.js":       "var a;", "client/a.css": "a {}",
	})
	l, err := Detect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if l.Src != "client" || cmp.Diff([]string{"."}, l.More) != "" {
		t.Errorf("sources in %q, then %q", l.Src, l.More)
	}
	p := open(t, dir)
	if _, err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, filepath.Join(dir, ".tmp/.tmp/all.css")); got != "a {}" {
		t.Errorf("/.tmp/all.css is %q", got)
	}
	file := filepath.Join(dir, "client/a.js")
	write(t, file, "var = ;")
	if _, err := p.Rebuild(t.Context(), []string{file}); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"a.js", "client/a.js"} {
		if got := readFile(t, filepath.Join(dir, ".tmp", url)); !strings.HasPrefix(got, "var a") {
			t.Errorf("the last good version under /%s is %q", url, got)
		}
	}
}
